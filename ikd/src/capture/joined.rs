//! IP datagrams that came in fragments, put together for a reader of the wire. Bounded: fragments
//! prove nothing, and a capture is hostile.

use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
use std::net::{IpAddr, SocketAddr};

use testnet::packet::{Flow, UDP};

/// Datagrams in the making at once.
const MAX_DATAGRAMS: usize = 64;
/// Pieces of one: 65,535 octets in the smallest pieces that anybody sends.
const MAX_PIECES: usize = 256;
/// Octets of one.
const MAX_OCTETS: usize = 65_535;

/// A UDP datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) payload: Vec<u8>,
}

type Which = (IpAddr, IpAddr, u32);

/// Fragments that wait for others.
#[derive(Default)]
pub(super) struct Joined {
    waiting: BTreeMap<Which, Pieces>,
    order: VecDeque<Which>,
}

#[derive(Default)]
struct Pieces {
    parts: BTreeMap<usize, Vec<u8>>,
    /// Octets in them.
    octets: usize,
    end: Option<usize>,
}

impl Joined {
    /// The UDP datagram in a raw IP packet, or the one that it completes.
    pub(super) fn datagram(&mut self, packet: &[u8]) -> Option<Datagram> {
        let flow = Flow::of(packet).filter(|flow| flow.protocol == UDP)?;
        let body = packet.get(flow.header..flow.total)?;
        let ends = (flow.source, flow.destination);
        if !flow.is_fragment() {
            return udp(ends, body);
        }
        let which = (flow.source, flow.destination, flow.identification);
        let whole = self.pieces(which).take(&flow, body)?;
        self.waiting.remove(&which);
        self.order.retain(|waiting| *waiting != which);
        udp(ends, &whole)
    }

    fn pieces(&mut self, which: Which) -> &mut Pieces {
        if !self.waiting.contains_key(&which) {
            self.order.push_back(which);
            if self.order.len() > MAX_DATAGRAMS
                && let Some(oldest) = self.order.pop_front()
            {
                self.waiting.remove(&oldest);
            }
        }
        self.waiting.entry(which).or_default()
    }
}

impl Pieces {
    /// Takes a piece in; the whole when none is missing. A piece that was there stays.
    fn take(&mut self, flow: &Flow, body: &[u8]) -> Option<Vec<u8>> {
        let end = flow.fragment_offset + body.len();
        if end > MAX_OCTETS || self.parts.len() >= MAX_PIECES {
            return None;
        }
        if !flow.more_fragments {
            self.end = Some(end);
        }
        if let Entry::Vacant(place) = self.parts.entry(flow.fragment_offset) {
            place.insert(body.to_vec());
            self.octets += body.len();
        }
        // B8: they are put together once, when as many octets are there as there have to be.
        (Some(self.octets) == self.end)
            .then(|| self.whole())
            .flatten()
    }

    /// RFC 5722: overlapping pieces are not put together.
    fn whole(&self) -> Option<Vec<u8>> {
        let mut whole = Vec::with_capacity(self.octets);
        for (at, part) in &self.parts {
            if *at != whole.len() {
                return None;
            }
            whole.extend_from_slice(part);
        }
        Some(whole)
    }
}

fn udp((source, destination): (IpAddr, IpAddr), body: &[u8]) -> Option<Datagram> {
    let port = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let length = usize::from(port(4)?);
    Some(Datagram {
        source: SocketAddr::new(source, port(0)?),
        destination: SocketAddr::new(destination, port(2)?),
        payload: body.get(8..length)?.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::packet;
    use super::*;

    /// The pieces of an IPv4 packet, each with so many octets.
    fn cut(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
        let (header, body) = packet.split_at(20);
        let pieces: Vec<&[u8]> = body.chunks(size).collect();
        let piece = |(n, part): (usize, &&[u8])| {
            let mut out = [header, part].concat();
            let total = u16::try_from(out.len()).unwrap();
            out[2..4].copy_from_slice(&total.to_be_bytes());
            let more = if n + 1 < pieces.len() { 0x2000 } else { 0 };
            let field = u16::try_from(n * size / 8).unwrap() | more;
            out[6..8].copy_from_slice(&field.to_be_bytes());
            out
        };
        pieces.iter().enumerate().map(piece).collect()
    }

    #[test]
    fn fragments_of_ip_make_their_datagram_in_any_order() {
        let (from, to) = (
            "192.0.2.1:500".parse().unwrap(),
            "192.0.2.2:500".parse().unwrap(),
        );
        let payload: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let packet = packet::udp(from, to, &[&payload]);
        let mut joined = Joined::default();
        let whole = Datagram {
            source: from,
            destination: to,
            payload,
        };
        assert_eq!(joined.datagram(&packet).as_ref(), Some(&whole));
        let mut pieces = cut(&packet, 1480);
        for _ in 0..2 {
            let last = pieces.pop().unwrap();
            for piece in &pieces {
                assert_eq!(joined.datagram(piece), None);
                assert_eq!(joined.datagram(piece), None);
            }
            assert_eq!(joined.datagram(&last).as_ref(), Some(&whole));
            pieces.insert(0, last);
        }
        assert!(joined.waiting.is_empty() && joined.order.is_empty());
    }

    /// B9: first pieces without an end do not pile up.
    #[test]
    fn datagrams_in_the_making_are_bounded() {
        let end = "192.0.2.1:500".parse().unwrap();
        let packet = packet::udp(end, end, &[&[0; 3000]]);
        let mut joined = Joined::default();
        for id in 0..1000u16 {
            let mut piece = cut(&packet, 1480).remove(0);
            piece[4..6].copy_from_slice(&id.to_be_bytes());
            assert_eq!(joined.datagram(&piece), None);
        }
        assert_eq!(joined.waiting.len(), MAX_DATAGRAMS);
        assert_eq!(joined.order.len(), MAX_DATAGRAMS);
    }
}
