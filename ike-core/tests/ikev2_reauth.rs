//! Reauthentication make before break (RFC 7296 2.8.3) and AUTH_LIFETIME (RFC 4478).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::engine::view_ikev2::Ikev2SaView;
use ike_core::sa::Role;
use ike_core::sa::action::{Command, Rekey};
use ike_core::sim::{Datagram, Fate, Network, Simulation};
use ike_wire::v2::NotifyType;
use support::forge::{Forge, contents, notify, printed, with_profile};
use support::{Story, ikev2_psk_routers};

fn reauth(router: usize, seconds: u32) -> Story {
    with_profile(ikev2_psk_routers(), router, &format!("reauth {seconds}"))
}

fn live(sim: &Simulation, node: usize) -> Vec<Ikev2SaView> {
    let mut sas = sim.ikev2_sas(node);
    sas.retain(|sa| sa.status == "READY");
    sas
}

/// Both routers can send and receive, whatever the SA.
fn covered(sim: &Simulation) -> bool {
    (0..2).all(|n| {
        let installed = &sim.node(n).installed;
        !installed.inbound.is_empty() && !installed.outbound.is_empty()
    })
}

/// Lets time pass and sees that no moment is without a child SA.
fn pass(sim: &mut Simulation, seconds: u64) {
    let (begin, limit) = (sim.now().mono, Duration::from_secs(seconds));
    sim.run_until(limit, |s| {
        assert!(covered(s), "a moment without child SA");
        false
    });
    // Nothing is left to happen: the clock alone goes on.
    sim.settle(limit - sim.now().mono.since(begin));
}

/// RFC 7296 2.8.3: the new IKE SA is there with its child SA before the old one goes, and nobody takes it
/// for a first contact.
#[test]
fn the_initiator_replaces_the_ike_sa_before_its_proofs_are_old() {
    let mut sim = reauth(0, 600).negotiate(0);
    let old = live(&sim, 0)[0].local_spi.clone();
    pass(&mut sim, 538);
    assert_eq!(live(&sim, 0)[0].local_spi, old);
    pass(&mut sim, 10);
    let new = live(&sim, 0);
    assert_eq!(new.len(), 1, "{new:?}");
    assert_ne!(new[0].local_spi, old);
    assert_eq!(live(&sim, 1).len(), 1);
    assert!(sim.carries());
    let sent = contents(&sim, 0);
    assert!(sent[0].contains("INITIAL_CONTACT"));
    assert!(sent[1].contains("IDi") && !sent[1].contains("INITIAL_CONTACT"));
    assert_eq!(sent[2], "DELETE");
    assert!(!printed(&sim, 1, "AUTH_LIFETIME"), "R2 has no such limit");
}

/// RFC 4478 3: the responder says how long it believes the initiator; the initiator obeys, again and again.
#[test]
fn an_initiator_obeys_the_lifetime_its_responder_announces() {
    let mut sim = reauth(1, 600).negotiate(0);
    assert!(printed(
        &sim,
        0,
        "Received notify AUTH_LIFETIME, 600 seconds"
    ));
    let first = live(&sim, 0)[0].local_spi.clone();
    pass(&mut sim, 1300);
    assert_eq!((live(&sim, 0).len(), live(&sim, 1).len()), (1, 1));
    assert!(sim.carries());
    assert_ne!(live(&sim, 0)[0].local_spi, first);
    let started = |line: &&String| line.contains("Starting reauthentication");
    assert_eq!(sim.node(0).traces.iter().filter(started).count(), 2);
    assert!(!sim.node(1).traces.iter().any(|line| started(&line)));
}

/// RFC 4478 3: who does not reauthenticate in time is not believed any more.
#[test]
fn proofs_that_are_too_old_end_the_sa() {
    let init = |d: &Datagram| d.bytes.get(18) == Some(&34);
    let network = Network {
        faults: Box::new(move |n, d| match n > 1 && init(d) {
            true => Fate::lost(),
            false => Fate::delivered(),
        }),
        ..Network::default()
    };
    let story = Story {
        network,
        ..reauth(1, 600)
    };
    let mut sim = story.negotiate(0);
    pass(&mut sim, 595);
    assert!(sim.carries(), "attempts that fail cost nothing");
    sim.settle(Duration::from_secs(10));
    assert!(live(&sim, 0).is_empty() && live(&sim, 1).is_empty());
    assert!(printed(&sim, 1, "reason: authentication lifetime expired"));
    assert!(sim.node(0).installed.inbound.is_empty());
}

/// RFC 7296 2.8: rekeying is no proof: the successor's proofs are as old as its predecessor's.
#[test]
fn rekeying_does_not_put_reauthentication_off() {
    let mut sim = reauth(0, 600).negotiate(0);
    pass(&mut sim, 300);
    sim.command(0, Command::Rekey("Tunnel1".to_owned(), Rekey::Ike));
    pass(&mut sim, 1);
    // The other side starts one, so that it is the initiator of the present IKE SA.
    sim.command(1, Command::Rekey("Tunnel1".to_owned(), Rekey::Ike));
    pass(&mut sim, 1);
    let rekeyed = live(&sim, 0)[0].local_spi.clone();
    pass(&mut sim, 250);
    let now = live(&sim, 0);
    assert_eq!((now.len(), live(&sim, 1).len()), (1, 1));
    assert_ne!(now[0].local_spi, rekeyed);
    assert!(printed(&sim, 0, "Starting reauthentication"));
    assert!(!printed(&sim, 1, "Starting reauthentication"));
    assert!(sim.carries());
}

/// RFC 7296 2.8.3: every child SA is made anew before the old IKE SA goes.
#[test]
fn every_child_sa_moves_to_the_new_ike_sa() {
    let mut story = reauth(0, 600);
    for (text, ends) in story.configs.iter_mut().zip(["192.168.0.2", "192.168.0.1"]) {
        text.push_str(&format!(
            "\ninterface Tunnel2\n  ip address 10.0.2.1 255.255.255.0\n  tunnel source Ethernet0/0\n  tunnel mode ipsec ipv4\n  \
             tunnel destination {ends}\n  tunnel protection ipsec profile profile1\n"
        ));
    }
    let mut sim = story.negotiate(0);
    sim.up(0, Some("Tunnel2"));
    sim.settle(Duration::from_secs(1));
    let served = |sim: &Simulation| {
        let sas = live(sim, 0);
        assert_eq!(sas.len(), 1);
        let children = sas[0].established.clone().unwrap().children;
        let mut names: Vec<String> = children.into_iter().map(|c| c.protection).collect();
        names.sort();
        names
    };
    assert_eq!(served(&sim), ["Tunnel1", "Tunnel2"]);
    let old = live(&sim, 0)[0].local_spi.clone();
    pass(&mut sim, 560);
    assert_ne!(live(&sim, 0)[0].local_spi, old);
    assert_eq!(served(&sim), ["Tunnel1", "Tunnel2"]);
    let sent = contents(&sim, 0);
    let [.., child, delete] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert!(
        child.starts_with("SA N TSi TSr") && delete == "DELETE",
        "{sent:?}"
    );
}

/// RFC 4478 3 in an exchange of its own; H14: a second is a minute.
#[test]
fn a_lifetime_announced_later_is_obeyed_and_none_is_shorter_than_a_minute() {
    let mut sim = ikev2_psk_routers().negotiate(0);
    let old = live(&sim, 0)[0].local_spi.clone();
    let announcement = notify(NotifyType::AUTH_LIFETIME, 1u32.to_be_bytes().to_vec());
    let bytes = Forge::of(&sim, 0).inform(Role::Responder, 0, &[announcement]);
    let last = sim.datagrams().last().unwrap().clone();
    let request = ike_core::sa::action::Transmit {
        local: last.from,
        remote: last.to,
        bytes,
    };
    assert_eq!(last.sender, 1);
    sim.inject(0, request);
    sim.settle(Duration::from_secs(50));
    assert_eq!(live(&sim, 0)[0].local_spi, old);
    sim.settle(Duration::from_secs(8));
    assert_ne!(live(&sim, 0)[0].local_spi, old);
}
