//! Why a chain was refused: the certificate and the check, for every refusal.

use std::fmt;

use data_encoding::HEXUPPER;

use crate::{certificate::Certificate, name::Name, time::IosTime};

/// A refused chain: which certificate, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError {
    /// Subject of the certificate that failed; `None` when there was none.
    pub certificate: Option<Name>,
    /// Its serial number, upper-case hex (O-084).
    pub serial: Option<Box<str>>,
    /// The check that failed.
    pub refusal: Refusal,
}

/// The check of RFC 5280 6.1 (or of IOS) that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The peer sent no certificate.
    NoCertificate,
    /// No anchor of the list issued it, nor anything the peer sent along
    /// (S-053).
    NoSuitableTrustpoint {
        /// The issuer that was looked for.
        issuer: Name,
        /// The issuer's key as the authorityKeyIdentifier names it (RFC 5280 4.2.1.1).
        key_id: Option<Box<[u8]>>,
        /// Trustpoints that were looked at.
        trustpoints: Vec<String>,
    },
    /// An issuer of the right name exists, but none with the key that signed
    /// it (E17).
    BadSignature,
    /// The signature algorithm (dotted OID) is not supported.
    UnsupportedAlgorithm(String),
    /// Signed with a hash that the policy does not allow.
    WeakHash(&'static str),
    /// An RSA key below the policy's minimum.
    WeakKey {
        /// Bits of the modulus.
        bits: u32,
        /// Bits the policy wants.
        minimum: u32,
    },
    /// The public key cannot be used.
    BadKey(String),
    /// notAfter has passed.
    Expired {
        /// Last second of validity.
        not_after: i64,
        /// The time of validation.
        now: i64,
    },
    /// notBefore has not come.
    NotYetValid {
        /// First second of validity.
        not_before: i64,
        /// The time of validation.
        now: i64,
    },
    /// Listed as revoked.
    Revoked {
        /// Serial number, upper-case hex.
        serial: String,
    },
    /// No method of `revocation-check` gave a verdict (P-041).
    CrlUnavailable {
        /// The trustpoint that asked.
        trustpoint: String,
        /// What became of the last method.
        why: String,
    },
    /// The trustpoint has `match certificate`, and no map of it fits.
    NoCertificateMap(String),
    /// An issuer that is not a CA: version 1 or 2, or basicConstraints
    /// without CA (E10, E12).
    NotCa,
    /// One CA more than a pathLenConstraint above it allows.
    PathLength,
    /// keyUsage lacks what the certificate is used for.
    KeyUsage(&'static str),
    /// extendedKeyUsage allows neither IKE nor any use (RFC 4945 5.1.3.12).
    ExtendedKeyUsage,
    /// Critical extension (dotted OID) that is not understood.
    UnknownCritical(String),
    /// A name outside the permitted or inside the excluded subtrees.
    NameConstraint(String),
    /// No acceptable certificate policy, and one is required.
    Policy,
    /// A form RFC 5280 forbids, refused in strict mode; the text says which.
    Profile(&'static str),
    /// Longer than 6 certificates below the anchor (B13).
    TooDeep,
    /// More than 32 signature checks or too many name comparisons (B13).
    TooMuchWork,
}

impl ValidationError {
    pub(crate) fn new(certificate: &Certificate, refusal: Refusal) -> Self {
        Self {
            certificate: Some(certificate.subject().clone()),
            serial: Some(certificate.serial_hex().into()),
            refusal,
        }
    }

    /// Without a certificate to blame.
    pub(crate) fn of_none(refusal: Refusal) -> Self {
        Self {
            certificate: None,
            serial: None,
            refusal,
        }
    }

    /// Whether this is the "No suitable trustpoints found" of S-053.
    pub fn is_no_suitable_trustpoint(&self) -> bool {
        matches!(self.refusal, Refusal::NoSuitableTrustpoint { .. })
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificate {
            Some(name) => write!(f, "certificate {name}: {}", self.refusal),
            None => self.refusal.fmt(f),
        }
    }
}

impl std::error::Error for ValidationError {}

/// ` (authority key identifier 0A1B…)`.
fn named_key(id: &[u8]) -> String {
    format!(" (authority key identifier {})", HEXUPPER.encode(id))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("the peer sent no certificate"),
            Self::NoSuitableTrustpoint {
                issuer,
                key_id,
                trustpoints,
            } => write!(
                f,
                "no suitable trustpoint: issuer {issuer}{} is the CA of none of [{}]",
                key_id.as_deref().map(named_key).unwrap_or_default(),
                trustpoints.join(", ")
            ),
            Self::BadSignature => {
                f.write_str("signature does not verify with the key of any issuer of that name")
            }
            Self::UnsupportedAlgorithm(oid) => write!(f, "signature algorithm {oid} not supported"),
            Self::WeakHash(hash) => write!(f, "signed with {hash}, which is not allowed here"),
            Self::WeakKey { bits, minimum } => {
                write!(f, "RSA key of {bits} bits, at least {minimum} are required")
            }
            Self::BadKey(why) => f.write_str(why),
            Self::Expired { not_after, now } => {
                write!(
                    f,
                    "expired {}, now is {}",
                    IosTime(*not_after),
                    IosTime(*now)
                )
            }
            Self::NotYetValid { not_before, now } => {
                write!(
                    f,
                    "not valid before {}, now is {}",
                    IosTime(*not_before),
                    IosTime(*now)
                )?;
                // E16: a clock that was never set.
                if *now < 1_577_836_800 {
                    f.write_str(" (is the clock set?)")
                } else {
                    Ok(())
                }
            }
            Self::Revoked { serial } => write!(f, "revoked (serial {serial})"),
            Self::CrlUnavailable { why, .. } => {
                write!(f, "revocation status unknown: {why}")
            }
            Self::NoCertificateMap(trustpoint) => {
                write!(
                    f,
                    "no certificate map of trustpoint {trustpoint} matches it"
                )
            }
            Self::NotCa => f.write_str("issued a certificate but is not a CA"),
            Self::PathLength => f.write_str("one CA more than a pathLenConstraint above it allows"),
            Self::KeyUsage(needed) => write!(f, "keyUsage lacks {needed}"),
            Self::ExtendedKeyUsage => f.write_str("extendedKeyUsage does not allow IKE"),
            Self::UnknownCritical(oid) => write!(f, "unknown critical extension {oid}"),
            Self::NameConstraint(name) => write!(f, "name {name} violates the name constraints"),
            Self::Policy => f.write_str("no acceptable certificate policy"),
            Self::Profile(why) => f.write_str(why),
            Self::TooDeep => f.write_str("chain longer than 6 certificates"),
            Self::TooMuchWork => f.write_str("chain takes too much work to validate"),
        }
    }
}
