//! Private keys: one PKCS#8 file for each label, readable by nobody else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::PrivateKey;
use ike_pki::Certificate;
use zeroize::Zeroizing;

use super::{KeystoreError, at, files};

/// The key pairs of a store.
#[derive(Default)]
pub struct PrivateKeyring(BTreeMap<String, Arc<PrivateKey>>);

impl PrivateKeyring {
    /// Reads every key of a folder.
    ///
    /// # Errors
    /// A key is open to others, or is none.
    pub fn open(dir: &Path) -> Result<Self, KeystoreError> {
        let mut keys = BTreeMap::new();
        if !dir.exists() {
            return Ok(Self::default());
        }
        for entry in fs::read_dir(dir).map_err(at(dir))? {
            let path = entry.map_err(at(dir))?.path();
            let Some(label) = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| n.strip_suffix(".p8"))
            else {
                continue;
            };
            keys.insert(unescape(label), Arc::new(read(&path)?));
        }
        Ok(Self(keys))
    }

    /// Writes keys into a folder, each under its label.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(dir: &Path, keys: &[(String, PrivateKey)]) -> Result<(), KeystoreError> {
        files::folder(dir)?;
        for (label, key) in keys {
            let der = key
                .to_pkcs8_der()
                .map_err(|_| KeystoreError::Encode(label.clone()))?;
            let path = dir.join(format!("{}.p8", escape(label)));
            let new = path.with_extension("p8.new");
            files::put(&new, der.expose())?;
            fs::rename(&new, &path).map_err(at(&path))?;
        }
        files::sync(dir)
    }

    /// The label's key is the one in the certificate.
    pub fn matches(&self, label: &str, certificate: &Certificate) -> bool {
        self.0
            .get(label)
            .is_some_and(|key| key.public().spki_der() == certificate.spki_der())
    }
}

impl PrivateKeys for PrivateKeyring {
    fn key(&self, label: &str) -> Option<Arc<PrivateKey>> {
        self.0.get(label).cloned()
    }
}

fn read(path: &Path) -> Result<PrivateKey, KeystoreError> {
    let mode = fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeystoreError::Readable {
            path: path.to_owned(),
            mode,
        });
    }
    let octets = Zeroizing::new(fs::read(path).map_err(at(path))?);
    PrivateKey::from_pkcs8_der(&octets).map_err(|e| KeystoreError::BadKey {
        path: path.to_owned(),
        problem: e.to_string(),
    })
}

/// A label as a file name: anything that is not a letter, digit, dot, dash or underline
/// becomes `%XX`, so that no label leaves the folder (F5).
fn escape(label: &str) -> String {
    label
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn unescape(name: &str) -> String {
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
    String::from_utf8_lossy(&out).into_owned()
}
