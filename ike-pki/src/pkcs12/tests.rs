//! What we write `openssl pkcs12` reads, and the other way round; what is
//! hostile is refused before it costs anything.

use std::{fs, path::Path, process::Command};

use ike_crypto::KeySpec;

use super::*;
use crate::{
    ca::{CertRequestSpec, LabCa},
    name::Name,
    writer::{self as der, sequence, tlv},
};

const RANDOM: [u8; PKCS12_RANDOM] = {
    let mut random = [0; PKCS12_RANDOM];
    let mut index = 0;
    while index < PKCS12_RANDOM {
        random[index] = index as u8 * 3;
        index += 1;
    }
    random
};

fn sample(spec: KeySpec) -> Pkcs12 {
    let name = |text: &str| Name::from_subject_name(text).unwrap();
    let ca_key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let mut ca = LabCa::new(&name("cn=CA1,o=cisco"), ca_key, 1, 0, 4_000_000_000).unwrap();
    let key = PrivateKey::generate(spec).unwrap();
    let public = key.public();
    let request = CertRequestSpec::router(name("cn=R1"), &public, 0, 4_000_000_000);
    let certificate = ca.issue(&request).unwrap();
    Pkcs12 {
        key: Arc::new(key),
        certificate,
        authorities: vec![ca.certificate().clone()],
        name: Some("R1 Schlüssel".to_owned()),
    }
}

fn assert_same(read: &Pkcs12, written: &Pkcs12) {
    assert_eq!(read.key.public(), written.key.public());
    assert_eq!(read.certificate, written.certificate);
    assert_eq!(read.authorities, written.authorities);
}

/// The judge. A machine without it fails here rather than passing unseen.
fn openssl(dir: &Path, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(dir)
        .output()
        .expect("openssl is needed to judge PKCS#12; install the package openssl");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl {arguments}: {text}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &text
}

#[test]
fn both_forms_come_back_with_key_certificate_chain_and_name() {
    for (form, spec) in [
        (Pkcs12Form::Modern, KeySpec::EcP384),
        (Pkcs12Form::Legacy, KeySpec::Rsa { bits: 1024 }),
    ] {
        let file = sample(spec);
        let octets = file.write("geheim", form, 10, &RANDOM).unwrap();
        let read = Pkcs12::read(&octets, "geheim").unwrap();
        assert_same(&read, &file);
        assert_eq!(read.name.as_deref(), Some("R1 Schlüssel"));
    }
}

/// RFC 7292 through the eyes of another program.
#[test]
fn openssl_reads_what_we_write() {
    let dir = tempfile::tempdir().unwrap();
    let file = sample(KeySpec::Rsa { bits: 2048 });
    for (form, flag, words) in [
        (Pkcs12Form::Modern, "", ["AES-256-CBC", "sha256"]),
        (
            Pkcs12Form::Legacy,
            "-legacy ",
            ["pbeWithSHA1And3-KeyTripleDES-CBC", "sha1"],
        ),
    ] {
        let octets = file.write("geheim", form, 2048, &RANDOM).unwrap();
        fs::write(dir.path().join("a.p12"), &octets).unwrap();
        let line = format!("pkcs12 -in a.p12 {flag}-nodes -info -passin pass:geheim");
        let text = openssl(dir.path(), &line);
        let counts = ["-----BEGIN CERTIFICATE", "-----BEGIN PRIVATE KEY"];
        assert_eq!(counts.map(|word| text.matches(word).count()), [2, 1]);
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        let key = crate::private_key_from_pem(&text).unwrap();
        assert_eq!(key.public(), file.key.public());
    }
}

#[test]
fn we_read_what_openssl_writes() {
    let dir = tempfile::tempdir().unwrap();
    let file = sample(KeySpec::EcP256);
    let write = |name: &str, octets: &[u8]| fs::write(dir.path().join(name), octets).unwrap();
    write("key.der", file.key.to_pkcs8_der().unwrap().expose());
    openssl(dir.path(), "pkey -inform DER -in key.der -out key.pem");
    write("own.pem", file.certificate.to_pem().as_bytes());
    write("ca.pem", file.authorities[0].to_pem().as_bytes());
    let base = "pkcs12 -export -inkey key.pem -in own.pem -certfile ca.pem -passout pass:geheim";
    for flags in [
        "-name R1",
        "-keypbe AES-128-CBC -certpbe AES-128-CBC -macalg SHA1",
        "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
        "-keypbe NONE -certpbe NONE -macalg sha512",
    ] {
        openssl(dir.path(), &format!("{base} -out b.p12 {flags}"));
        let octets = fs::read(dir.path().join("b.p12")).unwrap();
        assert_same(&Pkcs12::read(&octets, "geheim").unwrap(), &file);
        let wrong = Pkcs12::read(&octets, "Geheim").unwrap_err();
        assert_eq!(wrong, Pkcs12Error::Passphrase, "{flags}");
    }
    // The old default of openssl and of Windows: told by name, with the way out.
    openssl(
        dir.path(),
        &format!("{base} -out c.p12 -legacy -certpbe PBE-SHA1-RC2-40"),
    );
    let octets = fs::read(dir.path().join("c.p12")).unwrap();
    let text = Pkcs12::read(&octets, "geheim").unwrap_err().to_string();
    assert!(
        text.starts_with("encryption RC2-40 is not supported"),
        "{text}"
    );
    assert!(text.contains("openssl pkcs12 -legacy"), "{text}");
    openssl(dir.path(), &format!("{base} -out d.p12 -nomac"));
    let octets = fs::read(dir.path().join("d.p12")).unwrap();
    let text = Pkcs12::read(&octets, "geheim").unwrap_err().to_string();
    assert!(text.starts_with("a file without MAC"), "{text}");
}

/// No octet can change unnoticed, and no prefix is taken for the whole.
#[test]
fn every_flipped_octet_and_every_truncation_is_refused() {
    let file = sample(KeySpec::EcP256);
    let octets = file
        .write("geheim", Pkcs12Form::Modern, 1, &RANDOM)
        .unwrap();
    for at in 0..octets.len() {
        let mut flipped = octets.clone();
        flipped[at] ^= 1;
        // A NULL parameter outside of the MAC carries no meaning.
        if let Ok(read) = Pkcs12::read(&flipped, "geheim") {
            assert_same(&read, &file);
        }
        assert!(Pkcs12::read(&octets[..at], "geheim").is_err(), "{at}");
    }
}

/// A file of a few octets cannot keep us busy for hours.
#[test]
fn iterations_without_end_are_refused_before_any_work() {
    let hash = sequence(&[&der::oid(crate::oid::SHA256), &tlv(5, &[])]);
    let digest = sequence(&[&hash, &tlv(4, &[&[0; 32]])]);
    let count = der::unsigned(&[0x7f, 0xff, 0xff, 0xff]);
    let mac = sequence(&[&digest, &tlv(4, &[&[1; 8]]), &count]);
    let data = sequence(&[&der::oid(oid::DATA), &tlv(0xa0, &[&tlv(4, &[&[]])])]);
    let file = sequence(&[&der::unsigned(&[3]), &data, &mac]);
    let error = Pkcs12::read(&file, "geheim").unwrap_err();
    assert_eq!(error, Pkcs12Error::Iterations(0x7fff_ffff));
    assert!(error.to_string().contains("at most 2000000"));
    let mut budget = pbe::Budget::default();
    assert_eq!(budget.spend(MAX_ITERATIONS / 2, 1), Ok(()));
    assert!(budget.spend(MAX_ITERATIONS, 1).is_err(), "the sum counts");
    let large = sample(KeySpec::EcP256).write("x", Pkcs12Form::Modern, MAX_ITERATIONS, &RANDOM);
    assert!(matches!(large, Err(Pkcs12Error::Iterations(_))));
}

#[test]
fn indefinite_lengths_and_size_are_told_with_the_way_out() {
    let text = Pkcs12::read(&[0x30, 0x80, 2, 1, 3, 0x30, 0x80], "x").unwrap_err();
    assert!(text.to_string().contains("(BER)"), "{text}");
    let text = Pkcs12::read(&[0; MAX_PKCS12 + 1], "x").unwrap_err();
    assert!(text.to_string().contains("at most 262144"), "{text}");
}

#[test]
fn keys_of_every_customary_form_are_read() {
    let dir = tempfile::tempdir().unwrap();
    for (spec, old) in [
        (KeySpec::Rsa { bits: 1024 }, "rsa"),
        (KeySpec::EcP256, "ec"),
    ] {
        let key = PrivateKey::generate(spec).unwrap();
        let plain = key.to_pkcs8_der().unwrap();
        fs::write(dir.path().join("k.der"), plain.expose()).unwrap();
        let from = "-inform DER -in k.der -outform DER";
        openssl(dir.path(), &format!("{old} {from} -out old.der"));
        openssl(
            dir.path(),
            &format!("pkcs8 -topk8 {from} -out enc.der -passout pass:geheim"),
        );
        let ours = crate::encrypted_private_key(&key, "geheim", 10, &[9; 32]).unwrap();
        let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
        let store = crate::StoreKey::derive("geheim", [7; 16], 10).unwrap();
        let sealed = store.seal(plain.expose(), &[3; 16]).unwrap();
        assert_eq!(&store.open(&sealed).unwrap(), &plain);
        for der in [
            plain.expose().to_vec(),
            read("old.der"),
            read("enc.der"),
            ours,
            sealed,
        ] {
            let got = crate::private_key_from_der(&der, Some("geheim")).unwrap();
            assert_eq!(got.public(), key.public());
        }
        let wrong = crate::private_key_from_der(&read("enc.der"), Some("x")).unwrap_err();
        assert_eq!(wrong, Pkcs12Error::Passphrase);
        let wrong = crate::StoreKey::derive("x", [7; 16], 10).unwrap();
        assert!(wrong.check() != store.check());
    }
}
