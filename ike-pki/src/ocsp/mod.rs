//! OCSP (RFC 6960): the question about one certificate, the reader of the
//! answer, and the responder of the lab CA. Whether an answer is believed is
//! for [`crate::attempt`] to see.

mod cert_id;
mod judge;
mod request;
mod respond;
mod response;

pub use cert_id::CertId;
pub(crate) use judge::{Answer, Responder as ResponderName, is_delegate, judge};
pub use request::{MAX_NONCE, OcspRequest};
pub use respond::{OcspSigner, respond};
pub use response::{CertStatus, OcspError, OcspResponse};

/// Media type of a request (RFC 6960 A.1).
pub const REQUEST_TYPE: &str = "application/ocsp-request";
/// Media type of a response (RFC 6960 A.2).
pub const RESPONSE_TYPE: &str = "application/ocsp-response";
