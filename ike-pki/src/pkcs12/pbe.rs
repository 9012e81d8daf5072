//! Encryption under a passphrase: PBES2 (RFC 8018 6.2) and the
//! `pbeWithSHAAnd3-KeyTripleDES-CBC` of IOS and old programs (RFC 7292
//! appendix C).
//!
//! The iteration counts come with the file, so their sum is bounded by a
//! [`Budget`] before any work is done.

use ike_crypto::{CbcKey, Cipher, CryptoError, Hash, Pkcs12Purpose, Secret, pbkdf2, pkcs12_kdf};
use zeroize::Zeroize;

use super::{Pkcs12Error, oid};
use crate::{
    cms::{cipher_known_as, oid_of},
    der::{Reader, Tlv, tag},
    writer::{self, sequence, tlv},
};

/// Iterations that one file may ask for, all derivations together.
pub const MAX_ITERATIONS: u32 = 2_000_000;
/// Octets of the longest salt that is read.
const MAX_SALT: usize = 1024;

/// Iterations that are left for a file.
#[derive(Debug)]
pub(crate) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_ITERATIONS)
    }
}

impl Budget {
    /// Takes `iterations`, each done `times`.
    pub(crate) fn spend(&mut self, iterations: u32, times: u32) -> Result<(), Pkcs12Error> {
        let left = iterations
            .checked_mul(times)
            .and_then(|cost| self.0.checked_sub(cost));
        self.0 = left.ok_or(Pkcs12Error::Iterations(iterations))?;
        Ok(())
    }
}

/// How something is encrypted: everything but the passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// PBKDF2 and a block cipher.
    Pbes2 {
        hash: Hash,
        salt: Vec<u8>,
        iterations: u32,
        cipher: Cipher,
        iv: Vec<u8>,
    },
    /// SHA-1 and 3DES as PKCS#12 has them.
    TripleDes { salt: Vec<u8>, iterations: u32 },
}

impl Scheme {
    /// Reads an AlgorithmIdentifier.
    pub(crate) fn read(algorithm: &Tlv<'_>) -> Result<Self, Pkcs12Error> {
        let mut reader = algorithm.reader();
        match reader.oid()? {
            oid::PBES2 => pbes2(reader.sequence("PBES2 parameters")?),
            oid::PBE_SHA_3DES => {
                let mut parameters = reader.sequence("PKCS#12 encryption parameters")?;
                let salt = salt(&mut parameters)?;
                let iterations = count(&mut parameters)?;
                Ok(Self::TripleDes { salt, iterations })
            }
            oid::PBE_SHA_RC2_40 => Err(Pkcs12Error::unsupported("encryption RC2-40")),
            oid::PBE_SHA_RC2_128 => Err(Pkcs12Error::unsupported("encryption RC2-128")),
            other => Err(Pkcs12Error::unsupported(&format!(
                "encryption {}",
                crate::oid::dotted(other)
            ))),
        }
    }

    /// AES-256-CBC under PBKDF2-HMAC-SHA256.
    pub(crate) fn modern(salt: &[u8], iterations: u32, iv: &[u8]) -> Self {
        Self::Pbes2 {
            hash: Hash::Sha256,
            salt: salt.to_vec(),
            iterations,
            cipher: Cipher::Aes256Cbc,
            iv: iv.to_vec(),
        }
    }

    /// The AlgorithmIdentifier.
    pub(crate) fn write(&self) -> Vec<u8> {
        match self {
            Self::TripleDes { salt, iterations } => {
                let salt = tlv(tag::OCTET_STRING, &[salt]);
                let parameters = sequence(&[&salt, &writer::unsigned(&iterations.to_be_bytes())]);
                sequence(&[&writer::oid(oid::PBE_SHA_3DES), &parameters])
            }
            Self::Pbes2 {
                hash,
                salt,
                iterations,
                cipher,
                iv,
            } => {
                let prf = sequence(&[&writer::oid(prf_oid(*hash)), &tlv(tag::NULL, &[])]);
                let kdf = sequence(&[
                    &tlv(tag::OCTET_STRING, &[salt]),
                    &writer::unsigned(&iterations.to_be_bytes()),
                    &prf,
                ]);
                let kdf = sequence(&[&writer::oid(oid::PBKDF2), &kdf]);
                let iv = tlv(tag::OCTET_STRING, &[iv]);
                let cipher = sequence(&[&writer::oid(oid_of(*cipher)), &iv]);
                sequence(&[&writer::oid(oid::PBES2), &sequence(&[&kdf, &cipher])])
            }
        }
    }

    /// Decrypts; the padding is checked.
    pub(crate) fn decrypt(
        &self,
        passphrase: &str,
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Secret, Pkcs12Error> {
        self.spend(budget)?;
        let (key, iv) = self.derive(passphrase)?;
        self.decrypt_with(&key, &iv, data)
    }

    /// Encrypts, padded to whole blocks.
    pub(crate) fn encrypt(&self, passphrase: &str, data: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
        let (key, iv) = self.derive(passphrase)?;
        Ok(self.encrypt_with(&key, &iv, data)?)
    }

    /// As [`Scheme::decrypt`], with a key that was derived before.
    pub(crate) fn decrypt_with(
        &self,
        key: &Secret,
        iv: &[u8],
        data: &[u8],
    ) -> Result<Secret, Pkcs12Error> {
        let cipher = CbcKey::new(self.cipher(), key.expose())?;
        let mut plain = data.to_vec();
        cipher.decrypt(iv, &mut plain)?;
        let len = unpadded(&plain, self.cipher().block_len());
        let Some(len) = len else {
            plain.zeroize();
            return Err(Pkcs12Error::Passphrase);
        };
        // Cleared, not only cut off.
        if let Some(padding) = plain.get_mut(len..) {
            padding.zeroize();
        }
        plain.truncate(len);
        Ok(Secret::from(plain))
    }

    /// As [`Scheme::encrypt`], with a key that was derived before.
    pub(crate) fn encrypt_with(
        &self,
        key: &Secret,
        iv: &[u8],
        data: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let cipher = CbcKey::new(self.cipher(), key.expose())?;
        let block = self.cipher().block_len();
        let padding = block - data.len() % block;
        let mut out = Vec::with_capacity(data.len() + padding);
        out.extend_from_slice(data);
        out.resize(data.len() + padding, padding as u8);
        cipher.encrypt(iv, &mut out)?;
        Ok(out)
    }

    /// Key and initialisation vector.
    fn derive(&self, passphrase: &str) -> Result<(Secret, Vec<u8>), CryptoError> {
        match self {
            Self::Pbes2 {
                hash,
                salt,
                iterations,
                cipher,
                iv,
            } => {
                let octets = passphrase.as_bytes();
                let key = pbkdf2(*hash, octets, salt, *iterations, cipher.key_len())?;
                Ok((key, iv.clone()))
            }
            Self::TripleDes { salt, iterations } => {
                let derive = |purpose, len| {
                    pkcs12_kdf(Hash::Sha1, purpose, passphrase, salt, *iterations, len)
                };
                let iv = derive(Pkcs12Purpose::Iv, 8);
                Ok((derive(Pkcs12Purpose::Key, 24), iv.expose().to_vec()))
            }
        }
    }

    fn cipher(&self) -> Cipher {
        match self {
            Self::Pbes2 { cipher, .. } => *cipher,
            Self::TripleDes { .. } => Cipher::TripleDesCbc,
        }
    }

    /// PBKDF2 repeats itself for every output block, the other for key and IV.
    fn spend(&self, budget: &mut Budget) -> Result<(), Pkcs12Error> {
        match self {
            Self::Pbes2 {
                hash,
                iterations,
                cipher,
                ..
            } => {
                let blocks = cipher.key_len().div_ceil(hash.output_len());
                budget.spend(*iterations, blocks as u32)
            }
            Self::TripleDes { iterations, .. } => budget.spend(*iterations, 3),
        }
    }
}

/// PBES2-params (RFC 8018 A.4).
fn pbes2(mut parameters: Reader<'_>) -> Result<Scheme, Pkcs12Error> {
    let mut kdf = parameters.sequence("key derivation function")?;
    if kdf.oid()? != oid::PBKDF2 {
        return Err(Pkcs12Error::unsupported("key derivation other than PBKDF2"));
    }
    let mut kdf = kdf.sequence("PBKDF2 parameters")?;
    let salt = salt(&mut kdf)?;
    let iterations = count(&mut kdf)?;
    let key_len = kdf.optional(tag::INTEGER)?;
    let hash = match kdf.optional(tag::SEQUENCE)? {
        None => Hash::Sha1,
        Some(prf) => prf_hash(prf.reader().oid()?)?,
    };
    kdf.end("the end of the PBKDF2 parameters")?;
    let mut scheme = parameters.sequence("encryption scheme")?;
    let cipher = cipher(scheme.oid()?)?;
    let iv = scheme.expect(tag::OCTET_STRING, "initialisation vector")?;
    if iv.content.len() != cipher.block_len() {
        return Err(iv.error("an initialisation vector of one block").into());
    }
    if let Some(stated) = key_len.filter(|stated| stated.content != [cipher.key_len() as u8]) {
        return Err(stated.error("the cipher's key length").into());
    }
    Ok(Scheme::Pbes2 {
        hash,
        salt,
        iterations,
        cipher,
        iv: iv.content.to_vec(),
    })
}

fn salt(reader: &mut Reader<'_>) -> Result<Vec<u8>, Pkcs12Error> {
    let salt = reader.expect(tag::OCTET_STRING, "salt")?;
    match salt.content.len() {
        1..=MAX_SALT => Ok(salt.content.to_vec()),
        _ => Err(salt.error("a salt of 1 to 1024 octets").into()),
    }
}

/// An iteration count; more than 32 bits are refused as too many.
pub(super) fn count(reader: &mut Reader<'_>) -> Result<u32, Pkcs12Error> {
    let number = reader.expect(tag::INTEGER, "iteration count")?;
    let digits = number.content;
    let negative = digits.first().is_none_or(|first| first & 0x80 != 0);
    let significant = digits.iter().skip_while(|octet| **octet == 0);
    let count = significant
        .copied()
        .try_fold(0_u32, |n, octet| {
            n.checked_mul(256).map(|n| n | u32::from(octet))
        })
        .ok_or(Pkcs12Error::Iterations(u32::MAX))?;
    match count {
        0 => Err(number.error("a positive iteration count").into()),
        _ if negative => Err(number.error("a positive iteration count").into()),
        count => Ok(count),
    }
}

fn prf_hash(prf: &[u8]) -> Result<Hash, Pkcs12Error> {
    Ok(match prf {
        oid::HMAC_SHA1 => Hash::Sha1,
        oid::HMAC_SHA256 => Hash::Sha256,
        oid::HMAC_SHA384 => Hash::Sha384,
        oid::HMAC_SHA512 => Hash::Sha512,
        other => {
            let text = format!("PBKDF2 with {}", crate::oid::dotted(other));
            return Err(Pkcs12Error::unsupported(&text));
        }
    })
}

const fn prf_oid(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Md5 | Hash::Sha1 => oid::HMAC_SHA1,
        Hash::Sha256 => oid::HMAC_SHA256,
        Hash::Sha384 => oid::HMAC_SHA384,
        Hash::Sha512 => oid::HMAC_SHA512,
    }
}

fn cipher(kind: &[u8]) -> Result<Cipher, Pkcs12Error> {
    // Single DES protects no key.
    let known = cipher_known_as(kind).filter(|cipher| *cipher != Cipher::DesCbc);
    known.ok_or_else(|| {
        let text = format!("cipher {}", crate::oid::dotted(kind));
        Pkcs12Error::unsupported(&text)
    })
}

/// Octets without the padding (RFC 8018 6.1.1), `None` when it is none.
pub(crate) fn unpadded(plain: &[u8], block: usize) -> Option<usize> {
    let count = usize::from(*plain.last()?);
    let len = plain.len().checked_sub(count)?;
    let padding = plain.get(len..)?;
    let right =
        (1..=block).contains(&count) && padding.iter().all(|octet| usize::from(*octet) == count);
    right.then_some(len)
}
