//! The IP headers (RFC 791, RFC 8200) of tunnelled packets: building, checking, checksum.
//!
//! What the outer header takes from the inner one follows RFC 4301 section 5.1.2: TOS
//! or traffic class is copied, TTL or hop limit is a new one. DF is not copied: the MTU
//! of the tunnel device keeps packets small, and a packet that is too large all the same
//! is fragmented outside rather than lost.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Octets of an IPv4 header without options.
pub const HEADER: usize = 20;
/// Octets of an IPv6 header without extensions.
pub const HEADER_V6: usize = 40;
/// IP protocol number of an IPv4 packet inside another.
pub const IPIP: u8 = 4;
/// IP protocol number of an IPv6 packet inside another.
pub const IPV6: u8 = 41;
/// IP protocol number of the fragment header of IPv6.
const FRAGMENT: u8 = 44;
/// IP protocol number of GRE.
pub const GRE: u8 = 47;
/// IP protocol number of ESP.
pub const ESP: u8 = 50;
/// Time to live of headers made here, as IOS sends GRE.
pub const TTL: u8 = 255;

/// The version of an inner packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Version {
    /// The version of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// IP protocol number of such a packet inside another.
    pub fn protocol(self) -> u8 {
        match self {
            Self::V4 => IPIP,
            Self::V6 => IPV6,
        }
    }

    /// Octets of a header made here.
    pub fn header(self) -> usize {
        match self {
            Self::V4 => HEADER,
            Self::V6 => HEADER_V6,
        }
    }
}

/// What a data plane must know of an IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Protocol number; of IPv6 the first next header.
    pub protocol: u8,
    /// Type of service or traffic class: DSCP and ECN.
    pub tos: u8,
    /// Octets of the header, without extensions of IPv6.
    pub header: usize,
    /// Octets of the packet, at most those received.
    pub total: usize,
    /// Whether it is one of several fragments.
    pub fragment: bool,
}

impl Packet {
    /// Reads the header; `None` when it is no whole packet. The checksum is left to the
    /// kernel, which has checked or will check it.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let read = match packet.first()? >> 4 {
            4 => Self::parse_v4(packet)?,
            6 => Self::parse_v6(packet)?,
            _ => return None,
        };
        (read.total >= read.header && read.total <= packet.len()).then_some(read)
    }

    /// Its version.
    pub fn version(&self) -> Version {
        Version::of(self.source)
    }

    fn parse_v4(packet: &[u8]) -> Option<Self> {
        let fixed = packet.first_chunk::<HEADER>()?;
        let [
            first,
            tos,
            t1,
            t2,
            _,
            _,
            f1,
            f2,
            _,
            protocol,
            _,
            _,
            s @ ..,
            d1,
            d2,
            d3,
            d4,
        ] = *fixed;
        let header = usize::from(first & 15) * 4;
        (header >= HEADER).then_some(Self {
            source: Ipv4Addr::from(s).into(),
            destination: Ipv4Addr::from([d1, d2, d3, d4]).into(),
            protocol,
            tos,
            header,
            total: usize::from(u16::from_be_bytes([t1, t2])),
            fragment: u16::from_be_bytes([f1, f2]) & 0x3fff != 0,
        })
    }

    fn parse_v6(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_first_chunk::<8>()?;
        let (source, rest) = rest.split_first_chunk::<16>()?;
        let destination = rest.first_chunk::<16>()?;
        let [first, second, _, _, l1, l2, protocol, _] = *fixed;
        Some(Self {
            source: Ipv6Addr::from(*source).into(),
            destination: Ipv6Addr::from(*destination).into(),
            protocol,
            tos: first << 4 | second >> 4,
            header: HEADER_V6,
            total: HEADER_V6 + usize::from(u16::from_be_bytes([l1, l2])),
            fragment: protocol == FRAGMENT,
        })
    }
}

/// The header of an outer packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    octets: [u8; HEADER_V6],
    length: usize,
}

impl Header {
    /// A header for `payload` octets of `protocol` between two ends of one version. Of two
    /// versions it would be IPv6 with a mapped address, which nothing routes.
    pub fn new(source: IpAddr, destination: IpAddr, protocol: u8, tos: u8, payload: usize) -> Self {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let header = header_v4(source, destination, protocol, tos, payload);
                let mut octets = [0; HEADER_V6];
                octets[..HEADER].copy_from_slice(&header);
                Self {
                    octets,
                    length: HEADER,
                }
            }
            _ => Self {
                octets: header_v6(mapped(source), mapped(destination), protocol, tos, payload),
                length: HEADER_V6,
            },
        }
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// With checksum; identification 0 and fragmentation allowed (RFC 6864 lets an atomic packet
/// have any identification; the packet travels inside ESP and is never fragmented itself).
fn header_v4(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    tos: u8,
    payload: usize,
) -> [u8; HEADER] {
    let total = u16::try_from(HEADER + payload)
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let [s1, s2, s3, s4] = source.octets();
    let [d1, d2, d3, d4] = destination.octets();
    let mut header = [
        0x45, tos, total[0], total[1], 0, 0, 0, 0, TTL, protocol, 0, 0, s1, s2, s3, s4, d1, d2, d3,
        d4,
    ];
    let sum = checksum(&[&header]).to_be_bytes();
    header[10] = sum[0];
    header[11] = sum[1];
    header
}

/// Flow label 0 (RFC 8200 section 3).
fn header_v6(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    protocol: u8,
    tos: u8,
    payload: usize,
) -> [u8; HEADER_V6] {
    let length = u16::try_from(payload).unwrap_or(u16::MAX).to_be_bytes();
    let mut header = [0; HEADER_V6];
    header[..8].copy_from_slice(&[
        0x60 | tos >> 4,
        tos << 4,
        0,
        0,
        length[0],
        length[1],
        protocol,
        TTL,
    ]);
    header[8..24].copy_from_slice(&source.octets());
    header[24..].copy_from_slice(&destination.octets());
    header
}

/// The internet checksum (RFC 1071) over `parts` laid end to end; every part but the
/// last must have an even length. Over data that holds its checksum it is 0.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u64 = words.map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn word(pair: &[u8]) -> u64 {
    let high = pair.first().copied().unwrap_or_default();
    let low = pair.get(1).copied().unwrap_or_default();
    u64::from(u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2));
    const A6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const B6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));

    #[test]
    fn a_header_of_each_version_is_read_back() {
        for (source, destination, length) in [(A, B, HEADER), (A6, B6, HEADER_V6)] {
            let header = Header::new(source, destination, GRE, 0xb8, 0);
            let octets = header.as_bytes();
            let read = Packet::parse(octets).expect("whole");
            assert_eq!((read.source, read.destination), (source, destination));
            assert_eq!((read.protocol, read.tos), (GRE, 0xb8));
            assert_eq!((read.header, read.total), (length, length));
            assert_eq!(read.version().header(), length);
            assert!(!read.fragment);
            for cut in 0..length {
                assert_eq!(Packet::parse(&octets[..cut]), None);
            }
        }
    }

    #[test]
    fn the_ipv4_checksum_is_right() {
        let header = Header::new(A, B, GRE, 0xb8, 0);
        assert_eq!(checksum(&[header.as_bytes()]), 0);
    }

    #[test]
    fn the_example_of_rfc_1071_comes_out() {
        assert_eq!(
            !checksum(&[&[0x00, 0x01, 0xf2, 0x03], &[0xf4, 0xf5, 0xf6, 0xf7]]),
            0xddf2
        );
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for (source, destination, lies) in [
            (A, B, &[(0, 0x44), (0, 0x65), (3, 19)][..]),
            (A6, B6, &[(0, 0x50), (5, 5)][..]),
        ] {
            let mut octets = Header::new(source, destination, GRE, 0, 4)
                .as_bytes()
                .to_vec();
            assert_eq!(Packet::parse(&octets), None, "shorter than it says");
            octets.extend([0; 4]);
            assert!(Packet::parse(&octets).is_some());
            for (at, value) in lies {
                let mut broken = octets.clone();
                broken[*at] = *value;
                assert_eq!(Packet::parse(&broken), None);
            }
        }
    }

    #[test]
    fn fragments_of_both_versions_are_known() {
        let mut octets = Header::new(A, B, GRE, 0, 0).as_bytes().to_vec();
        octets[6] = 0x20;
        assert!(Packet::parse(&octets).is_some_and(|packet| packet.fragment));
        let octets = Header::new(A6, B6, FRAGMENT, 0, 0);
        assert!(Packet::parse(octets.as_bytes()).is_some_and(|packet| packet.fragment));
    }
}
