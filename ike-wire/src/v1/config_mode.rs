//! The Attributes payload of configuration mode and XAUTH (draft-dukes-ike-mode-cfg 3.2).
use crate::attribute::Attribute;
use crate::error::{DecodeError, EncodeError};
use crate::reader::Reader;
use crate::registry::v1::ConfigType;
use bytes::{BufMut, BytesMut};

/// A configuration request, reply, set or acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeConfig {
    /// The message type.
    pub ty: ConfigType,
    /// The RESERVED octet, kept for byte-exact encoding.
    pub reserved: u8,
    /// Ties a reply to its request.
    pub identifier: u16,
    /// The attributes in wire order.
    pub attributes: Vec<Attribute>,
}

impl ModeConfig {
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            ty: ConfigType(reader.u8("configuration message type")?),
            reserved: reader.u8("RESERVED")?,
            identifier: reader.u16("configuration identifier")?,
            attributes: Attribute::decode_all(reader)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(self.ty.0);
        out.put_u8(self.reserved);
        out.put_u16(self.identifier);
        self.attributes
            .iter()
            .try_for_each(|attribute| attribute.encode(out))
    }
}
