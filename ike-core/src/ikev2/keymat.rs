//! Key derivation of RFC 7296: SKEYSEED and its seven children (2.14, 2.18), KEYMAT of child SAs (2.17).

use ike_crypto::{Prf, Secret};
use ike_wire::Spi;

use crate::policy::ikev2::suite::IkeSuite;
use crate::policy::ipsec::EspSuite;
use crate::sa::child::ChildKeys;

/// Both sides' nonces and SPIs.
#[derive(Clone, Copy)]
pub struct Contributions<'a> {
    /// Ni, without payload header.
    pub nonce_i: &'a [u8],
    /// Nr.
    pub nonce_r: &'a [u8],
    /// SPIi of the new SA.
    pub spi_i: Spi,
    /// SPIr of the new SA.
    pub spi_r: Spi,
}

/// The seven secrets of an IKE SA.
#[derive(Clone, Debug)]
pub struct Keys {
    /// SK_d: child SAs and rekeying.
    pub d: Secret,
    /// SK_ai: integrity of the initiator's messages; empty with a combined mode.
    pub ai: Secret,
    /// SK_ar: integrity of the responder's messages.
    pub ar: Secret,
    /// SK_ei: encryption of the initiator's messages; with a combined mode the salt is at its end.
    pub ei: Secret,
    /// SK_er: encryption of the responder's messages.
    pub er: Secret,
    /// SK_pi: the initiator's AUTH.
    pub pi: Secret,
    /// SK_pr: the responder's AUTH.
    pub pr: Secret,
}

/// SKEYSEED = prf(Ni | Nr, g^ir) (2.14).
#[must_use]
pub fn skeyseed(prf: Prf, nonce_i: &[u8], nonce_r: &[u8], shared: &Secret) -> Secret {
    // A PRF with a fixed key length takes the first half of its key from each nonce (2.14).
    let key = match prf.fixed_key_len() {
        Some(len) => {
            let half = |nonce: &[u8]| nonce.get(..len / 2).unwrap_or(nonce).to_vec();
            [half(nonce_i), half(nonce_r)].concat()
        }
        None => [nonce_i, nonce_r].concat(),
    };
    prf.compute(&key, &[shared.expose()]).into()
}

/// SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's PRF (2.18).
#[must_use]
pub fn skeyseed_rekeyed(
    old: Prf,
    sk_d: &Secret,
    nonce_i: &[u8],
    nonce_r: &[u8],
    shared: &Secret,
) -> Secret {
    old.compute(sk_d.expose(), &[shared.expose(), nonce_i, nonce_r])
        .into()
}

impl Keys {
    /// {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
    #[must_use]
    pub fn derive(suite: &IkeSuite, skeyseed: &Secret, from: Contributions<'_>) -> Self {
        let prf = suite.prf.key_len();
        let integrity = suite.integrity.map_or(0, |i| i.key_len());
        let encryption = suite.encryption.key_len();
        let lengths = [prf, integrity, integrity, encryption, encryption, prf, prf];
        let seed: [&[u8]; 4] = [from.nonce_i, from.nonce_r, &from.spi_i.0, &from.spi_r.0];
        let stream = suite
            .prf
            .plus(skeyseed.expose(), &seed, lengths.iter().sum());
        let mut parts = Cutter::new(&stream);
        let [d, ai, ar, ei, er, pi, pr] = lengths.map(|len| parts.next(len));
        Self {
            d,
            ai,
            ar,
            ei,
            er,
            pi,
            pr,
        }
    }
}

/// Both directions of a child SA: KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr), the keys of the SA
/// from initiator to responder first (2.17). Returns (initiator's sending keys, responder's).
#[must_use]
pub fn child_keys(
    prf: Prf,
    sk_d: &Secret,
    suite: EspSuite,
    shared: Option<&Secret>,
    nonces: (&[u8], &[u8]),
) -> (ChildKeys, ChildKeys) {
    let shared = shared.map_or(&[][..], Secret::expose);
    let (cipher, integrity) = (suite.cipher_key_len(), suite.integrity_key_len());
    let seed = [shared, nonces.0, nonces.1];
    let stream = prf.plus(sk_d.expose(), &seed, 2 * (cipher + integrity));
    let mut parts = Cutter::new(&stream);
    let mut keys = || ChildKeys {
        cipher: parts.next(cipher),
        integrity: parts.next(integrity),
    };
    (keys(), keys())
}

/// Takes secrets from the front of a stream of key material.
struct Cutter<'a> {
    rest: &'a [u8],
}

impl<'a> Cutter<'a> {
    fn new(stream: &'a Secret) -> Self {
        Self {
            rest: stream.expose(),
        }
    }

    fn next(&mut self, len: usize) -> Secret {
        let (head, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        Secret::from(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ike_crypto::{Cipher, Group, Hash, Integrity};
    use serde_json::Value;

    use crate::policy::ikev2::suite::Encryption;

    fn octets(value: &Value) -> Vec<u8> {
        let text = value.as_str().unwrap();
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    fn hash_of(name: &str) -> Option<Hash> {
        Some(match name {
            "SHA-1" => Hash::Sha1,
            "SHA-256" => Hash::Sha256,
            "SHA-384" => Hash::Sha384,
            "SHA-512" => Hash::Sha512,
            // IKEv2 has no PRF with SHA-224.
            _ => return None,
        })
    }

    /// RFC 7296 2.14, 2.17, 2.18 against every NIST CAVS case at hand.
    #[test]
    fn keys_agree_with_cavs() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/vectors/kat/cavs-ikev2.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            return println!("skipped: ../shared not present");
        };
        let file: Value = serde_json::from_str(&text).unwrap();
        let mut cases = 0;
        for group in file["groups"].as_array().unwrap() {
            let Some(hash) = hash_of(group["group"]["hash"].as_str().unwrap()) else {
                continue;
            };
            for case in group["tests"].as_array().unwrap() {
                check(Prf::Hmac(hash), case);
                cases += 1;
            }
        }
        assert!(cases > 20, "{cases} cases");
    }

    fn check(prf: Prf, case: &Value) {
        let (ni, nr) = (octets(&case["Ni"]), octets(&case["Nr"]));
        let shared = Secret::from(octets(&case["g^ir"]));
        let new_shared = Secret::from(octets(&case["g^ir (new)"]));
        let spi = |name: &str| Spi(octets(&case[name]).try_into().unwrap());
        let seed = skeyseed(prf, &ni, &nr, &shared);
        assert_eq!(seed.expose(), octets(&case["SKEYSEED"]), "{case}");
        let dkm = octets(&case["DKM"]);
        let suite = IkeSuite {
            encryption: Encryption::Cbc(Cipher::Aes128Cbc),
            prf,
            integrity: Some(Integrity::Hmac(Hash::Sha1)),
            group: Group::Modp2048,
        };
        let from = Contributions {
            nonce_i: &ni,
            nonce_r: &nr,
            spi_i: spi("SPIi"),
            spi_r: spi("SPIr"),
        };
        let keys = Keys::derive(&suite, &seed, from);
        let parts = [
            &keys.d, &keys.ai, &keys.ar, &keys.ei, &keys.er, &keys.pi, &keys.pr,
        ];
        let joined: Vec<u8> = parts.iter().flat_map(|k| k.expose().to_vec()).collect();
        let both = joined.len().min(dkm.len());
        assert_eq!(joined[..both], dkm[..both], "{case}");
        let rekeyed = skeyseed_rekeyed(prf, &keys.d, &ni, &nr, &new_shared);
        assert_eq!(rekeyed.expose(), octets(&case["SKEYSEED(Rekey)"]), "{case}");
        for (name, secret) in [
            ("DKM(Child SA)", None),
            ("DKM(Child SA D-H)", Some(&new_shared)),
        ] {
            let expected = octets(&case[name]);
            let secret = secret.map_or(&[][..], |s: &Secret| s.expose());
            let stream = prf.plus(keys.d.expose(), &[secret, &ni, &nr], expected.len());
            assert_eq!(stream.expose(), expected, "{name} {case}");
        }
    }
}
