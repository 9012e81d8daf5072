//! Scenarios of other projects about what two ends do not agree on: keys, suites, hashes, sequence numbers
//! (`docs/scenarios.md`).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sim::{Datagram, Simulation};
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Message, NotifyType, TransformType};
use support::forge::{contents, find, rewriting_auth};
use support::{Story, ikev2_psk_routers, ikev2_routers, seed_routers};

/// 23: different keys cost four messages and no more: the refusal is protected, the initiator says what it
/// got, and neither tries again by itself.
#[test]
fn a_wrong_key_is_told_once_and_not_tried_again() {
    for initiator in [0, 1] {
        let key = "pre-share key cisco123cisco123cisco1";
        let story = ikev2_psk_routers().edit(
            1 - initiator,
            &format!("remote {key}"),
            "remote pre-share key wrong-wrong-wrong",
        );
        let mut sim = story.negotiate(initiator);
        sim.settle(Duration::from_secs(900));
        assert_eq!(sim.datagrams().len(), 4);
        assert_eq!(
            contents(&sim, 1 - initiator),
            ["NOTIFY(AUTHENTICATION_FAILED)"]
        );
        let reason = |node| sim.record(node).unwrap().reason.unwrap();
        assert_eq!(reason(initiator), "the peer answers AUTHENTICATION_FAILED");
        assert!(reason(1 - initiator).contains("the pre-shared keys differ"));
        assert!(sim.ikev2_sas(0).is_empty() && sim.ikev2_sas(1).is_empty());
    }
}

/// 23 in IKEv1: nobody may answer what does not decrypt (D17), so the initiator ends by its retransmissions
/// and starts nothing new.
#[test]
fn a_wrong_key_of_ikev1_ends_by_retransmission() {
    let mut story = seed_routers();
    for (text, secret) in story.configs.iter_mut().zip(["one-secret", "two-secret"]) {
        let key = format!("crypto isakmp key {secret} address 0.0.0.0\ncrypto isakmp profile");
        *text = text
            .replace("  encr 3des\n", "  encr aes\n  authentication pre-share\n")
            .replace("crypto isakmp profile", &key);
    }
    let mut sim = story.start();
    sim.up(0, None);
    sim.settle(Duration::from_secs(900));
    // Two messages, then MM5 or MM4 repeated five times by each timer and five times for the other's.
    let sent = |node| sim.datagrams().iter().filter(|d| d.sender == node).count();
    assert_eq!(sent(0), 1 + 1 + 1 + 5 + 5);
    assert!(sent(1) <= 1 + 1 + 5 + 5, "{}", sent(1));
    let informational = |d: &Datagram| d.bytes[18] == ExchangeType::INFORMATIONAL.0;
    assert!(!sim.datagrams().iter().any(informational));
    assert!(sim.isakmp_sas(0).is_empty() && sim.isakmp_sas(1).is_empty());
}

/// 32: the seed's 3DES and MD5 come up where they are configured (T-50); a router with the built-in proposal
/// of either mode refuses them in the clear and keeps nothing.
#[test]
fn the_seeds_suite_is_refused_where_it_is_not_configured() {
    for mode in ["", "crypto ikev2 mode modern\n"] {
        for initiator in [0, 1] {
            let mut story = ikev2_routers();
            let text = &mut story.configs[1 - initiator];
            let (before, after) = text.split_once("crypto ikev2 proposal").unwrap();
            let (_, after) = after.split_once("crypto ikev2 profile").unwrap();
            *text = format!("{before}{mode}crypto ikev2 profile{after}");
            let sim = story.negotiate(initiator);
            let verdict = sim.verdict();
            assert_eq!(verdict.stopped_at.as_deref(), Some("IKE_SA_INIT"));
            let answer = Message::decode(sim.datagrams()[1].bytes.clone()).unwrap();
            assert!(find(&answer.chain.payloads, NotifyType::NO_PROPOSAL_CHOSEN).is_some());
            assert_eq!(sim.datagrams().len(), 2);
            assert!(sim.ikev2_sas(1 - initiator).is_empty());
        }
    }
}

/// 32 in IKEv1: the default policies of IOS hold 3DES, MD5 and group 2 (G-022); AES alone refuses them.
#[test]
fn the_default_policies_of_ikev1_take_the_seeds_suite() {
    let policy = "crypto isakmp policy 10\n  encr 3des\n  hash md5\n  group 2\n";
    for initiator in [0, 1] {
        let judge = 1 - initiator;
        // R2 leaves its lines unindented.
        let without = |text: &str| {
            let (before, after) = text.split_once("crypto isakmp policy 10\n").unwrap();
            let (_, after) = after.split_once("group 2\n").unwrap();
            format!("{before}{after}")
        };
        let mut story = seed_routers().edit(0, "  ca trust-point IOSCA1\n", "");
        story.configs[judge] = without(&story.configs[judge]);
        let sim = story.negotiate(initiator);
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        let mut story = seed_routers();
        let aes = policy.replace("3des", "aes").replace("md5", "sha256");
        story.configs[judge] = without(&story.configs[judge]) + "\n" + &aes;
        let sim = story.negotiate(initiator);
        assert_eq!(sim.verdict().stopped_at.as_deref(), Some("MM1"));
        let notify = &sim.datagrams()[1].bytes;
        assert_eq!(
            (notify[18], &notify[38..40]),
            (5, &[0, 14][..]),
            "NO-PROPOSAL-CHOSEN"
        );
        assert!(sim.isakmp_sas(judge).is_empty());
    }
}

/// R1's offer with these kinds of sequence numbers; what R2 then installs.
fn offering_esn(kinds: &'static [u16]) -> Option<bool> {
    let (mut sim, _) = rewriting_auth(ikev2_psk_routers(), |payloads| {
        for payload in payloads {
            if let Body::Sa(sa) = &mut payload.body {
                let transforms = &mut sa.proposals[0].transforms;
                let at = transforms
                    .iter()
                    .position(|t| t.ty == TransformType::ESN)
                    .unwrap();
                let esn = transforms.remove(at);
                transforms.extend(kinds.iter().map(|id| {
                    let mut transform = esn.clone();
                    transform.id = *id;
                    transform
                }));
            }
        }
    });
    sim.settle(Duration::from_secs(1));
    let spec = sim.node(1).installed.inbound.values().next();
    spec.map(|spec| spec.suite.esn)
}

/// 33: a peer that offers both gets plain numbers, which is all we would offer; one that has nothing else
/// gets extended ones, and one with neither no child SA (RFC 7296 3.3.2).
#[test]
fn extended_sequence_numbers_are_taken_where_nothing_else_is_offered() {
    assert_eq!(offering_esn(&[0, 1]), Some(false));
    assert_eq!(offering_esn(&[1]), Some(true));
    assert_eq!(offering_esn(&[2]), None);
}

/// 20: a signature names its hash (RFC 7427); SHA-1, which nobody announced, is refused.
#[test]
fn a_hash_that_was_not_announced_is_refused() {
    const SHA1_WITH_RSA: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
    ];
    let digital = || {
        let mut story: Story = ikev2_routers();
        for text in &mut story.configs {
            text.push_str("\ncrypto ikev2 digital-signature\n");
        }
        story
    };
    let run = |forge: bool| -> Simulation {
        let (mut sim, _) = rewriting_auth(digital(), |payloads| {
            for payload in payloads {
                if let (Body::Auth(auth), true) = (&mut payload.body, forge) {
                    let mut data = auth.data.to_vec();
                    data[1..16].copy_from_slice(&SHA1_WITH_RSA);
                    auth.data = data.into();
                }
            }
        });
        sim.settle(Duration::from_secs(1));
        sim
    };
    assert!(run(false).verdict().up, "as it was signed");
    let sim = run(true);
    assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
    let reason = sim.record(1).unwrap().reason.unwrap();
    assert!(
        reason.ends_with("or its algorithm was not agreed"),
        "{reason}"
    );
}
