//! The algorithms of an IKE SA and their transform numbers (RFC 7296 3.3.2).
//!
//! Only what `ike-crypto` can do has a value here, so nothing else is ever offered or taken (A7).

use ike_crypto::{Aead, Cipher, Group, Hash, Integrity, Prf};
use ike_wire::v2::{Transform, TransformType};

use crate::config::{Ikev2Encryption, Ikev2Integrity, Ikev2Prf};

/// How the SK payload is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// A block cipher in CBC mode; needs an integrity algorithm (RFC 7296 3.14).
    Cbc(Cipher),
    /// A combined mode with its own checksum (RFC 5282, RFC 7634).
    Aead(Aead),
}

/// The algorithms of an IKE SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IkeSuite {
    /// Encryption of the SK payload.
    pub encryption: Encryption,
    /// Pseudo-random function.
    pub prf: Prf,
    /// Integrity; `None` with a combined mode only.
    pub integrity: Option<Integrity>,
    /// Key exchange group.
    pub group: Group,
}

impl Encryption {
    /// Octets of SK_ei and SK_er, the salt of a combined mode included (RFC 5282 7.1).
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.key_len(),
            Self::Aead(aead) => aead.key_len() + SALT,
        }
    }

    /// Octets of the IV before the cipher text.
    #[must_use]
    pub fn iv_len(self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.block_len(),
            Self::Aead(_) => 8,
        }
    }

    /// The octets the padded clear text is a multiple of.
    #[must_use]
    pub fn block_len(self) -> usize {
        match self {
            Self::Cbc(cipher) => cipher.block_len(),
            Self::Aead(_) => 1,
        }
    }

    /// The ENCR transform: number and key length in bits.
    #[must_use]
    pub fn transform(self) -> (u16, Option<u16>) {
        match self {
            Self::Cbc(Cipher::DesCbc) => (2, None),
            Self::Cbc(Cipher::TripleDesCbc) => (3, None),
            Self::Cbc(Cipher::Aes128Cbc) => (12, Some(128)),
            Self::Cbc(Cipher::Aes192Cbc) => (12, Some(192)),
            Self::Cbc(Cipher::Aes256Cbc) => (12, Some(256)),
            Self::Aead(Aead::Aes128Gcm) => (20, Some(128)),
            Self::Aead(Aead::Aes192Gcm) => (20, Some(192)),
            Self::Aead(Aead::Aes256Gcm) => (20, Some(256)),
            Self::Aead(Aead::ChaCha20Poly1305) => (28, None),
        }
    }

    /// The algorithm of an ENCR transform. A missing or superfluous key length is refused (D14).
    #[must_use]
    pub fn from_transform(number: u16, key_length: Option<u16>) -> Option<Self> {
        EVERY
            .into_iter()
            .find(|e| e.transform() == (number, key_length))
    }

    /// A combined mode needs no integrity algorithm.
    #[must_use]
    pub fn is_aead(self) -> bool {
        matches!(self, Self::Aead(_))
    }
}

/// Octets of salt behind the key of a combined mode.
pub const SALT: usize = 4;

const EVERY: [Encryption; 9] = [
    Encryption::Cbc(Cipher::DesCbc),
    Encryption::Cbc(Cipher::TripleDesCbc),
    Encryption::Cbc(Cipher::Aes128Cbc),
    Encryption::Cbc(Cipher::Aes192Cbc),
    Encryption::Cbc(Cipher::Aes256Cbc),
    Encryption::Aead(Aead::Aes128Gcm),
    Encryption::Aead(Aead::Aes192Gcm),
    Encryption::Aead(Aead::Aes256Gcm),
    Encryption::Aead(Aead::ChaCha20Poly1305),
];

/// The ENCR transform of a configured algorithm; `None` when this build cannot do it.
#[must_use]
pub fn encryption(configured: Ikev2Encryption) -> Option<Encryption> {
    let (number, bits) = match configured {
        Ikev2Encryption::Des => (2, None),
        Ikev2Encryption::TripleDes => (3, None),
        Ikev2Encryption::AesCbc(bits) => (12, Some(bits)),
        Ikev2Encryption::AesCtr(bits) => (13, Some(bits)),
        Ikev2Encryption::AesCcm { bits, icv } => (13 + u16::from(icv) / 4 - 1, Some(bits)),
        Ikev2Encryption::AesGcm { bits, icv } => (17 + u16::from(icv) / 4 - 1, Some(bits)),
        Ikev2Encryption::ChaCha20Poly1305 => (28, None),
    };
    Encryption::from_transform(number, bits)
}

/// The PRF of a configured name.
#[must_use]
pub fn prf(configured: Ikev2Prf) -> Option<Prf> {
    Some(match configured {
        Ikev2Prf::Md5 => Prf::Hmac(Hash::Md5),
        Ikev2Prf::Sha1 => Prf::Hmac(Hash::Sha1),
        Ikev2Prf::Sha256 => Prf::Hmac(Hash::Sha256),
        Ikev2Prf::Sha384 => Prf::Hmac(Hash::Sha384),
        Ikev2Prf::Sha512 => Prf::Hmac(Hash::Sha512),
        Ikev2Prf::AesXcbc => return Prf::from_iana(4),
        Ikev2Prf::AesCmac => return Prf::from_iana(8),
    })
}

/// The integrity algorithm of a configured name.
#[must_use]
pub fn integrity(configured: Ikev2Integrity) -> Option<Integrity> {
    Some(match configured {
        Ikev2Integrity::Md5 => Integrity::Hmac(Hash::Md5),
        Ikev2Integrity::Sha1 => Integrity::Hmac(Hash::Sha1),
        Ikev2Integrity::Sha256 => Integrity::Hmac(Hash::Sha256),
        Ikev2Integrity::Sha384 => Integrity::Hmac(Hash::Sha384),
        Ikev2Integrity::Sha512 => Integrity::Hmac(Hash::Sha512),
        Ikev2Integrity::AesXcbc => return Integrity::from_iana(5),
        Ikev2Integrity::AesCmac => return Integrity::from_iana(8),
    })
}

/// A transform of a type, with its key length where it has one.
#[must_use]
pub fn transform(ty: TransformType, (number, bits): (u16, Option<u16>)) -> Transform {
    match bits {
        Some(bits) => Transform::with_key_length(ty, number, bits),
        None => Transform::new(ty, number),
    }
}
