//! Certificates in a bundle that a URL names (RFC 7296 3.6): `SEQUENCE OF CHOICE { cert [0] Certificate,
//! crl [1] CertificateList }`, the tags explicit.

use bytes::Bytes;

use crate::chain::MAX_PEER_CERTIFICATES;
use crate::der::{MAX_DER, Reader, Result, tag};

/// The certificates of a bundle as they stand in it, unread, at most [`MAX_PEER_CERTIFICATES`]; revocation
/// lists are passed over.
///
/// # Errors
/// It is no such bundle, or larger than [`MAX_DER`].
pub fn certificates_of_bundle(octets: &Bytes) -> Result<Vec<Bytes>> {
    let whole = Reader::new(octets);
    if octets.len() > MAX_DER {
        return Err(whole.error("a bundle of at most 64 kB"));
    }
    whole.check()?;
    let mut elements = Reader::new(octets).sequence("SEQUENCE of certificates")?;
    let mut out = Vec::new();
    while !elements.is_empty() {
        let element = elements.any()?;
        let mut inside = element.reader();
        let what = inside.expect(tag::SEQUENCE, "certificate or revocation list")?;
        inside.end("the end of the element")?;
        match element.tag {
            tag if tag == tag::constructed(0) && out.len() < MAX_PEER_CERTIFICATES => {
                out.push(octets.slice_ref(what.raw));
            }
            tag if tag == tag::constructed(0) || tag == tag::constructed(1) => {}
            _ => return Err(element.error("certificate or revocation list")),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DER with lengths below 128.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[tag, length], content].concat()
    }

    /// RFC 7296 3.6: certificates in their order, lists passed over.
    #[test]
    fn certificates_are_taken_out_in_their_order() {
        let (one, two) = (der(0x30, &[2, 1, 1]), der(0x30, &[2, 1, 2]));
        let list = [der(0xa0, &one), der(0xa1, &two), der(0xa0, &two)].concat();
        let bundle = Bytes::from(der(0x30, &list));
        assert_eq!(certificates_of_bundle(&bundle).unwrap(), [one, two]);
        let empty = Bytes::from(der(0x30, &[]));
        assert!(certificates_of_bundle(&empty).unwrap().is_empty());
    }

    /// A17, B13: nothing else is read, cut or endless.
    #[test]
    fn other_things_are_refused() {
        let one = der(0x30, &[2, 1, 1]);
        for wrong in [
            Vec::new(),
            one.clone(),
            der(0x30, &der(0xa2, &one)),
            der(0x30, &der(0xa0, &[])),
            der(0x30, &der(0xa0, &[one.clone(), one.clone()].concat())),
            [der(0x30, &der(0xa0, &one)), vec![0]].concat(),
        ] {
            assert!(certificates_of_bundle(&wrong.into()).is_err());
        }
        let many = der(0x30, &der(0xa0, &one).repeat(12));
        let found = certificates_of_bundle(&many.into()).unwrap();
        assert_eq!(found.len(), MAX_PEER_CERTIFICATES);
    }
}
