//! The ISAKMP header (RFC 2408 3.1), which IKEv2 keeps (RFC 7296 3.1).
//!
//! A datagram is opened in two steps: [`Header::open`] checks the header against the datagram's length, then the version's module
//! reads the rest.
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::{ExchangeType, PayloadType};
use crate::text::Hex;
use bytes::{BufMut, Bytes, BytesMut};
use std::fmt;

/// An IKE SPI; RFC 2408 calls it a cookie.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spi(pub [u8; 8]);

impl Spi {
    /// The responder's SPI in a first message.
    pub const ZERO: Self = Self([0; 8]);

    /// Whether all octets are zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl fmt::Display for Spi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for Spi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spi({self})")
    }
}

/// A message identifier: zero in phase 1, random per phase 2 exchange in IKEv1, a counter in IKEv2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u32);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The flags octet of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// IKEv1: everything after the header is encrypted (RFC 2408 3.1).
    pub const ENCRYPTED: Self = Self(1);
    /// IKEv1: key exchange synchronisation asked for.
    pub const COMMIT: Self = Self(2);
    /// IKEv1: the message is authenticated but not encrypted.
    pub const AUTH_ONLY: Self = Self(4);
    /// IKEv2: sent by the original initiator (RFC 7296 3.1).
    pub const INITIATOR: Self = Self(8);
    /// IKEv2: a higher major version is possible.
    pub const VERSION: Self = Self(16);
    /// IKEv2: this message is a response.
    pub const RESPONSE: Self = Self(32);

    /// Whether every flag of `other` is set here.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the set ones that a major version has, in the order of their bits (RFC 2408 3.1,
    /// RFC 7296 3.1).
    #[must_use]
    pub fn names(self, major: u8) -> Vec<&'static str> {
        let v1 = [
            (Self::ENCRYPTED, "encryption"),
            (Self::COMMIT, "commit"),
            (Self::AUTH_ONLY, "authentication"),
        ];
        let v2 = [
            (Self::INITIATOR, "initiator"),
            (Self::VERSION, "version"),
            (Self::RESPONSE, "response"),
        ];
        let names = if major == 1 { v1 } else { v2 };
        let set = names.iter().filter(|(flag, _)| self.contains(*flag));
        set.map(|(_, name)| *name).collect()
    }
}

impl std::ops::BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The fixed header of every IKE message, 28 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The initiator's SPI (CKY-I).
    pub initiator: Spi,
    /// The responder's SPI (CKY-R), zero in the first message.
    pub responder: Spi,
    /// The type of the first payload.
    pub next_payload: PayloadType,
    /// Major version in the upper, minor in the lower four bits.
    pub version: u8,
    /// The exchange the message belongs to.
    pub exchange: ExchangeType,
    /// The flags.
    pub flags: Flags,
    /// The message identifier.
    pub message_id: MessageId,
    /// Length of the whole message in octets, header included.
    pub length: u32,
}

impl Header {
    /// Octets of a header.
    pub const LEN: usize = 28;
    /// The version octet of IKEv1: 1.0.
    pub const V1: u8 = 0x10;
    /// The version octet of IKEv2: 2.0.
    pub const V2: u8 = 0x20;

    /// An IKEv1 header; the encoder fills in the first payload type and the length.
    pub fn v1(
        initiator: Spi,
        responder: Spi,
        exchange: ExchangeType,
        flags: Flags,
        message_id: MessageId,
    ) -> Self {
        let next_payload = PayloadType::NONE;
        Self {
            initiator,
            responder,
            next_payload,
            version: Self::V1,
            exchange,
            flags,
            message_id,
            length: 0,
        }
    }

    /// An IKEv2 header; the encoder fills in the first payload type and the length.
    pub fn v2(
        initiator: Spi,
        responder: Spi,
        exchange: ExchangeType,
        flags: Flags,
        message_id: MessageId,
    ) -> Self {
        Self {
            version: Self::V2,
            ..Self::v1(initiator, responder, exchange, flags, message_id)
        }
    }

    /// Reads the header at the start of `octets`; more octets may follow. Error: fewer than 28 octets.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let octets = octets.get(..Self::LEN).unwrap_or(octets);
        Self::read(&mut Reader::new(Bytes::copy_from_slice(octets), 0))
    }

    /// Splits a datagram into its header and what follows it (payloads or ciphertext).
    ///
    /// Errors: fewer than 28 octets; a length field that differs from the datagram's length (THREATS A2, A11).
    pub fn open(datagram: &Bytes) -> Result<(Self, Bytes), DecodeError> {
        let mut reader = Reader::new(datagram.clone(), 0);
        let header = Self::read(&mut reader)?;
        if usize::try_from(header.length).ok() == Some(datagram.len()) {
            return Ok((header, reader.rest()));
        }
        let found = usize::try_from(header.length).unwrap_or(usize::MAX);
        let kind = DecodeErrorKind::HeaderLength {
            found,
            datagram: datagram.len(),
        };
        Err(DecodeError {
            offset: 24,
            what: "header length",
            kind,
        })
    }

    /// Writes the 28 octets.
    pub fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&self.initiator.0);
        out.put_slice(&self.responder.0);
        out.put_u8(self.next_payload.0);
        out.put_u8(self.version);
        out.put_u8(self.exchange.0);
        out.put_u8(self.flags.0);
        out.put_u32(self.message_id.0);
        out.put_u32(self.length);
    }

    /// The major version: 1 or 2 for messages we understand.
    pub fn major(&self) -> u8 {
        self.version >> 4
    }

    /// The minor version.
    pub fn minor(&self) -> u8 {
        self.version & 15
    }

    fn read(reader: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            initiator: Spi(reader.array("initiator cookie")?),
            responder: Spi(reader.array("responder cookie")?),
            next_payload: PayloadType(reader.u8("next payload")?),
            version: reader.u8("version")?,
            exchange: ExchangeType(reader.u8("exchange type")?),
            flags: Flags(reader.u8("flags")?),
            message_id: MessageId(reader.u32("message ID")?),
            length: reader.u32("header length")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTETS: [u8; 28] = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 5, 0x10, 2, 1, 0xde, 0xad, 0xbe,
        0xef, 0, 0, 0, 28,
    ];

    /// RFC 2408 3.1.
    #[test]
    fn a_header_reads_and_writes_its_twenty_eight_octets() {
        let header = Header::decode(&OCTETS).unwrap();
        assert_eq!(header.initiator.to_string(), "0102030405060708");
        assert_eq!(
            (header.next_payload, header.exchange),
            (PayloadType::ID, ExchangeType::MAIN)
        );
        assert!(header.flags.contains(Flags::ENCRYPTED) && !header.flags.contains(Flags::COMMIT));
        assert_eq!(
            (header.message_id, header.length),
            (MessageId(0xdead_beef), 28)
        );
        let mut out = BytesMut::new();
        header.encode(&mut out);
        assert_eq!(out, OCTETS.as_slice());
    }

    /// THREATS A2.
    #[test]
    fn the_length_field_must_be_the_datagram_length() {
        assert!(Header::open(&Bytes::from_static(&OCTETS)).is_ok());
        for wrong in [0u32, 27, 29, u32::MAX] {
            let mut octets = OCTETS;
            octets[24..].copy_from_slice(&wrong.to_be_bytes());
            let error = Header::open(&Bytes::copy_from_slice(&octets)).unwrap_err();
            assert!(matches!(
                error.kind,
                DecodeErrorKind::HeaderLength { datagram: 28, .. }
            ));
        }
        for end in 0..OCTETS.len() {
            assert!(Header::decode(&OCTETS[..end]).is_err(), "{end} octets");
        }
    }
}
