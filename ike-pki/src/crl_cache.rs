//! The revocation lists that are kept: by the source they came from, never an
//! older one in place of a newer (F4), and for how long a source that failed
//! is left alone. Only lists that a validation believed belong in here.

use std::{collections::BTreeMap, sync::Arc};

use crate::{crl::Crl, name::Name};

/// Lists that are kept at most; the one retrieved first goes.
const MAX_LISTS: usize = 256;
/// Failures that are remembered at most; the one that ends first goes.
const MAX_FAILURES: usize = 256;
/// Seconds that a source is left alone after its first failure; doubled with
/// each one that follows.
const FIRST_PAUSE: i64 = 60;
/// Seconds that it is left alone at most.
const LONGEST_PAUSE: i64 = 600;

/// Where a kept list came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrlOrigin {
    /// A distribution point or `crl query`.
    Url(String),
    /// SCEP of a trustpoint (P-025).
    Scep(String),
    /// Put there by hand for a trustpoint.
    Installed(String),
}

impl CrlOrigin {
    /// The trustpoint it belongs to; a distribution point belongs to none.
    pub fn trustpoint(&self) -> Option<&str> {
        match self {
            Self::Url(_) => None,
            Self::Scep(trustpoint) | Self::Installed(trustpoint) => Some(trustpoint),
        }
    }
}

/// A list that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedCrl {
    /// Where it came from.
    pub origin: CrlOrigin,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub retrieved_at: i64,
    /// The list.
    pub crl: Arc<Crl>,
}

/// `crl cache` of a trustpoint (G-061).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrlKeeping {
    /// The default: a list counts until its nextUpdate.
    #[default]
    UntilNextUpdate,
    /// `crl cache none`: what was fetched for one validation is not used for
    /// the next.
    Never,
    /// `crl cache delete-after M`: minutes after it was retrieved.
    Minutes(u32),
}

/// The lists, and the sources that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrlCache {
    /// Oldest first.
    lists: Vec<CachedCrl>,
    failures: BTreeMap<CrlOrigin, Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    until: i64,
    pause: i64,
    why: String,
}

impl CrlCache {
    /// Keeps a list; `false` when a newer one of its issuer and scope is here
    /// (F4). One that is older goes when it came from the same source.
    pub fn put(&mut self, origin: CrlOrigin, crl: impl Into<Arc<Crl>>, at: i64) -> bool {
        let crl = crl.into();
        self.failures.remove(&origin);
        let mut known = self.lists.iter();
        if known.any(|known| known.crl.is_of(&crl) && known.crl.is_newer_than(&crl)) {
            return false;
        }
        self.lists
            .retain(|known| known.origin != origin || !known.crl.is_of(&crl));
        if self.lists.len() >= MAX_LISTS {
            self.lists.remove(0);
        }
        self.lists.push(CachedCrl {
            origin,
            retrieved_at: at,
            crl,
        });
        true
    }

    /// A source gave nothing usable: it is left alone for a minute, longer
    /// each time, ten at most.
    pub fn failed(&mut self, origin: CrlOrigin, why: impl Into<String>, at: i64) {
        let before = self.failures.get(&origin).map(|failure| failure.pause);
        let pause = before.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        if self.failures.len() >= MAX_FAILURES {
            let soonest = self
                .failures
                .iter()
                .min_by_key(|(_, failure)| failure.until);
            if let Some(origin) = soonest.map(|(origin, _)| origin.clone()) {
                self.failures.remove(&origin);
            }
        }
        let failure = Failure {
            until: at.saturating_add(pause),
            pause,
            why: why.into(),
        };
        self.failures.insert(origin, failure);
    }

    /// Why a source is left alone at `now`, if it is.
    pub fn failure(&self, origin: &CrlOrigin, now: i64) -> Option<&str> {
        let failure = self.failures.get(origin)?;
        (now < failure.until).then_some(failure.why.as_str())
    }

    /// The lists that count at `now` for a trustpoint with that `crl cache`;
    /// what was put there by hand always does. Whether a list is current and
    /// whose it is, a validation sees.
    pub fn lists(&self, keeping: CrlKeeping, now: i64) -> Vec<Arc<Crl>> {
        let counts = |known: &&CachedCrl| match (&known.origin, keeping) {
            (CrlOrigin::Installed(_), _) | (_, CrlKeeping::UntilNextUpdate) => true,
            (_, CrlKeeping::Never) => false,
            (_, CrlKeeping::Minutes(minutes)) => {
                now < known.retrieved_at.saturating_add(i64::from(minutes) * 60)
            }
        };
        let lists = self.lists.iter().filter(counts);
        lists.map(|known| Arc::clone(&known.crl)).collect()
    }

    /// Everything that is kept, newest first.
    pub fn entries(&self) -> impl Iterator<Item = &CachedCrl> {
        self.lists.iter().rev()
    }

    /// The newest list put there for a trustpoint, else the newest of the CA
    /// `issuer`.
    pub fn of_trustpoint(&self, trustpoint: &str, issuer: Option<&Name>) -> Option<&Arc<Crl>> {
        let own = |known: &&CachedCrl| known.origin.trustpoint() == Some(trustpoint);
        let of_issuer =
            |known: &&CachedCrl| issuer.is_some_and(|issuer| known.crl.issuer().matches(issuer));
        let found = self
            .entries()
            .find(own)
            .or_else(|| self.entries().find(of_issuer));
        found.map(|known| &known.crl)
    }

    /// Drops lists whose nextUpdate has passed.
    pub fn expire(&mut self, now: i64) {
        let counts = |known: &CachedCrl| known.crl.next_update().is_none_or(|next| now <= next);
        self.lists.retain(counts);
    }

    /// Drops what belongs to a trustpoint.
    pub fn remove_trustpoint(&mut self, trustpoint: &str) {
        let other = |origin: &CrlOrigin| origin.trustpoint() != Some(trustpoint);
        self.lists.retain(|known| other(&known.origin));
        self.failures.retain(|origin, _| other(origin));
    }

    /// `clear crypto pki crls` (O-086).
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// As it was stored, without the questions of [`CrlCache::put`].
    pub(crate) fn restore(&mut self, cached: CachedCrl) {
        self.lists.push(cached);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LabCa;
    use ike_crypto::{KeySpec, PrivateKey};

    fn ca(cn: &str) -> LabCa {
        let name = Name::from_subject_name(&format!("cn={cn}")).unwrap();
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        LabCa::new(&name, key, 1, 0, 1_000_000).unwrap()
    }

    fn url(text: &str) -> CrlOrigin {
        CrlOrigin::Url(text.to_owned())
    }

    /// F4: two lists in reverse order, from the same source and another.
    #[test]
    fn an_older_list_never_replaces_a_newer_one() {
        let mut ca1 = ca("CA1");
        let (old, new) = (ca1.crl(10, 1000).unwrap(), ca1.crl(20, 1000).unwrap());
        let mut cache = CrlCache::default();
        assert!(cache.put(url("http://a"), new.clone(), 30));
        assert!(!cache.put(url("http://a"), old.clone(), 40));
        assert!(!cache.put(url("http://b"), old.clone(), 40));
        assert_eq!(
            cache.lists(CrlKeeping::default(), 50),
            [Arc::new(new.clone())]
        );
        assert!(cache.put(url("http://a"), new, 60), "the same again");
        assert_eq!(cache.entries().next().unwrap().retrieved_at, 60);
        assert!(
            cache.put(url("http://a"), ca("CA1x").crl(5, 9).unwrap(), 70),
            "another CA's"
        );
        assert_eq!(cache.entries().count(), 2);
    }

    /// G-061: `crl cache none` and `delete-after` do not touch what was put
    /// there by hand.
    #[test]
    fn lists_count_as_long_as_the_trustpoint_says() {
        let (mut ca1, mut ca2) = (ca("CA1"), ca("CA2"));
        let mut cache = CrlCache::default();
        cache.put(url("http://a"), ca1.crl(0, 9000).unwrap(), 0);
        cache.put(
            CrlOrigin::Installed("T".into()),
            ca2.crl(0, 9000).unwrap(),
            0,
        );
        let count = |keeping, now| cache.lists(keeping, now).len();
        assert_eq!(count(CrlKeeping::UntilNextUpdate, 8000), 2);
        assert_eq!(count(CrlKeeping::Never, 0), 1);
        assert_eq!(count(CrlKeeping::Minutes(2), 119), 2);
        assert_eq!(count(CrlKeeping::Minutes(2), 120), 1);
    }

    #[test]
    fn a_source_that_fails_is_left_alone_for_longer_each_time() {
        let mut cache = CrlCache::default();
        let a = url("http://a");
        for (at, until) in [
            (0, 60),
            (60, 180),
            (180, 420),
            (420, 900),
            (900, 1500),
            (1500, 2100),
        ] {
            cache.failed(a.clone(), "timeout", at);
            assert_eq!(cache.failure(&a, until - 1), Some("timeout"), "{at}");
            assert_eq!(cache.failure(&a, until), None, "{at}");
        }
        assert!(cache.put(a.clone(), ca("CA1").crl(0, 9).unwrap(), 2100));
        cache.failed(a.clone(), "timeout", 2200);
        assert_eq!(cache.failure(&a, 2260), None, "it began anew");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut cache = CrlCache::default();
        let crl = Arc::new(ca("CA1").crl(0, 9).unwrap());
        for number in 0..2 * MAX_LISTS {
            let origin = url(&format!("http://{number}"));
            cache.failed(origin.clone(), "x", number as i64);
            cache.put(origin, Arc::clone(&crl), 0);
            cache.failed(url(&format!("http://f{number}")), "x", number as i64);
        }
        assert_eq!(cache.lists.len(), MAX_LISTS);
        assert!(cache.failures.len() <= MAX_FAILURES);
        cache.clear();
        assert_eq!(cache, CrlCache::default());
    }
}
