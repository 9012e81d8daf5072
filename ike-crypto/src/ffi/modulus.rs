//! Numbers modulo a public odd number: MODP groups, the order of a curve.

use std::{os::raw::c_int, ptr};

use aws_lc_sys as sys;

use super::{Curve, NO_MEMORY, Owned, Result, fail, ok};
use crate::error::CryptoError;

pub(super) fn number(octets: &[u8]) -> Result<Owned<sys::BIGNUM>> {
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
pub(super) unsafe fn padded(value: *const sys::BIGNUM, len: usize) -> Result<Vec<u8>> {
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
                6144 => sys::BN_get_rfc3526_prime_6144(value.get()),
                8192 => sys::BN_get_rfc3526_prime_8192(value.get()),
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
