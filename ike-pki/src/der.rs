//! The form of DER (X.690): what `x509-parser` reads leniently or not at all
//! is checked here before it reads, every error with its offset.
//!
//! Only DER is accepted: definite lengths in the shortest form, low tag
//! numbers, exact ends, canonical primitives, 16 levels at most (A17). The
//! cursor serves that check, raw names, and the few structures the library
//! gets wrong (`docs/dependencies.md`).

use std::fmt;

use crate::der_check::{canonical, padded};

/// Tags of the types used here, class and constructed bit included.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// Stands for either time type in [`super::Reader::fields`].
    pub(crate) const TIME: u8 = 0x1f;
    /// Context-specific, primitive.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }
    /// Context-specific, constructed.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Largest structure that is read at all, octets (A17).
pub const MAX_DER: usize = 65_536;

/// What is expected where a length is indefinite (BER) or very long.
pub(crate) const DEFINITE: &str = "a definite length of at most 4 octets";

/// Where and why an encoding was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerError {
    /// Octets from the start of the whole structure.
    pub offset: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DER at offset {}: expected {}",
            self.offset, self.expected
        )
    }
}

impl std::error::Error for DerError {}

/// Result of reading DER.
pub(crate) type Result<T> = std::result::Result<T, DerError>;

/// One element: its tag, its content, and all its octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) raw: &'a [u8],
    pub(crate) content: &'a [u8],
    /// Offset of the content in the whole structure.
    pub(crate) at: usize,
}

impl<'a> Tlv<'a> {
    /// A reader over the content.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader {
            rest: self.content,
            at: self.at,
        }
    }

    /// An error at this element.
    pub(crate) fn error(&self, expected: &'static str) -> DerError {
        DerError {
            offset: self.at,
            expected,
        }
    }
}

/// A cursor over a run of elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self {
            rest: octets,
            at: 0,
        }
    }

    /// A cursor over `part` of `whole`, with offsets in the latter.
    pub(crate) fn within(whole: &[u8], part: &'a [u8]) -> Self {
        let offset = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        Self {
            rest: part,
            at: if offset <= whole.len() { offset } else { 0 },
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag that comes next.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Tlv<'a>> {
        let (tag, header, len) = self.header()?;
        let end = header
            .checked_add(len)
            .ok_or_else(|| self.error("a length that fits"))?;
        let (raw, content) = self
            .rest
            .get(..end)
            .and_then(|raw| Some((raw, raw.get(header..)?)))
            .ok_or_else(|| self.error("as many octets as the length says"))?;
        let tlv = Tlv {
            tag,
            raw,
            content,
            at: self.at + header,
        };
        self.rest = self.rest.get(end..).unwrap_or_default();
        self.at += end;
        Ok(tlv)
    }

    /// The next element, which must have `tag`.
    pub(crate) fn expect(&mut self, tag: u8, expected: &'static str) -> Result<Tlv<'a>> {
        match self.peek() {
            Some(found) if found == tag => self.any(),
            _ => Err(self.error(expected)),
        }
    }

    /// The next element if it has `tag`.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>> {
        match self.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) if tag == tag::TIME => self.any().map(Some),
            Some(found) if found == tag => self.any().map(Some),
            _ => Ok(None),
        }
    }

    /// The next element as SEQUENCE, as a reader over its content.
    pub(crate) fn sequence(&mut self, expected: &'static str) -> Result<Self> {
        Ok(self.expect(tag::SEQUENCE, expected)?.reader())
    }

    /// The content of an OBJECT IDENTIFIER.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8]> {
        Ok(self.expect(tag::OID, "OBJECT IDENTIFIER")?.content)
    }

    /// The elements of a SEQUENCE with these tags in this order, each of them
    /// optional, and nothing else.
    pub(crate) fn fields<const N: usize>(
        mut self,
        order: [u8; N],
        expected: &'static str,
    ) -> Result<[Option<Tlv<'a>>; N]> {
        let mut out = [None; N];
        for (slot, tag) in out.iter_mut().zip(order) {
            *slot = self.optional(tag)?;
        }
        self.end(expected)?;
        Ok(out)
    }

    /// All elements, each with `tag`; at least one.
    pub(crate) fn all(mut self, tag: u8, expected: &'static str) -> Result<Vec<Tlv<'a>>> {
        let mut out = vec![self.expect(tag, expected)?];
        while !self.is_empty() {
            out.push(self.expect(tag, expected)?);
        }
        Ok(out)
    }

    /// Refuses anything but one canonical element of at most 16 levels.
    pub(crate) fn check(mut self) -> Result<Tlv<'a>> {
        let tlv = self.any()?;
        self.end("the end of the element")?;
        canonical(&tlv)?;
        Ok(tlv)
    }

    /// As [`Reader::check`], for one SEQUENCE.
    pub(crate) fn check_sequence(self) -> Result<Tlv<'a>> {
        match self.check()? {
            tlv if tlv.tag == tag::SEQUENCE => Ok(tlv),
            other => Err(other.error("a SEQUENCE")),
        }
    }

    /// Refuses anything that follows.
    pub(crate) fn end(&self, expected: &'static str) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error(expected))
        }
    }

    pub(crate) fn error(&self, expected: &'static str) -> DerError {
        DerError {
            offset: self.at,
            expected,
        }
    }

    /// Tag, octets of the header, octets of the content.
    fn header(&self) -> Result<(u8, usize, usize)> {
        let (&tag, &first) = match self.rest {
            [tag, first, ..] => (tag, first),
            _ => return Err(self.error("an element")),
        };
        if tag & 0x1f == 0x1f {
            return Err(self.error("a tag number below 31"));
        }
        if first < 0x80 {
            return Ok((tag, 2, usize::from(first)));
        }
        let count = usize::from(first & 0x7f);
        let octets = self
            .rest
            .get(2..2 + count)
            .filter(|o| (1..=4).contains(&o.len()));
        let octets = octets.ok_or_else(|| self.error(DEFINITE))?;
        let len = octets
            .iter()
            .fold(0, |len, octet| len << 8 | usize::from(*octet));
        match octets.first() {
            Some(0) => Err(self.error("a length in its shortest form")),
            _ if len < 0x80 => Err(self.error("a length in its shortest form")),
            _ => Ok((tag, 2 + count, len)),
        }
    }
}

/// Up to 16 named bits of a BIT STRING, bit 0 first (most significant).
pub(crate) fn named_bits(tlv: &Tlv<'_>) -> Result<u16> {
    if !padded(tlv.content) {
        return Err(tlv.error("BIT STRING with clear unused bits"));
    }
    let octet = |index: usize| u16::from(tlv.content.get(index).copied().unwrap_or(0));
    Ok(octet(1) << 8 | octet(2))
}

/// A field that must be there.
pub(crate) fn required<'a>(
    field: Option<Tlv<'a>>,
    parent: &Tlv<'a>,
    expected: &'static str,
) -> Result<Tlv<'a>> {
    field.ok_or_else(|| parent.error(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_their_order_and_nothing_else_is() {
        let octets = [0x02, 1, 5, 0x30, 3, 0x01, 1, 0xff];
        let fields = |order| Reader::new(&octets).fields::<3>(order, "the end");
        let [number, none, list] = fields([tag::INTEGER, tag::NULL, tag::SEQUENCE]).unwrap();
        assert_eq!(number.unwrap().content, [5]);
        assert!(none.is_none() && list.unwrap().reader().check().is_ok());
        assert_eq!(fields([tag::INTEGER, 0, 0]).unwrap_err().offset, 3);
        assert!(fields([tag::SEQUENCE, tag::INTEGER, 0]).is_err());
        let [time] = Reader::new(&[0x18, 0]).fields([tag::TIME], "").unwrap();
        assert!(time.is_some());
    }

    #[test]
    fn encodings_that_are_not_der_are_refused_with_their_offset() {
        for octets in [
            &[0x30, 0x80, 0, 0][..], // indefinite length
            &[0x30, 0x81, 0x01, 0],  // long form of a short length
            &[0x30, 0x82, 0x00, 0x80],
            &[0x1f, 0x81, 0x01, 0], // high tag number
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x05, 0x00], // too short
            &[0x30],
            &[],
        ] {
            assert_eq!(
                Reader::new(octets).any().unwrap_err().offset,
                0,
                "{octets:02x?}"
            );
        }
        let octets = [0x30, 6, 0x05, 0, 0x02, 2, 0, 5];
        let error = Reader::new(&octets).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "DER at offset 6: expected INTEGER in its shortest form"
        );
        let inner = Reader::within(&octets, &octets[4..]);
        assert_eq!(inner.check().unwrap_err().offset, 6);
    }

    #[test]
    fn named_bits_come_first_bit_first() {
        let bits = |octets: &[u8]| {
            let raw = [&[3, octets.len() as u8], octets].concat();
            named_bits(&Reader::new(&raw).any().unwrap())
        };
        assert_eq!(bits(&[5, 0xa0]), Ok(0xa000));
        assert_eq!(bits(&[7, 0x06, 0x80]), Ok(0x0680));
        assert!(bits(&[5, 0xa1]).is_err());
        assert!(bits(&[9, 0]).is_err());
        assert!(bits(&[]).is_err());
    }
}
