//! The one error type of this crate.

use std::fmt;

/// Why an operation was refused. Names what was wrong, never a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CryptoError {
    /// A key, nonce, IV or tag has the wrong number of octets.
    Length {
        /// What was measured, e.g. `"AES-128-CBC key"`.
        what: &'static str,
        /// Octets expected.
        expected: usize,
        /// Octets found.
        found: usize,
    },
    /// Data for a block cipher is not a whole number of blocks.
    NotBlockMultiple {
        /// Octets per block.
        block: usize,
        /// Octets found.
        found: usize,
    },
    /// A peer's public value is out of range or not on the curve (RFC 6989
    /// section 2, FIPS 203 7.2).
    InvalidPublicValue(&'static str),
    /// The private Diffie-Hellman value reduces to zero; draw another one.
    InvalidPrivateValue,
    /// A key cannot be read, or breaks a bound of this crate.
    InvalidKey(&'static str),
    /// The signature scheme and the key type do not belong together (E5).
    SchemeMismatch,
    /// A signature or an authentication tag does not verify.
    BadSignature,
    /// An AEAD tag does not verify; the data is unusable.
    BadTag,
    /// The library failed where it has no reason to (no memory, no entropy,
    /// or a fault in the private key operation, E21).
    Internal(&'static str),
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                what,
                expected,
                found,
            } => {
                write!(f, "{what} is {found} octets, expected {expected}")
            }
            Self::NotBlockMultiple { block, found } => {
                write!(
                    f,
                    "data of {found} octets is not a multiple of the {block}-octet block"
                )
            }
            Self::InvalidPublicValue(why) => {
                write!(f, "invalid public value: {why}")
            }
            Self::InvalidPrivateValue => f.write_str("Diffie-Hellman private value is zero"),
            Self::InvalidKey(why) => write!(f, "invalid key: {why}"),
            Self::SchemeMismatch => f.write_str("signature scheme does not fit the key type"),
            Self::BadSignature => f.write_str("signature does not verify"),
            Self::BadTag => f.write_str("authentication tag does not verify"),
            Self::Internal(what) => write!(f, "cryptographic library failed: {what}"),
        }
    }
}

impl std::error::Error for CryptoError {}

/// `Ok` when `found` octets are exactly `expected`.
pub(crate) fn expect_len(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), CryptoError> {
    if expected == found {
        Ok(())
    } else {
        Err(CryptoError::Length {
            what,
            expected,
            found,
        })
    }
}
