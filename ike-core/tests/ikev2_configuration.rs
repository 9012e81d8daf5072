//! Addresses and settings for a peer: CFG_REQUEST, CFG_REPLY, CFG_SET, CFG_ACK (RFC 7296 2.19, 3.15; W-070,
//! S-073, H10).
//!
//! An IOS initiator of 15.3T asks for no address: the requests that do are rewritten on the way.

#![allow(clippy::unwrap_used)]

mod support;

use std::net::IpAddr;
use std::time::Duration;

use ike_core::engine::view_ikev2::EstablishedView;
use ike_core::sa::Role;
use ike_core::sa::action::{Command, Rekey, Transmit};
use ike_core::sim::Simulation;
use ike_wire::v2::{
    Body, ConfigAttribute, ConfigAttributeType as A, ConfigType, Configuration, NotifyType, Payload,
};
use support::forge::{
    Forge, contents, losing, notifies, rewrite_last, rewriting_auth, with_profile,
};
use support::{Story, ikev2_psk_routers};

const POLICY: &str = "crypto ikev2 authorization policy AP
  pool P
  dns 10.0.0.53
  netmask 255.255.255.0
  def-domain cisco.com
  banner welcome
!
ip local pool P 10.9.0.1 LAST
!
crypto ikev2 proposal";

/// R2 hands out addresses from 10.9.0.1 to `last`; both tunnels carry everything.
fn gateway(last: &str) -> Story {
    let mut story = ikev2_psk_routers();
    for text in &mut story.configs {
        *text = text.replace(
            "  tunnel protection",
            "  tunnel mode ipsec ipv4\n  tunnel protection",
        );
    }
    let policy = POLICY.replace("LAST", last);
    let story = story.edit(1, "crypto ikev2 proposal", &policy);
    with_profile(story, 1, "aaa authorization group psk list default AP")
}

fn configuration(ty: ConfigType, attributes: &[(A, &[u8])]) -> Payload {
    let attributes = attributes.iter();
    let attributes = attributes.map(|(ty, value)| ConfigAttribute::new(*ty, value.to_vec()));
    Body::Config(Configuration::new(ty, attributes.collect())).into()
}

fn replace_configuration(payloads: &mut [Payload], with: Payload) {
    let is = |p: &&mut Payload| matches!(p.body, Body::Config(_));
    *payloads.iter_mut().find(is).unwrap() = with;
}

fn ask_for(payloads: &mut [Payload], address: &[u8]) {
    let asked = [
        (A::INTERNAL_IP4_ADDRESS, address),
        (A::INTERNAL_IP4_DNS, &[]),
    ];
    replace_configuration(payloads, configuration(ConfigType::REQUEST, &asked));
}

fn told(payloads: &[Payload]) -> Vec<(A, Vec<u8>)> {
    let of = |p: &Payload| match &p.body {
        Body::Config(c) => Some(c.attributes.clone()),
        _ => None,
    };
    let attributes = payloads.iter().find_map(of).unwrap_or_default();
    let pair = |a: ConfigAttribute| (a.attribute_type(), a.value.to_vec());
    attributes.into_iter().map(pair).collect()
}

fn view(sim: &Simulation, node: usize) -> EstablishedView {
    let mut sas = sim.ikev2_sas(node);
    sas.retain(|sa| sa.status == "READY");
    sas.pop().unwrap().established.unwrap()
}

fn leases(sim: &Simulation) -> usize {
    sim.node(1).engine.ikev2_leases()
}

/// W-070: what 15.3T asks for by itself is answered as far as it is configured, and kept by R1.
#[test]
fn settings_are_told_to_an_initiator_that_asks() {
    let sim = gateway("10.9.0.9").negotiate(0);
    assert!(sim.verdict().up && sim.carries());
    assert!(contents(&sim, 1)[0].contains("AUTH CFG SA TSi TSr"));
    assert_eq!(
        view(&sim, 0).settings,
        ["UNITY_BANNER welcome", "UNITY_DEF_DOMAIN cisco.com"]
    );
    assert!(view(&sim, 1).leased.is_empty(), "no address was asked for");
}

/// S-073: nothing is configured, nothing is said; nor to a peer that asks nothing.
#[test]
fn nothing_is_said_where_there_is_nothing_to_say() {
    let sim = ikev2_psk_routers().negotiate(0);
    assert!(contents(&sim, 0)[0].contains("CFG"));
    assert!(!contents(&sim, 1)[0].contains("CFG"));
    let sim = with_profile(gateway("10.9.0.9"), 0, "no config-exchange request").negotiate(0);
    assert!(!contents(&sim, 1)[0].contains("CFG"));
    assert!(sim.verdict().up && view(&sim, 0).settings.is_empty());
}

/// RFC 7296 2.19: an address of the pool, and selectors cut to it; it comes back with the SA.
#[test]
fn a_peer_that_asks_gets_an_address_for_the_life_of_its_sa() {
    let (mut sim, forge) = rewriting_auth(gateway("10.9.0.9"), |p| ask_for(p, &[10, 9, 0, 4]));
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    assert!(sim.verdict().up && sim.carries());
    assert_eq!(
        told(&forge.open(&sim.datagrams()[3])),
        [
            (A::INTERNAL_IP4_ADDRESS, vec![10, 9, 0, 4]),
            (A::INTERNAL_IP4_NETMASK, vec![255, 255, 255, 0]),
            (A::INTERNAL_IP4_DNS, vec![10, 0, 0, 53]),
        ]
    );
    let address: IpAddr = [10, 9, 0, 4].into();
    assert_eq!(view(&sim, 1).leased, [address]);
    let children = view(&sim, 1).children;
    assert_eq!(children[0].remote_selector, "10.9.0.4/255.255.255.255/0/0");
    assert_eq!(children[0].local_selector, "0.0.0.0/0.0.0.0/0/0");
    for what in [Rekey::Child, Rekey::Ike] {
        sim.command(0, Command::Rekey("Tunnel1".to_owned(), what));
        sim.settle(Duration::from_secs(100));
        assert!(sim.carries());
        assert_eq!(view(&sim, 1).leased, [address], "{what:?}");
        assert_eq!(leases(&sim), 1);
    }
    let again = &view(&sim, 1).children[0];
    assert_eq!(again.remote_selector, "10.9.0.4/255.255.255.255/0/0");
    sim.command(0, Command::Down("Tunnel1".to_owned()));
    sim.settle(Duration::from_secs(1));
    assert_eq!(leases(&sim), 0);
}

/// RFC 7296 3.15.4: no address is left: the child SA is refused, the IKE SA stands.
#[test]
fn a_pool_that_is_used_up_costs_the_child_sa() {
    let victims = |n: usize| n == 2 || n == 6;
    let mut story = losing(gateway("10.9.0.1"), 0..0);
    story.network.faults = Box::new(move |n, _| match victims(n) {
        true => ike_core::sim::Fate::lost(),
        false => ike_core::sim::Fate::delivered(),
    });
    let mut sim = story.start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
    rewrite_last(&mut sim, |p| ask_for(p, &[]));
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    assert_eq!(leases(&sim), 1);
    sim.restart(0, 77);
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 6);
    let forge = rewrite_last(&mut sim, |payloads| {
        ask_for(payloads, &[]);
        // The old SA is not to be given up.
        let first = |p: &Payload| match &p.body {
            Body::Notify(n) => n.ty == NotifyType::INITIAL_CONTACT,
            _ => false,
        };
        payloads.retain(|p| !first(p));
    });
    let answer = forge.open(&sim.datagrams()[7]);
    assert_eq!(notifies(&answer), [NotifyType::INTERNAL_ADDRESS_FAILURE]);
    let auth = |p: &Payload| matches!(p.body, Body::Auth(_));
    assert!(answer.iter().any(auth) && told(&answer).is_empty());
    assert_eq!(leases(&sim), 1);
}

/// A peer was proven and got an address; then we cannot prove ourselves: nothing is left of it.
#[test]
fn the_address_of_a_failed_negotiation_comes_back() {
    let story = gateway("10.9.0.1").edit(
        1,
        "authentication local pre-share key cisco123cisco123cisco1",
        "authentication local rsa-sig",
    );
    let (mut sim, _) = rewriting_auth(story, |p| ask_for(p, &[]));
    sim.settle(Duration::from_secs(1));
    assert!(!sim.verdict().up, "{:?}", sim.verdict());
    assert_eq!(leases(&sim), 0);
}

/// An INFORMATIONAL request of R1 and what R2 answers.
fn inform(story: Story, payload: Payload) -> (Simulation, Vec<Payload>) {
    let mut sim = story.negotiate(0);
    let mut forge = Forge::of(&sim, 0);
    let last = sim.datagrams().last().unwrap().clone();
    let request = Transmit {
        local: last.to,
        remote: last.from,
        bytes: forge.inform(Role::Initiator, 2, &[payload]),
    };
    sim.inject(1, request);
    let answer = forge.open(sim.datagrams().last().unwrap());
    (sim, answer)
}

/// RFC 7296 2.20, 3.15: settings are told later too, but no address is given.
#[test]
fn settings_are_told_in_an_exchange_of_their_own() {
    let asked: [(A, &[u8]); 2] = [(A::INTERNAL_IP4_ADDRESS, &[]), (A::UNITY_BANNER, &[])];
    let request = configuration(ConfigType::REQUEST, &asked);
    let (sim, answer) = inform(gateway("10.9.0.9"), request.clone());
    assert_eq!(told(&answer), [(A::UNITY_BANNER, b"welcome".to_vec())]);
    assert_eq!(leases(&sim), 0);
    let (_, answer) = inform(ikev2_psk_routers(), request);
    assert!(answer.is_empty());
}

/// RFC 7296 3.15, H10: what is accepted comes back empty; nothing is accepted unasked; limits hold.
#[test]
fn settings_of_a_peer_are_taken_where_that_is_configured() {
    let set: [(A, &[u8]); 3] = [
        (A::INTERNAL_IP4_SUBNET, &[10, 1, 0, 0, 255, 255, 0, 0]),
        (A(0x7abc), &[1]),
        (A::INTERNAL_IP4_DNS, &[1, 2, 3]),
    ];
    let set = configuration(ConfigType::SET, &set);
    let accept = || with_profile(ikev2_psk_routers(), 1, "config-exchange set accept");
    let (sim, answer) = inform(accept(), set.clone());
    assert_eq!(told(&answer), [(A::INTERNAL_IP4_SUBNET, Vec::new())]);
    assert_eq!(
        view(&sim, 1).settings,
        ["INTERNAL_IP4_SUBNET 10.1.0.0 255.255.0.0"]
    );
    let (sim, answer) = inform(ikev2_psk_routers(), set);
    assert!(answer.is_empty() && view(&sim, 1).settings.is_empty());
    let many: Vec<(A, &[u8])> = vec![(A::UNITY_BANNER, b"x"); 128];
    let (sim, _) = inform(accept(), configuration(ConfigType::SET, &many));
    assert_eq!(view(&sim, 1).settings.len(), 32);
    let large = vec![b'x'; 5000];
    let large: [(A, &[u8]); 1] = [(A::UNITY_BANNER, &large)];
    let (sim, _) = inform(accept(), configuration(ConfigType::SET, &large));
    assert!(view(&sim, 1).settings.is_empty());
}

/// H10: a reply nobody asked for is not kept.
#[test]
fn a_reply_without_a_request_is_ignored() {
    let story = with_profile(ikev2_psk_routers(), 0, "no config-exchange request");
    let mut sim = losing(story, 3..4).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 3);
    let told: [(A, &[u8]); 1] = [(A::INTERNAL_IP4_ADDRESS, &[10, 9, 0, 1])];
    rewrite_last(&mut sim, |payloads| {
        payloads.push(configuration(ConfigType::REPLY, &told));
    });
    assert!(sim.verdict().up);
    assert!(view(&sim, 0).settings.is_empty());
}
