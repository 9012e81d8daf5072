//! Captures opened with their keys: our own negotiations in the simulator, and what other makers sent.
//! The foreign files are data beside the project; without them a line says so.

#![allow(clippy::unwrap_used)]

#[path = "../../ike-wire/tests/pcap/mod.rs"]
mod pcap;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ike_core::decrypt::tables::{ikev1_line, ikev2_lines};
use ike_core::decrypt::{Closed, Opener, Outcome, Table, Tables};
use ike_core::sim::Simulation;
use ike_wire::natt::Udp4500;
use ike_wire::{Flags, Header, v1, v2};
use support::{Story, ikev2_routers, seed_routers};

/// The keys that both ends have of all their SAs, through the lines of the tables.
fn tables(sim: &Simulation) -> Tables {
    let mut tables = Tables::default();
    for engine in [0, 1].map(|n| &sim.node(n).engine) {
        for key in engine.keys() {
            tables.line(Table::Ikev1, &ikev1_line(&key)).unwrap();
        }
        for (table, line) in engine.ikev2_keys().iter().flat_map(ikev2_lines) {
            tables.line(table, &line).unwrap();
        }
    }
    tables
}

fn datagrams(sim: &Simulation) -> Vec<Bytes> {
    sim.datagrams().iter().map(|d| d.bytes.clone()).collect()
}

/// Whether a message can be read by anybody.
fn readable(message: &Bytes) -> bool {
    match Header::decode(message).unwrap().major() {
        1 => v1::Message::decode(message.clone()).is_ok(),
        _ => v2::Message::decode(message.clone())
            .is_ok_and(|message| message.chain.encrypted_offset().is_none()),
    }
}

fn closed(outcome: &Outcome) -> Option<&Closed> {
    match outcome {
        Outcome::Closed(why) => Some(why),
        _ => None,
    }
}

fn fragmented(story: Story) -> Story {
    let line = "crypto isakmp fragmentation\ncrypto isakmp policy 10\n";
    let policy = "crypto isakmp policy 10\n";
    story.edit(0, policy, line).edit(1, policy, line)
}

/// Main Mode with certificates whole and in pieces, Quick Mode, IKE_AUTH: everything opens, and what
/// comes out needs no key any more. A second sight of each message (the other side of a NAT) changes
/// nothing (RFC 2409 appendix B, RFC 7296 3.14).
#[test]
fn every_message_of_a_negotiation_opens_once_and_again() {
    for story in [seed_routers(), fragmented(seed_routers()), ikev2_routers()] {
        let sim = story.negotiate(0);
        assert!(sim.verdict().up);
        for copies in [1, 2] {
            let mut opener = Opener::new(tables(&sim));
            let mut opened = 0;
            for datagram in datagrams(&sim) {
                for _ in 0..copies {
                    match opener.message(&datagram) {
                        Outcome::Opened(clear) => {
                            assert!(readable(&clear), "{clear:02x?}");
                            opened += 1;
                        }
                        Outcome::Clear => assert!(readable(&datagram)),
                        Outcome::Piece => {}
                        Outcome::Closed(why) => panic!("{why}"),
                    }
                }
            }
            // MM5, MM6, QM1 to QM3, or IKE_AUTH.
            assert!(opened >= 2 * copies, "{opened}");
        }
    }
}

/// D12: the end of the message before is the IV; a reader that missed it says so, and goes on with
/// exchanges whose IV does not hang on it.
#[test]
fn what_is_missing_is_named() {
    let sim = seed_routers().negotiate(0);
    let all = datagrams(&sim);
    let mut without_beginning = Opener::new(tables(&sim));
    let whys: Vec<_> = all[4..]
        .iter()
        .map(|d| without_beginning.message(d))
        .collect();
    assert!(
        whys.iter()
            .all(|why| closed(why) == Some(&Closed::Beginning)),
        "{whys:?}"
    );
    let mut without_mm5 = Opener::new(tables(&sim));
    let outcomes: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(n, _)| *n != 4)
        .map(|(_, d)| without_mm5.message(d))
        .collect();
    assert_eq!(closed(&outcomes[4]), Some(&Closed::Iv), "MM6");
    let mut stranger = Opener::new(Tables::default());
    assert_eq!(stranger.message(&all[0]), Outcome::Clear);
    assert_eq!(closed(&stranger.message(&all[4])), Some(&Closed::NoKey));
}

/// D10: a message that was changed is no message, and says which way.
#[test]
fn a_changed_message_of_ikev2_has_a_wrong_checksum() {
    let sim = ikev2_routers().negotiate(0);
    let all = datagrams(&sim);
    let mut opener = Opener::new(tables(&sim));
    let mut changed = all[2].to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(
        closed(&opener.message(&changed.into())),
        Some(&Closed::Checksum)
    );
    let Outcome::Opened(clear) = opener.message(&all[2]) else {
        panic!("IKE_AUTH is closed");
    };
    let header = Header::decode(&clear).unwrap();
    assert_eq!(usize::try_from(header.length).unwrap(), clear.len());
    assert_eq!(header.flags, Flags::INITIATOR);
}

/// Captures are hostile: any octet of any message may be another one, in any order.
#[test]
fn no_changed_capture_makes_trouble() {
    for story in [fragmented(seed_routers()), ikev2_routers()] {
        let sim = story.negotiate(0);
        let all = datagrams(&sim);
        let mut opener = Opener::new(tables(&sim));
        let mut state = 1u64;
        for round in 0..3000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap();
            let mut octets = all[round % all.len()].to_vec();
            let length = octets.len();
            octets[at % length] ^= 1 << (round % 8);
            if round % 7 == 0 {
                octets.truncate(at % length);
            }
            let _ = opener.message(&octets.into());
        }
    }
}

/// Wireshark's and strongSwan's captures open with the tables beside them.
#[test]
fn captures_of_other_makers_open_with_their_tables() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let Ok(entries) = fs::read_dir(shared.join("strongswan")) else {
        println!("skipped: ../shared not present");
        return;
    };
    let folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let mut cases: Vec<(PathBuf, PathBuf)> = folders
        .into_iter()
        .map(|folder| (folder.join("cap.pcap"), folder))
        .collect();
    let name = |name| shared.join(format!("pcaps/wireshark_ikev2-decrypt-{name}"));
    // The table calls the cipher of the file that is left out by another one's name.
    let files = [
        "aes128ccm12.pcap",
        "aes192ctr.pcap",
        "aes256cbc.pcapng",
        "aes256ccm16.pcapng",
        "aes256gcm8.pcap",
    ];
    cases.extend(files.map(|file| (name(file), shared.join("pcaps/wireshark-keys"))));
    let mut opened = 0;
    for (file, keys) in cases {
        let mut tables = Tables::default();
        for table in Table::ALL {
            let text = fs::read_to_string(keys.join(table.file())).unwrap_or_default();
            tables.read(table, &text);
        }
        if tables.is_empty() {
            continue;
        }
        let mut opener = Opener::new(tables);
        for udp in pcap::datagrams(&fs::read(&file).unwrap()) {
            let Some(message) = ike(&udp) else { continue };
            match opener.message(&message) {
                Outcome::Opened(clear) => {
                    assert!(readable(&clear));
                    opened += 1;
                }
                Outcome::Closed(why) => panic!("{}: {why}", file.display()),
                Outcome::Clear | Outcome::Piece => {}
            }
        }
    }
    assert!(opened > 100, "{opened}");
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

/// A Quick Mode's offer under the cookies of a message, in the clear as a capture that was opened before has it: its
/// attributes 1 and 2 are a lifetime, not DES and MD5.
fn opened_offer(of: &Bytes) -> Bytes {
    const PAYLOADS: [u8; 52] = [
        1, 0x10, 32, 0, 0, 0, 0, 7, 0, 0, 0, 68, // header behind the cookies
        0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, // SA
        0, 0, 0, 28, 1, 3, 4, 1, 1, 2, 3, 4, // proposal
        0, 0, 0, 16, 1, 3, 0, 0, 0x80, 1, 0, 1, 0x80, 2, 0, 1, // transform
    ];
    [&of[..16], &PAYLOADS].concat().into()
}

/// RFC 2408 3.1: only what has no message ID says how an ISAKMP SA is encrypted.
#[test]
fn a_quick_mode_in_the_clear_does_not_change_the_ciphers_of_its_sa() {
    let sim = seed_routers().negotiate(0);
    let mut opener = Opener::new(tables(&sim));
    let mut opened = 0;
    for datagram in datagrams(&sim) {
        let outcome = opener.message(&datagram);
        assert_eq!(closed(&outcome), None);
        opened += usize::from(matches!(outcome, Outcome::Opened(_)));
        let offer = opened_offer(&datagram);
        assert!(readable(&offer));
        assert_eq!(opener.message(&offer), Outcome::Clear);
    }
    assert!(opened >= 5, "{opened}");
}
