//! Main Mode of other makers, decrypted with their published keys: our IV chain, padding and
//! payload reading against Wireshark's IKEv1 captures (RFC 2409 appendix B, D12).

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use bytes::Bytes;
use ike_core::ikev1::keymat::Keys;
use ike_crypto::{Cipher, Hash};
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{Attribute, Body, Message, OakleyAttribute, Transform};
use ike_wire::{Flags, Header};

fn shared(path: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/");
    let found = std::fs::read(format!("{folder}{path}")).ok();
    if found.is_none() {
        println!("skipped: ../shared not present");
    }
    found
}

/// The UDP payloads of a classic pcap of Ethernet frames.
fn datagrams(pcap: &[u8]) -> Vec<Bytes> {
    let little = pcap[..4] == [0xd4, 0xc3, 0xb2, 0xa1];
    let number = |at: usize| {
        let octets: [u8; 4] = pcap[at..at + 4].try_into().unwrap();
        if little {
            u32::from_le_bytes(octets)
        } else {
            u32::from_be_bytes(octets)
        }
    };
    let mut out = Vec::new();
    let mut at = 24;
    while at + 16 <= pcap.len() {
        let length = number(at + 8) as usize;
        let frame = &pcap[at + 16..at + 16 + length];
        let ip = &frame[14..];
        let header = usize::from(ip[0] & 15) * 4;
        let udp = &ip[header..];
        let size = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
        out.push(Bytes::copy_from_slice(&udp[8..size]));
        at += 16 + length;
    }
    out
}

/// Cipher and hash of a transform (RFC 2409 appendix A).
fn chosen(transform: &Transform) -> (Cipher, Hash) {
    let value = |ty| transform.attribute(ty).and_then(Attribute::as_u64);
    let cipher = match (
        value(OakleyAttribute::ENCRYPTION),
        value(OakleyAttribute::KEY_LENGTH),
    ) {
        (Some(5), _) => Cipher::TripleDesCbc,
        (_, Some(256)) => Cipher::Aes256Cbc,
        _ => Cipher::Aes128Cbc,
    };
    let hash = match value(OakleyAttribute::HASH) {
        Some(1) => Hash::Md5,
        Some(4) => Hash::Sha256,
        _ => Hash::Sha1,
    };
    (cipher, hash)
}

/// MM5 and MM6 of a certificate Main Mode between two other products open with our chain of
/// IVs: the first from both public values, the second from the last block of the first.
#[test]
fn a_foreign_main_mode_with_certificates_opens() {
    let (Some(pcap), Some(table)) = (
        shared("pcaps/wireshark_ikev1-certs.pcap"),
        shared("pcaps/wireshark-keys/ikev1_decryption_table"),
    ) else {
        return;
    };
    let keys: BTreeMap<String, Vec<u8>> = String::from_utf8(table)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(','))
        .map(|(cookie, key)| {
            let hex = |i: usize| u8::from_str_radix(&key[2 * i..2 * i + 2], 16).unwrap();
            (cookie.to_owned(), (0..key.len() / 2).map(hex).collect())
        })
        .collect();
    let mut public: Vec<Bytes> = Vec::new();
    let mut suite = (Cipher::TripleDesCbc, Hash::Sha1);
    let mut iv: Option<Vec<u8>> = None;
    let mut opened = Vec::new();
    for datagram in datagrams(&pcap) {
        let header = Header::decode(&datagram).unwrap();
        if header.exchange != ExchangeType::MAIN {
            continue;
        }
        if !header.flags.contains(Flags::ENCRYPTED) {
            let message = Message::decode(datagram).unwrap();
            if let Some((_, Body::Sa(sa))) = message.chain.find(PayloadType::SA) {
                // MM2 overwrites MM1's offer with the choice.
                suite = chosen(&sa.proposals[0].transforms[0]);
            }
            if let Some((_, Body::KeyExchange(value))) =
                message.chain.find(PayloadType::KEY_EXCHANGE)
            {
                public.push(value.clone());
            }
            continue;
        }
        let key = &keys[&header.initiator.to_string()];
        let (cipher, hash) = suite;
        let keys = Keys::from_message_key(hash, cipher, key, (&public[0], &public[1]));
        let start = iv.take().unwrap_or_else(|| keys.first_iv());
        let (chain, next) = keys
            .open(&start, header.next_payload, &datagram[Header::LEN..])
            .unwrap();
        iv = Some(next);
        opened.push(
            chain
                .bodies()
                .map(|(_, b)| b.payload_type())
                .collect::<Vec<_>>(),
        );
    }
    use PayloadType as P;
    assert_eq!(
        opened,
        [
            vec![P::ID, P::CERT, P::CERT_REQ, P::SIG],
            vec![P::ID, P::CERT, P::SIG]
        ]
    );
}
