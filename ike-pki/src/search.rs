//! Building of paths (RFC 5280 section 6 leaves it open): depth first from the
//! leaf, anchors before what the peer sent, those with the right key
//! identifier first, within a budget of signature checks (B13).

use crate::{
    certificate::Certificate,
    chain::{Anchor, ChainPolicy, MAX_DEPTH, MAX_SIGNATURE_CHECKS},
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
            key_id: current.authority_key_id().map(<[u8]>::to_vec),
            trustpoints,
        };
        ValidationError::new(current.subject(), refusal)
    }
}

/// Key identifiers agree, or one of them is not given.
pub(crate) fn key_id_fits(current: &Certificate, issuer: &Certificate) -> bool {
    match (current.authority_key_id(), issuer.subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}
