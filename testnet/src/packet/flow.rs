//! The headers of an IP packet of either version, read and checked.

use std::net::{IpAddr, Ipv6Addr};

use super::{TCP, UDP, address, be16};

/// Octets of an IPv6 header without extensions.
const IPV6_HEADER: usize = 40;
/// Headers of IPv6 that may stand in front of the payload.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const OPTIONS: u8 = 60;

/// Where an IP packet comes from and goes to, and where its parts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number; of IPv6 the one behind the extension headers.
    pub protocol: u8,
    /// IP identification, common to the fragments of one datagram.
    pub identification: u32,
    /// Source and destination port of UDP or TCP; none in later fragments.
    pub ports: Option<(u16, u16)>,
    /// Octets of the IP header, with the extension headers of IPv6.
    pub header: usize,
    /// Octets of the packet by its own length field.
    pub total: usize,
    /// Fragment offset in octets.
    pub fragment_offset: usize,
    /// More fragments follow.
    pub more_fragments: bool,
}

impl Flow {
    /// Reads the headers of a packet; `None` when it is not a whole one.
    pub fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Self::of_ipv4(packet),
            6 => Self::of_ipv6(packet),
            _ => None,
        }
    }

    fn of_ipv4(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let header = usize::from(first & 15) * 4;
        let total = usize::from(be16(packet, 2)?);
        let sound = header >= 20 && total >= header && total <= packet.len();
        let fragment = be16(packet, 6)?;
        let flow = Self {
            source: address(packet, 12)?.into(),
            destination: address(packet, 16)?.into(),
            protocol: *packet.get(9)?,
            identification: be16(packet, 4)?.into(),
            ports: None,
            header,
            total,
            fragment_offset: usize::from(fragment & 0x1fff) * 8,
            more_fragments: fragment & 0x2000 != 0,
        };
        sound.then(|| flow.with_ports(packet))
    }

    fn of_ipv6(packet: &[u8]) -> Option<Self> {
        let total = IPV6_HEADER + usize::from(be16(packet, 4)?);
        let mut flow = Self {
            source: address6(packet, 8)?.into(),
            destination: address6(packet, 24)?.into(),
            protocol: *packet.get(6)?,
            identification: 0,
            ports: None,
            header: IPV6_HEADER,
            total,
            fragment_offset: 0,
            more_fragments: false,
        };
        let packet = packet.get(..total)?;
        while flow.skip_extension(packet)? {}
        Some(flow.with_ports(packet))
    }

    /// Steps over one extension header of IPv6 (RFC 8200 section 4); false when there is none
    /// left. The chain ends at a later fragment, whose first octets are no header.
    fn skip_extension(&mut self, packet: &[u8]) -> Option<bool> {
        if !matches!(self.protocol, HOP_BY_HOP | ROUTING | FRAGMENT | OPTIONS)
            || self.fragment_offset > 0
        {
            return Some(false);
        }
        let length = match self.protocol {
            FRAGMENT => {
                let field = be16(packet, self.header + 2)?;
                self.fragment_offset = usize::from(field & 0xfff8);
                self.more_fragments = field & 1 != 0;
                let high = u32::from(be16(packet, self.header + 4)?);
                self.identification = high << 16 | u32::from(be16(packet, self.header + 6)?);
                8
            }
            _ => (usize::from(*packet.get(self.header + 1)?) + 1) * 8,
        };
        self.protocol = *packet.get(self.header)?;
        self.header += length;
        (self.header <= self.total).then_some(true)
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

fn address6(octets: &[u8], at: usize) -> Option<Ipv6Addr> {
    let sixteen: [u8; 16] = octets.get(at..at + 16)?.try_into().ok()?;
    Some(Ipv6Addr::from(sixteen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::tests::{checksums_are_right, udp6};

    /// RFC 8200 section 4: extension headers are stepped over, fragments are known.
    #[test]
    fn ipv6_is_read_behind_its_extension_headers() {
        let plain = udp6(UDP, &[], b"abc");
        let flow = Flow::of(&plain).expect("whole");
        assert_eq!((flow.header, flow.total, flow.payload()), (40, 51, 48));
        assert_eq!(flow.ports, Some((500, 4500)));
        assert!(checksums_are_right(&plain));
        for cut in 0..plain.len() {
            assert_eq!(Flow::of(&plain[..cut]), None, "cut at {cut}");
        }
        let options = [OPTIONS, 0, 1, 4, 0, 0, 0, 0, UDP, 0, 1, 4, 0, 0, 0, 0];
        let flow = Flow::of(&udp6(HOP_BY_HOP, &options, b"")).expect("whole");
        assert_eq!((flow.header, flow.protocol), (56, UDP));
        let later = udp6(FRAGMENT, &[UDP, 0, 0, 17, 0, 0, 0, 9], b"");
        let flow = Flow::of(&later).expect("whole");
        assert_eq!((flow.fragment_offset, flow.identification), (16, 9));
        assert_eq!((flow.more_fragments, flow.ports), (true, None));
        let endless = udp6(ROUTING, &[UDP, 9, 0, 0, 0, 0, 0, 0], b"");
        assert_eq!(Flow::of(&endless), None);
    }
}
