//! What the unit tests of this crate share: a lab CA with a router, and
//! octets drawn from a counter.

use ike_crypto::{Hash, KeySpec, PrivateKey};

use crate::{
    ca::{CertRequestSpec, LabCa},
    certificate::Certificate,
    name::Name,
};

/// 17 June 2013, the day of the seed.
pub(crate) const NOW: i64 = 1_371_475_501;
pub(crate) const YEAR: i64 = 365 * 86_400;

/// A CA and keys.
pub(crate) struct Lab {
    pub(crate) ca: LabCa,
    pub(crate) router_key: PrivateKey,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let name = Name::from_subject_name("cn=CA1,o=cisco,o=com").unwrap();
        let ca = LabCa::new(&name, rsa(1024), 1, NOW - YEAR, NOW + 10 * YEAR).unwrap();
        Self {
            ca,
            router_key: rsa(1024),
        }
    }

    /// A certificate for the router's key.
    pub(crate) fn router(&mut self) -> Certificate {
        let public = self.router_key.public();
        let mut spec = CertRequestSpec::router(subject(), &public, NOW - 60, NOW + YEAR);
        spec.hash = Hash::Sha256;
        self.ca.issue(&spec).unwrap()
    }
}

/// W-021: the subject of R1.
pub(crate) fn subject() -> Name {
    let ip = std::net::Ipv4Addr::new(192, 168, 0, 1);
    let text = "CN=R1,OU=IT,O=cisco,O=com";
    Name::router_subject(text, Some("100"), Some(ip), Some("R1.cisco.com")).unwrap()
}

pub(crate) fn rsa(bits: u32) -> PrivateKey {
    PrivateKey::generate(KeySpec::Rsa { bits }).unwrap()
}

/// Octets that never repeat in a test: a hash of a counter.
pub(crate) fn drawn(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut count = 0_u64;
    move |out: &mut [u8]| {
        for chunk in out.chunks_mut(32) {
            count += 1;
            let octets = Hash::Sha256.digest(&[&[seed], &count.to_be_bytes()]);
            chunk.copy_from_slice(&octets[..chunk.len()]);
        }
    }
}
