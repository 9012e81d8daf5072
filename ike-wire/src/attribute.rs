//! Data attributes (RFC 2408 3.3, RFC 7296 3.3.5): of transforms in both versions, and of IKEv1's configuration mode.
use crate::encode::put_u16_length;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::reader::Reader;
use bytes::{BufMut, Bytes, BytesMut};

/// Attributes read from one transform or configuration payload; more are refused (THREATS A8).
const MAX_ATTRIBUTES: usize = 128;
/// The bit that marks the short form.
const SHORT: u16 = 0x8000;

/// One attribute: a class and its value, in the form it has on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute class, without the format bit (15 bits).
    pub ty: u16,
    /// The value.
    pub value: AttributeValue,
}

/// The two wire forms of a value; both may carry the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Type/Value: two octets in place of the length ("basic").
    Short(u16),
    /// Type/Length/Value ("VPI"): any number of octets.
    Long(Bytes),
}

impl Attribute {
    /// The short form.
    pub fn short(ty: impl Into<u16>, value: impl Into<u16>) -> Self {
        Self {
            ty: ty.into(),
            value: AttributeValue::Short(value.into()),
        }
    }

    /// The long form.
    pub fn long(ty: impl Into<u16>, value: impl Into<Bytes>) -> Self {
        Self {
            ty: ty.into(),
            value: AttributeValue::Long(value.into()),
        }
    }

    /// A number as IOS writes it (W-041): short up to 65535, else four octets.
    pub fn number(ty: impl Into<u16>, value: u32) -> Self {
        match u16::try_from(value) {
            Ok(short) => Self::short(ty, short),
            Err(_) => Self::long(ty, Bytes::copy_from_slice(&value.to_be_bytes())),
        }
    }

    /// The value as a number in network order; `None` when it has no octets or more than eight.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.value {
            AttributeValue::Short(value) => Some((*value).into()),
            AttributeValue::Long(octets) if (1..=8).contains(&octets.len()) => Some(
                octets
                    .iter()
                    .fold(0, |number, &octet| (number << 8) | u64::from(octet)),
            ),
            AttributeValue::Long(_) => None,
        }
    }

    /// Reads attributes up to the end of the reader.
    pub(crate) fn decode_all(mut reader: Reader) -> Result<Vec<Self>, DecodeError> {
        let mut attributes = Vec::new();
        while !reader.is_empty() {
            if attributes.len() >= MAX_ATTRIBUTES {
                return Err(reader.error(
                    "attributes",
                    DecodeErrorKind::TooMany {
                        limit: MAX_ATTRIBUTES,
                    },
                ));
            }
            attributes.push(Self::decode(&mut reader)?);
        }
        Ok(attributes)
    }

    fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        let class = reader.u16("attribute type")?;
        let second = reader.u16("attribute length")?;
        let value = match class & SHORT {
            0 => AttributeValue::Long(reader.take(second.into(), "attribute value")?),
            _ => AttributeValue::Short(second),
        };
        Ok(Self {
            ty: class & !SHORT,
            value,
        })
    }

    /// Writes the attribute. Error: a long value of more than 65535 octets.
    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match &self.value {
            AttributeValue::Short(value) => {
                out.put_u16(self.ty | SHORT);
                out.put_u16(*value);
            }
            AttributeValue::Long(octets) => {
                out.put_u16(self.ty & !SHORT);
                put_u16_length(out, octets.len(), "attribute value")?;
                out.put_slice(octets);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::v1::OakleyAttribute;

    fn encoded(attribute: &Attribute) -> Vec<u8> {
        let mut out = BytesMut::new();
        attribute.encode(&mut out).unwrap();
        out.to_vec()
    }

    /// W-041: 86400 takes the long form of four octets, 6000 the short one.
    #[test]
    fn lifetimes_take_the_form_ios_gives_them() {
        let day = Attribute::number(OakleyAttribute::LIFE_DURATION, 86400);
        assert_eq!(encoded(&day), [0, 0x0c, 0, 4, 0, 1, 0x51, 0x80]);
        let short = Attribute::number(OakleyAttribute::LIFE_DURATION, 6000);
        assert_eq!(encoded(&short), [0x80, 0x0c, 0x17, 0x70]);
        assert_eq!((day.as_u64(), short.as_u64()), (Some(86400), Some(6000)));
    }

    #[test]
    fn attributes_read_back_and_every_cut_is_refused() {
        let octets = Bytes::from_static(&[0x80, 1, 0, 5, 0, 12, 0, 4, 0, 1, 0x51, 0x80]);
        let all = Attribute::decode_all(Reader::new(octets.clone(), 0)).unwrap();
        assert_eq!(
            all,
            [
                Attribute::short(1u16, 5u16),
                Attribute::number(12u16, 86400)
            ]
        );
        for end in (0..octets.len()).filter(|end| ![0, 4].contains(end)) {
            assert!(
                Attribute::decode_all(Reader::new(octets.slice(..end), 0)).is_err(),
                "{end} octets"
            );
        }
    }

    #[test]
    fn numbers_of_no_or_nine_octets_are_no_numbers() {
        assert_eq!(Attribute::long(1u16, Bytes::new()).as_u64(), None);
        assert_eq!(Attribute::long(1u16, vec![0; 9]).as_u64(), None);
        assert_eq!(
            Attribute::long(1u16, vec![0xff; 8]).as_u64(),
            Some(u64::MAX)
        );
    }
}
