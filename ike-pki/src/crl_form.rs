//! What a revocation list must be before it is believed (RFC 5280 5.1): the
//! library reads entry extensions and an issuing distribution point that it
//! cannot read as if they were absent, which could let a revoked certificate
//! pass. So the form is checked, and what the library found is counted.

use crate::{
    certificate_form::{Signed, check_extensions, only, signed},
    crl::{CrlError, Scope},
    der::{DerError, Reader, Tlv, named_bits, required, tag},
    extensions::{PointName, point_name},
    time,
};

/// A list whose form is right, with what the library must find in it.
pub(crate) struct CrlForm<'a> {
    pub(crate) signed: Signed<'a>,
    /// Extensions of each entry.
    pub(crate) entries: Vec<usize>,
    /// Extensions of the list.
    pub(crate) extensions: usize,
}

/// Checks a list.
pub(crate) fn list(der: &[u8]) -> Result<CrlForm<'_>, CrlError> {
    const ORDER: [u8; 7] = [
        tag::INTEGER,
        tag::SEQUENCE,
        tag::SEQUENCE,
        tag::TIME,
        tag::TIME,
        tag::SEQUENCE,
        tag::constructed(0),
    ];
    let signed = signed(der)?;
    let tbs = signed.tbs;
    let fields = tbs.reader().fields(ORDER, "the end of the list")?;
    let [version, inner, _, this, next, revoked, extensions] = fields;
    if version.is_some_and(|version| version.content != [1]) {
        return Err(tbs.error("version 2").into());
    }
    if inner.map(|inner| inner.raw) != Some(signed.algorithm.raw) {
        return Err(CrlError::AlgorithmMismatch);
    }
    time::check(&required(this, &tbs, "thisUpdate")?)?;
    next.map_or(Ok(()), |next| time::check(&next))?;
    if let Some(field) = extensions.filter(|_| version.is_none()) {
        return Err(field.error("version 2").into());
    }
    let count = |field: &Tlv<'_>| extension_count(&only(field, "Extensions")?);
    Ok(CrlForm {
        signed,
        entries: revoked.map_or(Ok(Vec::new()), |revoked| entries(revoked.reader()))?,
        extensions: extensions.as_ref().map_or(Ok(0), count)?,
    })
}

fn entries(mut revoked: Reader<'_>) -> Result<Vec<usize>, CrlError> {
    let order = [tag::INTEGER, tag::TIME, tag::SEQUENCE];
    let mut out = Vec::new();
    while !revoked.is_empty() {
        let entry = revoked.expect(tag::SEQUENCE, "a revoked certificate")?;
        let fields = entry.reader();
        let [serial, date, extensions] =
            fields.fields(order, "the end of the revoked certificate")?;
        required(serial, &entry, "serial number")?;
        time::check(&required(date, &entry, "revocationDate")?)?;
        out.push(extensions.as_ref().map_or(Ok(0), extension_count)?);
    }
    Ok(out)
}

fn extension_count(list: &Tlv<'_>) -> Result<usize, CrlError> {
    check_extensions(list, CrlError::DuplicateExtension)
}

/// IssuingDistributionPoint. Own, because the library reads a point with
/// nameRelativeToCRLIssuer as a list without scope (`docs/dependencies.md`).
pub(crate) fn scope(mut value: Reader<'_>) -> Result<Scope, DerError> {
    const ORDER: [u8; 6] = [
        tag::constructed(0),
        tag::context(1),
        tag::context(2),
        tag::context(3),
        tag::context(4),
        tag::context(5),
    ];
    let fields = value.sequence("IssuingDistributionPoint")?;
    let [name, user, ca, reasons, indirect, attribute] =
        fields.fields(ORDER, "the end of IssuingDistributionPoint")?;
    Ok(Scope {
        name: name.map_or(Ok(PointName::Absent), |name| point_name(&name))?,
        only_user: flag(user)?,
        only_ca: flag(ca)?,
        reasons: reasons.map(|bits| named_bits(&bits)).transpose()?,
        indirect: flag(indirect)?,
        only_attribute: flag(attribute)?,
    })
}

fn flag(field: Option<Tlv<'_>>) -> Result<bool, DerError> {
    match field.map(|field| (field, field.content)) {
        None | Some((_, [0])) => Ok(false),
        Some((_, [0xff])) => Ok(true),
        Some((field, _)) => Err(field.error("BOOLEAN of 00 or FF")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ca_extensions::extension,
        oid,
        writer::{self, sequence, tlv},
    };
    use x509_parser::{
        extensions::ParsedExtension,
        prelude::{FromDer, X509Extension},
        revocation_list::RevokedCertificate,
    };

    /// Why the extensions of entries are counted: the library reads an entry
    /// whose extensions it cannot read as one without (removeFromCRL and the
    /// certificate's issuer would be lost).
    #[test]
    fn an_entry_with_unreadable_extensions_is_refused_not_bare() {
        let (serial, date) = (writer::unsigned(&[3]), time::encode(0));
        let entry = |extension: &[u8]| sequence(&[&serial, &date, &sequence(&[extension])]);
        let broken = entry(&tlv(tag::NULL, &[]));
        let (_, theirs) = RevokedCertificate::from_der(&broken).unwrap();
        assert!(theirs.extensions().is_empty());
        assert!(entries(Reader::new(&broken)).is_err());
        let reason = extension(oid::CRL_REASON, false, &tlv(tag::ENUMERATED, &[&[8]]));
        assert_eq!(entries(Reader::new(&entry(&reason))), Ok(vec![1]));
    }

    fn point(choice: &[u8]) -> Vec<u8> {
        let ca_only = tlv(tag::context(2), &[&[0xff]]);
        sequence(&[&tlv(tag::constructed(0), &[choice]), &ca_only])
    }

    /// Why the scope is read here: nameRelativeToCRLIssuer is an implicit
    /// tag; the library looks for a SET inside and then sees no scope at all.
    #[test]
    fn a_relative_distribution_point_keeps_its_scope() {
        let cn = sequence(&[
            &writer::oid(oid::CN),
            &tlv(tag::PRINTABLE_STRING, &[b"part1"]),
        ]);
        let value = point(&tlv(tag::constructed(1), &[&cn]));
        let ours = scope(Reader::new(&value)).unwrap();
        assert!(ours.only_ca && ours.name == PointName::Relative(cn));
        let whole = extension(oid::ISSUING_DISTRIBUTION_POINT, true, &value);
        let (_, theirs) = X509Extension::from_der(&whole).unwrap();
        let ParsedExtension::IssuingDistributionPoint(theirs) = theirs.parsed_extension() else {
            panic!("{theirs:?}");
        };
        assert!(theirs.distribution_point.is_none() && !theirs.only_contains_ca_certs);
        assert!(scope(Reader::new(&point(&[]))).is_err(), "empty name");
    }
}
