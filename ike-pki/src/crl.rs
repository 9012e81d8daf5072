//! Certificate revocation lists (RFC 5280 section 5), read strictly.

use std::{collections::HashMap, fmt};

use bytes::Bytes;
use ike_crypto::{PublicKey, SignatureScheme};

use crate::{
    algorithm,
    certificate::{name, signed_parts},
    der::{DerError, Reader, Tlv, named_bits, tag},
    extensions::{PointName, for_each, point_name},
    general_name::{GeneralName, general_names},
    name::Name,
    oid, time,
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
        let (tbs, outer, signature) = signed_parts(&der)?;
        let mut fields = tbs.reader();
        let version = fields.optional(tag::INTEGER)?;
        if version.is_some_and(|version| version.content != [1]) {
            return Err(fields.error("version 2").into());
        }
        let inner = fields.expect(tag::SEQUENCE, "signature algorithm")?;
        if inner.raw != outer.raw {
            return Err(CrlError::AlgorithmMismatch);
        }
        let mut crl = Self {
            tbs: Bytes::copy_from_slice(tbs.raw),
            scheme: algorithm::scheme(&outer)?,
            signature: signature.to_vec(),
            issuer: name(&mut fields, "issuer")?,
            this_update: time::parse(&fields.any()?)?,
            next_update: None,
            entries: HashMap::new(),
            number: None,
            delta_base: None,
            scope: None,
            der: der.clone(),
        };
        crl.read_rest(&mut fields, version.is_some())?;
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

    fn read_rest(&mut self, fields: &mut Reader<'_>, v2: bool) -> Result<(), CrlError> {
        if matches!(fields.peek(), Some(tag::UTC_TIME | tag::GENERALIZED_TIME)) {
            self.next_update = Some(time::parse(&fields.any()?)?);
        }
        if let Some(list) = fields.optional(tag::SEQUENCE)? {
            self.read_entries(list.reader())?;
        }
        let explicit = fields.optional(tag::constructed(0))?;
        fields.end("the end of the list")?;
        let Some(explicit) = explicit.filter(|_| v2) else {
            return explicit.map_or(Ok(()), |field| Err(field.error("version 2").into()));
        };
        let mut inner = explicit.reader();
        let list = inner.sequence("Extensions")?;
        inner.end("the end of the extensions")?;
        for_each(
            list,
            CrlError::DuplicateExtension,
            |oid, critical, value| self.read_extension(oid, critical, value),
        )
    }

    fn read_extension(
        &mut self,
        oid: &[u8],
        critical: bool,
        value: Tlv<'_>,
    ) -> Result<(), CrlError> {
        let mut inner = value.reader();
        match oid {
            // RFC 5280 5.2.3: never critical.
            oid::CRL_NUMBER if critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
            oid::CRL_NUMBER => self.number = Some(inner.integer()?.content.to_vec()),
            oid::DELTA_CRL => self.delta_base = Some(inner.integer()?.content.to_vec()),
            oid::ISSUING_DISTRIBUTION_POINT => self.scope = Some(scope(&mut inner)?),
            oid::AUTHORITY_KEY_ID => drop(inner.any()?),
            _ if critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
            _ => return Ok(()),
        }
        Ok(inner.end("the end of the extension value")?)
    }

    fn read_entries(&mut self, mut list: Reader<'_>) -> Result<(), CrlError> {
        // In an indirect list an entry without issuer has that of the entry
        // before it (RFC 5280 5.3.3).
        let mut issuer = None;
        while !list.is_empty() {
            let mut fields = list.sequence("a revoked certificate")?;
            let serial = fields.integer()?.content.to_vec();
            time::parse(&fields.any()?)?;
            let mut removed = false;
            if !fields.is_empty() {
                let extensions = fields.sequence("crlEntryExtensions")?;
                for_each(
                    extensions,
                    CrlError::DuplicateExtension,
                    |oid, critical, value| {
                        entry_extension(oid, critical, value, &mut issuer, &mut removed)
                    },
                )?;
            }
            fields.end("the end of the revoked certificate")?;
            let entry = Entry {
                issuer: issuer.clone(),
                removed,
            };
            self.entries.entry(serial).or_default().push(entry);
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

fn entry_extension(
    oid: &[u8],
    critical: bool,
    value: Tlv<'_>,
    issuer: &mut Option<Name>,
    removed: &mut bool,
) -> Result<(), CrlError> {
    const REMOVE_FROM_CRL: &[u8] = &[8];
    let mut inner = value.reader();
    match oid {
        oid::CRL_REASON => {
            let reason = inner.expect(tag::ENUMERATED, "CRLReason")?;
            *removed = reason.content == REMOVE_FROM_CRL;
        }
        oid::CERTIFICATE_ISSUER => {
            let names = general_names(inner.sequence("GeneralNames")?)?;
            let directory = names.into_iter().find_map(|name| match name {
                GeneralName::Directory(name) => Some(name),
                _ => None,
            });
            *issuer = Some(directory.ok_or_else(|| value.error("a directoryName"))?);
        }
        oid::INVALIDITY_DATE => drop(time::parse(&inner.any()?)?),
        _ if critical => return Err(CrlError::UnknownCritical(oid::dotted(oid))),
        _ => {}
    }
    Ok(())
}

fn scope(inner: &mut Reader<'_>) -> Result<Scope, DerError> {
    let mut fields = inner.sequence("IssuingDistributionPoint")?;
    let flag = |field: Option<Tlv<'_>>| field.is_some_and(|field| field.content == [0xff]);
    let name = fields.optional(tag::constructed(0))?;
    let scope = Scope {
        name: name.map_or(Ok(PointName::Absent), |name| point_name(&mut name.reader()))?,
        only_user: flag(fields.optional(tag::context(1))?),
        only_ca: flag(fields.optional(tag::context(2))?),
        reasons: fields
            .optional(tag::context(3))?
            .map(|bits| named_bits(&bits))
            .transpose()?,
        indirect: flag(fields.optional(tag::context(4))?),
        only_attribute: flag(fields.optional(tag::context(5))?),
    };
    fields.end("the end of IssuingDistributionPoint")?;
    Ok(scope)
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
