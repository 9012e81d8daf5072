//! Signatures: Wycheproof in both code paths (certificates and IKEv1), keys of
//! every kind and size, and the forgeries that must be refused (E1 to E6).

#![allow(clippy::unwrap_used)]

mod support;

use ike_crypto::{
    AeadKey, CryptoError, Hash, KeySpec, PrivateKey, PublicKey, SignatureScheme as Scheme,
};
use support::{field, wycheproof};

fn check_file(name: &str, scheme: Scheme) {
    let (mut accepted, mut refused) = (0, 0);
    for (group, test) in wycheproof(name) {
        let Some(key) = public_key(&group) else {
            continue;
        };
        let verdict = key.verify(scheme, &field(&test, "msg"), &field(&test, "sig"));
        // "acceptable" is the missing NULL of RSA: refused here.
        let expected = test["result"] == "valid";
        assert_eq!(
            verdict.is_ok(),
            expected,
            "{name} tcId {}: {}",
            test["tcId"],
            test["comment"]
        );
        if expected {
            accepted += 1
        } else {
            refused += 1
        }
    }
    println!("{name}: {accepted} accepted, {refused} refused");
}

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
    check_file(
        "ecdsa_secp256r1_sha256_p1363",
        Scheme::EcdsaFixed(Hash::Sha256),
    );
    check_file(
        "ecdsa_secp384r1_sha384_p1363",
        Scheme::EcdsaFixed(Hash::Sha384),
    );
    check_file(
        "ecdsa_secp521r1_sha512_p1363",
        Scheme::EcdsaFixed(Hash::Sha512),
    );
    check_file("ed25519", Scheme::Ed25519);
}

/// The key of a group. Exponent 3 is refused (E1), and nothing else.
fn public_key(group: &serde_json::Value) -> Option<PublicKey> {
    let key = PublicKey::from_spki_der(&field(group, "publicKeyDer")).ok();
    assert!(
        key.is_some() || group["publicKey"]["publicExponent"] == "03",
        "{group}"
    );
    key
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

/// The fixture of the seed: RSA-512 router keys, RSA-1024 CA keys, MD5 prf.
#[test]
fn small_rsa_keys_sign_the_bare_hash_of_ikev1() {
    for bits in [512, 1024, 2048] {
        let key = PrivateKey::generate(KeySpec::Rsa { bits }).unwrap();
        assert_eq!(key.public().kind(), KeySpec::Rsa { bits });
        let hash_i = Hash::Md5.digest(&[b"HASH_I"]);
        let signature = key.sign_ikev1_hash(&hash_i).unwrap();
        assert_eq!(signature.len(), bits as usize / 8);
        assert_eq!(key.public().verify_ikev1_hash(&hash_i, &signature), Ok(()));
        let mut other = hash_i.clone();
        other[15] ^= 1;
        assert!(key.public().verify_ikev1_hash(&other, &signature).is_err());
        // E3: a hash of another length is another hash.
        assert!(
            key.public()
                .verify_ikev1_hash(&hash_i[..12], &signature)
                .is_err()
        );
    }
}

/// E3: a signature with DigestInfo is not an IKEv1 signature, nor the reverse.
#[test]
fn digest_info_is_refused_where_the_bare_hash_is_signed() {
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
    let (message, scheme) = (b"HASH_R input", Scheme::RsaPkcs1(Hash::Sha1));
    let hash = Hash::Sha1.digest(&[message]);
    let with_digest_info = key.sign(scheme, message).unwrap();
    assert_eq!(
        key.public().verify(scheme, message, &with_digest_info),
        Ok(())
    );
    assert_eq!(
        key.public().verify_ikev1_hash(&hash, &with_digest_info),
        Err(CryptoError::BadSignature)
    );
    let bare = key.sign_ikev1_hash(&hash).unwrap();
    assert_eq!(
        key.public().verify(scheme, message, &bare),
        Err(CryptoError::BadSignature)
    );
}

/// E2: 0, 1, n and anything of another length.
#[test]
fn degenerate_rsa_signatures_are_refused() {
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 })
        .unwrap()
        .public();
    let spki = key.spki_der();
    let modulus = spki[spki.len() - 5 - 128..spki.len() - 5].to_vec(); // then 02 03 01 00 01
    let mut one = vec![0; 128];
    one[127] = 1;
    for signature in [
        vec![0; 128],
        one,
        modulus,
        vec![0xff; 128],
        vec![],
        vec![1; 127],
    ] {
        assert!(key.verify_ikev1_hash(&[0; 16], &signature).is_err());
        assert!(
            key.verify(Scheme::RsaPkcs1(Hash::Md5), b"", &signature)
                .is_err()
        );
        assert!(
            key.verify(Scheme::RsaPss(Hash::Sha256), b"", &signature)
                .is_err()
        );
    }
}

#[test]
fn every_kind_of_key_signs_and_survives_its_encodings() {
    let message = b"a message";
    for (spec, schemes) in [
        (
            KeySpec::Rsa { bits: 1024 },
            &[Scheme::RsaPkcs1(Hash::Md5), Scheme::RsaPss(Hash::Sha256)],
        ),
        (
            KeySpec::EcP256,
            &[Scheme::Ecdsa(Hash::Sha256), Scheme::Ecdsa(Hash::Sha384)],
        ),
        (
            KeySpec::EcP384,
            &[
                Scheme::Ecdsa(Hash::Sha384),
                Scheme::EcdsaFixed(Hash::Sha384),
            ],
        ),
        (
            KeySpec::EcP521,
            &[
                Scheme::Ecdsa(Hash::Sha512),
                Scheme::EcdsaFixed(Hash::Sha512),
            ],
        ),
        (KeySpec::Ed25519, &[Scheme::Ed25519, Scheme::Ed25519]),
    ] {
        let key = PrivateKey::generate(spec).unwrap();
        let again = PrivateKey::from_pkcs8_der(key.to_pkcs8_der().unwrap().expose()).unwrap();
        assert_eq!(key.public(), again.public());
        let public = PublicKey::from_spki_der(key.public().spki_der()).unwrap();
        assert_eq!(public.kind(), spec);
        for scheme in schemes {
            let signature = again.sign(*scheme, message).unwrap();
            assert_eq!(
                public.verify(*scheme, message, &signature),
                Ok(()),
                "{scheme:?}"
            );
            assert_eq!(
                public.verify(*scheme, b"other", &signature),
                Err(CryptoError::BadSignature)
            );
        }
    }
}

/// RFC 4754: ECDSA in IKEv1 is r | s over the hash itself.
#[test]
fn ecdsa_keys_sign_the_ikev1_hash_as_r_and_s() {
    for (spec, len) in [
        (KeySpec::EcP256, 64),
        (KeySpec::EcP384, 96),
        (KeySpec::EcP521, 132),
    ] {
        let key = PrivateKey::generate(spec).unwrap();
        let hash = Hash::Sha256.digest(&[b"HASH_I"]);
        let signature = key.sign_ikev1_hash(&hash).unwrap();
        assert_eq!(signature.len(), len);
        assert_eq!(key.public().verify_ikev1_hash(&hash, &signature), Ok(()));
        assert!(
            key.public()
                .verify_ikev1_hash(&hash, &vec![0; len])
                .is_err()
        );
    }
    let ed = PrivateKey::generate(KeySpec::Ed25519).unwrap();
    assert_eq!(
        ed.sign_ikev1_hash(&[0; 16]),
        Err(CryptoError::SchemeMismatch)
    );
}

/// E5: RSA scheme with an EC key and the reverse.
#[test]
fn a_scheme_of_another_key_type_is_refused() {
    let ec = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let refused = ec.sign(Scheme::RsaPkcs1(Hash::Sha256), b"");
    assert_eq!(refused, Err(CryptoError::SchemeMismatch));
    let verdict = ec
        .public()
        .verify(Scheme::RsaPss(Hash::Sha256), b"", &[0; 64]);
    assert_eq!(verdict, Err(CryptoError::SchemeMismatch));
}

/// DER of an RSA SubjectPublicKeyInfo with any numbers (no shortening rules).
fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = match content.len() {
            0..128 => vec![tag, len[1]],
            128..256 => vec![tag, 0x81, len[1]],
            _ => vec![tag, 0x82, len[0], len[1]],
        };
        [head, content.to_vec()].concat()
    }
    let key = tlv(0x30, &[tlv(2, modulus), tlv(2, exponent)].concat());
    let algorithm = tlv(
        0x30,
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00",
    );
    tlv(
        0x30,
        &[algorithm, tlv(3, &[vec![0], key].concat())].concat(),
    )
}

/// E1, E2, B12: small, even, huge; each within milliseconds.
#[test]
fn rsa_keys_out_of_bounds_are_refused_before_use() {
    let odd = |octets: usize| {
        let mut modulus = vec![0xc3; octets];
        modulus.insert(0, 0);
        modulus
    };
    let even = [&odd(128)[..128], &[0xc2]].concat();
    let good = [1, 0, 1];
    let cases: [(Vec<u8>, &[u8]); 10] = [
        (vec![0x55], &good),
        (odd(63), &good),
        (odd(1025), &good),
        (odd(4096), &good),
        (even, &good),
        (odd(128), &[3]),
        (odd(128), &[0]),
        (odd(128), &[1]),
        (odd(128), &[1, 0, 0]),
        (odd(128), &[0x7f; 64]),
    ];
    for (modulus, exponent) in cases {
        let start = std::time::Instant::now();
        let refused = PublicKey::from_spki_der(&rsa_spki(&modulus, exponent));
        assert!(refused.is_err(), "{} octets, e {exponent:?}", modulus.len());
        assert!(start.elapsed().as_millis() < 50);
    }
    assert!(PublicKey::from_spki_der(&rsa_spki(&odd(128), &good)).is_ok());
    assert!(PrivateKey::generate(KeySpec::Rsa { bits: 500 }).is_err());
}

#[test]
fn truncated_or_trailing_key_encodings_are_refused() {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let (private, public) = (
        key.to_pkcs8_der().unwrap(),
        key.public().spki_der().to_vec(),
    );
    for end in 0..private.len() {
        assert!(PrivateKey::from_pkcs8_der(&private.expose()[..end]).is_err());
    }
    for end in 0..public.len() {
        assert!(PublicKey::from_spki_der(&public[..end]).is_err());
    }
    assert!(PublicKey::from_spki_der(&[&public[..], &[0]].concat()).is_err());
    assert!(PrivateKey::from_pkcs8_der(&[private.expose(), &[0]].concat()).is_err());
}

#[test]
fn debug_output_names_the_kind_only() {
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 512 }).unwrap();
    assert_eq!(
        format!("{key:?} {:?}", key.public()),
        "PrivateKey(Rsa { bits: 512 }) PublicKey(Rsa { bits: 512 })"
    );
}

#[test]
fn keys_can_be_used_from_many_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<PrivateKey>();
    shared::<PublicKey>();
    shared::<AeadKey>();
    shared::<ike_crypto::CbcKey>();
    shared::<ike_crypto::HmacKey>();
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4_u8 {
            let key = &key;
            scope.spawn(move || {
                for _ in 0..20 {
                    let signature = key.sign_ikev1_hash(&[number; 16]).unwrap();
                    assert_eq!(
                        key.public().verify_ikev1_hash(&[number; 16], &signature),
                        Ok(())
                    );
                }
            });
        }
    });
}

/// RFC 5480 2.2: a compressed point, which no IKE peer sends.
#[test]
fn compressed_points_are_refused() {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap().public();
    let spki = key.spki_der();
    let point = &spki[spki.len() - 65..];
    let head = &spki[2..spki.len() - 65 - 3];
    let sign = 2 + (point[64] & 1);
    let compressed = [&[0x30, 57], head, &[0x03, 34, 0, sign], &point[1..33]].concat();
    assert!(PublicKey::from_spki_der(&compressed).is_err());
}
