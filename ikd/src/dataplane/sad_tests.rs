//! Two databases facing each other: rekeys, expiry, strangers.

use std::net::Ipv4Addr;

use ike_crypto::Secret;

use super::*;
use crate::dataplane::config::{Mode, TunnelMode};
use crate::dataplane::esp::EspError;
use crate::dataplane::ip;
use crate::dataplane::suite::{EspCipher, EspIntegrity, EspSuite};

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));
const START: Duration = Duration::from_secs(5);

fn tunnel(source: IpAddr, destination: IpAddr) -> TunnelConfig {
    TunnelConfig {
        name: "Tunnel1".to_owned(),
        source,
        destination,
        addresses: vec![(Ipv4Addr::new(10, 0, 0, 1).into(), 24)],
        mode: TunnelMode::Gre { key: None },
        mtu: 1400,
    }
}

fn pair() -> (Sad, Sad) {
    (Sad::new(&[tunnel(A, B)]), Sad::new(&[tunnel(B, A)]))
}

fn spec(direction: Direction, spi: u32) -> SaSpec {
    let suite = EspSuite {
        cipher: EspCipher::Aes128Cbc,
        integrity: Some(EspIntegrity::HmacSha1_96),
    };
    let key = |length: usize| Secret::from(vec![spi as u8; length]);
    SaSpec {
        tunnel: "Tunnel1".to_owned(),
        direction,
        spi,
        local: A,
        remote: B,
        mode: Mode::Tunnel,
        encap: None,
        suite,
        encryption_key: key(suite.encryption_key_len()),
        integrity_key: key(suite.integrity_key_len()),
        esn: false,
        replay_window: 64,
        lifetime_seconds: Some(3600),
        lifetime_kilobytes: None,
        traffic: None,
        watched: false,
    }
}

fn packet() -> Vec<u8> {
    let (source, destination) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let header = ip::Header::new(source, destination, 1, 0, 40);
    let mut packet = header.as_bytes().to_vec();
    packet.extend([7; 40]);
    packet
}

fn sealed(sad: &mut Sad, now: Duration) -> Vec<u8> {
    let mut out = Vec::new();
    let destination = sad.seal(0, &packet(), &mut out, now).expect("sealed");
    assert_eq!(
        destination,
        Destination {
            local: A,
            remote: B,
            encap: None,
            tos: 0,
            tell: false,
        }
    );
    out
}

fn after(seconds: u64) -> Duration {
    START + Duration::from_secs(seconds)
}

#[test]
fn a_packet_goes_through_and_is_counted_on_both_sides() {
    let (mut a, mut b) = pair();
    a.install(&spec(Direction::Outbound, 1), START)
        .expect("installed");
    b.install(&spec(Direction::Inbound, 1), START)
        .expect("installed");
    let mut wire = sealed(&mut a, START);
    let delivery = b.open(&mut wire, START).expect("opened");
    assert_eq!(wire[delivery.inner.clone()], packet());
    assert!(delivery.newest);
    let (sent, received) = (a.counters(START), b.counters(START));
    assert_eq!(
        (
            sent.tunnels["Tunnel1"].encaps,
            sent.tunnels["Tunnel1"].octets_out
        ),
        (1, 60)
    );
    assert_eq!(
        (
            received.tunnels["Tunnel1"].decaps,
            received.tunnels["Tunnel1"].octets_in
        ),
        (1, 60)
    );
    assert_eq!((sent.sas[0].sequence, received.sas[0].sequence), (1, 1));
    assert_eq!(received.sas[0].remaining_seconds, Some(3600));
}

#[test]
fn nothing_leaves_without_an_sa() {
    let (mut a, _) = pair();
    let mut out = vec![1, 2, 3];
    assert_eq!(a.seal(0, &packet(), &mut out, START), Err(SealError::NoSa));
    assert_eq!(a.seal(7, &packet(), &mut out, START), Err(SealError::NoSa));
    assert_eq!(
        a.seal(0, &[0x60; 40], &mut out, START),
        Err(SealError::NotCarried)
    );
}

#[test]
fn a_rekey_sends_with_the_newest_and_still_receives_with_the_oldest() {
    let (mut a, mut b) = pair();
    a.install(&spec(Direction::Outbound, 1), START)
        .expect("installed");
    b.install(&spec(Direction::Inbound, 1), START)
        .expect("installed");
    let mut late = sealed(&mut a, START);
    a.install(&spec(Direction::Outbound, 2), START)
        .expect("installed");
    b.install(&spec(Direction::Inbound, 2), START)
        .expect("installed");
    let mut new = sealed(&mut a, START);
    assert_eq!(new[..4], [0, 0, 0, 2]);
    assert!(b.open(&mut new, START).is_ok());
    assert!(
        b.open(&mut late, START).is_ok(),
        "sent before the rekey, received after it"
    );
    assert!(a.remove("Tunnel1", Direction::Outbound, 2));
    assert_eq!(
        sealed(&mut a, START)[..4],
        [0, 0, 0, 1],
        "the older one is used again"
    );
    a.flush("Tunnel1");
    assert_eq!(a.seal(0, &packet(), &mut new, START), Err(SealError::NoSa));
}

#[test]
fn inbound_spis_are_ours_and_unique_outbound_ones_are_not() {
    let (mut a, _) = pair();
    a.install(&spec(Direction::Inbound, 1), START)
        .expect("installed");
    a.install(&spec(Direction::Outbound, 1), START)
        .expect("the peer's SPI may be the same number");
    let again = a
        .install(&spec(Direction::Inbound, 1), START)
        .expect_err("in use");
    assert_eq!(again.to_string(), "SPI 0x00000001 is in use");
    let unknown = SaSpec {
        tunnel: "Tunnel9".to_owned(),
        ..spec(Direction::Inbound, 3)
    };
    assert_eq!(
        a.install(&unknown, START).expect_err("unknown").to_string(),
        "no tunnel interface Tunnel9"
    );
    assert!(
        a.remove("Tunnel1", Direction::Inbound, 1) && !a.remove("Tunnel1", Direction::Inbound, 1)
    );
}

#[test]
fn lifetimes_are_told_once_and_end_the_sa() {
    let (mut a, _) = pair();
    a.install(&spec(Direction::Outbound, 1), START)
        .expect("installed");
    assert_eq!(a.next_deadline(START), Some(after(3570)));
    a.expire(after(3570));
    a.expire(after(3571));
    let expired = |cause| Expired {
        tunnel: "Tunnel1".to_owned(),
        direction: Direction::Outbound,
        spi: 1,
        cause,
    };
    assert_eq!(a.take_expired(), [(false, expired(Cause::Seconds))]);
    assert_eq!(a.next_deadline(after(3571)), Some(after(3600)));
    let mut out = Vec::new();
    assert_eq!(
        a.seal(0, &packet(), &mut out, after(3600)),
        Err(SealError::NoSa),
        "not even before expire()"
    );
    assert_eq!(a.take_expired(), [(true, expired(Cause::Seconds))]);
    assert_eq!(a.next_deadline(after(3600)), None);
}

#[test]
fn volume_ends_an_sa_without_a_clock() {
    let (mut a, mut b) = pair();
    let one = |direction| SaSpec {
        lifetime_kilobytes: Some(1),
        lifetime_seconds: None,
        ..spec(direction, 1)
    };
    a.install(&one(Direction::Outbound), START)
        .expect("installed");
    b.install(&one(Direction::Inbound), START)
        .expect("installed");
    let mut kinds = Vec::new();
    let mut out = Vec::new();
    while a.seal(0, &packet(), &mut out, START).is_ok() {
        assert!(b.open(&mut out, START).is_ok());
        kinds.extend(
            a.take_expired()
                .into_iter()
                .map(|(hard, expired)| (hard, expired.cause)),
        );
    }
    assert_eq!(kinds, [(false, Cause::Kilobytes), (true, Cause::Kilobytes)]);
    assert!(b.counters(START).sas.is_empty());
}

#[test]
fn replays_forgeries_and_strangers_are_counted_apart() {
    let (mut a, mut b) = pair();
    a.install(&spec(Direction::Outbound, 1), START)
        .expect("installed");
    b.install(&spec(Direction::Inbound, 1), START)
        .expect("installed");
    let wire = sealed(&mut a, START);
    assert!(b.open(&mut wire.clone(), START).is_ok());
    assert!(b.open(&mut wire.clone(), START).is_err());
    let mut forged = sealed(&mut a, START);
    *forged.last_mut().expect("not empty") ^= 1;
    assert_eq!(
        b.open(&mut forged, START),
        Err(OpenError::Esp(EspError::BadIcv))
    );
    assert_eq!(
        b.open(&mut [0, 0, 0, 9, 0, 0, 0, 1], START),
        Err(OpenError::UnknownSpi(Some(9)))
    );
    assert_eq!(b.open(&mut [0xff], START), Err(OpenError::UnknownSpi(None)));
    assert!(b.open(&mut wire[..20].to_vec(), START).is_err());
    let counters = b.counters(START);
    let tunnel = counters.tunnels["Tunnel1"];
    // The shortened packet still has a number seen before.
    assert_eq!(
        (
            tunnel.replay_failures,
            tunnel.auth_failures,
            counters.unknown_spi
        ),
        (2, 1, 2)
    );
}

#[test]
fn a_moved_peer_is_sent_to_at_its_new_endpoint() {
    let (mut a, _) = pair();
    let natted = SaSpec {
        encap: Some((4500, 4500)),
        ..spec(Direction::Outbound, 1)
    };
    a.install(&natted, START).expect("installed");
    a.set_endpoint("Tunnel1", A, Some(20_001));
    let destination = a
        .seal(0, &packet(), &mut Vec::new(), START)
        .expect("sealed");
    assert_eq!(
        (destination.remote, destination.encap),
        (A, Some((4500, 20_001)))
    );
}

/// RFC 4555 3.5: a pair that moved goes on with its keys and numbers; the others stay where they are.
#[test]
fn a_pair_moves_without_losing_its_place() {
    let (mut a, mut b) = pair();
    for spi in [0x100, 0x200] {
        a.install(&spec(Direction::Outbound, spi), START)
            .expect("outbound");
        b.install(&spec(Direction::Inbound, spi), START)
            .expect("inbound");
    }
    let mut first = sealed(&mut a, START);
    b.open(&mut first, START).expect("opened");
    let elsewhere = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    let to = (A, elsewhere, Some((4500, 4501)));
    assert!(a.relocate("Tunnel1", Direction::Outbound, 0x200, to));
    assert!(!a.relocate("Tunnel1", Direction::Outbound, 0x300, to));
    assert!(!a.relocate("Tunnel2", Direction::Outbound, 0x200, to));
    let mut out = Vec::new();
    let destination = a.seal(0, &packet(), &mut out, START).expect("sealed");
    assert_eq!(
        (destination.remote, destination.encap),
        (elsewhere, Some((4500, 4501)))
    );
    assert!(b.relocate("Tunnel1", Direction::Inbound, 0x200, (B, elsewhere, None)));
    let delivery = b.open(&mut out, START).expect("the next number");
    assert!(delivery.newest);
    assert_eq!(delivery.remote, (elsewhere, None));
    assert!(a.remove("Tunnel1", Direction::Outbound, 0x200));
    sealed(&mut a, START);
}

#[path = "sad_traffic_tests.rs"]
mod traffic;

/// RFC 7296 2.4, 2.8: the first packet of an SA is told, of a watched one also later ones, once a second; a
/// packet that is not authentic or not new never is.
#[test]
fn packets_are_told_of_once_and_of_watched_sas_again() {
    for (watched, told) in [
        (false, [false, true, false, false]),
        (true, [true, true, true, true]),
    ] {
        let (mut a, mut b) = pair();
        let watch = |direction| SaSpec {
            watched,
            ..spec(direction, 0x100)
        };
        a.install(&watch(Direction::Outbound), after(0))
            .expect("installed");
        b.install(&watch(Direction::Inbound), after(0))
            .expect("installed");
        let mut carry = |at: u64, spoil: bool| {
            let (mut octets, now) = (Vec::new(), Duration::from_millis(at));
            let sent = a.seal(0, &packet(), &mut octets, now).expect("sealed").tell;
            if let Some(last) = octets.last_mut().filter(|_| spoil) {
                *last ^= 1;
            }
            let again = octets.clone();
            let came = b.open(&mut octets, now).map(|d| d.tell);
            assert!(b.open(&mut again.clone(), now).is_err(), "a replay");
            (sent, came.ok())
        };
        assert_eq!(carry(0, true), (told[0], None));
        assert_eq!(carry(500, false), (false, Some(told[1])));
        assert_eq!(carry(1499, false), (told[2], Some(false)));
        assert_eq!(carry(1500, false), (false, Some(told[2])));
        assert_eq!(carry(2499, false), (told[3], Some(false)));
        assert_eq!(carry(2500, false), (false, Some(told[3])));
    }
}
