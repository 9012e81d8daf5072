//! Requests that are written, judged and altered.

use super::*;
use crate::{
    openssl::{openssl, openssl_with_files},
    test_support::{rsa, subject},
};

fn full() -> (Csr, PrivateKey) {
    let key = rsa(1024);
    let mut spec = CsrSpec::new(subject(), Hash::Sha1);
    spec.challenge_password = Some("cisco123");
    spec.dns_names = vec!["R1.cisco.com".into()];
    spec.addresses = vec!["192.168.0.1".parse().unwrap()];
    (Csr::build(&spec, &key).unwrap(), key)
}

/// P-023: what a router asks for is what the CA reads.
#[test]
fn a_request_says_what_was_asked_for() {
    let (request, key) = full();
    assert_eq!(request.subject(), &subject());
    assert_eq!(request.public_key(), &key.public());
    assert_eq!(request.challenge_password().unwrap().expose(), b"cisco123");
    assert_eq!(request.key_usage(), Some(KeyUsage(0xa000)));
    assert_eq!(request.dns_names(), ["R1.cisco.com"]);
    assert_eq!(request.ip_addresses().len(), 1);
    let bare = Csr::build(&CsrSpec::new(subject(), Hash::Md5), &key).unwrap();
    assert!(bare.challenge_password().is_none() && bare.dns_names().is_empty());
    assert!(!format!("{request:?}").contains("cisco123"));
}

/// T-88, W-021: the subject for the trustpoint text of the seed, octet by octet.
#[test]
fn the_subject_of_the_seed_is_in_the_request() {
    let (request, _) = full();
    let expected = [
        &b"\x30\x7b\x31\x0c\x30\x0a\x06\x03\x55\x04\x0a\x13\x03com"[..],
        b"\x31\x0e\x30\x0c\x06\x03\x55\x04\x0a\x13\x05cisco",
        b"\x31\x0b\x30\x09\x06\x03\x55\x04\x0b\x13\x02IT",
        b"\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x13\x02R1",
        b"\x31\x41\x30\x0a\x06\x03\x55\x04\x05\x13\x03100",
        b"\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08\x13\x0b192.168.0.1",
        b"\x30\x19\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02\x16\x0cR1.cisco.com",
    ];
    let der = request.subject().der();
    assert_eq!(der, expected.concat());
    assert!(request.der().windows(der.len()).any(|part| part == der));
}

/// OpenSSL verifies the proof of possession and reads the attributes.
#[test]
fn openssl_verifies_the_request() {
    let (request, _) = full();
    let arguments = ["req", "-inform", "DER", "-verify", "-noout", "-text"];
    let Some(text) = openssl(&arguments, request.der()) else {
        return;
    };
    for wanted in [
        "challengePassword        :cisco123",
        "Digital Signature, Key Encipherment",
        "DNS:R1.cisco.com, IP Address:192.168.0.1",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

/// What another maker writes is read.
#[test]
fn a_request_of_openssl_is_read() {
    let key = rsa(1024);
    let config = "[req]\nprompt=no\ndistinguished_name=d\nattributes=a\n[d]\nO=cisco\nCN=R1\n[a]\n\
        challengePassword=cisco123\n";
    let files = [
        ("key.der", key.to_pkcs8_der().unwrap().expose().to_vec()),
        ("req.conf", config.into()),
    ];
    let arguments = [
        "req",
        "-new",
        "-batch",
        "-config",
        "req.conf",
        "-key",
        "key.der",
        "-keyform",
        "DER",
        "-addext",
        "subjectAltName=DNS:r1,email:a@b",
        "-outform",
        "DER",
    ];
    let Some(der) = openssl_with_files(&arguments, &[], &files) else {
        return;
    };
    let request = Csr::from_der(der).unwrap();
    assert_eq!(request.subject().to_string(), "cn=R1,o=cisco");
    assert_eq!(request.dns_names(), ["r1"]);
    assert_eq!(request.public_key(), &key.public());
    assert_eq!(request.challenge_password().unwrap().expose(), b"cisco123");
}

/// P-032: IOS's groups of the digest of the request.
#[test]
fn fingerprints_are_grouped_as_ios_groups_them() {
    let (request, _) = full();
    assert_eq!(request.fingerprint(Hash::Md5).split(' ').count(), 4);
    assert_eq!(request.fingerprint(Hash::Sha1).split(' ').count(), 5);
}

#[test]
fn a_key_on_a_curve_asks_for_no_encipherment() {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let request = Csr::build(&CsrSpec::new(subject(), Hash::Sha256), &key).unwrap();
    assert_eq!(request.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
}

/// Proof of possession: nothing altered or cut is read.
#[test]
fn altered_and_cut_requests_are_refused() {
    let (request, _) = full();
    let der = request.der().to_vec();
    for at in 0..der.len() {
        assert!(Csr::from_der(der[..at].to_vec()).is_err(), "{at}");
        let mut other = der.clone();
        other[at] ^= 1;
        assert!(Csr::from_der(other).is_err(), "{at}");
    }
    assert_eq!(
        Csr::from_der(vec![0; MAX_DER + 1]).unwrap_err(),
        CsrError::TooLarge(MAX_DER + 1)
    );
}

/// A request signed with another key than the one inside.
#[test]
fn a_request_for_a_foreign_key_is_refused() {
    let (one, two) = (rsa(512), rsa(512));
    let info = sequence(&[
        &writer::unsigned(&[0]),
        subject().der(),
        one.public().spki_der(),
    ]);
    let of = |key: &PrivateKey, info: &[u8]| {
        let scheme = SignatureScheme::RsaPkcs1(Hash::Sha1);
        let signature = writer::bit_string(&key.sign(scheme, info).unwrap());
        let identifier = algorithm::identifier(scheme).unwrap();
        Csr::from_der(sequence(&[info, &identifier, &signature]))
    };
    assert!(of(&one, &info).is_ok(), "attributes may be absent");
    assert_eq!(of(&two, &info).unwrap_err(), CsrError::BadSignature);
    let many =
        (0..=MAX_ATTRIBUTES).map(|number| attribute(&[0x2a, number as u8], &writer::text("a")));
    let many = tlv(tag::constructed(0), &[&many.flatten().collect::<Vec<u8>>()]);
    let content = crate::der::Reader::new(&info).any().unwrap().content;
    let error = of(&one, &sequence(&[content, &many])).unwrap_err();
    assert!(error.to_string().contains("at most 32"), "{error}");
    let once = attribute(oid::CHALLENGE_PASSWORD, &writer::text("a"));
    let twice = tlv(tag::constructed(0), &[&once, &once]);
    assert_eq!(
        of(&one, &sequence(&[content, &twice])).unwrap_err(),
        CsrError::Repeated("1.2.840.113549.1.9.7".into())
    );
}
