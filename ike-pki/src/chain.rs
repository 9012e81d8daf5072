//! Validation of a peer's chain against the CA certificates of trustpoints
//! (P-040): the terms, and the one function that gives the proof.
//!
//! An issuer is the certificate whose *key* verifies the signature; a name
//! only nominates candidates (E17). What the peer sends is never an anchor
//! (E18). The work is bounded before it is spent (B13).

use std::sync::Arc;

use crate::{
    anchor::Anchor,
    certificate::Certificate,
    crl::Crl,
    evidence::{Evidence, Source},
    judgement::Judgement,
    refusal::{Refusal, ValidationError},
    search::{Purpose, Search},
};

/// Certificates of a peer that are looked at (B13).
pub const MAX_PEER_CERTIFICATES: usize = 8;
/// Certificates below an anchor (B13).
pub const MAX_DEPTH: usize = 6;
/// Signature checks of one validation (B13).
pub const MAX_SIGNATURE_CHECKS: usize = 32;

/// What is acceptable beyond RFC 5280.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPolicy {
    /// Smallest RSA modulus, bits.
    pub min_rsa_bits: u32,
    /// Whether MD5 signatures count.
    pub allow_md5: bool,
    /// Whether SHA-1 signatures count.
    pub allow_sha1: bool,
    /// Whether extendedKeyUsage, when present, must allow IKE or any use
    /// (RFC 4945 5.1.3.12). IOS does not look.
    pub check_eku: bool,
    /// Whether forms that RFC 5280 forbids but old CAs produce are refused.
    pub strict: bool,
}

impl ChainPolicy {
    /// What IOS 15.3T accepts: the seed's 512-bit keys, MD5 and SHA-1.
    pub const fn ios_15_3t() -> Self {
        Self {
            min_rsa_bits: 512,
            allow_md5: true,
            allow_sha1: true,
            check_eku: false,
            strict: false,
        }
    }

    /// What a new deployment should use.
    pub const fn modern() -> Self {
        Self {
            min_rsa_bits: 2048,
            allow_md5: false,
            allow_sha1: false,
            check_eku: true,
            strict: true,
        }
    }
}

impl Default for ChainPolicy {
    fn default() -> Self {
        Self::modern()
    }
}

/// Proof that a chain was validated: only [`validate`] and [`attempt`] make
/// one.
#[derive(Clone, Debug)]
pub struct ValidatedChain {
    trustpoint: String,
    path: Vec<Certificate>,
    unchecked: Vec<Unchecked>,
}

/// A source about revocation that could not be had; the next method of
/// `revocation-check` decided (P-041).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The trustpoint that asked.
    pub trustpoint: String,
    /// What was asked.
    pub source: Source,
    /// What became of it, for people.
    pub why: String,
}

impl ValidatedChain {
    /// The trustpoint whose CA certificate is the anchor; with
    /// `chain-validation continue` the one the walk began with.
    pub fn trustpoint(&self) -> &str {
        &self.trustpoint
    }

    /// The peer's own certificate.
    pub fn leaf(&self) -> &Certificate {
        // `examine` puts the leaf first into every path it builds.
        #[allow(clippy::indexing_slicing)]
        &self.path[0]
    }

    /// Leaf first, without the anchor.
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// Sources that could not be had and were done without.
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }
}

/// What a validation comes to with the evidence there is.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// The chain is good.
    Valid(ValidatedChain),
    /// It is not, whatever else might be fetched.
    Refused(ValidationError),
    /// The signatures lead to an anchor and everything else is right, but
    /// these sources have to be asked about revocation first (B15). Each of
    /// them must be in the evidence of the next attempt, if only as failed.
    Wanted(Vec<Source>),
}

/// An [`Attempt`], and the lists of its evidence that were found current and
/// rightly signed, which a cache may keep (F4).
#[derive(Clone, Debug)]
pub struct Examination {
    /// The verdict.
    pub attempt: Attempt,
    /// Lists to keep.
    pub believed: Vec<Arc<Crl>>,
    /// What each trustpoint makes of it, in their order; without meaning while
    /// something is wanted.
    pub judgements: Vec<Judgement>,
}

/// Validates `peer_chain` (leaf first, others in any order) against
/// `anchors` at `now` (seconds since 1970-01-01T00:00:00Z) with what is at
/// hand: a source that would have to be asked is unavailable.
///
/// # Errors
/// The certificate and the check that failed; of several possible paths the
/// one that came furthest.
pub fn validate(
    peer_chain: &[Certificate],
    anchors: &[Anchor],
    now: i64,
    policy: &ChainPolicy,
) -> Result<ValidatedChain, ValidationError> {
    match attempt(peer_chain, anchors, &Evidence::none(), now, policy) {
        Attempt::Valid(chain) => Ok(chain),
        Attempt::Refused(error) => Err(error),
        // `none` is closed: nothing is wanted.
        Attempt::Wanted(_) => Err(ValidationError::of_none(Refusal::TooMuchWork)),
    }
}

/// As [`validate`], with evidence that was fetched; says what is wanted when
/// it does not suffice. At most [`crate::MAX_SOURCES`] sources are wanted in
/// all the attempts of one validation.
pub fn attempt(
    peer_chain: &[Certificate],
    anchors: &[Anchor],
    evidence: &Evidence,
    now: i64,
    policy: &ChainPolicy,
) -> Attempt {
    examine(peer_chain, anchors, evidence, now, policy).attempt
}

/// As [`attempt`], with the lists that proved good.
pub fn examine(
    peer_chain: &[Certificate],
    anchors: &[Anchor],
    evidence: &Evidence,
    now: i64,
    policy: &ChainPolicy,
) -> Examination {
    let used = peer_chain
        .get(..MAX_PEER_CERTIFICATES)
        .unwrap_or(peer_chain);
    let Some((leaf, pool)) = used.split_first() else {
        let error = ValidationError::of_none(Refusal::NoCertificate);
        return Examination {
            attempt: Attempt::Refused(error),
            believed: Vec::new(),
            judgements: Vec::new(),
        };
    };
    let mut search = Search::new(pool, anchors, now, policy, Purpose::Authenticate);
    search.evidence = Some(evidence);
    let attempt = match search.run(leaf) {
        Ok(path) => Attempt::Valid(ValidatedChain {
            trustpoint: path.trustpoint().to_owned(),
            path: path.certificates.into_iter().cloned().collect(),
            unchecked: std::mem::take(&mut search.unchecked),
        }),
        Err(_) if !search.wanted.is_empty() => Attempt::Wanted(each_once(&search.wanted)),
        Err(error) => Attempt::Refused(error),
    };
    search
        .believed
        .retain(|crl| evidence.source_of(crl).is_some());
    Examination {
        attempt,
        judgements: search.judgements.of(anchors),
        believed: search.believed,
    }
}

/// Certificates of one path may name the same source.
fn each_once(wanted: &[Source]) -> Vec<Source> {
    let mut out: Vec<Source> = Vec::new();
    for source in wanted {
        if !out.contains(source) {
            out.push(source.clone());
        }
    }
    out
}
