//! Captures made by others: every IKE packet is read without panic, every sound IKEv1 packet is written back the same.
//!
//! The captures are data under their own licences and are not part of the project; without them the tests print a line and pass.
#![allow(clippy::unwrap_used)]

mod pcap;

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{self, Chain, Message, Padding};
use ike_wire::{DecodeErrorKind, Header, dissect, natt::Udp4500};
use std::fs;
use std::path::{Path, PathBuf};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors")
}

/// The captures of both collections; those of strongSwan lie one folder deeper.
fn captures() -> Vec<PathBuf> {
    if !vectors().is_dir() {
        println!("skipped: ../shared not present");
    }
    let charon = entries(&vectors().join("strongswan"));
    let mut files = entries(&vectors().join("pcaps"));
    files.extend(charon.iter().flat_map(|folder| entries(folder)));
    files.retain(|path| is_capture(path));
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn is_capture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["pcap", "pcapng", "cap"]
            .iter()
            .any(|known| extension == *known)
    })
}

/// The IKE messages of a capture, the non-ESP marker removed.
fn messages(path: &Path) -> Vec<Bytes> {
    let datagrams = pcap::datagrams(&fs::read(path).unwrap());
    datagrams.into_iter().filter_map(|udp| ike(&udp)).collect()
}

fn ike(udp: &pcap::Datagram) -> Option<Bytes> {
    let octets = Bytes::copy_from_slice(&udp.payload);
    match udp.on_port(4500) {
        true => match Udp4500::decode(octets) {
            Ok(Udp4500::Ike(message)) => Some(message),
            _ => None,
        },
        false => udp.on_port(500).then_some(octets),
    }
}

/// Lines of the manifest that promise sound packets (`mal` 0, no word of fuzzing or malformation), and what strongSwan sent.
fn is_sound(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let manifest = fs::read_to_string(vectors().join("pcaps/MANIFEST.md")).unwrap_or_default();
    let Some(line) = manifest
        .lines()
        .find(|line| line.starts_with(&format!("| {name} |")))
    else {
        return path.starts_with(vectors().join("strongswan"));
    };
    let well_formed = line.split('|').nth(8).map(str::trim) == Some("0");
    well_formed
        && !["FUZZED", "MALFORMED"]
            .iter()
            .any(|word| line.contains(word))
}

#[test]
fn every_packet_is_read_without_panic() {
    let mut count = 0;
    for path in captures() {
        for octets in messages(&path) {
            count += 1;
            let _ = (Message::decode(octets.clone()), dissect::datagram(&octets));
            let body = octets.slice(octets.len().min(Header::LEN)..);
            let first = PayloadType(octets.get(16).copied().unwrap_or_default());
            let _ = Chain::decode(first, body, Header::LEN, Padding::Allowed);
        }
    }
    println!("{count} IKE packets read");
    assert!(
        count == 0 || count > 700,
        "only {count} IKE packets found in the captures"
    );
}

#[test]
fn every_sound_clear_ikev1_packet_is_written_back_the_same() {
    let (mut clear, mut sealed) = (0, 0);
    for path in captures() {
        let (name, sound) = (path.display(), is_sound(&path));
        for octets in messages(&path)
            .into_iter()
            .filter(|octets| octets.get(17) == Some(&Header::V1))
        {
            match Message::decode(octets.clone()) {
                Ok(message) => {
                    clear += 1;
                    assert_eq!(
                        v1::encode_message(&message.header, &message.chain.payloads),
                        Ok(octets),
                        "{name}"
                    );
                }
                Err(error) if error.kind == DecodeErrorKind::Encrypted => {
                    sealed += 1;
                    let (header, rest) = Header::open(&octets).unwrap();
                    assert_eq!(
                        v1::encode_encrypted(&header, header.next_payload, &rest),
                        Ok(octets)
                    );
                }
                Err(error) => assert!(!sound, "{name}: {error}"),
            }
        }
    }
    println!("{clear} clear and {sealed} encrypted IKEv1 packets written back");
    assert!(
        clear == 0 || (clear > 30 && sealed > 20),
        "{clear} clear, {sealed} encrypted"
    );
}

/// THREATS A1, A14: the malformed packets of the collection are refused.
#[test]
fn malformed_ikev1_packets_are_refused() {
    let names = [
        "payload-bad-length",
        "zero-length",
        "pointer-loop",
        "attr-oobr",
    ];
    for path in captures() {
        let name = path.to_string_lossy().into_owned();
        if names.iter().any(|wanted| name.contains(wanted)) {
            for octets in messages(&path) {
                let error = Message::decode(octets).expect_err(&name);
                println!("{name}: {error}");
            }
        }
    }
}
