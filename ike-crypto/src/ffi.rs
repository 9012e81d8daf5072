//! The calls into AWS-LC that no safe interface offers: MD5, DES and AES in
//! CBC mode, MODP exponentiation, RSA in its raw form, ECDSA over a given
//! digest, and key encodings.
//!
//! Rules of this file, the only one with `unsafe`: every object is held by
//! [`Owned`], which frees it on all paths; every pointer passed down comes from
//! a live reference or `Owned`, with the length taken from the same slice; every
//! return value is looked at. `ok` empties the library's error queue, which is
//! per thread and of fixed size.

use std::{
    mem::MaybeUninit,
    os::raw::{c_int, c_uint, c_void},
    ptr::{self, NonNull},
};

use aws_lc_sys as sys;

use crate::{error::CryptoError, hash::Hash, secret::Secret};

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

/// Running MD5 state. Holds no pointer; cleared on drop because it may hold
/// key material.
#[derive(Clone)]
pub(crate) struct Md5(sys::MD5_CTX);

impl Md5 {
    pub(crate) fn new() -> Self {
        let mut state = MaybeUninit::zeroed();
        // SAFETY: MD5_Init writes the whole state and cannot fail; all-zero is
        // valid for a struct of integers.
        unsafe {
            sys::MD5_Init(state.as_mut_ptr());
            Self(state.assume_init())
        }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        // SAFETY: reads `data.len()` octets; cannot fail.
        unsafe { sys::MD5_Update(&mut self.0, data.as_ptr().cast(), data.len()) };
    }

    pub(crate) fn finish(mut self) -> [u8; 16] {
        let mut out = [0; 16];
        // SAFETY: MD5_Final writes 16 octets; cannot fail.
        unsafe { sys::MD5_Final(out.as_mut_ptr(), &mut self.0) };
        out
    }
}

impl Drop for Md5 {
    fn drop(&mut self) {
        cleanse(&mut self.0);
    }
}

/// Overwrites a plain struct of integers with zeros.
fn cleanse<T: Copy>(value: &mut T) {
    // SAFETY: `value` is exclusively borrowed; T is one of the key schedules
    // or states of this file, integers only, for which zero is valid.
    unsafe { sys::OPENSSL_cleanse(ptr::from_mut(value).cast::<c_void>(), size_of::<T>()) }
}

/// AES key schedules for both directions.
pub(crate) struct Aes {
    encrypt: sys::AES_KEY,
    decrypt: sys::AES_KEY,
}

impl Aes {
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let bits =
            c_uint::try_from(key.len() * 8).map_err(|_| CryptoError::InvalidKey("AES key"))?;
        let empty = sys::AES_KEY {
            rd_key: [0; 60],
            rounds: 0,
        };
        let mut new = Self {
            encrypt: empty,
            decrypt: empty,
        };
        // SAFETY: both read `bits` bits of `key`, refuse other than 128/192/256
        // and write one schedule. They return 0 for success.
        let status = unsafe {
            sys::AES_set_encrypt_key(key.as_ptr(), bits, &mut new.encrypt)
                | sys::AES_set_decrypt_key(key.as_ptr(), bits, &mut new.decrypt)
        };
        if status == 0 {
            Ok(new)
        } else {
            Err(fail(CryptoError::InvalidKey("AES key")))
        }
    }

    pub(crate) fn encrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<()> {
        aes_cbc(&self.encrypt, iv, data, sys::AES_ENCRYPT)
    }

    pub(crate) fn decrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<()> {
        aes_cbc(&self.decrypt, iv, data, sys::AES_DECRYPT)
    }
}

impl Drop for Aes {
    fn drop(&mut self) {
        cleanse(&mut self.encrypt);
        cleanse(&mut self.decrypt);
    }
}

fn aes_cbc(key: &sys::AES_KEY, iv: &[u8], data: &mut [u8], direction: c_int) -> Result<()> {
    let mut iv: [u8; 16] = iv
        .try_into()
        .map_err(|_| CryptoError::Internal("IV length"))?;
    whole_blocks(data, 16)?;
    // SAFETY: in place over `data`, whole blocks; the library allows in == out;
    // it updates the local copy of the IV (16 octets).
    unsafe {
        let data_ptr = data.as_mut_ptr();
        sys::AES_cbc_encrypt(
            data_ptr,
            data_ptr,
            data.len(),
            key,
            iv.as_mut_ptr(),
            direction,
        );
    }
    Ok(())
}

/// One (DES) or three (3DES) key schedules.
pub(crate) struct Des([sys::DES_key_schedule; 3], bool);

impl Des {
    /// `key` of 8 octets (DES) or 24 (3DES).
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let mut new = Self(
            [sys::DES_key_schedule {
                subkeys: [[0; 2]; 16],
            }; 3],
            key.len() == 24,
        );
        for (part, schedule) in key.chunks(8).zip(&mut new.0) {
            let block = des_block(part)?;
            // SAFETY: reads 8 octets, writes one schedule.
            unsafe { sys::DES_set_key(&block, schedule) };
        }
        Ok(new)
    }

    pub(crate) fn encrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<()> {
        self.cbc(iv, data, sys::DES_ENCRYPT)
    }

    pub(crate) fn decrypt(&self, iv: &[u8], data: &mut [u8]) -> Result<()> {
        self.cbc(iv, data, sys::DES_DECRYPT)
    }

    fn cbc(&self, iv: &[u8], data: &mut [u8], direction: c_int) -> Result<()> {
        let mut iv = des_block(iv)?;
        whole_blocks(data, 8)?;
        let (octets, len, [one, two, three]) = (data.as_mut_ptr(), data.len(), &self.0);
        // SAFETY: in place over `data`, whole blocks, in == out is allowed;
        // both update the local copy of the IV.
        unsafe {
            match self.1 {
                false => sys::DES_ncbc_encrypt(octets, octets, len, one, &mut iv, direction),
                true => sys::DES_ede3_cbc_encrypt(
                    octets, octets, len, one, two, three, &mut iv, direction,
                ),
            }
        }
        Ok(())
    }
}

impl Drop for Des {
    fn drop(&mut self) {
        cleanse(&mut self.0);
    }
}

fn des_block(octets: &[u8]) -> Result<sys::DES_cblock> {
    let bytes = octets
        .try_into()
        .map_err(|_| CryptoError::Internal("DES block length"))?;
    Ok(sys::DES_cblock { bytes })
}

/// The library writes whole blocks only: anything else would overrun.
fn whole_blocks(data: &[u8], block: usize) -> Result<()> {
    match data.len().is_multiple_of(block) {
        true => Ok(()),
        false => Err(CryptoError::NotBlockMultiple {
            block,
            found: data.len(),
        }),
    }
}

fn number(octets: &[u8]) -> Result<Owned<sys::BIGNUM>> {
    // SAFETY: reads `octets.len()` octets; a null third argument allocates.
    Owned::take(
        unsafe { sys::BN_bin2bn(octets.as_ptr(), octets.len(), ptr::null_mut()) },
        NO_MEMORY,
    )
}

/// Big-endian octets of exactly `len`, left-padded with zeros.
///
/// # Safety
/// `value` is a live number.
unsafe fn padded(value: *const sys::BIGNUM, len: usize) -> Result<Vec<u8>> {
    let mut out = vec![0; len];
    // SAFETY: `value` per contract; writes `len` octets, fails when too small.
    ok(
        unsafe { sys::BN_bn2bin_padded(out.as_mut_ptr(), len, value) },
        CryptoError::Internal("number too large"),
    )?;
    Ok(out)
}

fn scratch() -> Result<Owned<sys::BN_CTX>> {
    // SAFETY: plain constructor.
    Owned::take(unsafe { sys::BN_CTX_new() }, NO_MEMORY)
}

/// An odd public modulus with its Montgomery values.
pub(crate) struct Modulus {
    value: Owned<sys::BIGNUM>,
    montgomery: Owned<sys::BN_MONT_CTX>,
    octets: usize,
}

// SAFETY: after construction both objects are only read, through const
// pointers, which the library documents as safe from several threads.
unsafe impl Send for Modulus {}
// SAFETY: as above.
unsafe impl Sync for Modulus {}

impl Modulus {
    /// `modulus` big-endian, odd, without leading zeros.
    pub(crate) fn new(modulus: &[u8]) -> Result<Self> {
        let value = number(modulus)?;
        // SAFETY: both arguments are live for the call.
        let montgomery = unsafe { sys::BN_MONT_CTX_new_for_modulus(value.get(), scratch()?.get()) };
        let montgomery = Owned::take(montgomery, CryptoError::Internal("modulus"))?;
        Ok(Self {
            value,
            montgomery,
            octets: modulus.len(),
        })
    }

    /// The modulus of the MODP group of `bits` bits (RFC 3526).
    pub(crate) fn rfc3526(bits: usize) -> Result<Self> {
        let value = number(&[])?;
        // SAFETY: `value` is live; each call sets it and returns it.
        let known = unsafe {
            match bits {
                1536 => sys::BN_get_rfc3526_prime_1536(value.get()),
                2048 => sys::BN_get_rfc3526_prime_2048(value.get()),
                3072 => sys::BN_get_rfc3526_prime_3072(value.get()),
                4096 => sys::BN_get_rfc3526_prime_4096(value.get()),
                _ => ptr::null_mut(),
            }
        };
        if known.is_null() {
            return Err(fail(CryptoError::Internal("MODP prime")));
        }
        // SAFETY: `value` is live.
        Self::new(&unsafe { padded(value.get(), bits / 8) }?)
    }

    /// The order of a curve, as modulus.
    pub(crate) fn order(curve: Curve) -> Result<Self> {
        // SAFETY: the group is static in this library; its order is borrowed.
        let octets = unsafe {
            let group = sys::EC_GROUP_new_by_curve_name(curve.nid());
            if group.is_null() {
                return Err(fail(CryptoError::Internal("curve")));
            }
            let octets = padded(sys::EC_GROUP_get0_order(group), curve.octets());
            sys::EC_GROUP_free(group);
            octets?
        };
        Self::new(&octets)
    }

    /// The modulus, big-endian.
    pub(crate) fn octets(&self) -> Result<Vec<u8>> {
        // SAFETY: the number lives as long as `self`.
        unsafe { padded(self.value.get(), self.octets) }
    }

    /// `base ^ exponent mod modulus`, as long as the modulus. Time and memory
    /// access depend on the lengths only. `base` must be below the modulus.
    pub(crate) fn power(&self, base: &[u8], exponent: &[u8]) -> Result<Vec<u8>> {
        let (base, exponent) = (number(base)?, number(exponent)?);
        let (result, context) = (number(&[])?, scratch()?);
        // SAFETY: every pointer is a live object for the call.
        let status = unsafe {
            sys::BN_mod_exp_mont_consttime(
                result.get(),
                base.get(),
                exponent.get(),
                self.value.get(),
                context.get(),
                self.montgomery.get(),
            )
        };
        ok(status, CryptoError::Internal("modular exponentiation"))?;
        // SAFETY: `result` is live.
        unsafe { padded(result.get(), self.octets) }
    }

    /// `wide mod modulus` in constant time; `wide` must be below modulus * R,
    /// that is at most 8 octets longer than the modulus. Two Montgomery
    /// reductions, first by R^-1, then by R^2 * R^-1 (as EC_KEY_derive_from_secret
    /// of the library does).
    pub(crate) fn reduce(&self, wide: &[u8]) -> Result<Vec<u8>> {
        let (wide, context) = (number(wide)?, scratch()?);
        let (value, montgomery) = (wide.get(), self.montgomery.get());
        // SAFETY: every pointer is live; result and operand may be the same.
        let status = unsafe {
            sys::BN_from_montgomery(value, value, montgomery, context.get()) == 1
                && sys::BN_to_montgomery(value, value, montgomery, context.get()) == 1
        };
        ok(
            c_int::from(status),
            CryptoError::Internal("modular reduction"),
        )?;
        // SAFETY: `wide` is live.
        unsafe { padded(wide.get(), self.octets) }
    }
}

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

    const fn nid(self) -> c_int {
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

    fn rsa(&self) -> Result<*mut sys::RSA> {
        // SAFETY: the key is live; the result is borrowed from it.
        let rsa = unsafe { sys::EVP_PKEY_get0_RSA(self.0.get()) };
        if rsa.is_null() {
            Err(fail(WRONG_KIND))
        } else {
            Ok(rsa)
        }
    }

    fn ec(&self) -> Result<*mut sys::EC_KEY> {
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
