//! Length fields that are filled in after the fact and never wrap (THREATS K2).
use crate::error::EncodeError;
use crate::header::Header;
use crate::registry::PayloadType;
use bytes::{BufMut, Bytes, BytesMut};

/// The most octets of a message we write or put together: what one UDP datagram over IPv4 carries.
pub const MAX_MESSAGE: usize = 65_507;

/// Writes a header with its first payload type and its length in front of `rest`.
///
/// Error: too long for a datagram.
pub(crate) fn whole_message(
    header: &Header,
    next_payload: PayloadType,
    rest: &[u8],
) -> Result<Bytes, EncodeError> {
    let mut out = put_header(header, next_payload, rest.len())?;
    out.put_slice(rest);
    Ok(out.freeze())
}

/// Writes a header with its first payload type and its length; `rest` octets will follow and have room.
pub(crate) fn put_header(
    header: &Header,
    next_payload: PayloadType,
    rest: usize,
) -> Result<BytesMut, EncodeError> {
    let total = Header::LEN.saturating_add(rest);
    let length = u32::try_from(total).ok().filter(|_| total <= MAX_MESSAGE);
    let length = length.ok_or_else(|| too_long("message", total, MAX_MESSAGE))?;
    let mut out = BytesMut::with_capacity(total);
    Header {
        next_payload,
        length,
        ..*header
    }
    .encode(&mut out);
    Ok(out)
}

/// Writes a two-octet length at `at`, counting the octets from `from` to the end of `out`.
pub(crate) fn patch_length(
    out: &mut BytesMut,
    at: usize,
    from: usize,
    what: &'static str,
) -> Result<(), EncodeError> {
    let length = out.len().saturating_sub(from);
    let field = u16::try_from(length).map_err(|_| too_long(what, length, u16::MAX.into()))?;
    if let Some(slot) = out
        .get_mut(at..)
        .and_then(|rest| rest.first_chunk_mut::<2>())
    {
        *slot = field.to_be_bytes();
    }
    Ok(())
}

/// Writes `length` as one octet.
pub(crate) fn put_u8_length(
    out: &mut BytesMut,
    length: usize,
    what: &'static str,
) -> Result<(), EncodeError> {
    out.put_u8(u8::try_from(length).map_err(|_| too_long(what, length, u8::MAX.into()))?);
    Ok(())
}

/// Writes `length` as two octets, network order.
pub(crate) fn put_u16_length(
    out: &mut BytesMut,
    length: usize,
    what: &'static str,
) -> Result<(), EncodeError> {
    out.put_u16(u16::try_from(length).map_err(|_| too_long(what, length, u16::MAX.into()))?);
    Ok(())
}

/// The error of a length that does not fit.
pub(crate) fn too_long(what: &'static str, length: usize, at_most: usize) -> EncodeError {
    EncodeError {
        what,
        length,
        at_most,
    }
}
