//! `clear crypto ...` between two routers in invented time (O-086).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::{Clear, Cleared, Command, Reply};
use ike_core::sim::Simulation;
use support::{Story, ikev2_routers, seed_routers};

const R1: [u8; 4] = [192, 168, 0, 1];
const R2: [u8; 4] = [192, 168, 0, 2];

/// Both routers up, R1 started.
fn up(story: Story) -> Simulation {
    let sim = story.negotiate(0);
    assert!(sim.verdict().up);
    sim
}

/// R1's operator clears; what follows is waited for.
fn clear(sim: &mut Simulation, what: Clear) {
    sim.command(0, Command::Clear(what));
    assert_eq!(sim.node(0).replies.last(), Some(&Reply::Done));
    sim.settle(Duration::from_secs(2));
}

/// IKE SAs that live, and pairs, of a router.
fn left(sim: &Simulation, node: usize) -> (usize, usize) {
    let isakmp = sim.isakmp_sas(node);
    let isakmp = isakmp.iter().filter(|sa| sa.status == "ACTIVE").count();
    let ikev2 = sim.ikev2_sas(node);
    let ikev2 = ikev2.iter().filter(|sa| sa.status == "READY").count();
    let pairs = sim.node(node).engine.child_sas(sim.now().mono).len();
    (isakmp + ikev2, pairs)
}

fn both(sim: &Simulation) -> [(usize, usize); 2] {
    [left(sim, 0), left(sim, 1)]
}

/// O-086: an address, a number or a version that is not the SA's leaves it alone; the right ones do not.
#[test]
fn clear_takes_only_what_it_names() {
    let none = Clear::default();
    let other = Some([192, 168, 0, 9].into());
    for (story, version) in [(seed_routers as fn() -> Story, 1), (ikev2_routers, 2)] {
        let mut sim = up(story());
        for wrong in [
            Clear {
                remote: other,
                ..none
            },
            Clear {
                local: other,
                ..none
            },
            Clear {
                local: Some(R2.into()),
                ..none
            },
            Clear {
                number: Some(77),
                ..none
            },
            Clear {
                version: Some(3 - version),
                ..none
            },
        ] {
            clear(&mut sim, wrong);
            assert_eq!(both(&sim), [(1, 1); 2], "{wrong:?}");
        }
        let number = match version {
            1 => sim.isakmp_sas(0)[0].connection,
            _ => sim.ikev2_sas(0)[0].tunnel,
        };
        let right = Clear {
            version: Some(version),
            remote: Some(R2.into()),
            local: Some(R1.into()),
            number: Some(number),
            ..none
        };
        clear(&mut sim, right);
        assert_eq!(both(&sim), [(0, 0); 2], "IKEv{version}");
    }
}

/// `clear crypto sa`: the pairs go on both sides, the IKE SAs stay.
#[test]
fn child_sas_go_alone() {
    let children = Clear {
        what: Cleared::Children,
        ..Clear::default()
    };
    for story in [seed_routers as fn() -> Story, ikev2_routers] {
        let mut sim = up(story());
        clear(&mut sim, children);
        assert_eq!(both(&sim), [(1, 0); 2]);
        sim.up(0, None);
        sim.settle(Duration::from_secs(2));
        assert_eq!(both(&sim), [(1, 1); 2], "the IKE SA serves a new pair");
    }
}

/// `clear crypto isakmp`: pairs of IKEv1 outlive their ISAKMP SA (O-061); those of IKEv2 end with the IKE
/// SA (RFC 7296 1.4.1).
#[test]
fn ike_sas_go_without_the_pairs_of_ikev1() {
    let ike = Clear {
        what: Cleared::Ike,
        ..Clear::default()
    };
    let mut sim = up(seed_routers());
    clear(&mut sim, ike);
    assert_eq!(both(&sim), [(0, 1); 2]);
    let mut sim = up(ikev2_routers());
    clear(&mut sim, ike);
    assert_eq!(both(&sim), [(0, 0); 2]);
}

/// `clear crypto ikev2 sa fast`: the peer is not told.
#[test]
fn a_silent_clear_sends_nothing() {
    for story in [seed_routers as fn() -> Story, ikev2_routers] {
        let mut sim = up(story());
        let sent = sim.datagrams().len();
        let silent = Clear {
            silent: true,
            ..Clear::default()
        };
        clear(&mut sim, silent);
        assert_eq!(both(&sim), [(0, 0), (1, 1)]);
        assert_eq!(sim.datagrams().len(), sent);
    }
}

/// O-025: the counters of a negotiation, and after `clear crypto ikev2 stat`.
#[test]
fn counters_of_ikev2_begin_anew() {
    use ike_wire::registry::ExchangeType;
    use ike_wire::v2::NotifyType;

    let mut sim = up(ikev2_routers());
    let engine = &sim.node(0).engine;
    let auth = engine.ikev2_tally().exchanges[&ExchangeType::IKE_AUTH];
    assert_eq!((auth.sent_requests, auth.received_responses), (1, 1));
    let contact = engine.ikev2_tally().notifies[&NotifyType::INITIAL_CONTACT];
    assert_eq!((contact.sent_requests, contact.received_responses), (1, 0));
    assert_eq!(engine.ikev2_stats().initiated, 1);
    assert_eq!(sim.node(1).engine.ikev2_stats().accepted, 1);
    sim.command(0, Command::ClearStatistics);
    let engine = &sim.node(0).engine;
    assert!(engine.ikev2_tally().exchanges.is_empty());
    assert_eq!(engine.ikev2_stats().initiated, 0);
    assert_eq!(left(&sim, 0), (1, 1));
}
