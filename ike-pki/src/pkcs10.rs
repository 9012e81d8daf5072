//! Certificate requests, PKCS#10 (RFC 2986): what a router sends to be
//! enrolled (P-023), and what a CA reads.
//!
//! A [`Csr`] exists only when its signature verifies: whoever made it has the
//! private key.

use std::{fmt, net::IpAddr};

use bytes::Bytes;
use ike_crypto::{CryptoError, Hash, KeySpec, PrivateKey, PublicKey, Secret, SignatureScheme};
use x509_parser::{extensions::X509ExtensionParser, nom::Parser};

use crate::{
    algorithm,
    ca::scheme,
    ca_extensions::{alternative_names, extension},
    certificate_form::{check_extensions, signed},
    cms::attribute,
    der::{DerError, MAX_DER, Tlv, required, tag},
    extensions::{Extensions, KeyUsage},
    general_name::GeneralName,
    name::Name,
    oid,
    show::fingerprint,
    writer::{self, sequence, set_of, tlv},
};

/// Most attributes of a request.
const MAX_ATTRIBUTES: usize = 32;
/// Longest challenge password, octets (RFC 2985 5.4.1 allows 255 characters).
const MAX_PASSWORD: usize = 1024;

/// Why octets are no certificate request, or none can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsrError {
    /// The encoding is wrong; says where and what was expected.
    Der(DerError),
    /// Longer than 64 kB.
    TooLarge(usize),
    /// An attribute or an extension appears twice (dotted OID).
    Repeated(String),
    /// The signature algorithm is not supported.
    UnsupportedAlgorithm,
    /// The key is out of bounds, or cannot sign this way.
    Key(CryptoError),
    /// The signature does not verify: no proof of possession.
    BadSignature,
}

impl fmt::Display for CsrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("certificate request: ")?;
        match self {
            Self::Der(error) => write!(f, "{error}"),
            Self::TooLarge(len) => write!(f, "{len} octets, at most {MAX_DER} are read"),
            Self::Repeated(oid) => write!(f, "{oid} is repeated"),
            Self::UnsupportedAlgorithm => f.write_str("signature algorithm not supported"),
            Self::Key(error) => write!(f, "{error}"),
            Self::BadSignature => f.write_str("signature does not verify with the key inside"),
        }
    }
}

impl std::error::Error for CsrError {}

impl From<DerError> for CsrError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

impl From<CryptoError> for CsrError {
    fn from(error: CryptoError) -> Self {
        Self::Key(error)
    }
}

/// What to ask for.
#[derive(Clone)]
pub struct CsrSpec<'a> {
    /// Subject; see [`Name::router_subject`].
    pub subject: Name,
    /// Hash of the request's signature.
    pub hash: Hash,
    /// challengePassword.
    pub challenge_password: Option<&'a str>,
    /// dNSName entries of subjectAltName; IOS 15.3T sends none.
    pub dns_names: Vec<String>,
    /// iPAddress entries of subjectAltName; IOS 15.3T sends none.
    pub addresses: Vec<IpAddr>,
}

impl CsrSpec<'_> {
    /// A request with subject and key usage alone.
    pub fn new(subject: Name, hash: Hash) -> Self {
        Self {
            subject,
            hash,
            challenge_password: None,
            dns_names: Vec::new(),
            addresses: Vec::new(),
        }
    }
}

/// A certificate request with its DER, its signature verified. The DER may
/// hold the challenge password; `Debug` shows the subject alone.
#[derive(Clone)]
pub struct Csr {
    der: Bytes,
    subject: Name,
    public: PublicKey,
    scheme: SignatureScheme,
    challenge: Option<Secret>,
    extensions: Extensions,
    alternative_names: Vec<u8>,
}

impl Csr {
    /// Writes and signs a request (P-023): challengePassword, and
    /// extensionRequest with subjectAltName when asked and keyUsage.
    ///
    /// # Errors
    /// The key cannot sign with the hash.
    pub fn build(spec: &CsrSpec<'_>, key: &PrivateKey) -> Result<Self, CsrError> {
        let public = key.public();
        let attributes = set_of(attributes(spec, public.kind()));
        let attributes = crate::der::Reader::new(&attributes).any()?.content;
        let info = sequence(&[
            &writer::unsigned(&[0]),
            spec.subject.der(),
            public.spki_der(),
            &tlv(tag::constructed(0), &[attributes]),
        ]);
        let scheme = scheme(key, spec.hash);
        let identifier = algorithm::identifier(scheme).ok_or(CsrError::UnsupportedAlgorithm)?;
        let signature = writer::bit_string(&key.sign(scheme, &info)?);
        Self::from_der(sequence(&[&info, &identifier, &signature]))
    }

    /// Reads one DER request and nothing after it, 64 kB at most, and verifies
    /// its signature.
    ///
    /// # Errors
    /// What is wrong, with its offset.
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, CsrError> {
        let der: Bytes = der.into();
        if der.len() > MAX_DER {
            return Err(CsrError::TooLarge(der.len()));
        }
        let form = signed(&der)?;
        let scheme = algorithm::scheme_of(form.algorithm.raw);
        let order = [
            tag::INTEGER,
            tag::SEQUENCE,
            tag::SEQUENCE,
            tag::constructed(0),
        ];
        let info = form.tbs;
        let fields = info.reader().fields(order, "the end of the request")?;
        let [version, subject, spki, attributes] = fields;
        if required(version, &info, "version")?.content != [0] {
            return Err(info.error("version 1").into());
        }
        let subject = required(subject, &info, "subject")?;
        let spki = required(spki, &info, "SubjectPublicKeyInfo")?;
        let mut request = Self {
            subject: crate::certificate::name(&der, subject.raw)?,
            public: PublicKey::from_spki_der(spki.raw)?,
            scheme: scheme.ok_or(CsrError::UnsupportedAlgorithm)?,
            challenge: None,
            extensions: Extensions::default(),
            alternative_names: Vec::new(),
            der: der.clone(),
        };
        let key = &request.public;
        key.verify(request.scheme, info.raw, form.signature)
            .map_err(|_| CsrError::BadSignature)?;
        attributes.map_or(Ok(()), |field| request.read_attributes(&field))?;
        Ok(request)
    }

    /// The octets, as they came. They hold the challenge password.
    pub fn der(&self) -> &Bytes {
        &self.der
    }

    /// Who asks.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The key to be certified, which signed the request.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// How the request is signed.
    pub fn signature_scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// challengePassword, if there is one.
    pub fn challenge_password(&self) -> Option<&Secret> {
        self.challenge.as_ref()
    }

    /// keyUsage that is asked for.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    /// dNSName entries that are asked for.
    pub fn dns_names(&self) -> Vec<String> {
        let names = self.extensions.alt_names.iter();
        let dns = names.filter_map(|name| match name {
            GeneralName::Dns(text) => Some(text.clone()),
            _ => None,
        });
        dns.collect()
    }

    /// iPAddress entries that are asked for.
    pub fn ip_addresses(&self) -> Vec<IpAddr> {
        let names = self.extensions.alt_names.iter();
        names.filter_map(GeneralName::ip).collect()
    }

    /// The content of the GeneralNames that are asked for.
    pub(crate) fn alternative_names(&self) -> &[u8] {
        &self.alternative_names
    }

    /// The fingerprint an operator compares, as IOS groups it (P-032): MD5 or
    /// SHA-1 of the DER.
    pub fn fingerprint(&self, hash: Hash) -> String {
        fingerprint(hash, &self.der)
    }

    fn read_attributes(&mut self, field: &Tlv<'_>) -> Result<(), CsrError> {
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut rest = field.reader();
        while !rest.is_empty() {
            let attribute = rest.expect(tag::SEQUENCE, "Attribute")?;
            let order = [tag::OID, tag::SET];
            let fields = attribute.reader().fields(order, "the end of the attribute");
            let [kind, values] = fields?;
            let kind = required(kind, &attribute, "attribute type")?.content;
            let values = required(values, &attribute, "attribute values")?;
            if seen.contains(&kind) {
                return Err(CsrError::Repeated(oid::dotted(kind)));
            }
            if seen.len() == MAX_ATTRIBUTES {
                return Err(attribute.error("at most 32 attributes").into());
            }
            seen.push(kind);
            match kind {
                oid::CHALLENGE_PASSWORD => self.challenge = Some(password(&only(&values)?)?),
                oid::EXTENSION_REQUEST => self.read_extensions(&only(&values)?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_extensions(&mut self, list: &Tlv<'_>) -> Result<(), CsrError> {
        check_extensions(list, CsrError::Repeated)?;
        let elements = list.reader().all(tag::SEQUENCE, "Extension")?;
        let mut parser = X509ExtensionParser::new().with_deep_parse_extensions(false);
        let mut parsed = Vec::new();
        for element in &elements {
            let read = parser.parse(element.raw);
            let (_, read) = read.map_err(|_| element.error("an extension that can be read"))?;
            if read.oid.as_bytes() == oid::SUBJECT_ALT_NAME {
                let names = crate::der::Reader::new(read.value).any()?;
                self.alternative_names = names.content.to_vec();
            }
            parsed.push(read);
        }
        self.extensions = Extensions::read(&self.der, &parsed)?;
        Ok(())
    }
}

impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Csr({} {:?})", self.subject, self.public.kind())
    }
}

impl PartialEq for Csr {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Csr {}

/// The single value of an attribute.
fn only<'a>(values: &Tlv<'a>) -> Result<Tlv<'a>, DerError> {
    let mut inside = values.reader();
    let value = inside.any()?;
    inside.end("one value of the attribute")?;
    Ok(value)
}

fn password(value: &Tlv<'_>) -> Result<Secret, DerError> {
    const TEXT: [u8; 4] = [
        tag::PRINTABLE_STRING,
        tag::UTF8_STRING,
        tag::IA5_STRING,
        tag::TELETEX_STRING,
    ];
    match TEXT.contains(&value.tag) && value.content.len() <= MAX_PASSWORD {
        true => Ok(Secret::from(value.content)),
        false => Err(value.error("a challenge password of at most 1024 octets")),
    }
}

fn attributes(spec: &CsrSpec<'_>, kind: KeySpec) -> Vec<Vec<u8>> {
    let names = alternative_names(&spec.dns_names, &spec.addresses);
    let names = match names.is_empty() {
        true => Vec::new(),
        false => extension(oid::SUBJECT_ALT_NAME, false, &sequence(&[&names])),
    };
    // P-023: A0. RFC 8813: a key on a curve has no keyEncipherment.
    let usage = match kind {
        KeySpec::Rsa { .. } => KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::KEY_ENCIPHERMENT),
        _ => KeyUsage::DIGITAL_SIGNATURE,
    };
    let usage = extension(oid::KEY_USAGE, true, &writer::named_bits(usage.0));
    let request = attribute(oid::EXTENSION_REQUEST, &sequence(&[&names, &usage]));
    let password = spec.challenge_password.map(|text| {
        let value = writer::text(text);
        attribute(oid::CHALLENGE_PASSWORD, &value)
    });
    password.into_iter().chain([request]).collect()
}

#[cfg(test)]
mod tests;
