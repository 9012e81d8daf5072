//! ML-KEM with the randomness of the caller.

use std::{os::raw::c_int, ptr};

use aws_lc_sys as sys;

use super::{NO_MEMORY, Owned, Result, ok};
use crate::{error::CryptoError, secret::Secret};

const FAILED: CryptoError = CryptoError::Internal("ML-KEM");

/// Octets of what each operation writes, and the library's number.
#[derive(Clone, Copy)]
pub(crate) struct KemSizes {
    pub(crate) nid: c_int,
    pub(crate) public: usize,
    pub(crate) ciphertext: usize,
    pub(crate) shared: usize,
}

impl KemSizes {
    pub(crate) const ML_KEM_512: Self = Self::new(sys::NID_MLKEM512, 800, 768);
    pub(crate) const ML_KEM_768: Self = Self::new(sys::NID_MLKEM768, 1184, 1088);
    pub(crate) const ML_KEM_1024: Self = Self::new(sys::NID_MLKEM1024, 1568, 1568);

    /// FIPS 203 table 3.
    const fn new(nid: c_int, public: usize, ciphertext: usize) -> Self {
        Self {
            nid,
            public,
            ciphertext,
            shared: 32,
        }
    }
}

/// A key pair, or the public half of one.
pub(crate) struct KemKey {
    key: Owned<sys::EVP_PKEY>,
    sizes: KemSizes,
}

impl KemKey {
    /// The pair of the seed d | z (FIPS 203 7.1).
    pub(crate) fn from_seed(sizes: KemSizes, seed: &[u8]) -> Result<Self> {
        let (mut key, mut len) = (ptr::null_mut(), seed.len());
        // SAFETY: constructor without engine; then the context is live, the
        // seed is read when its length is right, and `key` receives a new
        // object or stays null.
        let status = unsafe {
            let context = sys::EVP_PKEY_CTX_new_id(sys::EVP_PKEY_KEM, ptr::null_mut());
            let context = Owned::take(context, NO_MEMORY)?;
            sys::EVP_PKEY_CTX_kem_set_params(context.get(), sizes.nid) == 1
                && sys::EVP_PKEY_keygen_init(context.get()) == 1
                && sys::EVP_PKEY_keygen_deterministic(
                    context.get(),
                    &mut key,
                    seed.as_ptr(),
                    &mut len,
                ) == 1
        };
        ok(c_int::from(status), FAILED)?;
        let key = Owned::take(key, FAILED)?;
        Ok(Self { key, sizes })
    }

    /// A peer's encapsulation key; only its length is looked at yet.
    pub(crate) fn from_public(sizes: KemSizes, public: &[u8]) -> Result<Self> {
        // SAFETY: reads `public.len()` octets, which it compares with the size.
        let key = unsafe {
            sys::EVP_PKEY_kem_new_raw_public_key(sizes.nid, public.as_ptr(), public.len())
        };
        let key = Owned::take(key, FAILED)?;
        Ok(Self { key, sizes })
    }

    /// The encapsulation key.
    pub(crate) fn public(&self) -> Result<Vec<u8>> {
        let (mut out, mut len) = (vec![0; self.sizes.public], self.sizes.public);
        // SAFETY: the key is live; at most `len` octets are written.
        let status =
            unsafe { sys::EVP_PKEY_get_raw_public_key(self.key.get(), out.as_mut_ptr(), &mut len) };
        ok(status, FAILED)?;
        whole(len, self.sizes.public)?;
        Ok(out)
    }

    /// Ciphertext and shared secret made of `message` (FIPS 203 7.2). The
    /// library refuses an encapsulation key whose numbers are not reduced.
    pub(crate) fn encapsulate(&self, message: &[u8]) -> Result<(Vec<u8>, Secret)> {
        let context = self.context()?;
        let (mut out_len, mut shared_len) = (self.sizes.ciphertext, self.sizes.shared);
        let (mut out, mut shared) = (vec![0; out_len], vec![0; shared_len]);
        let mut message_len = message.len();
        // SAFETY: the context is live and holds the key; the library writes no
        // more than the lengths it is told and reads `message` when its length
        // is right.
        let status = unsafe {
            sys::EVP_PKEY_encapsulate_deterministic(
                context.get(),
                out.as_mut_ptr(),
                &mut out_len,
                shared.as_mut_ptr(),
                &mut shared_len,
                message.as_ptr(),
                &mut message_len,
            )
        };
        let shared = Secret::from(shared);
        ok(
            status,
            CryptoError::InvalidPublicValue("ML-KEM key is not reduced"),
        )?;
        whole(out_len, self.sizes.ciphertext)?;
        whole(shared_len, self.sizes.shared)?;
        Ok((out, shared))
    }

    /// The shared secret in `ciphertext`, or one that nobody knows when it was
    /// not made for this key (FIPS 203 7.3).
    pub(crate) fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret> {
        let context = self.context()?;
        let (mut shared, mut len) = (vec![0; self.sizes.shared], self.sizes.shared);
        // SAFETY: the context is live and holds the key; at most `len` octets
        // are written; the length of the ciphertext is compared with the size.
        let status = unsafe {
            sys::EVP_PKEY_decapsulate(
                context.get(),
                shared.as_mut_ptr(),
                &mut len,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        };
        let shared = Secret::from(shared);
        ok(status, FAILED)?;
        whole(len, self.sizes.shared)?;
        Ok(shared)
    }

    fn context(&self) -> Result<Owned<sys::EVP_PKEY_CTX>> {
        // SAFETY: the key is live; the context takes its own reference.
        let context = unsafe { sys::EVP_PKEY_CTX_new(self.key.get(), ptr::null_mut()) };
        Owned::take(context, NO_MEMORY)
    }
}

fn whole(written: usize, expected: usize) -> Result<()> {
    if written == expected {
        Ok(())
    } else {
        Err(FAILED)
    }
}
