//! Writing of DER: what the lab CA, names and requests need, nothing more.

use crate::der::tag;

/// One element: tag, shortest length, the concatenation of `parts`.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(len + 5);
    out.push(tag);
    out.extend(length(len));
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A SEQUENCE of encoded parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// A SET OF encoded parts, sorted as DER demands (X.690 11.6).
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(tag::SET, &[&parts.concat()])
}

/// An OBJECT IDENTIFIER from its encoded content.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    tlv(tag::OID, &[content])
}

/// A non-negative INTEGER from big-endian octets of any length.
pub(crate) fn unsigned(octets: &[u8]) -> Vec<u8> {
    let start = octets
        .iter()
        .position(|octet| *octet != 0)
        .unwrap_or(octets.len());
    let digits = octets.get(start..).unwrap_or_default();
    match digits.first() {
        Some(first) if first & 0x80 == 0 => tlv(tag::INTEGER, &[digits]),
        _ => tlv(tag::INTEGER, &[&[0], digits]),
    }
}

/// A PrintableString where the alphabet allows it (X.680 41.4), else a
/// UTF8String.
pub(crate) fn text(value: &str) -> Vec<u8> {
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    let kind = match value.chars().all(printable) {
        true => tag::PRINTABLE_STRING,
        false => tag::UTF8_STRING,
    };
    tlv(kind, &[value.as_bytes()])
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], octets])
}

/// A BIT STRING of named bits, trailing zero bits removed (X.690 11.2.2).
pub(crate) fn named_bits(bits: u16) -> Vec<u8> {
    let octets = bits.to_be_bytes();
    let used = octets
        .iter()
        .rposition(|octet| *octet != 0)
        .map_or(0, |last| last + 1);
    let content = octets.get(..used).unwrap_or_default();
    let unused = content.last().map_or(0, |last| last.trailing_zeros() as u8);
    tlv(tag::BIT_STRING, &[&[unused], content])
}

fn length(len: usize) -> Vec<u8> {
    if len < 0x80 {
        return vec![len as u8];
    }
    let octets = len.to_be_bytes();
    let start = octets
        .iter()
        .position(|octet| *octet != 0)
        .unwrap_or(octets.len());
    let digits = octets.get(start..).unwrap_or_default();
    [&[0x80 | digits.len() as u8], digits].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(tlv(4, &[&[7; 127]])[..2], [4, 127]);
        assert_eq!(tlv(4, &[&[7; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[&[7; 256]])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn named_bits_lose_trailing_zeros() {
        assert_eq!(named_bits(0xa000), [3, 2, 5, 0xa0]);
        assert_eq!(named_bits(0x0600), [3, 2, 1, 0x06]);
        assert_eq!(named_bits(0), [3, 1, 0]);
    }
}
