//! Hash functions: MD5 from AWS-LC, the SHA family from `ring`.

use ring::digest;

use crate::ffi;

/// A hash function. MD5 and SHA-1 serve as IOS 15.3T prf and in old
/// certificates; whether they are allowed is the caller's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// MD5 (RFC 1321), 16 octets.
    Md5,
    /// SHA-1 (FIPS 180-4), 20 octets.
    Sha1,
    /// SHA-256, 32 octets.
    Sha256,
    /// SHA-384, 48 octets.
    Sha384,
    /// SHA-512, 64 octets.
    Sha512,
}

impl Hash {
    /// Octets of the output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Hash of the concatenation of `parts`, `output_len()` octets.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        match self.ring() {
            None => md5(parts).to_vec(),
            Some(algorithm) => {
                let mut context = digest::Context::new(algorithm);
                parts.iter().for_each(|part| context.update(part));
                context.finish().as_ref().to_vec()
            }
        }
    }

    /// The `ring` algorithm; `None` for MD5, which `ring` does not have.
    fn ring(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::Md5 => None,
            Self::Sha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha256 => Some(&digest::SHA256),
            Self::Sha384 => Some(&digest::SHA384),
            Self::Sha512 => Some(&digest::SHA512),
        }
    }
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = ffi::Md5::new();
    parts.iter().for_each(|part| context.update(part));
    context.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// RFC 1321 A.5 and FIPS 180-4 values for "abc".
    #[test]
    fn abc_hashes_to_the_published_values_however_it_is_split() {
        let expected = [
            (Hash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                Hash::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ];
        for (hash, value) in expected {
            assert_eq!(hex(&hash.digest(&[b"abc"])), value);
            assert_eq!(hex(&hash.digest(&[b"a", b"", b"bc"])), value);
        }
    }

    #[test]
    fn output_length_is_what_the_digest_returns() {
        for hash in [
            Hash::Md5,
            Hash::Sha1,
            Hash::Sha256,
            Hash::Sha384,
            Hash::Sha512,
        ] {
            assert_eq!(hash.digest(&[]).len(), hash.output_len());
        }
    }
}
