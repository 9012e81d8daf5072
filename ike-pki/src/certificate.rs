//! X.509 certificates (RFC 5280 4.1), read by `x509-parser` once their form is
//! checked, and kept as DER.

use std::{fmt, net::IpAddr};

use bytes::Bytes;
use ike_crypto::{CryptoError, PublicKey, SignatureScheme};
use x509_parser::{
    certificate::X509CertificateParser, error::X509Error, nom::Parser, x509::X509Version,
};

use crate::{
    algorithm,
    certificate_error::CertificateError,
    certificate_form::{self, CertificateForm},
    der::{DerError, MAX_DER, Reader},
    extensions::{Extensions, KeyUsage},
    general_name::GeneralName,
    name::Name,
    oid,
};

/// A certificate with its DER. Reading checks the form, not the meaning: a
/// certificate is believed only through [`crate::validate`].
#[derive(Clone)]
pub struct Certificate {
    der: Bytes,
    tbs: Bytes,
    version: u8,
    serial: Vec<u8>,
    algorithm: Option<SignatureScheme>,
    algorithm_oid: String,
    signature: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: i64,
    not_after: i64,
    spki: Vec<u8>,
    pub(crate) extensions: Extensions,
}

impl Certificate {
    /// Reads one DER certificate and nothing after it; no more than 64 kB.
    ///
    /// # Errors
    /// What is wrong, with its offset.
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, CertificateError> {
        let der: Bytes = der.into();
        if der.len() > MAX_DER {
            return Err(CertificateError::TooLarge(der.len()));
        }
        let form = certificate_form::certificate(&der)?;
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let read = match parser.parse(&der) {
            Ok((_, read)) => read,
            Err(error) => return Err(explain(&form, error.into()).into()),
        };
        let tbs = &read.tbs_certificate;
        let listed = tbs.extensions();
        Ok(Self {
            tbs: der.slice_ref(form.signed.tbs.raw),
            version: version(tbs.version),
            serial: tbs.raw_serial().to_vec(),
            algorithm: algorithm::scheme(&read.signature_algorithm),
            algorithm_oid: oid::dotted(read.signature_algorithm.algorithm.as_bytes()),
            signature: read.signature_value.data.to_vec(),
            issuer: name(&der, tbs.issuer.as_raw())?,
            subject: name(&der, tbs.subject.as_raw())?,
            not_before: tbs.validity.not_before.timestamp(),
            not_after: tbs.validity.not_after.timestamp(),
            spki: form.spki.raw.to_vec(),
            extensions: Extensions::read(&der, listed)?,
            der: der.clone(),
        })
    }

    /// The octets, as they came.
    pub fn der(&self) -> &Bytes {
        &self.der
    }

    /// The signed part.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// 1, 2 or 3.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Content octets of the serial number, signed big-endian.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The serial number as IOS prints it: upper-case hex, whole octets
    /// (`03`), no leading zero octet (O-040).
    pub fn serial_hex(&self) -> String {
        let digits = match self.serial.as_slice() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        digits.iter().map(|octet| format!("{octet:02X}")).collect()
    }

    /// Whom it is about.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Who signed it, by its own word.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// First second of validity, since 1970-01-01T00:00:00Z.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Last second of validity.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// The DER SubjectPublicKeyInfo: its SHA-1 is the IKEv2 CERTREQ value
    /// (W-065).
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The public key.
    ///
    /// # Errors
    /// A key this implementation does not use, or out of bounds (B12, E2).
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        PublicKey::from_spki_der(&self.spki)
    }

    /// How it is signed; `None` for an algorithm that is not supported.
    pub fn signature_scheme(&self) -> Option<SignatureScheme> {
        self.algorithm
    }

    /// Dotted OID of the signature algorithm.
    pub fn signature_algorithm(&self) -> &str {
        &self.algorithm_oid
    }

    /// The signature octets.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether basicConstraints says CA.
    pub fn is_ca(&self) -> bool {
        self.extensions.ca
    }

    /// pathLenConstraint.
    pub fn path_len(&self) -> Option<u32> {
        self.extensions.path_len
    }

    /// keyUsage, if present.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    /// extendedKeyUsage as dotted OIDs, if present.
    pub fn eku(&self) -> Option<Vec<String>> {
        let usages = self.extensions.eku.as_ref()?;
        Some(usages.iter().map(|usage| oid::dotted(usage)).collect())
    }

    /// dNSName entries of subjectAltName.
    pub fn dns_names(&self) -> Vec<String> {
        self.alt_names(|name| match name {
            GeneralName::Dns(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// rfc822Name entries of subjectAltName.
    pub fn email_addresses(&self) -> Vec<String> {
        self.alt_names(|name| match name {
            GeneralName::Email(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// iPAddress entries of subjectAltName.
    pub fn ip_addresses(&self) -> Vec<IpAddr> {
        self.alt_names(GeneralName::ip)
    }

    /// Every address the certificate names: unstructuredAddress of the
    /// subject (W-021), then subjectAltName. What an ID of type address is
    /// held against (O-085).
    pub fn addresses(&self) -> Vec<IpAddr> {
        let subject = self.subject.ip().map(IpAddr::V4);
        subject.into_iter().chain(self.ip_addresses()).collect()
    }

    /// Every host name the certificate names: unstructuredName of the subject
    /// (W-021), then dNSName of subjectAltName (T-27).
    pub fn host_names(&self) -> Vec<String> {
        self.subject
            .fqdn()
            .into_iter()
            .chain(self.dns_names())
            .collect()
    }

    /// keyIdentifier of the issuer's key, if given.
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.extensions.authority_key_id.as_deref()
    }

    /// Identifier of its own key, if given.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.extensions.subject_key_id.as_deref()
    }

    /// Dotted OIDs of critical extensions that are not understood.
    pub fn unknown_critical_extensions(&self) -> &[String] {
        &self.extensions.unknown_critical
    }

    /// URIs of the CRL distribution points.
    pub fn crl_distribution_points(&self) -> Vec<String> {
        use crate::extensions::PointName;
        let names = self
            .extensions
            .distribution_points
            .iter()
            .flat_map(|point| match &point.name {
                PointName::Full(names) => names.as_slice(),
                _ => &[],
            });
        let uri = |name: &GeneralName| match name {
            GeneralName::Uri(uri) => Some(uri.clone()),
            _ => None,
        };
        names.filter_map(uri).collect()
    }

    /// Verifies the signature. Whether `key` belongs to the issuer and may sign
    /// certificates is for [`crate::validate`] to see.
    ///
    /// # Errors
    /// An algorithm that is not supported, or it does not verify.
    pub fn verify(&self, key: &PublicKey) -> Result<(), CryptoError> {
        let scheme = self.algorithm.ok_or(CryptoError::SchemeMismatch)?;
        key.verify(scheme, &self.tbs, &self.signature)
    }

    /// URIs of the OCSP responders of authorityInfoAccess.
    pub fn ocsp_responders(&self) -> &[String] {
        &self.extensions.ocsp_urls
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// Another signed part, algorithm and signature, as in no certificate:
    /// for vectors that have no certificate around them.
    #[cfg(test)]
    pub(crate) fn with_signature(
        &self,
        algorithm: &[u8],
        tbs: Vec<u8>,
        signature: Vec<u8>,
    ) -> Self {
        let algorithm = Reader::new(algorithm).any().unwrap();
        Self {
            algorithm: algorithm::of(&algorithm),
            tbs: tbs.into(),
            signature,
            ..self.clone()
        }
    }

    fn alt_names<T>(&self, pick: impl Fn(&GeneralName) -> Option<T>) -> Vec<T> {
        self.extensions.alt_names.iter().filter_map(pick).collect()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate({} serial {} by {})",
            self.subject,
            self.serial_hex(),
            self.issuer
        )
    }
}

/// A name of the library, by its octets: `part` of `whole`.
pub(crate) fn name(whole: &[u8], part: &[u8]) -> Result<Name, DerError> {
    let start = Reader::within(whole, part).error("");
    Name::from_der(part).map_err(|inner| DerError {
        offset: start.offset + inner.offset,
        expected: inner.expected,
    })
}

/// 1, 2 or 3; other numbers are refused by the check of the form.
fn version(read: X509Version) -> u8 {
    match read {
        X509Version::V1 => 1,
        X509Version::V2 => 2,
        _ => 3,
    }
}

/// The library's errors have no offset; what is left after the check of the
/// form is the content of a field, or a field of the wrong kind.
fn explain(form: &CertificateForm<'_>, error: X509Error) -> DerError {
    let tbs = &form.signed.tbs;
    match error {
        X509Error::InvalidX509Name => tbs.error("issuer and subject to be Names"),
        X509Error::InvalidDate => tbs.error("dates of the calendar in validity"),
        X509Error::InvalidSPKI => form.spki.error("SubjectPublicKeyInfo"),
        X509Error::InvalidExtensions => match &form.extensions {
            Some(extensions) => extensions.error("Extensions"),
            None => tbs.error("Extensions"),
        },
        _ => tbs.error("every field of a certificate"),
    }
}
