//! Trustpoints and private keys on disk: `ike_pki`'s image of the store, written so that a
//! crash at any moment leaves the old store or the new one, never half of each (J8).
//!
//! Files are 0600 in folders 0700. `index.json` is the commit point: changed files stand
//! beside the old ones as `NAME.new` until the new index is in place. It lists the keys,
//! too, so that a key and its certificate change in one step.

mod commit;
mod contents;
mod disk;
mod error;
mod keyring;
mod keys;
mod lock;
mod passphrase;
mod protect;
mod quarantine;
mod repair;

pub use error::KeystoreError;
pub use keyring::PrivateKeyring;
pub use keys::{KeyChange, KeyView};
pub use passphrase::Passphrase;
pub use protect::ITERATIONS;
pub use repair::{Finding, inspect, repair};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ike_crypto::PrivateKey;
use ike_pki::{INDEX, KeyTable, Store, StoreKey};

use self::commit::{Files, Writer};
use self::contents::Contents;
use self::disk::{Disk, RealDisk};

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looking only: no lock, nothing changes, works while a daemon runs.
    Read,
    /// The one writer, until the keystore is dropped.
    Write,
}

/// An opened store.
pub struct Keystore {
    /// Trustpoints.
    pub store: Store,
    /// Private keys; cheap to clone. None of an encrypted store that was opened for
    /// reading without passphrase.
    pub keys: PrivateKeyring,
    /// Things an operator should hear: damage that was worked around, keys that are missing.
    pub warnings: Vec<String>,
    dir: PathBuf,
    table: KeyTable,
    store_key: Option<StoreKey>,
    writer: Option<Writer>,
}

impl Keystore {
    /// Opens a store. A folder that is not there is an empty store, made by the first
    /// commit. Damage is told and what is intact is used; for writing, damaged files are
    /// moved into `quarantine/`: nothing is lost, nothing is overwritten.
    ///
    /// # Errors
    /// The index is damaged, another process writes, a private key is open to others, the
    /// passphrase is missing or another one, or a file cannot be read.
    pub fn open(
        dir: &Path,
        access: Access,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, KeystoreError> {
        Self::open_on(Box::new(RealDisk), dir, access, passphrase)
    }

    fn open_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        access: Access,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, KeystoreError> {
        let mut writer = match access {
            Access::Read => None,
            Access::Write => Some(Writer::new(dir, disk)?),
        };
        let contents = match access {
            Access::Read => calm(dir)?,
            Access::Write => Contents::read(dir)?,
        };
        let mut warnings = repair::loose(dir);
        if !dir.exists() {
            warnings.push(format!(
                "{}: no certificate store yet; certificate authentication will find no trustpoint",
                dir.display()
            ));
        }
        // Before anything is changed: a wrong passphrase changes nothing.
        let store_key = protect::unlock(dir, &contents, access, passphrase)?;
        let loaded = keys::load(dir, &contents, store_key.as_ref())?;
        if let Some(writer) = &mut writer {
            writer.settle(&contents)?;
        }
        let (store, mut damage) = keys::store(&contents);
        damage.extend(loaded.broken);
        for broken in damage {
            warnings.push(tell(dir, writer.as_mut(), &broken)?);
        }
        let mut keystore = Self {
            store,
            keys: loaded.keys,
            warnings,
            dir: dir.to_owned(),
            table: loaded.table,
            store_key,
            writer,
        };
        keystore.warn_of_keys(&contents.strays);
        Ok(keystore)
    }

    /// What is known of the key pairs, without the keys.
    pub fn key_table(&self) -> &KeyTable {
        &self.table
    }

    /// Every key pair that is open, by label, with its public key.
    pub fn key_views(&self) -> Vec<KeyView> {
        let all = self.keys.all();
        all.map(|(label, key)| KeyView::of(label, key, self.table.keys.get(label)))
            .collect()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the keys are encrypted and were not opened.
    pub fn is_locked(&self) -> bool {
        self.table.protection.is_some() && self.store_key.is_none()
    }

    /// Makes this the store, with changes to keys, in one step: after a crash the store is
    /// as before or as after it. `self.store`, `self.keys` are then the new ones.
    ///
    /// # Errors
    /// Something cannot be written; the store and `self` are as before.
    pub fn commit(&mut self, store: &Store, changes: &[KeyChange]) -> Result<(), KeystoreError> {
        if changes.is_empty() && *store == self.store && self.has_index() {
            return Ok(());
        }
        let (table, files) = keys::apply(&self.table, self.store_key.as_ref(), changes)?;
        self.write(store, table, files)?;
        self.keys = self.keys.changed(|keys| keys::change(keys, changes));
        Ok(())
    }

    fn has_index(&self) -> bool {
        self.writer.as_ref().is_some_and(|w| w.index().is_some())
    }

    fn write(
        &mut self,
        store: &Store,
        table: KeyTable,
        mut files: Files,
    ) -> Result<(), KeystoreError> {
        let Some(writer) = &mut self.writer else {
            return Err(KeystoreError::ReadOnly(self.dir.clone()));
        };
        let mut image = store.image_with(&table, writer.index());
        let index = image.remove(INDEX).unwrap_or_default();
        files.extend(
            image
                .into_iter()
                .map(|(file, octets)| (file, octets.into())),
        );
        if let Some(warning) = writer.replace(&index, files)? {
            self.warnings.push(warning);
        }
        self.store = store.clone();
        self.table = table;
        Ok(())
    }

    /// Whether the key of an own certificate is there and belongs to it.
    pub fn can_sign(&self, record: &ike_pki::Record) -> bool {
        let label = record.key_label.as_deref().unwrap_or_default();
        keys::belongs(&self.table, label, &record.certificate)
            && (self.is_locked() || self.keys.matches(label, &record.certificate))
    }

    /// Own certificates whose key is missing or another one, and keys nobody lists.
    fn warn_of_keys(&mut self, strays: &[String]) {
        let own = self.store.identities().into_iter();
        let unusable = own.filter(|record| !self.can_sign(record)).map(|record| {
            format!(
                "trustpoint {}: key pair {} in {} does not belong to its certificate; \
                 it cannot sign; import the key or enroll again",
                record.trustpoint,
                record.key_label.as_deref().unwrap_or("(none)"),
                self.dir.join("private").display()
            )
        });
        let unusable: Vec<String> = unusable.collect();
        self.warnings.extend(unusable);
        for file in strays {
            self.warnings.push(format!(
                "{}: a key file that {INDEX} does not list; it is not used; \
                 take it in with ikd pki import, or remove it",
                self.dir.join(file).display()
            ));
        }
    }
}

/// Writes a store and its keys, replacing what is there; the keys are exportable.
///
/// # Errors
/// As [`Keystore::open`] and [`Keystore::commit`]; what was there before is intact.
pub fn create(
    dir: &Path,
    store: &Store,
    keys: &[(String, PrivateKey)],
) -> Result<(), KeystoreError> {
    let mut keystore = Keystore::open(dir, Access::Write, None)?;
    let put = |(label, key): &(String, PrivateKey)| {
        let copy = keyring::octets(key).and_then(|o| PrivateKey::from_pkcs8_der(o.expose()).ok());
        Ok(KeyChange::Put {
            label: label.clone(),
            key: Arc::new(copy.ok_or_else(|| KeystoreError::Encode(label.clone()))?),
            exportable: true,
            at: 0,
        })
    };
    let changes: Result<Vec<_>, KeystoreError> = keys.iter().map(put).collect();
    keystore.commit(store, &changes?)
}

/// Reads while a writer may be at work: what looks damaged is looked at again.
fn calm(dir: &Path) -> Result<Contents, KeystoreError> {
    const ATTEMPTS: usize = 5;
    let mut contents = Contents::read(dir);
    for _ in 1..ATTEMPTS {
        match &contents {
            Ok(found) if found.broken.is_empty() => break,
            _ => contents = Contents::read(dir),
        }
    }
    contents
}

/// The warning about damage; for a writer the file is moved aside first.
fn tell(
    dir: &Path,
    writer: Option<&mut Writer>,
    damage: &keys::Damaged,
) -> Result<String, KeystoreError> {
    let text = format!("{}: {}", dir.display(), damage.damage);
    match writer {
        Some(writer) if damage.there => {
            let file = &damage.damage.file;
            let why = format!("{}; {}", damage.damage.problem, damage.damage.remedy);
            let kept = quarantine::set_aside(&mut *writer.disk, dir, file, &why)?;
            Ok(format!("{text}; the file is kept as {kept}"))
        }
        _ => Ok(text),
    }
}

#[cfg(test)]
pub(crate) mod tests;
