//! Fragments of IKEv1 messages (G-027; B7 to B9): sent to a peer that joins them, joined from a peer that was told
//! so, and from nobody else.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ike_core::sim::{Fate, Network, Simulation, Translation};
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::vendor::KnownVendor;
use ike_wire::v1::{Body, ConfigType, Fragment, Message, ModeConfig, Payload, encode_message};
use ike_wire::{Flags, Header, MessageId};
use support::forge::printed;
use support::forge_v1::{self as by_hand, Peer, ask};
use support::{Story, seed_routers};

/// What fits into an IPv4 packet of 576 octets.
const ROOM: usize = 548;

fn enabled(story: Story, routers: &[usize]) -> Story {
    routers.iter().fold(story, |story, router| {
        let line = "crypto isakmp fragmentation\ncrypto isakmp policy 10\n";
        story.edit(*router, "crypto isakmp policy 10\n", line)
    })
}

fn is_piece(bytes: &Bytes) -> bool {
    Header::decode(bytes).unwrap().next_payload == PayloadType::FRAGMENT
}

fn pieces(sim: &Simulation) -> usize {
    let sent = sim.datagrams().iter();
    sent.filter(|d| is_piece(&d.bytes)).count()
}

/// G-027: MM5 and MM6 with their certificates go in pieces that fit, from both sides; O-005: capability F.
#[test]
fn long_messages_go_in_pieces_where_both_join_them() {
    for initiator in [0, 1] {
        let story = seed_routers().edit(0, "  ca trust-point IOSCA1\n", "");
        let sim = enabled(story, &[0, 1]).negotiate(initiator);
        assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
        assert!(sim.datagrams().iter().all(|d| d.bytes.len() <= ROOM));
        assert!(pieces(&sim) >= 4);
        for node in [0, 1] {
            assert!(printed(&sim, node, "Support for IKE Fragmentation enabled"));
            assert!(sim.isakmp_sas(node)[0].capabilities.contains('F'));
        }
    }
}

/// G-027: who does not join fragments gets none, and says that support is not enabled.
#[test]
fn nothing_is_cut_for_a_peer_that_does_not_join() {
    for one in [0, 1] {
        let sim = enabled(seed_routers(), &[one]).negotiate(0);
        assert!(sim.verdict().up && sim.carries());
        assert_eq!(pieces(&sim), 0);
        assert!(sim.datagrams().iter().any(|d| d.bytes.len() > ROOM));
        let told = printed(&sim, 1, "Support for IKE Fragmentation not enabled");
        assert_eq!(told, one == 0, "the responder hears of it in MM1 alone");
    }
}

/// Behind a NAT the marker of port 4500 needs its room too (RFC 3948 2.2), and pieces move the port as messages do.
#[test]
fn pieces_leave_room_for_the_marker() {
    let network = Network {
        nat: Some(Translation {
            inside: 0,
            inside_address: [192, 168, 0, 1].into(),
            outside_address: [192, 168, 0, 77].into(),
            port_offset: 10_000,
        }),
        ..Network::default()
    };
    let vti = "  tunnel mode ipsec ipv4\n  tunnel source";
    let story = enabled(seed_routers(), &[0, 1])
        .edit(0, "  tunnel source", vti)
        .edit(1, "  tunnel source", vti)
        .edit(1, "destination 192.168.0.1", "destination 192.168.0.77");
    let story = Story { network, ..story };
    let sim = story.negotiate(0);
    assert!(sim.carries());
    let behind = |p: u16| p == 4500 || p == 14_500;
    let moved = sim.datagrams().iter();
    let moved: Vec<usize> = moved
        .filter(|d| behind(d.from.port()) || behind(d.to.port()))
        .map(|d| d.bytes.len())
        .collect();
    assert!(moved.iter().all(|length| *length <= ROOM - 4), "{moved:?}");
    assert!(moved.contains(&(ROOM - 4)));
}

/// B4, W-051: whichever datagram is lost, doubled or late, the tunnel comes up.
#[test]
fn pieces_survive_every_disturbed_datagram() {
    let total = enabled(seed_routers(), &[0, 1])
        .negotiate(0)
        .datagrams()
        .len();
    let late = Duration::from_millis(3);
    for fate in [Fate::lost(), Fate::doubled(late), Fate::delayed(late)] {
        for victim in 0..total {
            let story =
                enabled(seed_routers(), &[0, 1]).with_fault(victim..victim + 1, fate.clone());
            let mut sim = story.negotiate(0);
            sim.settle(Duration::from_secs(60));
            assert!(sim.carries(), "{fate:?} of datagram {victim}");
        }
    }
}

/// A message cut into pieces of `size` octets as strongSwan does it: the headers name Main Mode.
fn cut(whole: &Bytes, size: usize) -> Vec<Bytes> {
    let header = Header {
        flags: Flags::NONE,
        exchange: ExchangeType::MAIN,
        message_id: MessageId(0),
        ..Header::decode(whole).unwrap()
    };
    let count = whole.len().div_ceil(size);
    let piece = |(index, data): (usize, &[u8])| {
        let fragment = Fragment {
            id: 1,
            number: u8::try_from(index + 1).unwrap(),
            flags: u8::from(index + 1 == count),
            data: Bytes::copy_from_slice(data),
        };
        encode_message(&header, &[Body::Fragment(fragment).into()]).unwrap()
    };
    whole.chunks(size).enumerate().map(piece).collect()
}

fn question() -> [Payload; 1] {
    [Body::Attributes(ModeConfig {
        ty: ConfigType::REQUEST,
        reserved: 0,
        identifier: 1,
        attributes: Vec::new(),
    })
    .into()]
}

/// B7, B8: a Microsoft peer shows the vendor ID without flags; its pieces are joined in any order, repeated or not.
/// Of a peer that showed none, or one for other exchanges, nothing is joined.
#[test]
fn pieces_are_joined_from_a_peer_that_showed_the_vendor_id() {
    let body = KnownVendor::Fragmentation.body();
    for (vendor, joins) in [
        (Some([body, &[]].concat()), true),
        (Some([body, &[0xc0, 0, 0, 0]].concat()), true),
        (Some([body, &[0x40, 0, 0, 0]].concat()), false),
        (None, false),
    ] {
        let mut sim = enabled(by_hand::routers(), &[1]).start();
        sim.hold();
        let shown: Vec<Payload> = vendor
            .iter()
            .map(|v| Body::Vendor(v.clone().into()).into())
            .collect();
        let peer = Peer::establish(&mut sim, &shown);
        let (whole, _) = peer.phase2(ExchangeType::TRANSACTION, 5, &question());
        let mut pieces = cut(&whole, 20);
        pieces.reverse();
        let last = pieces.pop().unwrap();
        for piece in pieces {
            assert!(ask(&mut sim, piece.clone()).is_empty());
            assert!(ask(&mut sim, piece).is_empty());
        }
        assert_eq!(ask(&mut sim, last).len(), usize::from(joins), "{vendor:?}");
        assert_eq!(printed(&sim, 1, "fragments were not agreed"), !joins);
    }
}

/// MM2 shows the vendor ID to a peer that showed it, with the flags of Main Mode, and to no other.
#[test]
fn the_responder_shows_what_it_was_shown() {
    let body = KnownVendor::Fragmentation.body();
    for shown in [false, true] {
        let mut sim = enabled(by_hand::routers(), &[1]).start();
        sim.hold();
        let mut offer: Vec<Payload> = vec![Body::Sa(by_hand::offer(1)).into()];
        offer.extend(shown.then(|| Body::Vendor(body.into()).into()));
        let mm1 = by_hand::clear(ExchangeType::MAIN, ike_wire::Spi::ZERO, &offer);
        let mm2 = Message::decode(ask(&mut sim, mm1).remove(0)).unwrap();
        let with_flags = [body, &[0x80, 0, 0, 0]].concat();
        let says = |b: &Body| matches!(b, Body::Vendor(v) if *v == with_flags);
        assert_eq!(mm2.chain.bodies().any(|(_, b)| says(b)), shown);
    }
}

/// C17: pieces prove nothing: a forged one spoils a message, and the peer's repetition mends it.
#[test]
fn a_forged_piece_costs_a_repetition_at_most() {
    let mut sim = enabled(by_hand::routers(), &[1]).start();
    sim.hold();
    let vendor: Payload = Body::Vendor(KnownVendor::Fragmentation.bytes()).into();
    let peer = Peer::establish(&mut sim, &[vendor]);
    let (whole, _) = peer.phase2(ExchangeType::TRANSACTION, 5, &question());
    let pieces = cut(&whole, 40);
    let mut forged = pieces[0].to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert!(ask(&mut sim, forged.into()).is_empty());
    let spoiled: usize = pieces.iter().map(|p| ask(&mut sim, p.clone()).len()).sum();
    assert_eq!(spoiled, 0, "the first of a number counts");
    let mended: usize = pieces.iter().map(|p| ask(&mut sim, p.clone()).len()).sum();
    assert_eq!(mended, 1);
}
