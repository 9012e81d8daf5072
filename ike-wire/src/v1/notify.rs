//! Notification and Delete payloads (RFC 2408 3.14, 3.15).
use crate::encode::{put_u8_length, put_u16_length, too_long};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::header::Spi;
use crate::reader::Reader;
use crate::registry::Doi;
use crate::registry::v1::{NotifyType, ProtocolId};
use bytes::{BufMut, Bytes, BytesMut};

/// SPIs read from one Delete payload; more are refused (THREATS A10).
pub const MAX_SPIS: usize = 1024;

/// A notification: an error or a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// Domain of interpretation.
    pub doi: u32,
    /// The protocol the notification is about.
    pub protocol: ProtocolId,
    /// The SPI it is about: both cookies (16 octets), an ESP or AH SPI (4), or nothing.
    pub spi: Bytes,
    /// What is notified.
    pub ty: NotifyType,
    /// Data of the type.
    pub data: Bytes,
}

/// Notice that the sender has deleted its inbound SAs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Domain of interpretation.
    pub doi: u32,
    /// The protocol of the SAs.
    pub protocol: ProtocolId,
    /// Octets of each SPI: 16 for ISAKMP, 4 for ESP and AH.
    pub spi_size: u8,
    /// The SPIs, each of `spi_size` octets.
    pub spis: Vec<Bytes>,
}

impl Notify {
    /// A notification about the ISAKMP SA, both cookies as SPI (W-017, RFC 3706 5.3).
    pub fn isakmp(ty: NotifyType, initiator: Spi, responder: Spi, data: impl Into<Bytes>) -> Self {
        let spi = cookies(initiator, responder);
        Self {
            doi: Doi::IPSEC.0,
            protocol: ProtocolId::ISAKMP,
            spi,
            ty,
            data: data.into(),
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let doi = reader.u32("DOI")?;
        let protocol = ProtocolId(reader.u8("protocol ID")?);
        let spi_size = reader.u8("SPI size")?;
        let ty = NotifyType(reader.u16("notify message type")?);
        let spi = reader.take(spi_size.into(), "SPI")?;
        Ok(Self {
            doi,
            protocol,
            spi,
            ty,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u32(self.doi);
        out.put_u8(self.protocol.0);
        put_u8_length(out, self.spi.len(), "SPI")?;
        out.put_u16(self.ty.0);
        out.put_slice(&self.spi);
        out.put_slice(&self.data);
        Ok(())
    }
}

impl Delete {
    /// Deletes the ISAKMP SA with these cookies.
    pub fn isakmp(initiator: Spi, responder: Spi) -> Self {
        let spis = vec![cookies(initiator, responder)];
        Self {
            doi: Doi::IPSEC.0,
            protocol: ProtocolId::ISAKMP,
            spi_size: 16,
            spis,
        }
    }

    /// Deletes the sender's inbound SAs of an IPsec protocol.
    pub fn ipsec(protocol: ProtocolId, spis: &[u32]) -> Self {
        let spis = spis
            .iter()
            .map(|spi| Bytes::copy_from_slice(&spi.to_be_bytes()))
            .collect();
        Self {
            doi: Doi::IPSEC.0,
            protocol,
            spi_size: 4,
            spis,
        }
    }

    /// Error: count times size is not exactly what follows (THREATS A10).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let doi = reader.u32("DOI")?;
        let protocol = ProtocolId(reader.u8("protocol ID")?);
        let spi_size = reader.u8("SPI size")?;
        let count = usize::from(reader.u16("number of SPIs")?);
        let expected = count.saturating_mul(spi_size.into());
        if reader.remaining() != expected || (spi_size == 0 && count > 0) {
            let kind = DecodeErrorKind::Size {
                found: reader.remaining(),
                at_least: expected,
                at_most: expected,
            };
            return Err(reader.error("list of SPIs", kind));
        }
        if count > MAX_SPIS {
            return Err(reader.error("SPIs", DecodeErrorKind::TooMany { limit: MAX_SPIS }));
        }
        let spis = (0..count)
            .map(|_| reader.take(spi_size.into(), "SPI"))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            doi,
            protocol,
            spi_size,
            spis,
        })
    }

    /// Error: an SPI whose size is not `spi_size`, or more than 65535 SPIs.
    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u32(self.doi);
        out.put_u8(self.protocol.0);
        out.put_u8(self.spi_size);
        put_u16_length(out, self.spis.len(), "list of SPIs")?;
        for spi in &self.spis {
            if spi.len() != usize::from(self.spi_size) {
                return Err(too_long("SPI", spi.len(), self.spi_size.into()));
            }
            out.put_slice(spi);
        }
        Ok(())
    }
}

fn cookies(initiator: Spi, responder: Spi) -> Bytes {
    Bytes::from([initiator.0, responder.0].concat())
}
