//! Why the lab CA made nothing.

use std::fmt;

use ike_crypto::CryptoError;

use crate::{certificate_error::CertificateError, crl::CrlError};

/// Why the CA made nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaError {
    /// The key cannot sign this way, or the key of the request is bad.
    Crypto(CryptoError),
    /// The certificate could not be read back.
    Certificate(CertificateError),
    /// The list could not be read back.
    Crl(CrlError),
    /// A text that is no dotted OID.
    Oid(String),
}

impl fmt::Display for CaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crypto(error) => write!(f, "lab CA: {error}"),
            Self::Certificate(error) => write!(f, "lab CA: {error}"),
            Self::Crl(error) => write!(f, "lab CA: {error}"),
            Self::Oid(text) => write!(f, "lab CA: {text} is no object identifier"),
        }
    }
}

impl std::error::Error for CaError {}

impl From<CryptoError> for CaError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl From<CertificateError> for CaError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}
