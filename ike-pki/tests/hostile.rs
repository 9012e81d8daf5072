//! Hostile input: truncated, damaged and random octets never panic, and the
//! seeds of others' fuzzers are read or refused (A17, E13, E16).

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::{io::Read, sync::Arc};

use ike_pki::{
    Anchor, Certificate, ChainPolicy, Crl, Name, OcspResponse, RevocationMethod, validate,
};
use proptest::prelude::*;
use support::{DAY, NOW, ca, router};

/// What a fuzz target does with octets.
fn exercise(octets: &[u8]) -> bool {
    let name = Name::from_der(octets);
    if let Ok(name) = &name {
        drop((
            name.to_string(),
            name.rdn_lines(),
            name.fqdn(),
            name.ip(),
            name.matches(name),
        ));
    }
    let _ = OcspResponse::from_der(octets.to_vec());
    if let Ok(list) = Crl::from_der(octets.to_vec()) {
        drop((list.is_revoked(&[1]), list.number_hex(), list.len()));
    }
    let Ok(certificate) = Certificate::from_der(octets.to_vec()) else {
        return name.is_ok();
    };
    drop((
        certificate.subject().to_string(),
        certificate.serial_hex(),
        certificate.eku(),
    ));
    drop((
        certificate.addresses(),
        certificate.host_names(),
        certificate.crl_distribution_points(),
    ));
    let anchor = Anchor {
        revocation: vec![RevocationMethod::Crl],
        ..Anchor::new("T", Arc::new(certificate.clone()))
    };
    for policy in [ChainPolicy::ios_15_3t(), ChainPolicy::modern()] {
        let verdict = validate(
            std::slice::from_ref(&certificate),
            std::slice::from_ref(&anchor),
            NOW,
            &policy,
        );
        drop(verdict.map_err(|error| error.to_string()));
    }
    true
}

#[test]
fn every_truncation_is_refused() {
    let mut ca1 = ca("CA1");
    let certificate = router(&mut ca1, "R1", NOW);
    let crl = ca1.crl(NOW, NOW + DAY).unwrap();
    for end in 0..certificate.der().len() {
        assert!(Certificate::from_der(certificate.der().slice(..end)).is_err());
    }
    for end in 0..crl.der().len() {
        assert!(Crl::from_der(crl.der().slice(..end)).is_err());
    }
    assert!(Certificate::from_der([certificate.der(), &[0][..]].concat()).is_err());
}

#[test]
fn every_changed_octet_is_refused_or_breaks_the_signature() {
    let mut ca1 = ca("CA1");
    let good = router(&mut ca1, "R1", NOW);
    let anchor = Anchor {
        revocation: vec![RevocationMethod::None],
        ..Anchor::new("T", Arc::new(ca1.certificate().clone()))
    };
    for index in 0..good.der().len() {
        let mut der = good.der().to_vec();
        der[index] ^= 0x01;
        exercise(&der);
        let Ok(changed) = Certificate::from_der(der) else {
            continue;
        };
        let anchors = std::slice::from_ref(&anchor);
        let verdict = validate(&[changed], anchors, NOW, &ChainPolicy::ios_15_3t());
        assert!(verdict.is_err(), "octet {index}");
    }
}

#[test]
fn sizes_beyond_the_caps_are_refused() {
    let huge = [&[0x30, 0x83, 0x01, 0x00, 0x01][..], &vec![0; 65_537]].concat();
    assert!(
        Certificate::from_der(huge.clone())
            .unwrap_err()
            .to_string()
            .contains("at most 65536")
    );
    assert!(Name::from_der(huge).is_err());
    assert!(Crl::from_der(vec![0; (1 << 20) + 1]).is_err());
}

/// A17: nesting costs nothing, because nothing here recurses.
#[test]
fn deep_nesting_is_refused() {
    let mut nested = vec![0x05, 0x00];
    while nested.len() < 60_000 {
        let len = (nested.len() as u32).to_be_bytes();
        let head = match nested.len() {
            0..128 => vec![0x30, len[3]],
            128..256 => vec![0x30, 0x81, len[3]],
            _ => vec![0x30, 0x82, len[2], len[3]],
        };
        nested = [head, nested].concat();
    }
    assert!(!exercise(&nested));
}

/// A name of 64 kB in one RDN is compared in milliseconds.
#[test]
fn huge_names_are_compared_quickly() {
    let ava = [0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, b'a'];
    let avas = ava.repeat(6_000);
    let len = (avas.len() as u16).to_be_bytes();
    let set = [&[0x31, 0x82, len[0], len[1]], &avas[..]].concat();
    let len = (set.len() as u16).to_be_bytes();
    let name = Name::from_der([&[0x30, 0x82, len[0], len[1]], &set[..]].concat()).unwrap();
    let mut other = name.der().to_vec();
    *other.last_mut().unwrap() = b'A';
    let other = Name::from_der(other).unwrap();
    let start = std::time::Instant::now();
    assert!(name.matches(&other) && name != other);
    assert!(start.elapsed().as_millis() < 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise(&octets);
        let _ = Crl::from_der(octets);
    }

    #[test]
    fn damaged_certificates_never_panic(
        changes in prop::collection::vec((0_usize..556, any::<u8>()), 1..6)
    ) {
        let mut der = SAMPLE.with(Clone::clone);
        for (index, value) in changes {
            der[index] = value;
        }
        exercise(&der);
    }

    #[test]
    fn damaged_lists_never_panic(
        changes in prop::collection::vec((0_usize..300, any::<u8>()), 1..6)
    ) {
        let mut der = LIST.with(Clone::clone);
        for (index, value) in changes {
            let index = index % der.len();
            der[index] = value;
        }
        let _ = Crl::from_der(der);
    }

    #[test]
    fn damaged_pem_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..6)
    ) {
        let mut text: Vec<char> = PEM.with(|pem| pem.chars().collect());
        for (index, value) in changes {
            let index = index.index(text.len());
            text[index] = value;
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = Certificate::from_pem(&text) {
            prop_assert!(error.to_string().starts_with("PEM"));
        }
    }

    #[test]
    fn any_subject_name_is_read_or_refused(text in ".{0,80}") {
        if let Ok(name) = Name::from_subject_name(&text) {
            prop_assert_eq!(&Name::from_der(name.der()).unwrap(), &name);
        }
    }
}

thread_local! {
    static LIST: Vec<u8> = {
        let mut ca1 = ca("CA1");
        let bad = router(&mut ca1, "R1", NOW);
        ca1.revoke(&bad, NOW);
        ca1.crl(NOW, NOW + DAY).unwrap().der().to_vec()
    };
    static PEM: String = ca("CA1").certificate().to_pem();
    static SAMPLE: Vec<u8> = router(&mut ca("CA1"), "R1", NOW).der().to_vec();
}

/// Seeds of other projects' fuzzers: certificates that crashed parsers, real
/// certificates, lists and identities.
#[test]
fn fuzzing_seeds_of_others_are_read_or_refused() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/vectors/kat/x509-fuzz-seeds.tar.gz"
    );
    let Ok(raw) = std::fs::read(path) else {
        println!("skipped: ../shared not present (x509-fuzz-seeds)");
        return;
    };
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&raw[..])
        .read_to_end(&mut tar)
        .unwrap();
    let (mut read, mut refused, mut disagree) = (0, 0, 0);
    for (name, content) in entries(&tar) {
        let _ = Crl::from_der(content.to_vec());
        let ours = exercise(content);
        if ours {
            read += 1
        } else {
            refused += 1
        }
        let theirs = x509_parser::parse_x509_certificate(content);
        if let (Ok(ours), Ok((_, theirs))) = (Certificate::from_der(content.to_vec()), &theirs) {
            assert_eq!(theirs.subject().as_raw(), ours.subject().der(), "{name}");
            assert_eq!(theirs.issuer().as_raw(), ours.issuer().der(), "{name}");
            assert_eq!(
                theirs.validity().not_before.timestamp(),
                ours.not_before(),
                "{name}"
            );
        } else if theirs.is_ok_and(|(rest, _)| rest.is_empty()) {
            let why = Certificate::from_der(content.to_vec()).unwrap_err();
            println!("{name}: only x509-parser reads it: {why}");
            disagree += 1;
        }
    }
    println!("seeds: {read} read, {refused} refused, {disagree} read by x509-parser only");
    assert!(read > 0 && read + refused > 200);
}

/// Name and content of the files of a tar archive.
fn entries(tar: &[u8]) -> Vec<(String, &[u8])> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at + 512 <= tar.len() && tar[at] != 0 {
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&tar[at..][range])
                .trim_matches(['\0', ' '])
                .to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).unwrap();
        if tar[at + 156] == b'0' {
            out.push((text(0..100), &tar[at + 512..at + 512 + size]));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    out
}
