//! Capture files in pcapng (draft-ietf-opsawg-pcapng): sections in either byte order, interfaces with
//! their link type and their resolution of time, packets in all three kinds of block.

use std::io::Read;

use super::octets::{Order, array};
use super::pcap::Packet;
use super::source::{CaptureError, MAX_PACKET, Source};

/// The section being read.
#[derive(Debug)]
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
}

/// What a section says about one of its interfaces.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    /// Ticks of the clock in a second.
    ticks: u128,
    /// Seconds to add to every time.
    offset: i64,
}

impl Section {
    /// The type of a section header block, the same in both orders.
    pub(super) const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

    /// Reads a section header after its type.
    pub(super) fn open<R: Read>(source: &mut Source<R>) -> Result<Self, CaptureError> {
        let start = source.exact(8, SECTION_HEADER)?;
        let order = match array(&start, 4).unwrap_or_default() {
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            _ => return Err(CaptureError::Format("a section without byte order")),
        };
        let section = Self {
            order,
            interfaces: Vec::new(),
        };
        let length = order.u32(&start, 0).unwrap_or_default();
        section.rest(length, 12, SECTION_HEADER, source)?;
        Ok(section)
    }

    /// The next packet of this section or of one after it.
    pub(super) fn packet<R: Read>(
        &mut self,
        source: &mut Source<R>,
    ) -> Result<Option<Packet>, CaptureError> {
        while let Some(kind) = source.exact_or_end(4, "a block header")? {
            if array(&kind, 0) == Some(Self::MAGIC) {
                *self = Self::open(source)?;
                continue;
            }
            let kind = self.order.u32(&kind, 0).unwrap_or_default();
            if let Some(packet) = self.block(kind, source)? {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }

    /// Reads a block after its type; `Some` when it is a packet.
    fn block<R: Read>(
        &mut self,
        kind: u32,
        source: &mut Source<R>,
    ) -> Result<Option<Packet>, CaptureError> {
        let length = source.exact(4, "a block header")?;
        let length = self.order.u32(&length, 0).unwrap_or_default();
        let body = self.rest(length, 8, "a block", source)?;
        let packet = match kind {
            INTERFACE => {
                self.interface(&body, source)?;
                return Ok(None);
            }
            ENHANCED_PACKET => self.stamped(&body, self.order.u32(&body, 0)),
            OLD_PACKET => self.stamped(&body, self.order.u16(&body, 0).map(u32::from)),
            SIMPLE_PACKET => self.simple(&body),
            _ => return Ok(None),
        };
        match packet {
            Some(packet) => Ok(Some(packet)),
            None => Err(source.broken("a packet block contradicts its length or its interface")),
        }
    }

    /// Reads what follows the first `done` octets of a block, and its second length field.
    fn rest<R: Read>(
        &self,
        length: u32,
        done: u32,
        what: &'static str,
        source: &mut Source<R>,
    ) -> Result<Vec<u8>, CaptureError> {
        let body = length
            .checked_sub(done + 4)
            .filter(|_| length.is_multiple_of(4))
            .ok_or_else(|| source.broken("the length of a block is impossible"))?;
        let kept = MAX_PACKET + PACKET_FIELDS;
        let body = source.start_of(body.into(), kept, what)?;
        let again = source.exact(4, what)?;
        if self.order.u32(&again, 0) != Some(length) {
            return Err(source.broken("the two lengths of a block differ"));
        }
        Ok(body)
    }

    fn interface<R: Read>(&mut self, body: &[u8], source: &Source<R>) -> Result<(), CaptureError> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(source.broken("more than 4096 interfaces"));
        }
        let link = (self.order.u16(body, 0))
            .ok_or_else(|| source.broken("an interface without link type"))?;
        let options = body.get(8..).unwrap_or_default();
        let resolution = self.option(options, OPTION_RESOLUTION);
        let offset = self.option(options, OPTION_OFFSET);
        self.interfaces.push(Interface {
            link,
            ticks: resolution.map_or(1_000_000, ticks),
            offset: offset
                .and_then(|value| self.order.i64(value, 0))
                .unwrap_or_default(),
        });
        Ok(())
    }

    /// The value of the first option of a kind.
    fn option<'a>(&self, mut options: &'a [u8], wanted: u16) -> Option<&'a [u8]> {
        loop {
            let kind = self.order.u16(options, 0)?;
            let length = usize::from(self.order.u16(options, 2)?);
            if kind == wanted {
                return options.get(4..4 + length);
            }
            options = options.get(4 + length.next_multiple_of(4)..)?;
        }
    }

    /// A packet with its time: the fields after the interface are the same in two kinds of block.
    fn stamped(&self, body: &[u8], interface: Option<u32>) -> Option<Packet> {
        let interface = self.interfaces.get(usize::try_from(interface?).ok()?)?;
        let (high, low) = (self.order.u32(body, 4)?, self.order.u32(body, 8)?);
        let length = usize::try_from(self.order.u32(body, 12)?).ok()?;
        Some(Packet {
            time: interface.time(u64::from(high) << 32 | u64::from(low)),
            link: interface.link,
            octets: captured(body, PACKET_FIELDS, length)?,
        })
    }

    /// A packet of the first interface, without time, cut where the block ends.
    fn simple(&self, body: &[u8]) -> Option<Packet> {
        let length = usize::try_from(self.order.u32(body, 0)?).ok()?;
        Some(Packet {
            time: None,
            link: self.interfaces.first()?.link,
            octets: captured(body, 4, length.min(body.len().checked_sub(4)?))?,
        })
    }
}

impl Interface {
    /// Nanoseconds since 1970.
    fn time(self, ticks: u64) -> Option<i128> {
        let nanoseconds = u128::from(ticks).checked_mul(1_000_000_000)? / self.ticks;
        let offset = i128::from(self.offset) * 1_000_000_000;
        i128::try_from(nanoseconds).ok()?.checked_add(offset)
    }
}

/// The octets of a packet, cut at [`MAX_PACKET`]; `None` where the block has fewer.
fn captured(body: &[u8], from: usize, length: usize) -> Option<Vec<u8>> {
    let end = from.checked_add(length.min(MAX_PACKET))?;
    body.get(from..end).map(<[u8]>::to_vec)
}

/// A resolution: a negative power of ten or, with the highest bit, of two.
fn ticks(value: &[u8]) -> u128 {
    let exponent = value.first().copied().unwrap_or(6);
    let base: u128 = if exponent & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(u32::from(exponent & 0x7f))
        .unwrap_or(u128::MAX)
}

const SECTION_HEADER: &str = "a section header";
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const OPTION_RESOLUTION: u16 = 9;
const OPTION_OFFSET: u16 = 14;
/// Octets of a packet block before its packet.
const PACKET_FIELDS: usize = 20;
/// Interfaces read from one section; more are refused.
const MAX_INTERFACES: usize = 4096;
