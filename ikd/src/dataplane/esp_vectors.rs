//! Packets of strongSwan with their keys: every ESP packet of the captures must open.
//!
//! The captures are in `../shared/vectors/strongswan` beside the workspace; each folder
//! has `cap.pcap` (raw IP or Ethernet) and `esp_sa`, a Wireshark key table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ike_crypto::Secret;

use super::{Opener, spi_of};
use crate::dataplane::ip::{ESP, IPIP, Packet};
use crate::dataplane::suite::{EspCipher, EspIntegrity, EspSuite};

#[test]
fn every_esp_packet_of_strongswan_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/strongswan");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: ../shared not present");
        return;
    };
    let mut cases: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    cases.sort();
    let opened: usize = cases.iter().map(|case| open_case(case)).sum();
    println!("{opened} packets opened");
    assert!(opened > 50, "only {opened} packets opened");
}

/// Opens what the key table of one capture covers; gives the number of packets.
fn open_case(case: &Path) -> usize {
    let table = fs::read_to_string(case.join("esp_sa")).unwrap_or_default();
    let mut openers: BTreeMap<u32, Opener> = table.lines().filter_map(association).collect();
    let mut opened = 0;
    for mut packet in esp_packets(&fs::read(case.join("cap.pcap")).unwrap_or_default()) {
        let Some(opener) = spi_of(&packet).and_then(|spi| openers.get_mut(&spi)) else {
            continue;
        };
        let clear = opener
            .open(&mut packet)
            .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        assert_eq!(clear.next_header, IPIP, "{}", case.display());
        let inner = Packet::parse(&packet[clear.payload.clone()]).expect("an IPv4 packet inside");
        assert_eq!(inner.total, clear.payload.len());
        opened += 1;
    }
    opened
}

/// One line: family, source, destination, SPI, cipher, key, integrity, key.
fn association(line: &str) -> Option<(u32, Opener)> {
    let fields: Vec<&str> = line
        .split(',')
        .map(|field| field.trim_matches('"'))
        .collect();
    let [_, _, _, spi, cipher, key, integrity, integrity_key] = fields[..] else {
        return None;
    };
    let (key, integrity_key) = (octets(key), octets(integrity_key));
    let suite = EspSuite {
        cipher: cipher_of(cipher, key.len())?,
        integrity: integrity_of(integrity),
    };
    let (key, integrity_key) = (Secret::from(key), Secret::from(integrity_key));
    let opener = Opener::new(suite, &key, &integrity_key, false, 64).expect("keys of the table");
    Some((
        u32::from_str_radix(spi.trim_start_matches("0x"), 16).ok()?,
        opener,
    ))
}

fn cipher_of(name: &str, key: usize) -> Option<EspCipher> {
    match (name, key) {
        ("TripleDES-CBC [RFC2451]", _) => Some(EspCipher::TripleDesCbc),
        ("AES-CBC [RFC3602]", 16) => Some(EspCipher::Aes128Cbc),
        ("AES-CBC [RFC3602]", 32) => Some(EspCipher::Aes256Cbc),
        ("AES-GCM [RFC4106]", 20) => Some(EspCipher::Aes128Gcm),
        ("AES-GCM [RFC4106]", 36) => Some(EspCipher::Aes256Gcm),
        _ => None,
    }
}

fn integrity_of(name: &str) -> Option<EspIntegrity> {
    match name {
        "HMAC-SHA-1-96 [RFC2404]" => Some(EspIntegrity::HmacSha1_96),
        "HMAC-SHA-256-128 [RFC4868]" => Some(EspIntegrity::HmacSha256_128),
        _ => None,
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.trim_start_matches("0x").chars().collect();
    let octet =
        |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("hexadecimal");
    digits.chunks(2).map(octet).collect()
}

/// The ESP packets of a classic capture file, from their SPI on: protocol 50, or UDP 4500
/// without the non-ESP marker of RFC 3948.
fn esp_packets(file: &[u8]) -> Vec<Vec<u8>> {
    let le32 = |at: usize| {
        file.get(at..at + 4)
            .map(|o| u32::from_le_bytes([o[0], o[1], o[2], o[3]]))
    };
    let link = match le32(20) {
        Some(1) => 14,
        Some(113) => 16,
        _ => 0,
    };
    let (mut at, mut packets) = (24, Vec::new());
    while let Some(length) = le32(at + 8) {
        let end = at + 16 + length as usize;
        packets.extend(file.get(at + 16 + link..end).and_then(esp_of));
        at = end;
    }
    packets
}

fn esp_of(packet: &[u8]) -> Option<Vec<u8>> {
    let ip = Packet::parse(packet)?;
    let inside = packet.get(ip.header..ip.total)?;
    match ip.protocol {
        ESP => Some(inside.to_vec()),
        17 if inside.get(..2) == Some(&[0x11, 0x94]) || inside.get(2..4) == Some(&[0x11, 0x94]) => {
            let esp = inside
                .get(8..)
                .filter(|esp| esp.len() > 8 && !esp.starts_with(&[0; 4]))?;
            Some(esp.to_vec())
        }
        _ => None,
    }
}
