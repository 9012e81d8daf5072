//! The ordered store: rules P-001 to P-008, S-013, S-020 and the printed form
//! O-040, on the routers of the seed.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{
    CertRequestSpec, Certificate, CrlOrigin, INDEX, Import, LabCa, Manifest, Name, Pending,
    RecordKind, Store, predefined,
};
use support::{DAY, NOW, ca, lab, router};

/// R1 of the seed: both trustpoints enrolled, the one of CA2 last.
fn seed_store() -> (Store, LabCa, LabCa) {
    let (mut ca1, mut ca2) = (ca("CA1"), ca("CA2"));
    let mut store = Store::default();
    lab(&mut store, &mut ca1, "IOSCA1", "R1", NOW);
    lab(&mut store, &mut ca2, "IOSCA2", "R1", NOW + 60);
    (store, ca1, ca2)
}

fn order(store: &Store) -> Vec<String> {
    store
        .global_list(false)
        .iter()
        .map(|ca| ca.name.common_name().unwrap())
        .collect()
}

/// T-80, S-020, P-004: certificate of CA2, CA2, certificate of CA1, CA1.
#[test]
fn the_listing_is_newest_first_and_identity_before_ca() {
    let (store, ..) = seed_store();
    let listing: Vec<_> = store
        .listing()
        .iter()
        .map(|r| (r.trustpoint.as_str(), r.kind))
        .collect();
    assert_eq!(
        listing,
        [
            ("IOSCA2", RecordKind::Identity),
            ("IOSCA2", RecordKind::Ca),
            ("IOSCA1", RecordKind::Identity),
            ("IOSCA1", RecordKind::Ca),
        ]
    );
    assert_eq!(order(&store), ["CA2", "CA1"]);
}

/// S-013: user CAs in store order, then the five predefined; W-002: 431
/// octets of certificate requests. T-39: none after `trustpool clean`.
#[test]
fn the_global_list_ends_with_the_five_predefined_cas() {
    let (mut store, ..) = seed_store();
    let list = store.global_list(true);
    assert_eq!(list.len(), 7);
    assert_eq!(list[0].trustpoint.as_deref(), Some("IOSCA2"));
    let names: Vec<Name> = list[2..].iter().map(|ca| ca.name.clone()).collect();
    assert_eq!(names, predefined());
    assert_eq!(
        list.iter().map(|ca| 5 + ca.name.der().len()).sum::<usize>(),
        431
    );
    store.set_trustpool_clean(true);
    assert_eq!(store.global_list(true).len(), 2);
}

/// P-001: neither serial numbers nor dates decide; the times of installation
/// are equal here and the older certificate is installed last.
#[test]
fn only_the_order_of_installation_decides() {
    let (mut ca1, mut ca2) = (ca("CA1"), ca("CA2"));
    let mut store = Store::default();
    let old = router(&mut ca1, "R1", NOW - 10 * DAY);
    lab(&mut store, &mut ca2, "IOSCA2", "R1", NOW);
    store.authenticate("IOSCA1", ca1.certificate().clone(), NOW);
    store.enroll("IOSCA1", old, "R1.key", NOW);
    assert_eq!(order(&store), ["CA1", "CA2"]);
}

/// P-002, P-003, T-04: enrolling again moves a trustpoint to the front and
/// replaces its certificate; saving, lists and reloading move nothing.
#[test]
fn re_enrolment_moves_to_the_front_and_nothing_else_does() {
    let (mut store, mut ca1, mut ca2) = seed_store();
    store.mark_saved();
    store.set_crl("IOSCA1", ca1.crl(NOW, NOW + DAY).unwrap());
    assert_eq!(order(&store), ["CA2", "CA1"]);
    store.enroll("IOSCA1", router(&mut ca1, "R1", NOW), "R1.key", NOW + 120);
    assert_eq!(order(&store), ["CA1", "CA2"]);
    assert_eq!(store.listing().len(), 4);
    assert_eq!(
        store.identity("IOSCA1").unwrap().certificate.serial_hex(),
        "03"
    );
    assert!(!store.identity("IOSCA1").unwrap().saved);
    // `no crypto pki trustpoint`, then again: starts at the front.
    store.remove_trustpoint("IOSCA2");
    assert_eq!(
        (order(&store), store.listing().len()),
        (vec!["CA1".to_owned()], 2)
    );
    lab(&mut store, &mut ca2, "IOSCA2", "R1", NOW + 180);
    assert_eq!(order(&store), ["CA2", "CA1"]);
}

/// P-005: one CA certificate of two trustpoints is one file, one entry of the
/// global list, one block of `show` with both names. P-007, T-20: of two
/// trustpoints of one CA the newest answers first.
#[test]
fn two_trustpoints_of_one_ca_share_its_certificate() {
    let mut ca1 = ca("CA1");
    let mut store = Store::default();
    lab(&mut store, &mut ca1, "A", "R1", NOW);
    lab(&mut store, &mut ca1, "B", "R1", NOW + 60);
    assert_eq!(order(&store), ["CA1"]);
    assert_eq!(store.global_list(false)[0].trustpoint.as_deref(), Some("B"));
    let files = store
        .image()
        .keys()
        .filter(|path| path.contains("CA.cer"))
        .count();
    assert_eq!(files, 1);
    let views = store.certificate_views(None);
    assert_eq!(views.len(), 3);
    assert_eq!(views[1].trustpoints, ["B", "A"]);
    let found = store.identities_by_ca(ca1.certificate().subject());
    let found: Vec<_> = found
        .iter()
        .map(|record| record.trustpoint.as_str())
        .collect();
    assert_eq!(found, ["B", "A"]);
}

/// RFC 7296 3.7: a request for a CA further up finds the identity below it, after those of its own.
#[test]
fn an_identity_is_found_by_every_ca_above_it() {
    let mut root = ca("ROOT");
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let public = key.public();
    let name = Name::from_subject_name("cn=SUB,o=cisco").unwrap();
    let mut request = CertRequestSpec::router(name, &public, NOW - DAY, NOW + 365 * DAY);
    request.ca = Some(None);
    let mut sub = LabCa::with_certificate(root.issue(&request).unwrap(), key, 0);
    let mut store = Store::default();
    lab(&mut store, &mut root, "A", "R1", NOW);
    lab(&mut store, &mut sub, "B", "R1", NOW + 60);
    let found = |ca: &LabCa| {
        let records = store.identities_by_ca(ca.certificate().subject());
        let names = records.iter().map(|record| record.trustpoint.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(found(&root), ["A", "B"]);
    assert_eq!(found(&sub), ["B"]);
    let [root, sub] = [&root, &sub].map(|ca| ca.certificate().key_hash());
    let hashed = store.identities_by_key_hash();
    let pairs = hashed
        .iter()
        .map(|(hash, r)| (*hash, r.trustpoint.as_str()));
    let expected = [(sub, "B"), (root, "A"), (root, "B")];
    assert_eq!(pairs.collect::<Vec<_>>(), expected);
}

/// P-005, W-024: a CA without enrolment takes its own place; a loose name
/// finds the trustpoint all the same.
#[test]
fn an_authenticated_trustpoint_is_asked_for_but_cannot_answer() {
    let (mut store, ..) = seed_store();
    let ca3 = ca("CA3");
    store.authenticate("IOSCA3", ca3.certificate().clone(), NOW + 90);
    assert_eq!(order(&store), ["CA3", "CA2", "CA1"]);
    assert!(
        store
            .identities_by_ca(ca3.certificate().subject())
            .is_empty()
    );
    assert_eq!(store.ca_trustpoints(), ["IOSCA3", "IOSCA2", "IOSCA1"]);
    let loose = Name::from_subject_name("CN=ca1,O=CISCO,O=Com").unwrap();
    assert_eq!(store.identities_by_ca(&loose)[0].trustpoint, "IOSCA1");
}

/// U-9, T-40: a self-signed trustpoint is in the list under its own name.
#[test]
fn a_self_signed_trustpoint_is_listed_under_its_own_name() {
    let (mut store, ..) = seed_store();
    let own = ca("Self");
    store.enroll("SELF", own.certificate().clone(), "self.key", NOW + 600);
    assert_eq!(store.listing()[0].kind, RecordKind::SelfSigned);
    assert_eq!(order(&store)[0], "Self");
    assert_eq!(store.listing()[0].file_name, "Self#1.cer");
    assert!(store.anchor("SELF", Vec::new()).is_some());
}

/// The laboratory helper and `pki-order definition` (P-006).
#[test]
fn the_order_can_be_set() {
    let (mut store, ..) = seed_store();
    store.set_order(&["IOSCA1", "IOSCA2"]);
    assert_eq!(order(&store), ["CA1", "CA2"]);
    assert_eq!(store.listing()[0].kind, RecordKind::Identity);
}

/// P-008.
#[test]
fn file_names_are_those_of_ios() {
    let (store, ..) = seed_store();
    let names: Vec<_> = store
        .listing()
        .iter()
        .map(|r| r.file_name.as_str())
        .collect();
    assert_eq!(
        names,
        ["CA2#2.cer", "CA2#1CA.cer", "CA1#2.cer", "CA1#1CA.cer"]
    );
    let mut long = ca("Cisco Licensing Root / ..");
    let mut store = Store::default();
    lab(&mut store, &mut long, "L", "R1", NOW);
    assert_eq!(store.ca("L").unwrap().file_name, "CiscoLicensi#1CA.cer");
    // Two CAs of one name and serial do not overwrite each other.
    let other = ca("Cisco Licensing Root / ..");
    store.authenticate("M", other.certificate().clone(), NOW);
    assert_eq!(store.ca("M").unwrap().file_name, "CiscoLicensi#1CA_2.cer");
}

/// T-82, P-006: a restart changes nothing.
#[test]
fn the_image_restores_the_store() {
    let (mut store, mut ca1, _) = seed_store();
    store.mark_saved();
    store.set_trustpool_clean(true);
    store.set_crl("IOSCA1", ca1.crl(NOW, NOW + DAY).unwrap());
    let restored = Store::from_image(&store.image()).unwrap();
    assert_eq!(restored, store);
    assert_eq!(restored.key_labels(), ["R1.key"]);
    assert_eq!(
        Store::from_image(&Store::default().image()).unwrap(),
        Store::default()
    );
    assert_eq!(
        Store::from_image(&Default::default()).unwrap(),
        Store::default()
    );
}

/// Damage is named, with a way out, and what is intact is kept.
#[test]
fn damage_is_named_and_the_rest_is_kept() {
    let (store, ..) = seed_store();
    let image = store.image();
    let mut damaged = image.clone();
    damaged.get_mut("nvram/CA1#2.cer").unwrap()[40] ^= 1;
    damaged.remove("nvram/CA2#1CA.cer");
    let error = Store::from_image(&damaged).unwrap_err();
    assert_eq!(error.intact.listing().len(), 2);
    assert_eq!(error.damage.len(), 2);
    let text = error.to_string();
    for part in [
        "CA1#2.cer: does not have the SHA-256",
        "CA2#1CA.cer: is missing",
        "IOSCA2 again",
    ] {
        assert!(text.contains(part), "{text}");
    }
    for index in [
        &b"{"[..],
        b"",
        b"{\"version\":3,\"sequence\":1}",
        b"\xff\xfe",
    ] {
        let mut damaged = image.clone();
        damaged.insert(INDEX.to_owned(), index.to_vec());
        let error = Store::from_image(&damaged).unwrap_err();
        assert_eq!(error.damage[0].file, INDEX);
    }
    let mut lost = image;
    lost.remove(INDEX);
    assert!(
        Store::from_image(&lost)
            .unwrap_err()
            .to_string()
            .contains("is missing")
    );
}

/// A path out of the folder is damage, not a place to write to.
#[test]
fn a_path_out_of_the_folder_is_refused() {
    let (store, ..) = seed_store();
    let mut image = store.image();
    let text = String::from_utf8(image[INDEX].clone()).unwrap();
    let text = text.replace("nvram/CA1#2.cer", "nvram/../../evil.cer");
    image.insert(INDEX.to_owned(), text.into_bytes());
    let content = image["nvram/CA1#2.cer"].clone();
    image.insert("nvram/../../evil.cer".to_owned(), content);
    let error = Store::from_image(&image).unwrap_err();
    assert!(
        error.to_string().contains("is not a file in nvram/"),
        "{error}"
    );
    assert_eq!(error.intact.listing().len(), 3);
}

/// A newer format is refused, not guessed at.
#[test]
fn a_newer_format_is_refused() {
    let (store, ..) = seed_store();
    let mut image = store.image();
    let text = String::from_utf8(image[INDEX].clone()).unwrap();
    image.insert(
        INDEX.to_owned(),
        text.replace("\"version\": 2", "\"version\": 7")
            .into_bytes(),
    );
    let error = Store::from_image(&image).unwrap_err().to_string();
    assert!(
        error.contains("has format version 7, this program knows 3"),
        "{error}"
    );
}

/// O-040: the text of the seed, in IOS's indentation.
#[test]
fn show_prints_what_the_seed_prints() {
    let (mut store, ..) = seed_store();
    let text = store.show_certificates(None, false);
    let first = text.split("\n\n").next().unwrap();
    assert_eq!(
        first,
        "Certificate
  Status: Available
  Certificate Serial Number (hex): 02
  Certificate Usage: General Purpose
  Issuer: 
    cn=CA2
    o=cisco
    o=com
  Subject:
    Name: R1.cisco.com
    IP Address: 192.168.0.1
    Serial Number: 100
    serialNumber=100+ipaddress=192.168.0.1+hostname=R1.cisco.com
    cn=R1
    ou=IT
    o=cisco
    o=com
  Validity Date: 
    start date: 13:25:01 UTC Jun 17 2013
    end   date: 13:25:01 UTC Jun 17 2014
  Associated Trustpoints: IOSCA2 "
    );
    let titles: Vec<_> = store
        .certificate_views(None)
        .iter()
        .map(|view| view.title)
        .collect();
    assert_eq!(
        titles,
        [
            "Certificate",
            "CA Certificate",
            "Certificate",
            "CA Certificate"
        ]
    );
    store.mark_saved();
    let saved = store.show_certificates(Some("IOSCA1"), false);
    assert!(saved.contains("  Storage: nvram:CA1#2.cer\n") && !saved.contains("CA2"));
}

/// O-042.
#[test]
fn verbose_adds_key_algorithm_and_fingerprints() {
    let (store, ..) = seed_store();
    let text = store.show_certificates(Some("IOSCA2"), true);
    for part in [
        "  Version: 3\n",
        "    Public Key Algorithm: rsaEncryption\n    Public Key: (512 bit)\n",
        "  Signature Algorithm: SHA1 with RSA Encryption\n",
        "    X509v3 Key Usage: A0000000\n",
        "  Key Label: R1.key\n",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    let json = serde_json::to_value(store.certificate_views(None)).unwrap();
    assert_eq!(json[0]["issuer"][0], "cn=CA2");
}

/// S-022, W-065: hashes follow the order of the listing and name the CA's key.
#[test]
fn own_certificates_are_found_by_the_key_of_their_ca() {
    let (store, ..) = seed_store();
    let found = store.identities_by_key_hash();
    let trustpoints: Vec<&str> = found
        .iter()
        .map(|(_, record)| &*record.trustpoint)
        .collect();
    assert_eq!(trustpoints, ["IOSCA2", "IOSCA1"]);
    let global = store.global_list(false);
    let hashes = global.iter().map(|ca| store.key_hash(ca).unwrap());
    assert!(hashes.eq(found.iter().map(|(hash, _)| *hash)));
    let ca = &store.ca("IOSCA2").unwrap().certificate;
    let digest = ike_crypto::Hash::Sha1.digest(&[ca.spki_der()]);
    assert_eq!(found[0].0.as_slice(), digest);
}

#[test]
fn records_share_their_certificate() {
    let (store, ..) = seed_store();
    let copy = store.clone();
    assert!(Arc::ptr_eq(
        &store.listing()[0].certificate,
        &copy.listing()[0].certificate
    ));
}

fn request(trustpoint: &str) -> Pending {
    Pending {
        trustpoint: trustpoint.to_owned(),
        subject: Name::from_subject_name("cn=R1,o=cisco").unwrap(),
        request_der: vec![0x30, 3, 1, 2, 3],
        key_label: "R1.new".to_owned(),
        transaction: vec![1, 2, 255],
        polls: 3,
        requested_at: NOW,
        next_poll_at: NOW + 60,
    }
}

/// T-83: a request that waits is listed last and has no place in the order;
/// the grant moves its trustpoint to the head.
#[test]
fn a_pending_request_changes_the_order_only_when_it_is_granted() {
    let (mut store, mut ca1, _) = seed_store();
    let before = store.global_list(false);
    store.set_pending(request("IOSCA1"));
    assert_eq!(store.global_list(false), before);
    let text = store.show_certificates(None, false);
    assert!(
        text.ends_with("   Associated Trustpoint: IOSCA1 \n"),
        "{text}"
    );
    assert!(
        text.contains("    Name: R1\n   Status: Pending\n"),
        "{text}"
    );
    assert_eq!(store.key_labels().last(), Some(&"R1.new"));
    let restored = Store::from_image(&store.image()).unwrap();
    assert_eq!(restored, store);
    lab(&mut store, &mut ca1, "IOSCA1", "R1", NOW + 120);
    assert_eq!(order(&store), ["CA1", "CA2"]);
    assert_eq!(store.pending("IOSCA1"), None);
    store.set_pending(request("IOSCA2"));
    // P-023, K6: the challenge password in the request is not shown.
    let shown = format!("{store:?}");
    assert!(
        shown.contains("R1.new") && !shown.contains("request_der"),
        "{shown}"
    );
    assert_eq!(store.take_pending("IOSCA2").unwrap().polls, 3);
    assert!(store.all_pending().is_empty());
}

/// P-003: the order a renewal leads to is foretold exactly, and only a change is.
#[test]
fn the_order_after_a_renewal_is_foretold() {
    let (mut store, mut ca1, mut ca2) = seed_store();
    assert_eq!(store.would_change_certreq("IOSCA2"), None);
    let (before, after) = store.would_change_certreq("IOSCA1").unwrap();
    assert_eq!(before, store.certificate_request_order());
    lab(&mut store, &mut ca1, "IOSCA1", "R1", NOW + 120);
    assert_eq!(after, store.certificate_request_order());
    lab(&mut store, &mut ca2, "IOSCA2", "R1", NOW + 180);
    let mut ca3 = ca("CA3");
    store.authenticate("IOSCA3", ca3.certificate().clone(), NOW + 200);
    store.set_order(&["IOSCA1", "IOSCA3"]);
    // Only authenticated: the identity to come asks for its CA.
    let foretold = store.order_after_enrolling("IOSCA3");
    lab(&mut store, &mut ca3, "IOSCA3", "R1", NOW + 240);
    assert_eq!(foretold, store.certificate_request_order());
    assert_eq!(store.order_after_enrolling("nobody"), foretold);
}

/// A store of the first format is read, and its key files count as they are.
#[test]
fn an_index_of_version_1_is_read() {
    let (store, ..) = seed_store();
    let mut image = store.image();
    let mut index: serde_json::Value = serde_json::from_slice(&image[INDEX]).unwrap();
    for newer in ["pending", "keys", "protection"] {
        index.as_object_mut().unwrap().remove(newer).unwrap();
    }
    index["version"] = 1.into();
    image.insert(INDEX.to_owned(), index.to_string().into_bytes());
    assert_eq!(Store::from_image(&image).unwrap(), store);
    assert_eq!(Manifest::read(&image[INDEX]).unwrap().keys, None);
    assert_eq!(
        Manifest::read(&store.image()[INDEX]).unwrap().files.len(),
        4
    );
}

/// J3: an index cannot lead out of the store's folders.
#[test]
fn paths_that_leave_the_store_are_refused() {
    let (store, ..) = seed_store();
    let text = String::from_utf8(store.image()[INDEX].clone()).unwrap();
    for path in [
        "../x.cer",
        "nvram/../x",
        "etc/passwd",
        "nvram/a/b",
        "nvram/",
        "/etc/x",
    ] {
        let hostile = text.replace("nvram/CA2#2.cer", path);
        assert_ne!(hostile, text);
        assert!(Manifest::read(hostile.as_bytes()).is_err(), "{path}");
    }
}

/// F5: the files of lists have no word of a peer in their names; both kinds
/// of origin come back.
#[test]
fn fetched_lists_are_stored_under_a_hash_of_their_issuer() {
    let (mut ca1, mut ca2) = (ca("CA1"), ca("../../etc"));
    let mut store = Store::default();
    lab(&mut store, &mut ca1, "IOSCA1", "R1", NOW);
    let url = CrlOrigin::Url("http://x/../../../tmp/evil".into());
    let scep = CrlOrigin::Scep("../IOSCA1".into());
    let first = ca1.crl(NOW, NOW + DAY).unwrap();
    store.crls.put(url, first, NOW + 5);
    store
        .crls
        .put(scep, ca2.crl(NOW, NOW + DAY).unwrap(), NOW + 6);
    let image = store.image();
    let names: Vec<&str> = image
        .keys()
        .filter_map(|path| path.strip_prefix("crl/"))
        .collect();
    assert_eq!(names.len(), 2);
    for name in names {
        let (hash, number) = name.strip_suffix(".crl").unwrap().split_once('-').unwrap();
        let hex = hash.bytes().all(|c| c.is_ascii_hexdigit());
        assert!(
            hash.len() == 16 && hex && number.parse::<u8>().is_ok(),
            "{name}"
        );
    }
    assert_eq!(Store::from_image(&image).unwrap(), store);
}

/// A list of format version 1 counts as put there by hand.
#[test]
fn lists_of_the_first_format_are_still_read() {
    let mut ca1 = ca("CA1");
    let mut store = Store::default();
    lab(&mut store, &mut ca1, "IOSCA1", "R1", NOW);
    let crl = ca1.crl(NOW, NOW + DAY).unwrap();
    store.set_crl("IOSCA1", crl.clone());
    let mut image = store.image();
    let mut index: serde_json::Value = serde_json::from_slice(&image[INDEX]).unwrap();
    let old = index["crls"][0].as_object_mut().unwrap();
    let (path, octets) = image.pop_first().unwrap();
    assert_eq!(old["file"], path.as_str());
    old["file"] = "crl/0-IOSCA1.crl".into();
    old.remove("retrieved_at").unwrap();
    assert_eq!(old.keys().count(), 3, "as version 1 had it");
    index["version"] = 1.into();
    image.insert("crl/0-IOSCA1.crl".into(), octets);
    image.insert(INDEX.into(), serde_json::to_vec(&index).unwrap());
    let read = Store::from_image(&image).unwrap();
    assert_eq!(read.crl_for("IOSCA1").unwrap().der(), crl.der());
}

/// `crypto pki import`: what does not belong together is refused by name, and
/// the store is as before.
#[test]
fn an_import_is_checked_before_anything_changes() {
    let (mut store, mut ca1, ca2) = seed_store();
    let key = Arc::new(PrivateKey::generate(KeySpec::EcP256).unwrap());
    let public = key.public();
    let subject = Name::from_subject_name("cn=R1,o=new").unwrap();
    let request = CertRequestSpec::router(subject, &public, NOW, NOW + DAY);
    let own = ca1.issue(&request).unwrap();
    let before = store.clone();
    let import = |key: Option<&Arc<PrivateKey>>, certificates: &[&Certificate]| Import {
        key: key.cloned(),
        certificates: certificates.iter().map(|c| (*c).clone()).collect(),
    };
    let other = Arc::new(PrivateKey::generate(KeySpec::EcP256).unwrap());
    for (what, tp, words) in [
        (
            import(Some(&key), &[&own]),
            "IOSCA2",
            "is not signed by the trustpoint's CA",
        ),
        (import(Some(&key), &[&own]), "NEW", "has no CA certificate"),
        (
            import(Some(&other), &[&own]),
            "IOSCA1",
            "does not belong to the private key",
        ),
        (import(None, &[&own]), "IOSCA1", "no private key for"),
        (
            import(None, &[]),
            "IOSCA1",
            "no certificate and no private key",
        ),
    ] {
        let error = store.import(tp, &what, "label", None, NOW).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(store, before);
    }
    // The certificate alone, for a key that is there.
    let done = store.import(
        "IOSCA1",
        &import(None, &[&own]),
        "label",
        Some(public.spki_der()),
        NOW,
    );
    assert_eq!(done.unwrap().passed_over, Vec::<String>::new());
    assert_eq!(order(&store), ["CA1", "CA2"]);
    assert_eq!(
        store.identity("IOSCA1").unwrap().key_label.as_deref(),
        Some("label")
    );
    // All at once for a new trustpoint; a foreign CA is passed over by name.
    let all = import(Some(&key), &[ca2.certificate(), &own, ca1.certificate()]);
    let done = store.import("NEW", &all, "label", None, NOW).unwrap();
    assert!(done.authenticated && done.enrolled);
    assert_eq!(done.passed_over, [ca2.certificate().subject().to_string()]);
    // Only a CA.
    let done = store
        .import("CA", &import(None, &[ca2.certificate()]), "", None, NOW)
        .unwrap();
    assert!(done.authenticated && !done.enrolled && store.ca("CA").is_some());
}
