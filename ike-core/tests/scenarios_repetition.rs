//! Scenarios of other projects about what comes twice, at once or again after a silence
//! (`docs/scenarios.md`).

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::action::{Clear, Command, DataplaneEvent, Rekey, Transmit};
use ike_core::sim::{Datagram, Fate, Network, Simulation};
use ike_wire::registry::PayloadType;
use support::pki::{Party, leaf, meet, root};
use support::{Story, ikev2_psk_routers, seed_routers};

/// Everything arrives three times: at once, a little later and much later.
fn thrice() -> Network {
    let times = [0, 5, 4_000].map(Duration::from_millis);
    Network {
        faults: Box::new(move |_, _| Fate(times.to_vec())),
        ..Network::default()
    }
}

/// 50: with every datagram three times there is one SA, everything dear is computed once, and what is said
/// again is said in the same octets.
#[test]
fn threefold_datagrams_make_one_sa() {
    for story in [seed_routers as fn() -> Story, ikev2_psk_routers] {
        let mut plain = story().negotiate(0);
        plain.settle(Duration::from_secs(60));
        let network = thrice();
        let mut sim = Story { network, ..story() }.negotiate(0);
        sim.settle(Duration::from_secs(60));
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        let mut said: BTreeMap<(usize, &[u8]), BTreeSet<&[u8]>> = BTreeMap::new();
        for Datagram { sender, bytes, .. } in sim.datagrams() {
            said.entry((*sender, &bytes[..28]))
                .or_default()
                .insert(bytes);
        }
        assert_eq!(said.len(), plain.datagrams().len());
        assert!(said.values().all(|octets| octets.len() == 1));
        for node in [0, 1] {
            let sas = sim.isakmp_sas(node).len() + sim.ikev2_sas(node).len();
            assert_eq!((sas, sim.node(node).installed.inbound.len()), (1, 1));
            assert_eq!(sim.node(node).jobs, plain.node(node).jobs);
        }
    }
}

/// Two routers that cut their messages to 576 octets.
fn small_mtu(network: Network) -> Simulation {
    let mut ca = root("CA");
    let parties = [0, 1].map(|n| {
        let own = leaf(&mut ca, n);
        Party::new(n).enrolled("CA", ca.certificate(), own, "none")
    });
    let texts = [0, 1].map(|n| parties[n].config(2) + "\ncrypto ikev2 fragmentation mtu 576\n");
    meet(texts, parties.map(|p| p.store), network)
}

/// The fragments a router has sent, each once.
fn fragments(sim: &Simulation, sender: usize) -> Vec<Datagram> {
    let mut seen = BTreeSet::new();
    let fragment = PayloadType::V2_ENCRYPTED_FRAGMENT.0;
    let of = |d: &&Datagram| d.sender == sender && d.bytes[16] == fragment;
    let all = sim.datagrams().iter().filter(of);
    let fresh = all.filter(|d| seen.insert(d.bytes.clone()));
    fresh.cloned().collect()
}

/// What was sent to whom, whenever that was.
fn sent(datagrams: &[Datagram]) -> Vec<(SocketAddr, Bytes)> {
    let sent = datagrams.iter();
    sent.map(|d| (d.to, d.bytes.clone())).collect()
}

/// R1's fragments arrive five times more; what R2 says to that.
fn spray(sim: &mut Simulation) -> Vec<(SocketAddr, Bytes)> {
    let before = sim.datagrams().len();
    for fragment in fragments(sim, 0).into_iter().cycle().take(10) {
        let again = Transmit {
            local: fragment.from,
            remote: fragment.to,
            bytes: fragment.bytes,
        };
        sim.inject(1, again);
    }
    sim.finish_jobs();
    let said = sim.datagrams()[before..].iter();
    let ours: Vec<Datagram> = said.filter(|d| d.sender == 1).cloned().collect();
    sent(&ours)
}

/// 46: fragments of IKE_AUTH that come again, in the middle of it, after it and while another exchange
/// runs: the first one gets the answer as it was (RFC 7383 2.6.1), and nothing is done twice.
#[test]
fn fragments_that_come_again_get_the_answer_that_was_given() {
    let mut plain = small_mtu(Network::default());
    plain.up(0, None);
    plain.settle(Duration::from_secs(60));
    let mut sim = small_mtu(thrice());
    sim.up(0, None);
    sim.settle(Duration::from_secs(60));
    assert!(sim.verdict().up && sim.carries());
    let answer = sent(&fragments(&sim, 1));
    assert_eq!((fragments(&sim, 0).len(), answer.len()), (2, 2));
    let jobs = sim.node(1).jobs;
    assert_eq!(jobs, plain.node(1).jobs);
    assert_eq!(spray(&mut sim), [&answer[..]; 5].concat());
    sim.hold();
    let rekey = Command::Rekey("Tunnel1".to_owned(), Rekey::Child);
    sim.command(0, rekey.clone());
    assert_eq!(spray(&mut sim), [&answer[..]; 5].concat());
    sim.let_go();
    sim.settle(Duration::from_secs(60));
    // Six exchanges later the answer is out of the window of five.
    for _ in 0..5 {
        sim.command(0, rekey.clone());
        sim.settle(Duration::from_secs(60));
    }
    assert_eq!(spray(&mut sim), []);
    assert_eq!(sim.node(1).jobs, jobs);
    for node in [0, 1] {
        assert_eq!(sim.ikev2_sas(node).len(), 1);
        assert_eq!(sim.node(node).installed.inbound.len(), 1);
    }
    assert!(sim.carries());
}

/// Both start, and every message of one end waits for the other's.
fn crossed() -> Simulation {
    let mut sim = ikev2_psk_routers().start();
    sim.hold();
    for node in [0, 1] {
        sim.up(node, None);
        sim.finish_jobs();
    }
    while sim.held() > 0 {
        sim.release(0);
    }
    sim.let_go();
    sim.settle(Duration::from_secs(30));
    sim
}

/// A router that can send what the other can read.
fn reaches(sim: &Simulation, node: usize) -> bool {
    let out = sim.node(node).installed.outbound.last();
    let inbound = &sim.node(1 - node).installed.inbound;
    out.is_some_and(|out| inbound.contains_key(&out.spi_out))
}

/// 47: both start at once and all messages cross; then one deletes the IKE SA it had started. Traffic always
/// has a pair, one is left, and nobody starts another fight.
#[test]
fn crossing_starts_do_not_fight() {
    for node in [0, 1] {
        let mut sim = crossed();
        for node in [0, 1] {
            let sas = sim.ikev2_sas(node);
            assert!(sas.iter().all(|sa| sa.status == "READY"), "{sas:#?}");
        }
        let mut own = sim.ikev2_sas(node);
        own.retain(|sa| sa.initiator);
        let before = sim.datagrams().len();
        sim.command(
            node,
            Command::Clear(Clear {
                number: Some(own[0].tunnel),
                ..Clear::default()
            }),
        );
        sim.run_until(Duration::from_secs(600), |s| {
            assert!(reaches(s, 0) && reaches(s, 1), "a moment without a pair");
            false
        });
        assert_eq!(
            sim.datagrams().len(),
            before + 2,
            "a deletion and its answer"
        );
        for node in [0, 1] {
            assert_eq!(sim.ikev2_sas(node).len(), 1);
            assert_eq!(sim.node(node).installed.inbound.len(), 1);
        }
        assert!(sim.carries());
    }
}

/// 26, 27: both ends look for a silent peer; the link is cut for five minutes while R1 has traffic. Both clear
/// their SAs, and when the link is back R1's traffic brings up one SA and no more.
#[test]
fn a_cut_link_is_noticed_and_traffic_comes_back() {
    let isakmp = |story: Story, n: usize| {
        let keepalive = "crypto isakmp keepalive 10 2 periodic\ncrypto isakmp policy 10\n";
        story.edit(n, "crypto isakmp policy 10\n", keepalive)
    };
    let ikev2 = |story: Story, n: usize| {
        let dpd = "  lifetime 3600\n  dpd 10 2 periodic\n";
        story.edit(n, "  lifetime 3600\n", dpd)
    };
    let stories = [
        isakmp(isakmp(seed_routers(), 0), 1),
        ikev2(ikev2(ikev2_psk_routers(), 0), 1),
    ];
    for story in stories {
        let cut = Rc::new(Cell::new(false));
        let seen = cut.clone();
        let fate = move |_: usize, _: &Datagram| match seen.get() {
            true => Fate::lost(),
            false => Fate::delivered(),
        };
        let network = Network {
            faults: Box::new(fate),
            ..Network::default()
        };
        let mut sim = Story { network, ..story }.negotiate(0);
        sim.settle(Duration::from_secs(60));
        assert!(sim.carries(), "answered probes keep the SA");
        let old: Vec<u32> = sim.node(0).installed.inbound.keys().copied().collect();
        let pass = |seconds: u64, sim: &mut Simulation| {
            for _ in 0..seconds / 5 {
                sim.settle(Duration::from_secs(5));
                if sim.node(0).installed.outbound.is_empty() {
                    let protection = "Tunnel1".to_owned();
                    sim.dataplane(0, DataplaneEvent::Acquire { protection });
                }
            }
        };
        cut.set(true);
        pass(300, &mut sim);
        for node in [0, 1] {
            assert!(sim.node(node).installed.inbound.is_empty(), "cleared");
        }
        cut.set(false);
        pass(60, &mut sim);
        assert!(sim.carries());
        sim.settle(Duration::from_secs(120));
        for node in [0, 1] {
            let installed = &sim.node(node).installed.inbound;
            assert_eq!(installed.len(), 1);
            assert!(!installed.contains_key(&old[0]));
            let live = sim.isakmp_sas(node).len() + sim.ikev2_sas(node).len();
            assert_eq!(live, 1);
        }
    }
}
