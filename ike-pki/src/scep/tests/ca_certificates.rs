//! GetCACert and GetNextCACert: which certificate is what.

use super::*;
use crate::http::HttpReply;
use crate::{
    CertRequestSpec, Certificate, LabCa, Name,
    cms::{Signing, sign},
    pkcs7_of,
};

fn name(text: &str) -> Name {
    Name::from_subject_name(text).unwrap()
}

/// A root, a CA below it, and two RA certificates by key usage.
struct Tree {
    root: Certificate,
    sub: Certificate,
    sub_key: PrivateKey,
    signing: Certificate,
    encryption: Certificate,
}

fn tree() -> Tree {
    let root_key = rsa(1024);
    let mut root = lab_ca(&root_key);
    let sub_key = rsa(1024);
    let public = sub_key.public();
    let mut spec = CertRequestSpec::router(name("cn=Sub"), &public, NOW - YEAR, NOW + YEAR);
    spec.ca = Some(None);
    let sub = root.issue(&spec).unwrap();
    let mut ca = LabCa::with_certificate(sub.clone(), copy(&sub_key), 10);
    let mut ra = |usage| {
        let key = rsa(1024).public();
        let mut spec = CertRequestSpec::router(name("cn=RA"), &key, NOW - 1, NOW + YEAR);
        spec.usage = Some(Some(usage));
        ca.issue(&spec).unwrap()
    };
    Tree {
        signing: ra(crate::KeyUsage::DIGITAL_SIGNATURE),
        encryption: ra(crate::KeyUsage::KEY_ENCIPHERMENT),
        root: root.certificate().clone(),
        sub,
        sub_key,
    }
}

fn of(certificates: &[&Certificate]) -> Result<CaCertificates, ScepError> {
    let reply = HttpReply::ok(media::CA_RA_CERT, pkcs7_of(certificates));
    CaCertificates::from_reply(&reply)
}

#[test]
fn ra_certificates_are_told_apart_by_key_usage() {
    let tree = tree();
    let orders = [
        [&tree.signing, &tree.encryption, &tree.sub, &tree.root],
        [&tree.root, &tree.sub, &tree.encryption, &tree.signing],
    ];
    for order in orders {
        let read = of(&order).unwrap();
        assert_eq!(read.ca, tree.sub);
        assert_eq!(read.chain, std::slice::from_ref(&tree.root));
        assert_eq!(read.ra_signing.as_ref(), Some(&tree.signing));
        assert_eq!(read.recipient(), &tree.encryption);
    }
}

#[test]
fn without_ra_the_lowest_ca_issues() {
    let tree = tree();
    for order in [[&tree.sub, &tree.root], [&tree.root, &tree.sub]] {
        let read = of(&order).unwrap();
        assert_eq!((&read.ca, read.recipient()), (&tree.sub, &tree.sub));
        assert_eq!(read.chain, std::slice::from_ref(&tree.root));
    }
    let error = of(&[]).unwrap_err().to_string();
    assert!(
        error.starts_with("SCEP GetCACert: no CA certificate"),
        "{error}"
    );
}

/// An RA that the CA did not issue would read every request.
#[test]
fn a_foreign_ra_is_refused() {
    let (one, two) = (tree(), tree());
    let foreign = of(&[&one.sub, &one.signing, &two.encryption]).unwrap_err();
    assert_eq!(
        foreign.to_string(),
        "SCEP GetCACert: an RA certificate that the CA did not issue"
    );
    assert!(of(&[&one.sub, &two.encryption]).is_err());
}

/// T-85: the fingerprints, which the caller compares.
#[test]
fn fingerprints_are_those_that_openssl_says() {
    let tree = tree();
    let prints = CaCertificates::alone(tree.root.clone()).fingerprints();
    assert!(prints.contain(&prints.md5.to_lowercase().replace(' ', "")));
    assert!(prints.contain(&prints.sha1));
    let other = prints.sha1.replace(['0', '1', '2', '3'], "4");
    assert!(!prints.contain(&other) && !prints.contain(""));
    for (option, print) in [("-md5", &prints.md5), ("-sha1", &prints.sha1)] {
        let arguments = ["x509", "-inform", "DER", "-noout", "-fingerprint", option];
        let Some(said) = crate::openssl::openssl(&arguments, tree.root.der()) else {
            return;
        };
        let said = said.trim().replace(':', "");
        assert!(said.ends_with(&print.replace(' ', "")), "{said} {print}");
    }
}

#[test]
fn what_is_no_ca_certificate_is_named() {
    let page = HttpReply::ok("text/html; charset=utf-8", "<html>");
    let error = |reply: &HttpReply| CaCertificates::from_reply(reply).unwrap_err().to_string();
    assert!(error(&page).contains("the server sent \"text/html; charset=utf-8\""));
    let gone = HttpReply::refusal(404, "no \u{1b}[2J such CA");
    assert_eq!(
        error(&gone),
        "SCEP GetCACert: HTTP status 404, \"no \\u{1b}[2J such CA\""
    );
    let cut = HttpReply::ok(media::CA_CERT, vec![0x30, 3, 2]);
    assert!(error(&cut).contains("certificate: DER at offset"));
}

/// GetNextCACert: believed for the signature of the CA of now.
#[test]
fn the_next_ca_certificate_is_signed_by_the_one_of_now() {
    let mut world = World::new(CaOptions::default());
    let asked = get_next_ca_cert(&world.url, "IOSCA1");
    let none = world.server.handle(&asked, NOW, &mut world.random);
    assert!(world.ca.next_from_reply(&none).is_err() && !world.capabilities.get_next_ca);
    let next = lab_ca(&rsa(1024)).certificate().clone();
    world.server.set_next_ca(Some(next.clone()));
    let reply = world.server.handle(&asked, NOW, &mut world.random);
    assert_eq!(world.ca.next_from_reply(&reply).unwrap().ca, next);
    let caps = world
        .server
        .handle(&get_ca_caps(&world.url, "x"), NOW, &mut world.random);
    assert!(Capabilities::from_reply(&caps).get_next_ca);
    let tree = tree();
    let forged = sign(
        &Signing {
            certificate: &tree.sub,
            key: &tree.sub_key,
            digest: Hash::Sha256,
            certificates: &[&tree.sub],
        },
        Some(&pkcs7_of(&[&next])),
        Vec::new(),
    );
    let forged = HttpReply::ok(media::NEXT_CA_CERT, forged.unwrap());
    let error = world.ca.next_from_reply(&forged).unwrap_err();
    assert_eq!(error.fault, Fault::UnknownSigner);
    for at in 0..reply.body.len() {
        let mut body = reply.body.to_vec();
        body.truncate(at);
        let cut = HttpReply::ok(media::NEXT_CA_CERT, body);
        assert!(world.ca.next_from_reply(&cut).is_err(), "{at}");
    }
}
