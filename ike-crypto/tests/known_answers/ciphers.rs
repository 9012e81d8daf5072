//! Ciphers without a tag: AES-CBC (RFC 3602), DES and 3DES.

use ike_crypto::{CbcKey, Cipher};
use serde_json::Value;

use crate::support::{field, hex, vectors, wycheproof};

#[test]
fn aes_cbc_matches_rfc_3602() {
    let Some(file) = vectors("ciphers.json") else {
        return;
    };
    for test in file["tests"].as_array().unwrap() {
        if test["alg"] == "AES-CBC" {
            check_cbc(Cipher::Aes128Cbc, test);
        }
    }
}

fn check_cbc(cipher: Cipher, test: &Value) {
    let key = CbcKey::new(cipher, &field(test, "key")).unwrap();
    let (iv, plain) = (field(test, "iv"), field(test, "pt"));
    let mut data = plain.clone();
    key.encrypt(&iv, &mut data).unwrap();
    assert_eq!(data, field(test, "ct"));
    key.decrypt(&iv, &mut data).unwrap();
    assert_eq!(data, plain);
}

#[test]
fn aes_cbc_of_every_key_size_matches_wycheproof() {
    for (group, test) in wycheproof("aes_cbc_pkcs5") {
        let cipher = match group["keySize"].as_u64() {
            Some(128) => Cipher::Aes128Cbc,
            Some(192) => Cipher::Aes192Cbc,
            _ => Cipher::Aes256Cbc,
        };
        let key = CbcKey::new(cipher, &field(&test, "key")).unwrap();
        let mut data = field(&test, "ct");
        if test["result"] == "valid" {
            key.decrypt(&field(&test, "iv"), &mut data).unwrap();
            let plain = field(&test, "msg");
            assert_eq!(data[..plain.len()], plain, "tcId {}", test["tcId"]);
        }
    }
}

/// FIPS 81 appendix C (DES-CBC), and a value computed with
/// `openssl enc -des-ede3-cbc`.
#[test]
fn des_and_triple_des_match_independent_values() {
    let fips = CbcKey::new(Cipher::DesCbc, &hex("0123456789abcdef")).unwrap();
    let mut data = *b"Now is the time for all ";
    fips.encrypt(&hex("1234567890abcdef"), &mut data).unwrap();
    assert_eq!(
        data[..],
        hex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6")
    );
    let key = hex("0123456789abcdef23456789abcdef01456789abcdef0123");
    let triple = CbcKey::new(Cipher::TripleDesCbc, &key).unwrap();
    let mut data = *b"The quick brown fox jump";
    triple.encrypt(&hex("1234567890abcdef"), &mut data).unwrap();
    assert_eq!(data[..], hex(TRIPLE_DES_CBC));
    triple.decrypt(&hex("1234567890abcdef"), &mut data).unwrap();
    assert_eq!(&data, b"The quick brown fox jump");
}

const TRIPLE_DES_CBC: &str = "5ba523a59a5109710da06400f058192a743dc4df1c592655";
