//! Encryption and integrity of ESP packets with the keys of one direction.
//!
//! Works in place on a packet whose layout `esp` knows. CBC and NULL are followed by an
//! HMAC over everything before it (RFC 4303 section 2.8); GCM and ChaCha20-Poly1305 are both in
//! one (RFC 4106, RFC 7634).

use std::ops::Range;

use ike_crypto::{Aead, AeadKey, CbcKey, HmacKey, Secret, ct_eq};

use super::esp::{EspError, HEADER};
use super::suite::EspSuite;

/// The keys of one direction at work.
#[derive(Debug)]
pub(super) struct Protection {
    pub(super) suite: EspSuite,
    esn: bool,
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    /// CBC or NULL, and HMAC over header, IV and ciphertext.
    Separate(Option<CbcKey>, HmacKey),
    /// A combined mode and the salt in front of its IV.
    Combined(AeadKey, [u8; 4]),
}

impl Protection {
    /// Checks the suite and the lengths of its keys, and makes the key schedules.
    pub(super) fn new(
        suite: EspSuite,
        encryption: &Secret,
        integrity: &Secret,
        esn: bool,
    ) -> Result<Self, EspError> {
        suite.check()?;
        expect_length("encryption", suite.encryption_key_len(), encryption)?;
        expect_length("integrity", suite.integrity_key_len(), integrity)?;
        let keys = Keys::new(suite, encryption.expose(), integrity.expose())?;
        Ok(Self { suite, esn, keys })
    }

    /// Fills in the IV, encrypts what is behind it and appends the ICV.
    pub(super) fn seal(&self, sequence: u64, out: &mut Vec<u8>) -> Result<(), EspError> {
        let (header, rest) = out.split_at_mut(HEADER);
        let (iv, body) = rest.split_at_mut(self.suite.cipher.iv_len());
        match &self.keys {
            Keys::Separate(cipher, hmac) => {
                encrypt(cipher.as_ref(), sequence, iv, body)?;
                let tag = hmac.sign(&[out.as_slice(), self.upper_half(&sequence.to_be_bytes())]);
                out.extend_from_slice(tag.as_ref().get(..self.suite.icv_len()).unwrap_or_default());
            }
            Keys::Combined(key, salt) => {
                iv.copy_from_slice(&sequence.to_be_bytes());
                let (aad, length) = self.associated_data(header, sequence);
                let aad = aad.get(..length).unwrap_or_default();
                let tag = key
                    .seal(&nonce(salt, iv), aad, body)
                    .map_err(|_| EspError::TooLong(body.len()))?;
                out.extend_from_slice(tag.as_ref());
            }
        }
        Ok(())
    }

    /// Verifies, then decrypts; gives the place of the plaintext.
    pub(super) fn open(&self, sequence: u64, packet: &mut [u8]) -> Result<Range<usize>, EspError> {
        let start = HEADER + self.suite.cipher.iv_len();
        let minimum = self.suite.sealed_len(0);
        let found = packet.len();
        let end = found
            .checked_sub(self.suite.icv_len())
            .filter(|_| found >= minimum);
        let end = end.ok_or(EspError::TooShort { found, minimum })?;
        if !(end - start).is_multiple_of(self.suite.cipher.alignment()) {
            return Err(EspError::NotBlocks(end - start));
        }
        let (sealed, icv) = packet.split_at_mut(end);
        self.verify_and_decrypt(sequence, sealed, icv)?;
        Ok(start..end)
    }

    fn verify_and_decrypt(
        &self,
        sequence: u64,
        sealed: &mut [u8],
        icv: &[u8],
    ) -> Result<(), EspError> {
        if let Keys::Separate(_, hmac) = &self.keys {
            let tag = hmac.sign(&[sealed, self.upper_half(&sequence.to_be_bytes())]);
            let expected = tag.as_ref().get(..icv.len()).unwrap_or_default();
            ct_eq(expected, icv).then_some(()).ok_or(EspError::BadIcv)?;
        }
        let (header, rest) = sealed.split_at_mut(HEADER);
        let (iv, body) = rest.split_at_mut(self.suite.cipher.iv_len());
        match &self.keys {
            Keys::Separate(None, _) => Ok(()),
            Keys::Separate(Some(key), _) => key
                .decrypt(iv, body)
                .map_err(|_| EspError::NotBlocks(body.len())),
            Keys::Combined(key, salt) => {
                let (aad, length) = self.associated_data(header, sequence);
                let aad = aad.get(..length).unwrap_or_default();
                key.open(&nonce(salt, iv), aad, body, icv)
                    .map_err(|_| EspError::BadIcv)
            }
        }
    }

    /// With ESN the upper 32 bits follow the ciphertext under the HMAC (RFC 4303 section 2.2.1).
    fn upper_half<'a>(&self, sequence: &'a [u8; 8]) -> &'a [u8] {
        if self.esn {
            sequence.get(..4).unwrap_or_default()
        } else {
            &[]
        }
    }

    /// SPI and sequence number, of 64 bits with ESN (RFC 4106 section 5).
    fn associated_data(&self, header: &[u8], sequence: u64) -> ([u8; 12], usize) {
        let mut aad = [0; 12];
        let (front, number) = aad.split_at_mut(4);
        front.copy_from_slice(header.get(..4).unwrap_or(&[0; 4]));
        if self.esn {
            number.copy_from_slice(&sequence.to_be_bytes());
            return (aad, 12);
        }
        number[..4].copy_from_slice(&(sequence as u32).to_be_bytes());
        (aad, HEADER)
    }
}

impl Keys {
    fn new(suite: EspSuite, encryption: &[u8], integrity: &[u8]) -> Result<Self, EspError> {
        match (suite.cipher.combined(), suite.integrity) {
            (Some(aead), _) => Self::combined(aead, encryption),
            (None, Some(algorithm)) => {
                let cipher = suite
                    .cipher
                    .cbc()
                    .map(|cipher| CbcKey::new(cipher, encryption));
                let cipher = cipher.transpose().map_err(|_| EspError::BadKey)?;
                Ok(Self::Separate(
                    cipher,
                    HmacKey::new(algorithm.hash(), integrity),
                ))
            }
            (None, None) => Err(EspError::Unauthenticated),
        }
    }

    /// The salt is behind the key (RFC 4106 section 8.1).
    fn combined(aead: Aead, encryption: &[u8]) -> Result<Self, EspError> {
        let (key, salt) = encryption.split_last_chunk::<4>().ok_or(EspError::BadKey)?;
        let key = AeadKey::new(aead, key).map_err(|_| EspError::BadKey)?;
        Ok(Self::Combined(key, *salt))
    }
}

fn expect_length(what: &'static str, expected: usize, key: &Secret) -> Result<(), EspError> {
    let found = key.len();
    (found == expected)
        .then_some(())
        .ok_or(EspError::KeyLength {
            what,
            expected,
            found,
        })
}

/// CBC under an IV that is the sequence number encrypted with the same key: unique, and
/// unpredictable to those without the key (NIST SP 800-38A appendix C).
fn encrypt(
    cipher: Option<&CbcKey>,
    sequence: u64,
    iv: &mut [u8],
    body: &mut [u8],
) -> Result<(), EspError> {
    let Some(key) = cipher else { return Ok(()) };
    let zero = [0; 16];
    let zero = zero.get(..iv.len()).unwrap_or_default();
    if let Some(counter) = iv.last_chunk_mut::<8>() {
        *counter = sequence.to_be_bytes();
    }
    key.encrypt(zero, iv).map_err(|_| EspError::BadKey)?;
    key.encrypt(iv, body)
        .map_err(|_| EspError::NotBlocks(body.len()))
}

/// Salt and IV (RFC 4106 section 4).
fn nonce(salt: &[u8; 4], iv: &[u8]) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (front, back) = nonce.split_at_mut(4);
    front.copy_from_slice(salt);
    for (to, from) in back.iter_mut().zip(iv) {
        *to = *from;
    }
    nonce
}
