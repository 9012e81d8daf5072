//! IKEv1 of other makers, decrypted with the keys they published: our chains of IVs, padding and payload
//! reading (RFC 2409 appendix B, D12) against Wireshark's capture and every capture of strongSwan.
//!
//! What is inside was read by tshark 4.0.17 from the same files. Without them the tests print a line and
//! pass.

#![allow(clippy::unwrap_used)]

#[path = "../../ike-wire/tests/pcap/mod.rs"]
mod pcap;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ike_core::decrypt::{Opener, Outcome, Table, Tables};
use ike_wire::natt::Udp4500;
use ike_wire::registry::{ExchangeType, PayloadType as P};
use ike_wire::v1::Message;

/// A certificate Main Mode and a Quick Mode between two other products open with our chain of IVs:
/// MM5 from both public values, MM6 from the last block of MM5, QM1 from that of MM6.
#[test]
fn a_foreign_main_mode_with_certificates_opens() {
    let Some(mut capture) = Capture::read(
        &vectors("pcaps/wireshark_ikev1-certs.pcap"),
        &vectors("pcaps/wireshark-keys/ikev1_decryption_table"),
    ) else {
        return;
    };
    let with_pfs = vec![P::HASH, P::SA, P::NONCE, P::KEY_EXCHANGE, P::ID, P::ID];
    assert_eq!(
        capture.open(),
        [
            (
                ExchangeType::MAIN,
                vec![P::ID, P::CERT, P::CERT_REQ, P::SIG]
            ),
            (ExchangeType::MAIN, vec![P::ID, P::CERT, P::SIG]),
            (ExchangeType::QUICK, with_pfs.clone()),
            (ExchangeType::QUICK, with_pfs),
            (ExchangeType::QUICK, vec![P::HASH]),
        ]
    );
}

/// Folder, what is inside of its encrypted messages: m5 and m6 of Main Mode with certificates (r5
/// without INITIAL_CONTACT, when an SA replaces another), p5 and p6 with a pre-shared key, a3 of
/// aggressive mode, q Quick Mode, n a notify and d a deletion.
const CHARON: [(&str, &str); 7] = [
    ("v1-aggr-psk", "a3 q"),
    ("v1-dpd", "m5 m6 q n n"),
    ("v1-mm-psk", "p5 p6 q"),
    ("v1-mm-rsa", "m5 m6 q"),
    ("v1-natt", "m5 m6 q"),
    ("v1-rawesp", "m5 m6 q"),
    ("v1-rekey", "m5 m6 q q r5 m6 q d q r5 m6"),
];

/// Every encrypted message of strongSwan opens: pieces of Cisco's fragmentation joined, Quick Mode and
/// Informational with IVs of their own from the last block of phase 1 and the message ID (appendix B).
#[test]
fn strongswans_captures_open_with_its_decryption_tables() {
    for (name, story) in CHARON {
        let folder = vectors(&format!("strongswan/{name}"));
        let table = folder.join("ikev1_decryption_table");
        let Some(mut capture) = Capture::read(&folder.join("cap.pcap"), &table) else {
            return;
        };
        let expected: Vec<_> = story.split(' ').flat_map(messages).collect();
        assert_eq!(capture.open(), expected, "{name}");
    }
}

/// Nothing of the collection is left out: each folder has a row here or in `captures_ikev2.rs`.
#[test]
fn every_folder_with_a_decryption_table_is_opened() {
    let with_table = |entry: &fs::DirEntry| entry.path().join("ikev1_decryption_table").exists();
    let Ok(entries) = fs::read_dir(vectors("strongswan")) else {
        println!("skipped: ../shared not present");
        return;
    };
    let folders = entries.flatten().filter(with_table);
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, CHARON.map(|(name, _)| name));
}

/// Exchange and payloads of the messages that a word of a story stands for.
fn messages(word: &str) -> Vec<(ExchangeType, Vec<P>)> {
    let quick = |payloads: &[P]| (ExchangeType::QUICK, payloads.to_vec());
    let main = |payloads: &[P]| vec![(ExchangeType::MAIN, payloads.to_vec())];
    let offer = [P::HASH, P::SA, P::NONCE, P::ID, P::ID];
    match word {
        "m5" => main(&[P::ID, P::CERT, P::SIG, P::CERT_REQ, P::CERT_REQ, P::NOTIFY]),
        "r5" => main(&[P::ID, P::CERT, P::SIG, P::CERT_REQ, P::CERT_REQ]),
        "m6" => main(&[P::ID, P::CERT, P::SIG]),
        "p5" => main(&[P::ID, P::HASH, P::NOTIFY]),
        "p6" => main(&[P::ID, P::HASH]),
        "a3" => vec![(ExchangeType::AGGRESSIVE, vec![P::HASH, P::NAT_D, P::NAT_D])],
        "q" => vec![quick(&offer), quick(&offer), quick(&[P::HASH])],
        "n" => vec![(ExchangeType::INFORMATIONAL, vec![P::HASH, P::NOTIFY])],
        "d" => vec![(ExchangeType::INFORMATIONAL, vec![P::HASH, P::DELETE])],
        _ => panic!("no message {word}"),
    }
}

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors")
        .join(path)
}

/// A capture with the keys that Wireshark's table has for it.
struct Capture {
    messages: Vec<Bytes>,
    opener: Opener,
}

impl Capture {
    fn read(file: &Path, table: &Path) -> Option<Self> {
        let (Ok(file), Ok(table)) = (fs::read(file), fs::read_to_string(table)) else {
            println!("skipped: ../shared not present");
            return None;
        };
        let datagrams = pcap::datagrams(&file);
        let mut messages: Vec<Bytes> = datagrams.iter().filter_map(ike).collect();
        // A repeated message is told once.
        messages.dedup();
        let mut tables = Tables::default();
        assert_eq!(tables.read(Table::Ikev1, &table), []);
        Some(Self {
            messages,
            opener: Opener::new(tables),
        })
    }

    /// Exchange and payloads of every encrypted message, in their order.
    fn open(&mut self) -> Vec<(ExchangeType, Vec<P>)> {
        let mut opened = Vec::new();
        for datagram in std::mem::take(&mut self.messages) {
            match self.opener.message(&datagram) {
                Outcome::Opened(clear) => {
                    let message = Message::decode(clear).unwrap();
                    let types = message.chain.bodies().map(|(_, body)| body.payload_type());
                    opened.push((message.header.exchange, types.collect()));
                }
                Outcome::Clear | Outcome::Piece => {}
                Outcome::Closed(why) => panic!("{why}"),
            }
        }
        opened
    }
}

/// The IKE message of a datagram, the non-ESP marker removed.
fn ike(udp: &pcap::Datagram) -> Option<Bytes> {
    let octets = Bytes::copy_from_slice(&udp.payload);
    if !udp.on_port(4500) {
        return udp.on_port(500).then_some(octets);
    }
    match Udp4500::decode(octets) {
        Ok(Udp4500::Ike(message)) => Some(message),
        _ => None,
    }
}
