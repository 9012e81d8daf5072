//! The Key Exchange payload and the sizes of nonces (RFC 7296 3.4, 3.9).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use bytes::{BufMut, Bytes, BytesMut};

/// The fewest octets of a nonce; fewer are refused (THREATS D8).
pub const MIN_NONCE: usize = 16;
/// The most octets of a nonce; more are refused (THREATS D8).
pub const MAX_NONCE: usize = 256;

/// A public value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyExchange {
    /// The key exchange method ([`crate::v2::GroupId`]).
    pub group: u16,
    /// The RESERVED field, kept for byte-exact encoding.
    pub reserved: u16,
    /// The public value (or, for ML-KEM, the encapsulation key or ciphertext); its size is the group's affair.
    pub data: Bytes,
}

impl KeyExchange {
    /// A public value of a group.
    pub fn new(group: impl Into<u16>, data: impl Into<Bytes>) -> Self {
        Self {
            group: group.into(),
            reserved: 0,
            data: data.into(),
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            group: reader.u16("key exchange method")?,
            reserved: reader.u16("RESERVED")?,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u16(self.group);
        out.put_u16(self.reserved);
        out.put_slice(&self.data);
    }
}

/// Error: fewer than [`MIN_NONCE`] or more than [`MAX_NONCE`] octets.
pub(super) fn nonce(reader: Reader) -> Result<Bytes, DecodeError> {
    let found = reader.remaining();
    if (MIN_NONCE..=MAX_NONCE).contains(&found) {
        return Ok(reader.rest());
    }
    let kind = DecodeErrorKind::Size {
        found,
        at_least: MIN_NONCE,
        at_most: MAX_NONCE,
    };
    Err(reader.error("nonce data", kind))
}
