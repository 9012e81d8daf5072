//! The one spelling DER has for each value (X.690 8, 10, 11), checked over a
//! whole structure: what the library takes in several spellings.

use crate::der::{Result, Tlv, tag};

/// Levels of constructed elements that are read (A17).
const MAX_NESTING: usize = 16;

/// Checks that `tlv` is canonical down to its leaves, of 16 levels at most.
pub(crate) fn canonical(tlv: &Tlv<'_>) -> Result<()> {
    walk(tlv, 0)
}

fn walk(tlv: &Tlv<'_>, level: usize) -> Result<()> {
    const CONSTRUCTED: u8 = 0x20;
    let universal = tlv.tag & 0xc0 == 0;
    if tlv.tag & CONSTRUCTED == 0 {
        return if universal { primitive(tlv) } else { Ok(()) };
    }
    if universal && !matches!(tlv.tag, tag::SEQUENCE | tag::SET) {
        return Err(tlv.error("a primitive encoding of a primitive type"));
    }
    if level == MAX_NESTING {
        return Err(tlv.error("at most 16 levels"));
    }
    let mut inner = tlv.reader();
    while !inner.is_empty() {
        walk(&inner.any()?, level + 1)?;
    }
    Ok(())
}

/// X.690 8 and 11 for the primitive types that have several spellings.
fn primitive(tlv: &Tlv<'_>) -> Result<()> {
    let (fits, expected) = match tlv.tag {
        0 | 0x10 | 0x11 => (false, "a primitive type"),
        tag::BOOLEAN => (matches!(tlv.content, [0 | 0xff]), "BOOLEAN of 00 or FF"),
        tag::INTEGER | tag::ENUMERATED => (shortest(tlv.content), "INTEGER in its shortest form"),
        tag::NULL => (tlv.content.is_empty(), "NULL without content"),
        tag::OID => (
            tlv.content.last().is_some_and(|last| last & 0x80 == 0),
            "a complete OBJECT IDENTIFIER",
        ),
        tag::BIT_STRING => (padded(tlv.content), "BIT STRING with clear unused bits"),
        _ => (true, ""),
    };
    if fits {
        Ok(())
    } else {
        Err(tlv.error(expected))
    }
}

fn shortest(integer: &[u8]) -> bool {
    match integer {
        [] => false,
        [0, second, ..] => second & 0x80 != 0,
        [0xff, second, ..] => second & 0x80 == 0,
        _ => true,
    }
}

/// Whether a BIT STRING's unused bits are fewer than 8 and clear.
pub(crate) fn padded(bits: &[u8]) -> bool {
    match bits {
        [] => false,
        [unused] => *unused == 0,
        [unused, .., last] => *unused < 8 && u16::from(*last) & ((1 << unused) - 1) == 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::der::Reader;

    #[test]
    fn spellings_that_are_not_canonical_are_refused() {
        for octets in [
            &[0x30, 3, 0x01, 1, 0x01][..],
            &[0x02, 2, 0, 5],
            &[0x02, 2, 0xff, 0x80],
            &[0x02, 0],
            &[0x05, 1, 0],
            &[0x06, 0],
            &[0x06, 1, 0x80],
            &[0x03, 2, 1, 1],
            &[0x03, 0],
            &[0x24, 2, 0x04, 0],
            &[0x10, 0],
            &[0x00, 0],
            &[0xa0, 2, 0x10, 0],
        ] {
            assert!(Reader::new(octets).check().is_err(), "{octets:02x?}");
        }
        assert!(Reader::new(&[0x30, 4, 0x02, 2, 0, 0x80]).check().is_ok());
        let nested = |levels: u8| {
            let mut out = vec![0x05, 0];
            (0..levels).for_each(|_| out = [&[0x30, out.len() as u8], &out[..]].concat());
            Reader::new(&out).check().map(drop)
        };
        assert!(nested(16).is_ok());
        assert_eq!(nested(17).unwrap_err().expected, "at most 16 levels");
    }
}
