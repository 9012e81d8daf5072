//! PBKDF2 (RFC 8018 5.2): a key from a passphrase, for keys at rest, PKCS#8
//! and PKCS#12.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2 as library;

use crate::{error::CryptoError, hash::Hash, secret::Secret};

/// `len` octets by PBKDF2 with HMAC of `hash`. The work grows with
/// `iterations`; bounding them is the caller's matter.
///
/// # Errors
/// No iteration at all, or MD5, which nobody uses here.
pub fn pbkdf2(
    hash: Hash,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Result<Secret, CryptoError> {
    let algorithm = match hash {
        Hash::Md5 => return Err(CryptoError::Internal("PBKDF2 with MD5")),
        Hash::Sha1 => library::PBKDF2_HMAC_SHA1,
        Hash::Sha256 => library::PBKDF2_HMAC_SHA256,
        Hash::Sha384 => library::PBKDF2_HMAC_SHA384,
        Hash::Sha512 => library::PBKDF2_HMAC_SHA512,
    };
    let iterations =
        NonZeroU32::new(iterations).ok_or(CryptoError::Internal("PBKDF2 without iterations"))?;
    let mut out = vec![0; len];
    library::derive(algorithm, iterations, salt, passphrase, &mut out);
    Ok(Secret::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(secret: &Secret) -> String {
        let octets = secret.expose().iter();
        octets.map(|octet| format!("{octet:02x}")).collect()
    }

    /// RFC 6070 (SHA-1) and RFC 7914 section 11 (SHA-256).
    #[test]
    fn published_values_come_out() {
        let sha1 = pbkdf2(Hash::Sha1, b"password", b"salt", 4096, 20).unwrap();
        assert_eq!(hex(&sha1), "4b007901b765489abead49d926f721d065a429c1");
        let sha256 = pbkdf2(Hash::Sha256, b"passwd", b"salt", 1, 32).unwrap();
        assert_eq!(
            hex(&sha256),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        );
    }

    #[test]
    fn no_iteration_and_md5_are_refused() {
        assert!(pbkdf2(Hash::Sha256, b"p", b"s", 0, 32).is_err());
        assert!(pbkdf2(Hash::Md5, b"p", b"s", 1, 16).is_err());
    }
}
