//! Keys between memory and disk: what the index lists, what a commit changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use ike_crypto::{KeySpec, PrivateKey, fill_random};
use ike_pki::{Certificate, Damage, KeyEntry, KeyTable, Store, StoreKey, sha256_hex};
use zeroize::Zeroizing;

use super::commit::Files;
use super::contents::{Contents, NEW, label_of};
use super::error::{KeystoreError, at};
use super::keyring::{self, PrivateKeyring};

/// A change to one key pair. A key that was kept under a label of its own while its request
/// was pending comes under its final one by `Put` and `Remove` in one commit, together with
/// its certificate.
#[derive(Clone, Debug)]
pub enum KeyChange {
    /// Keeps a key under a label; one that was there goes with the commit.
    Put {
        /// The label.
        label: String,
        /// The key.
        key: Arc<PrivateKey>,
        /// Whether it may leave the store.
        exportable: bool,
        /// When it was made, seconds since 1970-01-01T00:00:00Z; 0 = not known.
        at: i64,
    },
    /// Forgets the key of a label.
    Remove {
        /// The label.
        label: String,
    },
}

/// A key pair as it is shown: never the private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// Its label.
    pub label: String,
    /// Type and size.
    pub kind: KeySpec,
    /// Whether it may leave the store.
    pub exportable: bool,
    /// When it was made, seconds since 1970-01-01T00:00:00Z; 0 = not known.
    pub generated_at: i64,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
}

impl KeyView {
    pub(super) fn of(label: &str, key: &PrivateKey, entry: Option<&KeyEntry>) -> Self {
        let public = key.public();
        Self {
            label: label.to_owned(),
            kind: public.kind(),
            exportable: entry.is_some_and(|entry| entry.exportable),
            generated_at: entry.map_or(0, |entry| entry.generated_at),
            spki: public.spki_der().to_vec(),
        }
    }
}

/// Damage, and whether there is a file to move aside.
pub(super) struct Damaged {
    pub(super) damage: Damage,
    pub(super) there: bool,
}

/// The keys of a store.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) keys: PrivateKeyring,
    pub(super) table: KeyTable,
    pub(super) broken: Vec<Damaged>,
}

/// The trustpoints, and the damage to certificates and lists.
pub(super) fn store(contents: &Contents) -> (Store, Vec<Damaged>) {
    let (store, damage) = match Store::from_image(&contents.image()) {
        Ok(store) => (store, Vec::new()),
        Err(damaged) => (*damaged.intact, damaged.damage),
    };
    let with_cause = |mut damage: Damage| {
        let broken = contents.broken.iter().find(|b| b.file == damage.file);
        if let Some(broken) = broken {
            damage.problem.clone_from(&broken.problem);
        }
        let there = broken.is_some_and(|b| b.there);
        Damaged { damage, there }
    };
    (store, damage.into_iter().map(with_cause).collect())
}

/// Reads every key; a broken one stops nobody but itself.
///
/// # Errors
/// One is open to others (J2).
pub(super) fn load(
    dir: &Path,
    contents: &Contents,
    store_key: Option<&StoreKey>,
) -> Result<Loaded, KeystoreError> {
    let mut loaded = Loaded {
        table: contents.manifest.keys.clone().unwrap_or_default(),
        ..Loaded::default()
    };
    let locked = loaded.table.protection.is_some() && store_key.is_none();
    let mut keys = BTreeMap::new();
    let files = contents.files.iter();
    for (file, octets) in files.filter(|(file, _)| file.starts_with("private/")) {
        let waits = contents.waiting.contains(file);
        private(&dir.join(if waits {
            format!("{file}{NEW}")
        } else {
            file.clone()
        }))?;
        if locked {
            continue;
        }
        match key_of(octets, store_key)
            .and_then(|key| checked(&mut loaded.table, file, octets, key))
        {
            Ok((label, key)) => drop(keys.insert(label, Arc::new(key))),
            Err(problem) => loaded.broken.push(damage(file, problem, true)),
        }
    }
    let lost = contents
        .broken
        .iter()
        .filter(|b| b.file.starts_with("private/"));
    let lost = lost.map(|b| damage(&b.file, b.problem.clone(), b.there));
    loaded.broken.extend(lost);
    let broken = |file: &String| loaded.broken.iter().any(|b| b.damage.file == *file);
    loaded.table.keys.retain(|_, entry| !broken(&entry.file));
    loaded.keys = PrivateKeyring::default().changed(|all| *all = keys);
    Ok(loaded)
}

/// The table and the files after these changes.
pub(super) fn apply(
    table: &KeyTable,
    store_key: Option<&StoreKey>,
    changes: &[KeyChange],
) -> Result<(KeyTable, Files), KeystoreError> {
    let (mut table, mut files) = (table.clone(), Files::new());
    for change in changes {
        match change {
            KeyChange::Remove { label } => {
                if let Some(gone) = table.keys.remove(label) {
                    files.remove(&gone.file);
                }
            }
            KeyChange::Put {
                label,
                key,
                exportable,
                at,
            } => {
                let octets = sealed(label, key, store_key)?;
                let entry = entry(label, &octets, key, (*exportable, *at));
                files.insert(entry.file.clone(), octets);
                table.keys.insert(label.clone(), entry);
            }
        }
    }
    Ok((table, files))
}

/// The same changes to the keys in memory.
pub(super) fn change(keys: &mut BTreeMap<String, Arc<PrivateKey>>, changes: &[KeyChange]) {
    for change in changes {
        match change {
            KeyChange::Put { label, key, .. } => drop(keys.insert(label.clone(), key.clone())),
            KeyChange::Remove { label } => drop(keys.remove(label)),
        }
    }
}

/// Whether the label's key is that of the certificate, by the index.
pub(super) fn belongs(table: &KeyTable, label: &str, certificate: &Certificate) -> bool {
    let entry = table.keys.get(label);
    entry.is_some_and(|entry| entry.spki_sha256 == sha256_hex(certificate.spki_der()))
}

/// Refuses a key file with `mode & 077` (J2).
pub(super) fn private(path: &Path) -> Result<(), KeystoreError> {
    let data = fs::symlink_metadata(path).map_err(at(path))?;
    let mode = data.permissions().mode() & 0o7777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(KeystoreError::Readable {
            path: path.to_owned(),
            mode,
        }),
    }
}

/// The octets of a key file, decrypted if need be.
pub(super) fn key_of(octets: &[u8], store_key: Option<&StoreKey>) -> Result<PrivateKey, String> {
    let key = match store_key {
        None => PrivateKey::from_pkcs8_der(octets),
        Some(store_key) => {
            let plain = store_key.open(octets).map_err(|e| e.to_string())?;
            PrivateKey::from_pkcs8_der(plain.expose())
        }
    };
    key.map_err(|e| format!("not a PKCS#8 private key: {e}"))
}

/// The label of a key and, in a store of version 1, its entry.
fn checked(
    table: &mut KeyTable,
    file: &str,
    octets: &[u8],
    key: PrivateKey,
) -> Result<(String, PrivateKey), String> {
    let spki = sha256_hex(key.public().spki_der());
    if let Some(known) = table.keys.values().find(|entry| entry.file == file) {
        return match known.spki_sha256 == spki {
            true => Ok((known.label.clone(), key)),
            false => Err("is another key than the index says".to_owned()),
        };
    }
    let label = label_of(file).ok_or("is no key file")?;
    let mut entry = entry(&label, octets, &key, (false, 0));
    file.clone_into(&mut entry.file);
    table.keys.insert(label.clone(), entry);
    Ok((label, key))
}

fn entry(label: &str, octets: &[u8], key: &PrivateKey, (exportable, at): (bool, i64)) -> KeyEntry {
    KeyEntry {
        label: label.to_owned(),
        file: keyring::file_of(label),
        sha256: sha256_hex(octets),
        spki_sha256: sha256_hex(key.public().spki_der()),
        exportable,
        generated_at: at,
    }
}

fn sealed(
    label: &str,
    key: &PrivateKey,
    store_key: Option<&StoreKey>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let failed = || KeystoreError::Encode(label.to_owned());
    let plain = keyring::octets(key).ok_or_else(failed)?;
    let Some(store_key) = store_key else {
        return Ok(Zeroizing::new(plain.expose().to_vec()));
    };
    let mut iv = [0; 16];
    fill_random(&mut iv).map_err(|e| KeystoreError::Entropy(e.to_string()))?;
    let octets = store_key.seal(plain.expose(), &iv).map_err(|_| failed())?;
    Ok(Zeroizing::new(octets))
}

fn damage(file: &str, problem: String, there: bool) -> Damaged {
    let remedy = "restore it from a backup with ikd pki import, or enroll again".to_owned();
    let file = file.to_owned();
    let damage = Damage {
        file,
        problem,
        remedy,
    };
    Damaged { damage, there }
}
