//! One payload of a chain: its flags and its body.
use super::auth::Auth;
use super::cert::{CertRequest, Certificate};
use super::config::Configuration;
use super::encrypted::{Encrypted, EncryptedFragment};
use super::id::Identification;
use super::key_exchange::{self, KeyExchange};
use super::notify::{Delete, Notify};
use super::sa::SecurityAssociation;
use super::traffic::TrafficSelectors;
use crate::error::{DecodeError, EncodeError};
use crate::reader::Reader;
use crate::registry::PayloadType;
use bytes::{BufMut, Bytes, BytesMut};

/// The critical bit of the flags octet (RFC 7296 3.2).
const CRITICAL: u8 = 0x80;

/// A payload. `next payload` and the length follow from the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The critical bit and the RESERVED bits, kept for byte-exact encoding.
    pub flags: u8,
    /// What the payload says.
    pub body: Body,
}

/// The payload bodies of IKEv2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Security Association (33).
    Sa(SecurityAssociation),
    /// Key Exchange (34).
    KeyExchange(KeyExchange),
    /// Identification of the initiator (35).
    IdI(Identification),
    /// Identification of the responder (36).
    IdR(Identification),
    /// Certificate (37).
    Cert(Certificate),
    /// Certificate Request (38).
    CertReq(CertRequest),
    /// Authentication (39).
    Auth(Auth),
    /// Nonce (40), 16 to 256 octets after decoding.
    Nonce(Bytes),
    /// Notify (41).
    Notify(Notify),
    /// Delete (42).
    Delete(Delete),
    /// Vendor ID (43).
    Vendor(Bytes),
    /// Traffic selectors of the initiator (44).
    TsI(TrafficSelectors),
    /// Traffic selectors of the responder (45).
    TsR(TrafficSelectors),
    /// Encrypted and authenticated (46), always the last payload.
    Encrypted(Encrypted),
    /// Encrypted fragment (53), always the last payload.
    EncryptedFragment(EncryptedFragment),
    /// Configuration (47).
    Config(Configuration),
    /// Extensible authentication (48): the EAP message.
    Eap(Bytes),
    /// A type without a reader here, IKEv1's among them (THREATS A4); the octets survive.
    Unknown {
        /// The payload type.
        ty: PayloadType,
        /// The body without the generic header.
        body: Bytes,
    },
}

impl From<Body> for Payload {
    fn from(body: Body) -> Self {
        Self { flags: 0, body }
    }
}

impl Payload {
    /// The payload's type.
    pub fn payload_type(&self) -> PayloadType {
        self.body.payload_type()
    }

    /// Whether the sender wants the message refused by a receiver that does not know the type (RFC 7296 2.5).
    pub fn is_critical(&self) -> bool {
        self.flags & CRITICAL != 0
    }
}

impl Body {
    /// The payload's type.
    pub fn payload_type(&self) -> PayloadType {
        match self {
            Self::Sa(_) => PayloadType::V2_SA,
            Self::KeyExchange(_) => PayloadType::V2_KEY_EXCHANGE,
            Self::IdI(_) => PayloadType::V2_ID_INITIATOR,
            Self::IdR(_) => PayloadType::V2_ID_RESPONDER,
            Self::Cert(_) => PayloadType::V2_CERT,
            Self::CertReq(_) => PayloadType::V2_CERT_REQ,
            Self::Auth(_) => PayloadType::V2_AUTH,
            Self::Nonce(_) => PayloadType::V2_NONCE,
            Self::Notify(_) => PayloadType::V2_NOTIFY,
            Self::Delete(_) => PayloadType::V2_DELETE,
            Self::Vendor(_) => PayloadType::V2_VENDOR,
            Self::TsI(_) => PayloadType::V2_TS_INITIATOR,
            Self::TsR(_) => PayloadType::V2_TS_RESPONDER,
            Self::Encrypted(_) => PayloadType::V2_ENCRYPTED,
            Self::EncryptedFragment(_) => PayloadType::V2_ENCRYPTED_FRAGMENT,
            Self::Config(_) => PayloadType::V2_CONFIGURATION,
            Self::Eap(_) => PayloadType::V2_EAP,
            Self::Unknown { ty, .. } => *ty,
        }
    }

    /// Reads a body; `next` is the generic header's next payload, which SK and SKF use for their first payload inside.
    pub(crate) fn decode(
        ty: PayloadType,
        next: PayloadType,
        reader: Reader,
    ) -> Result<Self, DecodeError> {
        Ok(match ty {
            PayloadType::V2_SA => Self::Sa(SecurityAssociation::decode(reader)?),
            PayloadType::V2_KEY_EXCHANGE => Self::KeyExchange(KeyExchange::decode(reader)?),
            PayloadType::V2_ID_INITIATOR => Self::IdI(Identification::decode(reader)?),
            PayloadType::V2_ID_RESPONDER => Self::IdR(Identification::decode(reader)?),
            PayloadType::V2_CERT => Self::Cert(Certificate::decode(reader)?),
            PayloadType::V2_CERT_REQ => Self::CertReq(CertRequest::decode(reader)?),
            PayloadType::V2_AUTH => Self::Auth(Auth::decode(reader)?),
            PayloadType::V2_NONCE => Self::Nonce(key_exchange::nonce(reader)?),
            PayloadType::V2_NOTIFY => Self::Notify(Notify::decode(reader)?),
            PayloadType::V2_DELETE => Self::Delete(Delete::decode(reader)?),
            PayloadType::V2_VENDOR => Self::Vendor(reader.rest()),
            PayloadType::V2_TS_INITIATOR => Self::TsI(TrafficSelectors::decode(reader)?),
            PayloadType::V2_TS_RESPONDER => Self::TsR(TrafficSelectors::decode(reader)?),
            PayloadType::V2_ENCRYPTED => Self::Encrypted(Encrypted::decode(next, reader)),
            PayloadType::V2_ENCRYPTED_FRAGMENT => {
                Self::EncryptedFragment(EncryptedFragment::decode(next, reader)?)
            }
            PayloadType::V2_CONFIGURATION => Self::Config(Configuration::decode(reader)?),
            PayloadType::V2_EAP => Self::Eap(reader.rest()),
            _ => Self::Unknown {
                ty,
                body: reader.rest(),
            },
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Sa(sa) => sa.encode(out)?,
            Self::KeyExchange(exchange) => exchange.encode(out),
            Self::IdI(id) | Self::IdR(id) => id.encode(out),
            Self::Cert(cert) => cert.encode(out),
            Self::CertReq(request) => request.encode(out),
            Self::Auth(auth) => auth.encode(out),
            Self::Notify(notify) => notify.encode(out)?,
            Self::Delete(delete) => delete.encode(out)?,
            Self::TsI(selectors) | Self::TsR(selectors) => selectors.encode(out)?,
            Self::EncryptedFragment(fragment) => fragment.encode(out),
            Self::Config(config) => config.encode(out)?,
            Self::Encrypted(Encrypted { body: octets, .. })
            | Self::Nonce(octets)
            | Self::Vendor(octets)
            | Self::Eap(octets)
            | Self::Unknown { body: octets, .. } => out.put_slice(octets),
        }
        Ok(())
    }

    /// For SK and SKF the type of the first payload inside: they end the chain.
    pub(crate) fn first_inside(&self) -> Option<PayloadType> {
        match self {
            Self::Encrypted(encrypted) => Some(encrypted.first),
            Self::EncryptedFragment(fragment) => Some(fragment.first),
            _ => None,
        }
    }
}
