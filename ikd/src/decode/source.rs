//! A capture file as a stream: what is read is bounded, what is too long is passed over, and every
//! error knows the octet of the file it happened at.

use std::io::{self, Read};

/// The most octets of a packet that are kept: an IP datagram has at most 65,535.
pub const MAX_PACKET: usize = 64 * 1024;

/// Why a capture file cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It is not a capture file at all.
    #[error("{0}: pcap or pcapng expected")]
    Format(&'static str),
    /// The file ends inside of something.
    #[error("the file ends in {what} at octet {offset}: was the capture interrupted?")]
    Cut {
        /// What is cut.
        what: &'static str,
        /// Octets from the start of the file.
        offset: u64,
    },
    /// A field contradicts the format.
    #[error("at octet {offset} of the file: {what}")]
    Broken {
        /// What is wrong.
        what: &'static str,
        /// Octets from the start of the file.
        offset: u64,
    },
    /// The file cannot be read.
    #[error("at octet {offset} of the file: {error}")]
    Io {
        /// Octets from the start of the file.
        offset: u64,
        /// Why.
        error: io::Error,
    },
}

/// A reader that counts.
#[derive(Debug)]
pub(super) struct Source<R> {
    from: R,
    offset: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, offset: 0 }
    }

    /// Reads up to `length` octets; fewer at the end of the file.
    fn some(&mut self, length: usize) -> Result<Vec<u8>, CaptureError> {
        let mut octets = Vec::new();
        let result = (&mut self.from)
            .take(length as u64)
            .read_to_end(&mut octets);
        let offset = self.offset;
        self.offset = offset.saturating_add(octets.len() as u64);
        match result {
            Ok(_) => Ok(octets),
            Err(error) => Err(CaptureError::Io { offset, error }),
        }
    }

    /// Reads exactly `length` octets of `what`.
    pub(super) fn exact(
        &mut self,
        length: usize,
        what: &'static str,
    ) -> Result<Vec<u8>, CaptureError> {
        let octets = self.some(length)?;
        if octets.len() < length {
            return Err(self.cut(what));
        }
        Ok(octets)
    }

    /// As [`Self::exact`], but `None` where the file ends before the first octet.
    pub(super) fn exact_or_end(
        &mut self,
        length: usize,
        what: &'static str,
    ) -> Result<Option<Vec<u8>>, CaptureError> {
        let octets = self.some(length)?;
        match octets.len() {
            0 => Ok(None),
            n if n < length => Err(self.cut(what)),
            _ => Ok(Some(octets)),
        }
    }

    /// Reads `length` octets of `what` and keeps the first `kept` of them.
    pub(super) fn start_of(
        &mut self,
        length: u64,
        kept: usize,
        what: &'static str,
    ) -> Result<Vec<u8>, CaptureError> {
        let keep = usize::try_from(length).unwrap_or(usize::MAX).min(kept);
        let octets = self.exact(keep, what)?;
        let rest = length.saturating_sub(keep as u64);
        let passed = io::copy(&mut (&mut self.from).take(rest), &mut io::sink());
        let offset = self.offset;
        let passed = passed.map_err(|error| CaptureError::Io { offset, error })?;
        self.offset = offset.saturating_add(passed);
        if passed < rest {
            return Err(self.cut(what));
        }
        Ok(octets)
    }

    fn cut(&self, what: &'static str) -> CaptureError {
        CaptureError::Cut {
            what,
            offset: self.offset,
        }
    }

    pub(super) fn broken(&self, what: &'static str) -> CaptureError {
        CaptureError::Broken {
            what,
            offset: self.offset,
        }
    }
}
