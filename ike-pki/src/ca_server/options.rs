//! How a CA behaves.

use ike_crypto::{Hash, Secret};

use crate::scep::Capabilities;

/// What happens to a request that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantPolicy {
    /// It is granted at once.
    Automatic,
    /// It waits for the operator.
    Manual,
    /// It is refused.
    Reject,
}

/// How a CA behaves.
#[derive(Clone, Debug)]
pub struct CaOptions {
    /// What happens to requests.
    pub policy: GrantPolicy,
    /// The challenge password that a first enrolment must know.
    pub challenge_password: Option<Secret>,
    /// Hash of the signatures of certificates and lists.
    pub hash: Hash,
    /// Validity of what is issued, seconds; never beyond that of the CA.
    pub validity: i64,
    /// URL of the revocation list, named in every certificate.
    pub crl_url: Option<String>,
    /// URL of the OCSP responder, named in every certificate.
    pub ocsp_url: Option<String>,
    /// Time from one list to the next, seconds.
    pub crl_lifetime: i64,
    /// Takes MD5, DES and RSA keys below 1024 bits.
    pub allow_weak: bool,
    /// Critical extensions that no reader knows, as dotted OIDs, in every certificate: for peers that
    /// have to refuse them (RFC 5280 4.2).
    pub critical: Vec<String>,
    /// What GetCACaps says; GetNextCACert is added when there is a next CA.
    pub capabilities: Capabilities,
}

impl Default for CaOptions {
    /// Grants at once for a year, with SHA-256 and a list a week.
    fn default() -> Self {
        Self {
            policy: GrantPolicy::Automatic,
            challenge_password: None,
            hash: Hash::Sha256,
            validity: 365 * 86_400,
            crl_url: None,
            ocsp_url: None,
            crl_lifetime: 7 * 86_400,
            allow_weak: false,
            critical: Vec::new(),
            capabilities: Capabilities {
                post: true,
                renewal: true,
                sha1: true,
                sha256: true,
                sha512: true,
                des3: true,
                aes: true,
                get_next_ca: false,
                scep_standard: true,
            },
        }
    }
}
