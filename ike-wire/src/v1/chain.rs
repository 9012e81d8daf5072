//! A chain of payloads and the octets it was read from (RFC 2408 3.2).
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
/// Certificate requests read from one chain; more are refused (THREATS B11).
pub const MAX_CERT_REQUESTS: usize = 64;

/// What may follow the last payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: a clear message.
    Forbidden,
    /// Any octets: a decrypted message, padded to the cipher's block (RFC 2409 appendix B, W-003).
    Allowed,
}

/// The payloads of a message, with the octets they came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    /// The payloads in wire order.
    pub payloads: Vec<Payload>,
    spans: Spans,
}

impl Chain {
    /// Reads payloads from `first` on; `base_offset` is the offset of `bytes` in the datagram, for errors.
    ///
    /// Errors: a payload that is cut short, has an impossible length or content; more than [`MAX_PAYLOADS`] payloads or
    /// [`MAX_CERT_REQUESTS`] certificate requests; octets after the last payload where padding is forbidden.
    pub fn decode(
        first: PayloadType,
        bytes: Bytes,
        base_offset: usize,
        padding: Padding,
    ) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes.clone(), base_offset);
        let mut chain = Self {
            payloads: Vec::new(),
            spans: Spans::new(bytes),
        };
        let mut requests = 0usize;
        let mut ty = first;
        while ty != PayloadType::NONE {
            requests = requests.saturating_add(usize::from(ty == PayloadType::CERT_REQ));
            check_counts(&reader, chain.payloads.len(), requests)?;
            let start = reader.offset().saturating_sub(base_offset);
            let (next, payload) = read_payload(ty, &mut reader)?;
            chain.payloads.push(payload);
            chain
                .spans
                .push(start..reader.offset().saturating_sub(base_offset));
            ty = next;
        }
        if padding == Padding::Forbidden {
            reader.finish("the last payload")?;
        }
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

    /// Payload `index` without its generic header: what RFC 2409 calls `<P>_b`.
    pub fn body(&self, index: usize) -> Bytes {
        self.spans.body(index)
    }

    /// Everything from the end of payload `index` to the end of the last payload: what HASH(1) covers after the HASH payload
    /// (RFC 2409 5.5). Padding is not included.
    pub fn after(&self, index: usize) -> Bytes {
        self.spans.range(index).map_or_else(Bytes::new, |range| {
            self.spans.cut(range.end..self.spans.end())
        })
    }

    /// All payloads as they came, without padding.
    pub fn octets(&self) -> Bytes {
        self.spans.cut(0..self.spans.end())
    }

    /// The octets after the last payload.
    pub fn padding(&self) -> Bytes {
        self.spans.cut(self.spans.end()..self.spans.octets().len())
    }

    /// The octet `distance` octets after the start of payload `index`'s body, also beyond its end (W-032 reads vendor IDs so).
    pub fn octet_from_body(&self, index: usize, distance: usize) -> Option<u8> {
        let start = self.spans.range(index)?.start.saturating_add(generic::LEN);
        self.spans
            .octets()
            .get(start.saturating_add(distance))
            .copied()
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
/// Error: a length that does not fit its field (THREATS K2).
pub fn encode_chain(payloads: &[Payload]) -> Result<(PayloadType, Bytes), EncodeError> {
    let mut out = BytesMut::new();
    let first = put_chain(payloads, &mut out)?;
    Ok((first, out.freeze()))
}

/// Appends payloads to `out`; returns the type of the first one.
pub(super) fn put_chain(
    payloads: &[Payload],
    out: &mut BytesMut,
) -> Result<PayloadType, EncodeError> {
    let mut types = payloads
        .iter()
        .map(Payload::payload_type)
        .chain([PayloadType::NONE]);
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
    let start = out.len();
    generic::put(out, next.0, payload.reserved);
    payload.body.encode(out)?;
    patch_length(out, start.saturating_add(2), start, what)
}

fn check_counts(reader: &Reader, payloads: usize, requests: usize) -> Result<(), DecodeError> {
    if payloads >= MAX_PAYLOADS {
        return Err(reader.error(
            "payloads",
            DecodeErrorKind::TooMany {
                limit: MAX_PAYLOADS,
            },
        ));
    }
    if requests > MAX_CERT_REQUESTS {
        return Err(reader.error(
            "certificate requests",
            DecodeErrorKind::TooMany {
                limit: MAX_CERT_REQUESTS,
            },
        ));
    }
    Ok(())
}

/// Reads one payload; returns the type of the next one and the payload.
fn read_payload(
    ty: PayloadType,
    reader: &mut Reader,
) -> Result<(PayloadType, Payload), DecodeError> {
    let generic = generic::read(reader, ty.name().unwrap_or("payload"), generic::LEN)?;
    let body = Body::decode(ty, generic.body)?;
    let payload = Payload {
        reserved: generic.flags,
        body,
    };
    Ok((PayloadType(generic.next), payload))
}
