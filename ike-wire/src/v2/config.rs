//! The Configuration payload (RFC 7296 3.15).
use crate::encode::put_u16_length;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::reader::Reader;
use crate::registry::v2::{ConfigAttributeType, ConfigType};
use bytes::{BufMut, Bytes, BytesMut};

/// Attributes read from one Configuration payload; more are refused (THREATS A8).
const MAX_ATTRIBUTES: usize = 128;
/// The RESERVED bit in front of an attribute's type.
const RESERVED: u16 = 0x8000;

/// A configuration request, reply, set or acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What is asked or said.
    pub ty: ConfigType,
    /// The RESERVED octets, kept for byte-exact encoding.
    pub reserved: [u8; 3],
    /// The attributes in wire order.
    pub attributes: Vec<ConfigAttribute>,
}

/// One attribute; in a request mostly without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigAttribute {
    /// The type with the RESERVED bit, kept for byte-exact encoding; see [`ConfigAttribute::attribute_type`].
    pub ty: u16,
    /// The value.
    pub value: Bytes,
}

impl Configuration {
    /// A configuration payload with zero RESERVED octets.
    pub fn new(ty: ConfigType, attributes: Vec<ConfigAttribute>) -> Self {
        Self {
            ty,
            reserved: [0; 3],
            attributes,
        }
    }

    /// The first attribute of a type.
    pub fn attribute(&self, ty: ConfigAttributeType) -> Option<&ConfigAttribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.attribute_type() == ty)
    }

    /// Errors: a cut attribute; more than 128 attributes.
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let ty = ConfigType(reader.u8("CFG type")?);
        let reserved = reader.array("RESERVED")?;
        let mut attributes = Vec::new();
        while !reader.is_empty() {
            if attributes.len() >= MAX_ATTRIBUTES {
                let kind = DecodeErrorKind::TooMany {
                    limit: MAX_ATTRIBUTES,
                };
                return Err(reader.error("attributes", kind));
            }
            attributes.push(ConfigAttribute::decode(&mut reader)?);
        }
        Ok(Self {
            ty,
            reserved,
            attributes,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(self.ty.0);
        out.put_slice(&self.reserved);
        self.attributes
            .iter()
            .try_for_each(|attribute| attribute.encode(out))
    }
}

impl ConfigAttribute {
    /// An attribute with a value; an empty one asks for it.
    pub fn new(ty: ConfigAttributeType, value: impl Into<Bytes>) -> Self {
        Self {
            ty: ty.0,
            value: value.into(),
        }
    }

    /// The type without the RESERVED bit.
    pub fn attribute_type(&self) -> ConfigAttributeType {
        ConfigAttributeType(self.ty & !RESERVED)
    }

    fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        let ty = reader.u16("attribute type")?;
        let length = reader.u16("attribute length")?;
        let value = reader.take(length.into(), "attribute value")?;
        Ok(Self { ty, value })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u16(self.ty);
        put_u16_length(out, self.value.len(), "attribute value")?;
        out.put_slice(&self.value);
        Ok(())
    }
}
