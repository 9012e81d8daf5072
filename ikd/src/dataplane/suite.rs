//! ESP algorithms and what they cost in octets (rule G-080).

use ike_crypto::{Aead, Cipher, Hash};

use super::esp::EspError;

/// An ESP encryption algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EspCipher {
    /// NULL (RFC 2410): integrity alone.
    Null,
    /// DES-CBC (RFC 2405).
    DesCbc,
    /// 3DES-CBC (RFC 2451).
    TripleDesCbc,
    /// AES-CBC with a key of 128 bits (RFC 3602).
    Aes128Cbc,
    /// AES-CBC with a key of 192 bits.
    Aes192Cbc,
    /// AES-CBC with a key of 256 bits.
    Aes256Cbc,
    /// AES-GCM with a 16-octet ICV and a key of 128 bits (RFC 4106).
    Aes128Gcm,
    /// AES-GCM with a 16-octet ICV and a key of 192 bits.
    Aes192Gcm,
    /// AES-GCM with a 16-octet ICV and a key of 256 bits.
    Aes256Gcm,
    /// ChaCha20-Poly1305 (RFC 7634).
    ChaCha20Poly1305,
}

/// An ESP integrity algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EspIntegrity {
    /// HMAC-MD5-96 (RFC 2403).
    HmacMd5_96,
    /// HMAC-SHA1-96 (RFC 2404).
    HmacSha1_96,
    /// HMAC-SHA-256-128 (RFC 4868).
    HmacSha256_128,
    /// HMAC-SHA-384-192 (RFC 4868).
    HmacSha384_192,
    /// HMAC-SHA-512-256 (RFC 4868).
    HmacSha512_256,
}

/// The algorithms of one security association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EspSuite {
    /// Encryption, or encryption with integrity (a combined mode).
    pub cipher: EspCipher,
    /// Integrity; none with a combined mode and only then.
    pub integrity: Option<EspIntegrity>,
}

impl EspCipher {
    /// Octets of keying material: the key and, for a combined mode, the salt of 4
    /// octets behind it (RFC 4106 section 8.1, RFC 7634 section 2).
    pub const fn key_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::DesCbc => 8,
            Self::Aes128Cbc => 16,
            Self::Aes128Gcm => 20,
            Self::TripleDesCbc | Self::Aes192Cbc => 24,
            Self::Aes192Gcm => 28,
            Self::Aes256Cbc => 32,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 36,
        }
    }

    /// Octets of the explicit IV in each packet.
    pub const fn iv_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::DesCbc | Self::TripleDesCbc => 8,
            Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => 8,
            Self::ChaCha20Poly1305 => 8,
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => 16,
        }
    }

    /// The plaintext with its trailer is a multiple of so many octets: the block, and
    /// at least 4 (RFC 4303 section 2.4).
    pub const fn alignment(self) -> usize {
        match self.cbc() {
            Some(cipher) => cipher.block_len(),
            None => 4,
        }
    }

    pub(super) const fn cbc(self) -> Option<Cipher> {
        match self {
            Self::DesCbc => Some(Cipher::DesCbc),
            Self::TripleDesCbc => Some(Cipher::TripleDesCbc),
            Self::Aes128Cbc => Some(Cipher::Aes128Cbc),
            Self::Aes192Cbc => Some(Cipher::Aes192Cbc),
            Self::Aes256Cbc => Some(Cipher::Aes256Cbc),
            Self::Null | Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm => None,
            Self::ChaCha20Poly1305 => None,
        }
    }

    /// A combined mode: encryption and integrity in one.
    pub(super) const fn combined(self) -> Option<Aead> {
        match self {
            Self::Aes128Gcm => Some(Aead::Aes128Gcm),
            Self::Aes192Gcm => Some(Aead::Aes192Gcm),
            Self::Aes256Gcm => Some(Aead::Aes256Gcm),
            Self::ChaCha20Poly1305 => Some(Aead::ChaCha20Poly1305),
            _ => None,
        }
    }
}

impl EspIntegrity {
    /// The hash under the HMAC.
    pub const fn hash(self) -> Hash {
        match self {
            Self::HmacMd5_96 => Hash::Md5,
            Self::HmacSha1_96 => Hash::Sha1,
            Self::HmacSha256_128 => Hash::Sha256,
            Self::HmacSha384_192 => Hash::Sha384,
            Self::HmacSha512_256 => Hash::Sha512,
        }
    }

    /// Octets of the key: as many as the hash puts out.
    pub const fn key_len(self) -> usize {
        self.hash().output_len()
    }

    /// Octets of the (truncated) ICV.
    pub const fn icv_len(self) -> usize {
        match self {
            Self::HmacMd5_96 | Self::HmacSha1_96 => 12,
            Self::HmacSha256_128 => 16,
            Self::HmacSha384_192 => 24,
            Self::HmacSha512_256 => 32,
        }
    }
}

impl EspSuite {
    /// Octets of encryption keying material (combined modes: with salt).
    pub const fn encryption_key_len(self) -> usize {
        self.cipher.key_len()
    }

    /// Octets of integrity keying material.
    pub fn integrity_key_len(self) -> usize {
        self.integrity.map_or(0, EspIntegrity::key_len)
    }

    /// Octets of the ICV at the end of each packet.
    pub fn icv_len(self) -> usize {
        self.integrity.map_or(Aead::TAG_LEN, EspIntegrity::icv_len)
    }

    /// Octets of the ESP packet around a payload of `payload` octets.
    pub fn sealed_len(self, payload: usize) -> usize {
        let body = (payload + 2).next_multiple_of(self.cipher.alignment());
        8 + self.cipher.iv_len() + body + self.icv_len()
    }

    /// The largest payload whose ESP packet fits into `space` octets.
    pub fn largest_payload(self, space: usize) -> usize {
        let fixed = 8 + self.cipher.iv_len() + self.icv_len();
        let alignment = self.cipher.alignment();
        let body = space.saturating_sub(fixed) / alignment * alignment;
        body.saturating_sub(2)
    }

    /// A suite must authenticate: CBC or NULL need an integrity algorithm, a combined
    /// mode brings its own and takes no other (RFC 8221 section 4, threat C18).
    pub(super) fn check(self) -> Result<(), EspError> {
        match (self.cipher.combined(), self.integrity) {
            (None, None) => Err(EspError::Unauthenticated),
            (Some(_), Some(_)) => Err(EspError::TwoIntegrities),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: EspSuite = EspSuite {
        cipher: EspCipher::TripleDesCbc,
        integrity: Some(EspIntegrity::HmacSha1_96),
    };

    #[test]
    fn a_ping_of_the_seed_costs_what_rfc_4303_says() {
        // 100 octets + 2 -> 104; SPI and sequence 8, IV 8, ICV 12.
        assert_eq!(SEED.sealed_len(100), 8 + 8 + 104 + 12);
    }

    #[test]
    fn the_largest_payload_fits_and_one_more_does_not() {
        let gcm = EspSuite {
            cipher: EspCipher::Aes256Gcm,
            integrity: None,
        };
        let chacha = EspSuite {
            cipher: EspCipher::ChaCha20Poly1305,
            ..gcm
        };
        for suite in [SEED, gcm, chacha] {
            for space in 60..1500 {
                let most = suite.largest_payload(space);
                assert!(suite.sealed_len(most) <= space, "{suite:?} {space}");
                assert!(suite.sealed_len(most + 1) > space, "{suite:?} {space}");
            }
        }
    }

    #[test]
    fn nothing_goes_without_integrity_and_combined_modes_take_no_second_one() {
        let bare = EspSuite {
            integrity: None,
            ..SEED
        };
        assert_eq!(bare.check(), Err(EspError::Unauthenticated));
        for cipher in [EspCipher::Aes128Gcm, EspCipher::ChaCha20Poly1305] {
            let double = EspSuite { cipher, ..SEED };
            assert_eq!(double.check(), Err(EspError::TwoIntegrities));
        }
        assert_eq!(SEED.check(), Ok(()));
    }
}
