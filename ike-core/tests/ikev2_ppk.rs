//! Post-quantum preshared keys (RFC 8784; W-077): every row of its table that two routers can make.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::{Command, Rekey};
use ike_core::sim::Simulation;
use support::forge::{contents, printed, with_global, with_profile};
use support::{Story, ikev2_psk_routers, ikev2_routers};

/// A router with that key for every peer.
fn with_ppk(story: Story, router: usize, key: &str) -> Story {
    let keyring = format!(
        "crypto ikev2 keyring QUANTUM\n peer ANY\n  address 0.0.0.0 0.0.0.0\n  ppk manual {key}\n!"
    );
    let story = with_global(story, router, &keyring);
    with_profile(story, router, "keyring ppk QUANTUM")
}

const KEY: &str = "id PPK1 key hex 0123456789abcdef0123456789abcdef";
const REQUIRED: &str = "id PPK1 key hex 0123456789abcdef0123456789abcdef required";
const OTHER_KEY: &str = "id PPK1 key hex 1123456789abcdef0123456789abcdef";
const OTHER_NAME: &str = "id PPK2 key hex 0123456789abcdef0123456789abcdef";
const OTHER_REQUIRED: &str = "id PPK2 key hex 0123456789abcdef0123456789abcdef required";

fn resistant(sim: &Simulation) -> [bool; 2] {
    [0, 1].map(|n| {
        let established = sim.ikev2_sas(n)[0].established.clone();
        established.unwrap().quantum_resistance
    })
}

/// RFC 8784 3: both know the key: it is used, with shared keys and with certificates.
#[test]
fn a_key_that_both_know_is_mixed_in() {
    for story in [ikev2_psk_routers, ikev2_routers] {
        for (i, r) in [
            (KEY, KEY),
            (REQUIRED, KEY),
            (KEY, REQUIRED),
            (REQUIRED, REQUIRED),
        ] {
            let mut sim = with_ppk(with_ppk(story(), 0, i), 1, r).negotiate(0);
            assert!(sim.verdict().up && sim.carries(), "{i} {r}");
            assert_eq!(resistant(&sim), [true; 2]);
            let sent = contents(&sim, 0)[0].clone();
            assert!(sent.contains("PPK_IDENTITY"));
            assert_eq!(sent.contains("NO_PPK_AUTH"), i == KEY, "{sent}");
            assert!(contents(&sim, 1)[0].ends_with("NOTIFY(PPK_IDENTITY)"));
            for what in [Rekey::Ike, Rekey::Child] {
                sim.command(1, Command::Rekey("Tunnel1".to_owned(), what));
                sim.settle(Duration::from_secs(1));
                assert!(sim.carries(), "{what:?}");
            }
        }
    }
}

/// RFC 8784 3: SK_d changes, and with it the keys of child SAs; those of messages do not.
#[test]
fn the_key_is_in_the_traffic_and_not_in_the_messages() {
    let keys = |story: Story| {
        let sim = story.negotiate(0);
        assert!(sim.carries());
        let message = sim.node(0).engine.ikev2_keys().pop().unwrap().ei;
        let child = sim.node(0).installed.outbound[0].keys_out.cipher.clone();
        (message, child)
    };
    let plain = keys(ikev2_psk_routers());
    let both = |key| with_ppk(with_ppk(ikev2_psk_routers(), 0, key), 1, key);
    let (one, other) = (keys(both(REQUIRED)), keys(both(OTHER_REQUIRED)));
    assert_eq!(plain.0.expose(), one.0.expose());
    assert_ne!(plain.1.expose(), one.1.expose());
    assert_eq!(
        one.1.expose(),
        other.1.expose(),
        "the name is not in the keys"
    );
}

/// RFC 8784 3: where nobody requires it, a key that only one side has is left out.
#[test]
fn a_key_that_one_side_lacks_is_left_out_where_it_may() {
    let rows = [
        (Some(KEY), None),
        (None, Some(KEY)),
        (Some(KEY), Some(OTHER_NAME)),
    ];
    for story in [ikev2_psk_routers, ikev2_routers] {
        for (i, r) in rows {
            let mut story = story();
            for (router, key) in [i, r].into_iter().enumerate() {
                if let Some(key) = key {
                    story = with_ppk(story, router, key);
                }
            }
            let sim = story.negotiate(0);
            assert!(sim.verdict().up && sim.carries(), "{i:?} {r:?}");
            assert_eq!(resistant(&sim), [false; 2]);
        }
    }
}

/// RFC 8784 3: a responder that requires the key refuses who does not use it.
#[test]
fn a_responder_that_requires_it_refuses_other_initiators() {
    for initiator in [None, Some(OTHER_NAME)] {
        let mut story = with_ppk(ikev2_psk_routers(), 1, REQUIRED);
        if let Some(key) = initiator {
            story = with_ppk(story, 0, key);
        }
        let sim = story.negotiate(0);
        assert!(!sim.verdict().up);
        assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
    }
}

/// RFC 8784 3: an initiator that requires it does not go on with a responder that has none, and is refused
/// by one that has another.
#[test]
fn an_initiator_that_requires_it_takes_no_other_responder() {
    let sim = with_ppk(ikev2_psk_routers(), 0, REQUIRED).negotiate(0);
    assert_eq!(sim.datagrams().len(), 2);
    let reason = sim.verdict().reason.unwrap();
    assert!(reason.contains("a PPK is required"), "{reason}");
    let story = with_ppk(with_ppk(ikev2_psk_routers(), 0, REQUIRED), 1, OTHER_NAME);
    let sim = story.negotiate(0);
    assert!(!contents(&sim, 0)[0].contains("NO_PPK_AUTH"));
    assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
}

/// Keys of one name that differ: neither AUTH is right.
#[test]
fn another_key_of_the_same_name_is_a_failed_proof() {
    for story in [ikev2_psk_routers, ikev2_routers] {
        let sim = with_ppk(with_ppk(story(), 0, KEY), 1, OTHER_KEY).negotiate(0);
        assert!(!sim.verdict().up);
        assert_eq!(contents(&sim, 1), ["NOTIFY(AUTHENTICATION_FAILED)"]);
    }
}

/// W-077: not without configuration.
#[test]
fn nobody_speaks_of_it_unasked() {
    let sim = ikev2_psk_routers().negotiate(0);
    assert!(!printed(&sim, 0, "PPK") && !printed(&sim, 1, "PPK"));
}

/// I6: neither the key nor a trace of it is in any line.
#[test]
fn the_key_shows_nowhere() {
    let sim = with_ppk(with_ppk(ikev2_psk_routers(), 0, KEY), 1, KEY).negotiate(0);
    for node in 0..2 {
        assert!(!printed(&sim, node, "0123456789abcdef"));
    }
}
