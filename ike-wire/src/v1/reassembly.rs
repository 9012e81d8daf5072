//! Joining fragments again, with bounded memory and constant work per fragment (THREATS B7-B9).
use super::fragment::Fragment;
use bytes::{BufMut, Bytes, BytesMut};
use std::fmt;

/// The pieces of one message that have arrived; one buffer per SA or peer address.
///
/// A fragment with another identifier starts over: a peer sends one message at a time.
#[derive(Clone, Debug)]
pub struct Reassembly {
    id: u16,
    /// Indexed by number minus one; grows to the highest number seen.
    pieces: Vec<Option<Bytes>>,
    received: usize,
    /// The number of pieces, once the last one has been seen.
    total: Option<usize>,
    octets: usize,
    limit: usize,
}

/// Why a fragment was dropped; the buffer is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FragmentError {
    /// The pieces together are longer than the limit (octets).
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A number beyond the last piece, or a second last piece.
    BeyondLast {
        /// The number of the fragment dropped.
        number: u8,
    },
}

impl fmt::Display for FragmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => {
                write!(f, "fragments: at most {limit} octets in all expected")
            }
            Self::BeyondLast { number } => {
                write!(f, "fragment {number}: none beyond the last one expected")
            }
        }
    }
}

impl std::error::Error for FragmentError {}

impl Default for Reassembly {
    fn default() -> Self {
        Self::new(crate::encode::MAX_MESSAGE)
    }
}

impl Reassembly {
    /// An empty buffer for messages of at most `limit` octets.
    pub fn new(limit: usize) -> Self {
        Self {
            id: 0,
            pieces: Vec::new(),
            received: 0,
            total: None,
            octets: 0,
            limit,
        }
    }

    /// Adds a fragment; returns the complete message (octets of a whole datagram) when it was the last one missing.
    ///
    /// A repeated number is ignored. Errors leave the buffer empty.
    pub fn insert(&mut self, fragment: &Fragment) -> Result<Option<Bytes>, FragmentError> {
        if fragment.id != self.id {
            self.clear();
            self.id = fragment.id;
        }
        if let Err(error) = self.place(fragment) {
            self.clear();
            return Err(error);
        }
        Ok((self.total == Some(self.received)).then(|| self.join()))
    }

    /// Octets held.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    fn place(&mut self, fragment: &Fragment) -> Result<(), FragmentError> {
        let number = usize::from(fragment.number);
        let beyond = FragmentError::BeyondLast {
            number: fragment.number,
        };
        if self
            .total
            .is_some_and(|total| number > total || (fragment.is_last() && number != total))
        {
            return Err(beyond);
        }
        if fragment.is_last() {
            if number < self.pieces.len() {
                return Err(beyond);
            }
            self.total = Some(number);
        }
        if self.pieces.len() < number {
            self.pieces.resize(number, None);
        }
        self.fill(number, &fragment.data)
    }

    fn fill(&mut self, number: usize, data: &Bytes) -> Result<(), FragmentError> {
        let Some(slot @ None) = self.pieces.get_mut(number.saturating_sub(1)) else {
            return Ok(());
        };
        self.octets = self.octets.saturating_add(data.len());
        if self.octets > self.limit {
            return Err(FragmentError::TooLong { limit: self.limit });
        }
        // A copy: a slice would keep the whole datagram in memory.
        *slot = Some(Bytes::copy_from_slice(data));
        self.received = self.received.saturating_add(1);
        Ok(())
    }

    fn join(&mut self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.octets);
        self.pieces
            .iter()
            .flatten()
            .for_each(|piece| out.put_slice(piece));
        self.clear();
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: u16, number: u8, last: bool, data: &'static [u8]) -> Fragment {
        Fragment {
            id,
            number,
            flags: last.into(),
            data: Bytes::from_static(data),
        }
    }

    #[test]
    fn pieces_join_in_any_order_and_repeats_do_not_count() {
        let mut buffer = Reassembly::default();
        assert_eq!(buffer.insert(&piece(7, 3, true, b"c")), Ok(None));
        assert_eq!(buffer.insert(&piece(7, 1, false, b"a")), Ok(None));
        assert_eq!(buffer.insert(&piece(7, 1, false, b"other")), Ok(None));
        assert_eq!(buffer.octets(), 2);
        assert_eq!(
            buffer.insert(&piece(7, 2, false, b"b")),
            Ok(Some(Bytes::from_static(b"abc")))
        );
        assert_eq!(buffer.octets(), 0);
    }

    #[test]
    fn another_identifier_starts_over() {
        let mut buffer = Reassembly::default();
        buffer.insert(&piece(1, 1, false, b"old")).unwrap();
        assert_eq!(
            buffer.insert(&piece(2, 1, true, b"new")),
            Ok(Some(Bytes::from_static(b"new")))
        );
    }

    /// THREATS B7: numbers that contradict the last piece.
    #[test]
    fn nothing_lies_beyond_the_last_piece() {
        let mut buffer = Reassembly::default();
        buffer.insert(&piece(1, 2, true, b"x")).unwrap();
        assert_eq!(
            buffer.insert(&piece(1, 3, false, b"x")),
            Err(FragmentError::BeyondLast { number: 3 })
        );
        buffer.insert(&piece(1, 5, false, b"x")).unwrap();
        assert_eq!(
            buffer.insert(&piece(1, 4, true, b"x")),
            Err(FragmentError::BeyondLast { number: 4 })
        );
        assert_eq!(buffer.octets(), 0);
    }

    /// THREATS B8, B9: 255 pieces in reverse, a thousand times, and a sum over the limit.
    #[test]
    fn work_is_linear_and_memory_is_bounded() {
        let mut buffer = Reassembly::new(255);
        for _ in 0..1000 {
            for number in (2..=255).rev() {
                assert_eq!(
                    buffer.insert(&piece(9, number, number == 255, b"x")),
                    Ok(None)
                );
            }
            assert_eq!(
                buffer
                    .insert(&piece(9, 1, false, b"x"))
                    .unwrap()
                    .unwrap()
                    .len(),
                255
            );
        }
        assert_eq!(
            buffer.insert(&piece(9, 1, false, &[0; 256])),
            Err(FragmentError::TooLong { limit: 255 })
        );
        assert_eq!(buffer.octets(), 0);
    }
}
