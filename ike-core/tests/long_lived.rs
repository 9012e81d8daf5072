//! IKEv1 over hours: Quick Mode with PFS rekeyed by whichever side, by both at once, over a bad wire, while phase 1
//! is replaced underneath (RFC 2409 5.5; O-061, G-081).

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use ike_core::sa::action::{Command, DataplaneEvent, Rekey};
use ike_core::sim::{Fate, Simulation};
use support::{Story, seed_routers};

/// PFS on both sides, either of which can start.
fn routers() -> Story {
    let pfs = "  set pfs group5\n  set isakmp-profile prof1\n";
    seed_routers()
        .edit(0, "  ca trust-point IOSCA1\n", "")
        .edit(0, "  set isakmp-profile prof1\n", pfs)
        .edit(1, "  set isakmp-profile prof1\n", pfs)
}

fn both(story: Story, from: &str, to: &str) -> Story {
    story.edit(0, from, to).edit(1, from, to)
}

fn rekey(sim: &mut Simulation, node: usize) {
    let name = sim.node(node).engine.protections()[0].name.clone();
    sim.command(node, Command::Rekey(name, Rekey::Child));
}

fn newest(sim: &Simulation, node: usize) -> u32 {
    sim.node(node).installed.outbound.last().unwrap().spi_in
}

/// Every pair has its own Diffie-Hellman secret, and both ends send with the newest.
fn check(sim: &Simulation, story: &str) {
    assert!(sim.carries(), "{story}: the ends do not agree");
    for node in [0, 1] {
        let installed = &sim.node(node).installed;
        assert!(
            installed.outbound.iter().all(|s| s.pfs == Some(5)),
            "{story}"
        );
        assert!(installed.outbound.len() <= 3, "{story}: pairs pile up");
    }
}

/// RFC 2409 5.5: whoever started phase 1, either side rekeys phase 2 with PFS.
#[test]
fn either_side_rekeys_with_pfs() {
    for initiator in [0, 1] {
        let mut sim = routers().negotiate(initiator);
        check(&sim, "at first");
        for node in [1, 0, 1, 1, 0, 0] {
            let before = newest(&sim, node);
            rekey(&mut sim, node);
            sim.settle(Duration::from_secs(4000));
            assert_ne!(newest(&sim, node), before, "by router {node}");
            check(&sim, &format!("by router {node}"));
        }
    }
}

/// Both start at once: both pairs come up, and both ends end with pairs they agree on.
#[test]
fn both_rekey_at_once() {
    let mut sim = routers().negotiate(0);
    for round in 0..5 {
        rekey(&mut sim, 0);
        rekey(&mut sim, 1);
        sim.settle(Duration::from_secs(5));
        assert!(sim.carries(), "round {round}");
        sim.settle(Duration::from_secs(4000));
        check(&sim, &format!("round {round}"));
    }
}

/// Hours of short lifetimes: phase 2 every ten minutes, phase 1 every quarter of an hour, never without a pair.
#[test]
fn short_lifetimes_keep_the_tunnel_up_for_hours() {
    for initiator in [0, 1] {
        let phase2 =
            "crypto ipsec security-association lifetime seconds 600\ncrypto isakmp policy 10\n";
        let story = both(routers(), "crypto isakmp policy 10\n", phase2);
        let story = both(story, "  group 2\n", "  group 2\n  lifetime 900\n");
        let mut sim = story.negotiate(initiator);
        let mut pairs = BTreeSet::new();
        let mut cookies = BTreeSet::new();
        for minute in 0..240 {
            sim.settle(Duration::from_secs(60));
            check(&sim, &format!("minute {minute}"));
            pairs.insert(newest(&sim, 0));
            cookies.extend(sim.isakmp_sas(0).into_iter().map(|sa| sa.initiator_cookie));
        }
        assert!(pairs.len() >= 20 && cookies.len() >= 10);
    }
}

/// B4, W-051: whichever datagram of the rekeying is lost, doubled or late, the new pair comes up at both ends.
#[test]
fn a_rekeying_survives_every_disturbed_datagram() {
    let mut calm = routers().negotiate(0);
    calm.settle(Duration::from_secs(1));
    let first = calm.datagrams().len();
    rekey(&mut calm, 1);
    calm.settle(Duration::from_secs(1));
    let total = calm.datagrams().len();
    assert_eq!(total - first, 3);
    for fate in [
        Fate::lost(),
        Fate::doubled(Duration::from_secs(1)),
        Fate::delayed(Duration::from_secs(15)),
    ] {
        for victim in first..total {
            let mut sim = routers()
                .with_fault(victim..victim + 1, fate.clone())
                .negotiate(0);
            sim.settle(Duration::from_secs(1));
            let before = (newest(&sim, 0), newest(&sim, 1));
            rekey(&mut sim, 1);
            sim.settle(Duration::from_secs(60));
            let story = format!("{fate:?} of datagram {victim}");
            check(&sim, &story);
            assert!(
                newest(&sim, 0) != before.0 && newest(&sim, 1) != before.1,
                "{story}"
            );
        }
    }
}

/// "Death by retransmission P2": a peer that restarted does not answer Quick Mode on an ISAKMP SA it forgot; the SA
/// goes, and the next packet begins with Main Mode, long before the lifetime of phase 1 ends.
#[test]
fn a_peer_that_restarted_is_reached_again_without_dead_peer_detection() {
    let phase2 =
        "crypto ipsec security-association lifetime seconds 600\ncrypto isakmp policy 10\n";
    let mut sim = both(routers(), "crypto isakmp policy 10\n", phase2).negotiate(0);
    sim.settle(Duration::from_secs(300));
    sim.restart(1, 99);
    let protection = sim.node(0).engine.protections()[0].name.clone();
    for _ in 0..90 {
        sim.settle(Duration::from_secs(5));
        if sim.node(0).installed.outbound.is_empty() {
            let protection = protection.clone();
            sim.dataplane(0, DataplaneEvent::Acquire { protection });
        }
    }
    assert!(sim.carries());
    let line = "deleting SA reason \"Death by retransmission P2\" state (I) QM_IDLE";
    assert!(sim.node(0).traces.iter().any(|t| t.contains(line)));
    let live = |sa: &ike_core::engine::view::IsakmpSaView| sa.status == "ACTIVE";
    assert_eq!(sim.isakmp_sas(0).into_iter().filter(live).count(), 1);
}
