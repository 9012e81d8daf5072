//! OCSP as a validation sees it (RFC 6960, F3), and held against `openssl
//! ocsp` in both roles.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::{path::Path, process::Command};

use ike_crypto::{Hash, KeySpec, PrivateKey};
use ike_pki::{
    Anchor, Attempt, CertRequestSpec, CertStatus, Certificate, ChainPolicy, Evidence, LabCa,
    OcspError, OcspResponse, Refusal, RevocationMethod as Method, Source, attempt,
    ocsp::{OcspSigner, respond},
};
use support::{DAY, NOW, ca, router_key, subject};

const IOS: ChainPolicy = ChainPolicy::ios_15_3t();
const URL: &str = "http://ocsp.cisco.com/";

fn leaf(ca: &mut LabCa, host: &str) -> Certificate {
    let mut spec = CertRequestSpec::router(subject(host), router_key(), NOW - DAY, NOW + 365 * DAY);
    spec.ocsp_urls = vec![URL.to_owned(), "ldap://no".to_owned()];
    ca.issue(&spec).unwrap()
}

/// A delegate of `ca` and its key.
fn delegate(ca: &mut LabCa, change: impl FnOnce(&mut CertRequestSpec<'_>)) -> Delegate {
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap();
    let public = key.public();
    let mut spec = CertRequestSpec::router(subject("ocsp"), &public, NOW - DAY, NOW + DAY);
    spec.eku = vec!["1.3.6.1.5.5.7.3.9".to_owned()];
    spec.ocsp_no_check = true;
    change(&mut spec);
    let certificate = ca.issue(&spec).unwrap();
    Delegate { key, certificate }
}

struct Delegate {
    key: PrivateKey,
    certificate: Certificate,
}

impl Delegate {
    fn signer(&self) -> OcspSigner<'_> {
        OcspSigner {
            key: &self.key,
            certificate: &self.certificate,
            send_certificate: true,
            hash: Hash::Sha256,
            valid_for: Some(3600),
        }
    }
}

/// What asking `ca` by `responder` about `leaf` comes to.
fn ask(
    ca: &LabCa,
    leaf: &Certificate,
    change: impl FnOnce(&mut Anchor),
    responder: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<(), String> {
    let mut anchor = Anchor::new("IOSCA1", ca.certificate().clone());
    anchor.revocation = vec![Method::Ocsp];
    change(&mut anchor);
    let (chain, anchors) = ([leaf.clone()], [anchor]);
    let mut evidence = Evidence::new([3; 32]);
    for _ in 0..4 {
        match attempt(&chain, &anchors, &evidence, NOW, &IOS) {
            Attempt::Valid(_) => return Ok(()),
            Attempt::Refused(error) => {
                return Err(match error.refusal {
                    Refusal::Revoked { .. } => "revoked".to_owned(),
                    other => other.to_string(),
                });
            }
            Attempt::Wanted(sources) => {
                for source in sources {
                    fetch(source, &responder, &mut evidence);
                }
            }
        }
    }
    panic!("no verdict");
}

fn fetch(source: Source, responder: impl Fn(&[u8]) -> Vec<u8>, evidence: &mut Evidence) {
    let Source::Ocsp { url, request } = &source else {
        return evidence.failed(source, "no lists here");
    };
    assert!(url.starts_with("http://"), "{url}");
    match OcspResponse::from_der(responder(&request.to_der())) {
        Ok(response) => evidence.add_ocsp(source, response),
        Err(error) => evidence.failed(source, error.to_string()),
    }
}

fn refused(result: Result<(), String>, because: &str) {
    let why = result.unwrap_err();
    assert!(why.contains(because), "{why:?} is not {because:?}");
}

/// F3: the CA itself and its delegate; good, revoked, and unknown which is no
/// verdict.
#[test]
fn the_ca_and_its_delegate_are_believed() {
    let mut ca = ca("CA1");
    let (good, bad) = (leaf(&mut ca, "R1"), leaf(&mut ca, "R2"));
    ca.revoke(&bad, NOW);
    let delegate = delegate(&mut ca, |_| ());
    let direct = |request: &[u8]| ca.answer_ocsp(request, Some(3600), NOW);
    assert_eq!(ask(&ca, &good, |_| (), direct), Ok(()));
    refused(ask(&ca, &bad, |_| (), direct), "revoked");
    let signer = delegate.signer();
    let by_delegate = |request: &[u8]| respond(request, &|id| ca.ocsp_status(id), &signer, NOW);
    assert_eq!(ask(&ca, &good, |_| (), by_delegate), Ok(()));
    refused(ask(&ca, &bad, |_| (), by_delegate), "revoked");
    let lost = |request: &[u8]| respond(request, &|_| CertStatus::Unknown, &signer, NOW);
    refused(ask(&ca, &good, |_| (), lost), "does not know");
}

/// F3, RFC 6960 4.2.2.2: who may not answer.
#[test]
fn an_answer_of_anybody_else_is_not_believed() {
    let (mut ca1, mut other) = (ca("CA1"), ca("CA1"));
    let good = leaf(&mut ca1, "R1");
    type Change = fn(&mut CertRequestSpec<'_>);
    let host: Change = |spec| spec.eku.clear();
    let other_use: Change = |spec| spec.eku = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
    let expired: Change = |spec| spec.not_after = NOW - 1;
    let critical: Change = |spec| spec.critical = vec!["1.2.3.4".to_owned()];
    let encipher: Change = |spec| spec.usage = Some(Some(ike_pki::KeyUsage::KEY_ENCIPHERMENT));
    let nobody = "not signed by the issuer or a delegate";
    let mut answers = Vec::new();
    for change in [host, other_use, expired, critical, encipher] {
        answers.push(delegate(&mut ca1, change));
    }
    answers.push(delegate(&mut other, |_| ()));
    for delegate in &answers {
        let by = |request: &[u8]| respond(request, &|_| CertStatus::Good, &delegate.signer(), NOW);
        refused(ask(&ca1, &good, |_| (), by), nobody);
    }
    let foreign = |request: &[u8]| other.answer_ocsp(request, Some(60), NOW);
    // Another CA of the same name knows the certificate as little.
    refused(ask(&ca1, &good, |_| (), foreign), nobody);
}

/// A delegate without id-pkix-ocsp-nocheck is looked up once, in lists.
#[test]
fn a_revoked_delegate_is_not_believed() {
    let mut ca = ca("CA1");
    let good = leaf(&mut ca, "R1");
    let checked = delegate(&mut ca, |spec| spec.ocsp_no_check = false);
    let points = delegate(&mut ca, |spec| {
        spec.ocsp_no_check = false;
        spec.crl_urls = vec!["http://ca.cisco.com/ca.crl".to_owned()];
    });
    let before = ca.crl(NOW - 10, NOW + DAY).unwrap();
    ca.revoke(&checked.certificate, NOW - 5);
    ca.revoke(&points.certificate, NOW - 5);
    let after = ca.crl(NOW - 5, NOW + DAY).unwrap();
    for (delegate, list, expected) in [
        (&checked, None, true),
        (&checked, Some(&before), true),
        (&checked, Some(&after), false),
        (&points, None, false),
        (&points, Some(&before), true),
        (&points, Some(&after), false),
    ] {
        let by = |request: &[u8]| respond(request, &|_| CertStatus::Good, &delegate.signer(), NOW);
        let with =
            |anchor: &mut Anchor| anchor.crls = list.cloned().map(Into::into).into_iter().collect();
        let verdict = ask(&ca, &good, with, by);
        assert_eq!(verdict.is_ok(), expected, "{verdict:?}");
    }
}

/// While a delegate is looked up, no other responder is troubled.
#[test]
fn a_delegate_with_a_distribution_point_is_looked_up_before_another_is_asked() {
    let mut ca = ca("CA1");
    let mut spec = CertRequestSpec::router(subject("R1"), router_key(), NOW - DAY, NOW + DAY);
    spec.ocsp_urls = vec![URL.to_owned(), "http://second/".to_owned()];
    let chain = [ca.issue(&spec).unwrap()];
    let delegate = delegate(&mut ca, |spec| {
        spec.ocsp_no_check = false;
        spec.crl_urls = vec!["http://ca.cisco.com/ca.crl".to_owned()];
    });
    let mut anchor = Anchor::new("T", ca.certificate().clone());
    anchor.revocation = vec![Method::Ocsp];
    let anchors = [anchor];
    let mut evidence = Evidence::new([3; 32]);
    let round = |evidence: &Evidence| match attempt(&chain, &anchors, evidence, NOW, &IOS) {
        Attempt::Wanted(mut sources) if sources.len() == 1 => sources.pop(),
        Attempt::Valid(_) => None,
        other => panic!("{other:?}"),
    };
    let by = |request: &[u8]| respond(request, &|_| CertStatus::Good, &delegate.signer(), NOW);
    fetch(round(&evidence).unwrap(), by, &mut evidence);
    let list = round(&evidence).unwrap();
    assert!(matches!(&list, Source::Crl { url } if url == "http://ca.cisco.com/ca.crl"));
    evidence.add_crl(list, ca.crl(NOW, NOW + DAY).unwrap());
    assert_eq!(round(&evidence), None);
}

/// F3: old answers, answers of tomorrow, answers about others, no nonce.
#[test]
fn an_answer_that_may_be_a_replay_is_not_believed() {
    let mut ca = ca("CA1");
    let (good, other) = (leaf(&mut ca, "R1"), leaf(&mut ca, "R2"));
    let at = |valid_for, when| {
        let ca = &ca;
        move |request: &[u8]| ca.answer_ocsp(request, valid_for, when)
    };
    refused(
        ask(&ca, &good, |_| (), at(Some(60), NOW - 61)),
        "out of date",
    );
    refused(
        ask(&ca, &good, |_| (), at(Some(3600), NOW + 301)),
        "not valid yet",
    );
    assert_eq!(ask(&ca, &good, |_| (), at(Some(60), NOW - 60)), Ok(()));
    assert_eq!(
        ask(&ca, &good, |_| (), at(None, NOW - DAY)),
        Ok(()),
        "its nonce is new"
    );
    let quiet = |anchor: &mut Anchor| anchor.asks.without_nonce = true;
    assert_eq!(ask(&ca, &good, quiet, at(None, NOW - 300)), Ok(()));
    refused(ask(&ca, &good, quiet, at(None, NOW - 301)), "out of date");
    // An answer made beforehand has no nonce.
    let plain = |leaf: &Certificate| {
        let cert_id = ike_pki::CertId::new(leaf, ca.certificate());
        let request = ike_pki::OcspRequest {
            cert_id,
            nonce: None,
        };
        ca.answer_ocsp(&request.to_der(), Some(3600), NOW)
    };
    refused(ask(&ca, &good, |_| (), |_| plain(&good)), "no nonce");
    assert_eq!(ask(&ca, &good, quiet, |_| plain(&good)), Ok(()));
    refused(
        ask(&ca, &good, quiet, |_| plain(&other)),
        "about other certificates",
    );
}

/// RFC 6960 4.2.1: a responder that declines leaves the verdict to the next
/// method.
#[test]
fn a_responder_that_declines_gives_no_verdict() {
    let mut ca = ca("CA1");
    let good = leaf(&mut ca, "R1");
    for (code, name) in [
        (1, "malformedRequest"),
        (3, "tryLater"),
        (6, "unauthorized"),
    ] {
        let declines = |_: &[u8]| vec![0x30, 3, 0x0a, 1, code];
        refused(ask(&ca, &good, |_| (), declines), name);
        let none = |anchor: &mut Anchor| anchor.revocation.push(Method::None);
        assert_eq!(ask(&ca, &good, none, declines), Ok(()));
    }
    let answered = OcspResponse::from_der(ca.answer_ocsp(b"\x30\x00", None, NOW));
    assert_eq!(answered, Err(OcspError::Declined("malformedRequest")));
}

/// `ocsp url` goes before what the certificate names.
#[test]
fn a_configured_responder_takes_the_place_of_the_named_one() {
    let mut ca = ca("CA1");
    let good = leaf(&mut ca, "R1");
    let mut anchor = Anchor::new("T", ca.certificate().clone());
    anchor.revocation = vec![Method::Ocsp];
    anchor.asks.ocsp_url = Some("http://other/".to_owned());
    let evidence = Evidence::new([0; 32]);
    let Attempt::Wanted(sources) = attempt(&[good], &[anchor], &evidence, NOW, &IOS) else {
        panic!("nothing is wanted");
    };
    assert!(matches!(&sources[..], [Source::Ocsp { url, .. }] if url == "http://other/"));
}

/// Each octet, changed: not read, or not believed; each truncation, not read.
#[test]
fn no_changed_octet_of_an_answer_is_believed() {
    let mut ca = ca("CA1");
    let good = leaf(&mut ca, "R1");
    let delegate = delegate(&mut ca, |_| ());
    let signer = delegate.signer();
    let whole = |request: &[u8]| respond(request, &|_| CertStatus::Good, &signer, NOW);
    let len = std::cell::Cell::new(0);
    let measured = |request: &[u8]| {
        let answer = whole(request);
        len.set(answer.len());
        answer
    };
    assert_eq!(ask(&ca, &good, |_| (), measured), Ok(()));
    for at in 0..len.get() {
        let changed = |request: &[u8]| {
            let mut answer = whole(request);
            if let Some(octet) = answer.get_mut(at) {
                *octet ^= 1;
            }
            answer
        };
        assert!(ask(&ca, &good, |_| (), changed).is_err(), "octet {at}");
        let cut = |request: &[u8]| whole(request).into_iter().take(at).collect();
        assert!(ask(&ca, &good, |_| (), cut).is_err(), "{at} octets");
    }
}

fn openssl(folder: &Path, arguments: &str) -> Option<String> {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(arguments.split(' '));
    let Ok(output) = command.output() else {
        println!("skipped: openssl is not installed");
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// A folder with the certificates of a CA that is valid now, as openssl has
/// no other clock for answers.
fn workshop() -> (tempfile::TempDir, LabCa, Certificate, PrivateKey, i64) {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let key = PrivateKey::generate(KeySpec::Rsa { bits: 2048 }).unwrap();
    let pkcs8 = key.to_pkcs8_der().unwrap().expose().to_vec();
    let again = PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
    let name = ike_pki::Name::from_subject_name("cn=CA1,o=cisco").unwrap();
    let mut ca = LabCa::new(&name, key, 1, now - DAY, now + 365 * DAY).unwrap();
    let spec = CertRequestSpec::router(subject("R1"), router_key(), now - DAY, now + DAY);
    let leaf = ca.issue(&spec).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file =
        |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    file("ca.der", ca.certificate().der());
    file("leaf.der", leaf.der());
    file("ca.p8", &pkcs8);
    (folder, ca, leaf, again, now)
}

/// openssl asks, the lab CA answers; openssl verifies it.
#[test]
fn openssl_believes_the_lab_ca() {
    let (folder, mut ca, leaf, _, now) = workshop();
    let at = folder.path();
    let run = |arguments: &str| openssl(at, arguments);
    let Some(_) = run("x509 -inform DER -in ca.der -out ca.pem") else {
        return;
    };
    run("x509 -inform DER -in leaf.der -out leaf.pem");
    run("ocsp -issuer ca.pem -cert leaf.pem -reqout request");
    for (expected, revoked) in [("leaf.pem: good", false), ("leaf.pem: revoked", true)] {
        if revoked {
            ca.revoke(&leaf, now - 60);
        }
        let request = std::fs::read(at.join("request")).unwrap();
        let answer = ca.answer_ocsp(&request, Some(3600), now);
        std::fs::write(at.join("response"), answer).unwrap();
        // Once for the nonce, once for what is said.
        let nonce =
            run("ocsp -no_nonce -reqin request -respin response -issuer ca.pem -CAfile ca.pem");
        assert_eq!(nonce.unwrap().trim(), "Response verify OK");
        let said = "ocsp -no_nonce -respin response -issuer ca.pem -cert leaf.pem -CAfile ca.pem";
        let said = run(said).unwrap();
        assert!(
            said.contains(expected) && said.contains("Response verify OK"),
            "{said}"
        );
    }
}

/// We ask, openssl answers from an index, with the CA's key and SHA-256.
#[test]
fn the_answer_of_openssl_is_believed() {
    let (folder, ca, leaf, _, now) = workshop();
    let at = folder.path();
    let run = |arguments: &str| openssl(at, arguments);
    let Some(_) = run("x509 -inform DER -in ca.der -out ca.pem") else {
        return;
    };
    run("pkcs8 -inform DER -nocrypt -in ca.p8 -out ca.key");
    for (line, expected) in [
        ("V\t491231235959Z\t\t02\tunknown\t/CN=R1\n", Ok(())),
        (
            "R\t491231235959Z\t130617132501Z\t02\tunknown\t/CN=R1\n",
            Err("revoked".to_owned()),
        ),
    ] {
        std::fs::write(at.join("index.txt"), line).unwrap();
        let responder = |request: &[u8]| {
            std::fs::write(at.join("request"), request).unwrap();
            let said = run(
                "ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin request -respout response -ndays 1",
            );
            std::fs::read(at.join("response")).unwrap_or_else(|_| panic!("{said:?}"))
        };
        let mut anchor = Anchor::new("CA", ca.certificate().clone());
        anchor.revocation = vec![Method::Ocsp];
        anchor.asks.ocsp_url = Some(URL.to_owned());
        let (chain, anchors) = ([leaf.clone()], [anchor]);
        let mut evidence = Evidence::new([3; 32]);
        let Attempt::Wanted(sources) = attempt(&chain, &anchors, &evidence, now, &IOS) else {
            panic!("nothing is wanted");
        };
        sources
            .into_iter()
            .for_each(|source| fetch(source, responder, &mut evidence));
        let verdict = match attempt(&chain, &anchors, &evidence, now, &IOS) {
            Attempt::Valid(_) => Ok(()),
            Attempt::Refused(error) => Err(match error.refusal {
                Refusal::Revoked { .. } => "revoked".to_owned(),
                other => other.to_string(),
            }),
            Attempt::Wanted(_) => Err("wanted again".to_owned()),
        };
        assert_eq!(verdict, expected);
    }
}
