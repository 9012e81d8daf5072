//! The Security Association payload with its proposals and transforms (RFC 2408 3.4-3.6, RFC 2407 4.6.1).
use crate::attribute::Attribute;
use crate::encode::{patch_length, put_u8_length};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::generic::{put_substructure, substructure};
use crate::reader::Reader;
use crate::registry::v1::ProtocolId;
use crate::registry::{Doi, PayloadType};
use bytes::{BufMut, Bytes, BytesMut};

/// Proposals read from one SA payload; more are refused (THREATS A8).
pub const MAX_PROPOSALS: usize = 64;
/// SIT_IDENTITY_ONLY, the only situation we negotiate (RFC 2407 4.2.1).
const IDENTITY_ONLY: u32 = 1;

/// A security association offer or choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// Domain of interpretation: 1 (IPsec); another one is refused on decoding.
    pub doi: u32,
    /// Situation bit map: 1 (identity only); another one is refused on decoding.
    pub situation: u32,
    /// The proposals in wire order; none of them is an offer that nobody can choose from.
    pub proposals: Vec<Proposal>,
}

/// A protocol and its alternatives. Proposals with the same number belong together (logical AND).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The proposal number.
    pub number: u8,
    /// The protocol negotiated.
    pub protocol: ProtocolId,
    /// The sender's inbound SPI; empty in phase 1 (some peers send their cookie).
    pub spi: Bytes,
    /// The alternatives in order of preference.
    pub transforms: Vec<Transform>,
    /// The RESERVED octet, kept for byte-exact encoding.
    pub reserved: u8,
}

/// One alternative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// The transform number.
    pub number: u8,
    /// The transform identifier of the proposal's protocol.
    pub id: u8,
    /// The attributes in wire order.
    pub attributes: Vec<Attribute>,
    /// The RESERVED octet, kept for byte-exact encoding.
    pub reserved: u8,
    /// The RESERVED2 field, kept for byte-exact encoding.
    pub reserved2: u16,
}

impl SecurityAssociation {
    /// An SA payload of the IPsec DOI with situation identity-only.
    pub fn new(proposals: Vec<Proposal>) -> Self {
        Self {
            doi: Doi::IPSEC.0,
            situation: IDENTITY_ONLY,
            proposals,
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let doi = exact(&mut reader, "DOI", Doi::IPSEC.0, "1 (IPSEC)")?;
        let situation = exact(&mut reader, "situation", IDENTITY_ONLY, "1 (identity only)")?;
        let mut proposals = Vec::new();
        let mut more = !reader.is_empty();
        while more {
            if proposals.len() >= MAX_PROPOSALS {
                let kind = DecodeErrorKind::TooMany {
                    limit: MAX_PROPOSALS,
                };
                return Err(reader.error("proposals", kind));
            }
            let proposal;
            (proposal, more) = Proposal::decode(&mut reader)?;
            proposals.push(proposal);
        }
        reader.finish("the last proposal")?;
        Ok(Self {
            doi,
            situation,
            proposals,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u32(self.doi);
        out.put_u32(self.situation);
        let last = self.proposals.len().saturating_sub(1);
        self.proposals
            .iter()
            .enumerate()
            .try_for_each(|(index, proposal)| proposal.encode(out, index < last))
    }
}

impl Proposal {
    /// Returns the proposal and whether another one follows.
    fn decode(reader: &mut Reader) -> Result<(Self, bool), DecodeError> {
        let (more, reserved, mut body) =
            substructure(reader, PayloadType::PROPOSAL, "Proposal", 8)?;
        let number = body.u8("proposal number")?;
        let protocol = ProtocolId(body.u8("protocol ID")?);
        let spi_size = body.u8("SPI size")?;
        let count = body.u8("number of transforms")?;
        let spi = body.take(spi_size.into(), "SPI")?;
        let transforms = Transform::decode_all(&mut body, count)?;
        body.finish("the last transform")?;
        Ok((
            Self {
                number,
                protocol,
                spi,
                transforms,
                reserved,
            },
            more,
        ))
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
    /// The first attribute of a class.
    pub fn attribute(&self, ty: impl Into<u16>) -> Option<&Attribute> {
        let ty = ty.into();
        self.attributes.iter().find(|attribute| attribute.ty == ty)
    }

    fn decode_all(reader: &mut Reader, count: u8) -> Result<Vec<Self>, DecodeError> {
        if count == 0 {
            let kind = DecodeErrorKind::Value {
                found: 0,
                expected: "at least 1",
            };
            return Err(reader.error("number of transforms", kind));
        }
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
                return Err(DecodeError {
                    offset,
                    what: "number of transforms",
                    kind,
                });
            }
        }
        Ok(transforms)
    }

    fn decode(reader: &mut Reader) -> Result<(Self, bool), DecodeError> {
        let (more, reserved, mut body) =
            substructure(reader, PayloadType::TRANSFORM, "Transform", 8)?;
        let number = body.u8("transform number")?;
        let id = body.u8("transform ID")?;
        let reserved2 = body.u16("RESERVED2")?;
        let attributes = Attribute::decode_all(body)?;
        Ok((
            Self {
                number,
                id,
                attributes,
                reserved,
                reserved2,
            },
            more,
        ))
    }

    fn encode(&self, out: &mut BytesMut, more: bool) -> Result<(), EncodeError> {
        let start = out.len();
        put_substructure(out, more, PayloadType::TRANSFORM, self.reserved);
        out.put_u8(self.number);
        out.put_u8(self.id);
        out.put_u16(self.reserved2);
        for attribute in &self.attributes {
            attribute.encode(out)?;
        }
        patch_length(out, start.saturating_add(2), start, "Transform")
    }
}

/// Reads a four-octet field that has one allowed value.
fn exact(
    reader: &mut Reader,
    what: &'static str,
    wanted: u32,
    expected: &'static str,
) -> Result<u32, DecodeError> {
    let offset = reader.offset();
    let found = reader.u32(what)?;
    if found == wanted {
        return Ok(found);
    }
    Err(DecodeError {
        offset,
        what,
        kind: DecodeErrorKind::Value {
            found: found.into(),
            expected,
        },
    })
}
