//! Being sent to another gateway, as the initiator (RFC 5685; H5).
//!
//! R2 redirects nobody itself: its messages are rewritten. It has a second address, where a second tunnel
//! waits.

#![allow(clippy::unwrap_used)]

mod support;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::Role;
use ike_core::sa::action::Transmit;
use ike_core::sim::{Datagram, Fate, Simulation};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Message, NotifyType, Payload, encode_message};
use ike_wire::{Flags, Header, Spi};
use support::forge::{Forge, contents, losing, notify, printed, rewrite_last, with_global};
use support::{Story, ikev2_psk_routers};

const SECOND: [u8; 4] = [192, 168, 0, 9];
const CLIENT: &str = "crypto ikev2 redirect client";

/// R2 serves at both of its addresses.
fn gateways() -> Story {
    let mut story = ikev2_psk_routers();
    for text in &mut story.configs {
        *text = text.replace(
            "  tunnel protection",
            "  tunnel mode ipsec ipv4\n  tunnel protection",
        );
    }
    story.configs[1].push_str(
        "\ninterface Ethernet0/1\n  ip address 192.168.0.9 255.255.255.0\n!\ninterface Tunnel2\n  \
         ip address 10.0.2.2 255.255.255.0\n  tunnel source Ethernet0/1\n  tunnel mode ipsec ipv4\n  \
         tunnel destination 192.168.0.1\n  tunnel protection ipsec profile profile1\n",
    );
    story
}

fn client() -> Story {
    with_global(gateways(), 0, CLIENT)
}

/// `N(REDIRECT)`: type, length, address, nonce.
fn redirect(to: [u8; 4], nonce: &[u8]) -> Payload {
    let data = [&[1, 4], &to[..], nonce].concat();
    notify(NotifyType::REDIRECT, data)
}

fn message(datagram: &Datagram) -> Message {
    Message::decode(datagram.bytes.clone()).unwrap()
}

fn nonce(message: &Message) -> Bytes {
    let of = |p: &Payload| match &p.body {
        Body::Nonce(nonce) => Some(nonce.clone()),
        _ => None,
    };
    message.chain.payloads.iter().find_map(of).unwrap()
}

/// An unprotected answer to a first message.
fn answer(sim: &mut Simulation, to: &Datagram, payload: Payload) {
    let request = message(to).header;
    let header = Header::v2(
        request.initiator,
        Spi::ZERO,
        request.exchange,
        Flags::RESPONSE,
        request.message_id,
    );
    let transmit = Transmit {
        local: to.to,
        remote: to.from,
        bytes: encode_message(&header, &[payload]).unwrap(),
    };
    sim.inject(0, transmit);
}

/// R1's first message, which was lost.
fn first_message(story: Story) -> (Simulation, Datagram) {
    let mut sim = losing(story, 0..1).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| !s.datagrams().is_empty());
    let first = sim.datagrams()[0].clone();
    (sim, first)
}

fn has(datagram: &Datagram, ty: NotifyType) -> Option<Bytes> {
    let of = |p: &Payload| match &p.body {
        Body::Notify(n) if n.ty == ty => Some(n.data.clone()),
        _ => None,
    };
    message(datagram).chain.payloads.iter().find_map(of)
}

fn peer(sim: &Simulation) -> IpAddr {
    let sas = sim.ikev2_sas(0);
    let up = sas.iter().find(|sa| sa.status == "READY");
    up.unwrap().remote.ip()
}

/// RFC 5685 3, 4: the answer with our nonce sends us to the other gateway, which hears from where.
#[test]
fn a_redirect_in_ike_sa_init_is_followed() {
    let (mut sim, first) = first_message(client());
    assert!(has(&first, NotifyType::REDIRECT_SUPPORTED).is_some());
    let own = nonce(&message(&first));
    answer(&mut sim, &first, redirect(SECOND, &own));
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
    assert_eq!(peer(&sim), IpAddr::from(SECOND));
    let second = &sim.datagrams()[1];
    assert_eq!(second.to, SocketAddr::new(SECOND.into(), 500));
    assert_ne!(
        message(second).header.initiator,
        message(&first).header.initiator
    );
    assert_eq!(
        has(second, NotifyType::REDIRECTED_FROM).unwrap().as_ref(),
        [1, 4, 192, 168, 0, 2]
    );
    assert!(has(second, NotifyType::REDIRECT_SUPPORTED).is_none());
    assert!(printed(&sim, 0, "Redirected to 192.168.0.9"));
}

/// RFC 5685 4, 9; H5: another nonce, no address, nobody's address: nothing happens, the real answer counts.
#[test]
fn a_redirect_that_is_not_for_us_is_ignored() {
    let forged: [fn(&[u8]) -> Payload; 6] = [
        |_| redirect(SECOND, &[7; 32]),
        |_| redirect(SECOND, &[]),
        |own| redirect([192, 168, 0, 2], own),
        |own| redirect([224, 0, 0, 1], own),
        |own| notify(NotifyType::REDIRECT, [&[3, 4], &b"gate"[..], own].concat()),
        |own| notify(NotifyType::REDIRECT, [&[1, 200][..], own].concat()),
    ];
    for forge in forged {
        let (mut sim, first) = first_message(client());
        let own = nonce(&message(&first));
        answer(&mut sim, &first, forge(&own));
        sim.run_until(Duration::from_secs(10), Simulation::certain);
        assert!(sim.verdict().up);
        assert_eq!(peer(&sim), IpAddr::from([192, 168, 0, 2]));
    }
}

/// H5: off by default.
#[test]
fn without_configuration_nothing_is_followed() {
    let (mut sim, first) = first_message(gateways());
    assert!(has(&first, NotifyType::REDIRECT_SUPPORTED).is_none());
    let own = nonce(&message(&first));
    answer(&mut sim, &first, redirect(SECOND, &own));
    sim.run_until(Duration::from_secs(10), Simulation::certain);
    assert_eq!(peer(&sim), IpAddr::from([192, 168, 0, 2]));
}

/// G-003: a gateway may be named; the name is looked up in the configuration alone.
#[test]
fn a_gateway_is_found_by_its_name() {
    let story = with_global(client(), 0, "ip host gate.cisco.com 192.168.0.9");
    let (mut sim, first) = first_message(story);
    let own = nonce(&message(&first));
    let name = b"GATE.cisco.com";
    let data = [&[3, 14], &name[..], &own].concat();
    answer(&mut sim, &first, notify(NotifyType::REDIRECT, data));
    sim.run_until(Duration::from_secs(1), Simulation::certain);
    assert_eq!(peer(&sim), IpAddr::from(SECOND));
}

/// RFC 5685 10, H5: five times in five minutes, or as often as configured.
#[test]
fn redirects_do_not_go_on_for_ever() {
    for (line, most) in [("", 5), (" max-redirects 2", 2)] {
        let mut story = with_global(gateways(), 0, &format!("{CLIENT}{line}"));
        story.network.faults = Box::new(|_, _| Fate::lost());
        let mut sim = story.start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| !s.datagrams().is_empty());
        for turn in 0..20 {
            let last = sim.datagrams().last().unwrap().clone();
            let to = [SECOND, [192, 168, 0, 2]][turn % 2];
            let own = nonce(&message(&last));
            answer(&mut sim, &last, redirect(to, &own));
            sim.settle(Duration::from_secs(1));
        }
        assert_eq!(sim.datagrams().len(), 1 + most, "{line}");
        assert!(printed(&sim, 0, "redirects in 300 seconds"));
        assert!(sim.ikev2_sas(0).iter().all(|sa| sa.status == "DELETE"));
    }
}

fn send_away(story: Story) -> Simulation {
    let mut sim = losing(story, 3..4).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 3);
    rewrite_last(&mut sim, |payloads| {
        let child = [
            PayloadType::V2_SA,
            PayloadType::V2_TS_INITIATOR,
            PayloadType::V2_TS_RESPONDER,
        ];
        payloads.retain(|p| !child.contains(&p.payload_type()));
        payloads.push(redirect(SECOND, &[]));
    });
    sim.settle(Duration::from_secs(1));
    sim
}

/// RFC 5685 6: the gateway is proven first; its IKE SA is deleted.
#[test]
fn a_redirect_in_ike_auth_is_followed_by_who_has_proven_the_gateway() {
    let sim = send_away(client());
    assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
    assert_eq!(peer(&sim), IpAddr::from(SECOND));
    assert!(printed(&sim, 0, "Session with IKE ID PAIR"));
    assert_eq!(contents(&sim, 0)[1], "DELETE");
    let ready = |n: usize| {
        let sas = sim.ikev2_sas(n);
        sas.iter().filter(|sa| sa.status == "READY").count()
    };
    assert_eq!((ready(0), ready(1)), (1, 1));
    let unasked = send_away(gateways());
    assert!(
        !unasked.verdict().up,
        "W-069: it is an answer without child SA"
    );
}

/// RFC 5685 5: traffic goes on with the old gateway until the new one serves.
#[test]
fn an_established_peer_is_sent_to_another_gateway() {
    for (story, expected) in [(client(), SECOND), (gateways(), [192, 168, 0, 2])] {
        let mut sim = story.negotiate(0);
        let last = sim.datagrams().last().unwrap().clone();
        let mut forge = Forge::of(&sim, 0);
        let request = Transmit {
            local: last.from,
            remote: last.to,
            bytes: forge.inform(Role::Responder, 0, &[redirect(SECOND, &[])]),
        };
        sim.inject(0, request);
        let reply = sim.datagrams()[4].clone();
        assert!(forge.open(&reply).is_empty(), "RFC 5685 5: an empty answer");
        sim.run_until(Duration::from_secs(1), |s| {
            assert!(!s.node(0).installed.outbound.is_empty());
            false
        });
        assert!(sim.carries());
        assert_eq!(peer(&sim), IpAddr::from(expected));
        let sas = sim.ikev2_sas(1);
        assert_eq!(sas.iter().filter(|sa| sa.status == "READY").count(), 1);
    }
}
