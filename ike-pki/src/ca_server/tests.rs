//! The CA by itself: its files, its memory, its image, and what strangers send.

use bytes::Bytes;
use ike_crypto::{Hash, KeySpec, PrivateKey};

use super::*;
use crate::{
    ca::LabCa,
    http::HttpReply,
    image::Image,
    openssl::openssl_with_files,
    pkcs10::{Csr, CsrSpec},
    scep::{Algorithms, Answer, PkiOperation, Signer, Transaction},
    test_support::{NOW, YEAR, drawn, rsa, subject},
    test_world::{World, copy, lab_ca, own},
    writer::{sequence, tlv},
};

fn manual() -> CaOptions {
    CaOptions {
        policy: GrantPolicy::Manual,
        ..CaOptions::default()
    }
}

fn get(server: &mut CaServer, target: &str) -> HttpReply {
    server.handle(&HttpRequest::get(target), NOW, &mut drawn(1))
}

/// RFC 7296 3.6: a certificate by the SHA-1 of its DER.
#[test]
fn certificates_are_found_by_their_hash() {
    let mut world = World::new(CaOptions::default());
    let issued = world.enrolled();
    let ca = world.server.certificate().clone();
    for (name, wanted) in [
        ("ca".to_owned(), &ca),
        (ledger::sha1(&ca), &ca),
        (ledger::sha1(&issued), &issued),
        (ledger::sha1(&issued).to_ascii_uppercase(), &issued),
    ] {
        let reply = get(&mut world.server, &format!("/certs/{name}.cer"));
        assert_eq!((reply.status, &reply.body), (200, wanted.der()), "{name}");
        assert_eq!(reply.content_type, "application/pkix-cert");
    }
}

/// P-025: the list is signed once and served until it ages or grows.
#[test]
fn the_list_is_signed_anew_only_when_it_must_be() {
    let mut world = World::new(CaOptions::default());
    let issued = world.enrolled();
    let list = |world: &mut World, now| {
        let request = HttpRequest::get("/ca1.crl");
        let reply = world.server.handle(&request, now, &mut drawn(1));
        assert_eq!(reply.content_type, "application/pkix-crl");
        Crl::from_der(reply.body).unwrap()
    };
    let first = list(&mut world, NOW);
    let changes = world.server.changes();
    assert_eq!(list(&mut world, NOW + 86_400).der(), first.der());
    assert_eq!(world.server.changes(), changes);
    let late = list(&mut world, NOW + 6 * 86_400);
    assert_ne!(late.der(), first.der());
    let reason = Some(RevocationReason::Superseded);
    world.server.revoke(issued.serial(), NOW, reason).unwrap();
    let last = list(&mut world, NOW + 6 * 86_400);
    assert!(last.is_revoked(issued.serial()) && !late.is_revoked(issued.serial()));
    let again = world.server.revoke(issued.serial(), NOW, None).unwrap_err();
    assert_eq!(again.to_string(), "certificate 02 is revoked already");
    let unknown = world.server.revoke(&[9], NOW, None).unwrap_err();
    assert_eq!(unknown.to_string(), "no certificate 09 was issued here");
    let files = [("list.der", last.der().to_vec())];
    let show = [
        "crl", "-inform", "DER", "-in", "list.der", "-text", "-noout",
    ];
    if let Some(text) = openssl_with_files(&show, &[], &files) {
        assert!(String::from_utf8_lossy(&text).contains("Superseded"));
    }
}

/// The certificate names list, responder and the names that were asked for.
#[test]
fn certificates_name_where_revocation_is_told() {
    let mut world = World::new(CaOptions {
        crl_url: Some("http://192.168.0.3/ca1.crl".into()),
        ocsp_url: Some("http://192.168.0.3/ocsp".into()),
        validity: 100 * YEAR,
        ..CaOptions::default()
    });
    let mut spec = CsrSpec::new(subject(), Hash::Sha256);
    spec.dns_names = vec!["R1.cisco.com".into()];
    let request = Csr::build(&spec, &world.key).unwrap();
    let mut transaction = Transaction::enrol(request, &world.ca, world.algorithms());
    let issued = own(world.ask(&mut transaction));
    assert_eq!(
        issued.crl_distribution_points(),
        ["http://192.168.0.3/ca1.crl"]
    );
    assert_eq!(issued.dns_names(), ["R1.cisco.com"]);
    assert_eq!(issued.not_before(), NOW);
    assert_eq!(issued.not_after(), world.server.certificate().not_after());
    let files = [
        ("ca.pem", world.server.certificate().to_pem().into_bytes()),
        ("r1.pem", issued.to_pem().into_bytes()),
    ];
    let verify = ["verify", "-no_check_time", "-CAfile", "ca.pem", "r1.pem"];
    openssl_with_files(&verify, &[], &files);
    let show = ["x509", "-in", "r1.pem", "-noout", "-text"];
    if let Some(text) = openssl_with_files(&show, &[], &files) {
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(
            text.contains("OCSP - URI:http://192.168.0.3/ocsp"),
            "{text}"
        );
    }
}

#[test]
fn what_is_not_served_has_its_status() {
    let mut server = World::new(manual()).server;
    for (target, status) in [
        ("/", 404),
        ("/0000.cer", 404),
        ("/x?operation=Nothing", 400),
        ("/x?operation=PKIOperation&message=AAAA", 400),
        ("/x?operation=PKIOperation", 400),
        ("/%zz", 400),
        ("/x?operation=GetNextCACert", 404),
    ] {
        assert_eq!(get(&mut server, target).status, status, "{target}");
    }
    let long = "a".repeat(MAX_CA_REQUEST + 1);
    assert_eq!(get(&mut server, &long).status, 413);
    let request = HttpRequest::post("/", "text/plain", Bytes::new());
    assert_eq!(server.handle(&request, NOW, &mut drawn(1)).status, 405);
    assert_eq!(server.changes(), 0);
}

/// No state from junk: a request cut or changed anywhere leaves no trace, or is
/// the request itself.
#[test]
fn junk_leaves_no_trace() {
    let mut world = World::new(manual());
    let mut transaction = world.transaction();
    let signer = Signer {
        certificate: &world.temporary,
        key: &world.key,
    };
    let message = transaction
        .message(&signer, NOW, &mut world.random)
        .unwrap();
    let mut send = |octets: Vec<u8>| {
        let before = world.server.changes();
        let carried = world.carry(&PkiOperation::new(octets));
        (carried, world.server.changes() == before)
    };
    for at in (0..message.der().len()).step_by(3) {
        let (reply, untouched) = send(message.der()[..at].to_vec());
        assert!(reply.status == 400 && untouched, "cut at {at}");
        let mut octets = message.der().to_vec();
        octets[at] ^= 0x10;
        let (reply, untouched) = send(octets);
        // Only what is not signed at all may change: the first such message
        // is the request, the others repeat it.
        assert!(reply.status == 200 || untouched, "altered at {at}");
    }
    let requests = world.server.requests();
    assert!(requests.len() <= 1, "{}", requests.len());
    assert!(
        requests
            .iter()
            .all(|one| one.transaction == transaction.id())
    );
}

#[test]
fn pending_requests_are_bounded() {
    let mut world = World::new(manual());
    let request = world.request(None);
    for number in 0..MAX_PENDING {
        let id = format!("{number}");
        world.server.ledger.add(&id, request.clone(), false, NOW);
    }
    let mut transaction = world.transaction();
    let answer = world.ask(&mut transaction).unwrap();
    assert!(matches!(answer, Answer::Rejected { text: Some(t), .. } if t == "too many requests"));
    assert_eq!(world.server.pending().len(), MAX_PENDING);
    world.server.reject(1).unwrap();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
}

/// A certificate that has expired does not answer for its key for ever.
#[test]
fn an_expired_enrolment_starts_anew() {
    let mut world = World::new(CaOptions::default());
    let mut transaction = world.transaction();
    let first = own(world.ask(&mut transaction));
    let reply = {
        let signer = Signer {
            certificate: &world.temporary,
            key: &world.key,
        };
        let message = transaction
            .message(&signer, NOW, &mut world.random)
            .unwrap();
        let request = message.request(&world.url, &world.capabilities);
        let later = NOW + 2 * YEAR;
        world.server.handle(&request, later, &mut world.random)
    };
    let answer = transaction.answer(&reply, &world.signer(), &world.ca, NOW + 2 * YEAR);
    assert_ne!(own(answer).serial(), first.serial());
}

/// GetCert (RFC 8894 3.3.4), which routers do not ask but others do.
#[test]
fn a_certificate_is_given_by_its_serial_number() {
    let mut world = World::new(CaOptions::default());
    let issued = world.enrolled();
    let ca = world.server.certificate().clone();
    for (serial, status) in [(issued.serial(), "0"), (ca.serial(), "0"), (&[77][..], "2")] {
        let content = sequence(&[
            ca.subject().der(),
            &tlv(crate::der::tag::INTEGER, &[serial]),
        ]);
        let asking = crate::scep::Asking {
            kind: crate::scep::MessageType::GetCert,
            step: crate::scep::Step::GetCertInitial,
            transaction: "1",
            algorithms: world.algorithms(),
            recipient: &ca,
            content: &content,
        };
        let signer = Signer {
            certificate: &world.temporary,
            key: &world.key,
        };
        let (message, _) = asking.message(&signer, NOW, &mut world.random).unwrap();
        let reply = world.carry(&message);
        let read = crate::scep::Incoming::read(&reply.body).unwrap();
        assert_eq!(read.status, status);
    }
}

/// A restart: nothing is lost, no number is used twice.
#[test]
fn the_ca_survives_a_restart() {
    let mut world = World::new(manual());
    let mut transaction = world.transaction();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    let issued = world.server.grant(1, NOW).unwrap();
    let reason = Some(RevocationReason::KeyCompromise);
    world.server.revoke(issued.serial(), NOW, reason).unwrap();
    world.server.current_crl(NOW).unwrap();
    let above = lab_ca(&rsa(512)).certificate().clone();
    world.server.set_chain(vec![above.clone()]);
    world.server.set_next_ca(Some(above));
    let image = world.server.image();
    assert_eq!(CaServer::key_labels(&image), Ok(("CA1".to_owned(), None)));
    let read = CaServer::from_image(&image, manual(), copy(&world.ca_key), None);
    let (server, lost) = read.unwrap();
    assert_eq!(lost, []);
    assert_eq!(server.image(), image);
    world.server = server;
    assert_eq!(
        world.server.requests()[0].state,
        RequestState::Revoked(issued.serial().to_vec())
    );
    let list = world.server.current_crl(NOW).unwrap();
    assert!(list.is_revoked(issued.serial()));
    assert_eq!(list.number.as_deref(), Some(&[2][..]));
    world.server.forget(1).unwrap();
    assert_eq!(world.ask(&mut transaction), Ok(Answer::Pending));
    let next = world.server.grant(2, NOW).unwrap();
    assert_ne!(next.serial(), issued.serial());
}

#[test]
fn damage_to_the_image_is_named_and_the_rest_is_kept() {
    let mut world = World::new(CaOptions::default());
    world.enrolled();
    let image = world.server.image();
    let read = |image: &Image, key: &PrivateKey| {
        CaServer::from_image(image, CaOptions::default(), copy(key), None)
    };
    let without = |file: &str| {
        let mut image = image.clone();
        image.remove(file).unwrap();
        image
    };
    for file in ["requests/1.csr", "issued/02.cer"] {
        let (server, lost) = read(&without(file), &world.ca_key).unwrap();
        assert_eq!((lost.len(), lost[0].file.as_str()), (1, file));
        assert_eq!(server.ca.counters().0, 2, "no serial number twice");
    }
    let mut changed = image.clone();
    changed.get_mut("issued/02.cer").unwrap()[300] ^= 1;
    assert_eq!(read(&changed, &world.ca_key).unwrap().1.len(), 1);
    for file in ["ca.cer", "index.json"] {
        let error = read(&without(file), &world.ca_key).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{file}: is missing; restore it from a backup")
        );
    }
    let error = read(&image, &world.key).unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
    let index = image.get("index.json").unwrap();
    for end in (0..index.len()).step_by(11) {
        let mut cut = image.clone();
        cut.insert("index.json".into(), index[..end].to_vec());
        assert!(read(&cut, &world.ca_key).is_err(), "{end}");
    }
    let text = String::from_utf8(index.clone()).unwrap();
    let huge = text.replace(
        "\"last_serial\": 2",
        "\"last_serial\": 18446744073709551615",
    );
    let mut cut = image.clone();
    cut.insert("index.json".into(), huge.into_bytes());
    assert!(read(&cut, &world.ca_key).is_err());
}

#[test]
fn a_ca_with_a_key_on_a_curve_needs_an_ra() {
    let name = crate::Name::from_subject_name("cn=EC").unwrap();
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let of = |key| LabCa::new(&name, key, 1, NOW - 1, NOW + YEAR).unwrap();
    let error = CaServer::new(of(copy(&key)), "EC", manual()).unwrap_err();
    assert_eq!(error, CaServerError::KeyCannotDecrypt);
    let ra_key = rsa(1024);
    let public = ra_key.public();
    let mut ca = of(copy(&key));
    let spec = crate::CertRequestSpec::router(subject(), &public, NOW - 1, NOW + YEAR);
    let ra = ca.issue(&spec).unwrap();
    let options = CaOptions::default();
    let server = CaServer::with_ra(ca, "EC", options.clone(), ra, copy(&ra_key), "RA");
    let mut world = World::of(server.unwrap(), copy(&ra_key));
    let issued = world.enrolled();
    let image = world.server.image();
    let labels = CaServer::key_labels(&image).unwrap();
    assert_eq!(labels, ("EC".to_owned(), Some("RA".to_owned())));
    let restored = CaServer::from_image(&image, options.clone(), copy(&key), Some(copy(&ra_key)));
    assert_eq!(restored.unwrap().0.image(), image);
    assert!(CaServer::from_image(&image, options.clone(), copy(&key), None).is_err());
    let foreign = CaServer::with_ra(of(rsa(512)), "X", options, issued, ra_key, "RA");
    assert_eq!(foreign.unwrap_err(), CaServerError::WrongRa);
}

/// What the router chooses is what the CA answers with (P-026).
#[test]
fn the_reply_has_the_digest_of_the_request() {
    let mut world = World::new(CaOptions::default());
    let old = Algorithms::ios_15_3t(&world.capabilities);
    let mut transaction = Transaction::enrol(world.request(None), &world.ca, old);
    let reply = world.send(&mut transaction);
    let read = crate::scep::Incoming::read(&reply.body).unwrap();
    assert_eq!(read.data.signer.unwrap().digest, Hash::Sha1);
}

/// RFC 6960 A.1: the same answer by POST and by GET; nonsense is malformedRequest.
#[test]
fn ocsp_is_answered_by_post_and_get() {
    let mut server = World::new(manual()).server;
    let ca = server.certificate().clone();
    let id = crate::CertId::new(&ca, &ca);
    let question = crate::OcspRequest {
        cert_id: id,
        nonce: None,
    }
    .to_der();
    let post = HttpRequest::post("/", "application/ocsp-request", question.clone());
    let posted = server.handle(&post, NOW, &mut drawn(1));
    let asked = get(
        &mut server,
        &format!("/ocsp/{}", data_encoding::BASE64.encode(&question)),
    );
    assert_eq!((asked.status, &asked.body), (200, &posted.body));
    assert!(crate::OcspResponse::from_der(posted.body).is_ok());
    let wrong = get(&mut server, "/ocsp/abc");
    assert_eq!(&wrong.body[..], [0x30, 3, 10, 1, 1]);
}
