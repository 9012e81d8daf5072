//! The key derivation of PKCS#12 (RFC 7292 appendix B), which the MAC of every
//! PKCS#12 file and the encryption of those of IOS need.

use zeroize::{Zeroize, Zeroizing};

use crate::{hash::Hash, secret::Secret};

/// What the derived octets serve for (RFC 7292 B.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkcs12Purpose {
    /// A key of a cipher.
    Key,
    /// An initialisation vector.
    Iv,
    /// A key of a MAC.
    Mac,
}

/// `len` octets for a purpose. `passphrase` is text; it is taken as UTF-16
/// with its final zero (RFC 7292 B.1). The work grows with `iterations`, which
/// the caller bounds; 0 counts as 1.
pub fn pkcs12_kdf(
    hash: Hash,
    purpose: Pkcs12Purpose,
    passphrase: &str,
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Secret {
    let block = block_len(hash);
    let diversifier = vec![id(purpose); block];
    // Step 2 to 4: salt and passphrase, each repeated to whole blocks.
    let mut input = Zeroizing::new(repeated(salt, block));
    input.extend_from_slice(&repeated(&bmp_string(passphrase), block));
    let mut out = Vec::with_capacity(len + hash.output_len());
    while out.len() < len {
        let mut a = Zeroizing::new(hash.digest(&[&diversifier, &input]));
        for _ in 1..iterations {
            let next = hash.digest(&[&a]);
            a.copy_from_slice(&next);
        }
        out.extend_from_slice(&a);
        let b = Zeroizing::new(repeated(&a, block));
        input.chunks_mut(block).for_each(|chunk| add_one(chunk, &b));
    }
    if let Some(rest) = out.get_mut(len..) {
        rest.zeroize();
    }
    out.truncate(len);
    Secret::from(out)
}

/// Octets of a block of the hash function, v of RFC 7292 B.2.
const fn block_len(hash: Hash) -> usize {
    match hash {
        Hash::Md5 | Hash::Sha1 | Hash::Sha256 => 64,
        Hash::Sha384 | Hash::Sha512 => 128,
    }
}

const fn id(purpose: Pkcs12Purpose) -> u8 {
    match purpose {
        Pkcs12Purpose::Key => 1,
        Pkcs12Purpose::Iv => 2,
        Pkcs12Purpose::Mac => 3,
    }
}

/// Big-endian UTF-16 with two zero octets (RFC 7292 B.1).
fn bmp_string(text: &str) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    let units = text.encode_utf16().chain([0]);
    units.for_each(|unit| out.extend_from_slice(&unit.to_be_bytes()));
    out
}

/// Copies up to whole blocks; nothing stays nothing.
fn repeated(octets: &[u8], block: usize) -> Vec<u8> {
    let len = octets.len().div_ceil(block) * block;
    octets.iter().copied().cycle().take(len).collect()
}

/// `chunk = chunk + b + 1` modulo its size (step 6 C).
fn add_one(chunk: &mut [u8], b: &[u8]) {
    let mut carry = 1_u16;
    for (octet, add) in chunk.iter_mut().zip(b).rev() {
        let sum = u16::from(*octet) + u16::from(*add) + carry;
        *octet = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(secret: &Secret) -> String {
        let octets = secret.expose().iter();
        octets.map(|octet| format!("{octet:02X}")).collect()
    }

    /// The values that OpenSSL, Bouncy Castle and others share for "smeg".
    #[test]
    fn the_customary_values_come_out() {
        let salt = [0x0a, 0x58, 0xcf, 0x64, 0x53, 0x0d, 0x82, 0x3f];
        let key = pkcs12_kdf(Hash::Sha1, Pkcs12Purpose::Key, "smeg", &salt, 1, 24);
        assert_eq!(
            hex(&key),
            "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"
        );
        let salt = [0x64, 0x2b, 0x99, 0xab, 0x44, 0xfb, 0x4b, 0x1f];
        let iv = pkcs12_kdf(Hash::Sha1, Pkcs12Purpose::Iv, "smeg", &salt, 1, 8);
        assert_eq!(hex(&iv), "C0A38D64A79BEA1D");
    }

    #[test]
    fn purpose_salt_and_iterations_all_matter() {
        let base = pkcs12_kdf(Hash::Sha256, Pkcs12Purpose::Key, "x", &[1; 8], 2, 48);
        for (purpose, salt, iterations) in [
            (Pkcs12Purpose::Mac, [1; 8], 2),
            (Pkcs12Purpose::Key, [2; 8], 2),
            (Pkcs12Purpose::Key, [1; 8], 3),
        ] {
            let other = pkcs12_kdf(Hash::Sha256, purpose, "x", &salt, iterations, 48);
            assert_ne!(base, other);
        }
    }
}
