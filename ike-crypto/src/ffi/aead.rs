//! AES-GCM with any tag length and AES-CCM. Both work in place.

use std::{
    os::raw::{c_int, c_void},
    ptr,
};

use aws_lc_sys as sys;

use super::{NO_MEMORY, Owned, Result, fail, ok};
use crate::error::CryptoError;

const BAD_KEY: CryptoError = CryptoError::InvalidKey("AEAD key");
const FAILED: CryptoError = CryptoError::Internal("AEAD");

/// An AES-GCM key with the length of its tags.
pub(crate) struct Gcm(Owned<sys::EVP_AEAD_CTX>);

// SAFETY: after construction the context is only read, through const pointers,
// which the library documents as safe from several threads.
unsafe impl Send for Gcm {}
// SAFETY: as above.
unsafe impl Sync for Gcm {}

impl Gcm {
    /// `key` of 16, 24 or 32 octets.
    pub(crate) fn new(key: &[u8], tag_len: usize) -> Result<Self> {
        // SAFETY: constructors of static constants; then reads `key.len()`
        // octets, which it compares with the length of the algorithm.
        let context = unsafe {
            let algorithm = match key.len() {
                16 => sys::EVP_aead_aes_128_gcm(),
                24 => sys::EVP_aead_aes_192_gcm(),
                _ => sys::EVP_aead_aes_256_gcm(),
            };
            sys::EVP_AEAD_CTX_new(algorithm, key.as_ptr(), key.len(), tag_len)
        };
        Owned::take(context, BAD_KEY).map(Self)
    }

    /// Encrypts `data` and fills `tag`, which has the length of construction.
    pub(crate) fn seal(
        &self,
        nonce: &[u8],
        aad: &[u8],
        data: &mut [u8],
        tag: &mut [u8],
    ) -> Result<()> {
        let (octets, len, mut written) = (data.as_mut_ptr(), data.len(), 0);
        // SAFETY: lengths come from the slices; output over input is allowed;
        // the library refuses a `tag` that is too short; no extra input.
        let status = unsafe {
            sys::EVP_AEAD_CTX_seal_scatter(
                self.0.get(),
                octets,
                tag.as_mut_ptr(),
                &mut written,
                tag.len(),
                nonce.as_ptr(),
                nonce.len(),
                octets,
                len,
                ptr::null(),
                0,
                aad.as_ptr(),
                aad.len(),
            )
        };
        ok(status, FAILED)?;
        if written == tag.len() {
            Ok(())
        } else {
            Err(FAILED)
        }
    }

    /// Checks `tag` in constant time and decrypts `data`.
    pub(crate) fn open(&self, nonce: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()> {
        let (octets, len) = (data.as_mut_ptr(), data.len());
        // SAFETY: lengths come from the slices; output over input is allowed.
        let status = unsafe {
            sys::EVP_AEAD_CTX_open_gather(
                self.0.get(),
                octets,
                nonce.as_ptr(),
                nonce.len(),
                octets,
                len,
                tag.as_ptr(),
                tag.len(),
                aad.as_ptr(),
                aad.len(),
            )
        };
        ok(status, CryptoError::BadTag)
    }
}

/// An AES-CCM key with the lengths of its nonces and tags.
pub(crate) struct Ccm {
    /// Keyed, never used itself: every operation works on a copy.
    template: Owned<sys::EVP_CIPHER_CTX>,
    tag_len: c_int,
}

// SAFETY: after construction the template is only read, by EVP_CIPHER_CTX_copy.
unsafe impl Send for Ccm {}
// SAFETY: as above.
unsafe impl Sync for Ccm {}

const ENCRYPT: c_int = 1;
const DECRYPT: c_int = 0;

impl Ccm {
    /// `key` of 16, 24 or 32 octets; nonces of 7 to 13, tags of 4 to 16, even.
    pub(crate) fn new(key: &[u8], nonce_len: usize, tag_len: usize) -> Result<Self> {
        let length = |octets| c_int::try_from(octets).map_err(|_| BAD_KEY);
        let (nonce_len, tag_len) = (length(nonce_len)?, length(tag_len)?);
        let template = context()?;
        let (this, none) = (template.get(), ptr::null());
        // SAFETY: the context is live; the key is as long as its cipher reads;
        // the library refuses lengths that CCM does not have, and a null tag
        // sets the length only.
        let status = unsafe {
            let cipher = match key.len() {
                16 => sys::EVP_aes_128_ccm(),
                24 => sys::EVP_aes_192_ccm(),
                32 => sys::EVP_aes_256_ccm(),
                _ => return Err(BAD_KEY),
            };
            sys::EVP_CipherInit_ex(this, cipher, ptr::null_mut(), none, none, ENCRYPT) == 1
                && control(&template, sys::EVP_CTRL_AEAD_SET_IVLEN, nonce_len, none)
                && control(&template, sys::EVP_CTRL_AEAD_SET_TAG, tag_len, none)
                && sys::EVP_CipherInit_ex(
                    this,
                    ptr::null(),
                    ptr::null_mut(),
                    key.as_ptr(),
                    none,
                    ENCRYPT,
                ) == 1
        };
        ok(c_int::from(status), BAD_KEY)?;
        Ok(Self { template, tag_len })
    }

    /// Encrypts `data` and fills `tag`. Both lengths are those of construction.
    pub(crate) fn seal(
        &self,
        nonce: &[u8],
        aad: &[u8],
        data: &mut [u8],
        tag: &mut [u8],
    ) -> Result<()> {
        self.expect_tag(tag)?;
        let work = self.start(nonce, ENCRYPT)?;
        process(&work, aad, data, FAILED)?;
        // SAFETY: writes as many octets as the tag was declared to have.
        let written = unsafe {
            control(
                &work,
                sys::EVP_CTRL_AEAD_GET_TAG,
                self.tag_len,
                tag.as_mut_ptr(),
            )
        };
        ok(c_int::from(written), FAILED)
    }

    /// Checks `tag` in constant time and decrypts `data`.
    pub(crate) fn open(&self, nonce: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()> {
        self.expect_tag(tag)?;
        let work = self.start(nonce, DECRYPT)?;
        // SAFETY: reads as many octets as the tag was declared to have.
        let taken = unsafe {
            control(
                &work,
                sys::EVP_CTRL_AEAD_SET_TAG,
                self.tag_len,
                tag.as_ptr(),
            )
        };
        ok(c_int::from(taken), FAILED)?;
        process(&work, aad, data, CryptoError::BadTag)
    }

    fn expect_tag(&self, tag: &[u8]) -> Result<()> {
        match c_int::try_from(tag.len()) {
            Ok(len) if len == self.tag_len => Ok(()),
            _ => Err(CryptoError::BadTag),
        }
    }

    fn start(&self, nonce: &[u8], direction: c_int) -> Result<Owned<sys::EVP_CIPHER_CTX>> {
        let work = context()?;
        // SAFETY: both contexts are live; the nonce is read in its declared
        // length, which is asked first.
        let status = unsafe {
            sys::EVP_CIPHER_CTX_copy(work.get(), self.template.get()) == 1
                && usize::try_from(sys::EVP_CIPHER_CTX_iv_length(work.get())) == Ok(nonce.len())
                && sys::EVP_CipherInit_ex(
                    work.get(),
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null(),
                    nonce.as_ptr(),
                    direction,
                ) == 1
        };
        ok(c_int::from(status), FAILED)?;
        Ok(work)
    }
}

fn context() -> Result<Owned<sys::EVP_CIPHER_CTX>> {
    // SAFETY: plain constructor.
    Owned::take(unsafe { sys::EVP_CIPHER_CTX_new() }, NO_MEMORY)
}

/// # Safety
/// `place` is null, or has the `length` octets that `command` reads or writes.
unsafe fn control(
    context: &Owned<sys::EVP_CIPHER_CTX>,
    command: c_int,
    length: c_int,
    place: *const u8,
) -> bool {
    let place = place.cast_mut().cast::<c_void>();
    // SAFETY: the context is live; the rest is the contract above.
    unsafe { sys::EVP_CIPHER_CTX_ctrl(context.get(), command, length, place) == 1 }
}

/// CCM wants the length of the data, then the associated data, then the data
/// (all of it at once); each call returns a negative number when it fails.
fn process(
    work: &Owned<sys::EVP_CIPHER_CTX>,
    aad: &[u8],
    data: &mut [u8],
    failed: CryptoError,
) -> Result<()> {
    let (octets, len, none) = (data.as_mut_ptr(), data.len(), ptr::null_mut());
    // SAFETY: the context is live; lengths come from the slices; output over
    // input is allowed.
    let done = unsafe {
        sys::EVP_Cipher(work.get(), none, ptr::null(), len) >= 0
            && sys::EVP_Cipher(work.get(), none, aad.as_ptr(), aad.len()) >= 0
            && sys::EVP_Cipher(work.get(), octets, octets, len) >= 0
    };
    if done { Ok(()) } else { Err(fail(failed)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{field, wycheproof};

    struct Case {
        key: Vec<u8>,
        nonce: Vec<u8>,
        aad: Vec<u8>,
        clear: Vec<u8>,
        sealed: Vec<u8>,
        tag: Vec<u8>,
        valid: bool,
    }

    fn cases(name: &str) -> impl Iterator<Item = Case> {
        wycheproof(name).into_iter().map(|(_, test)| Case {
            key: field(&test, "key"),
            nonce: field(&test, "iv"),
            aad: field(&test, "aad"),
            clear: field(&test, "msg"),
            sealed: field(&test, "ct"),
            tag: field(&test, "tag"),
            valid: test["result"] == "valid",
        })
    }

    impl Case {
        fn check(
            &self,
            open: impl Fn(&mut [u8]) -> Result<()>,
            seal: impl Fn(&mut [u8], &mut [u8]) -> Result<()>,
        ) {
            let (mut data, mut tag) = (self.sealed.clone(), vec![0; self.tag.len()]);
            assert_eq!(open(&mut data).is_ok(), self.valid);
            if self.valid {
                assert_eq!(data, self.clear);
                seal(&mut data, &mut tag).unwrap();
                assert_eq!((&data, &tag), (&self.sealed, &self.tag));
            }
        }
    }

    /// Also the nonces that IKE and ESP do not have.
    #[test]
    fn ccm_follows_wycheproof_with_every_nonce_and_tag() {
        for case in cases("aes_ccm") {
            let (nonce, aad, tag) = (&case.nonce, &case.aad, &case.tag);
            match Ccm::new(&case.key, nonce.len(), tag.len()) {
                Ok(key) => case.check(
                    |data| key.open(nonce, aad, data, tag),
                    |data, tag| key.seal(nonce, aad, data, tag),
                ),
                Err(_) => assert!(!case.valid),
            }
        }
    }

    #[test]
    fn gcm_follows_wycheproof_with_every_nonce() {
        for case in cases("aes_gcm") {
            let (nonce, aad, tag) = (&case.nonce, &case.aad, &case.tag);
            let key = Gcm::new(&case.key, tag.len()).unwrap();
            case.check(
                |data| key.open(nonce, aad, data, tag),
                |data, tag| key.seal(nonce, aad, data, tag),
            );
        }
    }

    #[test]
    fn lengths_that_no_key_was_made_for_are_refused() {
        assert!(Gcm::new(&[0; 17], 16).is_err());
        assert!(Gcm::new(&[0; 16], 17).is_err());
        assert!(Ccm::new(&[0; 17], 11, 16).is_err());
        assert!(Ccm::new(&[0; 16], 14, 16).is_err());
        assert!(Ccm::new(&[0; 16], 11, 15).is_err());
        let ccm = Ccm::new(&[0; 16], 11, 8).unwrap();
        for (nonce, tag) in [(10, 8), (12, 8), (11, 7), (11, 16)] {
            let (nonce, mut tag) = (vec![0; nonce], vec![0; tag]);
            assert!(ccm.open(&nonce, &[], &mut [0; 4], &tag).is_err());
            assert!(ccm.seal(&nonce, &[], &mut [0; 4], &mut tag).is_err());
        }
        let gcm = Gcm::new(&[0; 16], 8).unwrap();
        for tag in [7, 9, 16] {
            let (nonce, mut tag) = ([0; 12], vec![0; tag]);
            assert!(gcm.open(&nonce, &[], &mut [0; 4], &tag).is_err());
            assert!(gcm.seal(&nonce, &[], &mut [0; 4], &mut tag).is_err());
        }
    }
}
