//! Validation of a peer's chain against the CA certificates of trustpoints
//! (P-040): the terms, and the one function that gives the proof.
//!
//! An issuer is the certificate whose *key* verifies the signature; a name
//! only nominates candidates (E17). What the peer sends is never an anchor
//! (E18). The work is bounded before it is spent (B13).

use std::sync::Arc;

use crate::{
    certificate::Certificate,
    crl::Crl,
    refusal::{Refusal, ValidationError},
    search::{Purpose, Search},
};

/// Certificates of a peer that are looked at (B13).
pub const MAX_PEER_CERTIFICATES: usize = 8;
/// Certificates below an anchor (B13).
pub const MAX_DEPTH: usize = 6;
/// Signature checks of one validation (B13).
pub const MAX_SIGNATURE_CHECKS: usize = 32;

/// One way of `revocation-check` (G-061).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationMethod {
    /// A revocation list must say that the certificate is good.
    Crl,
    /// Accept without asking.
    None,
    /// OCSP; gives no verdict here, the next method decides.
    Ocsp,
}

/// A trust anchor: the CA certificate of a trustpoint, with its way of
/// checking revocation (P-040, P-041).
#[derive(Clone, Debug)]
pub struct Anchor {
    /// Name of the trustpoint.
    pub trustpoint: String,
    /// Its CA certificate.
    pub certificate: Arc<Certificate>,
    /// `revocation-check`, in order; empty means `crl`.
    pub revocation: Vec<RevocationMethod>,
    /// Revocation lists at hand, of this CA and of those below it.
    pub crls: Vec<Arc<Crl>>,
}

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

/// Proof that a chain was validated: only [`validate`] makes one.
#[derive(Clone, Debug)]
pub struct ValidatedChain {
    trustpoint: String,
    path: Vec<Certificate>,
}

impl ValidatedChain {
    /// The trustpoint whose CA certificate is the anchor.
    pub fn trustpoint(&self) -> &str {
        &self.trustpoint
    }

    /// The peer's own certificate.
    pub fn leaf(&self) -> &Certificate {
        // `validate` puts the leaf first into every path it builds.
        #[allow(clippy::indexing_slicing)]
        &self.path[0]
    }

    /// Leaf first, without the anchor.
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }
}

/// Validates `peer_chain` (leaf first, others in any order) against
/// `anchors` at `now` (seconds since 1970-01-01T00:00:00Z).
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
    let used = peer_chain
        .get(..MAX_PEER_CERTIFICATES)
        .unwrap_or(peer_chain);
    let Some((leaf, pool)) = used.split_first() else {
        return Err(ValidationError {
            certificate: None,
            refusal: Refusal::NoCertificate,
        });
    };
    let mut search = Search::new(pool, anchors, now, policy, Purpose::Authenticate);
    let (anchor, path) = search.run(leaf)?;
    Ok(ValidatedChain {
        trustpoint: anchor.trustpoint.clone(),
        path: path.into_iter().cloned().collect(),
    })
}
