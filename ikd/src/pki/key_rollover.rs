//! Where the key pair of a request is kept until its certificate comes: a pair that is to take the
//! place of another (`regenerate`, G-061) waits under a label of its own, so that the router signs
//! with the old pair and the old certificate until the CA has granted the new one.

use std::sync::Arc;

use ike_crypto::PrivateKey;
use ike_pki::{Csr, Store};

use crate::keystore::KeyChange;

/// What ends the label of a pair that waits.
const WAITING: char = '#';

/// A request that is signed, with its key pair.
pub(super) struct Signed {
    pub(super) trustpoint: String,
    /// The label under which the pair signs once the certificate is there.
    pub(super) key_label: String,
    pub(super) key: Arc<PrivateKey>,
    pub(super) keeping: Keeping,
    /// The pair may leave the router: as the one whose place it takes (G-061).
    pub(super) exportable: bool,
    pub(super) request: Csr,
}

/// Where the key pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In the store under its label.
    Stored,
    /// Nowhere yet, and nothing is in its place.
    Fresh,
    /// It waits for its certificate, or will.
    Waiting,
}

impl Signed {
    /// The label that a pending request names, and what of the key goes into the store with it.
    pub(super) fn pending(&self, at: i64) -> (String, Vec<KeyChange>) {
        match self.keeping {
            Keeping::Stored => (self.key_label.clone(), Vec::new()),
            Keeping::Fresh => (self.key_label.clone(), vec![self.put(&self.key_label, at)]),
            Keeping::Waiting => {
                let label = self.waiting();
                let put = self.put(&label, at);
                (label, vec![put])
            }
        }
    }

    /// What of the key goes into the store together with the certificate.
    pub(super) fn granted(&self, at: i64) -> Vec<KeyChange> {
        match self.keeping {
            Keeping::Stored => Vec::new(),
            Keeping::Fresh => vec![self.put(&self.key_label, at)],
            Keeping::Waiting => {
                let label = self.waiting();
                vec![self.put(&self.key_label, at), KeyChange::Remove { label }]
            }
        }
    }

    /// What goes with a request that is refused.
    pub(super) fn rejected(&self) -> Vec<KeyChange> {
        match self.keeping {
            Keeping::Waiting => vec![KeyChange::Remove {
                label: self.waiting(),
            }],
            Keeping::Stored | Keeping::Fresh => Vec::new(),
        }
    }

    fn waiting(&self) -> String {
        format!("{}{WAITING}", self.key_label)
    }

    fn put(&self, label: &str, at: i64) -> KeyChange {
        KeyChange::Put {
            label: label.to_owned(),
            key: self.key.clone(),
            exportable: self.exportable,
            at,
        }
    }
}

/// The final label of a pending request's key, and where the pair is.
pub(super) fn of_pending(label: &str) -> (String, Keeping) {
    match label.strip_suffix(WAITING) {
        Some(label) => (label.to_owned(), Keeping::Waiting),
        None => (label.to_owned(), Keeping::Stored),
    }
}

/// The label for a new pair of `trustpoint`: that of its old one, unless certificates of other
/// trustpoints belong to that pair; then the trustpoint gets a pair of its own name.
pub(super) fn label_for(store: &Store, trustpoint: &str, label: &str) -> String {
    let shared =
        |r: &&ike_pki::Record| r.trustpoint != trustpoint && r.key_label.as_deref() == Some(label);
    match store.listing().iter().any(shared) {
        true => trustpoint.to_owned(),
        false => label.to_owned(),
    }
}
