//! Peer octets on one line, cut to a bounded length (THREATS J4, K9).
use crate::text::{Escaped, Hex};
use std::fmt;

/// Octets of peer data shown on one line, and items of one list.
pub(super) const SHOWN: usize = 64;

/// Octets in hexadecimal, at most [`SHOWN`] of them.
pub(super) struct Cut<'a>(pub(super) &'a [u8]);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get(..SHOWN) {
            _ if self.0.is_empty() => f.write_str("none"),
            Some(start) if start.len() < self.0.len() => {
                write!(f, "{}... ({} octets)", Hex(start), self.0.len())
            }
            _ => Hex(self.0).fmt(f),
        }
    }
}

/// Peer text, escaped and cut.
pub(super) struct CutText<'a>(pub(super) &'a [u8]);

impl fmt::Display for CutText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = SHOWN.saturating_mul(4);
        match self.0.get(..limit) {
            Some(start) if start.len() < self.0.len() => {
                write!(f, "{}... ({} octets)", Escaped(start), self.0.len())
            }
            _ => Escaped(self.0).fmt(f),
        }
    }
}
