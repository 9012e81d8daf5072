//! Ciphers without a tag: AES-CBC (RFC 3602), AES-CTR (RFC 3686), DES and 3DES.

use ike_crypto::{CbcKey, Cipher, CtrCipher, CtrKey};
use serde_json::Value;

use crate::support::{field, hex, vectors, wycheproof};

#[test]
fn aes_matches_rfc_3602_and_rfc_3686() {
    let Some(file) = vectors("ciphers.json") else {
        return;
    };
    for test in file["tests"].as_array().unwrap() {
        match test["alg"].as_str().unwrap() {
            "AES-CBC" => check_cbc(Cipher::Aes128Cbc, test),
            name if name.starts_with("AES-CTR") => check_ctr(test),
            _ => {}
        }
    }
}

/// RFC 5930 2: the key is followed by the nonce, and IKE counts as ESP does.
fn check_ctr(test: &Value) {
    let key = field(test, "key");
    let cipher = match key.len() {
        16 => CtrCipher::Aes128Ctr,
        24 => CtrCipher::Aes192Ctr,
        _ => CtrCipher::Aes256Ctr,
    };
    let key = CtrKey::new(cipher, &key).unwrap();
    let (nonce, iv, clear) = (field(test, "nonce"), field(test, "iv"), field(test, "pt"));
    let mut data = clear.clone();
    key.apply(&nonce, &iv, &mut data).unwrap();
    assert_eq!(data, field(test, "ct"));
    key.apply(&nonce, &iv, &mut data).unwrap();
    assert_eq!(data, clear);
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

/// IKE and ESP pad in their own ways; the padding of PKCS#5 is taken off here,
/// which decides every case of the file.
#[test]
fn aes_cbc_of_every_key_size_follows_wycheproof() {
    let cases = wycheproof("aes_cbc_pkcs5");
    for (group, test) in &cases {
        let cipher = match group["keySize"].as_u64() {
            Some(128) => Cipher::Aes128Cbc,
            Some(192) => Cipher::Aes192Cbc,
            _ => Cipher::Aes256Cbc,
        };
        let key = CbcKey::new(cipher, &field(test, "key")).unwrap();
        let (iv, sealed) = (field(test, "iv"), field(test, "ct"));
        let mut data = sealed.clone();
        let opened = key.decrypt(&iv, &mut data).is_ok() && unpadded(&data).is_some();
        assert_eq!(opened, test["result"] == "valid", "{test}");
        if opened {
            assert_eq!(unpadded(&data), Some(&field(test, "msg")[..]), "{test}");
            key.encrypt(&iv, &mut data).unwrap();
            assert_eq!(data, sealed, "{test}");
        }
    }
}

fn unpadded(data: &[u8]) -> Option<&[u8]> {
    let length = usize::from(*data.last()?);
    let (clear, padding) = data.split_at_checked(data.len().checked_sub(length)?)?;
    let right = (1..=16).contains(&length) && padding.iter().all(|o| usize::from(*o) == length);
    right.then_some(clear)
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
