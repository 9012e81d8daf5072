//! Every extension at once: its notifies with any content from a peer that has the keys, and each datagram
//! of reauthentication disturbed once (K1, RFC 7296 2.1).

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::Role;
use ike_core::sa::action::Transmit;
use ike_core::sim::{Fate, Simulation};
use ike_wire::v2::{
    Body, ConfigAttribute, ConfigAttributeType, ConfigType, Configuration, NotifyType, Payload,
};
use support::forge::{Forge, losing, notify, rewrite_last, with_global, with_profile};
use support::{Story, ikev2_psk_routers};

/// What the extensions read.
const NOTIFIES: [NotifyType; 16] = [
    NotifyType::AUTH_LIFETIME,
    NotifyType::MOBIKE_SUPPORTED,
    NotifyType::UPDATE_SA_ADDRESSES,
    NotifyType::NO_NATS_ALLOWED,
    NotifyType::COOKIE2,
    NotifyType::ADDITIONAL_IP4_ADDRESS,
    NotifyType::ADDITIONAL_IP6_ADDRESS,
    NotifyType::NAT_DETECTION_SOURCE_IP,
    NotifyType::NAT_DETECTION_DESTINATION_IP,
    NotifyType::REDIRECT,
    NotifyType::REDIRECTED_FROM,
    NotifyType::USE_PPK,
    NotifyType::PPK_IDENTITY,
    NotifyType::NO_PPK_AUTH,
    NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED,
    NotifyType::CHILDLESS_IKEV2_SUPPORTED,
];

const GLOBAL: &str = "crypto ikev2 mobike
crypto ikev2 childless
crypto ikev2 redirect client
crypto ikev2 http-url fetch http://certs.cisco.com/
ip local pool P 10.9.0.1 10.9.0.3
ipv6 local pool P 2001:db8:9::/126 128
crypto ikev2 authorization policy AP
 pool P
 ipv6 pool P
 banner welcome
crypto ikev2 keyring QUANTUM
 peer ANY
  address 0.0.0.0 0.0.0.0
  ppk manual id PPK1 key secret
!";

/// Two routers with everything switched on.
fn everything() -> Story {
    let mut story = ikev2_psk_routers();
    for router in 0..2 {
        story = with_global(story, router, GLOBAL);
        for line in [
            "keyring ppk QUANTUM",
            "reauth 600",
            "config-exchange set accept",
            "aaa authorization group psk list default AP",
        ] {
            story = with_profile(story, router, line);
        }
    }
    story
}

/// A small generator: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn octets(&mut self) -> Vec<u8> {
        let length = self.below(40);
        // Small numbers are lengths and types more often than large ones.
        (0..length)
            .map(|_| u8::try_from(self.below(256) >> self.below(8)).unwrap())
            .collect()
    }

    fn payload(&mut self) -> Payload {
        if self.below(4) > 0 {
            return notify(NOTIFIES[self.below(NOTIFIES.len())], self.octets());
        }
        let ty = ConfigType(u8::try_from(self.below(6)).unwrap());
        let attribute = |random: &mut Self| {
            let ty = [1, 2, 3, 8, 10, 13, 15, 28_672, 28_674, 31_000][random.below(10)];
            ConfigAttribute::new(ConfigAttributeType(ty), random.octets())
        };
        let attributes = (0..self.below(4)).map(|_| attribute(self)).collect();
        Body::Config(Configuration::new(ty, attributes)).into()
    }

    fn payloads(&mut self) -> Vec<Payload> {
        (0..=self.below(3)).map(|_| self.payload()).collect()
    }
}

/// Nothing of it is a reason to stop: both routers come to rest, and a new tunnel comes up.
fn alive(mut sim: Simulation) {
    sim.settle(Duration::from_secs(700));
    sim.restart(0, 99);
    sim.up(0, None);
    sim.settle(Duration::from_secs(3));
    assert!(sim.carries());
}

/// K1: INFORMATIONAL requests of either side.
#[test]
fn any_notify_of_a_peer_with_the_keys_is_survived() {
    let mut random = Random(1);
    for turn in 0..150 {
        let mut sim = everything().negotiate(0);
        sim.settle(Duration::from_secs(1));
        let mut forge = Forge::of(&sim, 0);
        let (victim, role) = [(1, Role::Initiator), (0, Role::Responder)][turn % 2];
        let first = if victim == 1 { 2 } else { 0 };
        let ends = sim.datagrams()[2 + victim].clone();
        for id in first..first + 4 {
            let bytes = forge.inform(role, id, &random.payloads());
            let transmit = Transmit {
                local: ends.to,
                remote: ends.from,
                bytes,
            };
            sim.inject(victim, transmit);
        }
        alive(sim);
    }
}

/// K1: the same in IKE_AUTH, either way.
#[test]
fn any_notify_in_ike_auth_is_survived() {
    let mut random = Random(2);
    for turn in 0..150 {
        let n = 2 + turn % 2;
        let mut sim = losing(everything(), n..n + 1).start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > n);
        rewrite_last(&mut sim, |payloads| {
            let config = |p: &Payload| matches!(p.body, Body::Config(_));
            let more = random.payloads();
            if more.iter().any(config) {
                payloads.retain(|p| !config(p));
            }
            payloads.extend(more);
        });
        alive(sim);
    }
}

/// RFC 7296 2.1, 2.8.3: whatever is lost or late, one IKE SA is left on each side, and it serves.
#[test]
fn a_disturbed_reauthentication_ends_with_one_sa() {
    for victim in 4..14 {
        for fate in [
            Fate::lost(),
            Fate::doubled(Duration::from_millis(1)),
            Fate::doubled(Duration::from_secs(3)),
            Fate::delayed(Duration::from_millis(2500)),
        ] {
            let what = format!("{victim} {fate:?}");
            let story = everything().with_fault(victim..victim + 1, fate);
            let mut sim = story.negotiate(0);
            sim.settle(Duration::from_secs(900));
            for node in 0..2 {
                let sas = sim.ikev2_sas(node);
                assert_eq!(sas.len(), 1, "{what}: {sas:?}");
                let children = &sas[0].established.as_ref().unwrap().children;
                assert_eq!(children.len(), 1, "{what}");
            }
            assert!(sim.carries(), "{what}");
        }
    }
}
