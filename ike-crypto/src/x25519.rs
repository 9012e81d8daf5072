//! Diffie-Hellman on Curve25519 (RFC 7748, RFC 8031: group 31).

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};

use crate::{error::CryptoError, secret::Secret};

/// Octets of private and public value and of the shared secret.
pub(crate) const LEN: usize = 32;

/// u of private * base point. The library clamps the private value (RFC 7748 5).
pub(crate) fn public(private: &Secret) -> Result<Vec<u8>, CryptoError> {
    let public = key(private)?
        .compute_public_key()
        .map_err(|_| CryptoError::Internal("X25519 public value"))?;
    Ok(public.as_ref().to_vec())
}

/// u of private * peer. A peer value of small order, whose product is zero for
/// every private value, is refused (RFC 8031 3.2, RFC 7748 6.1); every other
/// value is a point of the curve or its twist and is taken, its highest bit
/// ignored (RFC 7748 5).
pub(crate) fn agree(private: &Secret, peer: &[u8]) -> Result<Secret, CryptoError> {
    let invalid = CryptoError::InvalidPublicValue("point of small order");
    let peer = UnparsedPublicKey::new(&X25519, peer);
    agreement::agree(&key(private)?, peer, invalid, |u| Ok(Secret::from(u)))
}

fn key(private: &Secret) -> Result<PrivateKey, CryptoError> {
    PrivateKey::from_private_key(&X25519, private.expose())
        .map_err(|_| CryptoError::Internal("X25519 private value"))
}
