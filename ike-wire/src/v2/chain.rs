//! A chain of payloads and the octets it was read from (RFC 7296 3.2).
use super::cert::MAX_HASHES;
use super::encrypted::EncryptedFragment;
use super::payload::{Body, Payload};
use crate::encode::{patch_length, too_long};
use crate::error::{DecodeError, DecodeErrorKind, EncodeError};
use crate::generic;
use crate::reader::Reader;
use crate::registry::PayloadType;
use crate::spans::Spans;
use bytes::{Bytes, BytesMut};
use std::fmt;

/// Payloads read from one chain; more are refused (THREATS B10, B11).
pub const MAX_PAYLOADS: usize = 128;

/// The payloads of a message, with the octets they came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    /// The payloads in wire order.
    pub payloads: Vec<Payload>,
    spans: Spans,
    /// Offset of `octets` from the start of the datagram.
    base_offset: usize,
}

impl Chain {
    /// Reads payloads from `first` on: the clear ones of a message, or those that were decrypted (without their padding).
    /// `base_offset` is the offset of `bytes` in the datagram, for errors. SK and SKF end a chain; that they do not belong inside
    /// another SK is for the exchange's table to say.
    ///
    /// Errors: a payload that is cut short, has an impossible length or content; more than [`MAX_PAYLOADS`] payloads or
    /// [`MAX_HASHES`] authorities' hashes; octets after the last payload.
    pub fn decode(
        first: PayloadType,
        bytes: Bytes,
        base_offset: usize,
    ) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes.clone(), base_offset);
        let mut chain = Self {
            payloads: Vec::new(),
            spans: Spans::new(bytes),
            base_offset,
        };
        let mut hashes = 0usize;
        let mut ty = first;
        while ty != PayloadType::NONE {
            let limit = MAX_PAYLOADS;
            if chain.len() >= limit {
                return Err(reader.error("payloads", DecodeErrorKind::TooMany { limit }));
            }
            let start = reader.offset().saturating_sub(base_offset);
            let payload;
            (ty, payload) = read_payload(ty, &mut reader)?;
            count_hashes(&payload.body, &mut hashes, &reader)?;
            chain.payloads.push(payload);
            chain
                .spans
                .push(start..reader.offset().saturating_sub(base_offset));
        }
        reader.finish("the last payload")?;
        Ok(chain)
    }

    /// Number of payloads.
    pub fn len(&self) -> usize {
        self.payloads.len()
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }

    /// The type of the first payload, NONE for an empty chain.
    pub fn first_type(&self) -> PayloadType {
        self.payloads
            .first()
            .map_or(PayloadType::NONE, Payload::payload_type)
    }

    /// Payload `index` with its generic header; empty when there is no such payload.
    pub fn raw(&self, index: usize) -> Bytes {
        self.spans.raw(index)
    }

    /// Payload `index` without its generic header: for an identity what AUTH covers (RFC 7296 2.15).
    pub fn body(&self, index: usize) -> Bytes {
        self.spans.body(index)
    }

    /// All payloads as they came.
    pub fn octets(&self) -> Bytes {
        self.spans.octets().clone()
    }

    /// The first payload of a type, with its index.
    pub fn find(&self, ty: PayloadType) -> Option<(usize, &Body)> {
        self.all(ty).next()
    }

    /// All payloads of a type, with their indices.
    pub fn all(&self, ty: PayloadType) -> impl Iterator<Item = (usize, &Body)> {
        self.bodies()
            .filter(move |(_, body)| body.payload_type() == ty)
    }

    /// All payload bodies, with their indices.
    pub fn bodies(&self) -> impl Iterator<Item = (usize, &Body)> {
        self.payloads
            .iter()
            .map(|payload| &payload.body)
            .enumerate()
    }

    /// The type of the first payload that we do not know and may not skip (RFC 7296 2.5, THREATS A20): the data of
    /// UNSUPPORTED_CRITICAL_PAYLOAD. The critical bit of a known type means nothing.
    pub fn unsupported_critical(&self) -> Option<PayloadType> {
        self.payloads
            .iter()
            .find(|payload| payload.is_critical() && matches!(payload.body, Body::Unknown { .. }))
            .map(Payload::payload_type)
    }

    /// Octets from the start of the datagram to the IV of the SK or SKF payload: the associated data of the cipher, fragment
    /// numbers included (RFC 5282 5.1, RFC 7383 2.5.3). `None` for a chain without one.
    pub fn encrypted_offset(&self) -> Option<usize> {
        let fixed = match self.payloads.last()?.body {
            Body::Encrypted(_) => generic::LEN,
            Body::EncryptedFragment(_) => generic::LEN.saturating_add(EncryptedFragment::FIXED),
            _ => return None,
        };
        let start = self.spans.last()?.start;
        Some(self.base_offset.saturating_add(start).saturating_add(fixed))
    }
}

impl fmt::Debug for Chain {
    /// Types and lengths only: a decrypted chain may hold secrets (THREATS K9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.spans.lengths();
        let types = self
            .payloads
            .iter()
            .map(|payload| payload.payload_type().to_string());
        f.debug_map().entries(types.zip(lengths)).finish()
    }
}

/// Writes payloads one after the other; returns the type of the first one and the octets.
///
/// Errors: a length that does not fit its field (THREATS K2); a payload after SK or SKF.
pub fn encode_chain(payloads: &[Payload]) -> Result<(PayloadType, Bytes), EncodeError> {
    let mut out = BytesMut::new();
    let first = put_chain(payloads, PayloadType::NONE, &mut out)?;
    Ok((first, out.freeze()))
}

/// Appends payloads to `out`, in front of a payload of type `then`; returns the type of the first one.
pub(super) fn put_chain(
    payloads: &[Payload],
    then: PayloadType,
    out: &mut BytesMut,
) -> Result<PayloadType, EncodeError> {
    let mut types = payloads.iter().map(Payload::payload_type).chain([then]);
    let first = types.next().unwrap_or_default();
    for (payload, next) in payloads.iter().zip(types) {
        put_payload(payload, next, out)?;
    }
    Ok(first)
}

fn put_payload(
    payload: &Payload,
    next: PayloadType,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let what = payload.payload_type().name().unwrap_or("payload");
    if payload.payload_type() == PayloadType::NONE {
        return Err(too_long("payload of type NONE", 1, 0));
    }
    let inside = payload.body.first_inside();
    if inside.is_some() && next != PayloadType::NONE {
        return Err(too_long("payloads after an encrypted one", 1, 0));
    }
    let start = out.len();
    generic::put(out, inside.unwrap_or(next).0, payload.flags);
    payload.body.encode(out)?;
    patch_length(out, start.saturating_add(2), start, what)
}

fn count_hashes(body: &Body, hashes: &mut usize, reader: &Reader) -> Result<(), DecodeError> {
    let Body::CertReq(request) = body else {
        return Ok(());
    };
    *hashes = hashes.saturating_add(request.hashes().len());
    if *hashes > MAX_HASHES {
        let kind = DecodeErrorKind::TooMany { limit: MAX_HASHES };
        return Err(reader.error("certification authorities", kind));
    }
    Ok(())
}

/// Reads one payload; returns the type of the next one (NONE after SK and SKF) and the payload.
fn read_payload(
    ty: PayloadType,
    reader: &mut Reader,
) -> Result<(PayloadType, Payload), DecodeError> {
    let generic = generic::read(reader, ty.name().unwrap_or("payload"), generic::LEN)?;
    let next = PayloadType(generic.next);
    let body = Body::decode(ty, next, generic.body)?;
    let next = body.first_inside().map_or(next, |_| PayloadType::NONE);
    let flags = generic.flags;
    Ok((next, Payload { flags, body }))
}
