//! Times of the operations an IKE exchange is made of, in microseconds:
//! `cargo run --release -p ike-crypto --example speed`.

#![allow(clippy::unwrap_used)]

use std::{hint::black_box, time::Instant};

use ike_crypto::{
    Aead, AeadKey, CbcKey, Cipher, CtrCipher, CtrKey, Group, Hash, HmacKey, Kem, KeySpec, Prf,
    PrivateKey, Secret, SignatureScheme, TagLen, dh_agree, dh_public, hmac, kem_decapsulate,
    kem_encapsulate, kem_public,
};

fn main() {
    for group in Group::ALL {
        let private = Secret::from(vec![0x5a; group.private_len()]);
        let peer = dh_public(group, &Secret::from(vec![0xa7; group.private_len()])).unwrap();
        time(&format!("{group:?} public"), || {
            dh_public(group, &private).unwrap().len()
        });
        time(&format!("{group:?} agree"), || {
            dh_agree(group, &private, &peer).unwrap().len()
        });
    }
    for bits in [512, 1024, 2048] {
        let key = PrivateKey::generate(KeySpec::Rsa { bits }).unwrap();
        let (hash, public) = ([7; 16], key.public());
        let signature = key.sign_ikev1_hash(&hash).unwrap();
        time(&format!("RSA-{bits} IKEv1 sign and verify"), || {
            key.sign_ikev1_hash(&hash).unwrap().len()
        });
        time(&format!("RSA-{bits} IKEv1 verify"), || {
            public.verify_ikev1_hash(&hash, &signature).unwrap();
            1
        });
        time(&format!("RSA-{bits} read key"), || {
            ike_crypto::PublicKey::from_spki_der(public.spki_der())
                .unwrap()
                .spki_der()
                .len()
        });
    }
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    time("P-256 sign and verify", || {
        key.sign(SignatureScheme::Ecdsa(Hash::Sha256), b"x")
            .unwrap()
            .len()
    });
    encapsulation();
    packets();
}

fn encapsulation() {
    let (seed, message) = (Secret::from(vec![1; 64]), Secret::from(vec![2; 32]));
    for kem in Kem::ALL {
        let public = kem_public(kem, &seed).unwrap();
        let (ciphertext, _) = kem_encapsulate(kem, &message, &public).unwrap();
        time(&format!("{kem:?} public"), || {
            kem_public(kem, &seed).unwrap().len()
        });
        time(&format!("{kem:?} encapsulate"), || {
            kem_encapsulate(kem, &message, &public).unwrap().1.len()
        });
        time(&format!("{kem:?} decapsulate"), || {
            kem_decapsulate(kem, &seed, &ciphertext).unwrap().len()
        });
    }
}

fn packets() {
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256] {
        time(&format!("HMAC-{hash:?} new key, 64 octets"), || {
            hmac(hash, &[1; 32], &[&[2; 64]]).len()
        });
        let key = HmacKey::new(hash, &[1; 32]);
        time(&format!("HMAC-{hash:?} 1408 octets"), || {
            key.sign(&[&[2; 1408]]).as_ref().len()
        });
    }
    for cipher in [Cipher::TripleDesCbc, Cipher::Aes128Cbc] {
        let key = CbcKey::new(cipher, &(1..=cipher.key_len() as u8).collect::<Vec<_>>()).unwrap();
        let (iv, mut data) = (vec![3; cipher.block_len()], vec![0; 1408]);
        time(&format!("{cipher:?} encrypt 1408"), || {
            key.encrypt(&iv, &mut data).unwrap();
            data.len()
        });
        time(&format!("{cipher:?} decrypt 1408"), || {
            key.decrypt(&iv, &mut data).unwrap();
            data.len()
        });
    }
    for prf in [Prf::Aes128Xcbc, Prf::Aes128Cmac] {
        time(&format!("{prf:?} new key, 64 octets"), || {
            prf.compute(&[1; 16], &[&[2; 64]]).len()
        });
        time(&format!("{prf:?} new key, 1408 octets"), || {
            prf.compute(&[1; 16], &[&[2; 1408]]).len()
        });
    }
    let (ctr, mut data) = (
        CtrKey::new(CtrCipher::Aes128Ctr, &[1; 16]).unwrap(),
        vec![0; 1400],
    );
    time("AES-128-CTR 1400", || {
        ctr.apply(&[0; 4], &[0; 8], &mut data).unwrap();
        data.len()
    });
    let short = AeadKey::with_tag_len(Aead::Aes128Gcm, TagLen::Eight, &[1; 16]).unwrap();
    time("Aes128Gcm seal 1400, 8-octet tag", || {
        let tag = short.seal(&[0; 12], b"header", &mut data).unwrap();
        tag.as_ref().len()
    });
    for aead in [Aead::Aes128Gcm, Aead::Aes128Ccm, Aead::ChaCha20Poly1305] {
        let key = AeadKey::new(aead, &vec![1; aead.key_len()]).unwrap();
        let nonce = vec![0; aead.nonce_len()];
        time(&format!("{aead:?} seal 1400"), || {
            let tag = key.seal(&nonce, b"header", &mut data).unwrap();
            tag.as_ref().len()
        });
    }
}

fn time(what: &str, mut run: impl FnMut() -> usize) {
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let (start, mut count) = (Instant::now(), 0_u32);
        while count < 3 || start.elapsed().as_millis() < 20 {
            black_box(run());
            count += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
    println!("{best:10.2}  {what}");
}
