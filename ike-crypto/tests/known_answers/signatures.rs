//! Signatures of Wycheproof in both code paths: certificates and IKEv2, IKEv1.

use ike_crypto::{Hash, PublicKey, SignatureScheme as Scheme};
use serde_json::Value;

use crate::support::{field, wycheproof};

#[test]
fn rsa_pkcs1_signatures_follow_wycheproof() {
    check_file("rsa_signature_2048_sha256", Scheme::RsaPkcs1(Hash::Sha256));
    check_file("rsa_signature_2048_sha384", Scheme::RsaPkcs1(Hash::Sha384));
    check_file("rsa_signature_2048_sha512", Scheme::RsaPkcs1(Hash::Sha512));
    check_file("rsa_signature_3072_sha256", Scheme::RsaPkcs1(Hash::Sha256));
    check_file("rsa_signature_4096_sha256", Scheme::RsaPkcs1(Hash::Sha256));
    check_file("rsa_signature_4096_sha512", Scheme::RsaPkcs1(Hash::Sha512));
}

#[test]
fn rsa_pss_signatures_follow_wycheproof() {
    check_file("rsa_pss_2048_sha256_mgf1_32", Scheme::RsaPss(Hash::Sha256));
    check_file("rsa_pss_2048_sha384_mgf1_48", Scheme::RsaPss(Hash::Sha384));
    check_file("rsa_pss_3072_sha256_mgf1_32", Scheme::RsaPss(Hash::Sha256));
    check_file("rsa_pss_4096_sha512_mgf1_64", Scheme::RsaPss(Hash::Sha512));
}

#[test]
fn ecdsa_and_ed25519_signatures_follow_wycheproof() {
    check_file("ecdsa_secp256r1_sha256", Scheme::Ecdsa(Hash::Sha256));
    check_file("ecdsa_secp384r1_sha384", Scheme::Ecdsa(Hash::Sha384));
    check_file("ecdsa_secp521r1_sha512", Scheme::Ecdsa(Hash::Sha512));
    for (name, hash) in FIXED {
        check_file(name, Scheme::EcdsaFixed(hash));
    }
    check_file("ed25519", Scheme::Ed25519);
}

/// r | s of fixed length (RFC 4754).
const FIXED: [(&str, Hash); 3] = [
    ("ecdsa_secp256r1_sha256_p1363", Hash::Sha256),
    ("ecdsa_secp384r1_sha384_p1363", Hash::Sha384),
    ("ecdsa_secp521r1_sha512_p1363", Hash::Sha512),
];

/// Every case of every key that may be used. "acceptable" is refused.
fn check_file(name: &str, scheme: Scheme) {
    let cases = wycheproof(name);
    let accepted = cases.iter().filter(|(group, test)| {
        let Some(key) = public_key(group) else {
            return false;
        };
        let verdict = key.verify(scheme, &field(test, "msg"), &field(test, "sig"));
        assert_eq!(verdict.is_ok(), test["result"] == "valid", "{name} {test}");
        verdict.is_ok()
    });
    let accepted = accepted.count();
    assert!(cases.is_empty() || accepted > 5, "{name}: {accepted}");
}

/// The key of a group. Exponent 3 is refused (E1), and nothing else.
fn public_key(group: &Value) -> Option<PublicKey> {
    let key = PublicKey::from_spki_der(&field(group, "publicKeyDer")).ok();
    let small = group["publicKey"]["publicExponent"] == "03";
    assert_eq!(key.is_none(), small, "{group}");
    key
}

/// RFC 8017 9.2: a DigestInfo without the NULL of its parameters, which other
/// implementations accept.
#[test]
fn rsa_signatures_without_null_are_refused() {
    for (name, hash) in [
        ("rsa_signature_2048_sha256", Hash::Sha256),
        ("rsa_signature_2048_sha384", Hash::Sha384),
        ("rsa_signature_2048_sha512", Hash::Sha512),
        ("rsa_signature_3072_sha256", Hash::Sha256),
        ("rsa_signature_4096_sha256", Hash::Sha256),
        ("rsa_signature_4096_sha512", Hash::Sha512),
    ] {
        let cases = wycheproof(name);
        let flag = Value::from("MissingNull");
        let flagged = |test: &Value| test["flags"].as_array().unwrap().contains(&flag);
        let missing: Vec<_> = cases.iter().filter(|(_, test)| flagged(test)).collect();
        assert!(cases.is_empty() || !missing.is_empty(), "{name}");
        for (group, test) in missing {
            let key = public_key(group).unwrap();
            let (msg, signature) = (field(test, "msg"), field(test, "sig"));
            let verdict = key.verify(Scheme::RsaPkcs1(hash), &msg, &signature);
            assert!(verdict.is_err(), "{name} {test}");
        }
    }
}

/// E1 in the SIG payload path: of all these blocks only the bare hash, which a
/// certificate must not carry, is an IKEv1 signature (tcId 238).
#[test]
fn the_ikev1_path_refuses_every_wycheproof_rsa_signature_but_the_bare_hash() {
    for (group, test) in wycheproof("rsa_signature_2048_sha256") {
        let Some(key) = public_key(&group) else {
            continue;
        };
        let hash = Hash::Sha256.digest(&[&field(&test, "msg")]);
        let verdict = key.verify_ikev1_hash(&hash, &field(&test, "sig"));
        assert_eq!(verdict.is_ok(), test["tcId"] == 238, "{}", test["comment"]);
    }
}

/// RFC 4754: with ECDSA both versions of IKE sign r | s.
#[test]
fn the_ikev1_path_follows_wycheproof_with_ecdsa() {
    for (name, hash) in FIXED {
        for (group, test) in wycheproof(name) {
            let key = public_key(&group).unwrap();
            let hash = hash.digest(&[&field(&test, "msg")]);
            let verdict = key.verify_ikev1_hash(&hash, &field(&test, "sig"));
            assert_eq!(verdict.is_ok(), test["result"] == "valid", "{name} {test}");
        }
    }
}
