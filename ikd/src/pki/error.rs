//! Why an action of the PKI did not come to its end.

use crate::control::Unanswered;
use crate::keystore::KeystoreError;

/// A failure with the text an operator reads; the exit code is 7.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PkiError(pub String);

impl PkiError {
    /// A text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<Unanswered> for PkiError {
    fn from(error: Unanswered) -> Self {
        Self(format!("% {error}"))
    }
}

impl From<KeystoreError> for PkiError {
    fn from(error: KeystoreError) -> Self {
        Self(format!("% Nothing was stored: {error}"))
    }
}
