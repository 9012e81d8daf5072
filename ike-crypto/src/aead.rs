//! Authenticated ciphers of IKEv2 and ESP (RFC 5282, RFC 4106, RFC 7634).
//!
//! `ring` where it has the algorithm; AES-192-GCM comes from AWS-LC.

use std::fmt;

use crate::error::{CryptoError, expect_len};

/// An AEAD algorithm with a 12-octet nonce and a 16-octet tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aead {
    /// AES-GCM with a 16-octet key.
    Aes128Gcm,
    /// AES-GCM with a 24-octet key.
    Aes192Gcm,
    /// AES-GCM with a 32-octet key.
    Aes256Gcm,
    /// ChaCha20-Poly1305 (RFC 8439), 32-octet key.
    ChaCha20Poly1305,
}

impl Aead {
    /// Octets of the tag.
    pub const TAG_LEN: usize = 16;

    /// Octets of the key, without the salt that IKE and ESP put in the nonce.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes192Gcm => 24,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
}

/// An expanded AEAD key, usable from many threads.
pub struct AeadKey {
    aead: Aead,
    key: Inner,
}

enum Inner {
    // Boxed: the expanded key is large and a move copies no key material.
    Ring(Box<ring::aead::LessSafeKey>),
    Aws(aws_lc_rs::aead::LessSafeKey),
}

impl AeadKey {
    /// Expands `key` of exactly `aead.key_len()` octets.
    pub fn new(aead: Aead, key: &[u8]) -> Result<Self, CryptoError> {
        expect_len("AEAD key", aead.key_len(), key.len())?;
        let key = match aead {
            Aead::Aes128Gcm => from_ring(&ring::aead::AES_128_GCM, key),
            Aead::Aes256Gcm => from_ring(&ring::aead::AES_256_GCM, key),
            Aead::ChaCha20Poly1305 => from_ring(&ring::aead::CHACHA20_POLY1305, key),
            Aead::Aes192Gcm => from_aws(key),
        }?;
        Ok(Self { aead, key })
    }

    /// The algorithm this key belongs to.
    pub fn aead(&self) -> Aead {
        self.aead
    }

    /// Encrypts `data` in place and returns the tag over `aad` and `data`.
    /// A nonce must never repeat under one key: the caller's sequence number
    /// guarantees it.
    pub fn seal(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; 16], CryptoError> {
        let mut tag = [0; 16];
        match &self.key {
            Inner::Ring(key) => {
                let nonce = ring::aead::Nonce::assume_unique_for_key(*nonce);
                let sealed =
                    key.seal_in_place_separate_tag(nonce, ring::aead::Aad::from(aad), data);
                tag.copy_from_slice(sealed.map_err(|_| too_long())?.as_ref());
            }
            Inner::Aws(key) => {
                let nonce = aws_lc_rs::aead::Nonce::assume_unique_for_key(*nonce);
                let sealed =
                    key.seal_in_place_separate_tag(nonce, aws_lc_rs::aead::Aad::from(aad), data);
                tag.copy_from_slice(sealed.map_err(|_| too_long())?.as_ref());
            }
        }
        Ok(tag)
    }

    /// Checks `tag` (16 octets) and decrypts `data` in place. On
    /// [`CryptoError::BadTag`] the content of `data` is unspecified and must
    /// not be used.
    pub fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8],
    ) -> Result<(), CryptoError> {
        expect_len("AEAD tag", Aead::TAG_LEN, tag.len())?;
        match &self.key {
            Inner::Ring(key) => open_ring(key, nonce, aad, data, tag),
            Inner::Aws(key) => open_aws(key, nonce, aad, data, tag),
        }
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AeadKey({:?})", self.aead)
    }
}

fn from_ring(algorithm: &'static ring::aead::Algorithm, key: &[u8]) -> Result<Inner, CryptoError> {
    let key = ring::aead::UnboundKey::new(algorithm, key)
        .map_err(|_| CryptoError::InvalidKey("AEAD key"))?;
    Ok(Inner::Ring(Box::new(ring::aead::LessSafeKey::new(key))))
}

fn from_aws(key: &[u8]) -> Result<Inner, CryptoError> {
    let key = aws_lc_rs::aead::UnboundKey::new(&aws_lc_rs::aead::AES_192_GCM, key)
        .map_err(|_| CryptoError::InvalidKey("AEAD key"))?;
    Ok(Inner::Aws(aws_lc_rs::aead::LessSafeKey::new(key)))
}

fn open_ring(
    key: &ring::aead::LessSafeKey,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &mut [u8],
    tag: &[u8],
) -> Result<(), CryptoError> {
    let nonce = ring::aead::Nonce::assume_unique_for_key(*nonce);
    let tag = ring::aead::Tag::try_from(tag).map_err(|_| CryptoError::BadTag)?;
    key.open_in_place_separate_tag(nonce, ring::aead::Aad::from(aad), tag, data, 0..)
        .map(|_| ())
        .map_err(|_| CryptoError::BadTag)
}

fn open_aws(
    key: &aws_lc_rs::aead::LessSafeKey,
    nonce: &[u8; 12],
    aad: &[u8],
    data: &mut [u8],
    tag: &[u8],
) -> Result<(), CryptoError> {
    let nonce = aws_lc_rs::aead::Nonce::assume_unique_for_key(*nonce);
    key.open_in_place_separate_tag(nonce, aws_lc_rs::aead::Aad::from(aad), tag, data)
        .map(|_| ())
        .map_err(|_| CryptoError::BadTag)
}

fn too_long() -> CryptoError {
    CryptoError::Internal("AEAD input too long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_opens_what_it_sealed_and_refuses_any_change() {
        for aead in [
            Aead::Aes128Gcm,
            Aead::Aes192Gcm,
            Aead::Aes256Gcm,
            Aead::ChaCha20Poly1305,
        ] {
            let key = AeadKey::new(aead, &vec![3; aead.key_len()]).unwrap();
            let mut data = *b"first packet of the tunnel";
            let tag = key.seal(&[1; 12], b"header", &mut data).unwrap();
            let sealed = data;
            key.open(&[1; 12], b"header", &mut data, &tag).unwrap();
            assert_eq!(&data, b"first packet of the tunnel");
            for (nonce, aad, cut) in [
                ([2; 12], &b"header"[..], 16),
                ([1; 12], b"reader", 16),
                ([1; 12], b"header", 15),
            ] {
                let mut data = sealed;
                assert!(key.open(&nonce, aad, &mut data, &tag[..cut]).is_err());
            }
            let mut data = sealed;
            data[0] ^= 1;
            assert_eq!(
                key.open(&[1; 12], b"header", &mut data, &tag),
                Err(CryptoError::BadTag)
            );
        }
    }
}
