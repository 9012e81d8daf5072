//! From a captured packet to the UDP datagram in it: link headers, IPv4, IPv6 and its extensions.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::octets::{array, be16};

/// What a packet is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A UDP datagram.
    Udp(Datagram<'a>),
    /// A piece of an IP datagram that carries UDP.
    Fragment(Fragment),
    /// Another protocol.
    Other,
    /// The packet ends before it says what it is, or contradicts itself.
    Unreadable(&'static str),
}

/// A UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Datagram<'a> {
    /// The sender.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: SocketAddr,
    /// What it carries, without what the capture left out.
    pub payload: &'a [u8],
    /// Octets that the capture left out.
    pub missing: usize,
}

/// A fragment of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The sender.
    pub source: IpAddr,
    /// The receiver.
    pub destination: IpAddr,
    /// Octets from the start of the datagram to this piece.
    pub offset: u16,
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            destination,
            offset,
        } = self;
        write!(
            f,
            "{source} -> {destination}  IP fragment of UDP at octet {offset}: passed over"
        )
    }
}

/// Finds the datagram in a packet of a link type; `None` for a link type that is not known here.
#[must_use]
pub(crate) fn content(link: u16, packet: &[u8]) -> Option<Content<'_>> {
    let found = match link {
        LOOPBACK | LOOPBACK_NETWORK => loopback(packet),
        ETHERNET => ethernet(packet),
        RAW_BSD | RAW_OPENBSD | RAW | RAW_IPV4 | RAW_IPV6 => Ok(Some(packet)),
        COOKED => after(packet, 14, 16),
        COOKED_2 => after(packet, 0, 20),
        _ => return None,
    };
    Some(match found {
        Ok(Some(packet)) => ip(packet).unwrap_or_else(Content::Unreadable),
        Ok(None) => Content::Other,
        Err(what) => Content::Unreadable(what),
    })
}

/// An IP packet, or none, or why nobody can tell.
type Found<'a> = Result<Option<&'a [u8]>, &'static str>;

/// The family is written in the order of the machine (0) or of the network (108).
fn loopback(packet: &[u8]) -> Found<'_> {
    let family = array(packet, 0).ok_or(LINK_HEADER)?;
    // AF_INET is 2 everywhere, AF_INET6 is not.
    let is_ip = |number| [2, 10, 24, 28, 30].contains(&number);
    let (little, big) = (u32::from_le_bytes(family), u32::from_be_bytes(family));
    Ok((is_ip(little) || is_ip(big)).then(|| packet.get(4..).unwrap_or_default()))
}

fn ethernet(frame: &[u8]) -> Found<'_> {
    let mut at = 12;
    for _ in 0..=MAX_TAGS {
        match be16(frame, at).ok_or(LINK_HEADER)? {
            0x8100 | 0x88a8 | 0x9100 => at += 4,
            _ => return after(frame, at, at + 2),
        }
    }
    Err("more than four VLAN tags")
}

/// IP after a header of `length` octets whose EtherType is at `at`.
fn after(packet: &[u8], at: usize, length: usize) -> Found<'_> {
    let kind = be16(packet, at).ok_or(LINK_HEADER)?;
    let rest = packet.get(length..).ok_or(LINK_HEADER)?;
    Ok([0x0800, 0x86dd].contains(&kind).then_some(rest))
}

fn ip(packet: &[u8]) -> Result<Content<'_>, &'static str> {
    match packet.first().ok_or("no octet of IP is there")? >> 4 {
        4 => ipv4(packet),
        6 => ipv6(packet),
        _ => Ok(Content::Other),
    }
}

/// RFC 791 3.1.
fn ipv4(packet: &[u8]) -> Result<Content<'_>, &'static str> {
    const CUT: &str = "the IPv4 header is cut short";
    let header = array::<20>(packet, 0).ok_or(CUT)?;
    let [first, _, _, _, _, _, _, _, _, protocol, ..] = header;
    let length = usize::from(first & 15) * 4;
    let total = usize::from(be16(&header, 2).unwrap_or_default());
    // A sender that leaves segmentation to its network card may have written zero.
    let total = if total == 0 { packet.len() } else { total };
    if length < header.len() || total < length {
        return Err("the lengths in the IPv4 header are impossible");
    }
    let ends = [12, 16].map(|at| Ipv4Addr::from(array(&header, at).unwrap_or([0; 4])).into());
    let fragment = be16(&header, 6).unwrap_or_default();
    let body = packet.get(length..).ok_or(CUT)?;
    let piece = (fragment & 0x3fff != 0).then_some((fragment & 0x1fff) * 8);
    transport(protocol, ends, piece, body, total - length)
}

/// RFC 8200 3 and 4.
fn ipv6(packet: &[u8]) -> Result<Content<'_>, &'static str> {
    const CUT: &str = "the IPv6 header is cut short";
    let header = array::<40>(packet, 0).ok_or(CUT)?;
    let [_, _, _, _, _, _, mut next, ..] = header;
    let ends = [8, 24].map(|at| Ipv6Addr::from(array(&header, at).unwrap_or([0; 16])).into());
    let mut body = packet.get(40..).unwrap_or_default();
    let mut length = match be16(&header, 4).unwrap_or_default() {
        0 => body.len(),
        length => length.into(),
    };
    let mut piece = None;
    for _ in 0..MAX_EXTENSIONS {
        let size = match next {
            HOP_BY_HOP | ROUTING | DESTINATION => extension(body, 8)? + 8,
            AUTHENTICATION => extension(body, 4)? + 8,
            FRAGMENT if piece.is_none() => {
                let field = be16(body, 2).ok_or(CUT)?;
                // Offset zero without more to come is a whole datagram (RFC 6946).
                piece = (field & 0xfff9 != 0).then_some(field & 0xfff8);
                8
            }
            _ => return transport(next, ends, piece, body, length),
        };
        // The next header of a piece is that of the whole datagram.
        let later = piece.is_some_and(|offset| offset > 0);
        next = *body.first().ok_or(CUT)?;
        if later {
            return transport(next, ends, piece, &[], 0);
        }
        body = body.get(size..).ok_or(CUT)?;
        length = length
            .checked_sub(size)
            .ok_or("the IPv6 payload length is impossible")?;
    }
    Err("more than 16 IPv6 extension headers")
}

/// Octets of an extension header after the first eight.
fn extension(body: &[u8], unit: usize) -> Result<usize, &'static str> {
    let length = body.get(1).ok_or("an IPv6 extension header is cut short")?;
    Ok(usize::from(*length) * unit)
}

/// `length` is what IP says about `body`, which may have less (a cut capture) or more (padding).
fn transport(
    protocol: u8,
    [source, destination]: [IpAddr; 2],
    piece: Option<u16>,
    body: &[u8],
    length: usize,
) -> Result<Content<'_>, &'static str> {
    match piece {
        _ if protocol != UDP => Ok(Content::Other),
        Some(offset) => Ok(Content::Fragment(Fragment {
            source,
            destination,
            offset,
        })),
        None => udp([source, destination], body, length),
    }
}

/// RFC 768.
fn udp(ends: [IpAddr; 2], body: &[u8], length: usize) -> Result<Content<'_>, &'static str> {
    let header = array::<8>(body, 0).ok_or("the UDP header is cut short")?;
    let field = |at| be16(&header, at).unwrap_or_default();
    let claimed = match usize::from(field(4)) {
        0 => length,
        claimed => claimed,
    };
    if claimed < header.len() || claimed > length {
        return Err("the length in the UDP header is impossible");
    }
    let there = claimed.min(body.len());
    let [source, destination] = ends;
    Ok(Content::Udp(Datagram {
        source: SocketAddr::new(source, field(0)),
        destination: SocketAddr::new(destination, field(2)),
        payload: body.get(header.len()..there).unwrap_or_default(),
        missing: claimed - there,
    }))
}

const LINK_HEADER: &str = "the link header is cut short";
/// VLAN tags of one frame; more are refused.
const MAX_TAGS: usize = 4;
/// Extension headers of one packet; more are refused.
const MAX_EXTENSIONS: usize = 16;

// Link types of <https://www.tcpdump.org/linktypes.html>.
const LOOPBACK: u16 = 0;
const ETHERNET: u16 = 1;
const RAW_BSD: u16 = 12;
const RAW_OPENBSD: u16 = 14;
const RAW: u16 = 101;
const LOOPBACK_NETWORK: u16 = 108;
const COOKED: u16 = 113;
const RAW_IPV4: u16 = 228;
const RAW_IPV6: u16 = 229;
const COOKED_2: u16 = 276;

// Protocols of IP.
const HOP_BY_HOP: u8 = 0;
const UDP: u8 = 17;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
