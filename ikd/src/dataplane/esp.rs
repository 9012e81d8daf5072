//! ESP packets (RFC 4303): sealing and opening, in place, without a clock or a socket.
//!
//! On the wire: SPI, sequence number, IV, encrypted (payload, padding 1 2 3.., pad
//! length, next header), ICV. The ICV is checked, in constant time, before anything is
//! decrypted. With ESN the upper half of the sequence number is authenticated but not
//! sent. What the payload is (a tunnelled IP packet, GRE) is the caller's affair.

use std::ops::Range;

use ike_crypto::Secret;

use super::protection::Protection;
use super::replay::{ReplayError, ReplayWindow};
use super::suite::EspSuite;

/// Octets of SPI and sequence number.
pub const HEADER: usize = 8;
const MAX_PAYLOAD: usize = 65_535;

/// Why a packet was not sealed or opened, or a key not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EspError {
    /// A key of another length than the algorithm's.
    #[error("{what} key is {found} octets, expected {expected}")]
    KeyLength {
        /// Which key.
        what: &'static str,
        /// Octets the algorithm takes.
        expected: usize,
        /// Octets given.
        found: usize,
    },
    /// CBC or NULL without an integrity algorithm.
    #[error("the suite does not authenticate")]
    Unauthenticated,
    /// GCM with a further integrity algorithm.
    #[error("GCM takes no integrity algorithm")]
    TwoIntegrities,
    /// The key is not one of the algorithm.
    #[error("the cipher refuses the key")]
    BadKey,
    /// All sequence numbers are used up; a new SA is needed (RFC 4303 section 3.3.3).
    #[error("the sequence numbers are used up")]
    SequenceExhausted,
    /// The payload is longer than an IP packet can be.
    #[error("payload of {0} octets is too long")]
    TooLong(usize),
    /// The packet is shorter than header, IV, trailer and ICV.
    #[error("ESP packet of {found} octets, expected at least {minimum}")]
    TooShort {
        /// Octets received.
        found: usize,
        /// Octets of the shortest possible packet.
        minimum: usize,
    },
    /// The ciphertext is not whole blocks.
    #[error("ciphertext of {0} octets is not a multiple of the block")]
    NotBlocks(usize),
    /// The sequence number was refused.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The integrity check value is wrong.
    #[error("integrity check failed")]
    BadIcv,
    /// Authentic, but the padding is not 1, 2, 3.. or longer than the packet.
    #[error("padding is wrong")]
    BadPadding,
}

/// The sending half of an SA.
#[derive(Debug)]
pub struct Sealer {
    spi: u32,
    esn: bool,
    sent: u64,
    protection: Protection,
}

impl Sealer {
    /// A sender that starts with sequence number 1. The key lengths are those of
    /// [`EspSuite::encryption_key_len`] and [`EspSuite::integrity_key_len`].
    ///
    /// # Errors
    /// [`EspError`] about the suite or its keys.
    pub fn new(
        spi: u32,
        suite: EspSuite,
        encryption: &Secret,
        integrity: &Secret,
        esn: bool,
    ) -> Result<Self, EspError> {
        let protection = Protection::new(suite, encryption, integrity, esn)?;
        Ok(Self {
            spi,
            esn,
            sent: 0,
            protection,
        })
    }

    /// Puts `parts`, laid end to end, into an ESP packet in `out`, whose former content
    /// goes and whose capacity stays. `next_header` is 4 or 41 for an IP packet (tunnel
    /// mode), 47 for GRE (transport mode). Gives the sequence number.
    ///
    /// # Errors
    /// [`EspError::SequenceExhausted`] and [`EspError::TooLong`].
    pub fn seal(
        &mut self,
        next_header: u8,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Result<u64, EspError> {
        let length = parts.iter().map(|part| part.len()).sum();
        if length > MAX_PAYLOAD {
            return Err(EspError::TooLong(length));
        }
        let sequence = self.next_sequence()?;
        self.lay_out(sequence, next_header, length, parts, out);
        self.protection.seal(sequence, out)?;
        Ok(sequence)
    }

    /// The last sequence number used, 0 before the first packet.
    pub fn sequence(&self) -> u64 {
        self.sent
    }

    /// Whether fewer than a sixteenth of 2^32 sequence numbers are left.
    pub fn nearly_exhausted(&self) -> bool {
        self.last() - self.sent < 1 << 28
    }

    /// A sender that has come as far as `sequence`, for tests of the far end.
    #[cfg(test)]
    pub(super) fn at(mut self, sequence: u64) -> Self {
        self.sent = sequence;
        self
    }

    fn last(&self) -> u64 {
        if self.esn {
            u64::MAX
        } else {
            u64::from(u32::MAX)
        }
    }

    fn next_sequence(&mut self) -> Result<u64, EspError> {
        if self.sent == self.last() {
            return Err(EspError::SequenceExhausted);
        }
        self.sent += 1;
        Ok(self.sent)
    }

    /// Header, room for the IV, plaintext, padding and trailer.
    fn lay_out(
        &self,
        sequence: u64,
        next_header: u8,
        length: usize,
        parts: &[&[u8]],
        out: &mut Vec<u8>,
    ) {
        let suite = self.protection.suite;
        let body = (length + 2).next_multiple_of(suite.cipher.alignment());
        let padding = (body - length - 2) as u8;
        out.clear();
        out.reserve(suite.sealed_len(length));
        out.extend_from_slice(&self.spi.to_be_bytes());
        out.extend_from_slice(&(sequence as u32).to_be_bytes());
        out.resize(HEADER + suite.cipher.iv_len(), 0);
        parts.iter().for_each(|part| out.extend_from_slice(part));
        out.extend(1..=padding);
        out.extend_from_slice(&[padding, next_header]);
    }
}

/// The receiving half of an SA.
#[derive(Debug)]
pub struct Opener {
    window: ReplayWindow,
    protection: Protection,
}

/// An authentic packet, opened in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The full sequence number.
    pub sequence: u64,
    /// What the payload is: 4 for IPv4, 41 for IPv6, 47 for GRE, 59 for a dummy packet.
    pub next_header: u8,
    /// Where the payload lies in the packet.
    pub payload: Range<usize>,
}

impl Opener {
    /// A receiver with a window of `replay_window` packets, see [`ReplayWindow::new`].
    ///
    /// # Errors
    /// [`EspError`] about the suite or its keys.
    pub fn new(
        suite: EspSuite,
        encryption: &Secret,
        integrity: &Secret,
        esn: bool,
        replay_window: u32,
    ) -> Result<Self, EspError> {
        let protection = Protection::new(suite, encryption, integrity, esn)?;
        Ok(Self {
            window: ReplayWindow::new(replay_window, esn),
            protection,
        })
    }

    /// Checks and decrypts a packet that starts with its SPI. The window moves only for
    /// an authentic packet.
    ///
    /// # Errors
    /// [`EspError`]; the octets of `packet` are then of no use.
    pub fn open(&mut self, packet: &mut [u8]) -> Result<Opened, EspError> {
        let low = sequence_of(packet).ok_or(EspError::TooShort {
            found: packet.len(),
            minimum: HEADER,
        })?;
        let sequence = self.window.infer(low);
        self.window.check(sequence)?;
        let body = self.protection.open(sequence, packet)?;
        self.window.accept(sequence);
        let (next_header, payload) = trailer(packet, body)?;
        Ok(Opened {
            sequence,
            next_header,
            payload,
        })
    }

    /// A receiver that has come as far as `sequence`.
    #[cfg(test)]
    pub(super) fn at(mut self, sequence: u64) -> Self {
        self.window.accept(sequence);
        self
    }

    /// The highest sequence number accepted.
    pub fn highest(&self) -> u64 {
        self.window.highest()
    }
}

/// The SPI a packet starts with.
pub fn spi_of(packet: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(..4)?.try_into().ok()?))
}

fn sequence_of(packet: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(4..HEADER)?.try_into().ok()?))
}

/// Takes padding, pad length and next header off the plaintext in `body`.
fn trailer(packet: &[u8], body: Range<usize>) -> Result<(u8, Range<usize>), EspError> {
    let plaintext = packet.get(body.clone()).unwrap_or_default();
    let [rest @ .., length, next_header] = plaintext else {
        return Err(EspError::BadPadding);
    };
    let end = rest
        .len()
        .checked_sub(usize::from(*length))
        .ok_or(EspError::BadPadding)?;
    let padding = rest.get(end..).unwrap_or_default();
    if !padding.iter().copied().eq(1..=*length) {
        return Err(EspError::BadPadding);
    }
    Ok((*next_header, body.start..body.start + end))
}

#[cfg(test)]
#[path = "esp_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "esp_vectors.rs"]
mod vectors;
