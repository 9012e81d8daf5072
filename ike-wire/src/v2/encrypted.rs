//! The Encrypted payload and its fragment (RFC 7296 3.14, RFC 7383 2.5): always the last payload of a message.
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::PayloadType;
use bytes::{BufMut, Bytes, BytesMut};

/// A whole chain, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The type of the first payload inside; NONE for an empty message.
    pub first: PayloadType,
    /// IV, ciphertext with padding, integrity checksum.
    pub body: Bytes,
}

/// A piece of a chain, encrypted on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedFragment {
    /// The type of the first payload inside, in fragment 1; NONE in the others.
    pub first: PayloadType,
    /// Position, from 1.
    pub number: u16,
    /// How many fragments there are.
    pub total: u16,
    /// IV, ciphertext with padding, integrity checksum.
    pub body: Bytes,
}

impl Encrypted {
    pub(crate) fn decode(first: PayloadType, reader: Reader) -> Self {
        let body = reader.rest();
        Self { first, body }
    }
}

impl EncryptedFragment {
    /// Octets between the generic header and the IV.
    pub(crate) const FIXED: usize = 4;

    /// Errors: the numbers are cut off, zero, or the position is beyond the total (RFC 7383 2.6, THREATS C1).
    pub(crate) fn decode(first: PayloadType, mut reader: Reader) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let number = reader.u16("fragment number")?;
        let total = reader.u16("total fragments")?;
        if number == 0 || number > total {
            let kind = DecodeErrorKind::Value {
                found: number.into(),
                expected: "1 to the total",
            };
            let what = "fragment number";
            return Err(DecodeError { offset, what, kind });
        }
        let body = reader.rest();
        Ok(Self {
            first,
            number,
            total,
            body,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.number);
        out.put_u16(self.total);
        out.put_slice(&self.body);
    }
}
