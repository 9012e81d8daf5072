//! Child SAs that were narrowed: which one carries what.

use super::*;
use crate::dataplane::encapsulation::PolicyError;
use crate::dataplane::traffic::{Selector, Traffic};

/// Two databases of a tunnel without GRE, with a child SA for each of two networks of the peer.
fn narrowed() -> (Sad, Sad) {
    let plain = |source, destination| TunnelConfig {
        mode: TunnelMode::IpsecIpv4,
        ..tunnel(source, destination)
    };
    let (mut a, mut b) = (Sad::new(&[plain(A, B)]), Sad::new(&[plain(B, A)]));
    let net = |third| Selector {
        network: [10, third, 0, 0].into(),
        prefix: 16,
        protocol: 0,
        port: 0,
    };
    for (spi, peer) in [(1, net(2)), (2, net(3))] {
        let narrow = |direction, local, remote| SaSpec {
            traffic: Some(Traffic { local, remote }),
            ..spec(direction, spi)
        };
        let (out, back) = (Direction::Outbound, Direction::Inbound);
        a.install(&narrow(out, net(1), peer), START).expect("out");
        b.install(&narrow(back, peer, net(1)), START).expect("in");
    }
    (a, b)
}

fn to(destination: [u8; 4]) -> Vec<u8> {
    let header = ip::Header::new([10, 1, 0, 1].into(), destination.into(), 1, 0, 8);
    [header.as_bytes(), &[7; 8]].concat()
}

/// RFC 7296 2.9, RFC 4301 5.1: of two child SAs of a tunnel each carries its own; what neither carries is
/// dropped and asks for none.
#[test]
fn each_of_two_narrowed_sas_carries_what_it_was_agreed_for() {
    let (mut a, mut b) = narrowed();
    for (destination, spi) in [([10, 2, 0, 1], 1), ([10, 3, 0, 1], 2)] {
        let mut out = Vec::new();
        a.seal(0, &to(destination), &mut out, START)
            .expect("sealed");
        assert_eq!(spi_of(&out), Some(spi));
        assert!(b.open(&mut out, START).is_ok());
    }
    let nobody = a.seal(0, &to([10, 4, 0, 1]), &mut Vec::new(), START);
    assert_eq!(nobody, Err(SealError::NotCarried));
}

/// RFC 4301 5.2: an authentic packet of an SA that was not agreed for it is dropped.
#[test]
fn what_an_sa_was_not_agreed_for_does_not_come_in() {
    let (mut a, mut b) = narrowed();
    a.remove("Tunnel1", Direction::Outbound, 2);
    let wide = SaSpec {
        traffic: None,
        ..spec(Direction::Outbound, 1)
    };
    a.install(&wide, START).expect("installed");
    let mut out = Vec::new();
    a.seal(0, &to([10, 3, 0, 1]), &mut out, START)
        .expect("sealed");
    let (from, to) = ([10, 1, 0, 1].into(), [10, 3, 0, 1].into());
    assert_eq!(
        b.open(&mut out, START),
        Err(OpenError::Policy(PolicyError::Selectors(from, to)))
    );
}
