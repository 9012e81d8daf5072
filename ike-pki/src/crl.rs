//! Certificate revocation lists (RFC 5280 section 5). A list is kept as its
//! DER and a sorted index of its entries, four octets for each (F9): what an
//! entry says is read again when it is asked for.

use std::fmt;

use bytes::Bytes;
use ike_crypto::{PublicKey, SignatureScheme};

use crate::{
    algorithm,
    certificate::name,
    crl_entry::{Entries, Listed},
    crl_form::{self, Extension, extension, scope},
    der::{DerError, Reader, tag},
    extensions::PointName,
    name::Name,
    oid, time,
};

/// Largest list that is read, octets: a million entries and more (F9). How
/// much is fetched is for the host to bound (B15).
pub const MAX_CRL: usize = 48 << 20;

/// Why octets are no usable revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlError {
    /// The encoding is wrong; says where and what was expected.
    Der(DerError),
    /// Longer than [`MAX_CRL`].
    TooLarge(usize),
    /// The outer signature algorithm is not the signed one.
    AlgorithmMismatch,
    /// An extension appears twice (dotted OID).
    DuplicateExtension(String),
    /// A critical extension that is not understood (dotted OID): the list
    /// must not be used (RFC 5280 5.2, 5.3).
    UnknownCritical(String),
    /// One serial number more often than any list needs.
    RepeatedSerial,
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
            Self::RepeatedSerial => f.write_str("CRL: one serial number is repeated too often"),
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
    signature: Bytes,
    issuer: Name,
    this_update: i64,
    next_update: Option<i64>,
    entries: Entries,
    /// authorityKeyIdentifier, encoded.
    authority: Option<Vec<u8>>,
    pub(crate) number: Option<Vec<u8>>,
    /// Number of the base a delta belongs to.
    pub(crate) delta_base: Option<Vec<u8>>,
    pub(crate) scope: Option<Scope>,
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

impl Crl {
    /// Reads one DER list and nothing after it; no more than [`MAX_CRL`]
    /// octets.
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
        let mut crl = Self {
            tbs: der.slice_ref(form.signed.tbs.raw),
            scheme: algorithm::of(&form.signed.algorithm),
            signature: der.slice_ref(form.signature),
            issuer: name(&der, form.issuer.raw)?,
            this_update: time::decode(&form.this_update)?,
            next_update: form.next_update.map(|at| time::decode(&at)).transpose()?,
            entries: Entries::read(&der, form.entries.as_ref())?,
            authority: None,
            number: None,
            delta_base: None,
            scope: None,
            der: der.clone(),
        };
        let mut rest = form.extensions.map(|list| list.reader());
        while let Some(rest) = rest.as_mut().filter(|rest| !rest.is_empty()) {
            crl.read_extension(rest)?;
        }
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

    /// cRLNumber in upper-case hex, if the list has one.
    pub fn number_hex(&self) -> Option<String> {
        let digits = self.number.as_ref()?;
        Some(data_encoding::HEXUPPER.encode(digits))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
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

    /// Whether both are of the same issuer, key and scope, so that one
    /// replaces the other (F4); a CA with a new key counts anew.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.issuer.matches(&other.issuer)
            && self.authority == other.authority
            && self.scope == other.scope
            && self.delta_base.is_some() == other.delta_base.is_some()
    }

    /// By number, else by time of issue (RFC 5280 5.2.3).
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        match (&self.number, &other.number) {
            (Some(own), Some(theirs)) if own != theirs => at_least(own, theirs),
            _ => self.this_update > other.this_update,
        }
    }

    /// What the list says about the certificate `serial` of `issuer`.
    pub(crate) fn listed(&self, issuer: &Name, serial: &[u8]) -> Listed {
        self.entries.listed(&self.der, &self.issuer, issuer, serial)
    }

    fn read_extension(&mut self, rest: &mut Reader<'_>) -> Result<(), CrlError> {
        let Extension {
            oid,
            critical,
            mut value,
        } = extension(rest)?;
        match oid {
            // RFC 5280 5.2.3: never critical.
            oid::CRL_NUMBER if critical => {
                return Err(CrlError::UnknownCritical(oid::dotted(oid)));
            }
            oid::CRL_NUMBER => self.number = Some(number(value, "CRLNumber")?),
            oid::DELTA_CRL => self.delta_base = Some(number(value, "BaseCRLNumber")?),
            oid::ISSUING_DISTRIBUTION_POINT => self.scope = Some(scope(value)?),
            oid::AUTHORITY_KEY_ID => {
                let id = value.expect(tag::SEQUENCE, "AuthorityKeyIdentifier")?;
                self.authority = Some(id.raw.to_vec());
            }
            _ if critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
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
