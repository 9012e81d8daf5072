//! Building of paths (RFC 5280 section 6 leaves it open): depth first from the
//! leaf, anchors before what the peer sent, those with the right key
//! identifier first, within a budget of signature checks (B13).

use std::sync::Arc;

use crate::{
    anchor::Anchor,
    certificate::Certificate,
    chain::{ChainPolicy, MAX_DEPTH, MAX_SIGNATURE_CHECKS, Unchecked},
    crl::Crl,
    evidence::{Evidence, Source},
    judgement::{Judgements, Opinion},
    link::Path,
    refusal::{Refusal, ValidationError},
};

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
    /// What was fetched; `None` = nothing may be.
    pub(crate) evidence: Option<&'a Evidence>,
    /// What has to be fetched before the path under way is judged.
    pub(crate) wanted: Vec<Source>,
    /// Lists found current and rightly signed.
    pub(crate) believed: Vec<Arc<Crl>>,
    /// Sources that were done without.
    pub(crate) unchecked: Vec<Unchecked>,
    /// Signature checks left.
    pub(crate) budget: usize,
    /// What each of `anchors` said.
    pub(crate) judgements: Judgements,
    /// The failure noted last.
    last: Option<ValidationError>,
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
            evidence: None,
            wanted: Vec::new(),
            believed: Vec::new(),
            unchecked: Vec::new(),
            budget: MAX_SIGNATURE_CHECKS,
            judgements: Judgements::default(),
            last: None,
            failure: None,
        }
    }

    /// A valid path from `leaf`. When it fails with something wanted, that is
    /// to be fetched before there is a verdict.
    pub(crate) fn run(&mut self, leaf: &'a Certificate) -> Result<Path<'a>, ValidationError> {
        let mut path = Path {
            certificates: vec![leaf],
            judges: Vec::new(),
        };
        if self.extend(&mut path, self.anchors) {
            return Ok(path);
        }
        let failure = self.failure.take().map(|(_, error)| error);
        Err(failure.unwrap_or_else(|| ValidationError::new(leaf, Refusal::TooMuchWork)))
    }

    /// Looks for an issuer of the last certificate of `path`: an anchor, else
    /// one the peer sent. The first path whose verdict waits for a source
    /// ends the search: the order of trustpoints decides (S-050), not which
    /// answer comes first.
    fn extend(&mut self, path: &mut Path<'a>, anchors: &'a [Anchor]) -> bool {
        let Some(current) = path.certificates.last().copied() else {
            return false;
        };
        let mut nominated = false;
        for anchor in anchors_named(anchors, current) {
            nominated = true;
            if !self.signed_by(current, &anchor.certificate) {
                self.tell(anchors, anchor, path, false);
                continue;
            }
            path.judges.push((anchor, path.certificates.len()));
            let found = self.reach(path, anchor);
            self.tell(anchors, anchor, path, found);
            if found {
                return true;
            }
            path.judges.pop();
            if !self.wanted.is_empty() {
                return false;
            }
        }
        for issuer in self.pool_named(current, &path.certificates) {
            nominated = true;
            if self.is_too_deep(path) {
                break;
            }
            if self.signed_by(current, issuer) && self.through(path, issuer, anchors) {
                return true;
            }
            if !self.wanted.is_empty() {
                return false;
            }
        }
        if !nominated {
            let error = unsuitable(anchors, current);
            self.note(Progress::NoIssuer(path.certificates.len()), error);
        }
        false
    }

    /// What one of the trustpoints that may vouch makes of a path; those above it speak through it, and one that
    /// waits for a source says nothing yet.
    fn tell(&mut self, anchors: &[Anchor], anchor: &Anchor, path: &Path<'_>, found: bool) {
        if !std::ptr::eq(anchors, self.anchors) || !self.wanted.is_empty() {
            return;
        }
        let opinion = match (found, self.last.take()) {
            (true, _) => Opinion::Believed,
            (false, Some(error)) => Opinion::Refused(error),
            (false, None) => return,
        };
        self.judgements.say(anchor, path, opinion);
    }

    /// A path has come to an anchor: it ends there, or walks on to the
    /// trustpoints above (P-040).
    fn reach(&mut self, path: &mut Path<'a>, anchor: &'a Anchor) -> bool {
        let ca: &'a Certificate = &anchor.certificate;
        match &anchor.continues {
            Some(above) if !ca.is_self_issued() => {
                !self.is_too_deep(path) && self.through(path, ca, above)
            }
            _ => self.accepts(path, ca),
        }
    }

    /// Goes on above `issuer`.
    fn through(
        &mut self,
        path: &mut Path<'a>,
        issuer: &'a Certificate,
        anchors: &'a [Anchor],
    ) -> bool {
        path.certificates.push(issuer);
        let found = self.extend(path, anchors);
        if !found {
            path.certificates.pop();
        }
        found
    }

    fn accepts(&mut self, path: &Path<'a>, root: &'a Certificate) -> bool {
        match self.check(path, root) {
            Ok(()) => self.wanted.is_empty(),
            Err(error) => {
                self.wanted.clear();
                self.note(Progress::Complete, error);
                false
            }
        }
    }

    fn is_too_deep(&mut self, path: &Path<'a>) -> bool {
        let too_deep = path.certificates.len() >= MAX_DEPTH;
        if let Some(current) = path.certificates.last().filter(|_| too_deep) {
            let error = ValidationError::new(current, Refusal::TooDeep);
            self.note(Progress::Limit, error);
        }
        too_deep
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
        self.note(progress, ValidationError::new(current, refusal));
        false
    }

    /// Whether the issuer's key made the signature, and nothing else.
    pub(crate) fn signature(
        &mut self,
        current: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Refusal> {
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
        self.last = Some(error.clone());
        if self
            .failure
            .as_ref()
            .is_none_or(|(known, _)| *known < progress)
        {
            self.failure = Some((progress, error));
        }
    }
}

/// Anchors named as the issuer, those with the right key identifier first.
fn anchors_named<'a>(anchors: &'a [Anchor], current: &Certificate) -> Vec<&'a Anchor> {
    let named = anchors.iter();
    let mut named: Vec<_> = named
        .filter(|a| a.certificate.subject().matches(current.issuer()))
        .collect();
    named.sort_by_key(|anchor| !key_id_fits(current, &anchor.certificate));
    named
}

fn unsuitable(anchors: &[Anchor], current: &Certificate) -> ValidationError {
    let trustpoints = anchors.iter().map(|anchor| anchor.trustpoint.clone());
    let refusal = Refusal::NoSuitableTrustpoint {
        issuer: current.issuer().clone(),
        key_id: current.authority_key_id().map(Box::from),
        trustpoints: trustpoints.collect(),
    };
    ValidationError::new(current, refusal)
}

/// Key identifiers agree, or one of them is not given.
pub(crate) fn key_id_fits(current: &Certificate, issuer: &Certificate) -> bool {
    match (current.authority_key_id(), issuer.subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}

#[cfg(test)]
#[path = "../tests/support/vectors.rs"]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ca::{CertRequestSpec, LabCa},
        name::Name,
        writer::{self, sequence, tlv},
    };
    use crate::{der::tag, oid};
    use ike_crypto::{KeySpec, PrivateKey, PublicKey};

    fn with_null(kind: &[u8]) -> Vec<u8> {
        sequence(&[&writer::oid(kind), &tlv(tag::NULL, &[])])
    }

    fn bare(kind: &[u8]) -> Vec<u8> {
        sequence(&[&writer::oid(kind)])
    }

    fn pss(hash: &[u8], salt: u8) -> Vec<u8> {
        let mask = sequence(&[&writer::oid(oid::MGF1), &with_null(hash)]);
        let parameters = sequence(&[
            &tlv(tag::constructed(0), &[&with_null(hash)]),
            &tlv(tag::constructed(1), &[&mask]),
            &tlv(tag::constructed(2), &[&writer::unsigned(&[salt])]),
        ]);
        sequence(&[&writer::oid(oid::RSA_PSS), &parameters])
    }

    /// Every signature file with the AlgorithmIdentifier a certificate has for
    /// it.
    fn files() -> Vec<(&'static str, Vec<u8>)> {
        let (sha256, sha384) = (oid::RSA_SHA256, oid::RSA_SHA384);
        vec![
            ("rsa_signature_2048_sha256", with_null(sha256)),
            ("rsa_signature_2048_sha384", with_null(sha384)),
            ("rsa_signature_2048_sha512", with_null(oid::RSA_SHA512)),
            ("rsa_signature_3072_sha256", with_null(sha256)),
            ("rsa_signature_4096_sha256", with_null(sha256)),
            ("rsa_signature_4096_sha512", with_null(oid::RSA_SHA512)),
            ("rsa_pss_2048_sha256_mgf1_32", pss(oid::SHA256, 32)),
            ("rsa_pss_2048_sha384_mgf1_48", pss(oid::SHA384, 48)),
            ("rsa_pss_3072_sha256_mgf1_32", pss(oid::SHA256, 32)),
            ("rsa_pss_4096_sha512_mgf1_64", pss(oid::SHA512, 64)),
            ("ecdsa_secp256r1_sha256", bare(oid::ECDSA_SHA256)),
            ("ecdsa_secp384r1_sha384", bare(oid::ECDSA_SHA384)),
            ("ecdsa_secp521r1_sha512", bare(oid::ECDSA_SHA512)),
            ("ed25519", bare(oid::ED25519)),
        ]
    }

    /// E1 to E6 in the path of certificates: Wycheproof's signatures as those
    /// of a certificate, checked by the function that checks certificates.
    /// "acceptable" (a DigestInfo without NULL) is refused.
    #[test]
    fn signatures_of_certificates_follow_wycheproof() {
        let name = Name::from_subject_name("cn=CA").unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let mut ca = LabCa::new(&name, key, 1, 0, 1_000_000).unwrap();
        let policy = ChainPolicy::ios_15_3t();
        for (file, algorithm) in files() {
            let (mut accepted, mut missing_null, cases) = (0, 0, vectors::wycheproof(file));
            let (mut issuer, mut spki) = (None, Vec::new());
            for (group, test) in &cases {
                let der = vectors::field(group, "publicKeyDer");
                if der != spki {
                    // Exponent 3 is no key (E1).
                    let public = PublicKey::from_spki_der(&der).ok();
                    issuer = public.map(|public| {
                        let spec = CertRequestSpec::router(name.clone(), &public, 0, 1);
                        ca.issue(&spec).unwrap()
                    });
                    spki = der;
                }
                let Some(issuer) = &issuer else { continue };
                let (msg, sig) = (vectors::field(test, "msg"), vectors::field(test, "sig"));
                let current = issuer.with_signature(&algorithm, msg, sig);
                assert!(current.signature_scheme().is_some(), "{file}");
                let mut search = Search::new(&[], &[], 0, &policy, Purpose::Authenticate);
                let verdict = search.signature(&current, issuer);
                assert_eq!(verdict.is_ok(), test["result"] == "valid", "{file} {test}");
                accepted += usize::from(verdict.is_ok());
                let flags = test["flags"].as_array().unwrap();
                missing_null += usize::from(flags.iter().any(|flag| flag == "MissingNull"));
            }
            println!("{file}: {} cases, {accepted} valid", cases.len());
            assert!(cases.is_empty() || accepted > 5, "{file}: {accepted}");
            let pkcs1 = file.starts_with("rsa_signature") && !cases.is_empty();
            assert_eq!(missing_null > 0, pkcs1, "{file}");
        }
    }
}
