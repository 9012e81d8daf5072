//! The Security Association payload with its proposals and transforms (RFC 7296 3.3).
use crate::attribute::{Attribute, AttributeValue};
use crate::encode::{patch_length, put_u8_length};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::generic::{put_substructure, substructure};
use crate::reader::Reader;
use crate::registry::PayloadType;
use crate::registry::v2::{ProtocolId, TransformAttribute, TransformType};
use bytes::{BufMut, Bytes, BytesMut};

/// Proposals read from one SA payload; more are refused (THREATS A8).
pub const MAX_PROPOSALS: usize = 64;
/// Transforms read from one SA payload, all proposals together; more are refused (THREATS A8).
pub const MAX_TRANSFORMS: usize = 1024;

/// A security association offer or choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// The proposals in wire order; none of them is an offer that nobody can choose from.
    pub proposals: Vec<Proposal>,
}

/// A protocol and the transforms to choose from: one of each type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The proposal number: 1 for the first one of an offer, then one more each; a choice repeats the number.
    pub number: u8,
    /// The protocol negotiated.
    pub protocol: ProtocolId,
    /// The sender's SPI: empty in IKE_SA_INIT, 8 octets when an IKE SA is rekeyed, 4 for ESP and AH.
    pub spi: Bytes,
    /// The transforms; those of one type are alternatives in order of preference. None at all is a proposal that nobody can
    /// choose.
    pub transforms: Vec<Transform>,
    /// The RESERVED octet, kept for byte-exact encoding.
    pub reserved: u8,
}

/// One algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// What the algorithm does.
    pub ty: TransformType,
    /// The algorithm, in the registry of the type.
    pub id: u16,
    /// The attributes in wire order.
    pub attributes: Vec<Attribute>,
    /// The RESERVED octet of the generic header, kept for byte-exact encoding.
    pub reserved: u8,
    /// The RESERVED octet after the type, kept for byte-exact encoding.
    pub reserved2: u8,
}

impl SecurityAssociation {
    /// An offer or choice.
    pub fn new(proposals: Vec<Proposal>) -> Self {
        Self { proposals }
    }

    /// Whether the numbers are those of an offer: 1 for the first proposal, one more for each after it (RFC 7296 3.3.1).
    pub fn is_numbered_as_offer(&self) -> bool {
        let numbers = self.proposals.iter().map(|proposal| proposal.number);
        numbers.eq((1..=u8::MAX).take(self.proposals.len()))
    }

    /// Errors: counts or lengths that lie; more than [`MAX_PROPOSALS`] proposals or [`MAX_TRANSFORMS`] transforms.
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let mut proposals = Vec::new();
        let mut transforms = 0usize;
        let mut more = !reader.is_empty();
        while more {
            if proposals.len() >= MAX_PROPOSALS {
                let kind = DecodeErrorKind::TooMany {
                    limit: MAX_PROPOSALS,
                };
                return Err(reader.error("proposals", kind));
            }
            let proposal;
            (proposal, more) = Proposal::decode(&mut reader, &mut transforms)?;
            proposals.push(proposal);
        }
        reader.finish("the last proposal")?;
        Ok(Self { proposals })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let last = self.proposals.len().saturating_sub(1);
        self.proposals
            .iter()
            .enumerate()
            .try_for_each(|(index, proposal)| proposal.encode(out, index < last))
    }
}

impl Proposal {
    /// The transforms of a type, in order of preference.
    pub fn of_type(&self, ty: TransformType) -> impl Iterator<Item = &Transform> {
        self.transforms
            .iter()
            .filter(move |transform| transform.ty == ty)
    }

    /// Returns the proposal and whether another one follows; `total` counts the transforms of the payload.
    fn decode(reader: &mut Reader, total: &mut usize) -> Result<(Self, bool), DecodeError> {
        let (more, reserved, mut body) =
            substructure(reader, PayloadType::PROPOSAL, "Proposal", 8)?;
        let number = body.u8("proposal number")?;
        let protocol = ProtocolId(body.u8("protocol ID")?);
        let spi_size = body.u8("SPI size")?;
        let count = body.u8("number of transforms")?;
        *total = total.saturating_add(count.into());
        if *total > MAX_TRANSFORMS {
            let kind = DecodeErrorKind::TooMany {
                limit: MAX_TRANSFORMS,
            };
            return Err(body.error("transforms", kind));
        }
        let spi = body.take(spi_size.into(), "SPI")?;
        let transforms = Transform::decode_all(&mut body, count)?;
        body.finish("the last transform")?;
        let proposal = Self {
            number,
            protocol,
            spi,
            transforms,
            reserved,
        };
        Ok((proposal, more))
    }

    fn encode(&self, out: &mut BytesMut, more: bool) -> Result<(), EncodeError> {
        let start = out.len();
        put_substructure(out, more, PayloadType::PROPOSAL, self.reserved);
        out.put_u8(self.number);
        out.put_u8(self.protocol.0);
        put_u8_length(out, self.spi.len(), "SPI")?;
        put_u8_length(out, self.transforms.len(), "transforms")?;
        out.put_slice(&self.spi);
        let last = self.transforms.len().saturating_sub(1);
        for (index, transform) in self.transforms.iter().enumerate() {
            transform.encode(out, index < last)?;
        }
        patch_length(out, start.saturating_add(2), start, "Proposal")
    }
}

impl Transform {
    /// An algorithm without attributes.
    pub fn new(ty: TransformType, id: impl Into<u16>) -> Self {
        Self {
            ty,
            id: id.into(),
            ..Self::default()
        }
    }

    /// An algorithm with a key length in bits (W-063: in the short form, the only one allowed).
    pub fn with_key_length(ty: TransformType, id: impl Into<u16>, bits: u16) -> Self {
        Self {
            attributes: vec![Attribute::short(TransformAttribute::KEY_LENGTH, bits)],
            ..Self::new(ty, id)
        }
    }

    /// The key length in bits; `None` without the attribute, and for one in the long form (RFC 7296 3.3.5).
    pub fn key_length(&self) -> Option<u16> {
        match self.attribute(TransformAttribute::KEY_LENGTH)?.value {
            AttributeValue::Short(bits) => Some(bits),
            AttributeValue::Long(_) => None,
        }
    }

    /// The first attribute of a type.
    pub fn attribute(&self, ty: impl Into<u16>) -> Option<&Attribute> {
        let ty = ty.into();
        self.attributes.iter().find(|attribute| attribute.ty == ty)
    }

    fn decode_all(reader: &mut Reader, count: u8) -> Result<Vec<Self>, DecodeError> {
        let mut transforms = Vec::new();
        for number in 1..=count {
            let offset = reader.offset();
            let (transform, more) = Self::decode(reader)?;
            transforms.push(transform);
            if more != (number < count) {
                let kind = DecodeErrorKind::Value {
                    found: count.into(),
                    expected: "the number of transforms present",
                };
                let what = "number of transforms";
                return Err(DecodeError { offset, what, kind });
            }
        }
        Ok(transforms)
    }

    fn decode(reader: &mut Reader) -> Result<(Self, bool), DecodeError> {
        let (more, reserved, mut body) =
            substructure(reader, PayloadType::TRANSFORM, "Transform", 8)?;
        let ty = TransformType(body.u8("transform type")?);
        let reserved2 = body.u8("RESERVED")?;
        let id = body.u16("transform ID")?;
        let attributes = Attribute::decode_all(body)?;
        let transform = Self {
            ty,
            id,
            attributes,
            reserved,
            reserved2,
        };
        Ok((transform, more))
    }

    fn encode(&self, out: &mut BytesMut, more: bool) -> Result<(), EncodeError> {
        let start = out.len();
        put_substructure(out, more, PayloadType::TRANSFORM, self.reserved);
        out.put_u8(self.ty.0);
        out.put_u8(self.reserved2);
        out.put_u16(self.id);
        for attribute in &self.attributes {
            attribute.encode(out)?;
        }
        patch_length(out, start.saturating_add(2), start, "Transform")
    }
}
