//! HMAC (RFC 2104): the prf and the integrity algorithm of both IKE versions.

use std::fmt;

use ring::hmac as ring_hmac;
use zeroize::Zeroize;

use crate::{ffi, hash::Hash};

/// HMAC of the concatenation of `parts`, full length: the prf of IKEv1
/// (RFC 2409 section 4) and IKEv2 (RFC 7296 section 2.13).
pub fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    HmacKey::new(hash, key).sign(parts).as_ref().to_vec()
}

/// An HMAC key with its padding already hashed, for use on many messages.
#[derive(Clone)]
pub struct HmacKey(Inner);

#[derive(Clone)]
enum Inner {
    Ring(ring_hmac::Key),
    Md5 { inner: ffi::Md5, outer: ffi::Md5 },
}

impl HmacKey {
    /// A key of any length; keys longer than the hash block are hashed first
    /// (RFC 2104 section 3).
    pub fn new(hash: Hash, key: &[u8]) -> Self {
        let algorithm = match hash {
            Hash::Md5 => return Self(md5_key(key)),
            Hash::Sha1 => ring_hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => ring_hmac::HMAC_SHA256,
            Hash::Sha384 => ring_hmac::HMAC_SHA384,
            Hash::Sha512 => ring_hmac::HMAC_SHA512,
        };
        Self(Inner::Ring(ring_hmac::Key::new(algorithm, key)))
    }

    /// Tag over the concatenation of `parts`, as long as the hash output.
    /// Allocates nothing.
    pub fn sign(&self, parts: &[&[u8]]) -> Tag {
        match &self.0 {
            Inner::Ring(key) => {
                let mut context = ring_hmac::Context::with_key(key);
                parts.iter().for_each(|part| context.update(part));
                Tag::new(context.sign().as_ref())
            }
            Inner::Md5 { inner, outer } => md5_sign(inner.clone(), outer.clone(), parts),
        }
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

/// A tag of up to 64 octets, on the stack: of an HMAC or an AEAD. Cut it with `&tag.as_ref()[..n]`
/// for a truncated integrity algorithm; compare with [`crate::ct_eq`].
#[derive(Clone, Copy)]
pub struct Tag {
    octets: [u8; 64],
    len: usize,
}

impl Tag {
    pub(crate) fn new(value: &[u8]) -> Self {
        let mut octets = [0; 64];
        let len = value.len().min(octets.len());
        octets
            .iter_mut()
            .zip(value)
            .for_each(|(to, from)| *to = *from);
        Self { octets, len }
    }
}

impl AsRef<[u8]> for Tag {
    fn as_ref(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({} octets)", self.len)
    }
}

/// RFC 2104: hash states after the key block XOR 0x36 and XOR 0x5c.
fn md5_key(key: &[u8]) -> Inner {
    let mut block = [0_u8; 64];
    let mut shortened = if key.len() > 64 {
        Hash::Md5.digest(&[key])
    } else {
        key.to_vec()
    };
    block
        .iter_mut()
        .zip(&shortened)
        .for_each(|(to, from)| *to = *from);
    shortened.zeroize();
    let state = |mask: u8| {
        let mut padded = block.map(|octet| octet ^ mask);
        let mut context = ffi::Md5::new();
        context.update(&padded);
        padded.zeroize();
        context
    };
    let inner = Inner::Md5 {
        inner: state(0x36),
        outer: state(0x5c),
    };
    block.zeroize();
    inner
}

fn md5_sign(mut inner: ffi::Md5, mut outer: ffi::Md5, parts: &[&[u8]]) -> Tag {
    parts.iter().for_each(|part| inner.update(part));
    outer.update(&inner.finish());
    Tag::new(&outer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 section 2, test cases 2 and 6 (key longer than the block).
    #[test]
    fn hmac_md5_matches_rfc_2202() {
        let tag = hmac(Hash::Md5, b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            tag,
            0x750c_783e_6ab0_b503_eaa8_6e31_0a5d_b738_u128.to_be_bytes()
        );
        let long = hmac(
            Hash::Md5,
            &[0xaa; 80],
            &[b"Test Using Larger Than Block-Size Key - Hash Key First"],
        );
        assert_eq!(
            long,
            0x6b1a_b7fe_4bd7_bf8f_0b62_e6ce_61b9_d0cd_u128.to_be_bytes()
        );
    }

    #[test]
    fn a_key_signs_many_messages_independently() {
        for hash in [
            Hash::Md5,
            Hash::Sha1,
            Hash::Sha256,
            Hash::Sha384,
            Hash::Sha512,
        ] {
            let key = HmacKey::new(hash, b"key");
            assert_eq!(
                key.sign(&[b"one"]).as_ref(),
                hmac(hash, b"key", &[b"o", b"ne"])
            );
            assert_ne!(key.sign(&[b"two"]).as_ref(), key.sign(&[b"one"]).as_ref());
            assert_eq!(key.sign(&[]).as_ref().len(), hash.output_len());
        }
    }
}
