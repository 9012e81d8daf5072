//! EMSA-PKCS1-v1_5 encoding (RFC 8017 9.2), built here so that a signature is
//! checked by comparing the whole block, never by parsing it (E1).

use crate::{error::CryptoError, hash::Hash};

/// Fewest padding octets of a block (RFC 8017 9.2 step 3).
const MIN_PADDING: usize = 8;

/// `00 01 FF.. 00 DigestInfo(hash, digest)`, `len` octets: certificates,
/// IKEv2 (RFC 7296 2.15).
pub(crate) fn block_with_digest_info(
    hash: Hash,
    digest: &[u8],
    len: usize,
) -> Result<Vec<u8>, CryptoError> {
    block(&[digest_info(hash), digest], len)
}

/// `00 01 FF.. 00 digest` without DigestInfo: IKEv1 (RFC 2409 5.1, W-019).
pub(crate) fn block_bare(digest: &[u8], len: usize) -> Result<Vec<u8>, CryptoError> {
    block(&[digest], len)
}

fn block(content: &[&[u8]], len: usize) -> Result<Vec<u8>, CryptoError> {
    let content = content.concat();
    let padding = len
        .checked_sub(content.len() + 3)
        .filter(|padding| *padding >= MIN_PADDING)
        .ok_or(CryptoError::InvalidKey(
            "RSA modulus too short for this hash",
        ))?;
    let mut out = vec![0, 1];
    out.resize(2 + padding, 0xff);
    out.push(0);
    out.extend(content);
    Ok(out)
}

/// The DER before the digest (RFC 8017 9.2 note 1), NULL parameters included.
fn digest_info(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Md5 => b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
        }
        Hash::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
        }
        Hash::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_block_is_padding_zero_and_the_digest() {
        let block = block_bare(&[0xaa; 16], 64).unwrap();
        assert_eq!(block.len(), 64);
        assert_eq!(&block[..2], [0, 1]);
        assert!(block[2..47].iter().all(|octet| *octet == 0xff));
        assert_eq!(block[47], 0);
        assert_eq!(&block[48..], [0xaa; 16]);
    }

    #[test]
    fn a_hash_that_leaves_less_than_eight_padding_octets_is_refused() {
        assert!(block_bare(&[0; 53], 64).is_ok());
        assert!(block_bare(&[0; 54], 64).is_err());
        assert!(block_with_digest_info(Hash::Sha1, &[0; 20], 64).is_ok());
        assert!(block_with_digest_info(Hash::Sha512, &[0; 64], 64).is_err());
    }
}
