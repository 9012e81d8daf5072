//! The time budget: reading a certificate takes less than 50 microseconds.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::{sync::Arc, time::Instant};

use ike_pki::{Anchor, Certificate, ChainPolicy, RevocationMethod, validate};
use support::{DAY, NOW, ca, router};

#[test]
fn reading_a_certificate_stays_within_its_budget() {
    let mut ca1 = ca("CA1");
    let der = router(&mut ca1, "R1", NOW).der().clone();
    let best = best_of(20, 100, || {
        drop(Certificate::from_der(der.clone()).unwrap())
    });
    println!("read: {best:.1} us");
    // An unoptimised build is about ten times slower.
    let limit = if cfg!(debug_assertions) { 500.0 } else { 50.0 };
    assert!(best < limit, "{best} us");
}

/// Informative: reading, path and one list, RSA-1024.
#[test]
fn validating_a_chain_takes_two_signature_checks() {
    let mut ca1 = ca("CA1");
    let leaf = [router(&mut ca1, "R1", NOW)];
    let anchors = [Anchor {
        revocation: vec![RevocationMethod::Crl],
        crls: vec![Arc::new(ca1.crl(NOW, NOW + DAY).unwrap())],
        ..Anchor::new("IOSCA1", Arc::new(ca1.certificate().clone()))
    }];
    let policy = ChainPolicy::ios_15_3t();
    let best = best_of(10, 20, || {
        drop(validate(&leaf, &anchors, NOW, &policy).unwrap())
    });
    println!("validate with CRL: {best:.1} us");
}

/// Microseconds of the fastest of `rounds`, averaged over `count` runs.
fn best_of(rounds: usize, count: u32, run: impl Fn()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..count).for_each(|_| run());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}
