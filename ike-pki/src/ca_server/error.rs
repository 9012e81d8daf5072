//! Why the CA does not do what its operator asks.

use std::fmt;

use crate::ca_error::CaError;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaServerError {
    /// The key is not RSA and cannot decrypt requests.
    KeyCannotDecrypt,
    /// The RA's certificate is not the CA's, or the key is another's.
    WrongRa,
    /// No request has this number.
    UnknownRequest(u64),
    /// The request is not pending.
    NotPending(u64),
    /// The request is pending.
    Pending(u64),
    /// No certificate of this serial number (hex) was issued.
    UnknownSerial(String),
    /// The certificate is revoked already.
    AlreadyRevoked(String),
    /// The CA's own certificate has expired.
    Expired,
    /// It remembers as many certificates as it can.
    Full,
    /// The CA cannot make it.
    Ca(CaError),
}

impl fmt::Display for CaServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyCannotDecrypt => {
                f.write_str("SCEP needs an RSA key for the CA, or an RA with one")
            }
            Self::WrongRa => f.write_str("the RA needs a certificate of this CA for its key"),
            Self::UnknownRequest(id) => write!(f, "no request {id}; list the requests"),
            Self::NotPending(id) => write!(f, "request {id} is not pending"),
            Self::Pending(id) => write!(f, "request {id} is pending; grant or reject it"),
            Self::UnknownSerial(hex) => write!(f, "no certificate {hex} was issued here"),
            Self::AlreadyRevoked(hex) => write!(f, "certificate {hex} is revoked already"),
            Self::Expired => f.write_str("the certificate of the CA has expired"),
            Self::Full => f.write_str("the CA remembers as many certificates as it can"),
            Self::Ca(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CaServerError {}

impl From<CaError> for CaServerError {
    fn from(error: CaError) -> Self {
        Self::Ca(error)
    }
}
