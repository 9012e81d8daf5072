//! Evidence about revocation that has to be fetched: a validation names the
//! sources it wants, the host fetches them off the packet path and validates
//! again with what came (B15, F8).

use std::{fmt, sync::Arc};

use ike_crypto::Hash;

use crate::{
    crl::Crl,
    crl_cache::CrlOrigin,
    name::Name,
    ocsp::{CertId, OcspRequest, OcspResponse},
};

/// Sources of one validation; what is wanted beyond counts as unavailable.
pub const MAX_SOURCES: usize = 8;
/// Octets of a nonce (RFC 9654 2.1 asks for 32).
const NONCE: usize = 32;

/// Where something about revocation is to be had. Whether a URL may be
/// fetched at all is for [`crate::may_fetch`] to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A DER revocation list by HTTP GET.
    Crl {
        /// A distribution point or `crl query`.
        url: String,
    },
    /// The list of a CA by SCEP GetCRL to a trustpoint's enrolment URL, for a
    /// certificate without distribution point (P-025).
    ScepCrl {
        /// Name of the trustpoint.
        trustpoint: String,
        /// Issuer of the certificate in question.
        issuer: Name,
        /// Content octets of its serial number.
        serial: Vec<u8>,
    },
    /// An OCSP answer by HTTP POST.
    Ocsp {
        /// The responder.
        url: String,
        /// The question; [`OcspRequest::to_der`] is the body.
        request: OcspRequest,
    },
}

impl Source {
    /// Where a list from it belongs in the cache; `None` for OCSP, whose
    /// answers are not kept.
    pub fn origin(&self) -> Option<CrlOrigin> {
        match self {
            Self::Crl { url } => Some(CrlOrigin::Url(url.clone())),
            Self::ScepCrl { trustpoint, .. } => Some(CrlOrigin::Scep(trustpoint.clone())),
            Self::Ocsp { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crl { url } => write!(f, "CRL at {}", url.escape_default()),
            Self::ScepCrl { trustpoint, .. } => {
                write!(f, "CRL by SCEP of trustpoint {trustpoint}")
            }
            Self::Ocsp { url, .. } => write!(f, "OCSP responder {}", url.escape_default()),
        }
    }
}

/// What came of the sources that were wanted so far. Nothing in it is
/// believed before a validation has seen its signature.
#[derive(Clone)]
pub struct Evidence {
    seed: [u8; 32],
    found: Vec<(Source, Found)>,
    /// Why nothing more is fetched.
    closed: Option<String>,
}

#[derive(Clone)]
enum Found {
    Crl(Arc<Crl>),
    Ocsp(Arc<OcspResponse>),
    Failed(String),
}

/// What a source has to say.
pub(crate) enum Word {
    /// Nobody asked yet.
    Ask,
    /// A list; it is among [`Evidence::lists`].
    List,
    Answer(Arc<OcspResponse>),
    Failed(String),
}

impl Evidence {
    /// Nothing yet. `seed` is random and used for one validation alone: the
    /// nonces of its OCSP requests come from it.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            found: Vec::new(),
            closed: None,
        }
    }

    /// For a validation that must do with what is at hand: every source
    /// counts as unavailable.
    pub fn none() -> Self {
        let mut none = Self::new([0; 32]);
        none.close("it was not fetched");
        none
    }

    /// A revocation list came from a source.
    pub fn add_crl(&mut self, source: Source, crl: impl Into<Arc<Crl>>) {
        self.put(source, Found::Crl(crl.into()));
    }

    /// An OCSP answer came from a source.
    pub fn add_ocsp(&mut self, source: Source, response: impl Into<Arc<OcspResponse>>) {
        self.put(source, Found::Ocsp(response.into()));
    }

    /// Nothing usable came from a source, or it may not be asked; `why` is
    /// for people.
    pub fn failed(&mut self, source: Source, why: impl Into<String>) {
        self.put(source, Found::Failed(why.into()));
    }

    /// Nothing more is fetched, for the reason given: time is up. The next
    /// validation gives a verdict.
    pub fn close(&mut self, why: impl Into<String>) {
        self.closed = Some(why.into());
    }

    /// The source a list came from.
    pub fn source_of(&self, crl: &Crl) -> Option<&Source> {
        let is = |found: &Found| matches!(found, Found::Crl(known) if **known == *crl);
        let mut found = self.found.iter();
        found.find(|(_, found)| is(found)).map(|(source, _)| source)
    }

    /// Every list that came.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Arc<Crl>> {
        self.found.iter().filter_map(|(_, found)| match found {
            Found::Crl(crl) => Some(crl),
            _ => None,
        })
    }

    /// What a source has to say. One that gave something of the wrong kind
    /// failed.
    pub(crate) fn ask(&self, source: &Source, also_wanted: usize) -> Word {
        let mut found = self.found.iter();
        let known = found.find(|(known, _)| known == source);
        match (known.map(|(_, found)| found), source) {
            (Some(Found::Crl(_)), Source::Crl { .. } | Source::ScepCrl { .. }) => Word::List,
            (Some(Found::Ocsp(answer)), Source::Ocsp { .. }) => Word::Answer(Arc::clone(answer)),
            (Some(Found::Failed(why)), _) => Word::Failed(why.clone()),
            (Some(_), _) => Word::Failed("something of another kind came".to_owned()),
            (None, _) => self.unasked(also_wanted),
        }
    }

    fn unasked(&self, also_wanted: usize) -> Word {
        match &self.closed {
            Some(why) => Word::Failed(why.clone()),
            None if self.found.len() + also_wanted >= MAX_SOURCES => {
                Word::Failed(format!("more than {MAX_SOURCES} sources would be asked"))
            }
            None => Word::Ask,
        }
    }

    /// The nonce for a question: the same in every round of one validation.
    pub(crate) fn nonce(&self, id: &CertId) -> Vec<u8> {
        let mut octets = Hash::Sha256.digest(&[&self.seed, &id.encode()]);
        octets.truncate(NONCE);
        octets
    }

    fn put(&mut self, source: Source, found: Found) {
        match self.found.iter_mut().find(|(known, _)| *known == source) {
            Some((_, known)) => *known = found,
            None => self.found.push((source, found)),
        }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({} sources)", self.found.len())
    }
}
