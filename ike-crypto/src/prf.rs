//! Pseudo-random functions of IKEv2 by IANA number (RFC 7296 2.13, 3.3.2), and prf+.

use zeroize::Zeroizing;

use crate::{
    cbc_mac::{BLOCK, CbcMac},
    hash::Hash,
    hmac::hmac,
    secret::Secret,
};

/// A pseudo-random function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prf {
    /// PRF_HMAC_* (RFC 2104, RFC 4868): key and output as long as the hash.
    Hmac(Hash),
    /// PRF_AES128_XCBC (RFC 4434): key and output of 16 octets.
    Aes128Xcbc,
    /// PRF_AES128_CMAC (RFC 4615): key and output of 16 octets.
    Aes128Cmac,
}

impl Prf {
    /// The function of a transform number of type PRF.
    pub fn from_iana(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Hmac(Hash::Md5),
            2 => Self::Hmac(Hash::Sha1),
            4 => Self::Aes128Xcbc,
            5 => Self::Hmac(Hash::Sha256),
            6 => Self::Hmac(Hash::Sha384),
            7 => Self::Hmac(Hash::Sha512),
            8 => Self::Aes128Cmac,
            _ => return None,
        })
    }

    /// The IANA number.
    pub const fn iana(self) -> u16 {
        match self {
            Self::Hmac(Hash::Md5) => 1,
            Self::Hmac(Hash::Sha1) => 2,
            Self::Aes128Xcbc => 4,
            Self::Hmac(Hash::Sha256) => 5,
            Self::Hmac(Hash::Sha384) => 6,
            Self::Hmac(Hash::Sha512) => 7,
            Self::Aes128Cmac => 8,
        }
    }

    /// Octets of the output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Hmac(hash) => hash.output_len(),
            Self::Aes128Xcbc | Self::Aes128Cmac => BLOCK,
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
            Self::Aes128Xcbc | Self::Aes128Cmac => Some(BLOCK),
        }
    }

    /// `prf(key, parts[0] | parts[1] | ...)`. A key of any length: the functions
    /// of AES make their 16 octets of it.
    pub fn compute(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Hmac(hash) => hmac(hash, key, parts),
            Self::Aes128Xcbc => CbcMac::xcbc(&xcbc_key(key)).sign(parts).to_vec(),
            Self::Aes128Cmac => CbcMac::cmac(&cmac_key(key)).sign(parts).to_vec(),
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

/// RFC 4434 2: shorter keys get zeros behind them, longer ones are hashed with
/// the function itself under the key zero.
fn xcbc_key(key: &[u8]) -> Zeroizing<[u8; BLOCK]> {
    let mut block = Zeroizing::new([0; BLOCK]);
    if key.len() > BLOCK {
        *block = CbcMac::xcbc(&block).sign(&[key]);
    } else {
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    }
    block
}

/// RFC 4615 3: a key of another length is hashed with the function itself under
/// the key zero.
fn cmac_key(key: &[u8]) -> Zeroizing<[u8; BLOCK]> {
    let block = match <[u8; BLOCK]>::try_from(key) {
        Ok(block) => block,
        Err(_) => CbcMac::cmac(&[0; BLOCK]).sign(&[key]),
    };
    Zeroizing::new(block)
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

    /// RFC 7296 2.13, 2.14: 16 octets are the key, also of SK_d and its like.
    #[test]
    fn functions_of_aes_have_a_key_of_one_length() {
        for number in [1, 2, 4, 5, 6, 7, 8] {
            let prf = Prf::from_iana(number).unwrap();
            assert_eq!(prf.iana(), number);
            let fixed = matches!(number, 4 | 8).then_some(16);
            assert_eq!(prf.fixed_key_len(), fixed);
            assert_eq!(prf.compute(b"key", &[]).len(), prf.output_len());
            assert_eq!(fixed.unwrap_or(prf.output_len()), prf.key_len());
        }
        assert_eq!(Prf::from_iana(3), None);
    }
}
