//! Why octets are no usable CMS message.

use std::fmt;

use ike_crypto::CryptoError;

use crate::{certificate_error::CertificateError, cms::MAX_CMS, crl::CrlError, der::DerError};

/// Why a message is refused. Names what and where, never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmsError {
    /// The encoding is wrong; says where and what was expected. The offset
    /// counts in the message once it is DER.
    Der(DerError),
    /// The BER is wrong, at an offset in the octets as they came.
    Ber(DerError),
    /// Longer than 256 kB.
    TooLarge(usize),
    /// Another content type than the wanted one (dotted OID).
    WrongType {
        /// What was wanted.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// More elements than are read.
    TooMany(&'static str),
    /// Something is not there.
    Missing(&'static str),
    /// Something is there twice.
    Repeated(&'static str),
    /// An algorithm that is not supported (dotted OID).
    Unsupported {
        /// What it is for.
        what: &'static str,
        /// Its OID.
        oid: String,
    },
    /// The message digest is not that of the content.
    Digest,
    /// The signature does not verify.
    Signature,
    /// The message names another signer than the given certificate.
    OtherSigner,
    /// No recipient is the given certificate.
    NotForUs,
    /// The content does not decrypt: altered, or for another key.
    Undecryptable,
    /// A certificate inside cannot be read.
    Certificate(CertificateError),
    /// A revocation list inside cannot be read.
    Crl(CrlError),
    /// A key or a signature operation fails.
    Crypto(CryptoError),
}

impl fmt::Display for CmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CMS: ")?;
        match self {
            Self::Der(error) => write!(f, "{error}"),
            Self::Ber(error) => write!(f, "as it came, {error}"),
            Self::TooLarge(len) => write!(f, "message of {len} octets, at most {MAX_CMS} are read"),
            Self::WrongType { expected, found } => {
                write!(f, "content type {found} where {expected} was expected")
            }
            Self::TooMany(what) => write!(f, "too many {what}"),
            Self::Missing(what) => write!(f, "no {what}"),
            Self::Repeated(what) => write!(f, "{what} is there more than once"),
            Self::Unsupported { what, oid } => write!(f, "{what} {oid} is not supported"),
            Self::Digest => f.write_str("the message digest is not that of the content"),
            Self::Signature => f.write_str("the signature does not verify"),
            Self::OtherSigner => f.write_str("signed by another than the expected certificate"),
            Self::NotForUs => f.write_str("encrypted for another certificate"),
            Self::Undecryptable => f.write_str("the content cannot be decrypted"),
            Self::Certificate(error) => write!(f, "{error}"),
            Self::Crl(error) => write!(f, "{error}"),
            Self::Crypto(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CmsError {}

impl From<DerError> for CmsError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

impl From<CertificateError> for CmsError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<CrlError> for CmsError {
    fn from(error: CrlError) -> Self {
        Self::Crl(error)
    }
}

impl From<CryptoError> for CmsError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}
