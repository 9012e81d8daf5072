//! The seed's IKEv1 cases on two engines: who asks for what, who signs with what, who is up.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{ip_lengths, seed_routers};

const CA1: &str = "cn=CA1,o=cisco,o=com";
const CA2: &str = "cn=CA2,o=cisco,o=com";

/// S-010, S-012, S-030, S-060, T-01: R1 starts, asks CA1 alone, and the tunnel comes up.
#[test]
fn r1_initiates_and_the_tunnel_comes_up() {
    let sim = seed_routers().negotiate(0);
    let verdict = sim.verdict();
    assert!(verdict.up, "{verdict:?}\n{}", sim.node(0).traces.join("\n"));
    assert_eq!(verdict.certreq[0].issuers, [CA1]);
    assert_eq!(verdict.certreq[1].issuers.len(), 7);
    assert_eq!(verdict.certreq[1].issuers[0], CA1);
    assert_eq!(verdict.signed_with["R1"], "IOSCA1");
    assert_eq!(verdict.signed_with["R2"], "IOSCA1");
    assert_eq!(verdict.profile["R1"], "prof1");
    assert_eq!(verdict.profile["R2"], "prof1");
    assert!(sim.carries());
    assert_eq!(ip_lengths(&sim)[..4], [192, 132, 355, 755]);
}

/// S-054, S-060, T-02: R2 starts; MM4 asks CA2 first, R2 signs with IOSCA2, R1 refuses it
/// without a word, and the pair MM4, MM5 repeats.
#[test]
fn r2_initiates_and_fails_at_mm5_without_a_notify() {
    let mut sim = seed_routers().negotiate(1);
    let verdict = sim.verdict();
    assert!(!verdict.up);
    assert_eq!(verdict.stopped_at.as_deref(), Some("MM5"), "{verdict:?}");
    assert!(
        verdict
            .reason
            .unwrap()
            .contains("%CRYPTO-5-IKMP_INVALID_CERT")
    );
    assert_eq!(verdict.certreq[1].issuers[..2], [CA2, CA1]);
    assert_eq!(verdict.signed_with["R2"], "IOSCA2");
    sim.settle(Duration::from_secs(35));
    let lengths = ip_lengths(&sim);
    assert_eq!(lengths[..4], [192, 132, 735, 755]);
    let mm5 = lengths[4];
    assert_eq!(lengths[4..11], [mm5, 755, mm5, 755, mm5, 755, mm5]);
    assert_eq!(sim.isakmp_sas(0)[0].state, "MM_KEY_EXCH");
    sim.settle(Duration::from_secs(600));
    assert!(
        sim.isakmp_sas(0).is_empty() && sim.isakmp_sas(1).is_empty(),
        "no SA is left"
    );
}
