//! `%FACILITY-severity-MNEMONIC` messages (O-084, S-053, W-054, W-055).

use std::fmt;
use std::net::IpAddr;

use ike_pki::{IosTime, Refusal, Unchecked, ValidationError};

use crate::policy::identity::{Identity, Mismatch};

/// A message that no switch hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// %CRYPTO-6-ISAKMP_ON_OFF.
    IsakmpOnOff(bool),
    /// %CRYPTO-5-IKMP_INVALID_CERT (S-053, X-5).
    InvalidCert {
        /// The peer.
        peer: IpAddr,
        /// IOS's cause.
        cause: String,
    },
    /// %CRYPTO-6-IKMP_MODE_FAILURE (W-054).
    ModeFailure {
        /// `Main`, `Quick` or `Informational`.
        mode: &'static str,
        /// The peer.
        peer: IpAddr,
    },
    /// %CRYPTO-4-IKMP_NO_SA (W-055).
    NoSa(IpAddr),
    /// %CRYPTO-4-IKMP_BAD_MESSAGE.
    BadMessage(IpAddr),
    /// %CRYPTO-6-IKMP_NO_ID_CERT_ADDR_MATCH and its sisters (O-085).
    IdCertMismatch {
        /// `ADDR`, `FQDN`, `DN` or `USER_FQDN`.
        kind: &'static str,
        /// The identity.
        identity: String,
        /// Its type number.
        id_type: u8,
        /// What the certificate says.
        certificate: String,
    },
    /// %PKI-3-CERTIFICATE_REVOKED (T-30).
    CertificateRevoked {
        /// Serial number, upper-case hex.
        serial: String,
    },
    /// %PKI-3-CERTIFICATE_INVALID_EXPIRED (T-28).
    CertificateExpired {
        /// Serial number.
        serial: String,
        /// Last second of validity, since 1970 UTC.
        ended: i64,
    },
    /// %PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID.
    CertificateNotYetValid {
        /// Serial number.
        serial: String,
        /// First second of validity, since 1970 UTC.
        starts: i64,
    },
    /// %PKI-3-CRL_FETCH_FAIL (T-29); the reason is ours.
    CrlFetchFail {
        /// The trustpoint that wanted it.
        trustpoint: String,
        /// What became of it.
        reason: String,
    },
    /// %CRYPTO-5-SESSION_STATUS (G-007).
    SessionStatus {
        /// UP or DOWN.
        up: bool,
        /// The peer.
        peer: IpAddr,
        /// Its port.
        port: u16,
        /// Its identity.
        id: String,
    },
}

impl Syslog {
    /// %CRYPTO-6-IKMP_NO_ID_CERT_ADDR_MATCH and its sisters.
    #[must_use]
    pub fn id_cert_mismatch(identity: &Identity, mismatch: Mismatch) -> Self {
        Self::IdCertMismatch {
            kind: mismatch.kind,
            identity: super::escaped(&identity.to_string()),
            id_type: identity.type_number(),
            certificate: mismatch.found,
        }
    }

    /// What IOS says about the refusal of a chain, if it has words of its own for it (O-084).
    #[must_use]
    pub fn of_refusal(error: &ValidationError) -> Option<Self> {
        let serial = error.serial.as_deref().unwrap_or_default().to_owned();
        Some(match &error.refusal {
            Refusal::Revoked { serial } => Self::CertificateRevoked {
                serial: serial.clone(),
            },
            Refusal::Expired { not_after, .. } => Self::CertificateExpired {
                serial,
                ended: *not_after,
            },
            Refusal::NotYetValid { not_before, .. } => Self::CertificateNotYetValid {
                serial,
                starts: *not_before,
            },
            Refusal::CrlUnavailable { trustpoint, why } => Self::CrlFetchFail {
                trustpoint: trustpoint.clone(),
                reason: super::escaped(why),
            },
            _ => return None,
        })
    }

    /// A source about revocation that was done without (P-041).
    #[must_use]
    pub fn of_unchecked(source: &Unchecked) -> Self {
        Self::CrlFetchFail {
            trustpoint: source.trustpoint.clone(),
            reason: super::escaped(&source.why),
        }
    }
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsakmpOnOff(on) => {
                write!(
                    f,
                    "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is {}",
                    if *on { "ON" } else { "OFF" }
                )
            }
            Self::InvalidCert { peer, cause } => write!(
                f,
                "%CRYPTO-5-IKMP_INVALID_CERT: Certificate received from {peer} is bad: {cause}"
            ),
            Self::ModeFailure { mode, peer } => {
                write!(
                    f,
                    "%CRYPTO-6-IKMP_MODE_FAILURE: Processing of {mode} mode failed with peer at {peer}"
                )
            }
            Self::NoSa(peer) => write!(
                f,
                "%CRYPTO-4-IKMP_NO_SA: IKE message from {peer} has no SA and is not an initialization offer"
            ),
            Self::BadMessage(peer) => write!(
                f,
                "%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from {peer} failed its sanity check or is malformed"
            ),
            Self::IdCertMismatch {
                kind,
                identity,
                id_type,
                certificate,
            } => write!(
                f,
                "%CRYPTO-6-IKMP_NO_ID_CERT_{kind}_MATCH: ID of {identity} (type {id_type}) and certificate {} with {certificate}",
                kind.to_ascii_lowercase()
            ),
            Self::CertificateRevoked { serial } => write!(
                f,
                "%PKI-3-CERTIFICATE_REVOKED: Certificate chain validation has failed.  The certificate (SN: {serial}) is revoked"
            ),
            Self::CertificateExpired { serial, ended } => write!(
                f,
                "%PKI-3-CERTIFICATE_INVALID_EXPIRED: Certificate chain validation has failed.  The certificate (SN: {serial}) has expired.    Validity period ended on {}",
                IosTime(*ended)
            ),
            Self::CertificateNotYetValid { serial, starts } => write!(
                f,
                "%PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID: Certificate chain validation has failed.  The certificate (SN: {serial}) is not yet valid   Validity period starts on {}",
                IosTime(*starts)
            ),
            Self::CrlFetchFail { trustpoint, reason } => write!(
                f,
                "%PKI-3-CRL_FETCH_FAIL: CRL fetch for trustpoint {trustpoint} failed: {reason}"
            ),
            Self::SessionStatus { up, peer, port, id } => write!(
                f,
                "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is {} .  Peer {peer}:{port}  Id: {id}",
                if *up { "UP" } else { "DOWN" }
            ),
        }
    }
}
