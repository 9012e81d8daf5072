//! AES in CBC and counter mode and by single blocks, DES in CBC mode.

use std::os::raw::{c_int, c_uint};

use aws_lc_sys as sys;

use super::{Result, cleanse, fail};
use crate::error::CryptoError;

/// AES key schedules for both directions.
pub(crate) struct Aes {
    encrypt: sys::AES_KEY,
    decrypt: sys::AES_KEY,
}

impl Aes {
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let mut new = Self {
            encrypt: EMPTY,
            decrypt: EMPTY,
        };
        expand(sys::AES_set_encrypt_key, key, &mut new.encrypt)?;
        expand(sys::AES_set_decrypt_key, key, &mut new.decrypt)?;
        Ok(new)
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

/// The AES key schedule of the modes that only ever encrypt.
pub(crate) struct AesForward(sys::AES_KEY);

impl AesForward {
    /// `key` of 16, 24 or 32 octets.
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let mut new = Self(EMPTY);
        expand(sys::AES_set_encrypt_key, key, &mut new.0)?;
        Ok(new)
    }

    /// A 16-octet key, which cannot be refused.
    pub(crate) fn of_128_bits(key: &[u8; 16]) -> Self {
        let mut new = Self(EMPTY);
        // SAFETY: reads 16 octets and writes one schedule; it fails only for
        // another number of bits.
        let status = unsafe { sys::AES_set_encrypt_key(key.as_ptr(), 128, &mut new.0) };
        debug_assert_eq!(status, 0, "AES has keys of 128 bits");
        new
    }

    /// One block, encrypted in place.
    pub(crate) fn block(&self, block: &mut [u8; 16]) {
        let octets = block.as_mut_ptr();
        // SAFETY: reads and writes 16 octets, which may be the same.
        unsafe { sys::AES_encrypt(octets, octets, &self.0) };
    }

    /// Counter mode over `data`, in place, from the first counter block.
    pub(crate) fn counter(&self, mut first: [u8; 16], data: &mut [u8]) {
        let (octets, mut unused, mut position) = (data.as_mut_ptr(), [0; 16], 0);
        // SAFETY: in place over `data`, which is allowed; the library updates
        // the counter, the rest of the key stream and the position in it, all
        // of them local.
        unsafe {
            sys::AES_ctr128_encrypt(
                octets,
                octets,
                data.len(),
                &self.0,
                first.as_mut_ptr(),
                unused.as_mut_ptr(),
                &mut position,
            );
        }
        cleanse(&mut unused);
    }
}

impl Drop for AesForward {
    fn drop(&mut self) {
        cleanse(&mut self.0);
    }
}

const EMPTY: sys::AES_KEY = sys::AES_KEY {
    rd_key: [0; 60],
    rounds: 0,
};

fn expand(
    direction: unsafe extern "C" fn(*const u8, c_uint, *mut sys::AES_KEY) -> c_int,
    key: &[u8],
    schedule: &mut sys::AES_KEY,
) -> Result<()> {
    let bad = CryptoError::InvalidKey("AES key");
    let bits = c_uint::try_from(key.len() * 8).map_err(|_| bad)?;
    // SAFETY: reads `bits` bits of `key`, refuses other than 128/192/256 and
    // writes one schedule. It returns 0 for success.
    match unsafe { direction(key.as_ptr(), bits, schedule) } {
        0 => Ok(()),
        _ => Err(fail(bad)),
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
