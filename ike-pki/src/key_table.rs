//! The key pairs of a store as its index lists them: where each one is and to
//! which public key it belongs, never the key itself.
//!
//! Because key and certificate are named in one index, replacing both is one
//! commit (J8).

use std::collections::BTreeMap;

use ike_crypto::Hash;
use serde::{Deserialize, Serialize};

use crate::store::Store;

/// Where a key pair is and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// Its label.
    pub label: String,
    /// Relative path, `private/<file>`.
    pub file: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// SHA-256 of the SubjectPublicKeyInfo, lower-case hex.
    pub spki_sha256: String,
    /// Whether it may leave the store (`exportable`).
    pub exportable: bool,
    /// When it was made, seconds since 1970-01-01T00:00:00Z; 0 = not known.
    pub generated_at: i64,
}

/// How the private keys of a store are encrypted (RFC 8018:
/// PBKDF2-HMAC-SHA256, then AES-256-CBC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Salt of the store, 32 lower-case hex digits.
    pub salt: String,
    /// Iterations.
    pub iterations: u32,
    /// [`crate::StoreKey::check`], lower-case hex.
    pub check: String,
}

impl Protection {
    /// The salt's octets; `None` when it is not 16 of them.
    pub fn salt_octets(&self) -> Option<[u8; 16]> {
        let octets = data_encoding::HEXLOWER.decode(self.salt.as_bytes()).ok()?;
        octets.try_into().ok()
    }
}

/// Every key pair by label, and how they are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyTable {
    /// By label.
    pub keys: BTreeMap<String, KeyEntry>,
    /// `None` = the files are plain PKCS#8.
    pub protection: Option<Protection>,
}

impl Store {
    /// Labels of the key pairs that records and pending requests refer to,
    /// each once.
    pub fn key_labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = self
            .records
            .iter()
            .filter_map(|record| record.key_label.as_deref())
            .chain(self.pending.iter().map(|r| r.key_label.as_str()))
            .collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }
}

/// SHA-256 as lower-case hex: how the index tells what a file holds.
pub fn sha256_hex(octets: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Hash::Sha256.digest(&[octets]))
}
