//! Extensions of the certificates the lab CA issues: the three of W-005, and
//! what a request asks for beyond them.

use ike_crypto::Hash;
use x509_parser::{prelude::FromDer, x509::SubjectPublicKeyInfo};

use crate::{
    ca::{CaError, CertRequestSpec},
    der::tag,
    extensions::KeyUsage,
    oid,
    writer::{self, sequence, tlv},
};

/// The content of the Extensions SEQUENCE; `authority_key` is the issuer's key
/// identifier, `None` when it signs itself.
pub(crate) fn extensions(
    spec: &CertRequestSpec<'_>,
    authority_key: Option<&[u8]>,
) -> Result<Vec<u8>, CaError> {
    let mut out = Vec::new();
    if let Some(path_len) = spec.ca {
        let path_len = path_len.map_or(Vec::new(), |len| writer::unsigned(&[len]));
        let ca = sequence(&[&tlv(tag::BOOLEAN, &[&[0xff]]), &path_len]);
        out.extend(extension(oid::BASIC_CONSTRAINTS, true, &ca));
    }
    if let Some(usage) = spec.usage.unwrap_or_else(|| Some(usual_usage(spec))) {
        let bits = writer::named_bits(usage.0);
        out.extend(extension(oid::KEY_USAGE, spec.ca.is_some(), &bits));
    }
    out.extend(authority_key.map(authority).unwrap_or_default());
    let own = tlv(tag::OCTET_STRING, &[&key_id(spec.public.spki_der())]);
    out.extend(extension(oid::SUBJECT_KEY_ID, false, &own));
    for text in &spec.critical {
        out.extend(extension(&from_dotted(text)?, true, &tlv(tag::NULL, &[])));
    }
    if !spec.eku.is_empty() {
        let usage = |text: &String| Ok(writer::oid(&from_dotted(text)?));
        let usages = spec
            .eku
            .iter()
            .map(usage)
            .collect::<Result<Vec<_>, CaError>>()?;
        out.extend(extension(
            oid::EXTENDED_KEY_USAGE,
            false,
            &sequence(&[&usages.concat()]),
        ));
    }
    out.extend(sources(spec));
    let names = alternative_names(spec);
    if !names.is_empty() {
        // RFC 5280 4.2.1.6: critical when the subject is empty.
        let critical = spec.subject.is_empty();
        out.extend(extension(
            oid::SUBJECT_ALT_NAME,
            critical,
            &sequence(&[&names]),
        ));
    }
    Ok(out)
}

/// Where to ask whether it is revoked, and whether a responder's certificate
/// needs asking (RFC 6960 4.2.2.2.1).
fn sources(spec: &CertRequestSpec<'_>) -> Vec<u8> {
    let uri = |url: &String| tlv(tag::context(6), &[url.as_bytes()]);
    let mut out = Vec::new();
    if !spec.crl_urls.is_empty() {
        let point = |url: &String| {
            let full = tlv(tag::constructed(0), &[&uri(url)]);
            sequence(&[&tlv(tag::constructed(0), &[&full])])
        };
        let points: Vec<u8> = spec.crl_urls.iter().flat_map(point).collect();
        let points = sequence(&[&points]);
        out.extend(extension(oid::CRL_DISTRIBUTION_POINTS, false, &points));
    }
    if !spec.ocsp_urls.is_empty() {
        let access = |url: &String| sequence(&[&writer::oid(oid::OCSP), &uri(url)]);
        let list: Vec<u8> = spec.ocsp_urls.iter().flat_map(access).collect();
        let list = sequence(&[&list]);
        out.extend(extension(oid::AUTHORITY_INFO_ACCESS, false, &list));
    }
    if spec.ocsp_no_check {
        out.extend(extension(oid::OCSP_NO_CHECK, false, &tlv(tag::NULL, &[])));
    }
    out
}

fn usual_usage(spec: &CertRequestSpec<'_>) -> KeyUsage {
    match spec.ca {
        Some(_) => KeyUsage::DIGITAL_SIGNATURE
            .with(KeyUsage::KEY_CERT_SIGN)
            .with(KeyUsage::CRL_SIGN),
        None => KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::KEY_ENCIPHERMENT),
    }
}

fn from_dotted(text: &str) -> Result<Vec<u8>, CaError> {
    oid::from_dotted(text).ok_or_else(|| CaError::Oid(text.to_owned()))
}

fn alternative_names(spec: &CertRequestSpec<'_>) -> Vec<u8> {
    let dns = spec
        .dns_names
        .iter()
        .map(|name| tlv(tag::context(2), &[name.as_bytes()]));
    let ip = spec.addresses.iter().map(|address| match address {
        std::net::IpAddr::V4(v4) => tlv(tag::context(7), &[&v4.octets()]),
        std::net::IpAddr::V6(v6) => tlv(tag::context(7), &[&v6.octets()]),
    });
    dns.chain(ip).flatten().collect()
}

pub(crate) fn authority(key_id: &[u8]) -> Vec<u8> {
    let id = sequence(&[&tlv(tag::context(0), &[key_id])]);
    extension(oid::AUTHORITY_KEY_ID, false, &id)
}

pub(crate) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        tlv(tag::BOOLEAN, &[&[0xff]])
    } else {
        Vec::new()
    };
    sequence(&[
        &writer::oid(oid),
        &critical,
        &tlv(tag::OCTET_STRING, &[value]),
    ])
}

/// SHA-1 of the subjectPublicKey bits (RFC 5280 4.2.1.2 (1)).
pub(crate) fn key_id(spki: &[u8]) -> Vec<u8> {
    Hash::Sha1.digest(&[&key_bits(spki)])
}

/// The subjectPublicKey bits.
pub(crate) fn key_bits(spki: &[u8]) -> Vec<u8> {
    match SubjectPublicKeyInfo::from_der(spki) {
        Ok((_, info)) => info.subject_public_key.data.into_owned(),
        Err(_) => spki.to_vec(),
    }
}
