//! The router against our own CA, in memory.

mod ca_certificates;
mod forged;

use ike_crypto::{Cipher, Hash, KeySpec, PrivateKey, Secret};

use super::*;
use crate::{
    ca_crl::RevocationReason,
    ca_server::{CaOptions, CaServer, GrantPolicy, RequestState},
    openssl::openssl_with_files,
    pkcs10::{Csr, CsrSpec},
    test_support::{NOW, YEAR, rsa, subject},
    test_world::{World, copy, lab_ca, own},
};

fn options(policy: GrantPolicy) -> CaOptions {
    CaOptions {
        policy,
        ..CaOptions::default()
    }
}

/// P-022, P-026: every digest, every cipher, GET and POST.
#[test]
fn a_router_is_enrolled_whatever_the_algorithms() {
    let mut world = World::new(CaOptions {
        allow_weak: true,
        ..CaOptions::default()
    });
    let ciphers = [
        Cipher::DesCbc,
        Cipher::TripleDesCbc,
        Cipher::Aes128Cbc,
        Cipher::Aes256Cbc,
    ];
    for digest in [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha512] {
        for (index, cipher) in ciphers.into_iter().enumerate() {
            world.capabilities.post = index % 2 == 0;
            let algorithms = Algorithms { digest, cipher };
            let mut transaction = Transaction::enrol(world.request(None), &world.ca, algorithms);
            let certificate = own(world.ask(&mut transaction));
            assert_eq!(certificate.subject(), &subject());
            assert_eq!(certificate.spki_der(), world.key.public().spki_der());
        }
    }
    // The same transaction every time: one certificate (RFC 8894 3.3.1).
    assert_eq!(world.server.issued().len(), 1);
    assert_eq!(world.server.requests().len(), 1);
}

/// T-83, P-024: pending until the operator grants; a restart in between.
#[test]
fn a_request_waits_for_the_operator_and_survives_a_restart() {
    let mut world = World::new(options(GrantPolicy::Manual));
    let mut transaction = world.transaction();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    assert_eq!(world.poll(&mut transaction), Ok(Answer::Pending));
    let stored = transaction.to_bytes();
    let mut transaction = Transaction::from_bytes(&stored).unwrap();
    assert_eq!(transaction.to_bytes(), stored);
    let id = world.server.pending()[0].id;
    let issued = world.server.grant(id, NOW).unwrap();
    assert!(world.server.pending().is_empty());
    assert_eq!(own(world.poll(&mut transaction)), issued);
    // The first message again gets the same answer.
    assert_eq!(own(world.ask(&mut transaction)), issued);
    assert!(world.server.grant(id, NOW).is_err());
}

/// A stored transaction that is damaged is refused at every octet that is cut,
/// and holds no private key.
#[test]
fn a_damaged_stored_transaction_is_refused() {
    let world = World::new(CaOptions::default());
    let stored = world.transaction().to_bytes();
    for end in (0..stored.len()).step_by(7) {
        assert!(Transaction::from_bytes(&stored[..end]).is_err(), "{end}");
    }
    let text = String::from_utf8(stored).unwrap();
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    let error = Transaction::from_bytes(newer.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SCEP stored transaction: damaged: format version 2; enroll again"
    );
    let private = world.key.to_pkcs8_der().unwrap();
    let private = data_encoding::BASE64.encode(private.expose());
    assert!(!text.contains(&private[40..80]));
}

/// T-87: the operator or the policy refuses; the reason is told.
#[test]
fn a_rejected_request_says_why() {
    let mut world = World::new(options(GrantPolicy::Manual));
    let mut transaction = world.transaction();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    let id = world.server.pending()[0].id;
    world.server.reject(id).unwrap();
    let rejected = |text: &str| {
        Ok(Answer::Rejected {
            fail_info: FailInfo::BadRequest,
            text: Some(text.to_owned()),
        })
    };
    let answer = world.poll(&mut transaction);
    assert_eq!(answer, rejected("the request was rejected"));
    assert_eq!(world.ask(&mut transaction), answer);
    world.server.forget(id).unwrap();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    let mut world = World::new(options(GrantPolicy::Reject));
    let mut transaction = world.transaction();
    assert_eq!(
        world.ask(&mut transaction),
        rejected("no requests are granted")
    );
    assert!(world.server.requests().is_empty() && world.server.changes() == 0);
}

#[test]
fn a_challenge_password_is_asked_of_first_enrolments() {
    let mut world = World::new(CaOptions {
        challenge_password: Some(Secret::from(&b"cisco123"[..])),
        ..CaOptions::default()
    });
    for wrong in [None, Some("cisco124"), Some("cisco12")] {
        let request = world.request(wrong);
        let mut transaction = Transaction::enrol(request, &world.ca, world.algorithms());
        let answer = world.ask(&mut transaction).unwrap();
        assert!(matches!(answer, Answer::Rejected { .. }), "{answer:?}");
    }
    assert!(world.server.requests().is_empty());
    let request = world.request(Some("cisco123"));
    let mut transaction = Transaction::enrol(request, &world.ca, world.algorithms());
    own(world.ask(&mut transaction));
}

/// RenewalReq: signed with the certificate that ends, for a new key.
#[test]
fn a_renewal_is_signed_with_the_certificate_that_ends() {
    let mut world = World::new(CaOptions {
        challenge_password: None,
        ..CaOptions::default()
    });
    let old = world.enrolled();
    let new_key = rsa(1024);
    let request = |name, key: &PrivateKey| Csr::build(&CsrSpec::new(name, Hash::Sha256), key);
    let asked = request(subject(), &new_key).unwrap();
    let signer_key = copy(&world.key);
    let signer = Signer {
        certificate: &old,
        key: &signer_key,
    };
    let renew = |world: &mut World, asked: Csr| {
        let mut transaction = Transaction::renew(asked, &old, &world.ca, world.algorithms());
        let message = transaction
            .message(&signer, NOW, &mut world.random)
            .unwrap();
        let reply = world.carry(&message);
        transaction.answer(&reply, &signer, &world.ca, NOW)
    };
    let new = own(renew(&mut world, asked.clone()));
    assert_eq!(new.spki_der(), new_key.public().spki_der());
    assert_eq!(own(renew(&mut world, asked)), new);
    // The same key renewed is another certificate, not the old one again.
    let same = own(renew(&mut world, request(subject(), &signer_key).unwrap()));
    assert_ne!(same.serial(), old.serial());
    let other = crate::Name::from_subject_name("CN=R2").unwrap();
    let answer = renew(&mut world, request(other, &new_key).unwrap()).unwrap();
    assert!(matches!(answer, Answer::Rejected { text: Some(t), .. } if t.contains("subject")));
    world.server.revoke(old.serial(), NOW, None).unwrap();
    let third = request(subject(), &rsa(1024)).unwrap();
    let answer = renew(&mut world, third).unwrap();
    assert!(matches!(answer, Answer::Rejected { text: Some(t), .. } if t.contains("stands")));
}

/// P-025: GetCRL, with the identity or the temporary certificate.
#[test]
fn the_revocation_list_comes_over_scep() {
    let mut world = World::new(CaOptions::default());
    let certificate = world.enrolled();
    let reason = Some(RevocationReason::KeyCompromise);
    let ask = |world: &mut World, issuer: &crate::Name| {
        let key = copy(&world.key);
        let signer = Signer {
            certificate: &certificate,
            key: &key,
        };
        let (ca, algorithms) = (world.ca.clone(), world.algorithms());
        let serial = certificate.serial();
        let random = &mut world.random;
        let query = get_crl(&signer, &ca, issuer, serial, algorithms, NOW, random).unwrap();
        let reply = world.carry(query.message());
        crl_answer(&query, &reply, &signer, &ca, NOW)
    };
    assert!(ask(&mut world, certificate.issuer()).unwrap().is_empty());
    world
        .server
        .revoke(certificate.serial(), NOW, reason)
        .unwrap();
    let list = ask(&mut world, certificate.issuer()).unwrap();
    assert!(list.is_revoked(certificate.serial()));
    let error = ask(&mut world, certificate.subject()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SCEP PKIOperation GetCRL: the server refused: badCertId, \"another issuer\""
    );
}

/// An RA decrypts and signs; what it signs with is the CA's word on it.
#[test]
fn an_ra_stands_in_front_of_the_ca() {
    let (ca_key, ra_key) = (rsa(1024), rsa(1024));
    let mut ca = lab_ca(&ca_key);
    let name = crate::Name::from_subject_name("cn=RA,o=cisco").unwrap();
    let public = ra_key.public();
    let spec = crate::CertRequestSpec::router(name, &public, NOW - 1, NOW + YEAR);
    let ra = ca.issue(&spec).unwrap();
    let server = CaServer::with_ra(
        ca,
        "CA1",
        options(GrantPolicy::Manual),
        ra.clone(),
        ra_key,
        "RA",
    );
    let mut world = World::of(server.unwrap(), ca_key);
    assert_eq!(world.ca.recipient(), &ra);
    assert_eq!(world.ca.ra_signing.as_ref(), Some(&ra));
    let mut transaction = world.transaction();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    let id = world.server.pending()[0].id;
    world.server.grant(id, NOW).unwrap();
    own(world.poll(&mut transaction));
}

/// A key on a curve: signed and decrypted with a temporary RSA key, the
/// certificate is for the curve.
#[test]
fn a_router_with_a_key_on_a_curve_is_enrolled() {
    for spec in [KeySpec::EcP256, KeySpec::EcP384] {
        let mut world = World::new(CaOptions::default());
        let key = PrivateKey::generate(spec).unwrap();
        let request = Csr::build(&CsrSpec::new(subject(), Hash::Sha256), &key).unwrap();
        let mut transaction = Transaction::enrol(request, &world.ca, world.algorithms());
        let certificate = own(world.ask(&mut transaction));
        assert_eq!(certificate.spki_der(), key.public().spki_der());
        assert_eq!(
            certificate.key_usage(),
            Some(crate::KeyUsage::DIGITAL_SIGNATURE)
        );
    }
}

/// What is weak is refused unless the CA is told to take it.
#[test]
fn weak_algorithms_are_refused_by_default() {
    let mut world = World::new(CaOptions::default());
    let weak = [(Hash::Md5, Cipher::Aes128Cbc), (Hash::Sha1, Cipher::DesCbc)];
    for (digest, cipher) in weak {
        let algorithms = Algorithms { digest, cipher };
        let mut transaction = Transaction::enrol(world.request(None), &world.ca, algorithms);
        let answer = world.ask(&mut transaction).unwrap();
        let bad = FailInfo::BadAlg;
        assert!(matches!(answer, Answer::Rejected { fail_info, .. } if fail_info == bad));
    }
    world.key = rsa(512);
    world.temporary = temporary_certificate("R1", &world.key, NOW).unwrap();
    let mut transaction = world.transaction();
    let answer = world.ask(&mut transaction).unwrap();
    assert!(matches!(answer, Answer::Rejected { text: Some(t), .. } if t.contains("1024")));
    assert!(world.server.requests().is_empty());
}

/// W-005, U-14: the 512-bit key of the seed's lab, at a CA that takes it.
#[test]
fn the_key_of_the_seed_is_enrolled() {
    let mut world = World::new(CaOptions {
        allow_weak: true,
        ..CaOptions::default()
    });
    world.key = rsa(512);
    world.temporary = temporary_certificate("R1.cisco.com", &world.key, NOW).unwrap();
    let algorithms = Algorithms::ios_15_3t(&world.capabilities);
    assert_eq!(algorithms.cipher, Cipher::TripleDesCbc);
    let mut transaction = Transaction::enrol(world.request(None), &world.ca, algorithms);
    own(world.ask(&mut transaction));
}

/// P-022: number, order and text of the attributes, and a judge for signature
/// and envelope.
#[test]
fn a_request_looks_as_ios_sends_it() {
    let mut world = World::new(CaOptions::default());
    let algorithms = Algorithms::ios_15_3t(&world.capabilities);
    let mut transaction = Transaction::enrol(world.request(None), &world.ca, algorithms);
    assert_eq!(transaction.id().len(), 32);
    assert!(
        transaction
            .id()
            .bytes()
            .all(|o| b"0123456789ABCDEF".contains(&o))
    );
    let signer = Signer {
        certificate: &world.temporary,
        key: &world.key,
    };
    let message = transaction
        .message(&signer, NOW, &mut world.random)
        .unwrap();
    let at = |oid: &[u8]| {
        let der = message.der();
        der.windows(oid.len())
            .rposition(|part| part == oid)
            .unwrap()
    };
    let order = [
        crate::oid::SCEP_MESSAGE_TYPE,
        crate::oid::CONTENT_TYPE,
        crate::oid::SCEP_SENDER_NONCE,
        crate::oid::MESSAGE_DIGEST,
        crate::oid::SCEP_TRANSACTION_ID,
    ];
    let places: Vec<usize> = order.into_iter().map(at).collect();
    assert!(places.is_sorted(), "{places:?}");
    let read = Incoming::read(message.der()).unwrap();
    assert_eq!((read.kind.as_str(), read.sender_nonce.len()), ("19", NONCE));
    let files = [
        ("ca.pem", world.ca.ca.to_pem().into_bytes()),
        (
            "key.der",
            world.ca_key.to_pkcs8_der().unwrap().expose().to_vec(),
        ),
    ];
    let verify = ["cms", "-verify", "-noverify", "-inform", "DER"];
    let Some(sealed) = openssl_with_files(&verify, message.der(), &files) else {
        return;
    };
    let decrypt = [
        "cms", "-decrypt", "-inform", "DER", "-inkey", "key.der", "-keyform", "DER",
    ];
    let request = openssl_with_files(&decrypt, &sealed, &files).unwrap();
    assert_eq!(request, transaction.request().der().as_ref());
    let judge = ["req", "-inform", "DER", "-verify", "-noout"];
    openssl_with_files(&judge, &request, &[]).unwrap();
    let reply = world.carry(&message);
    let verify = [
        "cms",
        "-verify",
        "-CAfile",
        "ca.pem",
        "-no_check_time",
        "-inform",
        "DER",
    ];
    openssl_with_files(&verify, &reply.body, &files).unwrap();
}

/// Poll of what was never asked, or by another name.
#[test]
fn a_poll_for_nothing_is_refused() {
    let mut world = World::new(options(GrantPolicy::Manual));
    let mut transaction = world.transaction();
    let answer = world.poll(&mut transaction).unwrap();
    let bad = FailInfo::BadCertId;
    assert!(matches!(answer, Answer::Rejected { fail_info, .. } if fail_info == bad));
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    assert!(matches!(
        world.server.requests()[0].state,
        RequestState::Pending
    ));
}
