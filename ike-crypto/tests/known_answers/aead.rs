//! Authenticated ciphers: Wycheproof, RFC 8439, a packet of draft-mcgrew-gcm-test.

use ike_crypto::{Aead, AeadKey};
use serde_json::Value;

use crate::support::{field, vectors, wycheproof};

#[test]
fn packets_of_the_rfcs_are_sealed_alike() {
    let Some(file) = vectors("ciphers.json") else {
        return;
    };
    for test in file["tests"].as_array().unwrap() {
        match test["alg"].as_str().unwrap() {
            "ChaCha20-Poly1305" => check_aead(Aead::ChaCha20Poly1305, test),
            name if name.starts_with("AES-GCM") => check_aead(Aead::Aes128Gcm, test),
            _ => {}
        }
    }
}

fn check_aead(aead: Aead, test: &Value) {
    let key = AeadKey::new(aead, &field(test, "key")).unwrap();
    let nonce: [u8; 12] = [field(test, "salt"), field(test, "iv")]
        .concat()
        .try_into()
        .unwrap();
    let mut data = field(test, "pt");
    let tag = key.seal(&nonce, &field(test, "aad"), &mut data).unwrap();
    assert_eq!([data, tag.to_vec()].concat(), field(test, "ct_tag"));
}

#[test]
fn aead_tags_follow_wycheproof() {
    for name in ["aes_gcm", "chacha20_poly1305"] {
        for (group, test) in wycheproof(name) {
            let (Ok(nonce), Some(128)) = (
                <[u8; 12]>::try_from(field(&test, "iv")),
                group["tagSize"].as_u64(),
            ) else {
                continue;
            };
            let aead = match (name, group["keySize"].as_u64()) {
                ("aes_gcm", Some(128)) => Aead::Aes128Gcm,
                ("aes_gcm", Some(192)) => Aead::Aes192Gcm,
                ("aes_gcm", _) => Aead::Aes256Gcm,
                _ => Aead::ChaCha20Poly1305,
            };
            let key = AeadKey::new(aead, &field(&test, "key")).unwrap();
            let mut data = field(&test, "ct");
            let verdict = key.open(
                &nonce,
                &field(&test, "aad"),
                &mut data,
                &field(&test, "tag"),
            );
            assert_eq!(
                verdict.is_ok(),
                test["result"] == "valid",
                "{name} {}",
                test["tcId"]
            );
            if verdict.is_ok() {
                assert_eq!(data, field(&test, "msg"));
            }
        }
    }
}
