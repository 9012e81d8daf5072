//! Key transport by RSAES-PKCS1-v1_5 (RFC 8017 7.2), as CMS uses it (RFC 3370
//! 4.2.1): a content-encryption key for whoever has the private key.
//!
//! Decryption is no oracle (E7): what is not padded as it should be gives a
//! pseudo-random key of the wanted length instead of an error, so that a forged
//! message fails later, as one for another key does. The length is known
//! beforehand, so no branch depends on what the block holds (RFC 3218 2.3).

use std::hint::black_box;

use zeroize::Zeroize;

use crate::{
    error::CryptoError,
    hash::Hash,
    hmac::hmac,
    key::{PrivateKey, PublicKey},
    secret::Secret,
};

/// Fewest random octets of a block (RFC 8017 7.2.1).
const MIN_PADDING: usize = 8;
/// Octets of a block that are neither padding nor key.
const FRAME: usize = 3;
/// Draws before a generator that gives zeros alone is given up.
const MAX_DRAWS: usize = 64;

impl PublicKey {
    /// Encrypts a content-encryption key; the padding is drawn from `random`.
    /// As many octets as the modulus.
    ///
    /// # Errors
    /// Not an RSA key, a modulus too short for the key, or a generator that
    /// gives zeros alone.
    pub fn encrypt_key(
        &self,
        key: &Secret,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Vec<u8>, CryptoError> {
        let modulus = self.rsa_modulus_len()?;
        let padding = padding_len(modulus, key.len())?;
        // Never grown: no copy of the key is left behind.
        let mut block = Vec::with_capacity(modulus);
        block.extend([0, 2]);
        fill(&mut block, padding, random)?;
        block.push(0);
        block.extend_from_slice(key.expose());
        let sealed = self.rsa_public(&block);
        block.zeroize();
        sealed
    }
}

impl PrivateKey {
    /// Decrypts a content-encryption key of `len` octets. Wrong padding gives
    /// a pseudo-random key, the same one for the same `sealed`, in the same
    /// time.
    ///
    /// # Errors
    /// Only what the sender of `sealed` knows anyway: not an RSA key, a modulus
    /// too short, not as long as the modulus or not below it.
    pub fn decrypt_key(&self, sealed: &[u8], len: usize) -> Result<Secret, CryptoError> {
        let modulus = self.public().rsa_modulus_len()?;
        let padding = padding_len(modulus, len)?;
        let mut other = self.rejection(sealed, len)?;
        let mut block = self.rsa_private(sealed, modulus)?;
        let good = padded(&block, padding);
        let key = block.get(FRAME + padding..).unwrap_or_default();
        let chosen = key
            .iter()
            .zip(&other)
            .map(|(key, other)| (key & good) | (other & !good));
        let chosen: Vec<u8> = chosen.collect();
        block.zeroize();
        other.zeroize();
        Ok(Secret::from(chosen))
    }

    /// What stands in for a key that cannot be decrypted: HMAC-SHA-256 over
    /// the ciphertext, by a key that only the owner of the private key has.
    fn rejection(&self, sealed: &[u8], len: usize) -> Result<Vec<u8>, CryptoError> {
        let private = self.to_pkcs8_der()?;
        let mut key = Hash::Sha256.digest(&[b"implicit rejection", private.expose()]);
        let blocks = 0..len.div_ceil(Hash::Sha256.output_len());
        let mut out: Vec<u8> = blocks
            .flat_map(|index| hmac(Hash::Sha256, &key, &[&index.to_be_bytes(), sealed]))
            .collect();
        key.zeroize();
        out.truncate(len);
        Ok(out)
    }
}

fn padding_len(modulus: usize, key: usize) -> Result<usize, CryptoError> {
    modulus
        .checked_sub(key + FRAME)
        .filter(|padding| *padding >= MIN_PADDING)
        .ok_or(CryptoError::InvalidKey(
            "RSA modulus too short to transport this key",
        ))
}

/// Appends `count` octets that are not zero.
fn fill(
    block: &mut Vec<u8>,
    count: usize,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<(), CryptoError> {
    let end = block.len() + count;
    for _ in 0..MAX_DRAWS {
        let mut draw = vec![0; end - block.len()];
        random(&mut draw);
        block.extend(draw.iter().filter(|octet| **octet != 0));
        if block.len() == end {
            return Ok(());
        }
    }
    Err(CryptoError::Internal("random octets are all zero"))
}

/// FF when the block is `00 02`, `padding` octets that are not zero, `00`;
/// else 00. Looks at every octet whatever they are.
fn padded(block: &[u8], padding: usize) -> u8 {
    let expected = |index: usize, octet: u8| match index {
        0 => zero(octet),
        1 => zero(octet ^ 2),
        _ if index < 2 + padding => !zero(octet),
        _ => zero(octet),
    };
    let frame = block.iter().take(FRAME + padding).enumerate();
    frame.fold(0xff, |good, (index, octet)| {
        black_box(good & expected(index, *octet))
    })
}

/// FF for zero, else 00, without a branch.
fn zero(octet: u8) -> u8 {
    let wide = u16::from(black_box(octet));
    (wide.wrapping_sub(1) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fill_random, key::KeySpec};

    fn entropy(out: &mut [u8]) {
        fill_random(out).unwrap();
    }

    fn key() -> PrivateKey {
        PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap()
    }

    #[test]
    fn keys_of_every_cipher_survive_transport() {
        let rsa = key();
        for len in [8, 16, 24, 32] {
            let secret = Secret::from(vec![len as u8; len]);
            let sealed = rsa.public().encrypt_key(&secret, &mut entropy).unwrap();
            assert_eq!(sealed.len(), 128);
            assert_eq!(rsa.decrypt_key(&sealed, len).unwrap(), secret);
        }
    }

    /// E7: no error tells a good padding from a bad one; the stand-in repeats.
    #[test]
    fn wrong_padding_gives_another_key_and_no_error() {
        let rsa = key();
        let secret = [7_u8; 16];
        let good = [&[0, 2][..], &[1; 109], &[0], &secret].concat();
        let of = |block: &[u8]| {
            let sealed = rsa.public().rsa_public(block).unwrap();
            rsa.decrypt_key(&sealed, 16).unwrap()
        };
        assert_eq!(of(&good).expose(), secret);
        for at in [0, 1, 2, 50, 110, 111] {
            let mut bad = good.clone();
            bad[at] = match at {
                0 | 1 | 111 => 1,
                _ => 0,
            };
            let other = of(&bad);
            assert_eq!(other.len(), 16, "{at}");
            assert_ne!(other.expose(), secret, "{at}");
            assert_eq!(of(&bad), other, "{at}");
        }
    }

    /// A key of another length than the wanted one is a wrong padding too.
    #[test]
    fn a_key_of_another_length_is_not_read() {
        let rsa = key();
        let long = Secret::from(vec![9; 24]);
        let sealed = rsa.public().encrypt_key(&long, &mut entropy).unwrap();
        assert_ne!(rsa.decrypt_key(&sealed, 16).unwrap().expose(), [9; 16]);
    }

    #[test]
    fn what_everybody_can_see_is_an_error() {
        let rsa = key();
        assert!(rsa.decrypt_key(&[0; 127], 16).is_err());
        assert!(rsa.decrypt_key(&[0xff; 128], 16).is_err());
        let ec = PrivateKey::generate(KeySpec::EcP256).unwrap();
        assert_eq!(
            ec.decrypt_key(&[0; 64], 16).unwrap_err(),
            CryptoError::SchemeMismatch
        );
        let small = PrivateKey::generate(KeySpec::Rsa { bits: 512 }).unwrap();
        let long = Secret::from(vec![1; 54]);
        assert!(small.public().encrypt_key(&long, &mut entropy).is_err());
        let fits = Secret::from(vec![1; 32]);
        assert!(small.public().encrypt_key(&fits, &mut entropy).is_ok());
        let mut zeros = |out: &mut [u8]| out.fill(0);
        assert!(small.public().encrypt_key(&fits, &mut zeros).is_err());
    }
}
