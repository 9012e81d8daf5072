//! As much of Ethernet, ARP and IPv4 as a wire, a NAT and a capture must see.

use std::net::Ipv4Addr;

/// Octets of an Ethernet header without VLAN tag.
pub const ETHERNET_HEADER: usize = 14;
/// EtherType of IPv4.
pub const ETHERTYPE_IPV4: u16 = 0x0800;
/// EtherType of ARP.
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// IP protocol number of ICMP.
pub const ICMP: u8 = 1;
/// IP protocol number of TCP.
pub const TCP: u8 = 6;
/// IP protocol number of UDP.
pub const UDP: u8 = 17;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// Where an IPv4 packet comes from and goes to, and where its parts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// IP protocol number.
    pub protocol: u8,
    /// IP identification, common to the fragments of one datagram.
    pub identification: u16,
    /// Source and destination port of UDP or TCP; none in later fragments.
    pub ports: Option<(u16, u16)>,
    /// Octets of the IP header.
    pub header: usize,
    /// Octets of the packet by its own total length.
    pub total: usize,
    /// Fragment offset in octets.
    pub fragment_offset: usize,
    /// More fragments follow.
    pub more_fragments: bool,
}

impl Flow {
    /// Reads the header of an IPv4 packet; `None` when it is not a whole one.
    pub fn of(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let header = usize::from(first & 15) * 4;
        let total = usize::from(be16(packet, 2)?);
        let sound = first >> 4 == 4 && header >= 20 && total >= header && total <= packet.len();
        let fragment = be16(packet, 6)?;
        let flow = Self {
            source: address(packet, 12)?,
            destination: address(packet, 16)?,
            protocol: *packet.get(9)?,
            identification: be16(packet, 4)?,
            ports: None,
            header,
            total,
            fragment_offset: usize::from(fragment & 0x1fff) * 8,
            more_fragments: fragment & 0x2000 != 0,
        };
        sound.then(|| flow.with_ports(packet))
    }

    fn with_ports(mut self, packet: &[u8]) -> Self {
        if matches!(self.protocol, UDP | TCP)
            && self.fragment_offset == 0
            && self.total >= self.header + 4
        {
            self.ports = be16(packet, self.header).zip(be16(packet, self.header + 2));
        }
        self
    }

    /// Whether the packet is one of several fragments.
    pub fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset > 0
    }

    /// Offset of the payload of UDP (behind its header), else of the IP payload.
    pub fn payload(&self) -> usize {
        let udp = self.protocol == UDP && self.fragment_offset == 0;
        (self.header + if udp { 8 } else { 0 }).min(self.total)
    }
}

/// The IPv4 packet inside an Ethernet frame, cut to its own length (frames are padded).
pub fn ipv4_of_frame(frame: &[u8]) -> Option<&[u8]> {
    if be16(frame, 12)? != ETHERTYPE_IPV4 {
        return None;
    }
    let packet = frame.get(ETHERNET_HEADER..)?;
    packet.get(..Flow::of(packet)?.total)
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

/// Recomputes the UDP checksum of an unfragmented datagram (RFC 768).
pub fn set_udp_checksum(packet: &mut [u8]) {
    let Some(flow) = Flow::of(packet).filter(|flow| flow.protocol == UDP && !flow.is_fragment())
    else {
        return;
    };
    let at = flow.header + 6;
    put16(packet, at, 0);
    let length = ((flow.total - flow.header) as u16).to_be_bytes();
    let pseudo = [0, UDP, length[0], length[1]];
    let datagram = packet.get(flow.header..flow.total).unwrap_or_default();
    let value = checksum(&[
        &flow.source.octets(),
        &flow.destination.octets(),
        &pseudo,
        datagram,
    ]);
    put16(packet, at, if value == 0 { 0xffff } else { value });
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

fn address(octets: &[u8], at: usize) -> Option<Ipv4Addr> {
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
        let length = ((flow.total - flow.header) as u16).to_be_bytes();
        let pseudo = [0, flow.protocol, length[0], length[1]];
        let parts: [&[u8]; 3] = [&packet[12..20], &pseudo, &packet[flow.header..flow.total]];
        checksum(&[&packet[..flow.header]]) == 0 && checksum(&parts) == 0
    }

    const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);

    #[test]
    fn a_datagram_is_read_back_and_each_truncation_is_refused() {
        let packet = udp((A, 500), (B, 4500), b"abc");
        let flow = Flow::of(&packet).expect("whole");
        assert_eq!(
            (flow.source, flow.destination, flow.ports),
            (A, B, Some((500, 4500)))
        );
        assert_eq!((flow.header, flow.total, flow.payload()), (20, 31, 28));
        assert!(checksums_are_right(&packet));
        for cut in 0..packet.len() {
            assert_eq!(Flow::of(&packet[..cut]), None, "cut at {cut}");
        }
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
