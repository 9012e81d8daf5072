//! Published values: HMAC (RFC 2202, 4231), AES-CBC (RFC 3602), GCM, ChaCha20,
//! DES and 3DES, MODP and ECP key exchange (RFC 2409, 3526, 5903, 6989).

#![allow(clippy::unwrap_used)]

mod support;

use ike_crypto::{
    Aead, AeadKey, CbcKey, Cipher, CryptoError, Group, Hash, Secret, dh_agree, dh_public, hmac,
};
use serde_json::Value;
use support::{field, hex, left_padded, vectors, wycheproof};

#[test]
fn hmac_matches_rfc_2202_and_rfc_4231() {
    let Some(file) = vectors("mac-prf.json") else {
        return;
    };
    let mut seen = 0;
    for test in file["tests"].as_array().unwrap() {
        let Some(hash) = hmac_hash(test["alg"].as_str().unwrap()) else {
            continue;
        };
        let (key, data, mac) = (field(test, "key"), field(test, "data"), field(test, "mac"));
        assert_eq!(
            hmac(hash, &key, &[&data])[..mac.len()],
            mac,
            "{}",
            test["name"]
        );
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} cases");
}

fn hmac_hash(name: &str) -> Option<Hash> {
    Some(match name {
        "HMAC-md5" => Hash::Md5,
        "HMAC-sha1" => Hash::Sha1,
        "HMAC-sha256" => Hash::Sha256,
        "HMAC-sha384" => Hash::Sha384,
        "HMAC-sha512" => Hash::Sha512,
        _ => return None,
    })
}

#[test]
fn aes_cbc_and_the_aeads_match_their_rfcs() {
    let Some(file) = vectors("ciphers.json") else {
        return;
    };
    for test in file["tests"].as_array().unwrap() {
        match test["alg"].as_str().unwrap() {
            "AES-CBC" => check_cbc(Cipher::Aes128Cbc, test),
            "ChaCha20-Poly1305" => check_aead(Aead::ChaCha20Poly1305, test),
            name if name.starts_with("AES-GCM") => check_aead(Aead::Aes128Gcm, test),
            _ => {}
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

#[test]
fn every_modp_group_reproduces_the_sample_exchange() {
    for (group, entry) in groups("dh-modp.json") {
        assert_eq!(hex(entry["p"].as_str().unwrap()).len(), group.public_len());
        exchange(group, &entry["sample"]);
        // A shared secret with a leading zero keeps it (RFC 2409 5).
        if entry.get("leading_zero_shared_secret").is_some() {
            exchange(group, &entry["leading_zero_shared_secret"]);
        }
    }
}

#[test]
fn every_ecp_group_reproduces_rfc_5903_section_8() {
    for (group, entry) in groups("dh-ecp.json") {
        let renamed = serde_json::json!({
            "x_i": entry["x_i"], "x_r": entry["x_r"],
            "g_i": entry["ke_i"], "g_r": entry["ke_r"], "g_ir": entry["g_ir"],
        });
        exchange(group, &renamed);
    }
}

fn groups(name: &str) -> Vec<(Group, Value)> {
    let Some(file) = vectors(name) else {
        return Vec::new();
    };
    let all = file["groups"].as_array().unwrap().clone();
    let known = |entry: Value| {
        let number = u16::try_from(entry["group"].as_u64().unwrap()).unwrap();
        Group::from_iana(number).map(|group| (group, entry))
    };
    all.into_iter().filter_map(known).collect()
}

fn exchange(group: Group, sample: &Value) {
    let private = |name| Secret::from(left_padded(&field(sample, name), group.private_len()));
    let (x_i, x_r) = (private("x_i"), private("x_r"));
    let (g_i, g_r) = (field(sample, "g_i"), field(sample, "g_r"));
    assert_eq!(dh_public(group, &x_i).unwrap(), g_i, "{group:?} g^xi");
    assert_eq!(dh_public(group, &x_r).unwrap(), g_r, "{group:?} g^xr");
    let expected = Secret::from(field(sample, "g_ir"));
    assert_eq!(dh_agree(group, &x_i, &g_r).unwrap(), expected, "{group:?}");
    assert_eq!(dh_agree(group, &x_r, &g_i).unwrap(), expected, "{group:?}");
}

/// RFC 6989 section 2: the values that must be refused.
#[test]
fn invalid_public_values_are_refused() {
    for (file, list) in [
        ("dh-modp.json", "invalid_public_values"),
        ("dh-ecp.json", "invalid_ke"),
    ] {
        for (group, entry) in groups(file) {
            let private = Secret::from(vec![7; group.private_len()]);
            for (name, value) in entry[list].as_object().unwrap() {
                let raw = hex(value.as_str().unwrap());
                let value = if file == "dh-modp.json" {
                    left_padded(&raw, group.public_len())
                } else {
                    raw
                };
                let refused = dh_agree(group, &private, &value).unwrap_err();
                let expected = matches!(
                    refused,
                    CryptoError::InvalidPublicValue(_) | CryptoError::Length { .. }
                );
                assert!(expected, "{group:?} {name}: {refused}");
            }
        }
    }
}

#[test]
fn every_group_agrees_with_itself_and_refuses_other_lengths() {
    for group in Group::ALL {
        let (a, b) = (
            Secret::from(vec![3; group.private_len()]),
            vec![0xf5; group.private_len()],
        );
        let b = Secret::from(b);
        let (ga, gb) = (dh_public(group, &a).unwrap(), dh_public(group, &b).unwrap());
        assert_eq!(ga.len(), group.public_len());
        assert_eq!(
            dh_agree(group, &a, &gb).unwrap(),
            dh_agree(group, &b, &ga).unwrap()
        );
        assert!(dh_agree(group, &a, &gb[1..]).is_err());
        assert!(dh_public(group, &Secret::from(vec![1; group.private_len() - 1])).is_err());
        assert_eq!(Group::from_iana(group.iana()), Some(group));
    }
    assert_eq!(Group::from_iana(24), None);
}

#[test]
fn ecp_points_of_wycheproof_agree_or_are_refused() {
    for (name, group) in [
        ("ecdh_secp256r1_ecpoint", Group::Ecp256),
        ("ecdh_secp384r1_ecpoint", Group::Ecp384),
        ("ecdh_secp521r1_ecpoint", Group::Ecp521),
    ] {
        for (_, test) in wycheproof(name) {
            let public = field(&test, "public");
            // Compressed and other forms do not exist in a KE payload.
            if public.len() != group.public_len() + 1 || public[0] != 4 {
                continue;
            }
            let private = field(&test, "private");
            let skip = private.len().saturating_sub(group.private_len());
            let private = Secret::from(left_padded(&private[skip..], group.private_len()));
            let outcome = dh_agree(group, &private, &public[1..]);
            match test["result"].as_str().unwrap() {
                "invalid" => assert!(outcome.is_err(), "{name} {}", test["tcId"]),
                _ => assert_eq!(outcome.unwrap(), Secret::from(field(&test, "shared"))),
            }
        }
    }
}
