//! Asymmetric keys: generation, encodings, what kind they are.

use std::{mem::MaybeUninit, os::raw::c_int, ptr};

use aws_lc_sys as sys;

use super::{NO_MEMORY, Owned, Result, fail, modulus::number, ok};
use crate::{error::CryptoError, secret::Secret};

/// What kind of key a [`Pkey`] is, by the library's numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PkeyKind {
    Rsa,
    Ec(Curve),
    Ed25519,
}

/// A NIST prime curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// Octets of a field element and of a scalar (RFC 5903, RFC 4754).
    pub(crate) const fn octets(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(super) const fn nid(self) -> c_int {
        match self {
            Self::P256 => sys::NID_X9_62_prime256v1,
            Self::P384 => sys::NID_secp384r1,
            Self::P521 => sys::NID_secp521r1,
        }
    }
}

/// An asymmetric key, public or private.
pub(crate) struct Pkey(Owned<sys::EVP_PKEY>);

// SAFETY: a key is never changed after construction; the library's key
// operations on it are documented as safe from several threads (blinding and
// cached Montgomery values are behind its own locks).
unsafe impl Send for Pkey {}
// SAFETY: as above.
unsafe impl Sync for Pkey {}

const BAD_PKCS8: CryptoError = CryptoError::InvalidKey("not a PKCS#8 private key");
const BAD_SPKI: CryptoError = CryptoError::InvalidKey("not a SubjectPublicKeyInfo");
const WRONG_KIND: CryptoError = CryptoError::SchemeMismatch;

impl Pkey {
    /// A new RSA key with exponent 65537.
    pub(crate) fn generate_rsa(bits: u32) -> Result<Self> {
        let failed = CryptoError::Internal("RSA key generation");
        let bits = c_int::try_from(bits).map_err(|_| failed)?;
        let exponent = number(&[1, 0, 1])?;
        // SAFETY: plain constructor; then both pointers are live, no callback.
        let rsa = Owned::take(unsafe { sys::RSA_new() }, NO_MEMORY)?;
        let status =
            unsafe { sys::RSA_generate_key_ex(rsa.get(), bits, exponent.get(), ptr::null_mut()) };
        ok(status, failed)?;
        let key = Self::empty()?;
        // SAFETY: both live; `set1` takes its own reference.
        ok(
            unsafe { sys::EVP_PKEY_set1_RSA(key.0.get(), rsa.get()) },
            failed,
        )?;
        Ok(key)
    }

    /// A new key on a NIST curve.
    pub(crate) fn generate_ec(curve: Curve) -> Result<Self> {
        let failed = CryptoError::Internal("EC key generation");
        // SAFETY: plain constructor; then the key is live.
        let ec = Owned::take(
            unsafe { sys::EC_KEY_new_by_curve_name(curve.nid()) },
            NO_MEMORY,
        )?;
        ok(unsafe { sys::EC_KEY_generate_key(ec.get()) }, failed)?;
        let key = Self::empty()?;
        // SAFETY: both live; `set1` takes its own reference.
        ok(
            unsafe { sys::EVP_PKEY_set1_EC_KEY(key.0.get(), ec.get()) },
            failed,
        )?;
        Ok(key)
    }

    /// A new Ed25519 key.
    pub(crate) fn generate_ed25519() -> Result<Self> {
        let failed = CryptoError::Internal("Ed25519 key generation");
        // SAFETY: constructor without engine; then the context is live and
        // `key` receives a new object or stays null.
        let context = unsafe { sys::EVP_PKEY_CTX_new_id(sys::EVP_PKEY_ED25519, ptr::null_mut()) };
        let context = Owned::take(context, NO_MEMORY)?;
        let mut key = ptr::null_mut();
        let status = unsafe {
            sys::EVP_PKEY_keygen_init(context.get()) == 1
                && sys::EVP_PKEY_keygen(context.get(), &mut key) == 1
        };
        ok(c_int::from(status), failed)?;
        Ok(Self(Owned::take(key, failed)?))
    }

    fn empty() -> Result<Self> {
        // SAFETY: plain constructor.
        Ok(Self(Owned::take(
            unsafe { sys::EVP_PKEY_new() },
            NO_MEMORY,
        )?))
    }

    /// Reads a PKCS#8 PrivateKeyInfo (RFC 5958); nothing may follow it.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self> {
        parse(der, sys::EVP_parse_private_key, BAD_PKCS8)
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280 4.1); nothing may follow it.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self> {
        parse(der, sys::EVP_parse_public_key, BAD_SPKI)
    }

    /// PKCS#8 encoding. Refused for a public key.
    pub(crate) fn to_pkcs8(&self) -> Result<Secret> {
        self.marshal(sys::EVP_marshal_private_key).map(Secret::from)
    }

    /// SubjectPublicKeyInfo encoding.
    pub(crate) fn to_spki(&self) -> Result<Vec<u8>> {
        self.marshal(sys::EVP_marshal_public_key)
    }

    fn marshal(
        &self,
        write: unsafe extern "C" fn(*mut sys::CBB, *const sys::EVP_PKEY) -> c_int,
    ) -> Result<Vec<u8>> {
        let failed = CryptoError::Internal("key encoding");
        let mut builder = MaybeUninit::<sys::CBB>::zeroed();
        let (mut out, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the builder is initialised before use and cleaned up or
        // finished exactly once; on success `out` holds `len` octets that are
        // copied, then freed (the library clears memory when freeing).
        unsafe {
            let builder = builder.as_mut_ptr();
            ok(sys::CBB_init(builder, 512), NO_MEMORY)?;
            let written = write(builder, self.0.get()) == 1
                && sys::CBB_finish(builder, &mut out, &mut len) == 1;
            if !written {
                sys::CBB_cleanup(builder);
                return Err(fail(failed));
            }
            let copy = std::slice::from_raw_parts(out, len).to_vec();
            sys::OPENSSL_free(out.cast());
            Ok(copy)
        }
    }

    /// The kind of key, `None` for one this crate does not use.
    pub(crate) fn kind(&self) -> Option<PkeyKind> {
        // SAFETY: the key is live.
        match unsafe { sys::EVP_PKEY_id(self.0.get()) } {
            sys::EVP_PKEY_RSA => Some(PkeyKind::Rsa),
            sys::EVP_PKEY_ED25519 => Some(PkeyKind::Ed25519),
            sys::EVP_PKEY_EC => self.curve().map(PkeyKind::Ec),
            _ => None,
        }
    }

    fn curve(&self) -> Option<Curve> {
        let ec = self.ec().ok()?;
        // SAFETY: `ec` and its group live as long as the key.
        let nid = unsafe { sys::EC_GROUP_get_curve_name(sys::EC_KEY_get0_group(ec)) };
        [Curve::P256, Curve::P384, Curve::P521]
            .into_iter()
            .find(|curve| curve.nid() == nid)
    }

    pub(super) fn rsa(&self) -> Result<*mut sys::RSA> {
        // SAFETY: the key is live; the result is borrowed from it.
        let rsa = unsafe { sys::EVP_PKEY_get0_RSA(self.0.get()) };
        if rsa.is_null() {
            Err(fail(WRONG_KIND))
        } else {
            Ok(rsa)
        }
    }

    pub(super) fn ec(&self) -> Result<*mut sys::EC_KEY> {
        // SAFETY: the key is live; the result is borrowed from it.
        let ec = unsafe { sys::EVP_PKEY_get0_EC_KEY(self.0.get()) };
        if ec.is_null() {
            Err(fail(WRONG_KIND))
        } else {
            Ok(ec)
        }
    }

    /// Bits of the modulus, the exponent (0 when it exceeds 64 bits), and
    /// whether the modulus is odd.
    pub(crate) fn rsa_numbers(&self) -> Result<(u32, u64, bool)> {
        let rsa = self.rsa()?;
        let mut exponent = 0;
        // SAFETY: `rsa` and its numbers live as long as the key; an RSA key
        // that was parsed or generated has both.
        unsafe {
            let (n, e) = (sys::RSA_get0_n(rsa), sys::RSA_get0_e(rsa));
            if sys::BN_get_u64(e, &mut exponent) != 1 {
                exponent = 0;
            }
            Ok((sys::BN_num_bits(n), exponent, sys::BN_is_odd(n) == 1))
        }
    }
}

fn parse(
    der: &[u8],
    read: unsafe extern "C" fn(*mut sys::CBS) -> *mut sys::EVP_PKEY,
    bad: CryptoError,
) -> Result<Pkey> {
    let mut input = sys::CBS {
        data: der.as_ptr(),
        len: der.len(),
    };
    // SAFETY: `input` is a view of `der`; the reader advances it and returns a
    // new key or null.
    let key = Owned::take(unsafe { read(&mut input) }, bad)?;
    if input.len == 0 {
        Ok(Pkey(key))
    } else {
        Err(bad)
    }
}
