//! What a revocation list must be before it is believed (RFC 5280 5.1). Read
//! here, not by `x509-parser`, which keeps an object for each entry, reads
//! entry extensions and an issuing distribution point that it cannot read as
//! if they were absent, and could so let a revoked certificate pass.

use crate::{
    certificate_form::{Signed, check_extensions, only, signed},
    crl::{CrlError, Scope},
    der::{DerError, Reader, Tlv, named_bits, required, tag},
    extensions::{PointName, point_name},
};

/// The fields of a list whose form is right; entries are not looked into.
pub(crate) struct CrlForm<'a> {
    pub(crate) signed: Signed<'a>,
    pub(crate) signature: &'a [u8],
    pub(crate) issuer: Tlv<'a>,
    pub(crate) this_update: Tlv<'a>,
    pub(crate) next_update: Option<Tlv<'a>>,
    pub(crate) entries: Option<Tlv<'a>>,
    /// The Extensions of the list.
    pub(crate) extensions: Option<Tlv<'a>>,
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
    let signature = signed.signature;
    let tbs = signed.tbs;
    let fields = tbs.reader().fields(ORDER, "the end of the list")?;
    let [version, inner, issuer, this, next, entries, extensions] = fields;
    if version.is_some_and(|version| version.content != [1]) {
        return Err(tbs.error("version 2").into());
    }
    if inner.map(|inner| inner.raw) != Some(signed.algorithm.raw) {
        return Err(CrlError::AlgorithmMismatch);
    }
    if let Some(field) = extensions.filter(|_| version.is_none()) {
        return Err(field.error("version 2").into());
    }
    let extensions = extensions
        .map(|field| only(&field, "Extensions"))
        .transpose()?;
    if let Some(list) = &extensions {
        check_extensions(list, CrlError::DuplicateExtension)?;
    }
    Ok(CrlForm {
        issuer: required(issuer, &tbs, "issuer")?,
        this_update: required(this, &tbs, "thisUpdate")?,
        next_update: next,
        signed,
        signature,
        entries,
        extensions,
    })
}

/// One extension of a list, of an entry or of an OCSP message.
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    /// What the OCTET STRING holds.
    pub(crate) value: Reader<'a>,
}

/// Takes the next extension of a list that [`check_extensions`] has seen.
pub(crate) fn extension<'a>(rest: &mut Reader<'a>) -> Result<Extension<'a>, DerError> {
    let whole = rest.expect(tag::SEQUENCE, "Extension")?;
    let order = [tag::OID, tag::BOOLEAN, tag::OCTET_STRING];
    let [kind, critical, value] = whole.reader().fields(order, "the end of the extension")?;
    Ok(Extension {
        oid: required(kind, &whole, "extnID")?.content,
        critical: critical.is_some_and(|flag| flag.content != [0]),
        value: required(value, &whole, "extnValue")?.reader(),
    })
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
    };

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
