//! Certificate revocation lists (RFC 5280 section 5), read by `x509-parser`
//! once their form is checked.

use std::{collections::HashMap, fmt};

use bytes::Bytes;
use ike_crypto::{PublicKey, SignatureScheme};

use x509_parser::{
    extensions::ParsedExtension,
    prelude::{FromDer, X509Extension},
    revocation_list::{CertificateRevocationList, RevokedCertificate},
    x509::ReasonCode,
};

use crate::{
    algorithm,
    certificate::name,
    crl_form::{self, scope},
    der::{DerError, Reader, tag},
    extensions::PointName,
    general_name::{GeneralName, general_names},
    name::Name,
    oid,
};

/// Largest list that is read, octets (B15).
pub const MAX_CRL: usize = 1 << 20;

/// Why octets are no usable revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlError {
    /// The encoding is wrong; says where and what was expected.
    Der(DerError),
    /// Longer than 1 MB.
    TooLarge(usize),
    /// The outer signature algorithm is not the signed one.
    AlgorithmMismatch,
    /// An extension appears twice (dotted OID).
    DuplicateExtension(String),
    /// A critical extension that is not understood (dotted OID): the list
    /// must not be used (RFC 5280 5.2, 5.3).
    UnknownCritical(String),
    /// The signature algorithm is not supported.
    UnsupportedAlgorithm,
    /// The signature does not verify with the given key.
    BadSignature,
}

impl fmt::Display for CrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(error) => write!(f, "CRL: {error}"),
            Self::TooLarge(len) => write!(f, "CRL of {len} octets, at most {MAX_CRL} are read"),
            Self::AlgorithmMismatch => f.write_str("CRL: signature algorithms differ"),
            Self::DuplicateExtension(oid) => write!(f, "CRL: extension {oid} is repeated"),
            Self::UnknownCritical(oid) => write!(f, "CRL: unknown critical extension {oid}"),
            Self::UnsupportedAlgorithm => f.write_str("CRL: signature algorithm not supported"),
            Self::BadSignature => f.write_str("CRL: signature does not verify"),
        }
    }
}

impl std::error::Error for CrlError {}

impl From<DerError> for CrlError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

/// A revocation list with its DER. Reading checks the form only.
#[derive(Clone)]
pub struct Crl {
    der: Bytes,
    tbs: Bytes,
    scheme: Option<SignatureScheme>,
    signature: Vec<u8>,
    issuer: Name,
    this_update: i64,
    next_update: Option<i64>,
    /// By serial number; the certificate issuers differ in an indirect list.
    entries: HashMap<Vec<u8>, Vec<Entry>>,
    pub(crate) number: Option<Vec<u8>>,
    /// Number of the base a delta belongs to.
    pub(crate) delta_base: Option<Vec<u8>>,
    pub(crate) scope: Option<Scope>,
}

#[derive(Clone)]
struct Entry {
    issuer: Option<Name>,
    removed: bool,
}

/// Issuing distribution point (RFC 5280 5.2.5).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) name: PointName,
    pub(crate) only_user: bool,
    pub(crate) only_ca: bool,
    pub(crate) only_attribute: bool,
    pub(crate) reasons: Option<u16>,
    pub(crate) indirect: bool,
}

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    No,
    Revoked,
    /// removeFromCRL of a delta.
    Removed,
}

impl Crl {
    /// Reads one DER list and nothing after it; no more than 1 MB.
    ///
    /// # Errors
    /// What is wrong, with its offset; a critical extension that is not
    /// understood.
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, CrlError> {
        let der: Bytes = der.into();
        if der.len() > MAX_CRL {
            return Err(CrlError::TooLarge(der.len()));
        }
        let form = crl_form::list(&der)?;
        let (_, read) = CertificateRevocationList::from_der(&der)
            .map_err(|_| form.signed.tbs.error("every field of a revocation list"))?;
        let list = &read.tbs_cert_list;
        let counts = list.revoked_certificates.iter();
        let counts = counts.map(|entry| entry.extensions().len());
        if !counts.eq(form.entries.iter().copied()) || list.extensions().len() != form.extensions {
            return Err(form.signed.tbs.error("entries that can be read").into());
        }
        let mut crl = Self {
            tbs: der.slice_ref(form.signed.tbs.raw),
            scheme: algorithm::scheme(&read.signature_algorithm),
            signature: read.signature_value.data.to_vec(),
            issuer: name(&der, list.issuer.as_raw())?,
            this_update: list.this_update.timestamp(),
            next_update: list.next_update.map(|time| time.timestamp()),
            entries: HashMap::new(),
            number: None,
            delta_base: None,
            scope: None,
            der: der.clone(),
        };
        for extension in list.extensions() {
            crl.read_extension(extension)?;
        }
        crl.read_entries(&list.revoked_certificates)?;
        Ok(crl)
    }

    /// The octets, as they came.
    pub fn der(&self) -> &Bytes {
        &self.der
    }

    /// Who signed it, by its own word.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// Time of issue, seconds since 1970-01-01T00:00:00Z.
    pub fn this_update(&self) -> i64 {
        self.this_update
    }

    /// When the next list is due, if the list says so.
    pub fn next_update(&self) -> Option<i64> {
        self.next_update
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `serial` (content octets) of a certificate of the list's own
    /// issuer is revoked.
    pub fn is_revoked(&self, serial: &[u8]) -> bool {
        self.listed(&self.issuer, serial) == Listed::Revoked
    }

    /// Whether the list covers `now`: thisUpdate has come, nextUpdate has not
    /// passed.
    pub fn is_current(&self, now: i64) -> bool {
        self.this_update <= now && self.next_update.is_none_or(|next| now <= next)
    }

    /// How it is signed.
    pub fn signature_scheme(&self) -> Option<SignatureScheme> {
        self.scheme
    }

    /// Verifies the signature. Whether `key` belongs to the issuer and may
    /// sign lists is for [`crate::validate`] to see.
    ///
    /// # Errors
    /// Unsupported algorithm, or it does not verify.
    pub fn verify(&self, key: &PublicKey) -> Result<(), CrlError> {
        let scheme = self.scheme.ok_or(CrlError::UnsupportedAlgorithm)?;
        key.verify(scheme, &self.tbs, &self.signature)
            .map_err(|_| CrlError::BadSignature)
    }

    /// What the list says about the certificate `serial` of `issuer`.
    pub(crate) fn listed(&self, issuer: &Name, serial: &[u8]) -> Listed {
        let of_issuer = |entry: &&Entry| {
            entry
                .issuer
                .as_ref()
                .unwrap_or(&self.issuer)
                .matches(issuer)
        };
        let found = self
            .entries
            .get(serial)
            .and_then(|entries| entries.iter().find(of_issuer));
        match found {
            None => Listed::No,
            Some(entry) if entry.removed => Listed::Removed,
            Some(_) => Listed::Revoked,
        }
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) -> Result<(), CrlError> {
        let oid = extension.oid.as_bytes();
        let mut value = Reader::within(&self.der, extension.value);
        match oid {
            // RFC 5280 5.2.3: never critical.
            oid::CRL_NUMBER if extension.critical => {
                return Err(CrlError::UnknownCritical(oid::dotted(oid)));
            }
            oid::CRL_NUMBER => self.number = Some(number(value, "CRLNumber")?),
            oid::DELTA_CRL => self.delta_base = Some(number(value, "BaseCRLNumber")?),
            oid::ISSUING_DISTRIBUTION_POINT => self.scope = Some(scope(value)?),
            oid::AUTHORITY_KEY_ID => drop(value.sequence("AuthorityKeyIdentifier")?),
            _ if extension.critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
            _ => {}
        }
        Ok(())
    }

    fn read_entries(&mut self, list: &[RevokedCertificate<'_>]) -> Result<(), CrlError> {
        // In an indirect list an entry without issuer has that of the entry
        // before it (RFC 5280 5.3.3).
        let mut issuer = None;
        for entry in list {
            let mut removed = false;
            for extension in entry.extensions() {
                self.entry_extension(extension, &mut issuer, &mut removed)?;
            }
            let serial = entry.raw_serial().to_vec();
            let entry = Entry {
                issuer: issuer.clone(),
                removed,
            };
            self.entries.entry(serial).or_default().push(entry);
        }
        Ok(())
    }

    fn entry_extension(
        &self,
        extension: &X509Extension<'_>,
        issuer: &mut Option<Name>,
        removed: &mut bool,
    ) -> Result<(), CrlError> {
        let oid = extension.oid.as_bytes();
        let mut value = Reader::within(&self.der, extension.value);
        match (oid, extension.parsed_extension()) {
            (oid::CRL_REASON, ParsedExtension::ReasonCode(reason)) => {
                *removed = *reason == ReasonCode::RemoveFromCRL;
            }
            (oid::CRL_REASON, _) => return Err(value.error("CRLReason").into()),
            // Not known to the library.
            (oid::CERTIFICATE_ISSUER, _) => {
                let names = general_names(value.sequence("GeneralNames")?)?;
                let directory = names.into_iter().find_map(|name| match name {
                    GeneralName::Directory(name) => Some(name),
                    _ => None,
                });
                *issuer = Some(directory.ok_or_else(|| value.error("a directoryName"))?);
            }
            (oid::INVALIDITY_DATE, ParsedExtension::InvalidityDate(_)) => {}
            (oid::INVALIDITY_DATE, _) => return Err(value.error("a date").into()),
            _ if extension.critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
            _ => {}
        }
        Ok(())
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} with {} entries)", self.issuer, self.len())
    }
}

fn number(mut value: Reader<'_>, expected: &'static str) -> Result<Vec<u8>, DerError> {
    Ok(value.expect(tag::INTEGER, expected)?.content.to_vec())
}

/// Whether number `a` is at least `b` (content octets of positive INTEGERs).
pub(crate) fn at_least(a: &[u8], b: &[u8]) -> bool {
    let digits = |octets: &'_ [u8]| -> Vec<u8> {
        octets
            .iter()
            .copied()
            .skip_while(|octet| *octet == 0)
            .collect()
    };
    let (a, b) = (digits(a), digits(b));
    (a.len(), a) >= (b.len(), b)
}
