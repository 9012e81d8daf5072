//! Authenticated ciphers: Wycheproof, RFC 8439, a packet of draft-mcgrew-gcm-test.

use ike_crypto::{Aead, AeadKey, CryptoError, TagLen};
use serde_json::Value;

use crate::support::{field, vectors, wycheproof};

#[test]
fn packets_of_the_rfcs_are_sealed_alike() {
    let Some(file) = vectors("ciphers.json") else {
        return;
    };
    for test in file["tests"].as_array().unwrap() {
        match test["alg"].as_str().unwrap() {
            "ChaCha20-Poly1305" => check_packet(Aead::ChaCha20Poly1305, test),
            name if name.starts_with("AES-GCM") => check_packet(Aead::Aes128Gcm, test),
            _ => {}
        }
    }
}

fn check_packet(aead: Aead, test: &Value) {
    let key = AeadKey::new(aead, &field(test, "key")).unwrap();
    let nonce = [field(test, "salt"), field(test, "iv")].concat();
    let mut data = field(test, "pt");
    let tag = key.seal(&nonce, &field(test, "aad"), &mut data).unwrap();
    assert_eq!([&data, tag.as_ref()].concat(), field(test, "ct_tag"));
}

/// Every case of the files: valid ones open and are sealed to the same octets,
/// invalid ones and those with lengths that IKE and ESP do not have are refused.
#[test]
fn every_tag_follows_wycheproof() {
    for (name, aeads, at_least) in [
        (
            "aes_gcm",
            [Aead::Aes128Gcm, Aead::Aes192Gcm, Aead::Aes256Gcm],
            40,
        ),
        (
            "aes_ccm",
            [Aead::Aes128Ccm, Aead::Aes192Ccm, Aead::Aes256Ccm],
            18,
        ),
        ("chacha20_poly1305", [Aead::ChaCha20Poly1305; 3], 147),
    ] {
        let cases = wycheproof(name);
        let opened = cases.iter().filter(|(_, test)| opens(&aeads, test)).count();
        assert!(cases.is_empty() || opened >= at_least, "{name}: {opened}");
    }
}

fn opens(aeads: &[Aead], test: &Value) -> bool {
    let (key, nonce, tag) = (field(test, "key"), field(test, "iv"), field(test, "tag"));
    let of_key = |aead: &&Aead| aead.key_len() == key.len();
    let aead = *aeads.iter().find(of_key).unwrap();
    let tag_len = TagLen::ALL.into_iter().find(|l| l.octets() == tag.len());
    let key = AeadKey::with_tag_len(aead, tag_len.unwrap_or_default(), &key).unwrap();
    let (mut data, aad) = (field(test, "ct"), field(test, "aad"));
    let verdict = key.open(&nonce, &aad, &mut data, &tag);
    if nonce.len() != aead.nonce_len() || tag_len.is_none() {
        assert!(matches!(verdict, Err(CryptoError::Length { .. })), "{test}");
        return false;
    }
    assert_eq!(verdict.is_ok(), test["result"] == "valid", "{test}");
    if verdict.is_ok() {
        assert_eq!(data, field(test, "msg"), "{test}");
        let made = key.seal(&nonce, &aad, &mut data).unwrap();
        assert_eq!((data, made.as_ref()), (field(test, "ct"), &tag[..]));
    }
    verdict.is_ok()
}
