//! The Authentication payload (RFC 7296 3.8).
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::registry::v2::AuthMethod;
use bytes::{BufMut, Bytes, BytesMut};

/// A proof of identity over the sender's first message, the peer's nonce and the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// How `data` was made.
    pub method: AuthMethod,
    /// The RESERVED octets, kept for byte-exact encoding.
    pub reserved: [u8; 3],
    /// Signature or MAC; for method 14 with its algorithm identifier in front (RFC 7427 3).
    pub data: Bytes,
}

impl Auth {
    /// A proof with zero RESERVED octets.
    pub fn new(method: AuthMethod, data: impl Into<Bytes>) -> Self {
        Self {
            method,
            reserved: [0; 3],
            data: data.into(),
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            method: AuthMethod(reader.u8("auth method")?),
            reserved: reader.array("RESERVED")?,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.method.0);
        out.put_slice(&self.reserved);
        out.put_slice(&self.data);
    }
}
