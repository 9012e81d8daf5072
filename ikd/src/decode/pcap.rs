//! Capture files: the classic format (draft-ietf-opsawg-pcap) here, pcapng beside it.
//!
//! Both are read as streams, a packet at a time, in either byte order; classic files count time in
//! microseconds or in nanoseconds.

use std::io::Read;

use super::octets::{Order, array};
use super::pcapng::Section;
use super::source::{CaptureError, MAX_PACKET, Source};

/// A packet as it was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds since 1970; `None` where the file has no time.
    pub time: Option<i128>,
    /// The number of its link type (LINKTYPE_…).
    pub link: u16,
    /// Its octets from the link header on, at most [`MAX_PACKET`] of them.
    pub octets: Vec<u8>,
}

/// Reads the packets of a capture file one by one.
#[derive(Debug)]
pub struct Capture<R> {
    source: Source<R>,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Classic(Classic),
    Pcapng(Section),
}

/// What the header of a classic file says.
#[derive(Clone, Copy, Debug)]
struct Classic {
    order: Order,
    /// Nanoseconds of the second half of a timestamp.
    fraction: u32,
    link: u16,
}

impl<R: Read> Capture<R> {
    /// Reads the header of the file.
    ///
    /// # Errors
    /// It is neither pcap nor pcapng, or it ends in its header.
    pub fn open(from: R) -> Result<Self, CaptureError> {
        let mut source = Source::new(from);
        let magic = source
            .exact_or_end(4, "the file header")?
            .ok_or(CaptureError::Format("the file is empty"))?;
        let format = match array(&magic, 0).unwrap_or_default() {
            Section::MAGIC => Format::Pcapng(Section::open(&mut source)?),
            magic => Format::Classic(Classic::open(magic, &mut source)?),
        };
        Ok(Self { source, format })
    }

    /// The next packet, `None` at the end of the file.
    ///
    /// # Errors
    /// The file ends in a packet, contradicts itself or cannot be read; there is no going on.
    pub fn packet(&mut self) -> Result<Option<Packet>, CaptureError> {
        match &mut self.format {
            Format::Classic(classic) => classic.packet(&mut self.source),
            Format::Pcapng(section) => section.packet(&mut self.source),
        }
    }
}

impl Classic {
    fn open<R: Read>(magic: [u8; 4], source: &mut Source<R>) -> Result<Self, CaptureError> {
        let (order, fraction) = match magic {
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, MICROSECOND),
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, MICROSECOND),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, NANOSECOND),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, NANOSECOND),
            _ => return Err(CaptureError::Format("not a capture file")),
        };
        let header = source.exact(20, "the file header")?;
        // The upper half of the field counts octets of frame check sequences.
        let link = order.u32(&header, 16).unwrap_or_default() & 0xffff;
        Ok(Self {
            order,
            fraction,
            link: u16::try_from(link).unwrap_or_default(),
        })
    }

    fn packet<R: Read>(self, source: &mut Source<R>) -> Result<Option<Packet>, CaptureError> {
        let Some(header) = source.exact_or_end(16, "a packet header")? else {
            return Ok(None);
        };
        let field = |at| self.order.u32(&header, at).unwrap_or_default();
        let octets = source.start_of(field(8).into(), MAX_PACKET, "a packet")?;
        let time =
            i128::from(field(0)) * 1_000_000_000 + i128::from(field(4)) * i128::from(self.fraction);
        Ok(Some(Packet {
            time: Some(time),
            link: self.link,
            octets,
        }))
    }
}

const MICROSECOND: u32 = 1000;
const NANOSECOND: u32 = 1;
