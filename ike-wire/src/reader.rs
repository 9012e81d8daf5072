//! A reader that cannot run past its end and always knows its offset in the datagram.
use crate::error::{DecodeError, DecodeErrorKind};
use bytes::Bytes;

/// The unread rest of one structure.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    rest: Bytes,
    offset: usize,
}

impl Reader {
    /// Reads `bytes`, whose first octet is `offset` octets into the datagram.
    pub(crate) fn new(bytes: Bytes, offset: usize) -> Self {
        Self {
            rest: bytes,
            offset,
        }
    }

    /// Offset of the next octet from the start of the datagram.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Octets left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `count` octets.
    pub(crate) fn take(&mut self, count: usize, what: &'static str) -> Result<Bytes, DecodeError> {
        if count > self.rest.len() {
            let kind = DecodeErrorKind::Truncated {
                needed: count,
                available: self.rest.len(),
            };
            return Err(self.error(what, kind));
        }
        self.offset = self.offset.saturating_add(count);
        Ok(self.rest.split_to(count))
    }

    /// A reader over the next `count` octets.
    pub(crate) fn sub(&mut self, count: usize, what: &'static str) -> Result<Self, DecodeError> {
        let offset = self.offset;
        Ok(Self::new(self.take(count, what)?, offset))
    }

    /// The next `N` octets as an array.
    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let octets = self.take(N, what)?;
        Ok(octets.first_chunk().copied().unwrap_or([0; N]))
    }

    /// One octet.
    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        Ok(u8::from_be_bytes(self.array(what)?))
    }

    /// Two octets, network order.
    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    /// Four octets, network order.
    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    /// Everything left.
    pub(crate) fn rest(self) -> Bytes {
        self.rest
    }

    /// Refuses octets after the end of a structure.
    pub(crate) fn finish(&self, what: &'static str) -> Result<(), DecodeError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.error(
            what,
            DecodeErrorKind::Trailing {
                octets: self.rest.len(),
            },
        ))
    }

    /// An error at the next octet.
    pub(crate) fn error(&self, what: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            offset: self.offset,
            what,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_counts_offsets_and_refuses_to_run_over_the_end() {
        let mut reader = Reader::new(Bytes::from_static(&[1, 2, 3, 4, 5]), 28);
        assert_eq!(reader.u16("a"), Ok(0x0102));
        let mut inner = reader.sub(2, "b").unwrap();
        assert_eq!((inner.u8("c"), inner.offset()), (Ok(3), 31));
        assert_eq!(
            inner.finish("b").unwrap_err().kind,
            DecodeErrorKind::Trailing { octets: 1 }
        );
        let error = reader.u32("d").unwrap_err();
        assert_eq!(
            (error.offset, error.kind),
            (
                32,
                DecodeErrorKind::Truncated {
                    needed: 4,
                    available: 1
                }
            )
        );
    }
}
