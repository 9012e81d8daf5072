//! Whatever crosses the wire, nothing here panics.

use std::net::Ipv4Addr;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use testnet::packet::{Flow, ipv4_of_frame};
use testnet::{FaultPlan, Faults, Match, NatTable, pcapng};

/// Octets that look like an IPv4 packet often enough to get past the first check.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let protocol = prop_oneof![Just(1_u8), Just(6), Just(17), any::<u8>()];
    (vec(any::<u8>(), 0..80), protocol, any::<bool>()).prop_map(|(mut octets, protocol, sound)| {
        if let (true, [first, _, high, low, _, _, _, _, _, kind, ..]) = (sound, &mut octets[..]) {
            (*first, *high, *kind) = (0x45, 0, protocol);
            *low = (*low).min(79);
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
        let _ = ipv4_of_frame(&octets);
        let _ = Flow::of(&octets);
        let _ = pcapng::read(&octets);
    }
}
