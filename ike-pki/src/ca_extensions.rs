//! Extensions of the certificates the lab CA issues: the three of W-005, and
//! what a request asks for beyond them.

use std::net::IpAddr;

use ike_crypto::Hash;
use x509_parser::{prelude::FromDer, x509::SubjectPublicKeyInfo};

use crate::{
    ca::CertRequestSpec,
    ca_error::CaError,
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
    out.extend(distribution_points(&spec.crl_urls));
    out.extend(ocsp_access(&spec.ocsp_urls));
    if spec.ocsp_no_check {
        // RFC 6960 4.2.2.2.1: a responder's certificate needs no asking.
        out.extend(extension(oid::OCSP_NO_CHECK, false, &tlv(tag::NULL, &[])));
    }
    let mut names = alternative_names(&spec.dns_names, &spec.addresses);
    names.extend_from_slice(&spec.alternative_names);
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

/// CRLDistributionPoints, one point for each URL (RFC 5280 4.2.1.13).
fn distribution_points(urls: &[String]) -> Vec<u8> {
    let point = |url: &String| {
        let uri = tlv(tag::context(6), &[url.as_bytes()]);
        let full = tlv(tag::constructed(0), &[&uri]);
        sequence(&[&tlv(tag::constructed(0), &[&full])])
    };
    let points: Vec<u8> = urls.iter().flat_map(point).collect();
    match points.is_empty() {
        true => points,
        false => extension(oid::CRL_DISTRIBUTION_POINTS, false, &sequence(&[&points])),
    }
}

/// AuthorityInfoAccess with OCSP responders (RFC 5280 4.2.2.1).
fn ocsp_access(urls: &[String]) -> Vec<u8> {
    let access = |url: &String| {
        let uri = tlv(tag::context(6), &[url.as_bytes()]);
        sequence(&[&writer::oid(oid::OCSP), &uri])
    };
    let all: Vec<u8> = urls.iter().flat_map(access).collect();
    match all.is_empty() {
        true => all,
        false => extension(oid::AUTHORITY_INFO_ACCESS, false, &sequence(&[&all])),
    }
}

/// The content of GeneralNames.
pub(crate) fn alternative_names(dns_names: &[String], addresses: &[IpAddr]) -> Vec<u8> {
    let dns = dns_names
        .iter()
        .map(|name| tlv(tag::context(2), &[name.as_bytes()]));
    let ip = addresses.iter().map(|address| match address {
        IpAddr::V4(v4) => tlv(tag::context(7), &[&v4.octets()]),
        IpAddr::V6(v6) => tlv(tag::context(7), &[&v6.octets()]),
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
