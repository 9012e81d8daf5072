//! The calls into AWS-LC that no safe interface offers: MD5, DES and AES in
//! CBC mode, AES by counters and single blocks, AES-CCM, short GCM tags, MODP
//! exponentiation, ML-KEM with given randomness, RSA in its raw form, ECDSA over
//! a given digest, and key encodings.
//!
//! Rules of this folder, the only one with `unsafe`: every object is held by
//! [`Owned`], which frees it on all paths; every pointer passed down comes from
//! a live reference or `Owned`, with the length taken from the same slice; every
//! return value is looked at. `ok` empties the library's error queue, which is
//! per thread and of fixed size.

use std::{
    os::raw::{c_int, c_void},
    ptr::{self, NonNull},
};

use aws_lc_sys as sys;

use crate::error::CryptoError;

mod aead;
mod block;
mod kem;
mod md5;
mod modulus;
mod pkey;
mod sign;

pub(crate) use aead::{Ccm, Gcm};
pub(crate) use block::{Aes, AesForward, Des};
pub(crate) use kem::{KemKey, KemSizes};
pub(crate) use md5::Md5;
pub(crate) use modulus::Modulus;
pub(crate) use pkey::{Curve, Pkey, PkeyKind};

type Result<T> = std::result::Result<T, CryptoError>;

/// An object of the library, freed when dropped.
struct Owned<T: Free>(NonNull<T>);

trait Free {
    /// # Safety
    /// `this` is live, and nothing uses it afterwards.
    unsafe fn free(this: *mut Self);
}

macro_rules! freed_by {
    ($($object:ident => $free:ident),*) => {$(
        impl Free for sys::$object {
            unsafe fn free(this: *mut Self) {
                // SAFETY: the contract of `Free::free`.
                unsafe { sys::$free(this) }
            }
        }
    )*};
}
freed_by!(BIGNUM => BN_clear_free, BN_CTX => BN_CTX_free, BN_MONT_CTX => BN_MONT_CTX_free,
    RSA => RSA_free, EC_KEY => EC_KEY_free, ECDSA_SIG => ECDSA_SIG_free,
    EVP_AEAD_CTX => EVP_AEAD_CTX_free, EVP_CIPHER_CTX => EVP_CIPHER_CTX_free,
    EVP_PKEY => EVP_PKEY_free, EVP_PKEY_CTX => EVP_PKEY_CTX_free);

impl<T: Free> Owned<T> {
    /// Takes over what a library constructor returned; null is an error.
    fn take(object: *mut T, otherwise: CryptoError) -> Result<Self> {
        NonNull::new(object)
            .map(Self)
            .ok_or_else(|| fail(otherwise))
    }

    fn get(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// Gives the object away to a call that takes ownership.
    fn release(self) -> *mut T {
        let object = self.get();
        std::mem::forget(self);
        object
    }
}

impl<T: Free> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the object is live and owned by us alone.
        unsafe { T::free(self.get()) }
    }
}

const NO_MEMORY: CryptoError = CryptoError::Internal("out of memory");

fn fail(error: CryptoError) -> CryptoError {
    // SAFETY: touches only the error queue of this thread.
    unsafe { sys::ERR_clear_error() };
    error
}

fn ok(status: c_int, otherwise: CryptoError) -> Result<()> {
    if status == 1 {
        Ok(())
    } else {
        Err(fail(otherwise))
    }
}

/// Overwrites a plain struct of integers with zeros.
fn cleanse<T: Copy>(value: &mut T) {
    // SAFETY: `value` is exclusively borrowed; T is one of the key schedules
    // or states of this folder, integers only, for which zero is valid.
    unsafe { sys::OPENSSL_cleanse(ptr::from_mut(value).cast::<c_void>(), size_of::<T>()) }
}
