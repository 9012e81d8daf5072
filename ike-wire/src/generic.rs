//! The four-octet generic headers that payloads, proposals and transforms of both versions start with (RFC 2408 3.2, RFC 7296
//! 3.2, 3.3.1).
use crate::error::{DecodeError, DecodeErrorKind};
use crate::reader::Reader;
use crate::registry::PayloadType;
use bytes::{BufMut, BytesMut};

/// Octets of a generic header.
pub(crate) const LEN: usize = 4;

/// A generic header and what it encloses.
pub(crate) struct Generic {
    /// The next payload (or "last substructure") octet.
    pub(crate) next: u8,
    /// The octet after it: RESERVED, in IKEv2 payloads with the critical bit.
    pub(crate) flags: u8,
    /// The octets up to the length.
    pub(crate) body: Reader,
}

/// Reads a generic header and cuts out its body. A length below `at_least` cannot loop (THREATS A1).
///
/// Errors: a cut header; a length below `at_least` (header included) or over the end.
pub(crate) fn read(
    reader: &mut Reader,
    what: &'static str,
    at_least: usize,
) -> Result<Generic, DecodeError> {
    let offset = reader.offset();
    let next = reader.u8(what)?;
    let flags = reader.u8(what)?;
    let length = usize::from(reader.u16(what)?);
    if length < at_least.max(LEN) {
        let kind = DecodeErrorKind::PayloadLength {
            found: length,
            at_least,
        };
        return Err(DecodeError { offset, what, kind });
    }
    let body = reader.sub(length.saturating_sub(LEN), what)?;
    Ok(Generic { next, flags, body })
}

/// Reads the generic header of a proposal or transform: whether another follows, the RESERVED octet, and the body.
pub(crate) fn substructure(
    reader: &mut Reader,
    same: PayloadType,
    what: &'static str,
    at_least: usize,
) -> Result<(bool, u8, Reader), DecodeError> {
    let offset = reader.offset();
    let Generic { next, flags, body } = read(reader, what, at_least)?;
    if next != 0 && next != same.0 {
        let kind = DecodeErrorKind::Value {
            found: next.into(),
            expected: "0 or its own type as next payload",
        };
        return Err(DecodeError { offset, what, kind });
    }
    Ok((next == same.0, flags, body))
}

/// Writes a generic header with a length still to be filled in.
pub(crate) fn put(out: &mut BytesMut, next: u8, flags: u8) {
    out.put_u8(next);
    out.put_u8(flags);
    out.put_u16(0);
}

/// Writes the generic header of a proposal or transform; the length is still to be filled in.
pub(crate) fn put_substructure(out: &mut BytesMut, more: bool, same: PayloadType, reserved: u8) {
    put(out, if more { same.0 } else { 0 }, reserved);
}
