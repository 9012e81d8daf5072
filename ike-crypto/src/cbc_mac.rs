//! AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493): the chain of CBC whose last
//! block is mixed with one of two subkeys.
//!
//! They differ in how the keys are made and in nothing else, so that the many
//! cases published for CMAC also prove the chain of XCBC. AWS-LC has CMAC only.

use zeroize::Zeroize;

use crate::ffi::AesForward;

/// Octets of a block, of the key and of the tag.
pub(crate) const BLOCK: usize = 16;

type Block = [u8; BLOCK];

/// A key of either, ready for many messages. Cleared on drop.
pub(crate) struct CbcMac {
    chain: AesForward,
    /// For a last block of 16 octets.
    whole: Block,
    /// For a last block that was padded, the empty one included.
    padded: Block,
}

impl CbcMac {
    /// AES-XCBC-MAC (RFC 3566 4).
    pub(crate) fn xcbc(key: &Block) -> Self {
        let key = AesForward::of_128_bits(key);
        let derive = |number| {
            let mut block = [number; BLOCK];
            key.block(&mut block);
            block
        };
        let mut first = derive(1);
        let chain = AesForward::of_128_bits(&first);
        first.zeroize();
        Self {
            chain,
            whole: derive(2),
            padded: derive(3),
        }
    }

    /// AES-CMAC (RFC 4493 2.3).
    pub(crate) fn cmac(key: &Block) -> Self {
        let chain = AesForward::of_128_bits(key);
        let mut zero = [0; BLOCK];
        chain.block(&mut zero);
        let whole = doubled(zero);
        zero.zeroize();
        Self {
            chain,
            whole,
            padded: doubled(whole),
        }
    }

    /// The tag over the concatenation of `parts`.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Block {
        let (mut state, mut filled) = ([0; BLOCK], 0);
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                // A full block waits until it is known not to be the last.
                if filled == BLOCK {
                    self.chain.block(&mut state);
                    filled = 0;
                }
                let (now, later) = rest.split_at(rest.len().min(BLOCK - filled));
                mix(state.iter_mut().skip(filled), now);
                filled += now.len();
                rest = later;
            }
        }
        mix(state.iter_mut().skip(filled), &[0x80]);
        let last = if filled == BLOCK {
            &self.whole
        } else {
            &self.padded
        };
        mix(state.iter_mut(), last);
        self.chain.block(&mut state);
        state
    }
}

impl Drop for CbcMac {
    fn drop(&mut self) {
        self.whole.zeroize();
        self.padded.zeroize();
    }
}

fn mix<'a>(state: impl Iterator<Item = &'a mut u8>, octets: &[u8]) {
    state.zip(octets).for_each(|(to, from)| *to ^= from);
}

/// Twice the value in GF(2^128), without a branch on it (RFC 4493 2.3).
fn doubled(value: Block) -> Block {
    let value = u128::from_be_bytes(value);
    let carry = (value >> 127) * 0x87;
    ((value << 1) ^ carry).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_does_not_depend_on_how_the_message_is_split() {
        let message: Vec<u8> = (0..100).collect();
        for key in [CbcMac::cmac(&[7; 16]), CbcMac::xcbc(&[7; 16])] {
            for len in 0..message.len() {
                let whole = key.sign(&[&message[..len]]);
                for middle in 0..=len {
                    let (front, back) = message[..len].split_at(middle);
                    assert_eq!(key.sign(&[front, &[], back]), whole);
                }
            }
        }
    }

    /// RFC 4493 section 4: the subkeys of the example.
    #[test]
    fn subkeys_of_cmac_match_rfc_4493() {
        let key = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        let key = CbcMac::cmac(&key);
        let (k1, k2) = (
            0xfbee_d618_3571_3366_7c85_e08f_7236_a8de_u128,
            0xf7dd_ac30_6ae2_66cc_f90b_c11e_e46d_513b_u128,
        );
        assert_eq!(
            (key.whole, key.padded),
            (k1.to_be_bytes(), k2.to_be_bytes())
        );
    }
}
