//! Buffers and points: which packets of the ring they show.

use std::net::SocketAddr;

use super::Place;
use crate::capture::ring::{Packet, Ring};

/// Kilobytes of a buffer where the line says nothing (O-088).
const SIZE: u32 = 1024;

/// A buffer.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    pub(crate) size: u32,
    pub(crate) element: u32,
    pub(crate) circular: bool,
    /// Packets before that time are forgotten.
    pub(super) cleared: u64,
    pub(super) spans: Vec<Span>,
}

/// A point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) place: Place,
    pub(crate) buffer: Option<String>,
    pub(crate) active: bool,
}

/// A time in which a buffer was filled; without an end it still is.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) point: String,
    pub(super) place: Place,
    pub(super) from: u64,
    pub(super) until: Option<u64>,
}

impl Buffer {
    /// An empty one with packets of so many octets.
    pub(super) fn new(element: u32) -> Self {
        Self {
            size: SIZE,
            element,
            circular: false,
            cleared: 0,
            spans: Vec::new(),
        }
    }

    /// The packets, each cut to the element size: a linear buffer has what came first, a circular one the
    /// newest.
    pub(super) fn packets(&self, ring: &Ring) -> Vec<(Packet, Vec<u8>)> {
        let taken = ring.packets().filter(|packet| self.takes(packet));
        let mut taken: Vec<(Packet, Vec<u8>)> = taken.map(|p| (p.clone(), self.cut(p))).collect();
        if self.circular {
            taken.reverse();
        }
        let mut room = usize::try_from(self.size)
            .unwrap_or(usize::MAX)
            .saturating_mul(1024);
        let full = taken.iter().position(|(_, octets)| {
            let left = room.checked_sub(octets.len());
            room = left.unwrap_or_default();
            left.is_none()
        });
        taken.truncate(full.unwrap_or(taken.len()));
        if self.circular {
            taken.reverse();
        }
        taken
    }

    fn takes(&self, packet: &Packet) -> bool {
        packet.time >= self.cleared && self.spans.iter().any(|span| span.takes(packet))
    }

    fn cut(&self, packet: &Packet) -> Vec<u8> {
        let mut octets = packet.ip();
        octets.truncate(usize::try_from(self.element).unwrap_or(usize::MAX));
        octets
    }
}

impl Span {
    fn takes(&self, packet: &Packet) -> bool {
        let direction = if packet.outbound {
            self.place.outbound
        } else {
            self.place.inbound
        };
        let time = packet.time >= self.from && self.until.is_none_or(|until| packet.time <= until);
        direction && time && self.place.has(packet.local)
    }
}

impl Place {
    fn has(&self, local: SocketAddr) -> bool {
        self.interface == "all" || self.addresses.contains(&local.ip())
    }
}

/// A pcap file of raw IP packets (W-001): what `export` writes.
pub(crate) fn pcap(packets: &[(Packet, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(0xa1b2_c3d4_u32.to_le_bytes());
    out.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(65_535_u32.to_le_bytes());
    out.extend(101_u32.to_le_bytes());
    for (packet, octets) in packets {
        let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(word(packet.time / 1_000_000));
        out.extend(word(packet.time % 1_000_000));
        out.extend(word(octets.len() as u64));
        out.extend(word(packet.ip().len() as u64));
        out.extend(octets);
    }
    out
}
