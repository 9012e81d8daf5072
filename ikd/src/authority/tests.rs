//! Stories of a CA's folder and its administrator.

use std::path::Path;

use ike_pki::http::HttpRequest;
use ike_pki::scep::{
    Algorithms, Answer, CaCertificates, Signer, Transaction, temporary_certificate,
};
use ike_pki::{Csr, CsrSpec, Name};

use super::folder::{Grant, HashName, Settings, new_key};
use super::order::Order;
use super::*;
use crate::system::wall;

fn settings(grant: Grant) -> Settings {
    Settings {
        grant,
        hash: HashName::Sha256,
        validity: 86_400,
        crl_lifetime: 3600,
        crl_url: None,
        ocsp_url: None,
        challenge: None,
        allow_weak: false,
        critical: None,
    }
}

fn authority(dir: &Path, grant: Grant) -> Authority {
    let name = Name::from_subject_name("CN=CA1,O=cisco,O=com").unwrap();
    Authority::init(dir, &name, new_key(1024).unwrap(), &settings(grant), None).unwrap()
}

/// What a router gets for its request, told by SCEP.
fn ask(authority: &mut Authority, key: &ike_crypto::PrivateKey) -> Answer {
    let subject = Name::from_subject_name("CN=R1,O=cisco").unwrap();
    let csr = Csr::build(&CsrSpec::new(subject, ike_crypto::Hash::Sha256), key).unwrap();
    let ca = CaCertificates::alone(authority.server.certificate().clone());
    let capabilities = authority.server.options().capabilities;
    let certificate = temporary_certificate("R1", key, wall()).unwrap();
    let signer = Signer {
        certificate: &certificate,
        key,
    };
    let mut transaction = Transaction::enrol(csr, &ca, Algorithms::by(&capabilities));
    let message = transaction.message(&signer, wall(), &mut random).unwrap();
    let url = ike_pki::scep::ScepUrl::parse("http://192.168.0.3").unwrap();
    let reply = authority.answer(&message.request(&url, &capabilities));
    transaction.answer(&reply, &signer, &ca, wall()).unwrap()
}

fn list(authority: &mut Authority) -> String {
    authority.obey(&Order::List { json: false }).unwrap()
}

/// T-83: what waits is granted by an administrator, and all of it survives a restart.
#[test]
fn a_request_waits_for_the_administrator_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let key = new_key(1024).unwrap();
    let mut ca = authority(dir.path(), Grant::Manual);
    assert_eq!(ask(&mut ca, &key), Answer::Pending);
    drop(ca);
    let mut ca = Authority::open(dir.path()).unwrap();
    assert!(list(&mut ca).contains("pending"), "{}", list(&mut ca));
    let which = "all".to_owned();
    let text = ca.obey(&Order::Grant { which }).unwrap();
    assert!(text.contains("certificate 02"), "{text}");
    assert!(matches!(ask(&mut ca, &key), Answer::Granted(_)));
    drop(ca);
    let mut ca = Authority::open(dir.path()).unwrap();
    assert!(ca.warnings.is_empty(), "{:?}", ca.warnings);
    assert!(list(&mut ca).contains("granted"));
}

/// T-30: a revoked certificate is on the list, and stays there.
#[test]
fn a_revoked_certificate_is_on_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let mut ca = authority(dir.path(), Grant::Auto);
    let Answer::Granted(own) = ask(&mut ca, &new_key(1024).unwrap()) else {
        panic!("not granted");
    };
    let revoke = |which: &str, reason: Option<&str>| Order::Revoke {
        which: which.to_owned(),
        reason: reason.map(str::to_owned),
    };
    let error = ca.obey(&revoke("02", Some("boredom"))).unwrap_err();
    assert!(error.to_string().contains("keyCompromise"), "{error}");
    assert!(ca.obey(&revoke("77", None)).is_err());
    ca.obey(&revoke("cn=r1", Some("superseded"))).unwrap();
    assert!(ca.obey(&revoke("02", None)).is_err(), "revoked already");
    drop(ca);
    let mut ca = Authority::open(dir.path()).unwrap();
    let reply = ca.answer(&HttpRequest::get("/ca.crl"));
    let crl = ike_pki::Crl::from_der(reply.body).unwrap();
    assert!(crl.is_revoked(own[0].serial()));
}

/// P-040: a CA below another shows its own certificate with those above it, is known to the one above,
/// and stays what it is.
#[test]
fn a_ca_below_another_is_issued_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut root = authority(&dir.path().join("CA1"), Grant::Auto);
    let name = Name::from_subject_name("CN=CA2,O=cisco,O=com").unwrap();
    let (path, settings) = (dir.path().join("CA2"), settings(Grant::Auto));
    let key = new_key(1024).unwrap();
    let sub = Authority::init(&path, &name, key, &settings, Some(&mut root)).unwrap();
    let own = sub.server.certificate().clone();
    assert!(own.is_ca() && own.issuer() == root.server.certificate().subject());
    let above = root.server.certificate().public_key().unwrap();
    assert!(own.verify(&above).is_ok());
    assert!(list(&mut root).contains("cn=CA2,o=cisco,o=com"));
    drop(sub);
    let mut sub = Authority::open(&path).unwrap();
    let reply = sub.answer(&HttpRequest::get("/pkiclient.exe?operation=GetCACert"));
    let read = CaCertificates::from_reply(&reply).unwrap();
    assert_eq!(read.ca, own);
    assert_eq!(read.chain, [root.server.certificate().clone()]);
    let Answer::Granted(issued) = ask(&mut sub, &new_key(1024).unwrap()) else {
        panic!("not granted");
    };
    assert_eq!(issued[0].issuer(), own.subject());
    let which = "cn=CA2".to_owned();
    let revoke = Order::Revoke {
        which,
        reason: None,
    };
    root.obey(&revoke).unwrap();
    let reply = root.answer(&HttpRequest::get("/ca.crl"));
    let list = ike_pki::Crl::from_der(reply.body).unwrap();
    assert!(list.is_revoked(own.serial()));
}

/// Two at once would lose what the other decides; a second CA in one folder would lose the first.
#[test]
fn one_at_a_time_and_one_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let ca = authority(dir.path(), Grant::Auto);
    assert!(Authority::open(dir.path()).is_err());
    drop(ca);
    let name = Name::from_subject_name("CN=CA2").unwrap();
    let again = Authority::init(
        dir.path(),
        &name,
        new_key(1024).unwrap(),
        &settings(Grant::Auto),
        None,
    );
    assert!(
        again
            .err()
            .unwrap()
            .to_string()
            .contains("there is a CA already")
    );
    let nothing = tempfile::tempdir().unwrap();
    let error = Authority::open(nothing.path()).err().unwrap();
    assert!(error.to_string().contains("pki ca init"), "{error}");
}
