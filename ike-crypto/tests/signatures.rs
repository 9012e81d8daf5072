//! Signatures: keys of every kind and size, and the forgeries that must be
//! refused (E1 to E6).

#![allow(clippy::unwrap_used)]

use ike_crypto::{
    Aead, AeadKey, CryptoError, Hash, KeySpec, PrivateKey, PublicKey, SignatureScheme as Scheme,
    TagLen,
};

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
    shared::<ike_crypto::CtrKey>();
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

/// The keys whose operations are foreign calls of our own.
#[test]
fn aead_keys_give_every_thread_the_same_tag() {
    for aead in [Aead::Aes256Gcm, Aead::Aes256Ccm] {
        let key = AeadKey::with_tag_len(aead, TagLen::Eight, &[7; 32]).unwrap();
        let seal = |number: u8| {
            let mut data = [number; 100];
            let nonce = vec![number; aead.nonce_len()];
            let tag = key.seal(&nonce, b"header", &mut data).unwrap();
            (data, tag.as_ref().to_vec())
        };
        let alone = [0, 1, 2, 3].map(seal);
        std::thread::scope(|scope| {
            for (number, expected) in (0..4).zip(&alone) {
                scope.spawn(move || (0..200).for_each(|_| assert_eq!(seal(number), *expected)));
            }
        });
    }
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
