//! Path validation: every reason, on chains of the lab CA; and certificates
//! of another maker (rcgen), and ours read by another reader (x509-parser,
//! openssl).

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::sync::Arc;

use ike_crypto::{Hash, KeySpec, PrivateKey};
use ike_pki::{
    Anchor, CertRequestSpec, Certificate, ChainPolicy, Crl, LabCa, Name, Refusal,
    RevocationMethod as Method, ValidationError, Version, validate,
};
use support::{DAY, NOW, ca, router, router_key, subject};

const IOS: ChainPolicy = ChainPolicy::ios_15_3t();

fn anchor(ca: &LabCa, methods: &[Method], crls: Vec<Crl>) -> Anchor {
    Anchor {
        revocation: methods.to_vec(),
        crls: crls.into_iter().map(Arc::new).collect(),
        ..Anchor::new("IOSCA1", Arc::new(ca.certificate().clone()))
    }
}

fn check(chain: &[Certificate], ca: &LabCa) -> Result<(), ValidationError> {
    validate(
        chain,
        &[anchor(ca, &[Method::None], vec![])],
        NOW + DAY,
        &IOS,
    )
    .map(drop)
}

fn refusal(chain: &[Certificate], ca: &LabCa) -> Refusal {
    check(chain, ca).unwrap_err().refusal
}

#[test]
fn the_router_of_the_seed_validates_and_names_its_trustpoint() {
    let mut ca1 = ca("CA1");
    let leaf = router(&mut ca1, "R1", NOW);
    let anchors = [anchor(&ca1, &[Method::None], vec![])];
    let valid = validate(std::slice::from_ref(&leaf), &anchors, NOW, &IOS).unwrap();
    assert_eq!(
        (valid.trustpoint(), valid.leaf(), valid.path().len()),
        ("IOSCA1", &leaf, 1)
    );
    // The root sent along changes nothing (E18).
    assert!(check(&[leaf, ca1.certificate().clone()], &ca1).is_ok());
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// S-053: another CA than those of the list; also when the peer sends that CA
/// along (E18).
#[test]
fn a_certificate_of_a_ca_outside_the_list_has_no_suitable_trustpoint() {
    let (ca1, mut ca2) = (ca("CA1"), ca("CA2"));
    let leaf = router(&mut ca2, "R2", NOW);
    let error = check(std::slice::from_ref(&leaf), &ca1).unwrap_err();
    assert!(error.is_no_suitable_trustpoint());
    let key = ca2
        .certificate()
        .subject_key_id()
        .map(hex)
        .unwrap_or_default();
    assert!(
        error.to_string().ends_with(&format!(
            "no suitable trustpoint: issuer cn=CA2,o=cisco,o=com (authority key identifier {key}) is the CA of none of [IOSCA1]"
        )),
        "{error}"
    );
    let error = check(&[leaf, ca2.certificate().clone()], &ca1).unwrap_err();
    assert!(error.is_no_suitable_trustpoint(), "{error}");
    let none = validate(&[], &[], NOW, &IOS).unwrap_err();
    assert_eq!(none.refusal, Refusal::NoCertificate);
}

/// E17: two CAs of one name are told apart by their keys.
#[test]
fn an_equal_name_with_another_key_is_not_trusted() {
    let (ca1, mut other) = (ca("CA1"), ca("CA1"));
    let leaf = router(&mut other, "R1", NOW);
    assert_eq!(
        refusal(std::slice::from_ref(&leaf), &ca1),
        Refusal::BadSignature
    );
    assert_eq!(
        refusal(&[leaf, other.certificate().clone()], &ca1),
        Refusal::BadSignature
    );
}

/// With both anchors at hand the right one is found, whatever the order.
#[test]
fn of_two_anchors_of_one_name_the_one_with_the_key_is_used() {
    let (ca1, mut other) = (ca("CA1"), ca("CA1"));
    let leaf = router(&mut other, "R1", NOW);
    let mut second = anchor(&other, &[Method::None], vec![]);
    second.trustpoint = "SECOND".into();
    let anchors = [anchor(&ca1, &[Method::None], vec![]), second];
    let valid = validate(&[leaf], &anchors, NOW, &IOS).unwrap();
    assert_eq!(valid.trustpoint(), "SECOND");
}

/// T-28, E16: the last second is valid, the next is not.
#[test]
fn validity_ends_at_its_last_second() {
    let mut ca1 = ca("CA1");
    let leaf = [router(&mut ca1, "R1", NOW)];
    let at = |now| {
        let anchors = [anchor(&ca1, &[Method::None], vec![])];
        validate(&leaf, &anchors, now, &IOS)
            .map(drop)
            .map_err(|error| error.refusal)
    };
    let (first, last) = (NOW, NOW + 365 * DAY);
    assert_eq!((at(first), at(last)), (Ok(()), Ok(())));
    let early = Refusal::NotYetValid {
        not_before: first,
        now: first - 1,
    };
    assert_eq!(at(first - 1), Err(early));
    assert_eq!(
        at(last + 1),
        Err(Refusal::Expired {
            not_after: last,
            now: last + 1
        })
    );
    assert!(check(&leaf, &ca1).is_ok());
    let text = at(0).unwrap_err().to_string();
    assert!(text.ends_with("(is the clock set?)"), "{text}");
}

fn sub_ca(parent: &mut LabCa, cn: &str, path_len: Option<u8>) -> LabCa {
    let name = Name::from_subject_name(&format!("cn={cn},o=cisco")).unwrap();
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let public = key.public();
    let mut spec = CertRequestSpec::router(name, &public, NOW - DAY, NOW + 365 * DAY);
    spec.ca = Some(path_len);
    LabCa::with_certificate(parent.issue(&spec).unwrap(), key, 0)
}

/// P-040: anchored at the root with the intermediate sent along, in any order;
/// or at the sub-CA itself.
#[test]
fn chains_through_a_sub_ca_validate() {
    let mut root = ca("ROOT");
    let mut sub = sub_ca(&mut root, "SUB", Some(0));
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW, NOW + 10 * DAY);
    spec.hash = Hash::Sha256;
    let leaf = sub.issue(&spec).unwrap();
    let unrelated = ca("X").certificate().clone();
    let between = sub.certificate().clone();
    assert!(check(&[leaf.clone(), unrelated, between.clone()], &root).is_ok());
    assert!(check(std::slice::from_ref(&leaf), &sub).is_ok());
    assert!(
        check(std::slice::from_ref(&leaf), &root)
            .unwrap_err()
            .is_no_suitable_trustpoint()
    );
    // pathLenConstraint 0: no CA below it (E10).
    let mut deeper = sub_ca(&mut sub, "DEEP", None);
    let leaf = deeper.issue(&spec).unwrap();
    let chain = [leaf, deeper.certificate().clone(), between];
    let error = check(&chain, &root).unwrap_err();
    assert_eq!(error.refusal, Refusal::PathLength);
    assert_eq!(error.certificate.unwrap().common_name().unwrap(), "DEEP");
}

/// E10, E12: neither a router nor a version 1 certificate issues others.
#[test]
fn what_is_no_ca_does_not_issue() {
    let mut root = ca("ROOT");
    for version in [Version::V1, Version::V3] {
        let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
        let public = key.public();
        let mut spec = CertRequestSpec::router(subject("R9"), &public, NOW, NOW + 10 * DAY);
        spec.version = version;
        let mut fake = LabCa::with_certificate(root.issue(&spec).unwrap(), key, 0);
        let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW, NOW + 10 * DAY);
        spec.hash = Hash::Sha256;
        let chain = [fake.issue(&spec).unwrap(), fake.certificate().clone()];
        assert_eq!(refusal(&chain, &root), Refusal::NotCa);
    }
}

/// T-31: a version 1 certificate of a router is accepted in 15.3T mode.
#[test]
fn a_version_1_router_certificate_validates() {
    let mut ca1 = ca("CA1");
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW, NOW + 10 * DAY);
    spec.version = Version::V1;
    spec.hash = Hash::Md5;
    let leaf = [ca1.issue(&spec).unwrap()];
    assert!(check(&leaf, &ca1).is_ok());
    let policy = ChainPolicy {
        allow_md5: false,
        ..IOS
    };
    let anchors = [anchor(&ca1, &[Method::None], vec![])];
    let error = validate(&leaf, &anchors, NOW, &policy).unwrap_err();
    assert_eq!(error.refusal, Refusal::WeakHash("MD5"));
    let policy = ChainPolicy {
        min_rsa_bits: 1024,
        ..IOS
    };
    let error = validate(&leaf, &anchors, NOW, &policy).unwrap_err();
    assert_eq!(
        error.refusal,
        Refusal::WeakKey {
            bits: 512,
            minimum: 1024
        }
    );
}

/// T-29, T-30, P-041: `crl` wants a list, `crl none` does not.
#[test]
fn revocation_follows_the_methods_of_the_trustpoint() {
    let mut ca1 = ca("CA1");
    let (good, bad) = (router(&mut ca1, "R1", NOW), router(&mut ca1, "R2", NOW));
    ca1.revoke(&bad, NOW);
    let crl = ca1.crl(NOW, NOW + DAY).unwrap();
    let with = |leaf: &Certificate, methods: &[Method], crls: &[Crl], now| {
        let anchors = [anchor(&ca1, methods, crls.to_vec())];
        validate(std::slice::from_ref(leaf), &anchors, now, &IOS)
            .map(drop)
            .map_err(|error| error.refusal)
    };
    let fresh = std::slice::from_ref(&crl);
    assert_eq!(with(&good, &[Method::Crl], fresh, NOW), Ok(()));
    let revoked = Err(Refusal::Revoked {
        serial: "03".into(),
    });
    assert_eq!(with(&bad, &[Method::Crl], fresh, NOW), revoked);
    assert_eq!(
        with(&bad, &[Method::Crl, Method::None], fresh, NOW),
        revoked
    );
    assert_eq!(with(&bad, &[Method::None], fresh, NOW), Ok(()));
    let unknown = |result| matches!(result, Err(Refusal::CrlUnavailable { .. }));
    assert!(unknown(with(&good, &[Method::Crl], &[], NOW)));
    assert!(unknown(with(&good, &[], &[], NOW)), "the default is crl");
    assert!(unknown(with(&good, &[Method::Ocsp], fresh, NOW)));
    assert!(
        unknown(with(&good, &[Method::Crl], fresh, NOW + 2 * DAY)),
        "out of date"
    );
    assert_eq!(with(&good, &[Method::Crl, Method::None], &[], NOW), Ok(()));
    // A list of another key of the same name says nothing.
    let foreign = ca("CA1").crl(NOW, NOW + DAY).unwrap();
    assert!(unknown(with(&good, &[Method::Crl], &[foreign], NOW)));
}

/// E11, RFC 4945 5.1.3.12.
#[test]
fn key_usages_that_do_not_sign_ike_are_refused() {
    let mut ca1 = ca("CA1");
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW, NOW + 10 * DAY);
    spec.eku = vec!["1.3.6.1.5.5.7.3.1".into()];
    let leaf = [ca1.issue(&spec).unwrap()];
    assert!(check(&leaf, &ca1).is_ok(), "IOS does not look");
    let policy = ChainPolicy {
        check_eku: true,
        ..IOS
    };
    let anchors = [anchor(&ca1, &[Method::None], vec![])];
    let error = validate(&leaf, &anchors, NOW, &policy).unwrap_err();
    assert_eq!(error.refusal, Refusal::ExtendedKeyUsage);
    spec.eku.push("1.3.6.1.5.5.7.3.17".into());
    let leaf = [ca1.issue(&spec).unwrap()];
    assert!(validate(&leaf, &anchors, NOW, &policy).is_ok());
}

/// E8: the outer algorithm changed to another of equal length.
#[test]
fn an_altered_outer_algorithm_is_refused_when_reading() {
    let mut ca1 = ca("CA1");
    let mut der = router(&mut ca1, "R1", NOW).der().to_vec();
    // ... 01 05 05 00 | 03 81 81 00 <128 octets>
    let at = der.len() - 128 - 4 - 3;
    assert_eq!(der[at], 5);
    der[at] = 4;
    let text = Certificate::from_der(der).unwrap_err().to_string();
    assert_eq!(
        text,
        "certificate: inner and outer signature algorithms differ"
    );
}

/// B13: more work than allowed ends the search; 200 certificates of one name.
#[test]
fn a_web_of_certificates_of_one_name_is_refused_quickly() {
    let (root, mut one) = (ca("ROOT"), ca("WEB"));
    let leaf = router(&mut one, "R1", NOW);
    let mut chain = vec![leaf];
    chain.extend((0..200).map(|_| one.certificate().clone()));
    let start = std::time::Instant::now();
    assert!(check(&chain, &root).is_err());
    assert!(start.elapsed().as_millis() < 500);
}

/// A maker that is not ours: rcgen, P-256, in strict mode.
#[test]
fn certificates_of_another_maker_validate_in_strict_mode() {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    };
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "rcgen root");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(vec!["r1.example".into()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "R1");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &issuer)
        .unwrap();
    let leaf = Certificate::from_der(leaf.der().to_vec()).unwrap();
    assert_eq!(leaf.dns_names(), ["r1.example"]);
    let anchor = Anchor {
        revocation: vec![Method::None],
        ..Anchor::new(
            "RCGEN",
            Arc::new(Certificate::from_der(root.der().to_vec()).unwrap()),
        )
    };
    validate(&[leaf], &[anchor], 1_790_000_000, &ChainPolicy::modern()).unwrap();
}

/// Readers that are not ours: x509-parser, and `openssl verify` when it is
/// installed.
#[test]
fn other_readers_accept_what_the_lab_ca_writes() {
    let mut root = ca("ROOT");
    let mut sub = sub_ca(&mut root, "SUB", Some(0));
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW, NOW + 10 * DAY);
    spec.hash = Hash::Sha256;
    spec.dns_names = vec!["r1.cisco.com".into()];
    let leaf = sub.issue(&spec).unwrap();
    for certificate in [root.certificate(), sub.certificate(), &leaf] {
        let (rest, other) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
        assert!(rest.is_empty());
        assert_eq!(other.subject().as_raw(), certificate.subject().der());
        assert_eq!(other.raw_serial(), certificate.serial());
        assert_eq!(
            other.validity().not_after.timestamp(),
            certificate.not_after()
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, der: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, der).unwrap();
        path
    };
    let pem = |name: &str, der: &[u8]| {
        let (der, path) = (file(&format!("{name}.der"), der), folder.path().join(name));
        let mut command = std::process::Command::new("openssl");
        let _ = command
            .args(["x509", "-inform", "DER", "-in"])
            .arg(der)
            .arg("-out")
            .arg(&path)
            .status();
        path
    };
    let crl = root.crl(NOW, NOW + DAY).unwrap();
    let (root, sub) = (
        pem("root", root.certificate().der()),
        pem("sub", sub.certificate().der()),
    );
    let leaf = pem("leaf", leaf.der());
    let mut command = std::process::Command::new("openssl");
    command.args([
        "verify",
        "-auth_level",
        "0",
        "-attime",
        &NOW.to_string(),
        "-CAfile",
    ]);
    command.arg(root).arg("-untrusted").arg(sub).arg(leaf);
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => println!("skipped: openssl is not installed"),
    }
    let crl = file("crl", crl.der());
    let mut command = std::process::Command::new("openssl");
    if let Ok(output) = command
        .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
        .arg(crl)
        .output()
    {
        assert!(output.status.success(), "{output:?}");
    }
}
