//! Trustpoints and private keys on disk: `ike_pki`'s image of the store, written so that a
//! crash at any moment leaves the old store or the new one, never half of each (J8).
//!
//! Files are 0600 in folders 0700. `index.json` is the commit point: changed files stand
//! beside the old ones as `NAME.new` until the new index is in place.

mod files;
mod keyring;

pub use keyring::PrivateKeyring;

use std::path::{Path, PathBuf};

use ike_crypto::PrivateKey;
use ike_pki::{Image, Store};

/// An opened store.
pub struct Keystore {
    /// Trustpoints.
    pub store: Store,
    /// Private keys.
    pub keys: PrivateKeyring,
    /// Things an operator should hear: damage that was worked around, keys that are missing.
    pub warnings: Vec<String>,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A private key that others may read (J2).
    #[error("{path}: mode {mode:04o} lets others read this private key; run: chmod 600 {path}")]
    Readable {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A private key that is none.
    #[error("{path}: not a PKCS#8 private key: {problem}; restore it from a backup or enrol again")]
    BadKey {
        /// Which.
        path: PathBuf,
        /// Cause.
        problem: String,
    },
    /// The key cannot be encoded.
    #[error("key pair {0} cannot be encoded")]
    Encode(String),
}

/// Opens a store. A folder that is not there is an empty store. Damage is told and what is
/// intact is used: no key is lost, nothing is overwritten.
///
/// # Errors
/// A file cannot be read, or a private key is open to others or broken.
pub fn open(dir: &Path) -> Result<Keystore, KeystoreError> {
    let mut warnings = Vec::new();
    let store = if dir.exists() {
        load(dir, &mut warnings)?
    } else {
        warnings.push(format!(
            "{}: no certificate store yet; certificate authentication will find no trustpoint",
            dir.display()
        ));
        Store::default()
    };
    let keys = PrivateKeyring::open(&dir.join("private"))?;
    for record in store.identities() {
        let label = record.key_label.as_deref().unwrap_or("(none)");
        if !keys.matches(label, &record.certificate) {
            warnings.push(format!(
                "trustpoint {}: key pair {label} in {} does not belong to its certificate; it cannot sign",
                record.trustpoint,
                dir.join("private").display()
            ));
        }
    }
    Ok(Keystore {
        store,
        keys,
        warnings,
    })
}

fn load(dir: &Path, warnings: &mut Vec<String>) -> Result<Store, KeystoreError> {
    let found = files::read(dir)?;
    let settled: Image = found.plain.clone();
    match Store::from_image(&settled) {
        Ok(store) => {
            files::discard(dir, &found)?;
            Ok(store)
        }
        Err(damaged) => {
            // A crash after the new index and before the last rename: finish it.
            let mut finished = settled;
            finished.extend(found.new.clone());
            if !found.new.is_empty()
                && let Ok(store) = Store::from_image(&finished)
            {
                files::promote(dir, &found)?;
                return Ok(store);
            }
            warnings.extend(
                damaged
                    .damage
                    .iter()
                    .map(|d| format!("{}: {d}", dir.display())),
            );
            Ok(damaged.intact)
        }
    }
}

/// Writes a store and its keys, replacing what is there.
///
/// # Errors
/// A file cannot be written; what was there before is intact.
pub fn create(
    dir: &Path,
    store: &Store,
    keys: &[(String, PrivateKey)],
) -> Result<(), KeystoreError> {
    files::folder(dir)?;
    PrivateKeyring::save(&dir.join("private"), keys)?;
    save(dir, store)
}

/// Writes the store; keys stay as they are.
///
/// # Errors
/// A file cannot be written; what was there before is intact.
pub fn save(dir: &Path, store: &Store) -> Result<(), KeystoreError> {
    files::write(dir, &store.image())
}

pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> KeystoreError + '_ {
    move |source| KeystoreError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
