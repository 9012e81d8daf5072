//! Integrity algorithms of IKEv2 by IANA number (RFC 7296 3.3.2, RFC 4868).

use crate::{hash::Hash, hmac::hmac, secret::ct_eq};

/// A message authentication code, cut to its first octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Integrity {
    /// AUTH_HMAC_MD5_96, AUTH_HMAC_SHA1_96, AUTH_HMAC_SHA2_*: key as long as the hash.
    Hmac(Hash),
}

impl Integrity {
    /// The algorithm of a transform number of type INTEG.
    pub fn from_iana(number: u16) -> Option<Self> {
        Some(Self::Hmac(match number {
            1 => Hash::Md5,
            2 => Hash::Sha1,
            12 => Hash::Sha256,
            13 => Hash::Sha384,
            14 => Hash::Sha512,
            _ => return None,
        }))
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        match self {
            Self::Hmac(Hash::Md5) => 1,
            Self::Hmac(Hash::Sha1) => 2,
            Self::Hmac(Hash::Sha256) => 12,
            Self::Hmac(Hash::Sha384) => 13,
            Self::Hmac(Hash::Sha512) => 14,
        }
    }

    /// Octets of the key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Hmac(hash) => hash.output_len(),
        }
    }

    /// Octets of the checksum on the wire.
    pub const fn icv_len(self) -> usize {
        match self {
            Self::Hmac(Hash::Md5 | Hash::Sha1) => 12,
            Self::Hmac(hash) => hash.output_len() / 2,
        }
    }

    /// The checksum of the concatenation of `parts`, `icv_len()` octets.
    pub fn sign(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let mut full = match self {
            Self::Hmac(hash) => hmac(hash, key, parts),
        };
        full.truncate(self.icv_len());
        full
    }

    /// Whether `icv` is the checksum of `parts`, compared in constant time.
    pub fn verify(self, key: &[u8], parts: &[&[u8]], icv: &[u8]) -> bool {
        ct_eq(&self.sign(key, parts), icv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_cut_and_any_change_is_noticed() {
        for (number, icv) in [(1, 12), (2, 12), (12, 16), (13, 24), (14, 32)] {
            let integrity = Integrity::from_iana(number).unwrap();
            assert_eq!(integrity.iana(), number);
            let key = vec![9; integrity.key_len()];
            let tag = integrity.sign(&key, &[b"header", b"body"]);
            assert_eq!(tag.len(), icv);
            assert!(integrity.verify(&key, &[b"headerbody"], &tag));
            assert!(!integrity.verify(&key, &[b"headerbodY"], &tag));
            assert!(!integrity.verify(&key, &[b"headerbody"], &tag[1..]));
        }
    }
}
