//! Key derivation of RFC 2409: section 5 (SKEYID and its children), appendix B (cipher key,
//! IVs) and 5.5 (KEYMAT of Quick Mode).

use ike_crypto::{Cipher, Hash, Secret, hmac};
use ike_wire::Spi;
use ike_wire::registry::PayloadType;
use ike_wire::v1::Chain;

use super::cipher::{self, OpenError};

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

    /// Keys of a capture whose message key is known, to read it: nothing can be authenticated
    /// with them. `publics` are g^xi and g^xr.
    #[must_use]
    pub fn from_message_key(
        hash: Hash,
        cipher: Cipher,
        key: &[u8],
        publics: (&[u8], &[u8]),
    ) -> Self {
        let none = || Secret::from(Vec::new());
        let mut first_iv = hash.digest(&[publics.0, publics.1]);
        first_iv.truncate(cipher.block_len());
        let message_key = Secret::from(key.to_vec());
        Self {
            hash,
            cipher,
            skeyid: none(),
            skeyid_d: none(),
            skeyid_a: none(),
            message_key,
            first_iv,
        }
    }

    /// Decrypts the part of a message behind its header; returns the payloads and the next IV.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        &self,
        iv: &[u8],
        first: PayloadType,
        cipher_text: &[u8],
    ) -> Result<(Chain, Vec<u8>), OpenError> {
        cipher::open(self, iv, first, cipher_text).map(|opened| (opened.chain, opened.next_iv))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// A known-answer file of the project's neighbour folder; `None` where it is not there.
    fn known(file: &str) -> Option<Value> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/kat/");
        let Ok(text) = std::fs::read_to_string(format!("{path}{file}")) else {
            println!("skipped: ../shared not present");
            return None;
        };
        Some(serde_json::from_str(&text).unwrap())
    }

    fn octets(value: &Value) -> Vec<u8> {
        let text = value.as_str().unwrap();
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    fn hash_of(name: &str) -> Hash {
        match name {
            "SHA-1" => Hash::Sha1,
            "SHA-256" => Hash::Sha256,
            "SHA-384" => Hash::Sha384,
            _ => Hash::Sha512,
        }
    }

    /// RFC 2409 5: SKEYID and its children against every case of a CAVS file.
    fn check(file: &str, preshared: bool) {
        let Some(file) = known(file) else { return };
        let mut cases = 0;
        for group in file["groups"].as_array().unwrap() {
            let hash = hash_of(group["group"]["hash"].as_str().unwrap());
            for case in group["tests"].as_array().unwrap() {
                let (nonce_i, nonce_r) = (octets(&case["Ni"]), octets(&case["Nr"]));
                let cookie = |name: &str| Spi(octets(&case[name]).try_into().unwrap());
                let from = Contributions {
                    public_i: &[],
                    public_r: &[],
                    nonce_i: &nonce_i,
                    nonce_r: &nonce_r,
                    cookie_i: cookie("CKY_I"),
                    cookie_r: cookie("CKY_R"),
                };
                let key = preshared.then(|| octets(&case["pre-shared-key"]));
                let shared = Secret::from(octets(&case["g^xy"]));
                let keys = Keys::derive(hash, Cipher::Aes128Cbc, from, &shared, key.as_deref());
                assert_eq!(keys.skeyid.expose(), octets(&case["SKEYID"]), "{case}");
                assert_eq!(keys.skeyid_d.expose(), octets(&case["SKEYID_d"]), "{case}");
                assert_eq!(keys.skeyid_a.expose(), octets(&case["SKEYID_a"]), "{case}");
                let start = &octets(&case["SKEYID_e"])[..16];
                assert_eq!(keys.message_key.expose(), start, "{case}");
                cases += 1;
            }
        }
        assert!(cases > 30, "{cases} cases");
    }

    #[test]
    fn signature_keys_agree_with_cavs() {
        check("cavs-ikev1-sig.json", false);
    }

    #[test]
    fn preshared_keys_agree_with_cavs() {
        check("cavs-ikev1-psk.json", true);
    }

    /// Appendix B: a key longer than SKEYID_e is K1 | K2 | ..., each block the PRF of the last.
    #[test]
    fn long_cipher_keys_are_expanded() {
        let skeyid_e = Secret::from(vec![7; 16]);
        let key = expand(Hash::Md5, &skeyid_e, 24);
        let first = hmac(Hash::Md5, skeyid_e.expose(), &[&[0]]);
        let second = hmac(Hash::Md5, skeyid_e.expose(), &[&first]);
        assert_eq!(key.expose(), [&first[..], &second[..8]].concat());
    }
}
