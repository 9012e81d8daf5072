//! Dead peer detection in the configured time: both versions, periodic and on demand, by either role
//! (RFC 3706, RFC 7296 2.4; G-025, G-043, G-044).

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use ike_core::sa::action::{Clear, Cleared, Command, DataplaneEvent, Rekey};
use ike_core::sim::{Fate, Network, Simulation};
use support::{Story, ikev2_psk_routers, seed_routers};

const SECOND: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    One,
    Two,
}

/// Two routers with a tunnel up, and a switch that cuts the wire.
struct Pair {
    sim: Simulation,
    cut: Rc<Cell<bool>>,
    version: Version,
}

impl Pair {
    /// Router 0 starts; `checker` checks every ten seconds and repeats by three.
    fn up(version: Version, checker: usize, kind: &str) -> Self {
        let story = match version {
            Version::One => seed_routers().edit(
                checker,
                "crypto isakmp policy 10\n",
                &format!(
                    "crypto isakmp keepalive 10 3 {kind}\ncrypto isakmp policy 10\n  lifetime 300\n"
                ),
            ),
            Version::Two => ikev2_psk_routers().edit(
                checker,
                "  lifetime 3600\n",
                &format!("  lifetime 3600\n  dpd 10 3 {kind}\n"),
            ),
        };
        let cut = Rc::new(Cell::new(false));
        let seen = cut.clone();
        let faults = move |_: usize, _: &_| match seen.get() {
            true => Fate::lost(),
            false => Fate::delivered(),
        };
        let network = Network {
            faults: Box::new(faults),
            ..Network::default()
        };
        let mut sim = Story { network, ..story }.negotiate(0);
        assert!(sim.verdict().up, "{version:?}: {:?}", sim.verdict());
        sim.settle(Duration::from_millis(100));
        Self { sim, cut, version }
    }

    fn wait(&mut self, seconds: u64) {
        self.sim.settle(Duration::from_secs(seconds));
    }

    /// A packet went through the tunnel to the peer, or came from it.
    fn traffic(&mut self, node: usize, out: bool) {
        let spec = self.sim.node(node).installed.outbound.last().unwrap();
        let event = match out {
            true => DataplaneEvent::Sent {
                interface: spec.interface.clone(),
                spi_out: spec.spi_out,
            },
            false => DataplaneEvent::Alive {
                spi_in: spec.spi_in,
            },
        };
        self.sim.dataplane(node, event);
    }

    fn rekey(&mut self, node: usize) {
        let name = self.sim.node(node).engine.protections()[0].name.clone();
        self.sim.command(node, Command::Rekey(name, Rekey::Child));
    }

    /// When a router said a line with that text.
    fn told(&self, node: usize, text: &str) -> Vec<u64> {
        let said = self.sim.timeline().into_iter();
        said.filter(|(_, who, line)| *who == node && line.contains(text))
            .map(|(at, ..)| at)
            .collect()
    }

    /// When a router sent its checks and their repetitions.
    fn checks(&self, node: usize) -> Vec<u64> {
        match self.version {
            Version::One => self.told(node, "DPD/R_U_THERE sent"),
            Version::Two => {
                let mut out = self.told(node, "Sending DPD/liveness query");
                out.extend(self.told(node, "Retransmitting packet"));
                out.sort_unstable();
                out
            }
        }
    }

    fn death(&self, node: usize) -> Vec<u64> {
        self.told(
            node,
            match self.version {
                Version::One => "not responding!",
                Version::Two => "Maximum number of retransmissions reached",
            },
        )
    }

    fn gone(&self, node: usize) -> bool {
        let installed = &self.sim.node(node).installed;
        let live = match self.version {
            Version::One => self
                .sim
                .isakmp_sas(node)
                .iter()
                .any(|sa| sa.status == "ACTIVE"),
            Version::Two => self
                .sim
                .ikev2_sas(node)
                .iter()
                .any(|sa| sa.status == "READY"),
        };
        !live && installed.inbound.is_empty() && installed.outbound.is_empty()
    }
}

fn everyone() -> impl Iterator<Item = (Version, usize)> {
    [Version::One, Version::Two]
        .into_iter()
        .flat_map(|version| [(version, 0), (version, 1)])
}

/// G-025, G-044: the first check after the interval, five repetitions the retry interval apart, and death
/// one more retry interval later; what is left of the peer goes, and the reason names the rule.
#[test]
fn a_peer_that_falls_silent_is_dead_after_five_repetitions() {
    for (version, node) in everyone() {
        let mut pair = Pair::up(version, node, "periodic");
        pair.wait(25);
        let answered = pair.checks(node);
        assert_eq!(answered.len(), 2, "{version:?} {node}");
        assert_eq!(answered[1] - answered[0], 10 * SECOND);
        pair.cut.set(true);
        pair.wait(60);
        let first = answered[1] + 10 * SECOND;
        let expected: Vec<u64> = (0..6).map(|n| first + 3 * n * SECOND).collect();
        assert_eq!(pair.checks(node)[2..], expected, "{version:?} {node}");
        assert_eq!(pair.death(node), [first + 18 * SECOND]);
        assert!(pair.gone(node) && pair.checks(1 - node).is_empty());
        let rule = match version {
            Version::One => "G-025",
            Version::Two => "G-044",
        };
        let because = "no answer to a liveness check and 5 repetitions 3 s apart";
        let why = pair.told(node, because);
        assert_eq!(why, [first + 18 * SECOND], "{version:?} {node}");
        assert_eq!(pair.told(node, rule), why);
    }
}

/// RFC 3706 5.4, G-025, G-044: on demand nobody is asked while there is nothing to send, nor while the peer's
/// traffic comes; a packet into silence is checked once the interval of silence is over.
#[test]
fn on_demand_a_check_needs_traffic_out_and_silence_in() {
    for (version, node) in everyone() {
        let mut pair = Pair::up(version, node, "on-demand");
        pair.wait(100);
        assert!(pair.checks(node).is_empty(), "an idle tunnel is left alone");
        for _ in 0..20 {
            pair.traffic(node, true);
            pair.traffic(node, false);
            pair.wait(4);
        }
        assert!(pair.checks(node).is_empty(), "{version:?} {node}");
        pair.cut.set(true);
        pair.traffic(node, true);
        let silent_since = pair.sim.now().mono.0 - 4 * SECOND;
        pair.wait(60);
        let first = silent_since + 10 * SECOND;
        let expected: Vec<u64> = (0..6).map(|n| first + 3 * n * SECOND).collect();
        assert_eq!(pair.checks(node), expected, "{version:?} {node}");
        assert_eq!(pair.death(node), [first + 18 * SECOND]);
        assert!(pair.gone(node));
    }
}

/// RFC 3706 5.4, RFC 7296 2.4: whatever authentic packet comes during the repetitions ends the check, ESP too.
#[test]
fn esp_of_the_peer_ends_a_check() {
    for (version, node) in everyone() {
        for kind in ["periodic", "on-demand"] {
            let mut pair = Pair::up(version, node, kind);
            pair.cut.set(true);
            pair.traffic(node, true);
            pair.wait(24);
            assert_eq!(pair.checks(node).len(), 5, "{version:?} {node} {kind}");
            pair.traffic(node, false);
            pair.cut.set(false);
            pair.wait(20);
            assert!(pair.death(node).is_empty() && !pair.gone(node));
            assert!(pair.sim.carries(), "{version:?} {node} {kind}");
        }
    }
}

/// The same of IKE: a request of the peer's own shows life, while our check stays unanswered.
#[test]
fn a_message_of_the_peer_ends_a_check() {
    for (version, node) in everyone() {
        let mut pair = Pair::up(version, node, "periodic");
        pair.cut.set(true);
        pair.wait(24);
        assert_eq!(pair.checks(node).len(), 5, "{version:?} {node}");
        pair.cut.set(false);
        pair.rekey(1 - node);
        pair.wait(60);
        assert!(pair.death(node).is_empty() && !pair.gone(node));
        assert!(pair.sim.carries(), "{version:?} {node}");
    }
}

/// RFC 7296 2.4: a request that is out when the peer falls silent is its check; its end is that of a check, not
/// that of W-075.
#[test]
fn a_rekeying_without_answer_ends_in_configured_time() {
    for node in [0, 1] {
        let mut pair = Pair::up(Version::Two, node, "periodic");
        let checks_from = pair.sim.now().mono.0;
        pair.cut.set(true);
        pair.rekey(node);
        pair.wait(60);
        let death = pair.death(node);
        assert_eq!(death.len(), 1);
        let after = death[0] - checks_from;
        assert!((27 * SECOND..=28 * SECOND).contains(&after), "{after}");
        assert!(pair.gone(node));
        assert!(pair.told(node, "Sending DPD").is_empty());
    }
}

/// RFC 7296 2.1: traffic of the peer ends the check, but a request must be answered all the same.
#[test]
fn a_peer_whose_ike_is_dead_is_given_up_although_its_traffic_flows() {
    let mut pair = Pair::up(Version::Two, 0, "periodic");
    let since = pair.sim.now().mono.0;
    pair.cut.set(true);
    while !pair.gone(0) {
        pair.traffic(0, true);
        pair.traffic(0, false);
        pair.wait(2);
        assert!(pair.sim.now().mono.0 < since + 200 * SECOND);
    }
    let (asked, death) = (pair.checks(0)[0], pair.death(0)[0]);
    assert!(
        death - asked >= 126 * SECOND,
        "W-075 has its time: {asked}, {death}"
    );
}

/// After a death the next packet brings the tunnel up again.
#[test]
fn a_tunnel_that_is_still_wanted_comes_up_again() {
    for version in [Version::One, Version::Two] {
        let mut pair = Pair::up(version, 0, "periodic");
        pair.cut.set(true);
        pair.wait(60);
        assert!(pair.gone(0));
        pair.cut.set(false);
        let protection = pair.sim.node(0).engine.protections()[0].name.clone();
        pair.sim
            .dataplane(0, DataplaneEvent::Acquire { protection });
        pair.wait(30);
        assert!(!pair.gone(0) && pair.sim.carries(), "{version:?}");
    }
}

/// RFC 2408 3.15: deletions of IKEv1 may be lost, so an SA can outlive itself at one end. When its checks stay
/// unanswered it goes alone: the peer lives on in the newer SA, and the traffic with it.
#[test]
fn an_old_sa_the_peer_forgot_takes_nothing_along() {
    let mut pair = Pair::up(Version::One, 0, "periodic");
    let old = pair.sim.isakmp_sas(1)[0].connection;
    pair.wait(271);
    assert_eq!(pair.sim.isakmp_sas(0).len(), 2, "phase 1 is rekeyed");
    let forget = Clear {
        version: Some(1),
        number: Some(old),
        what: Cleared::Ike,
        silent: true,
        ..Clear::default()
    };
    pair.sim.command(1, Command::Clear(forget));
    pair.wait(29);
    assert_eq!(pair.death(0).len(), 1, "the old SA is found dead");
    let left = pair.sim.isakmp_sas(0);
    assert_eq!(left.iter().filter(|sa| sa.status == "ACTIVE").count(), 1);
    assert!(pair.sim.carries());
}

/// RFC 7296 2.8: who answered a rekeying sends on the new child SA as soon as something has come on it.
#[test]
fn a_packet_on_the_new_child_sa_switches_the_way_out() {
    let mut pair = Pair::up(Version::Two, 0, "periodic");
    let old = *pair.sim.node(1).installed.inbound.keys().next().unwrap();
    pair.sim.hold();
    pair.rekey(0);
    pair.sim.release(0);
    let answering = &pair.sim.node(1).installed;
    let new = *answering.inbound.keys().find(|spi| **spi != old).unwrap();
    assert_eq!(answering.outbound.len(), 1, "the peer may not have it yet");
    pair.sim.dataplane(1, DataplaneEvent::Alive { spi_in: new });
    let outbound = &pair.sim.node(1).installed.outbound;
    assert_eq!(outbound.last().map(|s| s.spi_in), Some(new));
}
