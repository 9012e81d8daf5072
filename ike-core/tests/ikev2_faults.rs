//! Each datagram of IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA and INFORMATIONAL lost, doubled, delayed and
//! reordered once, and each job late: always the same result, no stuck SA (RFC 7296 2.1, 2.4; C24, C25).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::{Command, Rekey};
use ike_core::sim::{Fate, Network, Simulation};
use support::{Story, ikev2_psk_routers, ikev2_routers};

const TUNNEL: &str = "Tunnel1";

/// What happens after the SA is up.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Nothing,
    RekeyChild,
    RekeyIke,
    Down,
}

impl Deed {
    fn command(self) -> Option<Command> {
        match self {
            Self::Nothing => None,
            Self::RekeyChild => Some(Command::Rekey(TUNNEL.to_owned(), Rekey::Child)),
            Self::RekeyIke => Some(Command::Rekey(TUNNEL.to_owned(), Rekey::Ike)),
            Self::Down => Some(Command::Down(TUNNEL.to_owned())),
        }
    }
}

fn fates() -> [(&'static str, Fate); 5] {
    [
        ("lost", Fate::lost()),
        ("doubled at once", Fate::doubled(Duration::ZERO)),
        ("doubled late", Fate::doubled(Duration::from_secs(3))),
        ("delayed", Fate::delayed(Duration::from_secs(1))),
        (
            "reordered past its repetition",
            Fate::delayed(Duration::from_millis(2500)),
        ),
    ]
}

/// Brings the SA up, does the deed on a router and lets every timer of it fire.
fn run(story: Story, deed: Deed, actor: usize, name: &str) -> Simulation {
    let mut sim = story.start();
    sim.up(0, None);
    let certain = sim.run_until(Duration::from_secs(200), Simulation::certain);
    assert!(certain && sim.verdict().up, "{name}: {:?}", sim.verdict());
    sim.settle(Duration::from_secs(30));
    if let Some(command) = deed.command() {
        sim.command(actor, command);
    }
    sim.settle(Duration::from_secs(300));
    sim
}

fn check_up(sim: &Simulation, name: &str) {
    for node in [0, 1] {
        let sas = sim.ikev2_sas(node);
        assert_eq!(sas.len(), 1, "{name}: router {node}: {sas:#?}");
        assert_eq!(sas[0].status, "READY", "{name}: router {node}");
        let inbound = sim.node(node).installed.inbound.len();
        let outbound = sim.node(node).installed.outbound.len();
        assert_eq!((inbound, outbound), (1, 1), "{name}: router {node}");
    }
    assert!(sim.carries(), "{name}: the ends do not agree on keys");
}

fn check_down(sim: &Simulation, name: &str) {
    for node in [0, 1] {
        assert!(sim.ikev2_sas(node).is_empty(), "{name}: router {node}");
        assert!(sim.node(node).installed.inbound.is_empty(), "{name}");
    }
}

fn check(sim: &Simulation, deed: Deed, name: &str) {
    match deed {
        Deed::Down => check_down(sim, name),
        _ => check_up(sim, name),
    }
}

#[test]
fn every_datagram_disturbed_once_changes_nothing() {
    let deeds = [
        (Deed::Nothing, 4),
        (Deed::RekeyChild, 8),
        (Deed::RekeyIke, 8),
        (Deed::Down, 6),
    ];
    for (deed, datagrams) in deeds {
        let undisturbed = run(ikev2_psk_routers(), deed, 0, "undisturbed");
        assert_eq!(undisturbed.datagrams().len(), datagrams, "{deed:?}");
        for actor in [0, 1] {
            for victim in 0..datagrams {
                for (what, fate) in fates() {
                    let name = format!("{deed:?} by {actor}, datagram {victim} {what}");
                    let story = ikev2_psk_routers().with_fault(victim..victim + 1, fate);
                    check(&run(story, deed, actor, &name), deed, &name);
                }
            }
        }
    }
}

/// With certificates the same, for the exchanges that have them.
#[test]
fn certificates_survive_every_disturbed_datagram() {
    for victim in 0..4 {
        for (what, fate) in fates() {
            let name = format!("datagram {victim} {what}");
            let story = ikev2_routers().with_fault(victim..victim + 1, fate);
            check_up(&run(story, Deed::Nothing, 0, &name), &name);
        }
    }
}

/// K5: a job that takes long, with repetitions arriving meanwhile, is done once.
#[test]
fn late_jobs_change_nothing() {
    for milliseconds in [1, 900, 5_000, 20_000] {
        for deed in [Deed::Nothing, Deed::RekeyChild, Deed::RekeyIke] {
            let network = Network {
                job_time: Duration::from_millis(milliseconds),
                ..Network::default()
            };
            let story = Story {
                network,
                ..ikev2_psk_routers()
            }
            .edit(
                0,
                "  set transform-set trans\n",
                "  set transform-set trans\n  set pfs group19\n",
            )
            .edit(
                1,
                "  set transform-set trans\n",
                "  set transform-set trans\n  set pfs group19\n",
            );
            let name = format!("{deed:?}, jobs of {milliseconds} ms");
            check_up(&run(story, deed, 0, &name), &name);
        }
    }
}

/// W-075: repetitions with doubling intervals, then nothing is left.
#[test]
fn silence_ends_the_attempt() {
    let network = Network {
        faults: Box::new(|_, _| Fate::lost()),
        ..Network::default()
    };
    let mut sim = Story {
        network,
        ..ikev2_psk_routers()
    }
    .start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(200), Simulation::certain);
    assert_eq!(sim.datagrams().len(), 6, "the request and five repetitions");
    assert_eq!(sim.verdict().stopped_at.as_deref(), Some("IKE_SA_INIT"));
    sim.settle(Duration::from_secs(600));
    assert!(sim.ikev2_sas(0).is_empty());
}

/// RFC 7296 2.4: a peer that vanished is found by liveness checks, and nothing of it is left.
#[test]
fn a_silent_peer_is_found_dead() {
    let mut sim = ikev2_psk_routers()
        .edit(
            0,
            "  lifetime 3600\n",
            "  lifetime 3600\n  dpd 10 2 periodic\n",
        )
        .negotiate(0);
    assert!(sim.verdict().up);
    sim.restart(1, 99);
    sim.settle(Duration::from_secs(300));
    assert!(sim.ikev2_sas(0).is_empty());
    assert!(sim.node(0).installed.inbound.is_empty());
}

/// RFC 7296 2.4, C14: a restarted peer says INITIAL_CONTACT; the SA it forgot goes.
#[test]
fn a_restarted_peer_replaces_its_old_sa() {
    let mut sim = ikev2_psk_routers().negotiate(0);
    sim.restart(0, 99);
    sim.up(0, None);
    sim.settle(Duration::from_secs(100));
    check_up(&sim, "after the restart");
}

/// G-043: SAs are replaced before they end, by whoever is first, and traffic keys never disagree.
#[test]
fn lifetimes_are_kept_by_rekeying() {
    let short = "  set transform-set trans\n  set security-association lifetime seconds 300\n";
    let story = ikev2_psk_routers()
        .edit(0, "  set transform-set trans\n", short)
        .edit(1, "  set transform-set trans\n", short)
        .edit(0, "  lifetime 3600\n", "  lifetime 1000\n")
        .edit(1, "  lifetime 3600\n", "  lifetime 1000\n");
    let mut sim = story.negotiate(0);
    let mut spis = std::collections::BTreeSet::new();
    for _ in 0..60 {
        sim.settle(Duration::from_secs(60));
        assert!(sim.carries(), "the ends do not agree on keys");
        spis.extend(sim.node(0).installed.inbound.keys().copied());
    }
    assert!(spis.len() >= 12, "{} child SAs in an hour", spis.len());
    let ready = |sim: &Simulation, node| {
        let sas = sim.ikev2_sas(node);
        sas.iter().filter(|sa| sa.status == "READY").count()
    };
    assert_eq!((ready(&sim, 0), ready(&sim, 1)), (1, 1));
}
