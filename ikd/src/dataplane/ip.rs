//! The IPv4 header (RFC 791) of tunnelled packets: building, checking, checksum.
//!
//! What the outer header takes from the inner one follows RFC 4301 section 5.1.2: TOS
//! is copied, the TTL is a new one. DF is not copied: the MTU of the tunnel device
//! keeps packets small, and a packet that is too large all the same is fragmented
//! outside rather than lost.

use std::net::Ipv4Addr;

/// Octets of a header without options.
pub const HEADER: usize = 20;
/// IP protocol number of an IPv4 packet inside another.
pub const IPIP: u8 = 4;
/// IP protocol number of GRE.
pub const GRE: u8 = 47;
/// IP protocol number of ESP.
pub const ESP: u8 = 50;
/// Time to live of headers made here, as IOS sends GRE.
pub const TTL: u8 = 255;

/// What a data plane must know of an IPv4 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Protocol number.
    pub protocol: u8,
    /// Type of service: DSCP and ECN.
    pub tos: u8,
    /// Octets of the header.
    pub header: usize,
    /// Octets of the packet, at most those received.
    pub total: usize,
    /// Whether it is one of several fragments.
    pub fragment: bool,
}

impl Ipv4 {
    /// Reads the header; `None` when it is no whole IPv4 packet. The checksum is left
    /// to the kernel, which has checked or will check it.
    pub fn parse(packet: &[u8]) -> Option<Self> {
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
        let total = usize::from(u16::from_be_bytes([t1, t2]));
        let sound = first >> 4 == 4 && header >= HEADER && total >= header && total <= packet.len();
        sound.then_some(Self {
            source: Ipv4Addr::from(s),
            destination: Ipv4Addr::from([d1, d2, d3, d4]),
            protocol,
            tos,
            header,
            total,
            fragment: u16::from_be_bytes([f1, f2]) & 0x3fff != 0,
        })
    }
}

/// A header for `payload` octets of `protocol`, with checksum; identification 0 and
/// fragmentation allowed (RFC 6864 lets an atomic packet have any identification; the
/// packet travels inside ESP and is never fragmented itself).
pub fn header(
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

    const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);

    #[test]
    fn a_header_is_read_back_and_its_checksum_is_right() {
        let octets = header(A, B, GRE, 0xb8, 0);
        assert_eq!(checksum(&[&octets]), 0);
        let read = Ipv4::parse(&octets).expect("whole");
        assert_eq!(
            (read.source, read.destination, read.protocol, read.tos),
            (A, B, GRE, 0xb8)
        );
        assert_eq!((read.header, read.total, read.fragment), (20, 20, false));
        for cut in 0..HEADER {
            assert_eq!(Ipv4::parse(&octets[..cut]), None);
        }
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
        let mut octets = header(A, B, GRE, 0, 4).to_vec();
        assert_eq!(Ipv4::parse(&octets), None, "shorter than its total length");
        octets.extend([0; 4]);
        assert!(Ipv4::parse(&octets).is_some());
        for (at, value) in [(0, 0x44), (0, 0x65), (3, 19)] {
            let mut broken = octets.clone();
            broken[at] = value;
            assert_eq!(Ipv4::parse(&broken), None);
        }
    }
}
