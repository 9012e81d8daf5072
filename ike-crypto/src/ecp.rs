//! Diffie-Hellman on the NIST prime curves (RFC 5903, groups 19 to 21).

use std::sync::OnceLock;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};

use crate::{
    error::CryptoError,
    ffi::{Curve, Modulus},
    secret::Secret,
};

/// Octets of randomness beyond the order, so that the reduction has no bias
/// worth naming (FIPS 186-5 A.2.1 asks for 64 bits).
const EXTRA: usize = 8;

/// Octets of the private value the caller supplies.
pub(crate) const fn private_len(curve: Curve) -> usize {
    curve.octets() + EXTRA
}

/// x | y of private * G, fixed length (RFC 5903 section 7).
pub(crate) fn public(curve: Curve, private: &Secret) -> Result<Vec<u8>, CryptoError> {
    let public = scalar_key(curve, private)?
        .compute_public_key()
        .map_err(|_| CryptoError::Internal("EC public value"))?;
    // The library writes 04 | x | y; IKE leaves the 04 out.
    Ok(public.as_ref().get(1..).unwrap_or_default().to_vec())
}

/// The x coordinate of private * peer (RFC 5903 section 7). `peer` is x | y of
/// the right length; a point off the curve is refused (RFC 6989 2.3).
pub(crate) fn agree(curve: Curve, private: &Secret, peer: &[u8]) -> Result<Secret, CryptoError> {
    let point = [&[4], peer].concat();
    let peer = UnparsedPublicKey::new(algorithm(curve), point);
    let invalid = CryptoError::InvalidPublicValue("point is not on the curve");
    agreement::agree(&scalar_key(curve, private)?, peer, invalid, |x| {
        Ok(Secret::from(x))
    })
}

/// The private value modulo the order; zero has probability 2^-256 and is
/// refused.
fn scalar_key(curve: Curve, private: &Secret) -> Result<PrivateKey, CryptoError> {
    let scalar = Secret::from(order(curve)?.reduce(private.expose())?);
    PrivateKey::from_private_key(algorithm(curve), scalar.expose())
        .map_err(|_| CryptoError::InvalidPrivateValue)
}

fn algorithm(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
        Curve::P521 => &agreement::ECDH_P521,
    }
}

/// The order of the curve, prepared once per process.
fn order(curve: Curve) -> Result<&'static Modulus, CryptoError> {
    static ORDERS: [OnceLock<Option<Modulus>>; 3] = [const { OnceLock::new() }; 3];
    let [p256, p384, p521] = &ORDERS;
    let cell = match curve {
        Curve::P256 => p256,
        Curve::P384 => p384,
        Curve::P521 => p521,
    };
    cell.get_or_init(|| Modulus::order(curve).ok())
        .as_ref()
        .ok_or(CryptoError::Internal("curve order"))
}
