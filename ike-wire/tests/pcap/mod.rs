//! A small reader of pcap and pcapng files: UDP datagrams out of Ethernet, raw IP, Linux cooked and loopback captures.
use std::collections::BTreeMap;

/// A UDP datagram, put together from its IPv4 fragments; of one that stays incomplete, its start.
pub(crate) struct Datagram {
    source: u16,
    destination: u16,
    /// What follows the UDP header.
    pub(crate) payload: Vec<u8>,
}

impl Datagram {
    /// Whether either end uses the port.
    pub(crate) fn on_port(&self, port: u16) -> bool {
        self.source == port || self.destination == port
    }
}

/// All UDP datagrams of a capture file.
pub(crate) fn datagrams(file: &[u8]) -> Vec<Datagram> {
    let frames = if file.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        pcapng(file)
    } else {
        pcap(file)
    };
    let mut pieces = Pieces::new();
    let whole = frames
        .iter()
        .filter_map(|(link, frame)| segment(ip(*link, frame)?, &mut pieces));
    let mut segments: Vec<Vec<u8>> = whole.collect();
    let cut = pieces.into_values().filter(|known| joined(known).is_none());
    segments.extend(cut.filter_map(|known| known.into_iter().next().map(|(.., octets)| octets)));
    segments.iter().filter_map(|octets| udp(octets)).collect()
}

/// Per packet (addresses and identification): its fragments as offset, whether more follow, octets.
type Pieces = BTreeMap<Vec<u8>, Vec<(usize, bool, Vec<u8>)>>;

type Frames = Vec<(u32, Vec<u8>)>;

fn pcap(file: &[u8]) -> Frames {
    let little = matches!(file.first(), Some(0xd4 | 0x4d));
    let link = u32_at(file, 20, little).unwrap_or(0) & 0xffff;
    let mut frames = Vec::new();
    let mut at = 24;
    while let Some(length) = u32_at(file, at + 8, little) {
        let end = at + 16 + length as usize;
        frames.extend(file.get(at + 16..end).map(|frame| (link, frame.to_vec())));
        at = end;
    }
    frames
}

fn pcapng(file: &[u8]) -> Frames {
    let little = file.get(8) == Some(&0x4d);
    let (mut frames, mut links, mut at) = (Vec::new(), Vec::new(), 0);
    while let (Some(kind), Some(length)) = (u32_at(file, at, little), u32_at(file, at + 4, little))
    {
        let Some(block) = file
            .get(at..at + length as usize)
            .filter(|block| block.len() >= 12)
        else {
            break;
        };
        match kind {
            1 => links.push(u32_at(block, 8, little).unwrap_or(0) & 0xffff),
            6 => frames.extend(enhanced(block, &links, little)),
            3 => frames.extend(
                block
                    .get(12..block.len() - 4)
                    .map(|frame| (links[0], frame.to_vec())),
            ),
            _ => {}
        }
        at += length as usize;
    }
    frames
}

fn enhanced(block: &[u8], links: &[u32], little: bool) -> Option<(u32, Vec<u8>)> {
    let link = *links.get(u32_at(block, 8, little)? as usize)?;
    let captured = u32_at(block, 20, little)? as usize;
    Some((link, block.get(28..28 + captured)?.to_vec()))
}

fn ip(link: u32, frame: &[u8]) -> Option<&[u8]> {
    match link {
        1 => ethernet(frame.get(12..)?),
        113 => frame.get(16..),
        0 | 108 => frame.get(4..),
        _ => Some(frame),
    }
}

fn ethernet(from_type: &[u8]) -> Option<&[u8]> {
    match from_type.get(..2)? {
        [0x81, 0x00] => ethernet(from_type.get(4..)?),
        [0x08, 0x00] | [0x86, 0xdd] => from_type.get(2..),
        _ => None,
    }
}

/// The UDP segment of an IP packet, once all of it is there.
fn segment(packet: &[u8], pieces: &mut Pieces) -> Option<Vec<u8>> {
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet[0] & 15) * 4;
            let total = usize::from(u16_at(packet, 2)?).min(packet.len());
            let (octets, place) = (packet.get(header..total)?, u16_at(packet, 6)?);
            if packet.get(9) != Some(&17) || place & 0x3fff == 0 {
                return (packet.get(9) == Some(&17)).then(|| octets.to_vec());
            }
            let key = [packet.get(4..6)?, packet.get(12..20)?].concat();
            let known = pieces.entry(key).or_default();
            let offset = usize::from(place & 0x1fff) * 8;
            known.push((offset, place & 0x2000 != 0, octets.to_vec()));
            known.sort();
            joined(known)
        }
        6 => (packet.get(6) == Some(&17)).then(|| Some(packet.get(40..)?.to_vec()))?,
        _ => None,
    }
}

/// The octets of fragments in order, when they leave no gap up to the last one.
fn joined(pieces: &[(usize, bool, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    for (offset, more, octets) in pieces {
        if *offset != whole.len() {
            return None;
        }
        whole.extend_from_slice(octets);
        if !more {
            return Some(whole);
        }
    }
    None
}

fn udp(segment: &[u8]) -> Option<Datagram> {
    let length = usize::from(u16_at(segment, 4)?).min(segment.len());
    Some(Datagram {
        source: u16_at(segment, 0)?,
        destination: u16_at(segment, 2)?,
        payload: segment.get(8..length)?.to_vec(),
    })
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(octets.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(octets: &[u8], at: usize, little: bool) -> Option<u32> {
    let field: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
    Some(if little {
        u32::from_le_bytes(field)
    } else {
        u32::from_be_bytes(field)
    })
}
