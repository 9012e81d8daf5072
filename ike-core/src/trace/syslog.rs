//! `%FACILITY-severity-MNEMONIC` messages (O-084, S-053, W-054, W-055).

use std::fmt;
use std::net::IpAddr;

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
            Self::SessionStatus { up, peer, port, id } => write!(
                f,
                "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is {} .  Peer {peer}:{port}  Id: {id}",
                if *up { "UP" } else { "DOWN" }
            ),
        }
    }
}
