//! MD5, which `ring` does not have.

use std::mem::MaybeUninit;

use aws_lc_sys as sys;

use super::cleanse;

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
