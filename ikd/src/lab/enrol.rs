//! Keys and certificates of a lab: every router gets one key pair and enrols with the lab's
//! CAs. Key pairs are made once and serve all cases of a run.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ike_core::config::IsakmpAuthentication;
use ike_core::policy::enrolment;
use ike_core::sa::job::PrivateKeys;
use ike_core::sim::enrol::{EnrolError, Enrollee, LabCas};
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{Certificate, Store};

use super::cas::{self, CaPlan, Made};
use super::case::{Case, RouterCase};
use super::error::LabError;
use super::file::CaFile;
use crate::system::wall;

/// Key pairs by type and number, made when first wanted.
#[derive(Default)]
pub struct Keys(Mutex<BTreeMap<(KeySpec, usize), PrivateKey>>);

/// A router with its trustpoints.
#[derive(Clone, Default)]
pub(super) struct Enrolled {
    /// Its trustpoints.
    pub store: Store,
    /// Its key pairs by label.
    pub keys: Vec<(String, PrivateKey)>,
}

impl Keys {
    /// The wanted key pairs; those that are missing are made in parallel.
    fn take(&self, wanted: &[(KeySpec, usize)]) -> Result<Vec<PrivateKey>, LabError> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<_> = wanted
            .iter()
            .filter(|key| !made.contains_key(key))
            .collect();
        let fresh: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = missing
                .iter()
                .map(|key| scope.spawn(|| generate(key.0)))
                .collect();
            threads
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect()
        });
        for (key, result) in missing.into_iter().zip(fresh) {
            made.insert(
                *key,
                result
                    .unwrap_or_else(|_| Err("the key generator died".to_owned()))
                    .map_err(LabError::pki)?,
            );
        }
        Ok(wanted
            .iter()
            .filter_map(|key| made.get(key).cloned())
            .collect())
    }
}

fn generate(spec: KeySpec) -> Result<PrivateKey, String> {
    PrivateKey::generate(spec).map_err(|e| format!("no key pair of type {spec:?}: {e}"))
}

/// What both routers start with, and the CAs that they enrol with over HTTP.
pub(super) struct Before {
    /// The routers, in the order of the case.
    pub routers: [Enrolled; 2],
    /// The CAs, at work; none where the routers are enrolled already.
    pub cas: Vec<(CaPlan, Made)>,
    /// Why the routers are enrolled already, for people.
    pub without_http: Option<String>,
}

impl Before {
    /// The certificates of the CAs that routers know or will know.
    pub(super) fn ca_certificates(&self) -> Vec<Certificate> {
        let stores = self.routers.iter().map(|r| &r.store);
        let stored = stores.flat_map(|store| store.listing().into_iter().map(|r| &*r.certificate));
        let stored = stored.filter(|c| c.is_ca()).cloned();
        let at_work = self.cas.iter();
        let at_work = at_work.map(|(_, made)| made.authority.server.certificate().clone());
        stored.chain(at_work).collect()
    }
}

/// Key pairs for both routers and CAs below `dir`; where HTTP cannot work, certificates as well.
///
/// # Errors
/// A key or a CA cannot be made; the text names it.
pub(super) fn prepare(case: &Case, keys: &Keys, dir: &Path) -> Result<Before, LabError> {
    match cas::plan(case) {
        Ok(plans) => prepare_cas(case, keys, dir, plans),
        Err(why) if case.step_count() > 0 || case.cas.values().any(CaFile::is_at_work) => {
            Err(LabError::config(format!(
                "{}: its steps and [ca] need CAs that answer over HTTP: {why}",
                case.folder
            )))
        }
        Err(why) => Ok(Before {
            routers: enrol(case, keys)?,
            cas: Vec::new(),
            without_http: Some(why),
        }),
    }
}

/// Certificates for both routers without any CA at work: a fraction of the time.
///
/// # Errors
/// A key cannot be made or a CA refuses; the text names the trustpoint.
pub(super) fn prepare_at_once(case: &Case, keys: &Keys) -> Result<Before, LabError> {
    Ok(Before {
        routers: enrol(case, keys)?,
        cas: Vec::new(),
        without_http: None,
    })
}

/// Whether one key pair a router can stand for all that its trustpoints name: they are of one type.
pub(super) fn one_pair_will_do(case: &Case) -> bool {
    case.routers.iter().all(|router| {
        let usual = discriminant(&router_spec(case, router));
        let pairs = pairs(case, router);
        pairs.iter().all(|(_, spec)| discriminant(spec) == usual)
    })
}

fn prepare_cas(
    case: &Case,
    keys: &Keys,
    dir: &Path,
    plans: Vec<CaPlan>,
) -> Result<Before, LabError> {
    let routers = case.routers.each_ref().map(|router| pairs(case, router));
    let mut wanted = Vec::new();
    for (number, pairs) in routers.iter().enumerate() {
        // Numbers 0 and 1 are the routers' in every case; more pairs of one router are theirs too.
        let numbered = pairs.iter().enumerate();
        wanted.extend(numbered.map(|(n, (_, spec))| (*spec, number + 2 * MOST_CAS * n)));
    }
    wanted.extend((0..plans.len()).map(|n| (ca_spec(case), 2 + n)));
    let mut made = keys.take(&wanted)?.into_iter();
    let routers = routers.map(|pairs| pairs.into_iter().zip(made.by_ref()).collect::<Vec<_>>());
    let cas = cas::make_all(case, dir, plans, made)?;
    let mut of = case.routers.iter();
    Ok(Before {
        routers: routers.map(|pairs| {
            let mut store = Store::default();
            store.set_trustpool_clean(of.next().is_some_and(|r| r.config.trustpool_clean));
            let keys = pairs.into_iter().map(|((label, _), key)| (label, key));
            Enrolled {
                store,
                keys: keys.collect(),
            }
        }),
        cas,
        without_http: None,
    })
}

/// Key numbers from here on are second pairs of routers.
const MOST_CAS: usize = 32;

/// Labels and types of the pairs that the trustpoints of a router name (G-060).
fn pairs(case: &Case, router: &RouterCase) -> Vec<(String, KeySpec)> {
    let usual = (router.config.fqdn(), router_spec(case, router));
    let mut out = vec![usual];
    for trustpoint in &router.config.trustpoints {
        let (label, spec) = enrolment::key(&router.config, trustpoint);
        if out.iter().all(|(known, _)| *known != label) {
            let spec = match spec {
                KeySpec::Rsa { .. } => KeySpec::Rsa {
                    bits: case.key_bits,
                },
                other => other,
            };
            out.push((label, spec));
        }
    }
    out
}

/// Below 1024 bits routers have CAs of 1024, as the seed's captures.
fn ca_spec(case: &Case) -> KeySpec {
    KeySpec::Rsa {
        bits: if case.key_bits < 1024 { 1024 } else { 2048 },
    }
}

/// Enrols both routers of a case at this hour, in the process.
///
/// # Errors
/// A key cannot be made or a CA refuses; the text names the trustpoint.
pub(super) fn enrol(case: &Case, keys: &Keys) -> Result<[Enrolled; 2], LabError> {
    let [a, b] = &case.routers;
    let urls = LabCas::urls(&[&a.config, &b.config]);
    // Numbers 0 and 1 are the routers' in every case; CAs come after them.
    let mut wanted = vec![(router_spec(case, a), 0), (router_spec(case, b), 1)];
    wanted.extend((0..urls.len()).map(|n| (ca_spec(case), 2 + n)));
    let mut made = keys.take(&wanted)?.into_iter();
    let (Some(first), Some(second)) = (made.next(), made.next()) else {
        return Err(LabError::internal("key pairs are missing"));
    };
    let at = wall();
    let mut cas = LabCas::default();
    if case.has_peer() {
        cas.add_alternative_names();
    }
    let mut keys: BTreeMap<usize, PrivateKey> = made.enumerate().collect();
    for (n, above) in case.cas_top_down() {
        let key = keys.remove(&n);
        let key = key.ok_or_else(|| LabError::internal("the key of a CA is missing"))?;
        match above {
            None => cas.add(&urls[n], n + 1, key, at),
            Some(above) => cas.add_below(&urls[above], &urls[n], n + 1, key, at),
        }
        .map_err(refused)?;
    }
    Ok([
        enrol_router(&mut cas, a, first, at)?,
        enrol_router(&mut cas, b, second, at)?,
    ])
}

fn enrol_router(
    cas: &mut LabCas,
    router: &RouterCase,
    key: PrivateKey,
    at: i64,
) -> Result<Enrolled, LabError> {
    let label = router.config.fqdn();
    let public = key.public();
    let enrollee = Enrollee {
        config: &router.config,
        serial: &router.serial,
        public: &public,
        key_label: &label,
        order: Some(&router.order),
        at,
    };
    let store = cas
        .enrol(&enrollee)
        .map_err(|e| LabError::pki(format!("{}: {e}", router.name)))?;
    Ok(Enrolled {
        store,
        keys: vec![(label, key)],
    })
}

fn refused(error: EnrolError) -> LabError {
    LabError::pki(error.to_string())
}

/// RSA, unless a policy or trustpoint wants ECDSA (RFC 4754: P-256 with SHA-256).
fn router_spec(case: &Case, router: &RouterCase) -> KeySpec {
    let config = &router.config;
    let policy = config
        .isakmp_policies
        .iter()
        .any(|p| p.authentication == IsakmpAuthentication::EcdsaSig);
    if policy || config.trustpoints.iter().any(|t| t.eckeypair.is_some()) {
        KeySpec::EcP256
    } else {
        KeySpec::Rsa {
            bits: case.key_bits,
        }
    }
}

/// A router's key pairs in memory.
pub(super) struct Ring(BTreeMap<String, Arc<PrivateKey>>);

impl Ring {
    pub(super) fn new(keys: Vec<(String, PrivateKey)>) -> Self {
        Self(
            keys.into_iter()
                .map(|(label, key)| (label, Arc::new(key)))
                .collect(),
        )
    }
}

impl PrivateKeys for Ring {
    fn key(&self, label: &str) -> Option<Arc<PrivateKey>> {
        self.0.get(label).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::case::Software;

    /// S-020, W-005: the order is that of the case; 512-bit routers have 1024-bit CAs.
    #[test]
    fn routers_enrol_in_the_order_of_the_case_with_the_same_keys_again() {
        let mut case = Case::embedded("t-01").unwrap();
        case.key_bits = 512;
        let keys = Keys::default();
        let [r1, _] = enrol(&case, &keys).unwrap();
        let names: Vec<_> = r1
            .store
            .listing()
            .iter()
            .map(|r| r.trustpoint.clone())
            .collect();
        assert_eq!(names, ["IOSCA2", "IOSCA2", "IOSCA1", "IOSCA1"]);
        assert_eq!(r1.keys[0].0, "R1.cisco.com");
        let [again, _] = enrol(&case, &keys).unwrap();
        assert_eq!(
            again.keys[0].1.public().spki_der(),
            r1.keys[0].1.public().spki_der()
        );
    }

    /// W-021: IOS names host and address in the subject; peers of another make look into
    /// subjectAltName.
    #[test]
    fn certificates_have_alternative_names_where_a_peer_needs_them() {
        let mut case = Case::embedded("t-01").unwrap();
        case.key_bits = 512;
        let keys = Keys::default();
        let names = |case: &Case| {
            let [r1, _] = enrol(case, &keys).unwrap();
            let own = &r1.store.identity("IOSCA1").unwrap().certificate;
            (own.dns_names(), own.ip_addresses())
        };
        assert_eq!(names(&case), (Vec::new(), Vec::new()));
        case.routers[1].software = Software::Strongswan;
        let address = [192, 168, 0, 1].into();
        assert_eq!(
            names(&case),
            (vec!["R1.cisco.com".to_owned()], vec![address])
        );
    }
}
