//! Key encapsulation of IKEv2 by IANA number (RFC 9370,
//! draft-ietf-ipsecme-ikev2-mlkem): ML-KEM (FIPS 203).
//!
//! The initiator's KE payload carries an encapsulation key, the responder's the
//! ciphertext. Randomness is octets the caller draws; every function is then
//! deterministic, so a recorded exchange can be replayed.

use crate::{
    error::{CryptoError, expect_len},
    ffi::{KemKey, KemSizes},
    secret::Secret,
};

/// A key encapsulation method; the discriminant is the IANA number among the
/// key exchange methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kem {
    /// ML-KEM-512.
    MlKem512 = 35,
    /// ML-KEM-768.
    MlKem768 = 36,
    /// ML-KEM-1024.
    MlKem1024 = 37,
}

impl Kem {
    /// Every method, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];
    /// Octets of the seed of a key pair, d | z (FIPS 203 7.1).
    pub const SEED_LEN: usize = 64;
    /// Octets of the randomness of one encapsulation, m (FIPS 203 7.2).
    pub const MESSAGE_LEN: usize = 32;

    /// The method of an IANA number.
    pub fn from_iana(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kem| kem.iana() == number)
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        self as u16
    }

    /// Octets of the encapsulation key: the initiator's KE payload.
    pub const fn public_len(self) -> usize {
        self.sizes().public
    }

    /// Octets of the ciphertext: the responder's KE payload.
    pub const fn ciphertext_len(self) -> usize {
        self.sizes().ciphertext
    }

    /// Octets of the shared secret.
    pub const fn shared_len(self) -> usize {
        self.sizes().shared
    }

    const fn sizes(self) -> KemSizes {
        match self {
            Self::MlKem512 => KemSizes::ML_KEM_512,
            Self::MlKem768 => KemSizes::ML_KEM_768,
            Self::MlKem1024 => KemSizes::ML_KEM_1024,
        }
    }
}

/// The encapsulation key of `seed`, `Kem::SEED_LEN` octets drawn by the
/// initiator, who keeps it as the private value.
pub fn kem_public(kem: Kem, seed: &Secret) -> Result<Vec<u8>, CryptoError> {
    pair(kem, seed)?.public()
}

/// The responder's ciphertext and shared secret for the initiator's `public`,
/// made of `message`, `Kem::MESSAGE_LEN` octets drawn for this once.
/// [`CryptoError::InvalidPublicValue`] when a number of the key is not below
/// the modulus (FIPS 203 7.2).
pub fn kem_encapsulate(
    kem: Kem,
    message: &Secret,
    public: &[u8],
) -> Result<(Vec<u8>, Secret), CryptoError> {
    expect_len("ML-KEM randomness", Kem::MESSAGE_LEN, message.len())?;
    expect_len("ML-KEM public value", kem.public_len(), public.len())?;
    KemKey::from_public(kem.sizes(), public)?.encapsulate(message.expose())
}

/// The initiator's shared secret. A `ciphertext` of the right length that was
/// not made for this key gives a secret nobody else has, and no error (FIPS 203
/// 7.3): the exchange then fails where its messages are authenticated.
pub fn kem_decapsulate(kem: Kem, seed: &Secret, ciphertext: &[u8]) -> Result<Secret, CryptoError> {
    expect_len("ML-KEM ciphertext", kem.ciphertext_len(), ciphertext.len())?;
    pair(kem, seed)?.decapsulate(ciphertext)
}

/// The pair is made again where it is used: an exchange under way keeps 64
/// octets instead of up to 3168, for the time of one more key generation.
fn pair(kem: Kem, seed: &Secret) -> Result<KemKey, CryptoError> {
    expect_len("ML-KEM seed", Kem::SEED_LEN, seed.len())?;
    KemKey::from_seed(kem.sizes(), seed.expose())
}
