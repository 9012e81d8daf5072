//! What an import would make of a store.

use ike_core::sa::job::PrivateKeys;
use ike_pki::{Certificate, Import, Imported, Store, sha256_hex};

use super::plain;
use crate::keystore::{KeyChange, Keystore};

/// Where an import goes.
pub(crate) struct Wanted<'a> {
    /// The trustpoint.
    pub(crate) trustpoint: &'a str,
    /// Label of the key pair; `None` = that of a key the certificate belongs to, else the
    /// trustpoint's own, else its name.
    pub(crate) label: Option<&'a str>,
    /// The key may leave the store again.
    pub(crate) exportable: bool,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) at: i64,
}

/// A checked import: one commit.
pub(crate) struct Plan {
    /// The store as it will be.
    pub(crate) store: Store,
    /// The key pair that comes with it.
    pub(crate) keys: Vec<KeyChange>,
    /// What is new.
    pub(crate) done: Imported,
}

/// Checks that everything belongs together (P-002, P-004, T-85).
///
/// # Errors
/// What does not, with the way out; nothing was changed.
pub(crate) fn plan(
    keystore: &Keystore,
    import: &Import,
    wanted: &Wanted<'_>,
) -> Result<Plan, String> {
    let name = wanted.trustpoint;
    let label = label(keystore, wanted, import);
    let known = keystore.keys.key(&label).map(|key| key.public());
    let known = known.as_ref().map(|public| public.spki_der());
    let mut store = keystore.store.clone();
    let done = store.import(name, import, &label, known, wanted.at);
    let done = done.map_err(|e| e.to_string())?;
    let keys = key_change(&store, wanted, import, &label)?;
    Ok(Plan { store, keys, done })
}

/// The wanted label, else that of a key the certificate belongs to, else the trustpoint's.
fn label(keystore: &Keystore, wanted: &Wanted<'_>, import: &Import) -> String {
    let name = wanted.trustpoint;
    let store = &keystore.store;
    let there = || {
        let mut labels = import.certificates.iter();
        let found = labels.find_map(|certificate| label_by_key(keystore, certificate));
        found.filter(|_| import.key.is_none())
    };
    let own = || store.identity(name).and_then(|r| r.key_label.clone());
    let pending = || store.pending(name).map(|r| r.key_label.clone());
    let found = wanted.label.map(str::to_owned).or_else(there).or_else(own);
    found.or_else(pending).unwrap_or_else(|| name.to_owned())
}

/// The label of the key pair that a certificate belongs to.
pub(crate) fn label_by_key(keystore: &Keystore, certificate: &Certificate) -> Option<String> {
    let hash = sha256_hex(certificate.spki_der());
    let mut entries = keystore.key_table().keys.values();
    let entry = entries.find(|entry| entry.spki_sha256 == hash);
    entry.map(|entry| entry.label.clone())
}

/// The key of the file under its label, unless a certificate with another key has that label.
fn key_change(
    after: &Store,
    wanted: &Wanted<'_>,
    import: &Import,
    label: &str,
) -> Result<Vec<KeyChange>, String> {
    let Some(key) = &import.key else {
        return Ok(Vec::new());
    };
    let public = key.public();
    let robbed = after.identities().into_iter().find(|record| {
        record.key_label.as_deref() == Some(label)
            && record.certificate.spki_der() != public.spki_der()
    });
    if let Some(record) = robbed {
        return Err(format!(
            "key pair {} belongs to the certificate of trustpoint {}; give --label another name",
            plain(label),
            plain(&record.trustpoint)
        ));
    }
    Ok(vec![KeyChange::Put {
        label: label.to_owned(),
        key: key.clone(),
        exportable: wanted.exportable,
        at: wanted.at,
    }])
}
