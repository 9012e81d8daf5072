//! SCEP (RFC 8894) as an IOS router speaks it: requests to build, replies to
//! read. Nothing is sent here; HTTP is plain data ([`crate::http`]).
//!
//! The order of an enrolment: [`get_ca_cert`] and [`CaCertificates`], whose
//! fingerprint the operator confirms; [`get_ca_caps`] and [`Capabilities`];
//! then a [`Transaction`], which is polled until it is granted or rejected
//! (P-020 to P-026).

mod ca_certificates;
mod capabilities;
mod error;
mod exchange;
mod message;
mod query;
mod signer;
mod stored;
mod transaction;
mod url;

pub use ca_certificates::{
    CaCertificates, Fingerprints, get_ca_caps, get_ca_cert, get_next_ca_cert,
};
pub use capabilities::{Algorithms, Capabilities, ContentCipher};
pub use error::{Fault, ScepError, Step};
pub use message::{FailInfo, PkiOperation};
pub use query::{Query, crl_answer, get_crl};
pub use signer::{Signer, temporary_certificate};
pub use transaction::{Answer, Transaction};
pub use url::{ScepUrl, ScepUrlError};

pub(crate) use ca_certificates::issued;
pub(crate) use capabilities::{cipher_name, hash_name};
#[cfg(test)]
pub(crate) use exchange::Asking;
pub(crate) use message::{Incoming, MessageType, NONCE, Outgoing, PkiStatus};

/// Media types of RFC 8894 section 4.
pub(crate) mod media {
    pub(crate) const CA_CERT: &str = "application/x-x509-ca-cert";
    pub(crate) const CA_RA_CERT: &str = "application/x-x509-ca-ra-cert";
    pub(crate) const NEXT_CA_CERT: &str = "application/x-x509-next-ca-cert";
    pub(crate) const PKI_MESSAGE: &str = "application/x-pki-message";
}

#[cfg(test)]
mod tests;
