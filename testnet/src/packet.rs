//! As much of Ethernet, ARP, IPv4 and IPv6 as a wire, a NAT and a capture must see.

use std::net::{IpAddr, Ipv4Addr};

mod flow;

pub use flow::Flow;

/// Octets of an Ethernet header without VLAN tag.
pub const ETHERNET_HEADER: usize = 14;
/// EtherType of IPv4.
pub const ETHERTYPE_IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub const ETHERTYPE_IPV6: u16 = 0x86dd;
/// EtherType of ARP.
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// IP protocol number of ICMP.
pub const ICMP: u8 = 1;
/// IP protocol number of TCP.
pub const TCP: u8 = 6;
/// IP protocol number of UDP.
pub const UDP: u8 = 17;
/// IP protocol number of ICMPv6.
pub const ICMPV6: u8 = 58;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// The IP packet inside an Ethernet frame, cut to its own length (frames are padded). The
/// messages by which IPv6 hosts find each other on the link are no packets in this sense, as
/// those of ARP are not.
pub fn ip_of_frame(frame: &[u8]) -> Option<&[u8]> {
    match be16(frame, 12)? {
        ETHERTYPE_IPV4 => ipv4_of_frame(frame),
        ETHERTYPE_IPV6 => {
            let packet = frame.get(ETHERNET_HEADER..)?;
            let flow = Flow::of(packet)
                .filter(|flow| flow.source.is_ipv6() && !is_link_talk(packet, flow))?;
            packet.get(..flow.total)
        }
        _ => None,
    }
}

/// Multicast Listener Discovery (RFC 3810) and Neighbour Discovery (RFC 4861).
fn is_link_talk(packet: &[u8], flow: &Flow) -> bool {
    flow.protocol == ICMPV6
        && packet
            .get(flow.header)
            .is_some_and(|kind| matches!(kind, 130..=137 | 143))
}

/// The IPv4 packet inside an Ethernet frame, cut to its own length (frames are padded).
pub fn ipv4_of_frame(frame: &[u8]) -> Option<&[u8]> {
    if be16(frame, 12)? != ETHERTYPE_IPV4 {
        return None;
    }
    let packet = frame.get(ETHERNET_HEADER..)?;
    let flow = Flow::of(packet).filter(|flow| flow.source.is_ipv4())?;
    packet.get(..flow.total)
}

/// The internet checksum (RFC 1071) of `parts` laid end to end; every part but the
/// last must have an even length.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    !fold(parts.iter().map(|part| sum(part)).sum())
}

/// The checksum after a 16-bit word changed from `old` to `new` (RFC 1624, equation 3).
pub fn update_checksum(before: u16, old: u16, new: u16) -> u16 {
    !fold(u32::from(!before) + u32::from(!old) + u32::from(new))
}

/// Recomputes the IPv4 header checksum.
pub fn set_header_checksum(packet: &mut [u8], header: usize) {
    put16(packet, 10, 0);
    let value = checksum(&[packet.get(..header).unwrap_or_default()]);
    put16(packet, 10, value);
}

/// Recomputes the UDP checksum of an unfragmented datagram (RFC 768, RFC 8200 section 8.1).
pub fn set_udp_checksum(packet: &mut [u8]) {
    let Some(flow) = Flow::of(packet).filter(|flow| flow.protocol == UDP && !flow.is_fragment())
    else {
        return;
    };
    let at = flow.header + 6;
    put16(packet, at, 0);
    let datagram = packet.get(flow.header..flow.total).unwrap_or_default();
    let value = transport_checksum((flow.source, flow.destination), UDP, datagram);
    put16(packet, at, if value == 0 { 0xffff } else { value });
}

/// The checksum of `message` under the pseudo header of its addresses and protocol.
pub(crate) fn transport_checksum(ends: (IpAddr, IpAddr), protocol: u8, message: &[u8]) -> u16 {
    // The pseudo header of IPv6 has the same words and more zeros, which do not count.
    let length = (message.len() as u16).to_be_bytes();
    let pseudo = [0, protocol, length[0], length[1]];
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    checksum(&[&octets(ends.0), &octets(ends.1), &pseudo, message])
}

/// An ARP message for IPv4 over Ethernet (RFC 826) as a frame.
pub(crate) fn arp_frame(operation: u16, from: (Mac, Ipv4Addr), to: (Mac, Ipv4Addr)) -> Vec<u8> {
    let destination = if operation == ARP_REQUEST {
        [0xff; 6]
    } else {
        to.0
    };
    let mut frame = ethernet_header(destination, from.0, ETHERTYPE_ARP).to_vec();
    frame.extend([0, 1, 8, 0, 6, 4]);
    frame.extend(operation.to_be_bytes());
    frame.extend(from.0);
    frame.extend(from.1.octets());
    frame.extend(to.0);
    frame.extend(to.1.octets());
    frame
}

pub(crate) const ARP_REQUEST: u16 = 1;
pub(crate) const ARP_REPLY: u16 = 2;

/// What an ARP frame says: operation, sender, target.
pub(crate) struct Arp {
    pub(crate) operation: u16,
    pub(crate) sender: (Mac, Ipv4Addr),
    pub(crate) target: Ipv4Addr,
}

impl Arp {
    pub(crate) fn of_frame(frame: &[u8]) -> Option<Self> {
        if be16(frame, 12)? != ETHERTYPE_ARP {
            return None;
        }
        let body = frame.get(ETHERNET_HEADER..ETHERNET_HEADER + 28)?;
        (body.starts_with(&[0, 1, 8, 0, 6, 4])).then_some(())?;
        Some(Self {
            operation: be16(body, 6)?,
            sender: (body.get(8..14)?.try_into().ok()?, address(body, 14)?),
            target: address(body, 24)?,
        })
    }
}

pub(crate) fn ethernet_header(
    destination: Mac,
    source: Mac,
    ethertype: u16,
) -> [u8; ETHERNET_HEADER] {
    let mut header = [0; ETHERNET_HEADER];
    header[..6].copy_from_slice(&destination);
    header[6..12].copy_from_slice(&source);
    header[12..].copy_from_slice(&ethertype.to_be_bytes());
    header
}

pub(crate) fn be16(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(octets.get(at..at + 2)?.try_into().ok()?))
}

pub(crate) fn put16(octets: &mut [u8], at: usize, value: u16) {
    if let Some(place) = octets.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

pub(crate) fn address(octets: &[u8], at: usize) -> Option<Ipv4Addr> {
    let four: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(four))
}

fn sum(octets: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    octets.chunks(2).map(word).sum()
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A UDP datagram with right checksums, for the tests of this crate.
    pub(crate) fn udp(
        source: (Ipv4Addr, u16),
        destination: (Ipv4Addr, u16),
        payload: &[u8],
    ) -> Vec<u8> {
        let total = (28 + payload.len()) as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend([0, 7, 0, 0, 64, UDP, 0, 0]);
        packet.extend(source.0.octets());
        packet.extend(destination.0.octets());
        packet.extend(source.1.to_be_bytes());
        packet.extend(destination.1.to_be_bytes());
        packet.extend((total - 20).to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(payload);
        set_header_checksum(&mut packet, 20);
        set_udp_checksum(&mut packet);
        packet
    }

    /// Whether header and UDP checksum are right (the sum over all is zero).
    pub(crate) fn checksums_are_right(packet: &[u8]) -> bool {
        let flow = Flow::of(packet).expect("a packet");
        let ends = (flow.source, flow.destination);
        let datagram = &packet[flow.header..flow.total];
        (flow.source.is_ipv6() || checksum(&[&packet[..flow.header]]) == 0)
            && transport_checksum(ends, flow.protocol, datagram) == 0
    }

    const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);

    #[test]
    fn a_datagram_is_read_back_and_each_truncation_is_refused() {
        let packet = udp((A, 500), (B, 4500), b"abc");
        let flow = Flow::of(&packet).expect("whole");
        assert_eq!(
            (flow.source, flow.destination, flow.ports),
            (A.into(), B.into(), Some((500, 4500)))
        );
        assert_eq!((flow.header, flow.total, flow.payload()), (20, 31, 28));
        assert!(checksums_are_right(&packet));
        for cut in 0..packet.len() {
            assert_eq!(Flow::of(&packet[..cut]), None, "cut at {cut}");
        }
    }

    /// A UDP datagram over IPv6 behind `extensions`, the first of which is of kind `first`.
    pub(crate) fn udp6(first: u8, extensions: &[u8], payload: &[u8]) -> Vec<u8> {
        let length = (extensions.len() + 8 + payload.len()) as u16;
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([first, 64]);
        packet.extend(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets());
        packet.extend(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2).octets());
        packet.extend(extensions);
        packet.extend([0x01, 0xf4, 0x11, 0x94]);
        packet.extend((8 + payload.len() as u16).to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(payload);
        set_udp_checksum(&mut packet);
        packet
    }

    /// RFC 4861: what hosts say to find each other is no packet of the wire.
    #[test]
    fn neighbour_discovery_is_treated_like_arp() {
        let frame = |kind: u8| {
            let mut frame = ethernet_header([2; 6], [4; 6], ETHERTYPE_IPV6).to_vec();
            let mut packet = udp6(ICMPV6, &[], b"");
            packet[40] = kind;
            frame.extend(packet);
            frame
        };
        let (echo, solicitation) = (frame(128), frame(135));
        assert_eq!(ip_of_frame(&echo), Some(&echo[14..]));
        assert_eq!(ip_of_frame(&solicitation), None);
    }

    #[test]
    fn an_updated_checksum_equals_a_new_one() {
        let mut packet = udp((A, 500), (B, 500), b"odd");
        let before = be16(&packet, 26).expect("in range");
        put16(&mut packet, 20, 40_001);
        let updated = update_checksum(before, 500, 40_001);
        set_udp_checksum(&mut packet);
        assert_eq!(be16(&packet, 26), Some(updated));
    }

    #[test]
    fn arp_is_written_and_read() {
        let frame = arp_frame(ARP_REQUEST, ([2; 6], A), ([0; 6], B));
        let arp = Arp::of_frame(&frame).expect("arp");
        assert_eq!(
            (arp.operation, arp.sender, arp.target),
            (ARP_REQUEST, ([2; 6], A), B)
        );
        assert_eq!(frame[..6], [0xff; 6]);
        for cut in 0..frame.len() {
            assert!(Arp::of_frame(&frame[..cut]).is_none());
        }
    }
}
