//! Private keys in the forms other programs write them: PKCS#8 plain and
//! encrypted (RFC 5958), PKCS#1 (`RSA PRIVATE KEY`), SEC1 (`EC PRIVATE KEY`,
//! RFC 5915); and keys at rest under the one passphrase of a store.

use ike_crypto::{Cipher, CryptoError, Hash, PrivateKey, Secret, hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::{
    der::{Reader, tag},
    pkcs12::{
        Pkcs12Error, oid,
        pbe::{Budget, Scheme},
    },
    writer::{self, sequence, tlv},
};

/// What a DER private key is, by its first elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// PrivateKeyInfo (RFC 5958).
    Pkcs8,
    /// EncryptedPrivateKeyInfo (RFC 5958 3).
    Encrypted,
    /// RSAPrivateKey (RFC 8017 A.1.2).
    Pkcs1,
    /// ECPrivateKey (RFC 5915).
    Sec1,
}

impl KeyForm {
    /// The form of these octets.
    ///
    /// # Errors
    /// They are no private key.
    pub fn of(der: &[u8]) -> Result<Self, Pkcs12Error> {
        let mut key = Reader::new(der).sequence("private key")?;
        if key.optional(tag::SEQUENCE)?.is_some() {
            return Ok(Self::Encrypted);
        }
        key.expect(tag::INTEGER, "version of the private key")?;
        match key.peek() {
            Some(tag::SEQUENCE) => Ok(Self::Pkcs8),
            Some(tag::INTEGER) => Ok(Self::Pkcs1),
            Some(tag::OCTET_STRING) => Ok(Self::Sec1),
            _ => Err(key.error("private key of a known form").into()),
        }
    }
}

/// Reads a DER private key of any [`KeyForm`]; the passphrase is looked at for
/// an encrypted one only.
///
/// # Errors
/// What is wrong; an encrypted key without passphrase counts as a wrong one.
pub fn private_key_from_der(
    der: &[u8],
    passphrase: Option<&str>,
) -> Result<PrivateKey, Pkcs12Error> {
    let plain = match KeyForm::of(der)? {
        KeyForm::Pkcs8 => return Ok(PrivateKey::from_pkcs8_der(der)?),
        KeyForm::Encrypted => {
            let passphrase = passphrase.ok_or(Pkcs12Error::Passphrase)?;
            return decrypted(der, passphrase, &mut Budget::default());
        }
        KeyForm::Pkcs1 => {
            let null = tlv(tag::NULL, &[]);
            let algorithm = sequence(&[&writer::oid(oid::RSA_ENCRYPTION), &null]);
            wrapped(&algorithm, der)
        }
        KeyForm::Sec1 => wrapped(&curve(der)?, der),
    };
    Ok(PrivateKey::from_pkcs8_der(&plain)?)
}

/// A key as EncryptedPrivateKeyInfo: PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC.
/// `random` is the salt and the initialisation vector.
///
/// # Errors
/// The key cannot be encoded, or there is no iteration.
pub fn encrypted_private_key(
    key: &PrivateKey,
    passphrase: &str,
    iterations: u32,
    random: &[u8; 32],
) -> Result<Vec<u8>, Pkcs12Error> {
    let (salt, iv) = random.split_at(16);
    let scheme = Scheme::modern(salt, iterations, iv);
    encrypted(key.to_pkcs8_der()?.expose(), passphrase, &scheme)
}

/// The key that protects all private keys of one store: derived once, so that
/// many keys open quickly.
pub struct StoreKey {
    key: Secret,
    salt: [u8; 16],
    iterations: u32,
}

impl StoreKey {
    /// Derives it (PBKDF2-HMAC-SHA256).
    ///
    /// # Errors
    /// No iterations, or more than [`crate::MAX_ITERATIONS`].
    pub fn derive(passphrase: &str, salt: [u8; 16], iterations: u32) -> Result<Self, Pkcs12Error> {
        Budget::default().spend(iterations, 1)?;
        let len = Cipher::Aes256Cbc.key_len();
        Ok(Self {
            key: pbkdf2(Hash::Sha256, passphrase.as_bytes(), &salt, iterations, len)?,
            salt,
            iterations,
        })
    }

    /// A value that tells a wrong passphrase before any key is touched.
    pub fn check(&self) -> Vec<u8> {
        hmac(Hash::Sha256, self.key.expose(), &[b"ikd store key"])
    }

    /// A key as EncryptedPrivateKeyInfo that `openssl pkcs8` reads, too. `iv`
    /// must be fresh.
    ///
    /// # Errors
    /// The library fails.
    pub fn seal(&self, pkcs8: &[u8], iv: &[u8; 16]) -> Result<Vec<u8>, CryptoError> {
        let scheme = Scheme::modern(&self.salt, self.iterations, iv);
        let octets = scheme.encrypt_with(&self.key, iv, pkcs8)?;
        let octets = tlv(tag::OCTET_STRING, &[&octets]);
        Ok(sequence(&[&scheme.write(), &octets]))
    }

    /// The PKCS#8 octets of what [`StoreKey::seal`] made.
    ///
    /// # Errors
    /// It is something else, or damaged.
    pub fn open(&self, der: &[u8]) -> Result<Secret, Pkcs12Error> {
        let (scheme, octets) = encrypted_parts(der)?;
        match &scheme {
            Scheme::Pbes2 {
                salt,
                iterations,
                iv,
                ..
            } if *salt == self.salt && *iterations == self.iterations => {
                scheme.decrypt_with(&self.key, iv, octets)
            }
            _ => Err(Pkcs12Error::Passphrase),
        }
    }
}

pub(crate) fn encrypted(
    plain: &[u8],
    passphrase: &str,
    scheme: &Scheme,
) -> Result<Vec<u8>, Pkcs12Error> {
    let octets = scheme.encrypt(passphrase, plain)?;
    let octets = tlv(tag::OCTET_STRING, &[&octets]);
    Ok(sequence(&[&scheme.write(), &octets]))
}

pub(crate) fn decrypted(
    der: &[u8],
    passphrase: &str,
    budget: &mut Budget,
) -> Result<PrivateKey, Pkcs12Error> {
    let (scheme, octets) = encrypted_parts(der)?;
    let plain = scheme.decrypt(passphrase, octets, budget)?;
    // One time in 256 a wrong key leaves a valid padding.
    PrivateKey::from_pkcs8_der(plain.expose()).map_err(|error| match KeyForm::of(plain.expose()) {
        Ok(KeyForm::Pkcs8) => error.into(),
        _ => Pkcs12Error::Passphrase,
    })
}

fn encrypted_parts(der: &[u8]) -> Result<(Scheme, &[u8]), Pkcs12Error> {
    let mut info = Reader::new(der).sequence("encrypted private key")?;
    let algorithm = info.expect(tag::SEQUENCE, "encryption algorithm")?;
    let octets = info.expect(tag::OCTET_STRING, "encrypted octets")?;
    info.end("the end of the encrypted private key")?;
    Ok((Scheme::read(&algorithm)?, octets.content))
}

/// PrivateKeyInfo around a key of an older form.
fn wrapped(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let octets = Zeroizing::new(tlv(tag::OCTET_STRING, &[key]));
    Zeroizing::new(sequence(&[&writer::unsigned(&[0]), algorithm, &octets]))
}

/// AlgorithmIdentifier of a SEC1 key: its curve stands in `[0]`.
fn curve(der: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
    let mut key = Reader::new(der).sequence("EC private key")?;
    key.expect(tag::INTEGER, "version")?;
    key.expect(tag::OCTET_STRING, "private value")?;
    let named = key.expect(tag::constructed(0), "the curve of the key")?;
    let named = named.reader().oid()?;
    Ok(sequence(&[
        &writer::oid(oid::EC_PUBLIC_KEY),
        &writer::oid(named),
    ]))
}
