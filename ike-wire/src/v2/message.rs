//! Whole messages: a header in front of clear payloads, the last of which may be encrypted (RFC 7296 3.1, 3.14).
use super::chain::{Chain, put_chain};
use super::encrypted::EncryptedFragment;
use super::payload::Payload;
use crate::encode::{put_header, too_long, whole_message};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::generic;
use crate::header::Header;
use crate::registry::PayloadType;
use bytes::{BufMut, Bytes, BytesMut};

/// A message; the payloads inside SK or SKF are still encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header as received.
    pub header: Header,
    /// The clear payloads.
    pub chain: Chain,
}

impl Message {
    /// Reads an IKEv2 message of any minor version (RFC 7296 2.5, THREATS A19).
    ///
    /// Errors: a header length other than the datagram's (THREATS A2); a major version other than 2; a bad chain.
    pub fn decode(datagram: Bytes) -> Result<Self, DecodeError> {
        let (header, rest) = Header::open(&datagram)?;
        if header.major() != 2 {
            let kind = DecodeErrorKind::Version {
                found: header.version,
                expected: 2,
            };
            return Err(DecodeError {
                offset: 17,
                what: "version",
                kind,
            });
        }
        let chain = Chain::decode(header.next_payload, rest, Header::LEN)?;
        Ok(Self { header, chain })
    }
}

/// Writes a message; the first payload type and the length in `header` are replaced.
///
/// Error: a payload or the message is too long for its length field or for a datagram; a payload after SK or SKF.
pub fn encode_message(header: &Header, payloads: &[Payload]) -> Result<Bytes, EncodeError> {
    let mut chain = BytesMut::new();
    let first = put_chain(payloads, PayloadType::NONE, &mut chain)?;
    whole_message(header, first, &chain)
}

/// Writes a message up to the body of its SK payload, with all lengths final: the associated data of the cipher. The caller
/// appends exactly `body_len` octets: IV, ciphertext, integrity checksum.
///
/// `first_inner` is the type of the first payload inside; `clear_before` the payloads in front of SK, mostly none. The first
/// payload type and the length in `header` are replaced.
///
/// Error: a length that does not fit its field or a datagram; SK or SKF among the clear payloads.
pub fn encode_encrypted(
    header: &Header,
    first_inner: PayloadType,
    clear_before: &[Payload],
    body_len: usize,
) -> Result<BytesMut, EncodeError> {
    let mut chain = BytesMut::new();
    let first = put_chain(clear_before, PayloadType::V2_ENCRYPTED, &mut chain)?;
    put_open_payload(&mut chain, first_inner, &[], body_len)?;
    open_message(header, first, &chain, body_len)
}

/// As [`encode_encrypted`] for fragment `number` of `total` (RFC 7383 2.5); the numbers are part of the associated data.
///
/// `first_inner` is written into fragment 1 only, as the RFC demands; `body_len` octets are for the caller to append.
///
/// Error: a length that does not fit its field or a datagram.
pub fn encode_fragment(
    header: &Header,
    first_inner: PayloadType,
    number: u16,
    total: u16,
    body_len: usize,
) -> Result<BytesMut, EncodeError> {
    let first_inner = match number {
        1 => first_inner,
        _ => PayloadType::NONE,
    };
    let fragment = EncryptedFragment {
        first: first_inner,
        number,
        total,
        body: Bytes::new(),
    };
    let (mut chain, mut fixed) = (BytesMut::new(), BytesMut::new());
    fragment.encode(&mut fixed);
    put_open_payload(&mut chain, first_inner, &fixed, body_len)?;
    open_message(header, PayloadType::V2_ENCRYPTED_FRAGMENT, &chain, body_len)
}

/// Writes a payload's generic header and fixed part, with the length it has once `body_len` octets follow.
fn put_open_payload(
    out: &mut BytesMut,
    next: PayloadType,
    fixed: &[u8],
    body_len: usize,
) -> Result<(), EncodeError> {
    let length = generic::LEN
        .saturating_add(fixed.len())
        .saturating_add(body_len);
    let field = u16::try_from(length).map_err(|_| too_long("SK", length, u16::MAX.into()))?;
    out.put_u8(next.0);
    out.put_u8(0);
    out.put_u16(field);
    out.put_slice(fixed);
    Ok(())
}

/// Writes the header, whose length counts `body_len` octets that are still to come, and what precedes them.
fn open_message(
    header: &Header,
    first: PayloadType,
    chain: &[u8],
    body_len: usize,
) -> Result<BytesMut, EncodeError> {
    let rest = chain.len().saturating_add(body_len);
    let mut out = put_header(header, first, rest)?;
    out.put_slice(chain);
    Ok(out)
}
