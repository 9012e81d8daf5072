//! Traffic selector payloads (RFC 7296 3.13).
use crate::encode::{patch_length, put_u8_length};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::reader::Reader;
use crate::registry::v2::TsType;
use bytes::{BufMut, Bytes, BytesMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Selectors read from one payload; more are refused (THREATS A16).
pub const MAX_SELECTORS: usize = 128;
/// Octets of a selector in front of its type's own part.
const GENERIC: usize = 4;

/// The traffic of one end, as a list of ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficSelectors {
    /// The RESERVED octets, kept for byte-exact encoding.
    pub reserved: [u8; 3],
    /// The selectors in wire order, at least one.
    pub selectors: Vec<TrafficSelector>,
}

/// Addresses, ports and a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficSelector {
    /// The selector's type; it decides what [`AddressRange`] may be.
    pub ty: TsType,
    /// IP protocol, 0 for any. RESERVED in types without addresses.
    pub protocol: u8,
    /// First port (or ICMP type and code), 0 where the type has no ports.
    pub start_port: u16,
    /// Last port, 65535 together with 0 for any; a last port below the first is OPAQUE (RFC 7296 3.13.1).
    pub end_port: u16,
    /// The addresses.
    pub range: AddressRange,
}

/// First and last address, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressRange {
    /// Of type TS_IPV4_ADDR_RANGE.
    V4(Ipv4Addr, Ipv4Addr),
    /// Of type TS_IPV6_ADDR_RANGE.
    V6(Ipv6Addr, Ipv6Addr),
    /// Everything after the length field of another type, ports included.
    Raw(Bytes),
}

impl TrafficSelectors {
    /// Selectors with zero RESERVED octets.
    pub fn new(selectors: Vec<TrafficSelector>) -> Self {
        Self {
            reserved: [0; 3],
            selectors,
        }
    }

    /// Error: a count that differs from what is there, zero, or above [`MAX_SELECTORS`] (THREATS A16).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let count = reader.u8("number of TSs")?;
        let reserved = reader.array("RESERVED")?;
        let what = "number of TSs";
        if count == 0 {
            let kind = DecodeErrorKind::Value {
                found: 0,
                expected: "at least 1",
            };
            return Err(DecodeError { offset, what, kind });
        }
        if usize::from(count) > MAX_SELECTORS {
            let kind = DecodeErrorKind::TooMany {
                limit: MAX_SELECTORS,
            };
            return Err(DecodeError { offset, what, kind });
        }
        let selectors = (0..count)
            .map(|_| TrafficSelector::decode(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.finish("the last traffic selector")?;
        Ok(Self {
            reserved,
            selectors,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        put_u8_length(out, self.selectors.len(), "number of TSs")?;
        out.put_slice(&self.reserved);
        self.selectors
            .iter()
            .try_for_each(|selector| selector.encode(out))
    }
}

impl TrafficSelector {
    /// All addresses from `start` to `end` with a protocol (0 for any) and all ports; `None` for addresses of two families.
    pub fn addresses(protocol: u8, start: IpAddr, end: IpAddr) -> Option<Self> {
        let (ty, range) = match (start, end) {
            (IpAddr::V4(start), IpAddr::V4(end)) => {
                (TsType::IPV4_ADDR_RANGE, AddressRange::V4(start, end))
            }
            (IpAddr::V6(start), IpAddr::V6(end)) => {
                (TsType::IPV6_ADDR_RANGE, AddressRange::V6(start, end))
            }
            _ => return None,
        };
        Some(Self {
            ty,
            protocol,
            start_port: 0,
            end_port: u16::MAX,
            range,
        })
    }

    /// Errors: a length that is not the type's, or that runs over the end.
    fn decode(reader: &mut Reader) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let ty = TsType(reader.u8("TS type")?);
        let protocol = reader.u8("IP protocol ID")?;
        let length = usize::from(reader.u16("selector length")?);
        let (at_least, at_most) = lengths(ty);
        if !(at_least..=at_most).contains(&length) {
            let what = ty.name().unwrap_or("traffic selector");
            let kind = DecodeErrorKind::Size {
                found: length,
                at_least,
                at_most,
            };
            return Err(DecodeError { offset, what, kind });
        }
        let mut body = reader.sub(length.saturating_sub(GENERIC), "traffic selector")?;
        let (mut start_port, mut end_port) = (0, 0);
        if ty == TsType::IPV4_ADDR_RANGE || ty == TsType::IPV6_ADDR_RANGE {
            start_port = body.u16("start port")?;
            end_port = body.u16("end port")?;
        }
        Ok(Self {
            ty,
            protocol,
            start_port,
            end_port,
            range: AddressRange::decode(ty, body)?,
        })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let start = out.len();
        out.put_u8(self.ty.0);
        out.put_u8(self.protocol);
        out.put_u16(0);
        if !matches!(self.range, AddressRange::Raw(_)) {
            out.put_u16(self.start_port);
            out.put_u16(self.end_port);
        }
        self.range.encode(out);
        patch_length(out, start.saturating_add(2), start, "traffic selector")
    }
}

impl AddressRange {
    fn decode(ty: TsType, mut body: Reader) -> Result<Self, DecodeError> {
        let (first, last) = ("starting address", "ending address");
        Ok(match ty {
            TsType::IPV4_ADDR_RANGE => Self::V4(
                body.array::<4>(first)?.into(),
                body.array::<4>(last)?.into(),
            ),
            TsType::IPV6_ADDR_RANGE => Self::V6(
                body.array::<16>(first)?.into(),
                body.array::<16>(last)?.into(),
            ),
            _ => Self::Raw(body.rest()),
        })
    }

    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::V4(start, end) => {
                out.put_slice(&start.octets());
                out.put_slice(&end.octets());
            }
            Self::V6(start, end) => {
                out.put_slice(&start.octets());
                out.put_slice(&end.octets());
            }
            Self::Raw(octets) => out.put_slice(octets),
        }
    }
}

/// The smallest and largest selector length of a type.
fn lengths(ty: TsType) -> (usize, usize) {
    match ty {
        TsType::IPV4_ADDR_RANGE => (16, 16),
        TsType::IPV6_ADDR_RANGE => (40, 40),
        _ => (GENERIC, u16::MAX.into()),
    }
}
