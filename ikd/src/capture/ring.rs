//! The newest packets of IKE, both ways, with what the engine decided at each: always on, bounded in
//! octets, the oldest dropped first. Octets are shared with the engine, not copied.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use ike_wire::natt::{KEEPALIVE, NON_ESP_MARKER};

use super::file::cut;
use super::packet;
use ike_core::sa::natt::NAT_PORT;

/// Octets of the ring of a daemon that is told nothing else.
pub(crate) const DEFAULT_OCTETS: usize = 4 << 20;
/// Octets of remarks at one packet.
const MAX_COMMENT: usize = 1000;
/// What stands where more was said.
const MORE: &str = "\n...";
/// What a packet costs beside its octets and remarks.
const OVERHEAD: usize = size_of::<Packet>();

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Microseconds since 1970.
    pub(crate) time: u64,
    /// Our end.
    pub(crate) local: SocketAddr,
    /// The peer's end.
    pub(crate) remote: SocketAddr,
    /// We sent it.
    pub(crate) outbound: bool,
    /// The IKE message without the non-ESP marker, or the octet of a keepalive.
    pub(crate) octets: Bytes,
    /// Decisions and messages that fell here, a line each.
    pub(crate) comment: String,
}

/// The packets.
pub(crate) struct Ring {
    packets: VecDeque<Packet>,
    /// What they cost.
    octets: usize,
    limit: usize,
    /// Number of the oldest packet that is there: as many were dropped.
    first: u64,
    /// The packet that is being handled.
    current: Option<u64>,
    /// Remarks for the next packet that is sent.
    told: String,
}

impl Packet {
    /// Source and destination.
    pub(crate) fn ends(&self) -> (SocketAddr, SocketAddr) {
        match self.outbound {
            true => (self.local, self.remote),
            false => (self.remote, self.local),
        }
    }

    /// The IP packet around it, with the non-ESP marker that stood there (RFC 3948 2.2).
    pub(crate) fn ip(&self) -> Vec<u8> {
        let (source, destination) = self.ends();
        let marked = self.local.port() == NAT_PORT && *self.octets != KEEPALIVE;
        let marker: &[u8] = if marked { &NON_ESP_MARKER } else { &[] };
        packet::udp(source, destination, &[marker, &self.octets])
    }

    fn cost(&self) -> usize {
        OVERHEAD + self.octets.len() + self.comment.len()
    }
}

impl Ring {
    /// An empty ring of so many octets; with 0 it stays empty.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            packets: VecDeque::new(),
            octets: 0,
            limit,
            first: 0,
            current: None,
            told: String::new(),
        }
    }

    /// A packet that was received: what is told from here to [`Self::settle`] belongs to it.
    pub(crate) fn received(&mut self, packet: Packet) -> u64 {
        let number = self.push(packet);
        self.current = Some(number);
        number
    }

    /// A packet that was sent: what was told before, and not at a received one, belongs to it.
    pub(crate) fn sent(&mut self, mut packet: Packet) -> u64 {
        packet.comment = std::mem::take(&mut self.told);
        self.push(packet)
    }

    /// A remark.
    pub(crate) fn tell(&mut self, text: &str) {
        match self.current {
            Some(number) => self.remark(number, text),
            None => remark(&mut self.told, text),
        }
    }

    /// The event is over: remarks that found no packet belong to the newest one.
    pub(crate) fn settle(&mut self) {
        self.current = None;
        if self.told.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.told);
        if let Some(newest) = self.next_number().checked_sub(1) {
            self.remark(newest, &text);
        }
    }

    /// The packets, oldest first.
    pub(crate) fn packets(&self) -> impl DoubleEndedIterator<Item = &Packet> {
        self.packets.iter()
    }

    /// How many were dropped; the number of the oldest one that is there.
    pub(crate) fn dropped(&self) -> u64 {
        self.first
    }

    /// Number of the packet that comes next.
    fn next_number(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    fn push(&mut self, packet: Packet) -> u64 {
        let number = self.next_number();
        self.octets += packet.cost();
        self.packets.push_back(packet);
        self.shrink();
        number
    }

    fn shrink(&mut self) {
        while self.octets > self.limit
            && let Some(oldest) = self.packets.pop_front()
        {
            self.octets -= oldest.cost();
            self.first += 1;
        }
    }

    fn remark(&mut self, number: u64, text: &str) {
        let index = number.checked_sub(self.first);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(packet) = index.and_then(|index| self.packets.get_mut(index)) {
            let before = packet.cost();
            remark(&mut packet.comment, text);
            self.octets += packet.cost() - before;
            self.shrink();
        }
    }
}

/// Adds a line as far as there is room, and says once that there was more.
fn remark(comment: &mut String, text: &str) {
    if comment.ends_with(MORE) {
        return;
    }
    if !comment.is_empty() {
        comment.push('\n');
    }
    let room = MAX_COMMENT.saturating_sub(comment.len());
    comment.push_str(cut(text, room));
    if text.len() > room {
        comment.push_str(MORE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Content, content};

    fn packet(octets: &'static [u8], port: u16) -> Packet {
        Packet {
            time: 1,
            local: SocketAddr::new([192, 0, 2, 1].into(), port),
            remote: "192.0.2.2:1024".parse().unwrap(),
            outbound: false,
            octets: Bytes::from_static(octets),
            comment: String::new(),
        }
    }

    fn comments(ring: &Ring) -> Vec<&str> {
        ring.packets().map(|p| p.comment.as_str()).collect()
    }

    /// What is decided at a received packet belongs to it, what a job decided to the answer, and the last
    /// word to the newest packet.
    #[test]
    fn decisions_stand_at_the_packet_where_they_fell() {
        let mut ring = Ring::new(DEFAULT_OCTETS);
        ring.received(packet(b"MM3", 500));
        ring.tell("asks for CA1 [S-020]");
        ring.sent(packet(b"MM4", 500));
        ring.settle();
        ring.tell("signs with IOSCA1 [S-030]");
        ring.sent(packet(b"MM5", 500));
        ring.settle();
        ring.tell("%CRYPTO-5-IKMP_INVAL_CERT");
        ring.settle();
        let last = "signs with IOSCA1 [S-030]\n%CRYPTO-5-IKMP_INVAL_CERT";
        assert_eq!(comments(&ring), ["asks for CA1 [S-020]", "", last]);
    }

    /// Neither packets nor remarks grow beyond the limit; a remark for a packet that is gone is lost.
    #[test]
    fn the_oldest_packets_go_and_memory_is_bounded() {
        let limit = 100 * OVERHEAD;
        let mut ring = Ring::new(limit);
        for _ in 0..1000 {
            ring.received(packet(b"1234", 500));
            for _ in 0..10 {
                ring.tell(&"x".repeat(400));
            }
            ring.settle();
            let cost: usize = ring.packets().map(Packet::cost).sum();
            assert!(cost == ring.octets && cost <= limit);
        }
        assert_eq!(ring.dropped() + ring.packets.len() as u64, 1000);
        assert!(comments(&ring)[0].ends_with(MORE));
        let mut off = Ring::new(0);
        off.received(packet(b"1234", 500));
        off.tell("nobody");
        off.settle();
        assert_eq!((off.packets.len(), off.octets), (0, 0));
    }

    /// RFC 3948 2.2: the marker was there, and is in the capture; a keepalive has none.
    #[test]
    fn packets_of_port_4500_have_their_marker() {
        for (octets, port, payload) in [
            (&b"IKE"[..], 500, &b"IKE"[..]),
            (b"IKE", 4500, b"\0\0\0\0IKE"),
            (b"\xff", 4500, b"\xff"),
        ] {
            let ip = packet(octets, port).ip();
            let Some(Content::Udp(datagram)) = content(101, &ip) else {
                panic!("no datagram");
            };
            assert_eq!(datagram.payload, payload);
            assert_eq!(datagram.destination.port(), port);
        }
    }
}
