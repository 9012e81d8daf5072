//! A small reader of pcap and pcapng files: UDP datagrams out of Ethernet, raw IP, Linux cooked and loopback captures.

/// A UDP datagram (or the first fragment of one).
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
    frames
        .iter()
        .filter_map(|(link, frame)| udp(ip(*link, frame)?))
        .collect()
}

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

fn udp(packet: &[u8]) -> Option<Datagram> {
    let (protocol, segment) = match packet.first()? >> 4 {
        4 => {
            let fragment = (u16_at(packet, 6)? & 0x1fff) != 0;
            let header = usize::from(packet[0] & 15) * 4;
            let total = usize::from(u16_at(packet, 2)?).min(packet.len());
            (
                if fragment { 0 } else { *packet.get(9)? },
                packet.get(header..total)?,
            )
        }
        6 => (*packet.get(6)?, packet.get(40..)?),
        _ => return None,
    };
    let length = usize::from(u16_at(segment, 4)?).min(segment.len());
    let (source, destination) = (u16_at(segment, 0)?, u16_at(segment, 2)?);
    (protocol == 17).then_some(Datagram {
        source,
        destination,
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
