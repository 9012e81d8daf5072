//! Integrity algorithms of IKEv2 by IANA number (RFC 7296 3.3.2, RFC 4868).

use crate::{cbc_mac::BLOCK, hash::Hash, hmac::hmac, prf::Prf, secret::ct_eq};

/// A message authentication code, cut to its first octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Integrity {
    /// AUTH_HMAC_MD5_96, AUTH_HMAC_SHA1_96, AUTH_HMAC_SHA2_*: key as long as the hash.
    Hmac(Hash),
    /// AUTH_AES_XCBC_96 (RFC 3566): 16-octet key.
    AesXcbc96,
    /// AUTH_AES_CMAC_96 (RFC 4494): 16-octet key.
    AesCmac96,
}

impl Integrity {
    /// The algorithm of a transform number of type INTEG.
    pub fn from_iana(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Hmac(Hash::Md5),
            2 => Self::Hmac(Hash::Sha1),
            5 => Self::AesXcbc96,
            8 => Self::AesCmac96,
            12 => Self::Hmac(Hash::Sha256),
            13 => Self::Hmac(Hash::Sha384),
            14 => Self::Hmac(Hash::Sha512),
            _ => return None,
        })
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        match self {
            Self::Hmac(Hash::Md5) => 1,
            Self::Hmac(Hash::Sha1) => 2,
            Self::AesXcbc96 => 5,
            Self::AesCmac96 => 8,
            Self::Hmac(Hash::Sha256) => 12,
            Self::Hmac(Hash::Sha384) => 13,
            Self::Hmac(Hash::Sha512) => 14,
        }
    }

    /// Octets of the key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Hmac(hash) => hash.output_len(),
            Self::AesXcbc96 | Self::AesCmac96 => BLOCK,
        }
    }

    /// Octets of the checksum on the wire.
    pub const fn icv_len(self) -> usize {
        match self {
            Self::Hmac(Hash::Md5 | Hash::Sha1) | Self::AesXcbc96 | Self::AesCmac96 => 12,
            Self::Hmac(hash) => hash.output_len() / 2,
        }
    }

    /// The checksum of the concatenation of `parts`, `icv_len()` octets.
    pub fn sign(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let mut full = match self {
            Self::Hmac(hash) => hmac(hash, key, parts),
            // With a key of 16 octets the function of RFC 4434 is the code itself.
            Self::AesXcbc96 => Prf::Aes128Xcbc.compute(key, parts),
            Self::AesCmac96 => Prf::Aes128Cmac.compute(key, parts),
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
        for (number, icv) in [
            (1, 12),
            (2, 12),
            (5, 12),
            (8, 12),
            (12, 16),
            (13, 24),
            (14, 32),
        ] {
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
