//! Message authentication codes and pseudo-random functions: HMAC (RFC 2202,
//! 4231), AES-XCBC (RFC 3566, 4434), AES-CMAC (RFC 4493, 4615), Wycheproof.

use ike_crypto::{Hash, Integrity, Prf, ct_eq, hmac};
use serde_json::Value;

use crate::support::{field, vectors, wycheproof};

#[test]
fn codes_and_functions_match_their_rfcs() {
    let Some(file) = vectors("mac-prf.json") else {
        return;
    };
    let tests = file["tests"].as_array().unwrap();
    for test in tests {
        let (key, data, mac) = (field(test, "key"), field(test, "data"), field(test, "mac"));
        let full = match test["alg"].as_str().unwrap() {
            "HMAC-md5" => hmac(Hash::Md5, &key, &[&data]),
            "HMAC-sha1" => hmac(Hash::Sha1, &key, &[&data]),
            "HMAC-sha256" => hmac(Hash::Sha256, &key, &[&data]),
            "HMAC-sha384" => hmac(Hash::Sha384, &key, &[&data]),
            "HMAC-sha512" => hmac(Hash::Sha512, &key, &[&data]),
            "AES-XCBC-MAC" => {
                checksum(Integrity::AesXcbc96, test);
                Prf::Aes128Xcbc.compute(&key, &[&data])
            }
            "AES-CMAC" => {
                checksum(Integrity::AesCmac96, test);
                Prf::Aes128Cmac.compute(&key, &[&data])
            }
            "AES-XCBC-PRF-128" => Prf::Aes128Xcbc.compute(&key, &[&data]),
            "AES-CMAC-PRF-128" => Prf::Aes128Cmac.compute(&key, &[&data]),
            other => panic!("{other}"),
        };
        assert_eq!(full[..mac.len()], mac, "{test}");
    }
    assert!(tests.len() >= 43);
}

/// RFC 3566 5, RFC 4494 2: the first 12 octets of the code.
fn checksum(integrity: Integrity, test: &Value) {
    let (key, data, mac) = (field(test, "key"), field(test, "data"), field(test, "mac"));
    assert_eq!(integrity.sign(&key, &[&data]), mac[..12]);
    assert!(integrity.verify(&key, &[&data], &mac[..12]));
    assert!(!integrity.verify(&key, &[&data], &mac));
}

/// Every case: the code is as long as the case says, cut from the whole one.
#[test]
fn hmac_follows_wycheproof() {
    for (name, hash) in [
        ("hmac_sha1", Hash::Sha1),
        ("hmac_sha256", Hash::Sha256),
        ("hmac_sha384", Hash::Sha384),
        ("hmac_sha512", Hash::Sha512),
    ] {
        let cases = wycheproof(name);
        let valid = cases.iter().filter(|(_, test)| {
            let (key, msg, tag) = (field(test, "key"), field(test, "msg"), field(test, "tag"));
            follows(test, &hmac(hash, &key, &[&msg])[..tag.len()])
        });
        let valid = valid.count();
        assert!(cases.is_empty() || valid == 36, "{name}: {valid}");
    }
}

/// Keys of 16 octets: longer ones are not keys of the code in IKE, and are
/// hashed by its function (RFC 4615).
#[test]
fn cmac_follows_wycheproof() {
    let cases = wycheproof("aes_cmac");
    let with_our_key = cases
        .iter()
        .filter(|(_, test)| field(test, "key").len() == 16);
    let valid = with_our_key.filter(|(_, test)| {
        let (key, msg, tag) = (field(test, "key"), field(test, "msg"), field(test, "tag"));
        let cut = Integrity::AesCmac96.verify(&key, &[&msg], tag.get(..12).unwrap_or_default());
        assert!(cut || test["result"] == "invalid", "{test}");
        follows(test, &Prf::Aes128Cmac.compute(&key, &[&msg]))
    });
    let valid = valid.count();
    assert!(cases.is_empty() || valid == 12, "{valid}");
}

/// Whether the case is valid; it must be so exactly when the code is ours.
fn follows(test: &Value, made: &[u8]) -> bool {
    let valid = test["result"] == "valid";
    assert_eq!(ct_eq(made, &field(test, "tag")), valid, "{test}");
    valid
}
