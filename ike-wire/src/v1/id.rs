//! The Identification payload of the IPsec DOI (RFC 2407 4.6.2).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::v1::IdType;
use bytes::{BufMut, Bytes, BytesMut};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most octets of identification data we read (THREATS A15).
pub const MAX_ID: usize = 2048;

/// An identity, or a phase 2 traffic selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identification {
    /// How `data` is to be read.
    pub id_type: IdType,
    /// IP protocol, 0 for any.
    pub protocol: u8,
    /// Port, 0 for any.
    pub port: u16,
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
    /// An IPv4 network: address and mask.
    Ipv4Subnet(Ipv4Addr, Ipv4Addr),
    /// An IPv6 network: address and mask.
    Ipv6Subnet(Ipv6Addr, Ipv6Addr),
    /// First and last IPv4 address.
    Ipv4Range(Ipv4Addr, Ipv4Addr),
    /// First and last IPv6 address.
    Ipv6Range(Ipv6Addr, Ipv6Addr),
    /// A domain name.
    Fqdn(&'a [u8]),
    /// A user name `user@domain`.
    UserFqdn(&'a [u8]),
    /// A DER distinguished name.
    Dn(&'a [u8]),
    /// A DER general name.
    GeneralName(&'a [u8]),
    /// Opaque octets.
    KeyId(&'a [u8]),
    /// An unknown type, or data whose size does not fit the type.
    Other(&'a [u8]),
}

impl Identification {
    /// An identity of any type.
    pub fn new(id_type: IdType, protocol: u8, port: u16, data: impl Into<Bytes>) -> Self {
        Self {
            id_type,
            protocol,
            port,
            data: data.into(),
        }
    }

    /// One IPv4 address.
    pub fn ipv4(address: Ipv4Addr, protocol: u8, port: u16) -> Self {
        Self::new(IdType::IPV4_ADDR, protocol, port, address.octets().to_vec())
    }

    /// One IPv6 address.
    pub fn ipv6(address: Ipv6Addr, protocol: u8, port: u16) -> Self {
        Self::new(IdType::IPV6_ADDR, protocol, port, address.octets().to_vec())
    }

    /// An IPv4 network.
    pub fn ipv4_subnet(address: Ipv4Addr, mask: Ipv4Addr, protocol: u8, port: u16) -> Self {
        let data = [address.octets(), mask.octets()].concat();
        Self::new(IdType::IPV4_ADDR_SUBNET, protocol, port, data)
    }

    /// An IPv6 network: address and mask (RFC 2407 4.6.2.7).
    pub fn ipv6_subnet(address: Ipv6Addr, mask: Ipv6Addr, protocol: u8, port: u16) -> Self {
        let data = [address.octets(), mask.octets()].concat();
        Self::new(IdType::IPV6_ADDR_SUBNET, protocol, port, data)
    }

    /// A domain name (S-042).
    pub fn fqdn(name: &str, protocol: u8, port: u16) -> Self {
        Self::new(IdType::FQDN, protocol, port, name.as_bytes().to_vec())
    }

    /// A user name `user@domain`.
    pub fn user_fqdn(name: &str, protocol: u8, port: u16) -> Self {
        Self::new(IdType::USER_FQDN, protocol, port, name.as_bytes().to_vec())
    }

    /// A DER distinguished name.
    pub fn dn(der: impl Into<Bytes>, protocol: u8, port: u16) -> Self {
        Self::new(IdType::DER_ASN1_DN, protocol, port, der)
    }

    /// Opaque octets.
    pub fn key_id(id: impl Into<Bytes>, protocol: u8, port: u16) -> Self {
        Self::new(IdType::KEY_ID, protocol, port, id)
    }

    /// The typed view.
    pub fn value(&self) -> IdValue<'_> {
        let data = &*self.data;
        self.address_value().unwrap_or(match self.id_type {
            IdType::FQDN => IdValue::Fqdn(data),
            IdType::USER_FQDN => IdValue::UserFqdn(data),
            IdType::DER_ASN1_DN => IdValue::Dn(data),
            IdType::DER_ASN1_GN => IdValue::GeneralName(data),
            IdType::KEY_ID => IdValue::KeyId(data),
            _ => IdValue::Other(data),
        })
    }

    fn address_value(&self) -> Option<IdValue<'static>> {
        let data = &*self.data;
        Some(match self.id_type {
            IdType::IPV4_ADDR => IdValue::Ipv4(<[u8; 4]>::try_from(data).ok()?.into()),
            IdType::IPV6_ADDR => IdValue::Ipv6(<[u8; 16]>::try_from(data).ok()?.into()),
            IdType::IPV4_ADDR_SUBNET => pair(data).map(|(a, m)| IdValue::Ipv4Subnet(a, m))?,
            IdType::IPV4_ADDR_RANGE => pair(data).map(|(a, b)| IdValue::Ipv4Range(a, b))?,
            IdType::IPV6_ADDR_SUBNET => pair6(data).map(|(a, m)| IdValue::Ipv6Subnet(a, m))?,
            IdType::IPV6_ADDR_RANGE => pair6(data).map(|(a, b)| IdValue::Ipv6Range(a, b))?,
            _ => return None,
        })
    }

    /// Error: data whose size does not fit the type, none, or more than [`MAX_ID`] octets (THREATS A14, A15).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let id_type = IdType(reader.u8("ID type")?);
        let protocol = reader.u8("protocol ID")?;
        let port = reader.u16("port")?;
        let (at_least, at_most) = sizes(id_type);
        let found = reader.remaining();
        if !(at_least..=at_most).contains(&found) {
            let what = id_type.name().unwrap_or("identification data");
            return Err(reader.error(
                what,
                DecodeErrorKind::Size {
                    found,
                    at_least,
                    at_most,
                },
            ));
        }
        Ok(Self {
            id_type,
            protocol,
            port,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.id_type.0);
        out.put_u8(self.protocol);
        out.put_u16(self.port);
        out.put_slice(&self.data);
    }
}

/// The smallest and largest data size of a type.
fn sizes(id_type: IdType) -> (usize, usize) {
    match id_type {
        IdType::IPV4_ADDR => (4, 4),
        IdType::IPV6_ADDR => (16, 16),
        IdType::IPV4_ADDR_SUBNET | IdType::IPV4_ADDR_RANGE => (8, 8),
        IdType::IPV6_ADDR_SUBNET | IdType::IPV6_ADDR_RANGE => (32, 32),
        _ => (1, MAX_ID),
    }
}

fn pair(data: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (first, second) = data.split_at_checked(4)?;
    Some((
        <[u8; 4]>::try_from(first).ok()?.into(),
        <[u8; 4]>::try_from(second).ok()?.into(),
    ))
}

fn pair6(data: &[u8]) -> Option<(Ipv6Addr, Ipv6Addr)> {
    let (first, second) = data.split_at_checked(16)?;
    Some((
        <[u8; 16]>::try_from(first).ok()?.into(),
        <[u8; 16]>::try_from(second).ok()?.into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(octets: &[u8]) -> Result<Identification, DecodeError> {
        Identification::decode(Reader::new(Bytes::copy_from_slice(octets), 32))
    }

    fn octets(id: &Identification) -> Vec<u8> {
        let mut out = BytesMut::new();
        id.encode(&mut out);
        out.to_vec()
    }

    /// S-042: `R1.cisco.com`, protocol 17, port 500, 20 octets with the generic header.
    #[test]
    fn the_seeds_fqdn_identity_is_twenty_octets() {
        let id = Identification::fqdn("R1.cisco.com", 17, 500);
        assert_eq!(octets(&id), b"\x02\x11\x01\xf4R1.cisco.com");
        assert_eq!(octets(&id).len() + 4, 20);
        assert_eq!(decode(&octets(&id)), Ok(id.clone()));
        assert_eq!(id.value(), IdValue::Fqdn(b"R1.cisco.com"));
    }

    #[test]
    fn each_type_has_its_view_and_reads_back() {
        let v4 = Ipv4Addr::new(10, 0, 0, 1);
        let v6 = Ipv6Addr::LOCALHOST;
        let mask = Ipv4Addr::new(255, 255, 255, 0);
        let range6 = [v6.octets(), v6.octets()].concat();
        let cases = [
            (Identification::ipv4(v4, 47, 0), IdValue::Ipv4(v4)),
            (Identification::ipv6(v6, 0, 0), IdValue::Ipv6(v6)),
            (
                Identification::ipv4_subnet(v4, mask, 0, 0),
                IdValue::Ipv4Subnet(v4, mask),
            ),
            (
                Identification::new(
                    IdType::IPV4_ADDR_RANGE,
                    0,
                    0,
                    vec![10, 0, 0, 1, 10, 0, 0, 1],
                ),
                IdValue::Ipv4Range(v4, v4),
            ),
            (
                Identification::ipv6_subnet(v6, v6, 0, 0),
                IdValue::Ipv6Subnet(v6, v6),
            ),
            (
                Identification::new(IdType::IPV6_ADDR_RANGE, 0, 0, range6),
                IdValue::Ipv6Range(v6, v6),
            ),
            (
                Identification::user_fqdn("a@b", 17, 500),
                IdValue::UserFqdn(b"a@b"),
            ),
            (
                Identification::dn(&b"\x30\x00"[..], 0, 0),
                IdValue::Dn(b"\x30\x00"),
            ),
            (
                Identification::key_id(&b"k"[..], 0, 0),
                IdValue::KeyId(b"k"),
            ),
            (
                Identification::new(IdType::DER_ASN1_GN, 0, 0, &b"g"[..]),
                IdValue::GeneralName(b"g"),
            ),
            (
                Identification::new(IdType(77), 0, 0, &b"x"[..]),
                IdValue::Other(b"x"),
            ),
        ];
        for (id, value) in cases {
            assert_eq!(id.value(), value);
            assert_eq!(decode(&octets(&id)), Ok(id));
        }
    }

    /// THREATS A14, A15.
    #[test]
    fn sizes_that_do_not_fit_the_type_are_refused() {
        for (id_type, wrong) in [
            (1, 3),
            (1, 5),
            (4, 7),
            (5, 15),
            (5, 65),
            (6, 31),
            (7, 9),
            (8, 33),
            (2, 0),
            (9, 2049),
            (11, 0),
        ] {
            let mut octets = vec![id_type, 0, 0, 0];
            octets.resize(4 + wrong, 1);
            let error = decode(&octets).unwrap_err();
            assert_eq!(
                (
                    error.offset,
                    matches!(error.kind, DecodeErrorKind::Size { .. })
                ),
                (36, true),
                "{error}"
            );
        }
    }
}
