//! X.509 certificates (RFC 5280 4.1), read strictly and kept as DER.

use std::{fmt, net::Ipv4Addr};

use bytes::Bytes;
use ike_crypto::{CryptoError, PublicKey, SignatureScheme};

use crate::{
    algorithm,
    certificate_error::CertificateError,
    der::{DerError, MAX_DER, Reader, Tlv, tag, whole_bits},
    extensions::{Extensions, KeyUsage},
    general_name::GeneralName,
    name::Name,
    oid, time,
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
        let (tbs, outer, signature) = signed_parts(&der)?;
        let mut fields = tbs.reader();
        let version = version(&mut fields)?;
        let serial = fields.integer()?.content.to_vec();
        if serial.strip_prefix(&[0]).unwrap_or(&serial).len() > 20 {
            return Err(CertificateError::SerialTooLong(serial.len()));
        }
        let inner = fields.expect(tag::SEQUENCE, "signature algorithm")?;
        if inner.raw != outer.raw {
            return Err(CertificateError::AlgorithmMismatch);
        }
        let issuer = name(&mut fields, "issuer")?;
        let mut validity = fields.sequence("validity")?;
        let not_before = time::parse(&validity.any()?)?;
        let not_after = time::parse(&validity.any()?)?;
        validity.end("the end of validity")?;
        let subject = name(&mut fields, "subject")?;
        let spki = fields
            .expect(tag::SEQUENCE, "SubjectPublicKeyInfo")?
            .raw
            .to_vec();
        let extensions = extensions(&mut fields, version)?;
        Ok(Self {
            tbs: Bytes::copy_from_slice(tbs.raw),
            version,
            serial,
            algorithm: algorithm::scheme(&outer)?,
            algorithm_oid: oid::dotted(outer.reader().oid()?),
            signature: signature.to_vec(),
            issuer,
            subject,
            not_before,
            not_after,
            spki,
            extensions,
            der,
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
    pub fn ip_addresses(&self) -> Vec<std::net::IpAddr> {
        self.alt_names(GeneralName::ip)
    }

    /// Every IPv4 address the certificate names: unstructuredAddress of the
    /// subject (W-021), then subjectAltName. What an ID of type address is
    /// held against (O-085).
    pub fn addresses(&self) -> Vec<Ipv4Addr> {
        let alternative = self
            .ip_addresses()
            .into_iter()
            .filter_map(|address| match address {
                std::net::IpAddr::V4(v4) => Some(v4),
                std::net::IpAddr::V6(_) => None,
            });
        self.subject.ip().into_iter().chain(alternative).collect()
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

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
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

/// To-be-signed part, AlgorithmIdentifier and signature of a SIGNED structure
/// (certificate or CRL).
pub(crate) fn signed_parts(der: &[u8]) -> Result<(Tlv<'_>, Tlv<'_>, &[u8]), DerError> {
    let mut outer = Reader::new(der);
    let mut parts = outer.sequence("a signed SEQUENCE")?;
    outer.end("the end of the signed SEQUENCE")?;
    let tbs = parts.expect(tag::SEQUENCE, "the to-be-signed part")?;
    let algorithm = parts.expect(tag::SEQUENCE, "signature algorithm")?;
    let signature = whole_bits(&parts.expect(tag::BIT_STRING, "signature")?)?;
    parts.end("the end after the signature")?;
    Ok((tbs, algorithm, signature))
}

/// The next element as Name.
pub(crate) fn name(fields: &mut Reader<'_>, what: &'static str) -> Result<Name, DerError> {
    let tlv = fields.expect(tag::SEQUENCE, what)?;
    Name::from_der(tlv.raw).map_err(|inner| DerError {
        offset: tlv.at.saturating_sub(tlv.raw.len() - tlv.content.len()) + inner.offset,
        expected: inner.expected,
    })
}

fn version(fields: &mut Reader<'_>) -> Result<u8, DerError> {
    let Some(explicit) = fields.optional(tag::constructed(0))? else {
        return Ok(1);
    };
    let mut inner = explicit.reader();
    let number = inner.integer()?;
    inner.end("the end of the version")?;
    match number.content {
        [1] => Ok(2),
        [2] => Ok(3),
        _ => Err(number.error("version 2 or 3, or no version")),
    }
}

fn extensions(fields: &mut Reader<'_>, version: u8) -> Result<Extensions, CertificateError> {
    if version > 1 {
        fields.optional(tag::context(1))?;
        fields.optional(tag::context(2))?;
    }
    let Some(explicit) = fields.optional(tag::constructed(3))? else {
        fields.end("the end of the certificate")?;
        return Ok(Extensions::default());
    };
    fields.end("the end of the certificate")?;
    if version < 3 {
        return Err(CertificateError::ExtensionsBeforeVersion3);
    }
    let mut inner = explicit.reader();
    let list = inner.sequence("Extensions")?;
    inner.end("the end of the extensions")?;
    match list.is_empty() {
        true => Err(list.error("at least one extension").into()),
        false => Extensions::read(list),
    }
}
