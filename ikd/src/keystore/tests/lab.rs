//! CAs and keys for the stories of the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{CertRequestSpec, Crl, LabCa, Name, Store};

use crate::keystore::KeyChange;

pub(crate) const NOW: i64 = 1_371_470_000;
const YEAR: i64 = 365 * 86_400;

/// CAs by trustpoint, and the keys made so far.
#[derive(Default)]
pub(crate) struct Lab {
    cas: BTreeMap<String, LabCa>,
    keys: BTreeMap<String, Arc<PrivateKey>>,
    clock: i64,
}

impl Lab {
    /// A new key under a label.
    pub(crate) fn key(&mut self, label: &str) -> KeyChange {
        let key = Arc::new(PrivateKey::generate(KeySpec::EcP256).unwrap());
        self.keys.insert(label.to_owned(), key.clone());
        KeyChange::Put {
            label: label.to_owned(),
            key,
            exportable: true,
            at: NOW,
        }
    }

    /// Authenticates and enrols with a new key.
    pub(crate) fn enrol(&mut self, store: &mut Store, trustpoint: &str, label: &str) -> KeyChange {
        let change = self.key(label);
        if store.ca(trustpoint).is_none() {
            let ca = self.ca(trustpoint).certificate().clone();
            store.authenticate(trustpoint, ca, NOW);
        }
        self.certify(store, trustpoint, label);
        change
    }

    /// Enrols again with the key that is there.
    pub(crate) fn renew(&mut self, store: &mut Store, trustpoint: &str) {
        let label = store.identity(trustpoint).unwrap().key_label.clone();
        self.certify(store, trustpoint, &label.unwrap());
    }

    /// The key of one label under another.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> KeyChange {
        let key = self.keys.remove(from).unwrap();
        self.keys.insert(to.to_owned(), key.clone());
        KeyChange::Put {
            label: to.to_owned(),
            key,
            exportable: true,
            at: NOW,
        }
    }

    pub(crate) fn crl(&mut self, trustpoint: &str) -> Crl {
        self.clock += 1;
        let at = NOW + self.clock;
        self.ca(trustpoint).crl(at, at + YEAR).unwrap()
    }

    fn certify(&mut self, store: &mut Store, trustpoint: &str, label: &str) {
        let public = self.keys[label].public();
        let subject = Name::from_subject_name("cn=R1,o=cisco").unwrap();
        let request = CertRequestSpec::router(subject, &public, NOW - YEAR, NOW + YEAR);
        let certificate = self.ca(trustpoint).issue(&request).unwrap();
        self.clock += 1;
        store.enroll(trustpoint, certificate, label, NOW + self.clock);
    }

    fn ca(&mut self, trustpoint: &str) -> &mut LabCa {
        self.cas.entry(trustpoint.to_owned()).or_insert_with(|| {
            let name = Name::from_subject_name(&format!("cn={trustpoint}")).unwrap();
            let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
            LabCa::new(&name, key, 1, NOW - YEAR, NOW + YEAR).unwrap()
        })
    }
}

/// A folder in memory, where there is one: these tests sync a great deal.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
