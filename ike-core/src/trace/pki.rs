//! `debug crypto pki validation` (S-051..S-053, P-042, P-043).

/// What certificate handling tells.
#[derive(Clone, Debug)]
pub enum PkiTrace {
    /// Choosing trustpoint TP as issuer (S-030); printed without a tag.
    ChoosingTrustpoint(String),
    /// A certificate record is looked up by its subject and found (S-075).
    SubjectMatch,
    /// Trust-Point TP picked up (S-075).
    PickedUp(String),
    /// n matching trustpoints found (S-075).
    Matching(usize),
    /// Adding peer certificate.
    AddingPeerCertificate,
    /// IP extension validation not required (P-043).
    IpExtension,
    /// Check for identical certs.
    IdenticalCerts,
    /// Create a list of suitable trustpoints.
    SuitableList,
    /// No suitable trustpoints found (S-053).
    NoneSuitable,
    /// Suitable trustpoints are: ...
    Suitable(String),
    /// Attempting to validate certificate using TP.
    Attempting(String),
    /// Certificate is verified.
    Verified,
    /// Checking certificate revocation.
    CheckingRevocation,
    /// Certificate validated / validation TP.
    ValidatedBy(String),
    /// Certificate validation succeeded (S-052).
    Succeeded,
    /// Certificate validation failed, with our reason.
    Failed(String),
}

impl PkiTrace {
    pub(super) fn text(&self, connection: u32) -> String {
        let session = format!("({:05X})", 0x8_0000u32.wrapping_add(connection));
        let tagged = |text: &str| format!("CRYPTO_PKI: {session} {text}");
        match self {
            Self::ChoosingTrustpoint(tp) => format!("Choosing trustpoint {tp} as issuer"),
            Self::SubjectMatch => {
                "CRYPTO_PKI: crypto_pki_get_cert_record_by_subject()\nCRYPTO_PKI: Found a subject match"
                    .to_owned()
            }
            Self::PickedUp(tp) => format!("CRYPTO_PKI: Trust-Point {tp} picked up"),
            Self::Matching(n) => format!("CRYPTO_PKI: {n} matching trustpoints found"),
            Self::AddingPeerCertificate => tagged("Adding peer certificate"),
            Self::IpExtension => {
                "CRYPTO_PKI:ip-ext-val:IP extension validation not required".to_owned()
            }
            Self::IdenticalCerts => tagged("Check for identical certs"),
            Self::SuitableList => tagged("Create a list of suitable trustpoints"),
            Self::NoneSuitable => tagged("No suitable trustpoints found"),
            Self::Suitable(list) => tagged(&format!("Suitable trustpoints are: {list},")),
            Self::Attempting(tp) => {
                tagged(&format!("Attempting to validate certificate using {tp}"))
            }
            Self::Verified => tagged("Certificate is verified"),
            Self::CheckingRevocation => tagged("Checking certificate revocation"),
            Self::ValidatedBy(tp) => {
                tagged(&format!("Certificate validated, validation TP is {tp}"))
            }
            Self::Succeeded => tagged("Certificate validation succeeded"),
            Self::Failed(reason) => tagged(&format!("Certificate validation failed: {reason}")),
        }
    }
}
