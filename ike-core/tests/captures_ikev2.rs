//! IKEv2 of other makers, opened with the keys they published: every kind of cipher under the SK
//! payload, padding, fragments, keys of a rekeyed SA (RFC 7296 3.14, RFC 5282, RFC 5930, RFC 7383).
//!
//! What is inside was read by tshark 4.0.17 from the same files. Without them the tests print a line
//! and pass.

#![allow(clippy::unwrap_used)]

#[path = "../../ike-wire/tests/pcap/mod.rs"]
mod pcap;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ike_core::ikev2::keymat::Keys;
use ike_core::ikev2::sk::{Clear, Sk};
use ike_core::policy::ikev2::suite::{Encryption, IkeSuite};
use ike_core::sa::Role;
use ike_crypto::{Group, Integrity, Prf, Secret};
use ike_wire::natt::Udp4500;
use ike_wire::v2::{Body, Chain, Message, Proposal, TransformType};
use ike_wire::{Flags, Header};

/// INFORMATIONAL, as Wireshark's peer ends: Delete, then nothing.
const FAREWELL: [&[u8]; 2] = [&[42], &[]];
/// IKE_AUTH with keys, as Wireshark's peers send it.
const WITH_PSK: [&[u8]; 2] = [
    &[35, 41, 36, 39, 33, 44, 45, 41, 41],
    &[36, 39, 33, 44, 45, 41],
];

/// Capture, ENCR transform and key bits, first octets of the AUTH data of request and response.
const WIRESHARK: &str = "
    aes128ccm12.pcap   15 128 c335abf2598a6730 c2104394299e1ffe
    aes128ccm12-2.pcap 15 128 aaa281c87b4a1904 ca9504df5c91a0ee
    aes192ctr.pcap     13 192 3ec23dcf93484856 37cc3de8ba560cec
    aes256cbc.pcapng   12 256 e1a8d550064201a7 ebbc48efe986d505
    aes256ccm16.pcapng 16 256 fa2e74bdc01e30fb bf368b0105a59839
    aes256gcm8.pcap    18 256 4a66d822d0afbc22 fba50353f2535dab
";

#[test]
fn wiresharks_captures_open_with_its_decryption_table() {
    for [name, number, bits, request, response] in rows(WIRESHARK) {
        let file = vectors(&format!("pcaps/wireshark_ikev2-decrypt-{name}"));
        let table = vectors("pcaps/wireshark-keys/ikev2_decryption_table");
        let Some(mut capture) = Capture::read(&file, &table) else {
            return;
        };
        let opened = capture.open();
        let chosen = capture.suite.unwrap().encryption.transform();
        assert_eq!(
            chosen,
            (number.parse().unwrap(), Some(bits.parse().unwrap()))
        );
        // The pcapng files end with IKE_AUTH.
        let ends = FAREWELL.iter().filter(|_| name.ends_with(".pcap"));
        let expected: Vec<_> = WITH_PSK.iter().chain(ends).copied().collect();
        assert_eq!(types(&opened), expected, "{name}");
        for (chain, expected) in opened.iter().zip([request, response]) {
            assert!(auth_of(chain).starts_with(&hex(expected)), "{name}");
        }
    }
}

/// IKE_AUTH with certificates, as charon sends it.
const WITH_CERTIFICATES: [&[u8]; 2] = [
    &[35, 37, 41, 38, 36, 39, 33, 44, 45, 41, 41, 41, 41, 41],
    &[36, 37, 39, 33, 44, 45, 41, 41],
];
/// IKE_AUTH with a pre-shared key.
const CHARON_PSK: [&[u8]; 2] = [
    &[35, 41, 38, 36, 39, 33, 44, 45, 41, 41, 41, 41, 41],
    &[36, 39, 33, 44, 45, 41, 41],
];
/// The same with a postquantum key (RFC 8784).
const CHARON_PPK: [&[u8]; 2] = [
    &[35, 41, 38, 36, 39, 33, 44, 45, 41, 41, 41, 41, 41, 41],
    &[36, 39, 33, 44, 45, 41, 41, 41],
];
/// The child SA is refused with TS_UNACCEPTABLE.
const WITHOUT_CHILD: [&[u8]; 2] = [WITH_CERTIFICATES[0], &[36, 37, 39, 41, 41, 41]];

/// Folder, encrypted messages, payloads of IKE_AUTH, last octets of the AUTH data of request and response.
const CHARON: &str = "
    v2-cookie       2 certificates a128dd7932eaa757 8a624a8a4e8d0dc9
    v2-ctr          2 certificates 9e0e8feaa802c105 2f50cf4ac64d2cb8
    v2-dpd          7 certificates 93eea562cd56b9eb 0c8c6b0b9e6239d4
    v2-ecdsa-m14    2 certificates 0db66e97f17bf89e 63db79bcbdee24b5
    v2-ecdsa-m9     2 certificates 6b6140c8772c2a24 09f82d788d9364bd
    v2-frag         2 certificates 473d0045ecba6053 34296e5972a838d3
    v2-gcm-x25519   2 certificates bcd6583d511cf0e0 9d2a8ff317d8bdcf
    v2-invalid-ke   2 certificates d43ab18c033699ca 415f0f649de7519d
    v2-ipv6         2 certificates 11ffdc3b332c3caf b9e273bc647d9015
    v2-mlkem        4 certificates a21d14f260dfda9b ba84b4ee20268b2c
    v2-mobike      16 certificates 952a9ccd072244ba eed88b0ed1b6c6cd
    v2-natt         2 certificates 5e19f1b650b6766e d81a98d2e0044e5d
    v2-ppk          2 ppk          03b2e82f02f58b30 616d3161feabbe81
    v2-psk          2 psk          a162a9b6202473f9 b0e070fc5a0d5a71
    v2-rawesp       2 certificates d1d5306c6c898d5d 3c46ed8ee99edfb3
    v2-rekey       26 certificates 1eafac107af9493c 9d8d009db7e1e88c
    v2-rsa-m1       2 certificates 64c69bdb337b7cc6 8d3f6696078797d5
    v2-rsa-m14      2 certificates 48e8ba2b680d2c0d a36f1ff9e8719055
    v2-seed         2 certificates a32d921b8440dc34 987d3155d8027a32
    v2-tsunacc      2 refused      dcee90232c657b03 83b2ebedd5b5a1f8
";

/// Every encrypted message opens, IKE_AUTH is what it should be.
#[test]
fn strongswans_captures_open_with_its_decryption_tables() {
    for [name, count, kind, request, response] in rows(CHARON) {
        let payloads = match kind {
            "psk" => CHARON_PSK,
            "ppk" => CHARON_PPK,
            "refused" => WITHOUT_CHILD,
            _ => WITH_CERTIFICATES,
        };
        let folder = vectors(&format!("strongswan/{name}"));
        let table = folder.join("ikev2_decryption_table");
        let Some(mut capture) = Capture::read(&folder.join("cap.pcap"), &table) else {
            return;
        };
        let opened = capture.open();
        assert_eq!(opened.len().to_string(), count, "{name}");
        let auth: Vec<_> = opened.into_iter().filter(has_auth).collect();
        assert_eq!(types(&auth), payloads, "{name}");
        for (chain, expected) in auth.iter().zip([request, response]) {
            assert!(auth_of(chain).ends_with(&hex(expected)), "{name}");
        }
    }
}

/// No keys were kept of this capture (ChaCha20-Poly1305), so nobody can open it.
const WITHOUT_TABLE: [&str; 1] = ["v2-chapoly"];

/// Nothing of the collection is left out: each folder of IKEv2 has a row.
#[test]
fn every_folder_with_a_decryption_table_is_opened() {
    let Ok(entries) = fs::read_dir(vectors("strongswan")) else {
        println!("skipped: ../shared not present");
        return;
    };
    let mut left: BTreeSet<&str> = rows::<5>(CHARON).iter().map(|row| row[0]).collect();
    for folder in entries.flatten().map(|entry| entry.path()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let has = |table: &str| folder.join(table).exists();
        let closed = !has("ikev1_decryption_table") && !has("ikev2_decryption_table");
        assert_eq!(closed, WITHOUT_TABLE.contains(&name), "{name}");
        assert_eq!(has("ikev2_decryption_table"), left.remove(name), "{name}");
    }
    assert!(left.is_empty(), "no such folder: {left:?}");
}

/// The words of each line.
fn rows<const N: usize>(table: &str) -> Vec<[&str; N]> {
    let lines = table.lines().filter(|line| !line.is_empty());
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.map(|row| row.try_into().unwrap()).collect()
}

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors")
        .join(path)
}

fn types(chains: &[Chain]) -> Vec<Vec<u8>> {
    let of = |chain: &Chain| chain.payloads.iter().map(|p| p.payload_type().0).collect();
    chains.iter().map(of).collect()
}

fn has_auth(chain: &Chain) -> bool {
    chain
        .payloads
        .iter()
        .any(|p| matches!(p.body, Body::Auth(_)))
}

fn auth_of(chain: &Chain) -> Bytes {
    let auth = chain.payloads.iter().find_map(|p| match &p.body {
        Body::Auth(auth) => Some(auth.data.clone()),
        _ => None,
    });
    auth.unwrap()
}

/// A capture with the keys that Wireshark's table has for it.
struct Capture {
    messages: Vec<Bytes>,
    table: String,
    /// What the last answer to IKE_SA_INIT chose; rekeyed SAs of these captures keep it.
    suite: Option<IkeSuite>,
    /// Fragments by message.
    parts: BTreeMap<(String, u32, bool), BTreeMap<u16, Clear>>,
}

impl Capture {
    fn read(file: &Path, table: &Path) -> Option<Self> {
        let (Ok(file), Ok(table)) = (fs::read(file), fs::read_to_string(table)) else {
            println!("skipped: ../shared not present");
            return None;
        };
        let datagrams = pcap::datagrams(&file);
        Some(Self {
            messages: datagrams.iter().filter_map(ike).collect(),
            table,
            suite: None,
            parts: BTreeMap::new(),
        })
    }

    /// What is inside of every encrypted message, in their order.
    fn open(&mut self) -> Vec<Chain> {
        let mut opened = Vec::new();
        for datagram in std::mem::take(&mut self.messages) {
            let message = Message::decode(datagram.clone()).unwrap();
            match message.chain.payloads.last().map(|p| &p.body) {
                Some(Body::Encrypted(_)) => {
                    opened.push(self.clear(&datagram, &message).chain().unwrap());
                }
                Some(Body::EncryptedFragment(fragment)) => {
                    let clear = self.clear(&datagram, &message);
                    opened.extend(self.join(
                        &message.header,
                        fragment.number,
                        fragment.total,
                        clear,
                    ));
                }
                _ => self.learn(&message),
            }
        }
        assert!(self.parts.is_empty(), "a message lacks a fragment");
        opened
    }

    fn learn(&mut self, message: &Message) {
        let response = message.header.flags.contains(Flags::RESPONSE);
        for payload in message.chain.payloads.iter().filter(|_| response) {
            if let Body::Sa(sa) = &payload.body {
                self.suite = Some(suite(&sa.proposals[0]));
            }
        }
    }

    /// With the first keys of the SA that fit: after IKE_INTERMEDIATE it has others (RFC 9370 2.2.2).
    fn clear(&self, datagram: &Bytes, message: &Message) -> Clear {
        let (header, suite) = (&message.header, self.suite.unwrap());
        let spis = format!("{},{},", header.initiator, header.responder);
        // The receiver opens what the original initiator sent, and the reverse.
        let role = match header.flags.contains(Flags::INITIATOR) {
            true => Role::Responder,
            false => Role::Initiator,
        };
        let lines = self.table.lines().filter_map(|l| l.strip_prefix(&spis));
        let mut fitting = lines.filter_map(|line| {
            let sk = Sk::new(suite, keys(line, suite.encryption), role);
            sk.open(datagram, message).ok()
        });
        fitting.next().unwrap_or_else(|| panic!("no key of {spis}"))
    }

    fn join(&mut self, header: &Header, number: u16, total: u16, clear: Clear) -> Option<Chain> {
        let response = header.flags.contains(Flags::RESPONSE);
        let key = (header.initiator.to_string(), header.message_id.0, response);
        let parts = self.parts.entry(key.clone()).or_default();
        parts.insert(number, clear);
        if parts.len() < usize::from(total) {
            return None;
        }
        let parts = self.parts.remove(&key)?;
        let octets = parts.values().flat_map(|part| part.octets.clone());
        Some(Chain::decode(parts[&1].first, octets.collect(), Header::LEN).unwrap())
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

fn suite(chosen: &Proposal) -> IkeSuite {
    let of = |ty| chosen.transforms.iter().find(|t| t.ty == ty);
    let encryption = of(TransformType::ENCR).unwrap();
    IkeSuite {
        encryption: Encryption::from_transform(encryption.id, encryption.key_length()).unwrap(),
        prf: Prf::from_iana(of(TransformType::PRF).unwrap().id).unwrap(),
        integrity: of(TransformType::INTEG).map(|t| Integrity::from_iana(t.id).unwrap()),
        group: Group::from_iana(of(TransformType::DH).unwrap().id).unwrap(),
    }
}

/// SK_ei, SK_er, a name, SK_ai, SK_ar, a name.
fn keys(line: &str, encryption: Encryption) -> Keys {
    let fields: Vec<&str> = line.split(',').collect();
    let key = |field: usize| {
        let mut octets = hex(fields[field]);
        // One line calls CCM counter mode, and puts the flags of the counter block (RFC 3610 2.3)
        // in front of the salt.
        if octets.len() > encryption.key_len() {
            octets.remove(encryption.key_len() - encryption.salt_len());
        }
        Secret::from(octets)
    };
    Keys {
        ei: key(0),
        er: key(1),
        ai: Secret::from(hex(fields[3])),
        ar: Secret::from(hex(fields[4])),
        d: Secret::default(),
        pi: Secret::default(),
        pr: Secret::default(),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}
