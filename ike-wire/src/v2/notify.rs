//! Notify and Delete payloads (RFC 7296 3.10, 3.11).
use crate::encode::{put_u8_length, put_u16_length, too_long};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::reader::Reader;
use crate::registry::v2::{NotifyType, ProtocolId};
use bytes::{BufMut, Bytes, BytesMut};

/// SPIs read from one Delete payload; more are refused (THREATS A10).
pub const MAX_SPIS: usize = 1024;

/// A notification: an error or a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The protocol of the SA it is about; NONE without an SPI.
    pub protocol: ProtocolId,
    /// The SPI it is about: an ESP or AH SPI (4 octets), or nothing.
    pub spi: Bytes,
    /// What is notified.
    pub ty: NotifyType,
    /// Data of the type.
    pub data: Bytes,
}

/// Notice that the sender has deleted its inbound SAs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// The protocol of the SAs.
    pub protocol: ProtocolId,
    /// Octets of each SPI: 0 for the IKE SA that carries the message, 4 for ESP and AH.
    pub spi_size: u8,
    /// The SPIs, each of `spi_size` octets; none for the IKE SA.
    pub spis: Vec<Bytes>,
}

impl Notify {
    /// A notification about no SA but the one that carries it.
    pub fn new(ty: NotifyType, data: impl Into<Bytes>) -> Self {
        Self {
            protocol: ProtocolId::NONE,
            spi: Bytes::new(),
            ty,
            data: data.into(),
        }
    }

    /// A notification about an ESP or AH SA (REKEY_SA, CHILD_SA_NOT_FOUND, INVALID_SELECTORS).
    pub fn about(protocol: ProtocolId, spi: u32, ty: NotifyType, data: impl Into<Bytes>) -> Self {
        let spi = Bytes::copy_from_slice(&spi.to_be_bytes());
        Self {
            protocol,
            spi,
            ..Self::new(ty, data)
        }
    }

    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
        let protocol = ProtocolId(reader.u8("protocol ID")?);
        let spi_size = reader.u8("SPI size")?;
        let ty = NotifyType(reader.u16("notify message type")?);
        let spi = reader.take(spi_size.into(), "SPI")?;
        Ok(Self {
            protocol,
            spi,
            ty,
            data: reader.rest(),
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(self.protocol.0);
        put_u8_length(out, self.spi.len(), "SPI")?;
        out.put_u16(self.ty.0);
        out.put_slice(&self.spi);
        out.put_slice(&self.data);
        Ok(())
    }
}

impl Delete {
    /// Deletes the IKE SA that carries the message.
    pub fn ike() -> Self {
        Self {
            protocol: ProtocolId::IKE,
            spi_size: 0,
            spis: Vec::new(),
        }
    }

    /// Deletes the sender's inbound SAs of an IPsec protocol.
    pub fn ipsec(protocol: ProtocolId, spis: &[u32]) -> Self {
        let spis = spis
            .iter()
            .map(|spi| Bytes::copy_from_slice(&spi.to_be_bytes()))
            .collect();
        Self {
            protocol,
            spi_size: 4,
            spis,
        }
    }

    /// Error: count times size is not exactly what follows (THREATS A10).
    pub(crate) fn decode(mut reader: Reader) -> Result<Self, DecodeError> {
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
            protocol,
            spi_size,
            spis,
        })
    }

    /// Error: an SPI whose size is not `spi_size`, or more than 65535 SPIs.
    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
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
