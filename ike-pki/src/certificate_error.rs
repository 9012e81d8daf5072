//! Why octets are refused as a certificate.

use std::fmt;

use crate::der::DerError;

/// Why octets are no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The encoding is wrong; says where and what was expected.
    Der(DerError),
    /// Longer than 64 kB (A17).
    TooLarge(usize),
    /// The outer signature algorithm is not the signed one (E8).
    AlgorithmMismatch,
    /// An extension appears twice (dotted OID), or there are more than 64.
    DuplicateExtension(String),
    /// Extensions in a certificate that is not version 3.
    ExtensionsBeforeVersion3,
    /// The serial number has more than 20 octets (RFC 5280 4.1.2.2).
    SerialTooLong(usize),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(error) => write!(f, "certificate: {error}"),
            Self::TooLarge(len) => write!(f, "certificate of {len} octets, at most 65536 are read"),
            Self::AlgorithmMismatch => {
                f.write_str("certificate: inner and outer signature algorithms differ")
            }
            Self::DuplicateExtension(oid) => {
                write!(
                    f,
                    "certificate: extension {oid} is repeated, or one too many"
                )
            }
            Self::ExtensionsBeforeVersion3 => {
                f.write_str("certificate: extensions in a version 1 or 2 certificate")
            }
            Self::SerialTooLong(len) => {
                write!(
                    f,
                    "certificate: serial number of {len} octets, at most 20 are allowed"
                )
            }
        }
    }
}

impl std::error::Error for CertificateError {}

impl From<DerError> for CertificateError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}
