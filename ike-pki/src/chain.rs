//! Path building and validation (RFC 5280 section 6.1) from the peer's
//! certificates to the CA certificates of trustpoints (P-040).
//!
//! An issuer is the certificate whose *key* verifies the signature; a name
//! only nominates candidates (E17). What the peer sends is never an anchor
//! (E18). The work is bounded before it is spent (B13).

use std::sync::Arc;

use ike_crypto::{Hash, KeySpec, SignatureScheme};

use crate::{
    certificate::Certificate,
    constraints::Constraints,
    crl::Crl,
    extensions::KeyUsage,
    name::Name,
    oid,
    policy_tree::PolicyState,
    profile::{self, Place},
    refusal::{Refusal, ValidationError},
    revocation::Revocation,
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

/// What the leaf's key is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Authenticate,
    SignCrl {
        /// Levels of lists that vouch for signers of lists.
        depth: u8,
    },
}

/// One search for a path.
pub(crate) struct Search<'a> {
    pub(crate) pool: &'a [Certificate],
    pub(crate) anchors: &'a [Anchor],
    pub(crate) now: i64,
    pub(crate) policy: &'a ChainPolicy,
    pub(crate) purpose: Purpose,
    /// Signature checks left.
    pub(crate) budget: usize,
    /// The failure that came furthest.
    failure: Option<(Progress, ValidationError)>,
}

/// How far a path came before it failed; later is further.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    NoIssuer(usize),
    BadSignature,
    Limit,
    Complete,
}

type Found<'a> = (&'a Anchor, Vec<&'a Certificate>);

impl<'a> Search<'a> {
    pub(crate) fn new(
        pool: &'a [Certificate],
        anchors: &'a [Anchor],
        now: i64,
        policy: &'a ChainPolicy,
        purpose: Purpose,
    ) -> Self {
        Self {
            pool,
            anchors,
            now,
            policy,
            purpose,
            budget: MAX_SIGNATURE_CHECKS,
            failure: None,
        }
    }

    /// A valid path from `leaf`, leaf first, and its anchor.
    pub(crate) fn run(&mut self, leaf: &'a Certificate) -> Result<Found<'a>, ValidationError> {
        let mut path = vec![leaf];
        match self.extend(&mut path) {
            Some(anchor) => Ok((anchor, path)),
            None => Err(self.failure.take().map_or_else(
                || ValidationError::new(leaf.subject(), Refusal::TooMuchWork),
                |(_, error)| error,
            )),
        }
    }

    /// Looks for an issuer of the last certificate of `path`: an anchor, else
    /// one the peer sent.
    fn extend(&mut self, path: &mut Vec<&'a Certificate>) -> Option<&'a Anchor> {
        let current = *path.last()?;
        let mut nominated = false;
        for anchor in self.anchors_named(current) {
            nominated = true;
            if !self.signed_by(current, &anchor.certificate) {
                continue;
            }
            match self.check(anchor, path) {
                Ok(()) => return Some(anchor),
                Err(error) => self.note(Progress::Complete, error),
            }
        }
        for issuer in self.pool_named(current, path) {
            nominated = true;
            if path.len() >= MAX_DEPTH {
                let error = ValidationError::new(current.subject(), Refusal::TooDeep);
                self.note(Progress::Limit, error);
                break;
            }
            if !self.signed_by(current, issuer) {
                continue;
            }
            path.push(issuer);
            if let Some(anchor) = self.extend(path) {
                return Some(anchor);
            }
            path.pop();
        }
        if !nominated {
            self.note(Progress::NoIssuer(path.len()), self.unsuitable(current));
        }
        None
    }

    /// Anchors named as the issuer, those with the right key identifier
    /// first.
    fn anchors_named(&self, current: &Certificate) -> Vec<&'a Anchor> {
        let anchors = self.anchors.iter();
        let mut named: Vec<_> = anchors
            .filter(|a| a.certificate.subject().matches(current.issuer()))
            .collect();
        named.sort_by_key(|anchor| !key_id_fits(current, &anchor.certificate));
        named
    }

    fn pool_named(&self, current: &Certificate, path: &[&Certificate]) -> Vec<&'a Certificate> {
        let unused = |c: &&Certificate| {
            let same = |used: &&Certificate| {
                used.spki_der() == c.spki_der() && used.subject().matches(c.subject())
            };
            c.subject().matches(current.issuer()) && !path.iter().any(same)
        };
        let mut named: Vec<_> = self.pool.iter().filter(unused).collect();
        named.sort_by_key(|issuer| !key_id_fits(current, issuer));
        named
    }

    /// Whether the issuer's key made the signature of `current`.
    fn signed_by(&mut self, current: &Certificate, issuer: &Certificate) -> bool {
        let refusal = match self.signature(current, issuer) {
            Ok(()) => return true,
            Err(refusal) => refusal,
        };
        let progress = match refusal {
            Refusal::TooMuchWork => Progress::Limit,
            _ => Progress::BadSignature,
        };
        self.note(progress, ValidationError::new(current.subject(), refusal));
        false
    }

    fn signature(&mut self, current: &Certificate, issuer: &Certificate) -> Result<(), Refusal> {
        let scheme = current.signature_scheme().ok_or_else(|| {
            Refusal::UnsupportedAlgorithm(current.signature_algorithm().to_owned())
        })?;
        let key = issuer
            .public_key()
            .map_err(|error| Refusal::BadKey(error.to_string()))?;
        self.spend()?;
        key.verify(scheme, current.tbs(), current.signature())
            .map_err(|_| Refusal::BadSignature)
    }

    /// Takes one signature check from the budget.
    pub(crate) fn spend(&mut self) -> Result<(), Refusal> {
        self.budget = self.budget.checked_sub(1).ok_or(Refusal::TooMuchWork)?;
        Ok(())
    }

    fn note(&mut self, progress: Progress, error: ValidationError) {
        if self
            .failure
            .as_ref()
            .is_none_or(|(known, _)| *known < progress)
        {
            self.failure = Some((progress, error));
        }
    }

    fn unsuitable(&self, current: &Certificate) -> ValidationError {
        let trustpoints = self
            .anchors
            .iter()
            .map(|anchor| anchor.trustpoint.clone())
            .collect();
        let issuer = current.issuer().clone();
        let refusal = Refusal::NoSuitableTrustpoint {
            issuer,
            trustpoints,
        };
        ValidationError::new(current.subject(), refusal)
    }

    /// RFC 5280 6.1.2 to 6.1.5 over a path whose signatures are verified.
    fn check(
        &mut self,
        anchor: &'a Anchor,
        path: &[&'a Certificate],
    ) -> Result<(), ValidationError> {
        let root = &*anchor.certificate;
        let blame = |name: &Name| {
            let name = name.clone();
            move |refusal| ValidationError {
                certificate: Some(name),
                refusal,
            }
        };
        let pinned = path == [root];
        self.check_anchor(root, pinned)
            .map_err(blame(root.subject()))?;
        let mut walk = Walk::new(root, path.len());
        let mut issuer = root;
        for (below, certificate) in path.iter().enumerate().rev() {
            let last = below == 0;
            self.check_certificate(certificate, last)
                .and_then(|()| walk.step(certificate, last))
                .map_err(blame(certificate.subject()))?;
            Revocation::new(self, anchor, path)
                .check(certificate, issuer)
                .map_err(blame(certificate.subject()))?;
            issuer = certificate;
        }
        Ok(())
    }

    fn check_anchor(&self, root: &Certificate, pinned: bool) -> Result<(), Refusal> {
        self.check_dates(root)?;
        self.check_key(root)?;
        if let Some(oid) = root.unknown_critical_extensions().first() {
            return Err(Refusal::UnknownCritical(oid.clone()));
        }
        // The peer's certificate is itself the anchor: it issues nothing.
        if pinned {
            return Ok(());
        }
        // E12: version 1, or an old version 3 without basicConstraints, is an
        // anchor because the operator made it one; a stated "not a CA" holds.
        let denies = root.extensions.has_basic_constraints && !root.is_ca();
        let modern = self.policy.strict && root.version() == 3;
        if denies || modern && !root.is_ca() {
            return Err(Refusal::NotCa);
        }
        if modern {
            profile::check(root, Place::Anchor)?;
        }
        require(root, KeyUsage::KEY_CERT_SIGN, "keyCertSign")
    }

    /// What does not depend on the rest of the path.
    fn check_certificate(&self, certificate: &Certificate, last: bool) -> Result<(), Refusal> {
        self.check_dates(certificate)?;
        self.check_hash(certificate)?;
        self.check_key(certificate)?;
        if let Some(oid) = certificate.unknown_critical_extensions().first() {
            return Err(Refusal::UnknownCritical(oid.clone()));
        }
        if self.policy.strict {
            profile::check(
                certificate,
                if last {
                    Place::Leaf
                } else {
                    Place::Intermediate
                },
            )?;
        }
        match (last, self.purpose) {
            (false, _) => check_ca(certificate),
            (true, Purpose::SignCrl { .. }) => require(certificate, KeyUsage::CRL_SIGN, "cRLSign"),
            (true, Purpose::Authenticate) => self.check_leaf(certificate),
        }
    }

    fn check_dates(&self, certificate: &Certificate) -> Result<(), Refusal> {
        let (now, not_before, not_after) =
            (self.now, certificate.not_before(), certificate.not_after());
        match () {
            () if now < not_before => Err(Refusal::NotYetValid { not_before, now }),
            () if now > not_after => Err(Refusal::Expired { not_after, now }),
            () => Ok(()),
        }
    }

    fn check_hash(&self, certificate: &Certificate) -> Result<(), Refusal> {
        match weak_hash(certificate.signature_scheme(), self.policy) {
            Some(hash) => Err(Refusal::WeakHash(hash)),
            None => Ok(()),
        }
    }

    fn check_key(&self, certificate: &Certificate) -> Result<(), Refusal> {
        let key = certificate
            .public_key()
            .map_err(|error| Refusal::BadKey(error.to_string()))?;
        match (key.kind(), self.policy.min_rsa_bits) {
            (KeySpec::Rsa { bits }, minimum) if bits < minimum => {
                Err(Refusal::WeakKey { bits, minimum })
            }
            _ => Ok(()),
        }
    }

    /// E11: keyUsage must allow signing; RFC 4945 5.1.3.2 takes either bit.
    fn check_leaf(&self, leaf: &Certificate) -> Result<(), Refusal> {
        let signs = |usage: KeyUsage| {
            usage.contains(KeyUsage::DIGITAL_SIGNATURE) || usage.contains(KeyUsage::NON_REPUDIATION)
        };
        if leaf.key_usage().is_some_and(|usage| !signs(usage)) {
            return Err(Refusal::KeyUsage("digitalSignature"));
        }
        let ike = |usage: &Vec<u8>| {
            [oid::ANY_EKU, oid::EKU_IPSEC_IKE, oid::EKU_IKE_INTERMEDIATE]
                .contains(&usage.as_slice())
        };
        let usages = leaf
            .extensions
            .eku
            .as_ref()
            .filter(|_| self.policy.check_eku);
        match usages.is_some_and(|usages| !usages.iter().any(ike)) {
            true => Err(Refusal::ExtendedKeyUsage),
            false => Ok(()),
        }
    }
}

/// State that travels down the path.
struct Walk<'a> {
    constraints: Constraints<'a>,
    policies: PolicyState,
    /// Non-self-issued CAs that may still follow.
    path_len: Option<u32>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Certificate, length: usize) -> Self {
        let mut constraints = Constraints::default();
        constraints.add(root);
        Self {
            constraints,
            policies: PolicyState::new(length),
            path_len: root.path_len(),
        }
    }

    fn step(&mut self, certificate: &'a Certificate, last: bool) -> Result<(), Refusal> {
        let ext = &certificate.extensions;
        let self_issued = certificate.is_self_issued();
        if last || !self_issued {
            self.constraints.check(certificate)?;
        }
        let mut acceptable = self.policies.certificate(ext, self_issued, last);
        if last {
            acceptable = acceptable && self.policies.wrap_up(ext);
        } else {
            acceptable = acceptable && self.policies.prepare_next(ext, self_issued);
            self.constraints.add(certificate);
            self.lengthen(certificate, self_issued)?;
        }
        if acceptable {
            Ok(())
        } else {
            Err(Refusal::Policy)
        }
    }

    /// RFC 5280 6.1.4 (l), (m).
    fn lengthen(&mut self, ca: &Certificate, self_issued: bool) -> Result<(), Refusal> {
        if !self_issued {
            self.path_len = match self.path_len {
                Some(left) => Some(left.checked_sub(1).ok_or(Refusal::PathLength(left))?),
                None => None,
            };
        }
        self.path_len = match (self.path_len, ca.path_len()) {
            (Some(left), Some(own)) => Some(left.min(own)),
            (left, own) => left.or(own),
        };
        Ok(())
    }
}

/// E10, E12: an issuer is version 3, says CA, and may sign certificates.
fn check_ca(certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.version() != 3 || !certificate.is_ca() {
        return Err(Refusal::NotCa);
    }
    require(certificate, KeyUsage::KEY_CERT_SIGN, "keyCertSign")
}

/// keyUsage, when present, has the bit.
pub(crate) fn require(
    certificate: &Certificate,
    bit: KeyUsage,
    name: &'static str,
) -> Result<(), Refusal> {
    match certificate.key_usage() {
        Some(usage) if !usage.contains(bit) => Err(Refusal::KeyUsage(name)),
        _ => Ok(()),
    }
}

/// The hash of the scheme, when the policy does not allow it.
pub(crate) fn weak_hash(
    scheme: Option<SignatureScheme>,
    policy: &ChainPolicy,
) -> Option<&'static str> {
    use SignatureScheme as S;
    match scheme? {
        S::RsaPkcs1(hash) | S::RsaPss(hash) | S::Ecdsa(hash) | S::EcdsaFixed(hash) => match hash {
            Hash::Md5 if !policy.allow_md5 => Some("MD5"),
            Hash::Sha1 if !policy.allow_sha1 => Some("SHA-1"),
            _ => None,
        },
        S::Ed25519 => None,
    }
}

/// Key identifiers agree, or one of them is not given.
fn key_id_fits(current: &Certificate, issuer: &Certificate) -> bool {
    match (current.authority_key_id(), issuer.subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}
