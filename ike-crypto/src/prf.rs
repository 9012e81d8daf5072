//! Pseudo-random functions of IKEv2 by IANA number (RFC 7296 2.13, 3.3.2), and prf+.

use crate::{hash::Hash, hmac::hmac, secret::Secret};

/// A pseudo-random function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prf {
    /// PRF_HMAC_* (RFC 2104, RFC 4868): key and output as long as the hash.
    Hmac(Hash),
}

impl Prf {
    /// The function of a transform number of type PRF.
    pub fn from_iana(number: u16) -> Option<Self> {
        Some(Self::Hmac(match number {
            1 => Hash::Md5,
            2 => Hash::Sha1,
            5 => Hash::Sha256,
            6 => Hash::Sha384,
            7 => Hash::Sha512,
            _ => return None,
        }))
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        match self {
            Self::Hmac(Hash::Md5) => 1,
            Self::Hmac(Hash::Sha1) => 2,
            Self::Hmac(Hash::Sha256) => 5,
            Self::Hmac(Hash::Sha384) => 6,
            Self::Hmac(Hash::Sha512) => 7,
        }
    }

    /// Octets of the output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Hmac(hash) => hash.output_len(),
        }
    }

    /// Octets of SK_d, SK_pi and SK_pr: the preferred key size (RFC 7296 2.13).
    pub const fn key_len(self) -> usize {
        self.output_len()
    }

    /// Octets of the key of a function that takes one length only; `None` takes any (RFC 7296 2.14).
    pub const fn fixed_key_len(self) -> Option<usize> {
        match self {
            Self::Hmac(_) => None,
        }
    }

    /// prf(key, parts[0] | parts[1] | ...).
    pub fn compute(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Hmac(hash) => hmac(hash, key, parts),
        }
    }

    /// `len` octets of prf+(key, seed): T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n)
    /// (RFC 7296 2.13). At most 255 blocks exist; more octets than that come out short.
    pub fn plus(self, key: &[u8], seed: &[&[u8]], len: usize) -> Secret {
        let mut out: Vec<u8> = Vec::with_capacity(len + self.output_len());
        let mut block = Secret::default();
        for number in 1..=u8::MAX {
            if out.len() >= len {
                break;
            }
            let number = [number];
            let mut parts: Vec<&[u8]> = vec![block.expose()];
            parts.extend(seed);
            parts.push(&number);
            let next = Secret::from(self.compute(key, &parts));
            out.extend_from_slice(next.expose());
            block = next;
        }
        let whole = Secret::from(out);
        Secret::from(whole.expose().get(..len).unwrap_or(whole.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7296 2.13: each block takes the one before it, the seed and its number.
    #[test]
    fn prf_plus_chains_its_blocks() {
        let prf = Prf::Hmac(Hash::Sha256);
        let first = prf.compute(b"key", &[b"seed", &[1]]);
        let second = prf.compute(b"key", &[&first, b"seed", &[2]]);
        let plus = prf.plus(b"key", &[b"se", b"ed"], 40);
        assert_eq!(plus.expose(), [&first[..], &second[..8]].concat());
        assert_eq!(prf.plus(b"key", &[b"seed"], 0).len(), 0);
    }
}
