//! Key derivation of RFC 2409: section 5 (SKEYID and its children), appendix B (cipher key,
//! IVs) and 5.5 (KEYMAT of Quick Mode).

use ike_crypto::{Cipher, Hash, Secret, hmac};
use ike_wire::Spi;

use crate::policy::ipsec::EspSuite;
use crate::sa::child::ChildKeys;

/// Both sides' contributions to phase 1.
#[derive(Clone, Copy)]
pub struct Contributions<'a> {
    /// g^xi.
    pub public_i: &'a [u8],
    /// g^xr.
    pub public_r: &'a [u8],
    /// Ni_b.
    pub nonce_i: &'a [u8],
    /// Nr_b.
    pub nonce_r: &'a [u8],
    /// CKY-I.
    pub cookie_i: Spi,
    /// CKY-R.
    pub cookie_r: Spi,
}

/// The keys of an ISAKMP SA.
#[derive(Clone)]
pub struct Keys {
    hash: Hash,
    cipher: Cipher,
    skeyid: Secret,
    skeyid_d: Secret,
    skeyid_a: Secret,
    message_key: Secret,
    first_iv: Vec<u8>,
}

impl Keys {
    /// SKEYID = prf(Ni_b | Nr_b, g^xy) with signatures, prf(pre-shared key, Ni_b | Nr_b) with a
    /// pre-shared key (RFC 2409 5).
    #[must_use]
    pub fn derive(
        hash: Hash,
        cipher: Cipher,
        from: Contributions<'_>,
        shared: &Secret,
        preshared: Option<&[u8]>,
    ) -> Self {
        let skeyid = match preshared {
            Some(key) => hmac(hash, key, &[from.nonce_i, from.nonce_r]),
            None => {
                let nonces = [from.nonce_i, from.nonce_r].concat();
                hmac(hash, &nonces, &[shared.expose()])
            }
        };
        let skeyid = Secret::from(skeyid);
        let child = |previous: &[u8], number: u8| {
            let parts: [&[u8]; 5] = [
                previous,
                shared.expose(),
                &from.cookie_i.0,
                &from.cookie_r.0,
                &[number],
            ];
            Secret::from(hmac(hash, skeyid.expose(), &parts))
        };
        let skeyid_d = child(&[], 0);
        let skeyid_a = child(skeyid_d.expose(), 1);
        let skeyid_e = child(skeyid_a.expose(), 2);
        let mut first_iv = hash.digest(&[from.public_i, from.public_r]);
        first_iv.truncate(cipher.block_len());
        let message_key = expand(hash, &skeyid_e, cipher.key_len());
        Self {
            hash,
            cipher,
            skeyid,
            skeyid_d,
            skeyid_a,
            message_key,
            first_iv,
        }
    }

    /// HASH_I or HASH_R (RFC 2409 5): `signer` and `other` are the two public values, cookies
    /// in the same order; `sa` is SAi_b, `id` the signer's ID payload body.
    #[must_use]
    pub fn authentication_hash(
        &self,
        signer: (&[u8], Spi),
        other: (&[u8], Spi),
        sa: &[u8],
        id: &[u8],
    ) -> Vec<u8> {
        hmac(
            self.hash,
            self.skeyid.expose(),
            &[signer.0, other.0, &signer.1.0, &other.1.0, sa, id],
        )
    }

    /// prf(SKEYID_a, parts): HASH(1), HASH(2), HASH(3) (RFC 2409 5.5, 5.7).
    #[must_use]
    pub fn phase2_hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac(self.hash, self.skeyid_a.expose(), parts)
    }

    /// Keys of one ESP SA: KEYMAT = prf(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b),
    /// expanded as in RFC 2409 5.5.
    #[must_use]
    pub fn child_keys(
        &self,
        suite: EspSuite,
        spi: u32,
        nonces: (&[u8], &[u8]),
        pfs: Option<&Secret>,
    ) -> ChildKeys {
        let shared = pfs.map_or(&[][..], Secret::expose);
        let spi = spi.to_be_bytes();
        let seed: [&[u8]; 5] = [shared, &[3], &spi, nonces.0, nonces.1];
        let cipher_len = suite.cipher_key_len();
        let needed = cipher_len + suite.integrity_key_len();
        let mut material: Vec<u8> = Vec::with_capacity(needed + self.hash.output_len());
        let mut block: Vec<u8> = Vec::new();
        while material.len() < needed {
            let mut parts: Vec<&[u8]> = vec![&block];
            parts.extend(seed);
            block = hmac(self.hash, self.skeyid_d.expose(), &parts);
            material.extend_from_slice(&block);
        }
        let cipher = Secret::from(material[..cipher_len].to_vec());
        let integrity = Secret::from(material[cipher_len..needed].to_vec());
        drop(Secret::from(material));
        ChildKeys { cipher, integrity }
    }

    /// The IV of a new exchange after phase 1: HASH(last phase 1 block | M-ID) (appendix B).
    #[must_use]
    pub fn exchange_iv(&self, last_block: &[u8], message_id: u32) -> Vec<u8> {
        let mut iv = self.hash.digest(&[last_block, &message_id.to_be_bytes()]);
        iv.truncate(self.cipher.block_len());
        iv
    }

    /// The IV of MM5: HASH(g^xi | g^xr) (appendix B).
    #[must_use]
    pub fn first_iv(&self) -> Vec<u8> {
        self.first_iv.clone()
    }

    /// The message cipher.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// The message key, for the cipher and for Wireshark's `ikev1_decryption_table`.
    #[must_use]
    pub fn message_key(&self) -> &Secret {
        &self.message_key
    }
}

/// Appendix B: Ka = K1 | K2 | ..., K1 = prf(SKEYID_e, 0), when SKEYID_e is too short.
fn expand(hash: Hash, skeyid_e: &Secret, length: usize) -> Secret {
    if skeyid_e.len() >= length {
        return Secret::from(skeyid_e.expose()[..length].to_vec());
    }
    let mut block = hmac(hash, skeyid_e.expose(), &[&[0]]);
    let mut key = block.clone();
    while key.len() < length {
        block = hmac(hash, skeyid_e.expose(), &[&block]);
        key.extend_from_slice(&block);
    }
    key.truncate(length);
    Secret::from(key)
}
