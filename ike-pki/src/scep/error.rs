//! Why a step of SCEP failed: which step, and what the server answered.

use std::fmt;

use ike_crypto::CryptoError;

use crate::{
    ca_error::CaError, certificate_error::CertificateError, cms::CmsError, crl::CrlError,
    scep::message::FailInfo,
};

/// A step of SCEP, by the name it has on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The CA's certificates are fetched.
    GetCaCert,
    /// The CA's next certificate is fetched.
    GetNextCaCert,
    /// A first certificate is asked for.
    PkcsReq,
    /// A certificate is renewed.
    RenewalReq,
    /// A pending request is polled.
    GetCertInitial,
    /// A revocation list is fetched.
    GetCrl,
    /// The temporary certificate is made.
    TemporaryCertificate,
    /// A stored transaction is read.
    Stored,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GetCaCert => "GetCACert",
            Self::GetNextCaCert => "GetNextCACert",
            Self::PkcsReq => "PKIOperation PKCSReq",
            Self::RenewalReq => "PKIOperation RenewalReq",
            Self::GetCertInitial => "PKIOperation GetCertInitial",
            Self::GetCrl => "PKIOperation GetCRL",
            Self::TemporaryCertificate => "temporary certificate",
            Self::Stored => "stored transaction",
        })
    }
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScepError {
    /// Which step.
    pub step: Step,
    /// Why.
    pub fault: Fault,
}

impl fmt::Display for ScepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SCEP {}: {}", self.step, self.fault)
    }
}

impl std::error::Error for ScepError {}

/// Why a step failed. Text of the server is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// HTTP status other than 200, and the start of the text with it.
    Status(u16, String),
    /// A media type that does not belong to the step.
    ContentType(String),
    /// The message cannot be read, or its signature is wrong.
    Message(CmsError),
    /// The content is not for us or cannot be decrypted.
    Envelope(CmsError),
    /// A certificate cannot be read.
    Certificate(CertificateError),
    /// The certificates do not make a CA with its RA.
    Authority(&'static str),
    /// Signed by none of the CA's and RA's certificates.
    UnknownSigner,
    /// A messageType other than CertRep (3).
    NotCertRep(String),
    /// A reply for another transaction.
    OtherTransaction(String),
    /// The recipientNonce is not the nonce that was sent: a replay.
    OtherNonce,
    /// A pkiStatus that no server sends here.
    UnexpectedStatus(String),
    /// The server refused.
    Refused(FailInfo, Option<String>),
    /// No certificate in the reply has our public key.
    OtherKey,
    /// The certificate does not verify with the CA's key, or names another
    /// issuer.
    NotIssuedByCa,
    /// The certificate or list is not valid at the given time.
    NotValidNow,
    /// The list is not one of the CA.
    Crl(CrlError),
    /// The reply has no list of the wanted issuer.
    NoCrl,
    /// The signer cannot do this step.
    Signer(&'static str),
    /// A key or a signature operation fails.
    Crypto(CryptoError),
    /// The temporary certificate cannot be made.
    Ca(CaError),
    /// The stored octets are damaged.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, text) if text.is_empty() => write!(f, "HTTP status {status}"),
            Self::Status(status, text) => write!(f, "HTTP status {status}, \"{text}\""),
            Self::ContentType(kind) => write!(
                f,
                "the server sent \"{kind}\"; check that the enrollment URL is that of a CA"
            ),
            Self::Message(error) => write!(f, "{error}"),
            Self::Envelope(error) => write!(f, "the encrypted part: {error}"),
            Self::Certificate(error) => write!(f, "{error}"),
            Self::Authority(problem) => f.write_str(problem),
            Self::UnknownSigner => f.write_str(
                "signed by another than the CA or its RA; authenticate the trustpoint again",
            ),
            Self::NotCertRep(kind) => write!(f, "messageType \"{kind}\" where 3 was expected"),
            Self::OtherTransaction(id) => write!(f, "a reply for another transaction, \"{id}\""),
            Self::OtherNonce => f.write_str("recipientNonce is not the nonce that was sent"),
            Self::UnexpectedStatus(status) => write!(f, "pkiStatus \"{status}\""),
            Self::Refused(info, None) => write!(f, "the server refused: {info}"),
            Self::Refused(info, Some(text)) => write!(f, "the server refused: {info}, \"{text}\""),
            Self::OtherKey => f.write_str("no certificate in the reply has our public key"),
            Self::NotIssuedByCa => f.write_str("the certificate is not issued by the CA"),
            Self::NotValidNow => f.write_str("not valid now; check the clock"),
            Self::Crl(error) => write!(f, "{error}"),
            Self::NoCrl => f.write_str("no revocation list of the wanted issuer in the reply"),
            Self::Signer(problem) => f.write_str(problem),
            Self::Crypto(error) => write!(f, "{error}"),
            Self::Ca(error) => write!(f, "{error}"),
            Self::Damaged(problem) => write!(f, "damaged: {problem}; enroll again"),
        }
    }
}

impl Fault {
    /// The error of a step.
    pub(crate) fn at(self, step: Step) -> ScepError {
        ScepError { step, fault: self }
    }
}

/// Text of a server, made harmless: escaped, at most 200 characters.
pub(crate) fn harmless(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    text.trim()
        .chars()
        .take(200)
        .flat_map(char::escape_default)
        .collect()
}
