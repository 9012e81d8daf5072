//! A datagram as the IP packet of a capture (LINKTYPE_RAW, W-001).

use std::net::SocketAddr;

use testnet::packet::{UDP, set_udp_checksum};

use crate::dataplane::ip::Header;

/// Octets of a UDP header.
const HEADER: usize = 8;
/// Most octets of UDP in an IPv4 packet; IPv6 has room for twenty more.
const MAX: usize = 65_535 - 20;

/// The IP packet with a UDP datagram; what does not fit into one is cut.
///
/// Ports, addresses and payload are true; TTL and identification are ours, for a socket does not tell
/// the peer's.
pub(crate) fn udp(source: SocketAddr, destination: SocketAddr, payload: &[&[u8]]) -> Vec<u8> {
    let wanted = HEADER + payload.iter().map(|part| part.len()).sum::<usize>();
    let length = wanted.min(MAX);
    let header = Header::new(source.ip(), destination.ip(), UDP, 0, length);
    let mut packet = header.as_bytes().to_vec();
    let end = packet.len() + length;
    packet.extend(source.port().to_be_bytes());
    packet.extend(destination.port().to_be_bytes());
    packet.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    packet.extend([0; 2]);
    payload
        .iter()
        .for_each(|part| packet.extend_from_slice(part));
    packet.truncate(end);
    set_udp_checksum(&mut packet);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Content, content};

    #[test]
    fn both_families_are_read_back() {
        for (from, to) in [
            ("192.0.2.1:500", "192.0.2.2:4500"),
            ("[2001:db8::1]:500", "[2001:db8::2]:4500"),
        ] {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            let packet = udp(from, to, &[b"ab", b"c"]);
            let Some(Content::Udp(datagram)) = content(101, &packet) else {
                panic!("{packet:02x?}");
            };
            assert_eq!((datagram.source, datagram.destination), (from, to));
            assert_eq!(datagram.payload, b"abc");
        }
    }

    #[test]
    fn what_is_too_long_for_ip_is_cut() {
        let end = "192.0.2.1:500".parse().unwrap();
        assert_eq!(udp(end, end, &[&[0; 70_000]]).len(), 65_535);
    }
}
