//! Encryption of the private keys at rest: one passphrase and one salt for a
//! store, so that opening it derives once.

use std::path::Path;

use data_encoding::HEXLOWER;
use ike_crypto::{ct_eq, fill_random};
use ike_pki::{KeyTable, Protection, StoreKey};

use super::contents::{Contents, damaged};
use super::error::KeystoreError;
use super::keys::{self, KeyChange};
use super::passphrase::Passphrase;
use super::{Access, Keystore};

/// Iterations of PBKDF2-HMAC-SHA256 for a new passphrase.
pub const ITERATIONS: u32 = 600_000;

impl Keystore {
    /// Encrypts every private key under a passphrase, in one commit; also a new
    /// passphrase for keys that are encrypted already.
    ///
    /// # Errors
    /// As [`Keystore::commit`].
    pub fn protect(
        &mut self,
        passphrase: &Passphrase,
        iterations: u32,
    ) -> Result<(), KeystoreError> {
        let mut salt = [0; 16];
        fill_random(&mut salt).map_err(|e| KeystoreError::Entropy(e.to_string()))?;
        let key = StoreKey::derive(passphrase.expose(), salt, iterations)
            .map_err(|e| KeystoreError::Derive(e.to_string()))?;
        let protection = Protection {
            salt: HEXLOWER.encode(&salt),
            iterations,
            check: HEXLOWER.encode(&key.check()),
        };
        self.seal_all(Some((protection, key)))
    }

    /// Writes every private key without passphrase, in one commit.
    ///
    /// # Errors
    /// As [`Keystore::commit`].
    pub fn unprotect(&mut self) -> Result<(), KeystoreError> {
        self.seal_all(None)
    }

    fn seal_all(&mut self, new: Option<(Protection, StoreKey)>) -> Result<(), KeystoreError> {
        let (protection, key) = new.unzip();
        let all = self.keys.all().map(|(label, key)| {
            let entry = self.table.keys.get(label);
            KeyChange::Put {
                label: label.clone(),
                key: key.clone(),
                exportable: entry.is_some_and(|e| e.exportable),
                at: entry.map_or(0, |e| e.generated_at),
            }
        });
        let all: Vec<KeyChange> = all.collect();
        let table = KeyTable {
            protection,
            ..self.table.clone()
        };
        let (table, files) = keys::apply(&table, key.as_ref(), &all)?;
        let store = self.store.clone();
        self.write(&store, table, files)?;
        self.store_key = key;
        Ok(())
    }
}

/// The key of an encrypted store; `None` when it is plain, or only looked at
/// and no passphrase given.
pub(super) fn unlock(
    dir: &Path,
    contents: &Contents,
    access: Access,
    passphrase: Option<&Passphrase>,
) -> Result<Option<StoreKey>, KeystoreError> {
    let table = contents.manifest.keys.as_ref();
    let Some(protection) = table.and_then(|table| table.protection.as_ref()) else {
        return Ok(None);
    };
    let Some(passphrase) = passphrase else {
        return match access {
            Access::Read => Ok(None),
            Access::Write => Err(KeystoreError::NeedPassphrase(dir.to_owned())),
        };
    };
    let salt = protection.salt_octets();
    let salt = salt.ok_or_else(|| damaged(dir)("salt of the keys".to_owned()))?;
    let key = StoreKey::derive(passphrase.expose(), salt, protection.iterations)
        .map_err(|e| damaged(dir)(e.to_string()))?;
    match ct_eq(
        HEXLOWER.encode(&key.check()).as_bytes(),
        protection.check.as_bytes(),
    ) {
        true => Ok(Some(key)),
        false => Err(KeystoreError::WrongPassphrase(dir.to_owned())),
    }
}
