//! The Identification payloads (RFC 7296 3.5).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::v2::IdType;
use bytes::{BufMut, Bytes, BytesMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most octets of identification data we read (THREATS A15).
pub const MAX_ID: usize = 2048;

/// An identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identification {
    /// How `data` is to be read.
    pub id_type: IdType,
    /// The RESERVED octets, kept because AUTH covers them.
    pub reserved: [u8; 3],
    /// The identification data; its size fits the type after decoding.
    pub data: Bytes,
}

/// What the identification data says. Texts are peer octets: escape them before printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdValue<'a> {
    /// One IPv4 address.
    Ipv4(Ipv4Addr),
    /// One IPv6 address.
    Ipv6(Ipv6Addr),
    /// A domain name.
    Fqdn(&'a [u8]),
    /// A mail address `user@domain`.
    Rfc822(&'a [u8]),
    /// A DER distinguished name.
    Dn(&'a [u8]),
    /// A DER general name.
    GeneralName(&'a [u8]),
    /// Opaque octets.
    KeyId(&'a [u8]),
    /// Nobody in particular (RFC 7619).
    Null,
    /// Another type, or data whose size does not fit the type.
    Other(&'a [u8]),
}

impl Identification {
    /// An identity of any type.
    pub fn new(id_type: IdType, data: impl Into<Bytes>) -> Self {
        Self {
            id_type,
            reserved: [0; 3],
            data: data.into(),
        }
    }

    /// An address of either family.
    pub fn ip(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::new(IdType::IPV4_ADDR, v4.octets().to_vec()),
            IpAddr::V6(v6) => Self::new(IdType::IPV6_ADDR, v6.octets().to_vec()),
        }
    }

    /// A domain name.
    pub fn fqdn(name: &str) -> Self {
        Self::new(IdType::FQDN, name.as_bytes().to_vec())
    }

    /// A mail address `user@domain`.
    pub fn rfc822(name: &str) -> Self {
        Self::new(IdType::RFC822_ADDR, name.as_bytes().to_vec())
    }

    /// A DER distinguished name.
    pub fn dn(der: impl Into<Bytes>) -> Self {
        Self::new(IdType::DER_ASN1_DN, der)
    }

    /// Opaque octets.
    pub fn key_id(id: impl Into<Bytes>) -> Self {
        Self::new(IdType::KEY_ID, id)
    }

    /// The typed view.
    pub fn value(&self) -> IdValue<'_> {
        let data = &*self.data;
        let address = match self.id_type {
            IdType::IPV4_ADDR => <[u8; 4]>::try_from(data).map(|v4| IdValue::Ipv4(v4.into())),
            _ => <[u8; 16]>::try_from(data).map(|v6| IdValue::Ipv6(v6.into())),
        };
        match self.id_type {
            IdType::IPV4_ADDR | IdType::IPV6_ADDR => address.unwrap_or(IdValue::Other(data)),
            IdType::FQDN => IdValue::Fqdn(data),
            IdType::RFC822_ADDR => IdValue::Rfc822(data),
            IdType::DER_ASN1_DN => IdValue::Dn(data),
            IdType::DER_ASN1_GN => IdValue::GeneralName(data),
            IdType::KEY_ID => IdValue::KeyId(data),
            IdType::NULL => IdValue::Null,
            _ => IdValue::Other(data),
        }
    }

    /// The payload's body as AUTH covers it (RFC 7296 2.15: `RestOfInitIDPayload`).
    pub fn octets(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }

    /// Error: data whose size does not fit the type, none, or more than [`MAX_ID`] octets (THREATS A14, A15).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let id_type = IdType(reader.u8("ID type")?);
        let reserved = reader.array("RESERVED")?;
        let (at_least, at_most) = sizes(id_type);
        let found = reader.remaining();
        if !(at_least..=at_most).contains(&found) {
            let what = id_type.name().unwrap_or("identification data");
            let kind = DecodeErrorKind::Size {
                found,
                at_least,
                at_most,
            };
            return Err(reader.error(what, kind));
        }
        let data = reader.rest();
        Ok(Self {
            id_type,
            reserved,
            data,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.id_type.0);
        out.put_slice(&self.reserved);
        out.put_slice(&self.data);
    }
}

/// The smallest and largest data size of a type. A null identity carries nothing that counts (RFC 7619 2.2).
fn sizes(id_type: IdType) -> (usize, usize) {
    match id_type {
        IdType::IPV4_ADDR => (4, 4),
        IdType::IPV6_ADDR => (16, 16),
        IdType::NULL => (0, MAX_ID),
        _ => (1, MAX_ID),
    }
}
