//! GRE (RFC 2784, RFC 7676) with the key option (RFC 2890): the payload is an IP packet.

use super::ip::{Version, checksum};

const CHECKSUM: u16 = 0x8000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
/// Bits 1, 4 and 5 of RFC 2784 section 2.3, and the version.
const RESERVED: u16 = 0x4c07;
/// EtherType of IPv4.
const IPV4: u16 = 0x0800;
/// EtherType of IPv6.
const IPV6: u16 = 0x86dd;

/// Why a GRE packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GreError {
    /// Shorter than its header says.
    #[error("GRE header is cut short at {0} octets")]
    TooShort(usize),
    /// Flags or a version RFC 2784 tells to discard.
    #[error("GRE flags {0:#06x}")]
    Flags(u16),
    /// The checksum is wrong.
    #[error("GRE checksum is wrong")]
    Checksum,
    /// Another key than `tunnel key`, or none, or one where none is configured.
    #[error("GRE key {found:?}, expected {expected:?}")]
    Key {
        /// Of the packet.
        found: Option<u32>,
        /// Of the configuration.
        expected: Option<u32>,
    },
    /// Another payload than IP (0 is a keepalive of IOS).
    #[error("GRE protocol type {0:#06x}")]
    Protocol(u16),
}

/// A GRE header: 4 octets, or 8 with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GreHeader {
    octets: [u8; 8],
    length: usize,
}

impl GreHeader {
    /// The header in front of a packet, with the key of `tunnel key N` (rule G-086).
    pub fn new(payload: Version, key: Option<u32>) -> Self {
        let flags = if key.is_some() { KEY } else { 0 };
        let fixed = u32::from(flags) << 16 | u32::from(ethertype(payload));
        let octets = u64::from(fixed) << 32 | u64::from(key.unwrap_or(0));
        Self {
            octets: octets.to_be_bytes(),
            length: Self::length(key),
        }
    }

    /// Octets of a header with that key.
    pub fn length(key: Option<u32>) -> usize {
        if key.is_some() { 8 } else { 4 }
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

fn ethertype(payload: Version) -> u16 {
    match payload {
        Version::V4 => IPV4,
        Version::V6 => IPV6,
    }
}

/// Checks the header of a GRE packet and gives the packet behind it with the version the
/// header gives it.
///
/// # Errors
/// [`GreError`]; the packet is to be dropped.
pub fn decapsulate(packet: &[u8], expected: Option<u32>) -> Result<(Version, &[u8]), GreError> {
    let flags = word(packet, 0)?;
    if flags & RESERVED != 0 {
        return Err(GreError::Flags(flags));
    }
    if flags & CHECKSUM != 0 && checksum(&[packet]) != 0 {
        return Err(GreError::Checksum);
    }
    let key_at = if flags & CHECKSUM != 0 { 8 } else { 4 };
    let found = (flags & KEY != 0)
        .then(|| long(packet, key_at))
        .transpose()?;
    if found != expected {
        return Err(GreError::Key { found, expected });
    }
    let options = [KEY, SEQUENCE]
        .iter()
        .filter(|option| flags & **option != 0)
        .count();
    let payload = packet
        .get(key_at + 4 * options..)
        .ok_or(GreError::TooShort(packet.len()))?;
    match word(packet, 2)? {
        IPV4 => Ok((Version::V4, payload)),
        IPV6 => Ok((Version::V6, payload)),
        other => Err(GreError::Protocol(other)),
    }
}

fn word(packet: &[u8], at: usize) -> Result<u16, GreError> {
    let octets = packet
        .get(at..at + 2)
        .and_then(|octets| octets.try_into().ok());
    octets
        .map(u16::from_be_bytes)
        .ok_or(GreError::TooShort(packet.len()))
}

fn long(packet: &[u8], at: usize) -> Result<u32, GreError> {
    Ok(u32::from(word(packet, at)?) << 16 | u32::from(word(packet, at + 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(key: Option<u32>) -> Vec<u8> {
        [GreHeader::new(Version::V4, key).as_bytes(), b"inner"].concat()
    }

    #[test]
    fn the_header_is_that_of_the_rfcs() {
        let header = |version, key| GreHeader::new(version, key).as_bytes().to_vec();
        assert_eq!(header(Version::V4, None), [0, 0, 8, 0]);
        assert_eq!(header(Version::V6, None), [0, 0, 0x86, 0xdd]);
        assert_eq!(header(Version::V4, Some(7)), [0x20, 0, 8, 0, 0, 0, 0, 7]);
    }

    #[test]
    fn what_goes_in_comes_out_and_each_cut_header_is_refused() {
        for key in [None, Some(0), Some(u32::MAX)] {
            let inner = Ok((Version::V4, &b"inner"[..]));
            assert_eq!(decapsulate(&packet(key), key), inner);
            for cut in 0..GreHeader::length(key) {
                assert_eq!(
                    decapsulate(&packet(key)[..cut], key),
                    Err(GreError::TooShort(cut))
                );
            }
        }
    }

    #[test]
    fn a_key_must_be_the_configured_one() {
        for (sent, expected) in [(None, Some(1)), (Some(1), None), (Some(1), Some(2))] {
            let error = GreError::Key {
                found: sent,
                expected,
            };
            assert_eq!(decapsulate(&packet(sent), expected), Err(error));
        }
    }

    #[test]
    fn checksum_and_sequence_options_are_understood() {
        let mut octets = vec![0x90, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4];
        assert_eq!(decapsulate(&octets, None), Err(GreError::Checksum));
        let value = checksum(&[&octets]).to_be_bytes();
        octets[4..6].copy_from_slice(&value);
        assert_eq!(
            decapsulate(&octets, None),
            Ok((Version::V4, &[1, 2, 3, 4][..]))
        );
    }

    #[test]
    fn what_rfc_2784_discards_is_discarded() {
        for first in [0x40, 0x08, 0x04] {
            assert!(
                matches!(
                    decapsulate(&[first, 0, 8, 0, 1], None),
                    Err(GreError::Flags(_))
                ),
                "{first:#x}"
            );
        }
        assert_eq!(decapsulate(&[0, 1, 8, 0], None), Err(GreError::Flags(1)));
        assert_eq!(decapsulate(&[0, 0, 0, 0], None), Err(GreError::Protocol(0)));
    }
}
