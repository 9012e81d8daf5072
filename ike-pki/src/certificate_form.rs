//! What a certificate or list must be before `x509-parser` reads it, because
//! the library passes over it: canonical DER of bounded depth, no element
//! that its grammar does not name, each extension once, canonical times, the
//! signed algorithm equal to the outer one (E8, E16, A17).

use crate::{
    certificate_error::CertificateError,
    der::{DerError, Reader, Result, Tlv, required, tag},
    oid, time,
};

/// Most extensions of one certificate, list or list entry.
const MAX_EXTENSIONS: usize = 64;

/// The parts of a SIGNED structure.
pub(crate) struct Signed<'a> {
    pub(crate) tbs: Tlv<'a>,
    pub(crate) algorithm: Tlv<'a>,
    /// The octets of the BIT STRING.
    pub(crate) signature: &'a [u8],
}

/// A certificate whose form is right.
pub(crate) struct CertificateForm<'a> {
    pub(crate) signed: Signed<'a>,
    pub(crate) spki: Tlv<'a>,
    pub(crate) extensions: Option<Tlv<'a>>,
}

/// Checks the outer structure of a certificate, list or request.
pub(crate) fn signed(der: &[u8]) -> Result<Signed<'_>> {
    let whole = Reader::new(der).check_sequence()?;
    let order = [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING];
    let [tbs, algorithm, signature] = whole
        .reader()
        .fields(order, "the end after the signature")?;
    let signature = required(signature, &whole, "signature")?;
    let octets = whole_octets(&signature)?;
    Ok(Signed {
        tbs: required(tbs, &whole, "the to-be-signed part")?,
        algorithm: identifier(required(algorithm, &whole, "signature algorithm")?)?,
        signature: octets,
    })
}

/// The octets of a BIT STRING that has no unused bits.
pub(crate) fn whole_octets<'a>(bits: &Tlv<'a>) -> Result<&'a [u8]> {
    match bits.content.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(bits.error("BIT STRING without unused bits")),
    }
}

/// Checks a certificate (RFC 5280 4.1).
pub(crate) fn certificate(
    der: &[u8],
) -> std::result::Result<CertificateForm<'_>, CertificateError> {
    const ORDER: [u8; 10] = [
        tag::constructed(0),
        tag::INTEGER,
        tag::SEQUENCE,
        tag::SEQUENCE,
        tag::SEQUENCE,
        tag::SEQUENCE,
        tag::SEQUENCE,
        tag::context(1),
        tag::context(2),
        tag::constructed(3),
    ];
    let signed = signed(der)?;
    let tbs = signed.tbs;
    let fields = tbs.reader().fields(ORDER, "the end of the certificate")?;
    let [
        version,
        serial,
        inner,
        _,
        validity,
        _,
        spki,
        own,
        other,
        extensions,
    ] = fields;
    let spki = required(spki, &tbs, "every field of a certificate")?;
    let serial = required(serial, &tbs, "serial number")?.content;
    if serial.strip_prefix(&[0]).unwrap_or(serial).len() > 20 {
        return Err(CertificateError::SerialTooLong(serial.len()));
    }
    if inner.map(|inner| inner.raw) != Some(signed.algorithm.raw) {
        return Err(CertificateError::AlgorithmMismatch);
    }
    let version = version.map_or(Ok(1), |explicit| number(&explicit))?;
    validity.map_or(Ok(()), |validity| times(&validity))?;
    if let Some(unique) = own.or(other).filter(|_| version == 1) {
        return Err(unique.error("no unique identifier in version 1").into());
    }
    if extensions.is_some() && version < 3 {
        return Err(CertificateError::ExtensionsBeforeVersion3);
    }
    if let Some(explicit) = &extensions {
        let list = only(explicit, "Extensions")?;
        if list.content.is_empty() {
            return Err(list.error("at least one extension").into());
        }
        check_extensions(&list, CertificateError::DuplicateExtension)?;
    }
    Ok(CertificateForm {
        signed,
        spki,
        extensions,
    })
}

/// An AlgorithmIdentifier: OBJECT IDENTIFIER and at most one element more.
pub(crate) fn identifier(algorithm: Tlv<'_>) -> Result<Tlv<'_>> {
    let mut fields = algorithm.reader();
    fields.oid()?;
    if !fields.is_empty() {
        fields.any()?;
    }
    fields.end("the end of the AlgorithmIdentifier")?;
    Ok(algorithm)
}

/// The version of a certificate that states one: 2 or 3, because version 1 is
/// the DEFAULT and never written (X.690 11.5).
fn number(explicit: &Tlv<'_>) -> Result<u8> {
    match explicit
        .reader()
        .fields([tag::INTEGER], "the end of the version")?
    {
        [Some(number)] if number.content == [1] => Ok(2),
        [Some(number)] if number.content == [2] => Ok(3),
        _ => Err(explicit.error("version 2 or 3, or no version")),
    }
}

fn times(validity: &Tlv<'_>) -> Result<()> {
    let order = [tag::TIME, tag::TIME];
    let fields = validity.reader().fields(order, "the end of validity")?;
    for field in fields {
        time::check(&required(field, validity, "notBefore and notAfter")?)?;
    }
    Ok(())
}

/// The single SEQUENCE inside an explicit tag.
pub(crate) fn only<'a>(explicit: &Tlv<'a>, expected: &'static str) -> Result<Tlv<'a>> {
    let [list] = explicit.reader().fields([tag::SEQUENCE], expected)?;
    required(list, explicit, expected)
}

/// Checks an Extensions SEQUENCE: each type once, no more than 64, one
/// canonical element in each that this crate knows. Returns how many.
pub(crate) fn check_extensions<E: From<DerError>>(
    list: &Tlv<'_>,
    duplicate: impl Fn(String) -> E,
) -> std::result::Result<usize, E> {
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut rest = list.reader();
    while !rest.is_empty() {
        let extension = rest.expect(tag::SEQUENCE, "Extension")?;
        let order = [tag::OID, tag::BOOLEAN, tag::OCTET_STRING];
        let fields = extension.reader().fields(order, "the end of the extension");
        let [kind, _, value] = fields?;
        let kind = required(kind, &extension, "extnID")?.content;
        let value = required(value, &extension, "extnValue")?;
        if seen.contains(&kind) || seen.len() == MAX_EXTENSIONS {
            return Err(duplicate(oid::dotted(kind)));
        }
        seen.push(kind);
        if oid::is_known_extension(kind) {
            value.reader().check()?;
        }
    }
    Ok(seen.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ca::LabCa,
        certificate::Certificate,
        name::Name,
        writer::{sequence, tlv},
    };
    use ike_crypto::{KeySpec, PrivateKey};
    use x509_parser::parse_x509_certificate;

    fn sample() -> Vec<u8> {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let ca = LabCa::new(&name, key, 1, 0, 86_400).unwrap();
        ca.certificate().der().to_vec()
    }

    /// Only ours refuses it.
    fn told_apart(der: Vec<u8>, expected: &str) {
        assert!(parse_x509_certificate(&der).is_ok(), "{expected}");
        let error = Certificate::from_der(der).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    /// Elements the grammar does not have, in each level.
    #[test]
    fn what_the_library_passes_over_is_refused() {
        let der = sample();
        let whole = Reader::new(&der).any().unwrap();
        let null = tlv(tag::NULL, &[]);
        told_apart(sequence(&[whole.content, &null]), "end after the signature");
        let mut parts = whole.reader();
        let tbs = parts.any().unwrap();
        let rest = whole.content.get(tbs.raw.len()..).unwrap();
        let longer = sequence(&[tbs.content, &null]);
        let longer = sequence(&[&longer, rest]);
        let error = Certificate::from_der(longer).unwrap_err().to_string();
        assert!(error.contains("the end of the certificate"), "{error}");
        let other = [rest, &[]].concat();
        let at = other.windows(3).position(|w| w == [0x3d, 4, 3]).unwrap();
        let mut changed = other;
        changed[at + 3] = 3;
        told_apart(
            sequence(&[tbs.raw, &changed]),
            "inner and outer signature algorithms differ",
        );
    }

    /// X.690 10.1: a length of 4 octets for what fits in 1.
    #[test]
    fn lengths_that_are_not_the_shortest_are_refused() {
        let der = sample();
        let at = der.windows(5).position(|w| w == [6, 3, 0x55, 4, 3]);
        let name = at.unwrap() - 2;
        assert_eq!(der[name], 0x30);
        let long = [&[0x30, 0x84, 0, 0, 0, der[name + 1]], &der[name + 2..]].concat();
        let mut der = [&der[..name], &long].concat();
        // The certificate, its signed part, the name and its RDN grow by 4.
        let rdn = name - 2;
        let names = der[..rdn].to_vec();
        let outer = names.windows(2).rposition(|w| w[0] == 0x30 && w[1] == 0x2c);
        der[rdn + 1] += 4;
        der[outer.unwrap() + 1] += 4;
        for at in [2, 6] {
            let len = u16::from_be_bytes([der[at], der[at + 1]]) + 4;
            der[at..at + 2].copy_from_slice(&len.to_be_bytes());
        }
        told_apart(der, "a length in its shortest form");
    }
}
