//! Authenticated ciphers of IKEv2 and ESP (RFC 5282, RFC 4106, RFC 4309, RFC 7634).
//!
//! `ring` where it has the algorithm with its whole tag; AES-192-GCM, shorter
//! tags and AES-CCM come from AWS-LC.

use std::fmt;

use crate::{
    error::{CryptoError, expect_len},
    ffi,
    hmac::Tag,
};

/// An AEAD algorithm. Its nonce is a salt from the key material and the 8 octets
/// of the packet's IV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aead {
    /// AES-GCM with a 16-octet key.
    Aes128Gcm,
    /// AES-GCM with a 24-octet key.
    Aes192Gcm,
    /// AES-GCM with a 32-octet key.
    Aes256Gcm,
    /// AES-CCM with a 16-octet key.
    Aes128Ccm,
    /// AES-CCM with a 24-octet key.
    Aes192Ccm,
    /// AES-CCM with a 32-octet key.
    Aes256Ccm,
    /// ChaCha20-Poly1305 (RFC 8439), 32-octet key. Its tag is always whole.
    ChaCha20Poly1305,
}

/// How much of a tag goes over the wire; AES-GCM and AES-CCM have a transform
/// number for each length (RFC 4106 8.3, RFC 4309 7.3, RFC 5282 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagLen {
    /// The first 8 octets.
    Eight,
    /// The first 12 octets.
    Twelve,
    /// All 16 octets.
    #[default]
    Sixteen,
}

impl TagLen {
    /// Every length, shortest first.
    pub const ALL: [Self; 3] = [Self::Eight, Self::Twelve, Self::Sixteen];

    /// Octets of the tag.
    pub const fn octets(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Twelve => 12,
            Self::Sixteen => 16,
        }
    }
}

impl Aead {
    /// Every algorithm.
    pub const ALL: [Self; 7] = [
        Self::Aes128Gcm,
        Self::Aes192Gcm,
        Self::Aes256Gcm,
        Self::Aes128Ccm,
        Self::Aes192Ccm,
        Self::Aes256Ccm,
        Self::ChaCha20Poly1305,
    ];
    /// Octets of a whole tag.
    pub const TAG_LEN: usize = TagLen::Sixteen.octets();
    /// Octets of the IV in each packet, the end of the nonce (RFC 5282 4, RFC 7634 2).
    pub const IV_LEN: usize = 8;

    /// Octets of the key, without the salt that IKE and ESP put in the nonce.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm => 16,
            Self::Aes192Gcm | Self::Aes192Ccm => 24,
            Self::Aes256Gcm | Self::Aes256Ccm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// Octets of the salt behind the key in the key material: 3 for CCM, else 4
    /// (RFC 5282 4 and 7.1, RFC 7634 2).
    pub const fn salt_len(self) -> usize {
        match self {
            Self::Aes128Ccm | Self::Aes192Ccm | Self::Aes256Ccm => 3,
            _ => 4,
        }
    }

    /// Octets of the nonce: salt and IV.
    pub const fn nonce_len(self) -> usize {
        self.salt_len() + Self::IV_LEN
    }
}

/// An expanded AEAD key, usable from many threads.
pub struct AeadKey {
    aead: Aead,
    tag_len: TagLen,
    key: Inner,
}

enum Inner {
    // Boxed: the expanded key is large and a move copies no key material.
    Ring(Box<ring::aead::LessSafeKey>),
    Gcm(ffi::Gcm),
    Ccm(ffi::Ccm),
}

impl AeadKey {
    /// Expands `key` of exactly `aead.key_len()` octets; tags are whole.
    pub fn new(aead: Aead, key: &[u8]) -> Result<Self, CryptoError> {
        Self::with_tag_len(aead, TagLen::Sixteen, key)
    }

    /// Expands `key` of exactly `aead.key_len()` octets, for tags of `tag_len`.
    pub fn with_tag_len(aead: Aead, tag_len: TagLen, key: &[u8]) -> Result<Self, CryptoError> {
        expect_len("AEAD key", aead.key_len(), key.len())?;
        let octets = tag_len.octets();
        let inner = match (aead, tag_len) {
            (Aead::Aes128Gcm, TagLen::Sixteen) => from_ring(&ring::aead::AES_128_GCM, key),
            (Aead::Aes256Gcm, TagLen::Sixteen) => from_ring(&ring::aead::AES_256_GCM, key),
            (Aead::ChaCha20Poly1305, TagLen::Sixteen) => {
                from_ring(&ring::aead::CHACHA20_POLY1305, key)
            }
            (Aead::ChaCha20Poly1305, _) => Err(CryptoError::Length {
                what: "ChaCha20-Poly1305 tag",
                expected: Aead::TAG_LEN,
                found: octets,
            }),
            (Aead::Aes128Gcm | Aead::Aes192Gcm | Aead::Aes256Gcm, _) => {
                ffi::Gcm::new(key, octets).map(Inner::Gcm)
            }
            (Aead::Aes128Ccm | Aead::Aes192Ccm | Aead::Aes256Ccm, _) => {
                ffi::Ccm::new(key, aead.nonce_len(), octets).map(Inner::Ccm)
            }
        };
        Ok(Self {
            aead,
            tag_len,
            key: inner?,
        })
    }

    /// The algorithm this key belongs to.
    pub fn aead(&self) -> Aead {
        self.aead
    }

    /// The length of its tags.
    pub fn tag_len(&self) -> TagLen {
        self.tag_len
    }

    /// Encrypts `data` in place and returns the tag over `aad` and `data`.
    /// `nonce` has `aead.nonce_len()` octets and must never repeat under one
    /// key: the caller's sequence number guarantees it.
    pub fn seal(&self, nonce: &[u8], aad: &[u8], data: &mut [u8]) -> Result<Tag, CryptoError> {
        expect_len("AEAD nonce", self.aead.nonce_len(), nonce.len())?;
        let mut whole = [0; Aead::TAG_LEN];
        let (tag, _) = whole.split_at_mut(self.tag_len.octets());
        match &self.key {
            Inner::Ring(key) => seal_ring(key, nonce, aad, data, tag),
            Inner::Gcm(key) => key.seal(nonce, aad, data, tag),
            Inner::Ccm(key) => key.seal(nonce, aad, data, tag),
        }?;
        Ok(Tag::new(tag))
    }

    /// Checks `tag` and decrypts `data` in place. On [`CryptoError::BadTag`]
    /// the content of `data` is unspecified and must not be used.
    pub fn open(
        &self,
        nonce: &[u8],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8],
    ) -> Result<(), CryptoError> {
        expect_len("AEAD nonce", self.aead.nonce_len(), nonce.len())?;
        expect_len("AEAD tag", self.tag_len.octets(), tag.len())?;
        match &self.key {
            Inner::Ring(key) => open_ring(key, nonce, aad, data, tag),
            Inner::Gcm(key) => key.open(nonce, aad, data, tag),
            Inner::Ccm(key) => key.open(nonce, aad, data, tag),
        }
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AeadKey({:?}, {:?})", self.aead, self.tag_len)
    }
}

fn from_ring(algorithm: &'static ring::aead::Algorithm, key: &[u8]) -> Result<Inner, CryptoError> {
    let key = ring::aead::UnboundKey::new(algorithm, key)
        .map_err(|_| CryptoError::InvalidKey("AEAD key"))?;
    Ok(Inner::Ring(Box::new(ring::aead::LessSafeKey::new(key))))
}

fn seal_ring(
    key: &ring::aead::LessSafeKey,
    nonce: &[u8],
    aad: &[u8],
    data: &mut [u8],
    tag: &mut [u8],
) -> Result<(), CryptoError> {
    const TOO_LONG: CryptoError = CryptoError::Internal("AEAD input too long");
    let nonce = ring::aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| TOO_LONG)?;
    let sealed = key
        .seal_in_place_separate_tag(nonce, ring::aead::Aad::from(aad), data)
        .map_err(|_| TOO_LONG)?;
    tag.copy_from_slice(sealed.as_ref());
    Ok(())
}

fn open_ring(
    key: &ring::aead::LessSafeKey,
    nonce: &[u8],
    aad: &[u8],
    data: &mut [u8],
    tag: &[u8],
) -> Result<(), CryptoError> {
    const BAD: CryptoError = CryptoError::BadTag;
    let nonce = ring::aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| BAD)?;
    let tag = ring::aead::Tag::try_from(tag).map_err(|_| BAD)?;
    key.open_in_place_separate_tag(nonce, ring::aead::Aad::from(aad), tag, data, 0..)
        .map(|_| ())
        .map_err(|_| BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every algorithm with every tag it has.
    fn keys() -> impl Iterator<Item = AeadKey> {
        let pairs = Aead::ALL
            .into_iter()
            .flat_map(|aead| TagLen::ALL.map(|tag_len| (aead, tag_len)));
        pairs.filter_map(|(aead, tag_len)| {
            AeadKey::with_tag_len(aead, tag_len, &vec![3; aead.key_len()]).ok()
        })
    }

    #[test]
    fn every_algorithm_opens_what_it_sealed_and_refuses_any_change() {
        assert_eq!(keys().count(), 6 * 3 + 1);
        for key in keys() {
            let len = key.aead().nonce_len();
            let (nonce, other) = (vec![1; len], vec![2; len]);
            let mut data = *b"first packet of the tunnel";
            let tag = key.seal(&nonce, b"header", &mut data).unwrap();
            let (tag, sealed) = (tag.as_ref(), data);
            assert_eq!(tag.len(), key.tag_len().octets());
            key.open(&nonce, b"header", &mut data, tag).unwrap();
            assert_eq!(&data, b"first packet of the tunnel");
            let mut flipped = tag.to_vec();
            *flipped.last_mut().unwrap() ^= 0x80;
            for (nonce, aad, tag) in [
                (&other, &b"header"[..], tag),
                (&nonce, b"reader", tag),
                (&nonce, b"header", &flipped),
            ] {
                let mut data = sealed;
                let verdict = key.open(nonce, aad, &mut data, tag);
                assert_eq!(verdict, Err(CryptoError::BadTag), "{key:?}");
            }
            let mut data = sealed;
            data[0] ^= 1;
            let verdict = key.open(&nonce, b"header", &mut data, tag);
            assert_eq!(verdict, Err(CryptoError::BadTag), "{key:?}");
        }
    }

    #[test]
    fn nonces_and_tags_of_another_length_are_refused() {
        for key in keys() {
            let (len, tag) = (key.aead().nonce_len(), key.tag_len().octets());
            for (nonce, tag) in [
                (len - 1, tag),
                (len + 1, tag),
                (len, tag - 1),
                (len, tag + 1),
            ] {
                let refused = key.open(&vec![1; nonce], b"", &mut [0; 20], &vec![0; tag]);
                assert!(
                    matches!(refused, Err(CryptoError::Length { .. })),
                    "{key:?}"
                );
            }
            assert!(key.seal(&vec![1; len - 1], b"", &mut [0; 20]).is_err());
        }
    }

    /// RFC 4106 6, RFC 3610 2.2: a shorter tag is the front of the whole one with
    /// GCM. CCM mixes the length into the tag.
    #[test]
    fn a_shorter_gcm_tag_is_the_front_of_the_whole_one() {
        for key in keys().filter(|key| key.aead() != Aead::ChaCha20Poly1305) {
            let (aead, nonce) = (key.aead(), vec![9; key.aead().nonce_len()]);
            let whole = AeadKey::new(aead, &vec![3; aead.key_len()]).unwrap();
            let (mut one, mut other) = ([5; 40], [5; 40]);
            let short = key.seal(&nonce, b"aad", &mut one).unwrap();
            let long = whole.seal(&nonce, b"aad", &mut other).unwrap();
            let front = long.as_ref().starts_with(short.as_ref());
            let same = aead.salt_len() == 4 || key.tag_len() == TagLen::Sixteen;
            assert_eq!((one, front), (other, same), "{key:?}");
        }
    }
}
