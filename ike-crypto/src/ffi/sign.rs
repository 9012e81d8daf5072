//! Signatures: RSA in its raw form and PSS, ECDSA over a given digest.

use std::{os::raw::c_int, ptr};

use aws_lc_sys as sys;

use super::{
    Curve, NO_MEMORY, Owned, Pkey, Result,
    modulus::{number, padded},
    ok,
};
use crate::{error::CryptoError, hash::Hash};

impl Pkey {
    /// The RSA private operation on `block`, which is as long as the modulus.
    /// The library computes it blinded and checks the result (E21).
    pub(crate) fn rsa_private(&self, block: &[u8]) -> Result<Vec<u8>> {
        self.rsa_raw(
            sys::RSA_sign_raw,
            block,
            CryptoError::Internal("RSA private operation"),
        )
    }

    /// The RSA public operation on `signature`, refused when not below n.
    pub(crate) fn rsa_public(&self, signature: &[u8]) -> Result<Vec<u8>> {
        self.rsa_raw(sys::RSA_verify_raw, signature, CryptoError::BadSignature)
    }

    fn rsa_raw(&self, operation: RawRsa, input: &[u8], failed: CryptoError) -> Result<Vec<u8>> {
        let rsa = self.rsa()?;
        // SAFETY: `rsa` is live.
        let mut out = vec![0; unsafe { sys::RSA_size(rsa) } as usize];
        let mut len = 0;
        // SAFETY: writes at most `out.len()` octets, reads `input.len()`.
        let status = unsafe {
            operation(
                rsa,
                &mut len,
                out.as_mut_ptr(),
                out.len(),
                input.as_ptr(),
                input.len(),
                sys::RSA_NO_PADDING,
            )
        };
        ok(status, failed)?;
        if len == out.len() {
            Ok(out)
        } else {
            Err(failed)
        }
    }

    /// RSASSA-PSS over a digest; MGF1 with the same hash, salt as long as it.
    pub(crate) fn pss_sign(&self, hash: Hash, digest: &[u8]) -> Result<Vec<u8>> {
        let rsa = self.rsa()?;
        let (md, salt, failed) = (
            md(hash),
            salt(hash),
            CryptoError::Internal("RSA-PSS signing"),
        );
        // SAFETY: `rsa` is live; the digest is as long as the library expects
        // for `md` (it checks); at most `out.len()` octets are written.
        unsafe {
            let mut out = vec![0; sys::RSA_size(rsa) as usize];
            let (mut len, space) = (0, out.len());
            let status = sys::RSA_sign_pss_mgf1(
                rsa,
                &mut len,
                out.as_mut_ptr(),
                space,
                digest.as_ptr(),
                digest.len(),
                md,
                md,
                salt,
            );
            ok(status, failed)?;
            out.truncate(len);
            Ok(out)
        }
    }

    /// Verifies RSASSA-PSS with the parameters of [`Self::pss_sign`].
    pub(crate) fn pss_verify(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> Result<()> {
        let (rsa, md) = (self.rsa()?, md(hash));
        // SAFETY: `rsa` is live; lengths come from the slices.
        let status = unsafe {
            sys::RSA_verify_pss_mgf1(
                rsa,
                digest.as_ptr(),
                digest.len(),
                md,
                md,
                salt(hash),
                signature.as_ptr(),
                signature.len(),
            )
        };
        ok(status, CryptoError::BadSignature)
    }

    /// ECDSA over `digest`, DER encoded (RFC 3279 2.2.3).
    pub(crate) fn ecdsa_sign_der(&self, digest: &[u8]) -> Result<Vec<u8>> {
        let (ec, mut len) = (self.ec()?, 0);
        // SAFETY: `ec` is live; ECDSA_size octets are enough for any signature.
        unsafe {
            let mut out = vec![0; sys::ECDSA_size(ec)];
            let status = sys::ECDSA_sign(
                0,
                digest.as_ptr(),
                digest.len(),
                out.as_mut_ptr(),
                &mut len,
                ec,
            );
            ok(status, CryptoError::Internal("ECDSA signing"))?;
            out.truncate(len as usize);
            Ok(out)
        }
    }

    /// Verifies a DER encoded ECDSA signature over `digest`.
    pub(crate) fn ecdsa_verify_der(&self, digest: &[u8], signature: &[u8]) -> Result<()> {
        let ec = self.ec()?;
        // SAFETY: `ec` is live; lengths come from the slices. The library
        // refuses encodings that are not the shortest form.
        let status = unsafe {
            sys::ECDSA_verify(
                0,
                digest.as_ptr(),
                digest.len(),
                signature.as_ptr(),
                signature.len(),
                ec,
            )
        };
        ok(status, CryptoError::BadSignature)
    }

    /// ECDSA over `digest` as r | s, each as long as the curve's order
    /// (RFC 4754 section 7).
    pub(crate) fn ecdsa_sign_fixed(&self, curve: Curve, digest: &[u8]) -> Result<Vec<u8>> {
        let failed = CryptoError::Internal("ECDSA signing");
        let ec = self.ec()?;
        let (mut r, mut s) = (ptr::null(), ptr::null());
        // SAFETY: `ec` is live; r and s are borrowed from the live signature.
        unsafe {
            let signature = sys::ECDSA_do_sign(digest.as_ptr(), digest.len(), ec);
            let signature = Owned::take(signature, failed)?;
            sys::ECDSA_SIG_get0(signature.get(), &mut r, &mut s);
            let mut out = padded(r, curve.octets())?;
            out.extend(padded(s, curve.octets())?);
            Ok(out)
        }
    }

    /// Verifies r | s over `digest`.
    pub(crate) fn ecdsa_verify_fixed(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<()> {
        let ec = self.ec()?;
        let (r, s) = (number(r)?, number(s)?);
        // SAFETY: plain constructor; `set0` takes ownership of both numbers
        // (it fails only for null); then all objects are live.
        unsafe {
            let signature = Owned::take(sys::ECDSA_SIG_new(), NO_MEMORY)?;
            ok(
                sys::ECDSA_SIG_set0(signature.get(), r.release(), s.release()),
                NO_MEMORY,
            )?;
            let status = sys::ECDSA_do_verify(digest.as_ptr(), digest.len(), signature.get(), ec);
            ok(status, CryptoError::BadSignature)
        }
    }
}

type RawRsa = unsafe extern "C" fn(
    *mut sys::RSA,
    *mut usize,
    *mut u8,
    usize,
    *const u8,
    usize,
    c_int,
) -> c_int;

fn md(hash: Hash) -> *const sys::EVP_MD {
    // SAFETY: constructors of static constants.
    unsafe {
        match hash {
            Hash::Md5 => sys::EVP_md5(),
            Hash::Sha1 => sys::EVP_sha1(),
            Hash::Sha256 => sys::EVP_sha256(),
            Hash::Sha384 => sys::EVP_sha384(),
            Hash::Sha512 => sys::EVP_sha512(),
        }
    }
}

fn salt(hash: Hash) -> c_int {
    c_int::try_from(hash.output_len()).unwrap_or(0)
}
