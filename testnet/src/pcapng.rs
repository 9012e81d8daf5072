//! Capture files in pcapng (draft-ietf-opsawg-pcapng), the subset a wire needs.
//!
//! A section header, interfaces of LINKTYPE_RAW (rule W-001: packets start with their
//! IP header) and enhanced packets with microsecond timestamps and comments. Little
//! endian. The reader accepts what the writer writes.

use std::io::{self, Write};

/// LINKTYPE_RAW: the packet begins with its IPv4 or IPv6 header.
pub const LINKTYPE_RAW: u16 = 101;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_NAME: u16 = 2;

/// Writes one section.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    interfaces: u32,
}

impl<W: Write> Writer<W> {
    /// Starts a section.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn new(mut to: W) -> io::Result<Self> {
        let unknown_length = u64::MAX.to_le_bytes();
        let body = [
            &BYTE_ORDER.to_le_bytes()[..],
            &[1, 0, 0, 0],
            &unknown_length,
        ]
        .concat();
        to.write_all(&block(SECTION, body))?;
        Ok(Self { to, interfaces: 0 })
    }

    /// Describes an interface and gives its number.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn interface(&mut self, name: &str, linktype: u16) -> io::Result<u32> {
        let mut body = linktype.to_le_bytes().to_vec();
        body.extend([0; 6]);
        option(&mut body, OPTION_NAME, name.as_bytes());
        option(&mut body, OPTION_END, &[]);
        self.to.write_all(&block(INTERFACE, body))?;
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Writes a packet seen at `microseconds` since 1970, with an optional comment.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn packet(
        &mut self,
        interface: u32,
        microseconds: u64,
        packet: &[u8],
        comment: Option<&str>,
    ) -> io::Result<()> {
        let length = (packet.len() as u32).to_le_bytes();
        let (high, low) = ((microseconds >> 32) as u32, microseconds as u32);
        let mut body = [
            interface.to_le_bytes(),
            high.to_le_bytes(),
            low.to_le_bytes(),
            length,
            length,
        ]
        .concat();
        body.extend(packet);
        pad(&mut body);
        if let Some(text) = comment {
            option(&mut body, OPTION_COMMENT, text.as_bytes());
            option(&mut body, OPTION_END, &[]);
        }
        self.to.write_all(&block(PACKET, body))
    }

    /// Writes through what the writer below still holds.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A packet read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name of its interface.
    pub interface: String,
    /// Microseconds since 1970.
    pub microseconds: u64,
    /// The packet from its IP header on.
    pub packet: Vec<u8>,
    /// The comment, if any.
    pub comment: Option<String>,
}

/// Reads a file of this writer.
///
/// # Errors
/// `InvalidData` for a block that is cut or whose lengths contradict each other.
pub fn read(file: &[u8]) -> io::Result<Vec<Record>> {
    let mut reader = Reader {
        rest: file,
        names: Vec::new(),
        records: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.block().ok_or_else(|| {
            let at = file.len() - reader.rest.len();
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("pcapng block at offset {at} is broken"),
            )
        })?;
    }
    Ok(reader.records)
}

struct Reader<'a> {
    rest: &'a [u8],
    names: Vec<String>,
    records: Vec<Record>,
}

impl Reader<'_> {
    fn block(&mut self) -> Option<()> {
        let length = le32(self.rest, 4)? as usize;
        let body = self.rest.get(8..length.checked_sub(4)?)?;
        (le32(self.rest, length - 4)? as usize == length && length.is_multiple_of(4))
            .then_some(())?;
        match le32(self.rest, 0)? {
            SECTION => (le32(body, 0)? == BYTE_ORDER).then_some(())?,
            INTERFACE => self
                .names
                .push(text_option(body.get(8..)?, OPTION_NAME).unwrap_or_default()),
            PACKET => self.packet(body)?,
            _ => {}
        }
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    fn packet(&mut self, body: &[u8]) -> Option<()> {
        let length = le32(body, 12)? as usize;
        let options = 20 + length.next_multiple_of(4);
        self.records.push(Record {
            interface: self.names.get(le32(body, 0)? as usize)?.clone(),
            microseconds: u64::from(le32(body, 4)?) << 32 | u64::from(le32(body, 8)?),
            packet: body.get(20..20 + length)?.to_vec(),
            comment: text_option(body.get(options..)?, OPTION_COMMENT),
        });
        Some(())
    }
}

fn text_option(mut options: &[u8], wanted: u16) -> Option<String> {
    loop {
        let header = le32(options, 0)?;
        let (kind, length) = (header as u16, (header >> 16) as usize);
        if kind == wanted {
            return Some(String::from_utf8_lossy(options.get(4..4 + length)?).into_owned());
        }
        (kind != OPTION_END).then_some(())?;
        options = options.get(4 + length.next_multiple_of(4)..)?;
    }
}

fn le32(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        octets.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn block(kind: u32, body: Vec<u8>) -> Vec<u8> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

/// Adds an option; a text longer than 65535 octets is cut.
fn option(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    body.extend(kind.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file).expect("vector");
        let first = writer.interface("outside", LINKTYPE_RAW).expect("vector");
        let second = writer.interface("decrypted", LINKTYPE_RAW).expect("vector");
        writer
            .packet(
                first,
                1_700_000_000_123_456,
                &[0x45, 1, 2],
                Some("lost by the wire"),
            )
            .expect("vector");
        writer.packet(second, 7, &[0x45; 8], None).expect("vector");
        file
    }

    #[test]
    fn what_is_written_is_read_back() {
        let records = read(&sample()).expect("own file");
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].interface, "outside");
        assert_eq!(records[0].microseconds, 1_700_000_000_123_456);
        assert_eq!(records[0].packet, [0x45, 1, 2]);
        assert_eq!(records[0].comment.as_deref(), Some("lost by the wire"));
        assert_eq!(
            (records[1].interface.as_str(), records[1].comment.as_deref()),
            ("decrypted", None)
        );
    }

    #[test]
    fn a_cut_file_gives_an_error_or_fewer_packets_but_no_panic() {
        let file = sample();
        for cut in 0..file.len() {
            assert!(read(&file[..cut]).map_or(0, |records| records.len()) < 2);
        }
    }
}
