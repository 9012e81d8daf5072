//! One payload of a chain: its RESERVED octet and its body.
use super::cert::{CertRequest, Certificate};
use super::config_mode::ModeConfig;
use super::fragment::Fragment;
use super::id::Identification;
use super::nat::NatOriginalAddress;
use super::notify::{Delete, Notify};
use super::sa::SecurityAssociation;
use crate::error::{DecodeError, EncodeError};
use crate::reader::Reader;
use crate::registry::PayloadType;
use bytes::{BufMut, Bytes, BytesMut};

/// A payload. `next payload` and the length follow from the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The RESERVED octet of the generic header, kept for byte-exact encoding.
    pub reserved: u8,
    /// What the payload says.
    pub body: Body,
}

/// The payload bodies of IKEv1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Security Association (1).
    Sa(SecurityAssociation),
    /// Key Exchange (4): the public value.
    KeyExchange(Bytes),
    /// Identification (5).
    Id(Identification),
    /// Certificate (6).
    Cert(Certificate),
    /// Certificate Request (7).
    CertReq(CertRequest),
    /// Hash (8).
    Hash(Bytes),
    /// Signature (9).
    Sig(Bytes),
    /// Nonce (10).
    Nonce(Bytes),
    /// Notification (11).
    Notify(Notify),
    /// Delete (12).
    Delete(Delete),
    /// Vendor ID (13).
    Vendor(Bytes),
    /// Configuration mode attributes (14).
    Attributes(ModeConfig),
    /// NAT detection (RFC 3947 3.2): the hash of cookies, address and port (W-014).
    NatD {
        /// 20 (RFC 3947), 15 or 130 (drafts).
        ty: PayloadType,
        /// The hash, as long as the negotiated hash's output.
        hash: Bytes,
    },
    /// NAT original address (21; drafts 16 and 131).
    NatOa(NatOriginalAddress),
    /// Cisco fragment (132).
    Fragment(Fragment),
    /// A type without a reader here; the octets survive.
    Unknown {
        /// The payload type.
        ty: PayloadType,
        /// The body without the generic header.
        body: Bytes,
    },
}

impl From<Body> for Payload {
    fn from(body: Body) -> Self {
        Self { reserved: 0, body }
    }
}

impl Payload {
    /// The payload's type.
    pub fn payload_type(&self) -> PayloadType {
        self.body.payload_type()
    }
}

impl Body {
    /// The payload's type.
    pub fn payload_type(&self) -> PayloadType {
        match self {
            Self::Sa(_) => PayloadType::SA,
            Self::KeyExchange(_) => PayloadType::KEY_EXCHANGE,
            Self::Id(_) => PayloadType::ID,
            Self::Cert(_) => PayloadType::CERT,
            Self::CertReq(_) => PayloadType::CERT_REQ,
            Self::Hash(_) => PayloadType::HASH,
            Self::Sig(_) => PayloadType::SIG,
            Self::Nonce(_) => PayloadType::NONCE,
            Self::Notify(_) => PayloadType::NOTIFY,
            Self::Delete(_) => PayloadType::DELETE,
            Self::Vendor(_) => PayloadType::VENDOR,
            Self::Attributes(_) => PayloadType::ATTRIBUTES,
            Self::NatD { ty, .. } => *ty,
            Self::NatOa(nat) => nat.ty,
            Self::Fragment(_) => PayloadType::FRAGMENT,
            Self::Unknown { ty, .. } => *ty,
        }
    }

    /// An RFC 3947 NAT-D payload.
    pub fn nat_d(hash: impl Into<Bytes>) -> Self {
        Self::NatD {
            ty: PayloadType::NAT_D,
            hash: hash.into(),
        }
    }

    pub(crate) fn decode(ty: PayloadType, reader: Reader) -> Result<Self, DecodeError> {
        Ok(match ty {
            PayloadType::SA => Self::Sa(SecurityAssociation::decode(reader)?),
            PayloadType::KEY_EXCHANGE => Self::KeyExchange(reader.rest()),
            PayloadType::ID => Self::Id(Identification::decode(reader)?),
            PayloadType::CERT => Self::Cert(Certificate::decode(reader)?),
            PayloadType::CERT_REQ => Self::CertReq(CertRequest::decode(reader)?),
            PayloadType::HASH => Self::Hash(reader.rest()),
            PayloadType::SIG => Self::Sig(reader.rest()),
            PayloadType::NONCE => Self::Nonce(reader.rest()),
            PayloadType::NOTIFY => Self::Notify(Notify::decode(reader)?),
            PayloadType::DELETE => Self::Delete(Delete::decode(reader)?),
            PayloadType::VENDOR => Self::Vendor(reader.rest()),
            PayloadType::ATTRIBUTES => Self::Attributes(ModeConfig::decode(reader)?),
            PayloadType::NAT_D | PayloadType::NAT_D_DRAFT | PayloadType::NAT_D_OLD => Self::NatD {
                ty,
                hash: reader.rest(),
            },
            PayloadType::NAT_OA | PayloadType::NAT_OA_DRAFT | PayloadType::NAT_OA_OLD => {
                Self::NatOa(NatOriginalAddress::decode(ty, reader)?)
            }
            PayloadType::FRAGMENT => Self::Fragment(Fragment::decode(reader)?),
            _ => Self::Unknown {
                ty,
                body: reader.rest(),
            },
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Sa(sa) => sa.encode(out)?,
            Self::Id(id) => id.encode(out),
            Self::Cert(cert) => cert.encode(out),
            Self::CertReq(request) => request.encode(out),
            Self::Notify(notify) => notify.encode(out)?,
            Self::Delete(delete) => delete.encode(out)?,
            Self::Attributes(config) => config.encode(out)?,
            Self::NatOa(nat) => nat.encode(out),
            Self::Fragment(fragment) => fragment.encode(out),
            Self::NatD { hash: octets, .. }
            | Self::KeyExchange(octets)
            | Self::Hash(octets)
            | Self::Sig(octets)
            | Self::Nonce(octets)
            | Self::Vendor(octets)
            | Self::Unknown { body: octets, .. } => out.put_slice(octets),
        }
        Ok(())
    }
}
