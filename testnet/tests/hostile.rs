//! Whatever crosses the wire, nothing here panics.

use std::net::Ipv4Addr;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use testnet::packet::{Flow, ip_of_frame};
use testnet::{FaultPlan, Faults, Match, NatTable, pcapng};

/// Octets that look like an IPv4 or IPv6 packet often enough to get past the first check.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let protocol = prop_oneof![Just(1_u8), Just(6), Just(17), Just(44), any::<u8>()];
    let version = prop_oneof![Just(0x45_u8), Just(0x60), any::<u8>()];
    (vec(any::<u8>(), 0..80), protocol, version).prop_map(|(mut octets, protocol, version)| {
        if let [first, _, high, low, high6, low6, next, _, _, kind, ..] = &mut octets[..] {
            *first = version;
            match version {
                0x45 => (*high, *low, *kind) = (0, (*low).min(79), protocol),
                0x60 => (*high6, *low6, *next) = (0, (*low6).min(39), protocol),
                _ => {}
            }
        }
        octets
    })
}

proptest! {
    #[test]
    fn any_packet_is_judged_and_translated_without_panic(octets in packet()) {
        let plan = FaultPlan { drop: 500, applies_to: Match::udp(&[500]), ..FaultPlan::default() };
        let _ = Faults::new(plan).decide(&octets);
        let mut table = NatTable::new(Ipv4Addr::LOCALHOST, Duration::from_secs(1));
        let length = octets.len();
        let mut outbound = octets.clone();
        let _ = table.outbound(Duration::ZERO, &mut outbound);
        let _ = table.inbound(Duration::ZERO, &mut outbound);
        prop_assert_eq!(outbound.len(), length);
    }

    #[test]
    fn any_frame_and_any_file_is_read_without_panic(octets in vec(any::<u8>(), 0..200)) {
        let _ = ip_of_frame(&octets);
        let _ = Flow::of(&octets);
        let _ = pcapng::read(&octets);
    }
}
