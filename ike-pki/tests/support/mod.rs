//! Routers and CAs of the seed, for tests.

#![allow(dead_code)]

use std::{net::Ipv4Addr, sync::OnceLock};

use ike_crypto::{Hash, KeySpec, PrivateKey, PublicKey};
use ike_pki::{CertRequestSpec, Certificate, LabCa, Name, Store};

/// 13:25:01 UTC Jun 17 2013.
pub(crate) const NOW: i64 = 1_371_475_501;
pub(crate) const DAY: i64 = 86_400;

/// The router's key; generated once, like that of a router.
pub(crate) fn router_key() -> &'static PublicKey {
    static KEY: OnceLock<PublicKey> = OnceLock::new();
    KEY.get_or_init(|| {
        PrivateKey::generate(KeySpec::Rsa { bits: 512 })
            .unwrap()
            .public()
    })
}

/// `cn=<cn>,o=cisco,o=com` with a 1024-bit key and SHA-1.
pub(crate) fn ca(cn: &str) -> LabCa {
    let name = Name::from_subject_name(&format!("cn={cn},o=cisco,o=com")).unwrap();
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
    LabCa::with_hash(&name, key, Hash::Sha1, 1, NOW - DAY, NOW + 3650 * DAY).unwrap()
}

/// The subject of the seed (W-021).
pub(crate) fn subject(host: &str) -> Name {
    let text = format!("CN={host},OU=IT,O=cisco,O=com");
    let fqdn = format!("{host}.cisco.com");
    let ip = Ipv4Addr::new(192, 168, 0, 1);
    Name::router_subject(&text, Some("100"), Some(ip), Some(&fqdn)).unwrap()
}

/// A router certificate valid for a year from `from`.
pub(crate) fn router(ca: &mut LabCa, host: &str, from: i64) -> Certificate {
    let spec = CertRequestSpec::router(subject(host), router_key(), from, from + 365 * DAY);
    ca.issue(&spec).unwrap()
}

/// Authenticates and enrolls a trustpoint.
pub(crate) fn lab(store: &mut Store, ca: &mut LabCa, trustpoint: &str, host: &str, at: i64) {
    store.authenticate(trustpoint, ca.certificate().clone(), at);
    let certificate = router(ca, host, NOW);
    store.enroll(trustpoint, certificate, &format!("{host}.key"), at);
}
