//! BER made DER (X.690 8.1.3): indefinite lengths become definite, lengths
//! their shortest form, constructed OCTET STRINGs one piece. DER passes
//! unchanged, so that signatures inside stay right.
//!
//! Of 16 levels and 256 kB at most; the work is linear in the octets times the
//! levels.

use bytes::Bytes;

use crate::{
    cms::{CmsError, MAX_CMS},
    der::{DerError, tag},
    writer::tlv,
};

/// Levels of constructed elements.
const MAX_LEVELS: usize = 16;
/// A constructed OCTET STRING.
const PIECES: u8 = 0x24;
const CONSTRUCTED: u8 = 0x20;
const INDEFINITE: u8 = 0x80;

/// The message as DER, one element and nothing after it.
///
/// # Errors
/// What is wrong, with its offset.
pub(crate) fn normal(ber: &Bytes) -> Result<Bytes, CmsError> {
    if ber.len() > MAX_CMS {
        return Err(CmsError::TooLarge(ber.len()));
    }
    let mut cursor = Cursor { octets: ber, at: 0 };
    let der = cursor.element(0).map_err(CmsError::Ber)?;
    if cursor.at != ber.len() {
        return Err(CmsError::Ber(cursor.error("the end of the message")));
    }
    Ok(match der == *ber {
        true => ber.clone(),
        false => der.into(),
    })
}

struct Cursor<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    /// The next element as DER.
    fn element(&mut self, level: usize) -> Result<Vec<u8>, DerError> {
        let start = self.error("at most 16 levels");
        let tag = self.octet("an element")?;
        if tag & 0x1f == 0x1f {
            return Err(self.error("a tag number below 31"));
        }
        let length = self.length()?;
        if tag & CONSTRUCTED == 0 {
            let len = length.ok_or_else(|| self.error("a definite length of what is primitive"))?;
            return Ok(tlv(tag, &[self.take(len)?]));
        }
        if level == MAX_LEVELS {
            return Err(start);
        }
        let parts = self.parts(length, level + 1)?;
        match tag {
            PIECES => join(&parts).ok_or_else(|| self.error("pieces of an OCTET STRING")),
            _ => Ok(tlv(tag, &[&parts.concat()])),
        }
    }

    /// The elements up to `length`, or to the end-of-contents octets.
    fn parts(&mut self, length: Option<usize>, level: usize) -> Result<Vec<Vec<u8>>, DerError> {
        let mut parts = Vec::new();
        let Some(len) = length else {
            while self.octets.get(self.at..self.at + 2) != Some(&[0, 0]) {
                parts.push(self.element(level)?);
            }
            self.at += 2;
            return Ok(parts);
        };
        let end = self.at + len;
        let inner = self
            .octets
            .get(..end)
            .ok_or_else(|| self.error("as many octets as the length says"))?;
        let mut inside = Cursor {
            octets: inner,
            at: self.at,
        };
        while inside.at < end {
            parts.push(inside.element(level)?);
        }
        self.at = end;
        Ok(parts)
    }

    /// `None` = indefinite.
    fn length(&mut self) -> Result<Option<usize>, DerError> {
        let first = self.octet("a length")?;
        if first < INDEFINITE {
            return Ok(Some(usize::from(first)));
        }
        if first == INDEFINITE {
            return Ok(None);
        }
        let count = usize::from(first & 0x7f);
        let octets = self.take(count)?;
        let value = octets.iter().try_fold(0_usize, |value, octet| {
            Some(value << 8 | usize::from(*octet)).filter(|value| *value <= MAX_CMS)
        });
        value
            .map(Some)
            .ok_or_else(|| self.error("a length below 256 kB"))
    }

    fn octet(&mut self, expected: &'static str) -> Result<u8, DerError> {
        let octet = self.octets.get(self.at).copied();
        let octet = octet.ok_or_else(|| self.error(expected))?;
        self.at += 1;
        Ok(octet)
    }

    fn take(&mut self, len: usize) -> Result<&[u8], DerError> {
        let (at, end) = (self.at, self.at + len);
        let octets = self.octets.get(at..end);
        let octets = octets.ok_or(DerError {
            offset: at,
            expected: "as many octets as the length says",
        })?;
        self.at = end;
        Ok(octets)
    }

    fn error(&self, expected: &'static str) -> DerError {
        DerError {
            offset: self.at,
            expected,
        }
    }
}

/// One OCTET STRING of its pieces, which are DER already.
fn join(parts: &[Vec<u8>]) -> Option<Vec<u8>> {
    let pieces: Option<Vec<&[u8]>> = parts.iter().map(|part| piece(part)).collect();
    Some(tlv(tag::OCTET_STRING, &pieces?))
}

/// The content of a DER OCTET STRING.
fn piece(der: &[u8]) -> Option<&[u8]> {
    let element = crate::der::Reader::new(der).any().ok()?;
    (element.tag == tag::OCTET_STRING).then_some(element.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ber: &[u8]) -> Result<Bytes, CmsError> {
        normal(&Bytes::copy_from_slice(ber))
    }

    #[test]
    fn der_passes_unchanged() {
        for der in [&[0x30, 3, 2, 1, 5][..], &[0x04, 0], &[0x31, 2, 0xa0, 0]] {
            assert_eq!(of(der).unwrap(), der);
        }
    }

    #[test]
    fn indefinite_lengths_and_pieces_become_definite() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 1, 7, 0x24, 0x80, 0x04, 1, 8, 0, 0, 0, 0, 0xa0, 0x81, 2,
            5, 0, 0, 0,
        ];
        assert_eq!(
            of(&ber).unwrap(),
            [0x30, 8, 0x04, 2, 7, 8, 0xa0, 2, 5, 0].as_slice()
        );
        assert_eq!(of(&[0x30, 0x84, 0, 0, 0, 2, 5, 0]).unwrap()[..2], [0x30, 2]);
    }

    /// A17: bounded in depth and size, refused at every cut.
    #[test]
    fn endless_and_cut_encodings_are_refused() {
        let deep = |levels: usize| [[0x30, 0x80].repeat(levels), vec![0; 2 * levels]].concat();
        assert!(of(&deep(16)).is_ok());
        let error = of(&deep(17)).unwrap_err().to_string();
        assert_eq!(
            error,
            "CMS: as it came, DER at offset 32: expected at most 16 levels"
        );
        assert!(of(&deep(60_000)).is_err());
        let whole = deep(5);
        for end in 0..whole.len() {
            assert!(of(&whole[..end]).is_err(), "{end}");
        }
        for bad in [
            &[0x30, 0, 0][..],
            &[0x04, 0x80, 0, 0],
            &[0x24, 0x80, 0x02, 1, 1, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 2, 0x04, 1, 0],
            &[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x1f, 0x81, 1, 0],
        ] {
            assert!(of(bad).is_err(), "{bad:02x?}");
        }
        assert_eq!(
            normal(&vec![0; MAX_CMS + 1].into()),
            Err(CmsError::TooLarge(MAX_CMS + 1))
        );
    }
}
