//! Private keys in memory, by label. Cheap to clone: a job takes the keys of
//! its moment along.

use std::collections::BTreeMap;
use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::{PrivateKey, Secret};
use ike_pki::Certificate;

/// The key pairs of a store.
#[derive(Clone, Default)]
pub struct PrivateKeyring(Arc<BTreeMap<String, Arc<PrivateKey>>>);

impl PrivateKeyring {
    /// The label's key is the one in the certificate.
    pub fn matches(&self, label: &str, certificate: &Certificate) -> bool {
        self.0
            .get(label)
            .is_some_and(|key| key.public().spki_der() == certificate.spki_der())
    }

    /// The labels, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every key with its label.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Arc<PrivateKey>)> {
        self.0.iter()
    }

    /// The same keys with changes; those who hold this one keep it.
    pub(super) fn changed(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Arc<PrivateKey>>),
    ) -> Self {
        let mut keys = BTreeMap::clone(&self.0);
        change(&mut keys);
        Self(Arc::new(keys))
    }
}

impl PrivateKeys for PrivateKeyring {
    fn key(&self, label: &str) -> Option<Arc<PrivateKey>> {
        self.0.get(label).cloned()
    }
}

/// PKCS#8 octets of a key; `None` when the library cannot encode it.
pub(super) fn octets(key: &PrivateKey) -> Option<Secret> {
    key.to_pkcs8_der().ok()
}

/// A label as a file name: anything that is not a letter, digit, dot, dash or underline
/// becomes `%XX`, so that no label leaves the folder (F5).
pub(super) fn file_of(label: &str) -> String {
    let escaped: String = label
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("private/{escaped}.p8")
}

/// The label of a file name without its folder; `None` when it is no key file.
pub(super) fn label_of(name: &str) -> Option<String> {
    let name = name.strip_suffix(".p8")?;
    let mut out = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| first == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            Some(octet) => {
                out.push(octet);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
