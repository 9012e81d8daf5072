//! The NAT original address payload (RFC 3947 5.2, and the drafts before it).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::PayloadType;
use crate::registry::v1::IdType;
use bytes::{BufMut, Bytes, BytesMut};
use std::net::IpAddr;

/// A NAT-OA payload: an address as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatOriginalAddress {
    /// 21 (RFC 3947), 16 or 131 (drafts).
    pub ty: PayloadType,
    /// IPV4_ADDR or IPV6_ADDR.
    pub id_type: IdType,
    /// The RESERVED octets, kept for byte-exact encoding.
    pub reserved: [u8; 3],
    /// The address, 4 or 16 octets.
    pub address: Bytes,
}

impl NatOriginalAddress {
    /// The address as RFC 3947 sends it.
    pub fn new(address: IpAddr) -> Self {
        let (id_type, address) = match address {
            IpAddr::V4(v4) => (IdType::IPV4_ADDR, Bytes::copy_from_slice(&v4.octets())),
            IpAddr::V6(v6) => (IdType::IPV6_ADDR, Bytes::copy_from_slice(&v6.octets())),
        };
        Self {
            ty: PayloadType::NAT_OA,
            id_type,
            reserved: [0; 3],
            address,
        }
    }

    /// The address; `None` when its size is not that of an address.
    pub fn ip(&self) -> Option<IpAddr> {
        let v4 = <[u8; 4]>::try_from(&*self.address).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(&*self.address).map(IpAddr::from))
            .ok()
    }

    pub(crate) fn decode(ty: PayloadType, mut reader: Reader) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let id_type = IdType(reader.u8("NAT-OA ID type")?);
        let reserved = reader.array("RESERVED")?;
        let size = match id_type {
            IdType::IPV4_ADDR => 4,
            IdType::IPV6_ADDR => 16,
            IdType(found) => {
                let kind = DecodeErrorKind::Value {
                    found: found.into(),
                    expected: "1 (IPV4_ADDR) or 5 (IPV6_ADDR)",
                };
                return Err(DecodeError {
                    offset,
                    what: "NAT-OA ID type",
                    kind,
                });
            }
        };
        let address = reader.take(size, "NAT-OA address")?;
        reader.finish("NAT-OA address")?;
        Ok(Self {
            ty,
            id_type,
            reserved,
            address,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.id_type.0);
        out.put_slice(&self.reserved);
        out.put_slice(&self.address);
    }
}
