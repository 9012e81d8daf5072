//! CBC block ciphers: DES, 3DES and AES (RFC 2405, RFC 2451, RFC 3602).
//!
//! No padding here: IKEv1, IKEv2 and ESP each pad in their own way.

use std::fmt;

use crate::{
    error::{CryptoError, expect_len},
    ffi,
};

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cipher {
    /// DES, 8-octet key (56 bits used). Only for old peers.
    DesCbc,
    /// 3DES (EDE, three keys), 24-octet key.
    TripleDesCbc,
    /// AES with a 16-octet key.
    Aes128Cbc,
    /// AES with a 24-octet key.
    Aes192Cbc,
    /// AES with a 32-octet key.
    Aes256Cbc,
}

impl Cipher {
    /// Octets of the key, DES parity bits included.
    pub const fn key_len(self) -> usize {
        match self {
            Self::DesCbc => 8,
            Self::Aes128Cbc => 16,
            Self::TripleDesCbc | Self::Aes192Cbc => 24,
            Self::Aes256Cbc => 32,
        }
    }

    /// Octets of a block and of the IV.
    pub const fn block_len(self) -> usize {
        match self {
            Self::DesCbc | Self::TripleDesCbc => 8,
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => 16,
        }
    }
}

/// An expanded key, ready for many packets and usable from many threads.
/// Cleared on drop.
pub struct CbcKey {
    cipher: Cipher,
    // Boxed so that a move copies no key material.
    schedule: Box<Schedule>,
}

enum Schedule {
    Des(ffi::Des),
    Aes(ffi::Aes),
}

impl CbcKey {
    /// Expands `key` of exactly `cipher.key_len()` octets, used as given: DES
    /// parity is ignored and weak keys are the caller's matter (RFC 2409
    /// appendix A).
    pub fn new(cipher: Cipher, key: &[u8]) -> Result<Self, CryptoError> {
        expect_len("cipher key", cipher.key_len(), key.len())?;
        let schedule = match cipher {
            Cipher::DesCbc | Cipher::TripleDesCbc => Schedule::Des(ffi::Des::new(key)?),
            _ => Schedule::Aes(ffi::Aes::new(key)?),
        };
        Ok(Self {
            cipher,
            schedule: Box::new(schedule),
        })
    }

    /// The cipher this key belongs to.
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// Encrypts `data` in place; it must be whole blocks. `iv` is one block.
    pub fn encrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<(), CryptoError> {
        self.check(iv, data)?;
        match &*self.schedule {
            Schedule::Des(key) => key.encrypt(iv, data),
            Schedule::Aes(key) => key.encrypt(iv, data),
        }
    }

    /// Decrypts `data` in place; it must be whole blocks. `iv` is one block.
    pub fn decrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<(), CryptoError> {
        self.check(iv, data)?;
        match &*self.schedule {
            Schedule::Des(key) => key.decrypt(iv, data),
            Schedule::Aes(key) => key.decrypt(iv, data),
        }
    }

    fn check(&self, iv: &[u8], data: &[u8]) -> Result<(), CryptoError> {
        let block = self.cipher.block_len();
        expect_len("IV", block, iv.len())?;
        match data.len().is_multiple_of(block) {
            true => Ok(()),
            false => Err(CryptoError::NotBlockMultiple {
                block,
                found: data.len(),
            }),
        }
    }
}

impl fmt::Debug for CbcKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CbcKey({:?})", self.cipher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cipher; 5] = [
        Cipher::DesCbc,
        Cipher::TripleDesCbc,
        Cipher::Aes128Cbc,
        Cipher::Aes192Cbc,
        Cipher::Aes256Cbc,
    ];

    #[test]
    fn what_is_encrypted_comes_back() {
        for cipher in ALL {
            let octets: Vec<u8> = (1..=cipher.key_len() as u8).collect();
            let key = CbcKey::new(cipher, &octets).unwrap();
            let iv = vec![7; cipher.block_len()];
            let plain: Vec<u8> = (0..cipher.block_len() as u8 * 5).collect();
            let mut data = plain.clone();
            key.encrypt(&iv, &mut data).unwrap();
            assert_ne!(data, plain);
            key.decrypt(&iv, &mut data).unwrap();
            assert_eq!(data, plain);
        }
    }

    /// Three equal DES keys make 3DES a single DES, a known relation of EDE.
    #[test]
    fn triple_des_with_equal_keys_is_des() {
        let single = CbcKey::new(Cipher::DesCbc, b"8bytekey").unwrap();
        let triple = CbcKey::new(Cipher::TripleDesCbc, b"8bytekey8bytekey8bytekey").unwrap();
        let (mut one, mut three) = ([1_u8; 24], [1_u8; 24]);
        single.encrypt(&[9; 8], &mut one).unwrap();
        triple.encrypt(&[9; 8], &mut three).unwrap();
        assert_eq!(one, three);
    }

    #[test]
    fn wrong_lengths_are_named() {
        assert_eq!(
            CbcKey::new(Cipher::TripleDesCbc, &[0; 23])
                .unwrap_err()
                .to_string(),
            "cipher key is 23 octets, expected 24"
        );
        let key = CbcKey::new(Cipher::Aes128Cbc, &[0; 16]).unwrap();
        assert!(matches!(
            key.encrypt(&[0; 8], &mut [0; 16]),
            Err(CryptoError::Length { .. })
        ));
        assert_eq!(
            key.decrypt(&[0; 16], &mut [0; 17]),
            Err(CryptoError::NotBlockMultiple {
                block: 16,
                found: 17
            })
        );
        assert_eq!(key.decrypt(&[0; 16], &mut []), Ok(()));
    }
}
