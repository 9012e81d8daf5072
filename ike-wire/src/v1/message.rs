//! Whole messages: a header in front of clear payloads or of ciphertext (RFC 2408 3.1).
use super::chain::{Chain, Padding, put_chain};
use super::payload::Payload;
use crate::encode::whole_message;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::header::{Flags, Header};
use crate::registry::PayloadType;
use bytes::{Bytes, BytesMut};

/// A message whose payloads are in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header as received.
    pub header: Header,
    /// The payloads.
    pub chain: Chain,
}

impl Message {
    /// Reads a clear IKEv1 message.
    ///
    /// Errors: a header length other than the datagram's (THREATS A2); a version other than 1.0 (A19); the encryption flag (kind
    /// [`DecodeErrorKind::Encrypted`]: use [`Header::open`], decrypt, then [`Chain::decode`]); a bad chain. A Cisco fragment is
    /// clear whatever its flags say, since peers copy the flags of the message they cut up.
    pub fn decode(datagram: Bytes) -> Result<Self, DecodeError> {
        let (header, rest) = Header::open(&datagram)?;
        if header.version != Header::V1 {
            let kind = DecodeErrorKind::Version {
                found: header.version,
                expected: 1,
            };
            return Err(DecodeError {
                offset: 17,
                what: "version",
                kind,
            });
        }
        if header.flags.contains(Flags::ENCRYPTED) && header.next_payload != PayloadType::FRAGMENT {
            return Err(DecodeError {
                offset: 19,
                what: "flags",
                kind: DecodeErrorKind::Encrypted,
            });
        }
        let chain = Chain::decode(header.next_payload, rest, Header::LEN, Padding::Forbidden)?;
        Ok(Self { header, chain })
    }
}

/// Writes a clear message; the first payload type and the length in `header` are replaced.
///
/// Error: a payload or the message is too long for its length field or for a datagram.
pub fn encode_message(header: &Header, payloads: &[Payload]) -> Result<Bytes, EncodeError> {
    let mut chain = BytesMut::new();
    let first = put_chain(payloads, &mut chain)?;
    whole_message(header, first, &chain)
}

/// Writes a message whose chain, starting with `first`, is encrypted; sets the encryption flag and the length.
///
/// Error: too long for a datagram.
pub fn encode_encrypted(
    header: &Header,
    first: PayloadType,
    ciphertext: &[u8],
) -> Result<Bytes, EncodeError> {
    let flags = header.flags | Flags::ENCRYPTED;
    whole_message(&Header { flags, ..*header }, first, ciphertext)
}
