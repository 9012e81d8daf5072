//! AES in counter mode, for IKE (RFC 5930) and ESP (RFC 3686).
//!
//! It authenticates nothing: it needs an integrity algorithm beside it.

use std::fmt;

use crate::{
    error::{CryptoError, expect_len},
    ffi,
};

/// AES in counter mode with a key of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CtrCipher {
    /// 16-octet key.
    Aes128Ctr,
    /// 24-octet key.
    Aes192Ctr,
    /// 32-octet key.
    Aes256Ctr,
}

impl CtrCipher {
    /// Octets of the nonce behind the key in the key material (RFC 3686 5.1).
    pub const NONCE_LEN: usize = 4;
    /// Octets of the IV in each packet (RFC 3686 3.1).
    pub const IV_LEN: usize = 8;

    /// Octets of the key, without the nonce.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Ctr => 16,
            Self::Aes192Ctr => 24,
            Self::Aes256Ctr => 32,
        }
    }
}

/// An expanded key, usable from many threads. Cleared on drop.
pub struct CtrKey {
    cipher: CtrCipher,
    // Boxed so that a move copies no key material.
    schedule: Box<ffi::AesForward>,
}

impl CtrKey {
    /// Expands `key` of exactly `cipher.key_len()` octets.
    pub fn new(cipher: CtrCipher, key: &[u8]) -> Result<Self, CryptoError> {
        expect_len("cipher key", cipher.key_len(), key.len())?;
        Ok(Self {
            cipher,
            schedule: Box::new(ffi::AesForward::new(key)?),
        })
    }

    /// The cipher this key belongs to.
    pub fn cipher(&self) -> CtrCipher {
        self.cipher
    }

    /// Encrypts or decrypts `data` of any length in place. The counter block is
    /// nonce | IV | 1 (RFC 3686 4). An IV must never repeat under one key: the
    /// caller's sequence number guarantees it.
    pub fn apply(&self, nonce: &[u8], iv: &[u8], data: &mut [u8]) -> Result<(), CryptoError> {
        expect_len("counter nonce", CtrCipher::NONCE_LEN, nonce.len())?;
        expect_len("IV", CtrCipher::IV_LEN, iv.len())?;
        let mut first = [0; 16];
        let octets = nonce.iter().chain(iv).chain(&[0, 0, 0, 1]);
        first
            .iter_mut()
            .zip(octets)
            .for_each(|(to, from)| *to = *from);
        self.schedule.counter(first, data);
        Ok(())
    }
}

impl fmt::Debug for CtrKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CtrKey({:?})", self.cipher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3686 4: the last 4 octets of the counter block count, and each block
    /// of the key stream is the counter block encrypted.
    #[test]
    fn each_block_of_the_key_stream_is_its_counter_encrypted() {
        for cipher in [
            CtrCipher::Aes128Ctr,
            CtrCipher::Aes192Ctr,
            CtrCipher::Aes256Ctr,
        ] {
            let octets = vec![6; cipher.key_len()];
            let key = CtrKey::new(cipher, &octets).unwrap();
            let mut stream = [0; 300 * 16 + 5];
            key.apply(&[1; 4], &[2; 8], &mut stream).unwrap();
            let block = ffi::AesForward::new(&octets).unwrap();
            for (number, found) in (1_u32..).zip(stream.chunks(16)) {
                let mut counter = [2; 16];
                counter[..4].fill(1);
                counter[12..].copy_from_slice(&number.to_be_bytes());
                block.block(&mut counter);
                assert_eq!(found, &counter[..found.len()], "block {number}");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert!(CtrKey::new(CtrCipher::Aes128Ctr, &[0; 20]).is_err());
        let key = CtrKey::new(CtrCipher::Aes128Ctr, &[0; 16]).unwrap();
        assert!(key.apply(&[0; 3], &[0; 8], &mut []).is_err());
        assert!(key.apply(&[0; 4], &[0; 16], &mut []).is_err());
        assert_eq!(key.apply(&[0; 4], &[0; 8], &mut []), Ok(()));
    }
}
