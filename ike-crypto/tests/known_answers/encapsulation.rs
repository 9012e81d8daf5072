//! Key encapsulation: ML-KEM (FIPS 203), Wycheproof.

use ike_crypto::{CryptoError, Kem, Secret, kem_decapsulate, kem_encapsulate, kem_public};

use crate::support::{field, hex, wycheproof};

const KEM: Kem = Kem::MlKem768;

#[test]
fn decapsulation_follows_wycheproof() {
    let cases = wycheproof("mlkem_768");
    let valid = cases.iter().filter(|(_, test)| {
        let (seed, ciphertext) = (Secret::from(field(test, "seed")), field(test, "c"));
        let outcome = kem_decapsulate(KEM, &seed, &ciphertext);
        if test["result"] == "invalid" {
            assert!(matches!(outcome, Err(CryptoError::Length { .. })), "{test}");
            return false;
        }
        assert_eq!(kem_public(KEM, &seed).unwrap(), field(test, "ek"), "{test}");
        assert_eq!(outcome.unwrap(), Secret::from(field(test, "K")), "{test}");
        true
    });
    let valid = valid.count();
    assert!(cases.is_empty() || valid == 13, "{valid}");
}

/// FIPS 203 algorithm 17: K is the front of SHA3-512(m | SHA3-256(ek)), computed
/// by Python's hashlib for d | z = 00..3f and m = 80..9f. The ciphertext is right
/// when decapsulation, which encrypts again to compare, finds the same K; OpenSSL
/// 4.0 found it in those of ML-KEM-768 and 1024.
#[test]
fn encapsulation_is_a_function_of_its_randomness() {
    for (kem, lengths, expected) in [
        (
            Kem::MlKem512,
            (800, 768),
            "74a91ec5873cd675a267bb08a2ab43c1746f67923d2b95d5c5616102ca34f28a",
        ),
        (
            Kem::MlKem768,
            (1184, 1088),
            "ef91db44b6cd5b2c50f483481a3d6e2a08cc149764fcb8dc568851332da45ed9",
        ),
        (
            Kem::MlKem1024,
            (1568, 1568),
            "7d9404fdb9a12fafe778c3cec2c017de229fdb1c8564964830db5541970e8079",
        ),
    ] {
        let (seed, message) = (octets(0..64), octets(0x80..0xa0));
        let public = kem_public(kem, &seed).unwrap();
        let (ciphertext, shared) = kem_encapsulate(kem, &message, &public).unwrap();
        assert_eq!(shared, Secret::from(hex(expected)), "{kem:?}");
        assert_eq!((public.len(), ciphertext.len()), lengths);
        assert_eq!((kem.public_len(), kem.ciphertext_len()), lengths);
        assert_eq!(kem.shared_len(), shared.len());
        assert_eq!(kem_decapsulate(kem, &seed, &ciphertext), Ok(shared));
        let again = kem_encapsulate(kem, &message, &public).unwrap().0;
        assert_eq!(again, ciphertext);
    }
}

fn octets(range: std::ops::Range<u8>) -> Secret {
    Secret::from(range.collect::<Vec<u8>>())
}

/// FIPS 203 7.3: a changed ciphertext is no error, and no oracle.
#[test]
fn a_changed_ciphertext_gives_another_secret() {
    let (seed, message) = (octets(0..64), octets(0..32));
    let public = kem_public(KEM, &seed).unwrap();
    let (mut ciphertext, shared) = kem_encapsulate(KEM, &message, &public).unwrap();
    ciphertext[500] ^= 1;
    let other = kem_decapsulate(KEM, &seed, &ciphertext).unwrap();
    assert_ne!(other, shared);
    assert_eq!(kem_decapsulate(KEM, &seed, &ciphertext), Ok(other));
}

/// FIPS 203 7.2: lengths, and numbers of 12 bits that are not below 3329.
#[test]
fn malformed_values_are_refused() {
    let (seed, message) = (octets(0..64), octets(0..32));
    let mut public = kem_public(KEM, &seed).unwrap();
    for len in [0, 1183, 1185] {
        let refused = kem_encapsulate(KEM, &message, &vec![0; len]).unwrap_err();
        assert!(matches!(refused, CryptoError::Length { found, .. } if found == len));
    }
    for wrong in [octets(0..31), octets(0..33)] {
        assert!(kem_encapsulate(KEM, &wrong, &public).is_err());
        assert!(kem_public(KEM, &wrong).is_err());
        assert!(kem_decapsulate(KEM, &wrong, &[0; 1088]).is_err());
    }
    for place in [0, 600, 1149] {
        let mut changed = public.clone();
        changed[place..place + 3].fill(0xff);
        let refused = kem_encapsulate(KEM, &message, &changed).unwrap_err();
        assert!(
            matches!(refused, CryptoError::InvalidPublicValue(_)),
            "{refused}"
        );
    }
    public[1183] ^= 1; // the seed of the matrix may be anything
    assert!(kem_encapsulate(KEM, &message, &public).is_ok());
}

#[test]
fn only_its_own_number_names_a_method() {
    let named: Vec<Kem> = (0..=u16::MAX).filter_map(Kem::from_iana).collect();
    assert_eq!(named, Kem::ALL);
    assert_eq!(Kem::ALL.map(Kem::iana), [35, 36, 37]);
}
