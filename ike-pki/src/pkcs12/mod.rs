//! PKCS#12 (RFC 7292): a key, its certificate and the CAs above it in one file
//! under a passphrase, as `crypto pki import TP pkcs12` and `openssl pkcs12`
//! exchange them.
//!
//! The MAC is checked before anything is decrypted. Everything is bounded:
//! octets, bags, and the iterations of all derivations together.

mod mac;
pub(crate) mod oid;
pub(crate) mod pbe;
mod reader;
mod writer;

pub use pbe::MAX_ITERATIONS;

use std::{fmt, sync::Arc};

use ike_crypto::{CryptoError, PrivateKey};

use crate::{
    certificate::Certificate,
    certificate_error::CertificateError,
    der::{DEFINITE, DerError},
};

/// Largest file that is read, octets.
pub const MAX_PKCS12: usize = 256 * 1024;
/// Octets of randomness that [`Pkcs12::write`] needs.
pub const PKCS12_RANDOM: usize = 80;

/// What a PKCS#12 file holds for one trustpoint.
#[derive(Clone, Debug)]
pub struct Pkcs12 {
    /// The private key.
    pub key: Arc<PrivateKey>,
    /// Its certificate.
    pub certificate: Certificate,
    /// Every other certificate, in the order of the file.
    pub authorities: Vec<Certificate>,
    /// `friendlyName` of the key or of its certificate.
    pub name: Option<String>,
}

/// How a file is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pkcs12Form {
    /// PBES2 with AES-256 and SHA-256, MAC with SHA-256.
    #[default]
    Modern,
    /// 3DES and SHA-1 throughout: what IOS 15.3T reads.
    Legacy,
}

impl Pkcs12 {
    /// Reads a file, of DER.
    ///
    /// # Errors
    /// What is wrong and where; a passphrase that does not fit is told apart
    /// from a damaged file only by the MAC.
    pub fn read(der: &[u8], passphrase: &str) -> Result<Self, Pkcs12Error> {
        reader::read(der, passphrase)
    }

    /// The file, under a passphrase. `iterations` count for each of its three
    /// derivations; `random` must be fresh.
    ///
    /// # Errors
    /// The key cannot be encoded, or there is no iteration.
    pub fn write(
        &self,
        passphrase: &str,
        form: Pkcs12Form,
        iterations: u32,
        random: &[u8; PKCS12_RANDOM],
    ) -> Result<Vec<u8>, Pkcs12Error> {
        writer::write(self, passphrase, form, iterations, random)
    }
}

/// Why a file is not read or written. Never shows what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// Longer than [`MAX_PKCS12`].
    TooLarge(usize),
    /// Not the structure it should be.
    Der(DerError),
    /// Indefinite lengths (BER) at that offset.
    Ber(usize),
    /// Something this program does not do; what.
    Unsupported(String),
    /// A derivation of that many iterations exceeds what a file may ask for.
    Iterations(u32),
    /// The passphrase is another one, or the file is damaged.
    Passphrase,
    /// A certificate in it cannot be read.
    Certificate(CertificateError),
    /// The key in it cannot be used.
    Crypto(CryptoError),
    /// There is no private key in it.
    NoKey,
    /// There is more than one private key in it.
    ManyKeys,
    /// No certificate in it belongs to its key.
    NoCertificate,
}

impl Pkcs12Error {
    pub(crate) fn unsupported(what: &str) -> Self {
        Self::Unsupported(what.to_owned())
    }
}

impl fmt::Display for Pkcs12Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(len) => {
                write!(f, "{len} octets, at most {MAX_PKCS12} are read")
            }
            Self::Der(error) => error.fmt(f),
            Self::Ber(at) => write!(
                f,
                "offset {at}: a length of indefinite form (BER); write it anew as DER: \
                 openssl pkcs12 -in OLD -nodes | openssl pkcs12 -export -out NEW"
            ),
            Self::Unsupported(what) => write!(
                f,
                "{what} is not supported; write it anew: \
                 openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW"
            ),
            Self::Iterations(count) => write!(
                f,
                "{count} iterations ask for too much work, at most {MAX_ITERATIONS} in one file; \
                 write it anew with fewer (openssl pkcs12 -export -iter 100000)"
            ),
            Self::Passphrase => f.write_str("wrong passphrase, or the file is damaged"),
            Self::Certificate(error) => error.fmt(f),
            Self::Crypto(error) => error.fmt(f),
            Self::NoKey => f.write_str("no private key in it; export it together with its key"),
            Self::ManyKeys => {
                f.write_str("more than one private key in it; export one key at a time")
            }
            Self::NoCertificate => f.write_str(
                "no certificate in it belongs to its key; export the key with its own certificate",
            ),
        }
    }
}

impl std::error::Error for Pkcs12Error {}

impl From<DerError> for Pkcs12Error {
    fn from(error: DerError) -> Self {
        match error.expected {
            DEFINITE => Self::Ber(error.offset),
            _ => Self::Der(error),
        }
    }
}

impl From<CryptoError> for Pkcs12Error {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

impl From<CertificateError> for Pkcs12Error {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

#[cfg(test)]
mod tests;
