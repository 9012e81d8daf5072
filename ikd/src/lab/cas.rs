//! The CAs of a lab: one for each enrolment URL, a host of its own with the address of the URL, and a
//! folder as `ikd pki ca init` makes it. Where no packet could reach such a host, [`plan`] says why, and the
//! routers are enrolled in the process (`enrol`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ike_core::config::{Enrollment, TrustpointConfig};
use ike_core::policy::enrolment;
use ike_core::sim::enrol::LabCas;
use ike_crypto::{Hash, PrivateKey};
use ike_pki::Name;
use ike_pki::scep::ScepUrl;

use super::case::{Case, RouterCase};
use super::error::LabError;
use super::file::CaFile;
use crate::authority::{Authority, Grant, HashName, Settings};

/// Validity of what a CA issues, in seconds: one year, as in the seed.
const YEAR: i64 = 365 * 86_400;

/// One CA.
#[derive(Clone, Debug)]
pub(super) struct CaPlan {
    /// `CA1` for the first URL, and so on.
    pub name: String,
    /// Where it answers.
    pub at: SocketAddr,
    /// Prefix length of the routers' network.
    pub prefix: u8,
    /// How it behaves.
    settings: Settings,
}

/// A CA whose folder is made.
pub(super) struct Made {
    /// Its folder.
    pub dir: PathBuf,
    /// At work, for a host in this process; it holds the lock of the folder.
    pub authority: Authority,
}

impl CaPlan {
    /// The hosts of several CAs: each address once, with its prefix length.
    pub(super) fn hosts(plans: &[Self]) -> BTreeMap<IpAddr, u8> {
        plans.iter().map(|p| (p.at.ip(), p.prefix)).collect()
    }

    /// Makes the CA in a folder of `dir`: `cn=CA1,o=cisco,o=com` with that key (S-003), a root or issued by `above`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn make(
        &self,
        dir: &Path,
        key: PrivateKey,
        above: Option<&mut Authority>,
    ) -> Result<Made, LabError> {
        let refused = |e: String| LabError::pki(format!("{}: {e}", self.name));
        let name = Name::from_subject_name(&format!("CN={},O=cisco,O=com", self.name))
            .map_err(|e| refused(e.to_string()))?;
        let dir = dir.join(&self.name);
        let authority = Authority::init(&dir, &name, key, &self.settings, above)
            .map_err(|e| refused(e.to_string()))?;
        Ok(Made { dir, authority })
    }
}

/// Makes the CAs of a case in folders of `dir`, with a key for each; those above come first.
///
/// # Errors
/// A file cannot be written.
pub(super) fn make_all(
    case: &Case,
    dir: &Path,
    plans: Vec<CaPlan>,
    keys: impl Iterator<Item = PrivateKey>,
) -> Result<Vec<(CaPlan, Made)>, LabError> {
    let mut keys: BTreeMap<usize, PrivateKey> = keys.enumerate().collect();
    let mut made: BTreeMap<usize, Made> = BTreeMap::new();
    for (n, above) in case.cas_top_down() {
        let key = keys.remove(&n);
        let key = key.ok_or_else(|| LabError::internal("the key of a CA is missing"))?;
        let above = above.and_then(|above| Some(&mut made.get_mut(&above)?.authority));
        let fresh = plans[n].make(dir, key, above)?;
        made.insert(n, fresh);
    }
    Ok(plans.into_iter().zip(made.into_values()).collect())
}

/// The CAs of a case, in the order of their URLs.
///
/// # Errors
/// Why routers cannot enrol over HTTP there, for people.
pub(super) fn plan(case: &Case) -> Result<Vec<CaPlan>, String> {
    if case.has_peer() {
        return Err("a router of another make does not enrol by SCEP here".to_owned());
    }
    let [a, b] = &case.routers;
    let urls = LabCas::urls(&[&a.config, &b.config]);
    let numbered = urls.iter().enumerate();
    let plans: Result<Vec<_>, _> = numbered.map(|(n, url)| one(case, url, n + 1)).collect();
    let plans = plans?;
    let places: BTreeSet<_> = plans.iter().map(|p| p.at).collect();
    match places.len() == plans.len() {
        true => Ok(plans),
        false => Err("two CAs would share one address and port".to_owned()),
    }
}

fn one(case: &Case, url: &str, number: usize) -> Result<CaPlan, String> {
    let name = format!("CA{number}");
    let parsed = ScepUrl::parse(url).map_err(|e| format!("{url}: {e}"))?;
    let address: IpAddr = parsed
        .host
        .parse()
        .map_err(|_| format!("{url}: the host is no address"))?;
    let users = case.routers.iter().filter(|r| uses(r, url).is_some());
    let mut prefix = None;
    for router in users {
        let reached = network(case, router, address);
        let reached =
            reached.ok_or_else(|| format!("{} is in no network of {}", address, router.name))?;
        prefix = prefix.or(Some(reached));
    }
    let mut own = case
        .routers
        .iter()
        .flat_map(|r| r.physical().into_iter().flatten());
    if own.any(|(own, _)| own == address) {
        return Err(format!("{address} is the address of a router"));
    }
    let at = SocketAddr::new(address, parsed.port);
    let behaviour = case.cas.get(&name).cloned().unwrap_or_default();
    let trustpoint = case.routers.iter().find_map(|r| uses(r, url));
    Ok(CaPlan {
        settings: settings(&behaviour, at, trustpoint, case.key_bits),
        prefix: prefix.unwrap_or(24),
        name,
        at,
    })
}

/// The first trustpoint with that enrolment URL.
fn uses<'a>(router: &'a RouterCase, url: &str) -> Option<&'a TrustpointConfig> {
    let of = |t: &&TrustpointConfig| matches!(&t.enrollment, Some(Enrollment::Url(u)) if u == url);
    router.config.trustpoints.iter().find(of)
}

/// Prefix length of the network in which that router reaches the address: one of its own, or that outside of
/// the NAT in front of it, which translates TCP.
fn network(case: &Case, router: &RouterCase, address: IpAddr) -> Option<u8> {
    let nat = case.nat.as_ref().filter(|n| n.router == router.name);
    let outside = nat.map(|n| (IpAddr::V4(n.outside.address), n.outside.prefix));
    let mut all = router.physical().into_iter().flatten().chain(outside);
    let found = all.find(|(own, prefix)| same_network(*own, address, *prefix));
    found.map(|(_, prefix)| prefix)
}

fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(a) => u128::from(a.to_bits()) << 96,
        IpAddr::V6(a) => a.to_bits(),
    };
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    a.is_ipv4() == b.is_ipv4() && (bits(a) ^ bits(b)) & mask == 0
}

fn settings(
    behaviour: &CaFile,
    at: SocketAddr,
    trustpoint: Option<&TrustpointConfig>,
    key_bits: u32,
) -> Settings {
    let url = |wanted: bool, path: &str| wanted.then(|| format!("http://{at}/{path}"));
    // As routers write it: port 80 goes without saying.
    let url = |wanted, path| url(wanted, path).map(|u| u.replacen(":80/", "/", 1));
    // W-005: SHA-1, as the CAs of the seed.
    let hash = trustpoint.map_or(Hash::Sha1, enrolment::hash);
    Settings {
        grant: behaviour.grant.unwrap_or(Grant::Auto),
        hash: behaviour.hash.unwrap_or(named(hash)),
        validity: behaviour.validity.unwrap_or(YEAR),
        crl_lifetime: behaviour.crl_lifetime.unwrap_or(YEAR),
        crl_url: url(behaviour.crl_url, "ca.crl"),
        ocsp_url: url(behaviour.ocsp, "ocsp"),
        challenge: behaviour.challenge.clone(),
        allow_weak: key_bits < 1024,
        critical: behaviour.critical.clone(),
    }
}

fn named(hash: Hash) -> HashName {
    match hash {
        Hash::Md5 => HashName::Md5,
        Hash::Sha1 => HashName::Sha1,
        Hash::Sha384 => HashName::Sha384,
        Hash::Sha512 => HashName::Sha512,
        _ => HashName::Sha256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case_with(from: &str, to: &str) -> Case {
        let mut case = Case::embedded("t-01").unwrap();
        for router in &mut case.routers {
            let text = router.text.replace(from, to);
            router.config = ike_core::config::parse("x.cfg", &text).config;
        }
        case
    }

    /// S-003: a CA for each URL, at its address, in the network of the routers.
    #[test]
    fn every_url_has_a_ca_where_it_leads() {
        let plans = plan(&Case::embedded("t-01").unwrap()).unwrap();
        let places: Vec<_> = plans
            .iter()
            .map(|p| format!("{} {}/{}", p.name, p.at, p.prefix))
            .collect();
        assert_eq!(places, ["CA1 192.168.0.3:80/24", "CA2 192.168.0.4:80/24"]);
        assert_eq!(CaPlan::hosts(&plans).len(), 2);
        let behind = plan(&Case::embedded("t-35").unwrap());
        assert!(behind.is_ok(), "the NAT translates TCP: {behind:?}");
    }

    #[test]
    fn where_no_packet_comes_the_reason_is_told() {
        for (from, to, why) in [
            ("192.168.0.3:80", "ca.example", "no address"),
            ("192.168.0.3:80", "192.168.9.3", "in no network of R1"),
            ("192.168.0.3:80", "192.168.0.2", "address of a router"),
            (
                "192.168.0.3:80",
                "192.168.0.4:80/other",
                "share one address",
            ),
        ] {
            let error = plan(&case_with(from, to)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
