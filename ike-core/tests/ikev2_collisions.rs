//! Both ends act at once: every order in which the messages can arrive, for one IKE SA and one child SA
//! (RFC 7296 2.8, 2.8.1, 2.8.2, 2.25.1, 2.25.2; C24, C25).
//!
//! Each story starts two deeds before any message is delivered and then tries every choice of the next
//! message among those in flight, to the end. A failing order is printed as its list of choices.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::action::{Command, DataplaneEvent, Rekey};
use ike_core::sim::Simulation;
use ike_wire::v2::NotifyType;
use support::forge::{Forge, notifies, notify};
use support::{Story, ikev2_psk_routers};

/// What one end starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    RekeyChild,
    DeleteChild,
    NewChild,
    RekeyIke,
    DeleteIke,
}

impl Deed {
    fn start(self, sim: &mut Simulation, node: usize) {
        let tunnel = || "Tunnel1".to_owned();
        match self {
            Self::RekeyChild => sim.command(node, Command::Rekey(tunnel(), Rekey::Child)),
            Self::RekeyIke => sim.command(node, Command::Rekey(tunnel(), Rekey::Ike)),
            Self::DeleteIke => sim.command(node, Command::Down(tunnel())),
            Self::NewChild => sim.command(node, Command::Up("Tunnel2".to_owned())),
            Self::DeleteChild => {
                let inbound = &sim.node(node).installed.inbound;
                let spi_in = *inbound.keys().next().unwrap();
                sim.dataplane(node, DataplaneEvent::Expire { spi_in, hard: true });
            }
        }
        sim.finish_jobs();
    }

    /// The IKE SA is gone at the end.
    fn ends_all(self) -> bool {
        self == Self::DeleteIke
    }
}

/// A second tunnel between the same routers, for a second child SA.
fn story(seed: u64, pfs: bool) -> Story {
    let mut story = ikev2_psk_routers();
    for (text, (own, peer)) in story.configs.iter_mut().zip([(1, 2), (2, 1)]) {
        text.push_str(&format!(
            "\ninterface Tunnel2\n  ip address 10.0.1.{own} 255.255.255.0\n  tunnel source Ethernet0/0\n  \
             tunnel mode ipsec ipv4\n  tunnel destination 192.168.0.{peer}\n  \
             tunnel protection ipsec profile profile1\n"
        ));
        if pfs {
            *text = text.replace(
                "  set transform-set trans\n",
                "  set transform-set trans\n  set pfs group19\n",
            );
        }
    }
    Story { seed, ..story }
}

/// The first tunnel is up, and at rest.
fn up(seed: u64, pfs: bool) -> Simulation {
    let mut sim = story(seed, pfs).start();
    sim.up(0, Some("Tunnel1"));
    assert!(sim.run_until(Duration::from_secs(10), Simulation::certain));
    sim.settle(Duration::from_secs(5));
    sim
}

/// Both deeds are started; then messages arrive as `choices` say, and beyond them the oldest first. Returns
/// how many choices there were at each step.
fn play(
    (seed, pfs, slow): (u64, bool, bool),
    deeds: [Deed; 2],
    choices: &[usize],
) -> (Simulation, Vec<usize>) {
    let mut sim = up(seed, pfs);
    sim.hold();
    for (node, deed) in deeds.into_iter().enumerate() {
        deed.start(&mut sim, node);
    }
    if slow {
        sim.hold_jobs();
    }
    let mut options = Vec::new();
    while sim.held() > 0 && options.len() < 40 {
        let choice = choices.get(options.len()).copied().unwrap_or(0);
        options.push(sim.held());
        sim.release(choice);
    }
    sim.let_go();
    // Shorter than the time after which an SA that the peer should have deleted ends by itself.
    sim.settle(Duration::from_secs(80));
    (sim, options)
}

/// Every order of a story; the number of orders.
fn every_order(seed: u64, pfs: bool, slow: bool, deeds: [Deed; 2]) -> usize {
    let mut choices: Vec<usize> = Vec::new();
    let mut orders = 0;
    loop {
        let (sim, options) = play((seed, pfs, slow), deeds, &choices);
        orders += 1;
        check(
            &sim,
            deeds,
            &format!("{deeds:?} seed {seed} pfs {pfs} slow {slow} order {choices:?}"),
        );
        // The next order: the last step that has another choice takes it.
        choices.resize(options.len(), 0);
        let Some(step) = (0..options.len())
            .rev()
            .find(|s| choices[*s] + 1 < options[*s])
        else {
            return orders;
        };
        choices.truncate(step + 1);
        choices[step] += 1;
    }
}

fn check(sim: &Simulation, deeds: [Deed; 2], order: &str) {
    let state = [0, 1].map(|node| {
        let sas = sim.ikev2_sas(node);
        let stuck: Vec<_> = sas.iter().filter(|sa| sa.status != "READY").collect();
        assert!(
            stuck.is_empty(),
            "{order}: router {node} is stuck: {stuck:#?}"
        );
        let installed = &sim.node(node).installed;
        assert_eq!(
            installed.inbound.len(),
            installed.outbound.len(),
            "{order}: router {node} has half a child SA"
        );
        let mut children: Vec<&str> = Vec::new();
        for spec in installed.inbound.values() {
            let other = &sim.node(1 - node).installed.outbound;
            let twin = other.iter().find(|o| o.spi_out == spec.spi_in);
            let twin = twin.unwrap_or_else(|| panic!("{order}: an orphan on router {node}"));
            assert_eq!(
                twin.keys_out.cipher.expose(),
                spec.keys_in.cipher.expose(),
                "{order}: traffic keys differ"
            );
            children.push(&spec.protection);
        }
        children.sort_unstable();
        (sas.len(), children)
    });
    assert_eq!(state[0], state[1], "{order}: the ends disagree");
    let (sas, children) = &state[0];
    if deeds.iter().any(|d| d.ends_all()) {
        assert_eq!((*sas, children.len()), (0, 0), "{order}");
        return;
    }
    assert_eq!(*sas, 1, "{order}: one IKE SA");
    let of = |name: &str| children.iter().filter(|c| **c == name).count();
    let deleted = deeds.contains(&Deed::DeleteChild);
    // A rekeying that meets a deletion may win or lose; without a deletion there is exactly one.
    assert!(
        of("Tunnel1") == 1 || (deleted && of("Tunnel1") == 0),
        "{order}: {children:?}"
    );
    // Two ends that make the same child SA at once get two of it: both are good (RFC 7296 has no rule).
    let wanted = deeds.iter().filter(|d| **d == Deed::NewChild).count();
    let least = wanted.min(1);
    assert!(
        (least..=wanted).contains(&of("Tunnel2")),
        "{order}: {children:?}"
    );
}

/// Several seeds, so that either end's nonces are the lowest.
fn tell(deeds: [Deed; 2]) {
    let mut orders = 0;
    for seed in 1..=4 {
        for pfs in [false, true] {
            orders += every_order(seed, pfs, false, deeds);
        }
    }
    println!("{deeds:?}: {orders} orders");
    assert!(orders > 8, "{deeds:?}: only {orders} orders were tried");
}

#[test]
fn both_rekey_the_child() {
    tell([Deed::RekeyChild, Deed::RekeyChild]);
}

#[test]
fn one_rekeys_the_child_while_the_other_deletes_it() {
    tell([Deed::RekeyChild, Deed::DeleteChild]);
}

#[test]
fn both_delete_the_child() {
    tell([Deed::DeleteChild, Deed::DeleteChild]);
}

#[test]
fn both_rekey_the_ike_sa() {
    tell([Deed::RekeyIke, Deed::RekeyIke]);
}

#[test]
fn the_ike_sa_is_rekeyed_while_the_child_is() {
    tell([Deed::RekeyIke, Deed::RekeyChild]);
}

#[test]
fn the_ike_sa_is_rekeyed_while_the_child_is_deleted() {
    tell([Deed::RekeyIke, Deed::DeleteChild]);
}

#[test]
fn the_ike_sa_is_rekeyed_while_a_child_is_made() {
    tell([Deed::RekeyIke, Deed::NewChild]);
}

#[test]
fn the_ike_sa_is_rekeyed_while_it_is_deleted() {
    tell([Deed::RekeyIke, Deed::DeleteIke]);
}

#[test]
fn the_ike_sa_is_deleted_while_the_child_is_rekeyed() {
    tell([Deed::DeleteIke, Deed::RekeyChild]);
}

#[test]
fn the_ike_sa_is_deleted_while_a_child_is_made() {
    tell([Deed::DeleteIke, Deed::NewChild]);
}

#[test]
fn both_delete_the_ike_sa() {
    tell([Deed::DeleteIke, Deed::DeleteIke]);
}

#[test]
fn both_make_the_same_child() {
    let mut orders = 0;
    for seed in 1..=4 {
        orders += every_order(seed, false, false, [Deed::NewChild, Deed::NewChild]);
    }
    println!("{orders} orders");
}

/// Diffie-Hellman takes its time: messages arrive while an answer is computed, in every order of messages
/// and results. The seeds give either end the lowest nonce.
fn tell_slow(deeds: [Deed; 2]) {
    let orders: usize = (1..=2)
        .map(|seed| every_order(seed, true, true, deeds))
        .sum();
    println!("{deeds:?}: {orders} orders of messages and jobs");
    assert!(orders > 8, "{deeds:?}: only {orders} orders were tried");
}

/// RFC 7296 2.8.2, 2.25.2: an end whose own rekeying is complete before it has answered the peer's has
/// nothing left to rekey.
#[test]
fn both_rekey_the_ike_sa_and_take_their_time() {
    tell_slow([Deed::RekeyIke, Deed::RekeyIke]);
}

#[test]
fn both_rekey_the_child_and_take_their_time() {
    tell_slow([Deed::RekeyChild, Deed::RekeyChild]);
}

#[test]
fn the_ike_sa_is_rekeyed_while_the_child_is_and_both_take_their_time() {
    tell_slow([Deed::RekeyIke, Deed::RekeyChild]);
}

/// RFC 7296 2.18: the initiator of the rekeying has the new SA only once it has worked on the answer. A
/// request that comes with the answer finds no SA there, and would wait for its repetition.
#[test]
fn the_end_that_answered_a_rekeying_gives_the_other_time_to_take_the_new_sa() {
    let mut sim = up(1, true);
    let spi = |sim: &Simulation| *sim.node(1).installed.inbound.keys().next().unwrap();
    let old = spi(&sim);
    sim.hold();
    Deed::RekeyIke.start(&mut sim, 1);
    let child = Command::Rekey("Tunnel1".to_owned(), Rekey::Child);
    sim.command(0, child);
    sim.release(0);
    assert_eq!(sim.held(), 1, "the answer, and nothing on the new SA yet");
    sim.let_go();
    sim.settle(Duration::from_secs(2));
    assert_ne!(spi(&sim), old, "then the child SA is rekeyed");
    assert!(sim.carries());
}

/// RFC 7296 2.25: CHILD_SA_NOT_FOUND about a child SA that an answer of ours made means that the answer is
/// still on its way: the peer will ask for it again, and the SA is still there then.
#[test]
fn a_child_that_the_peer_does_not_know_yet_is_kept() {
    let mut sim = up(1, false);
    sim.hold();
    Deed::RekeyChild.start(&mut sim, 1);
    sim.release(0);
    let made: Vec<u32> = sim.node(0).installed.inbound.keys().copied().collect();
    assert_eq!(made.len(), 2, "the answer is on its way");
    Deed::RekeyChild.start(&mut sim, 0);
    sim.release(1);
    let said = sim.datagrams().last().unwrap().clone();
    let mut forge = Forge::of(&sim, 0);
    assert_eq!(
        notifies(&forge.open(&said)),
        [NotifyType::TEMPORARY_FAILURE]
    );
    let not_found = forge.instead(
        &said,
        &[notify(NotifyType::CHILD_SA_NOT_FOUND, Bytes::new())],
    );
    sim.inject(0, not_found);
    let kept: Vec<u32> = sim.node(0).installed.inbound.keys().copied().collect();
    assert_eq!(kept, made);
    sim.let_go();
    sim.settle(Duration::from_secs(80));
    check(&sim, [Deed::RekeyChild; 2], "after CHILD_SA_NOT_FOUND");
}

/// RFC 7296 2.8: child SAs go to the new IKE SA. One that is to be deleted while the peer's request is
/// computed is deleted there, not on the old SA that would hear of it too late.
#[test]
fn a_child_that_is_to_go_while_the_ike_sa_is_rekeyed_goes_with_it() {
    let mut sim = up(1, true);
    sim.hold();
    Deed::RekeyChild.start(&mut sim, 0);
    sim.release(0);
    assert_eq!(sim.held(), 1, "the answer");
    Deed::RekeyIke.start(&mut sim, 1);
    assert_eq!(sim.held(), 2, "and a request");
    // Router 0 wants the same, once its own exchange is over.
    Deed::RekeyIke.start(&mut sim, 0);
    sim.hold_jobs();
    // The answer and its result; the request; and what follows, the request's result last.
    for index in [0, 1, 0, 0, 0] {
        sim.release(index);
    }
    sim.let_go();
    sim.settle(Duration::from_secs(80));
    check(&sim, [Deed::RekeyChild, Deed::RekeyIke], "one child SA");
}

/// At no moment of an IKE SA's rekeying is a wish for its child SA refused: the successor sees to it.
#[test]
fn a_child_can_be_rekeyed_at_every_moment_of_an_ike_rekeying() {
    let moments = |n| (0..100).map(move |m| (n, Duration::from_micros(100 * m)));
    for (node, moment) in [0, 1].into_iter().flat_map(moments) {
        let mut sim = up(1, true);
        let spi = |sim: &Simulation| *sim.node(1).installed.inbound.keys().next().unwrap();
        let old = spi(&sim);
        Deed::RekeyIke.start(&mut sim, node);
        sim.settle(moment);
        Deed::RekeyChild.start(&mut sim, node);
        sim.settle(Duration::from_secs(5));
        assert_ne!(spi(&sim), old, "node {node} after {moment:?}");
        assert!(sim.carries());
    }
}
