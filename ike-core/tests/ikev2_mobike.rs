//! MOBIKE as the responder: an initiator that changes its address (RFC 4555; H6, H7).
//!
//! R1 is not mobile itself: a peer made by hand speaks with its keys.

#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::Role;
use ike_core::sa::action::{Command, DataplaneEvent, Rekey, Transmit};
use ike_core::sim::{Datagram, Simulation};
use ike_wire::v2::{NotifyType, Payload};
use support::forge::{Forge, find, losing, notifies, notify, with_global};
use support::{Story, ikev2_psk_routers};

const R1: &str = "192.168.0.1:500";
const R2: &str = "192.168.0.2:500";
const ELSEWHERE: &str = "198.51.100.7:4500";
const FARTHER: &str = "203.0.113.9:4500";

fn endpoint(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A mobile initiator with an SA at R2.
struct Mobile {
    sim: Simulation,
    forge: Forge,
    /// Where it is.
    at: SocketAddr,
    next: u32,
}

impl Mobile {
    /// R1's IKE_AUTH request with these notifies added.
    fn connect(story: Story, more: &[Payload]) -> Self {
        let mut sim = losing(story, 2..3).start();
        sim.up(0, None);
        sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
        let mut forge = Forge::of(&sim, 0);
        let request = sim.datagrams()[2].clone();
        let mut payloads = forge.open(&request);
        payloads.extend_from_slice(more);
        let forged = forge.instead(&request, &payloads);
        sim.inject(1, forged);
        sim.run_until(Duration::from_secs(1), |s| {
            s.ikev2_sas(0)[0].established.is_some()
        });
        let at = endpoint(R1);
        Self {
            sim,
            forge,
            at,
            next: 2,
        }
    }

    fn with_mobike() -> Self {
        let story = with_global(ikev2_psk_routers(), 1, "crypto ikev2 mobike");
        Self::connect(story, &[empty(NotifyType::MOBIKE_SUPPORTED)])
    }

    fn send(&mut self, bytes: Bytes) {
        let transmit = Transmit {
            local: self.at,
            remote: SocketAddr::new(endpoint(R2).ip(), self.at.port()),
            bytes,
        };
        self.sim.inject(1, transmit);
    }

    /// An INFORMATIONAL request and what it is answered with.
    fn ask(&mut self, payloads: &[Payload]) -> (Datagram, Vec<Payload>) {
        let before = self.sim.datagrams().len();
        let bytes = self.forge.inform(Role::Initiator, self.next, payloads);
        self.next += 1;
        self.send(bytes);
        let answer = self.sim.datagrams()[before].clone();
        let inside = self.forge.open(&answer);
        (answer, inside)
    }

    fn update(&mut self) -> Vec<Payload> {
        let (answer, payloads) = self.ask(&[empty(NotifyType::UPDATE_SA_ADDRESSES)]);
        assert_eq!(answer.to, self.at, "RFC 7296 2.11");
        payloads
    }

    /// The newest request of R2 and its cookie.
    fn check(&mut self) -> (Datagram, Bytes) {
        let request = self.sim.datagrams().last().unwrap().clone();
        let cookie = find(&self.forge.open(&request), NotifyType::COOKIE2).map(|n| n.data.clone());
        (request, cookie.unwrap())
    }

    fn answer(&mut self, to: &Datagram, cookie: Bytes) {
        let id = u32::from_be_bytes(to.bytes[20..24].try_into().unwrap());
        let payloads = [notify(NotifyType::COOKIE2, cookie)];
        let bytes = self.forge.answer(Role::Initiator, id, &payloads);
        self.send(bytes);
    }

    /// Where R2 sends traffic, and in which encapsulation.
    fn traffic(&self) -> (SocketAddr, u16) {
        let installed = &self.sim.node(1).installed;
        let out = installed.outbound.last().unwrap();
        let inbound = &installed.inbound[&out.spi_in];
        assert_eq!(
            (inbound.remote, inbound.encapsulation),
            (out.remote, out.encapsulation)
        );
        (out.remote, out.encapsulation)
    }

    /// Where R2 sends IKE messages.
    fn ike(&self) -> SocketAddr {
        self.sim.ikev2_sas(1)[0].remote
    }
}

fn empty(ty: NotifyType) -> Payload {
    notify(ty, Bytes::new())
}

/// RFC 4555 3.1: the responder says so only to an initiator that does, and only when configured.
#[test]
fn mobike_is_agreed_when_both_have_it() {
    let supported = NotifyType::MOBIKE_SUPPORTED;
    let answer = |mobile: &Mobile| notifies(&mobile.forge.open(&mobile.sim.datagrams()[3]));
    assert!(answer(&Mobile::with_mobike()).contains(&supported));
    let unconfigured = Mobile::connect(ikev2_psk_routers(), &[empty(supported)]);
    assert!(!answer(&unconfigured).contains(&supported));
    let story = with_global(ikev2_psk_routers(), 1, "crypto ikev2 mobike");
    assert!(!answer(&Mobile::connect(story, &[])).contains(&supported));
}

/// RFC 4555 3.5, 3.7, H6: IKE moves at once, traffic after the check.
#[test]
fn traffic_follows_the_peer_once_it_has_shown_that_it_receives() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    assert!(notifies(&mobile.update()).is_empty());
    assert_eq!(mobile.ike(), endpoint(ELSEWHERE));
    assert_eq!(mobile.traffic(), (endpoint(R1), 1));
    let (request, cookie) = mobile.check();
    assert_eq!(request.to, endpoint(ELSEWHERE));
    mobile.answer(&request, cookie);
    assert_eq!(mobile.traffic(), (endpoint(ELSEWHERE), 1));
}

/// RFC 4555 3.7: "the IKE_SA MUST be closed".
#[test]
fn a_wrong_cookie_ends_the_sa() {
    for forged in [Bytes::from_static(&[7; 16]), Bytes::new()] {
        let mut mobile = Mobile::with_mobike();
        mobile.at = endpoint(ELSEWHERE);
        mobile.update();
        let (request, _) = mobile.check();
        mobile.answer(&request, forged);
        assert_eq!(mobile.sim.ikev2_sas(1)[0].status, "DELETE");
        assert!(mobile.sim.node(1).installed.outbound.is_empty());
    }
}

/// H6: a peer that does not receive where it says it is gets no traffic there, and ends.
#[test]
fn a_peer_that_does_not_answer_the_check_gets_no_traffic() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    mobile.update();
    mobile.sim.settle(Duration::from_secs(200));
    let installed = &mobile.sim.node(1).installed;
    assert!(installed.outbound.is_empty());
    assert!(mobile.sim.ikev2_sas(1).is_empty());
}

/// RFC 4555 3.7: the answer counts for the address the check was sent to.
#[test]
fn a_peer_that_moves_on_is_checked_again() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    mobile.update();
    let (first, cookie) = mobile.check();
    mobile.at = endpoint(FARTHER);
    mobile.update();
    assert_eq!(mobile.traffic().0, endpoint(R1));
    mobile.answer(&first, cookie.clone());
    assert_eq!(mobile.traffic().0, endpoint(R1));
    let (second, fresh) = mobile.check();
    assert_eq!(second.to, endpoint(FARTHER));
    assert_ne!(fresh, cookie);
    mobile.answer(&second, fresh);
    assert_eq!(mobile.traffic().0, endpoint(FARTHER));
}

/// RFC 4555 3.5: back where it was before the check was done, traffic has never left.
#[test]
fn a_peer_that_comes_back_needs_no_check() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    mobile.update();
    mobile.at = endpoint(R1);
    mobile.update();
    assert_eq!(mobile.traffic(), (endpoint(R1), 1));
    assert_eq!(mobile.ike(), endpoint(R1));
}

/// RFC 4555 3.8: the peer came behind a NAT: ESP goes in UDP from now on.
#[test]
fn nat_is_detected_anew_with_every_update() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    let detection = [
        notify(NotifyType::NAT_DETECTION_SOURCE_IP, vec![1; 20]),
        notify(NotifyType::NAT_DETECTION_DESTINATION_IP, vec![2; 20]),
    ];
    let mut request = vec![empty(NotifyType::UPDATE_SA_ADDRESSES)];
    request.extend(detection);
    let (_, answer) = mobile.ask(&request);
    assert_eq!(
        notifies(&answer),
        [
            NotifyType::NAT_DETECTION_SOURCE_IP,
            NotifyType::NAT_DETECTION_DESTINATION_IP
        ]
    );
    assert_eq!(mobile.sim.ikev2_sas(1)[0].nat, (true, true));
    let (request, cookie) = mobile.check();
    mobile.answer(&request, cookie);
    assert_eq!(mobile.traffic(), (endpoint(ELSEWHERE), 3));
}

/// RFC 4555 3.9: addresses that changed on the way are refused, in an update and in IKE_AUTH.
#[test]
fn a_nat_is_refused_where_none_is_allowed() {
    let said = |from: SocketAddr, to: SocketAddr| {
        let octets = |a: SocketAddr| match a.ip() {
            std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
            std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        notify(
            NotifyType::NO_NATS_ALLOWED,
            [octets(from), octets(to), ports].concat(),
        )
    };
    let update = empty(NotifyType::UPDATE_SA_ADDRESSES);
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    let here = endpoint("192.168.0.2:4500");
    let (_, answer) = mobile.ask(&[update.clone(), said(endpoint(FARTHER), here)]);
    assert_eq!(notifies(&answer), [NotifyType::UNEXPECTED_NAT_DETECTED]);
    assert_eq!(mobile.ike(), endpoint(R1));
    let (_, answer) = mobile.ask(&[update, said(endpoint(ELSEWHERE), here)]);
    assert!(notifies(&answer).is_empty());
    assert_eq!(mobile.ike(), endpoint(ELSEWHERE));

    let story = with_global(ikev2_psk_routers(), 1, "crypto ikev2 mobike");
    let mut sim = losing(story, 2..3).start();
    sim.up(0, None);
    sim.run_until(Duration::from_secs(1), |s| s.datagrams().len() > 2);
    let request = sim.datagrams()[2].clone();
    let mut forge = Forge::of(&sim, 0);
    let mut payloads = forge.open(&request);
    payloads.push(empty(NotifyType::MOBIKE_SUPPORTED));
    payloads.push(said(endpoint(ELSEWHERE), endpoint(R2)));
    let forged = forge.instead(&request, &payloads);
    sim.inject(1, forged);
    let answer = forge.open(&sim.datagrams()[3]);
    assert_eq!(notifies(&answer), [NotifyType::UNEXPECTED_NAT_DETECTED]);
}

/// RFC 4555 3.5, 1.2: addresses we do not take leave everything as it was.
#[test]
fn unacceptable_addresses_are_refused() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint("224.0.0.9:4500");
    assert_eq!(
        notifies(&mobile.update()),
        [NotifyType::UNACCEPTABLE_ADDRESSES]
    );
    assert_eq!(mobile.ike(), endpoint(R1));
    let transport = |story: Story, router| story.edit(router, "mode tunnel", "mode transport");
    let story = transport(transport(ikev2_psk_routers(), 0), 1);
    let story = with_global(story, 1, "crypto ikev2 mobike");
    let mut mobile = Mobile::connect(story, &[empty(NotifyType::MOBIKE_SUPPORTED)]);
    assert_eq!(mobile.traffic().1, 2);
    mobile.at = endpoint(ELSEWHERE);
    assert_eq!(
        notifies(&mobile.update()),
        [NotifyType::UNACCEPTABLE_ADDRESSES]
    );
    assert_eq!(mobile.traffic().0, endpoint(R1));
}

/// RFC 4555 3.4, 4.2.5: addresses are taken note of, a cookie comes back; a path is tried without a move.
#[test]
fn other_notifies_are_answered_from_where_they_came() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    let cookie = Bytes::from_static(b"eat me first");
    let request = [
        notify(NotifyType::ADDITIONAL_IP4_ADDRESS, vec![203, 0, 113, 9]),
        empty(NotifyType::NO_ADDITIONAL_ADDRESSES),
        notify(NotifyType::COOKIE2, cookie.clone()),
    ];
    let (datagram, answer) = mobile.ask(&request);
    assert_eq!(datagram.to, endpoint(ELSEWHERE));
    assert_eq!(find(&answer, NotifyType::COOKIE2).unwrap().data, cookie);
    assert_eq!(
        (mobile.ike(), mobile.traffic().0),
        (endpoint(R1), endpoint(R1))
    );
}

/// H9: without MOBIKE such notifies mean nothing.
#[test]
fn an_update_means_nothing_when_mobike_was_not_agreed() {
    let story = with_global(ikev2_psk_routers(), 1, "crypto ikev2 mobike");
    let mut mobile = Mobile::connect(story, &[]);
    mobile.at = endpoint(ELSEWHERE);
    let request = [
        empty(NotifyType::UPDATE_SA_ADDRESSES),
        notify(NotifyType::COOKIE2, vec![1; 16]),
    ];
    let (_, answer) = mobile.ask(&request);
    assert!(answer.is_empty());
    assert_eq!(mobile.ike(), endpoint(R1));
}

/// H7, RFC 4555 3.5: the same update again is answered again and moves nothing; an older one neither.
#[test]
fn repeated_and_late_updates_move_nothing() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    let update = [empty(NotifyType::UPDATE_SA_ADDRESSES)];
    let first = mobile.forge.inform(Role::Initiator, 2, &update);
    let second = mobile.forge.inform(Role::Initiator, 3, &update);
    mobile.send(second);
    mobile.at = endpoint(FARTHER);
    mobile.send(first.clone());
    assert_eq!(
        mobile.ike(),
        endpoint(ELSEWHERE),
        "the later request counts"
    );
    let before = mobile.sim.datagrams().len();
    mobile.send(first);
    let answer = mobile.sim.datagrams()[before].clone();
    assert_eq!(answer.to, endpoint(FARTHER));
    assert_eq!(mobile.ike(), endpoint(ELSEWHERE));
}

/// RFC 4555 3.8: with MOBIKE the peer says where it is; ESP packets do not.
#[test]
fn esp_from_elsewhere_does_not_move_a_mobile_peer() {
    let mut mobile = Mobile::with_mobike();
    let spi_in = *mobile.sim.node(1).installed.inbound.keys().next().unwrap();
    let from = endpoint(ELSEWHERE);
    let event = DataplaneEvent::Moved { spi_in, from };
    mobile.sim.dataplane(1, event);
    assert_eq!(mobile.ike(), endpoint(R1));
    assert_eq!(mobile.traffic().0, endpoint(R1));
}

/// A peer that moved is known to the configuration by its first address: rekeying goes on.
#[test]
fn rekeying_goes_on_where_the_peer_is_now() {
    let mut mobile = Mobile::with_mobike();
    mobile.at = endpoint(ELSEWHERE);
    mobile.update();
    let (request, cookie) = mobile.check();
    mobile.answer(&request, cookie);
    let before = mobile.sim.datagrams().len();
    let rekey = Command::Rekey("Tunnel1".to_owned(), Rekey::Child);
    mobile.sim.command(1, rekey);
    assert_eq!(mobile.sim.datagrams()[before].to, endpoint(ELSEWHERE));
    assert_eq!(
        mobile.sim.node(1).replies.last().map(|r| format!("{r:?}")),
        Some("Done".to_owned())
    );
}
