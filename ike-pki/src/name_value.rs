//! Attribute values of names: text for people, and the folded form that
//! RFC 5280 7.1 compares.

use std::fmt::Write;

use crate::der::{Tlv, tag};

/// The value as text: characters as they are, control characters and octets
/// that are no character as `\xNN`, values that are no string as `#` and hex.
pub(crate) fn readable(value: &Tlv<'_>) -> String {
    let Some(characters) = characters(value) else {
        let mut out = "#".to_owned();
        value.raw.iter().for_each(|octet| hex(&mut out, *octet));
        return out;
    };
    let mut out = String::with_capacity(value.content.len());
    for character in characters {
        match character {
            Ok(c) if c.is_control() || is_bidi(c) => escape(&mut out, c),
            Ok(c) => out.push(c),
            Err(octet) => {
                out.push_str("\\x");
                hex(&mut out, octet);
            }
        }
    }
    out
}

/// Text of a peer's certificate with control characters as `\xNN`.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi(c) {
            escape(&mut out, c)
        } else {
            out.push(c)
        }
    }
    out
}

/// The value in the form that is compared: strings of any type in lower case
/// with blanks folded and trimmed; everything else as its octets.
pub(crate) fn canonical(value: &Tlv<'_>) -> Vec<u8> {
    match characters(value).map(Iterator::collect::<Result<Vec<char>, u8>>) {
        Some(Ok(characters)) => {
            let lower: String = characters
                .into_iter()
                .flat_map(char::to_lowercase)
                .collect();
            let words: Vec<&str> = lower.split_whitespace().collect();
            // A first octet keeps strings apart from raw values.
            [&[1][..], words.join(" ").as_bytes()].concat()
        }
        _ => [&[0][..], value.raw].concat(),
    }
}

/// The characters of a string value, bad octets as `Err`; `None` for a value
/// that is no string.
fn characters<'a>(value: &Tlv<'a>) -> Option<Box<dyn Iterator<Item = Result<char, u8>> + 'a>> {
    let content = value.content;
    Some(match value.tag {
        tag::PRINTABLE_STRING | tag::IA5_STRING | tag::UTF8_STRING => Box::new(utf8(content)),
        tag::TELETEX_STRING => Box::new(content.iter().map(|octet| Ok(char::from(*octet)))),
        tag::BMP_STRING => Box::new(units::<2>(content)),
        tag::UNIVERSAL_STRING => Box::new(units::<4>(content)),
        _ => return None,
    })
}

fn utf8(content: &[u8]) -> impl Iterator<Item = Result<char, u8>> {
    content.utf8_chunks().flat_map(|chunk| {
        chunk
            .valid()
            .chars()
            .map(Ok)
            .chain(chunk.invalid().iter().copied().map(Err))
    })
}

/// Big-endian code points of N octets each.
fn units<const N: usize>(content: &[u8]) -> impl Iterator<Item = Result<char, u8>> {
    content.chunks(N).map(|unit| {
        let point = unit
            .iter()
            .fold(0, |point, octet| point << 8 | u32::from(*octet));
        let whole = unit.len() == N;
        let last = unit.last().copied().unwrap_or(0);
        char::from_u32(point).filter(|_| whole).ok_or(last)
    })
}

/// Characters that reorder the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(out: &mut String, c: char) {
    let mut buffer = [0; 4];
    for octet in c.encode_utf8(&mut buffer).bytes() {
        out.push_str("\\x");
        hex(out, octet);
    }
}

fn hex(out: &mut String, octet: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{octet:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{der::Reader, writer};

    fn with<T>(tag: u8, content: &[u8], f: impl Fn(&Tlv<'_>) -> T) -> T {
        let raw = writer::tlv(tag, &[content]);
        f(&Reader::new(&raw).any().unwrap())
    }

    #[test]
    fn every_string_type_is_readable() {
        assert_eq!(with(tag::BMP_STRING, b"\0C\0A", readable), "CA");
        assert_eq!(with(tag::UNIVERSAL_STRING, b"\0\0\0C", readable), "C");
        assert_eq!(with(tag::TELETEX_STRING, b"\xe4", readable), "ä");
        assert_eq!(with(tag::UTF8_STRING, "ä".as_bytes(), readable), "ä");
        assert_eq!(with(tag::UTF8_STRING, b"a\xffb", readable), "a\\xffb");
        assert_eq!(with(tag::BMP_STRING, b"\0C\0", readable), "C\\x00");
        assert_eq!(with(tag::OCTET_STRING, b"\x01\x02", readable), "#04020102");
        assert_eq!(
            with(tag::UTF8_STRING, "a\u{202e}b".as_bytes(), readable),
            "a\\xe2\\x80\\xaeb"
        );
    }

    #[test]
    fn folding_ignores_type_case_and_blanks_only() {
        let a = with(tag::BMP_STRING, b"\0 \0C\0A\0 \0 \x001", canonical);
        assert_eq!(a, with(tag::UTF8_STRING, b"ca 1", canonical));
        assert_ne!(a, with(tag::UTF8_STRING, b"ca1", canonical));
        assert_ne!(
            with(tag::OCTET_STRING, b"a", canonical),
            with(tag::UTF8_STRING, b"a", canonical)
        );
    }
}
