//! Scenarios of other projects about one certificate: dates, extensions, usages, names; in both versions and
//! both directions (`docs/scenarios.md`). R2 is the judge throughout.

#![allow(clippy::unwrap_used)]

mod support;

use ike_core::sim::Simulation;
use ike_pki::{CertRequestSpec, KeyUsage};
use support::WALL;
use support::pki::{
    Party, RUNS, YEAR, assert_refused, assert_up, leaf, leaf_with, name, negotiate, root,
};

/// R1 with a certificate that `change` makes unusual, and R2 with a plain one of the same CA.
fn parties(change: impl FnOnce(&mut CertRequestSpec<'_>)) -> [Party; 2] {
    let mut ca = root("CA");
    let own = [leaf_with(&mut ca, 0, change), leaf(&mut ca, 1)];
    let mut router = 0;
    own.map(|own| {
        router += 1;
        Party::new(router - 1).enrolled("TP", ca.certificate(), own, "none")
    })
}

fn check(story: &str, parties: &[Party; 2], outcome: Result<(), &str>) {
    for at in RUNS {
        let mut sim = negotiate(parties, at);
        match outcome {
            Ok(()) => assert_up(&sim, &format!("{story} {at:?}")),
            Err(because) => assert_refused(&mut sim, at.0, 1, because),
        }
    }
}

/// 44: outside of its dates a certificate proves nothing (RFC 5280 6.1.3 (a) (2)).
#[test]
fn a_certificate_outside_of_its_dates_is_refused() {
    let expired = parties(|c| (c.not_before, c.not_after) = (WALL - YEAR, WALL - 1));
    check("expired", &expired, Err("expired "));
    let early = parties(|c| (c.not_before, c.not_after) = (WALL + 86_400, WALL + YEAR));
    check("early", &early, Err("not valid before "));
}

/// 22: dates beyond 2038, and beyond 2049 where ASN.1 changes its form, are taken and shown as they are.
#[test]
fn dates_after_2038_are_taken_and_shown() {
    let far = parties(|c| c.not_after = WALL + 26 * YEAR);
    check("after 2038", &far, Ok(()));
    let shown = far[0].store.show_certificates(None, false);
    for end in ["11:53:20 UTC Jun 11 2039", "11:53:20 UTC Jun 7 2053"] {
        assert!(shown.contains(&format!("end   date: {end}")), "{shown}");
    }
}

/// 11: what a critical extension demands and nobody understands cannot be granted (RFC 5280 4.2). There is
/// no switch to ignore it.
#[test]
fn an_unknown_critical_extension_is_refused() {
    let oid = "1.3.6.1.4.1.36906.1";
    let odd = parties(|c| c.critical = vec![oid.to_owned()]);
    check(
        "critical",
        &odd,
        Err(&format!("unknown critical extension {oid}")),
    );
}

/// 45: a signature needs digitalSignature or nonRepudiation where usages are stated (RFC 4945 5.1.3.2).
#[test]
fn a_stated_key_usage_must_allow_signatures() {
    let (sign, repudiate) = (KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION);
    let others = KeyUsage::KEY_ENCIPHERMENT;
    let because = "keyUsage lacks digitalSignature";
    let table = [
        (None, Ok(())),
        (Some(sign), Ok(())),
        (Some(repudiate), Ok(())),
        (Some(sign.with(others)), Ok(())),
        (Some(repudiate.with(others)), Ok(())),
        (Some(others), Err(because)),
        (Some(KeyUsage::KEY_CERT_SIGN), Err(because)),
        (Some(others.with(KeyUsage::CRL_SIGN)), Err(because)),
    ];
    for (usage, outcome) in table {
        let odd = parties(|c| c.usage = Some(usage));
        check(&format!("{usage:?}"), &odd, outcome);
    }
}

/// Lines at R2 about an identity that its certificate does not hold.
fn mismatches(sim: &Simulation) -> usize {
    let told = |line: &&String| line.contains("%CRYPTO-6-IKMP_NO_ID_CERT_");
    sim.node(1).traces.iter().filter(told).count()
}

/// 38, 39: an identity that is a subjectAltName of the certificate needs no other; one that is none is told
/// twice and taken, as in IOS (O-085, U-12).
#[test]
fn subject_alternative_names_carry_the_identity() {
    for (host, address, expected) in [
        ("R1.cisco.com", [192, 168, 0, 1], 0),
        ("other.cisco.com", [192, 168, 0, 9], 2),
    ] {
        let parties = parties(|c| {
            c.subject = name("CN=gateway,O=cisco");
            c.dns_names = vec![host.to_owned()];
            c.addresses = vec![address.into()];
        });
        for at in RUNS {
            let sim = negotiate(&parties, at);
            assert_up(&sim, host);
            assert_eq!(mismatches(&sim), expected, "{host} {at:?}");
        }
    }
}
