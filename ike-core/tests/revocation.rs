//! Validity and revocation with sources that have to be asked, in both versions and both directions
//! (T-28 to T-31, P-025, P-040, P-041). R2 is the judge throughout.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ike_core::sim::{Network, Simulation, Web};
use ike_pki::{CertRequestSpec, Certificate, LabCa};
use support::WALL;
use support::pki::{
    Party, RUNS, YEAR, assert_refused, assert_up, below, crl, leaf, leaf_with, meet, root,
};

const CRL_URL: &str = "http://ca.cisco.com/root.crl";
const OCSP_URL: &str = "http://ca.cisco.com/ocsp";

/// R1 with that certificate; R2 with one of the same CA, and this `revocation-check` with whatever
/// lines follow it.
fn parties(ca: &mut LabCa, own: &Certificate, check: &'static str) -> [Party; 2] {
    let other = leaf(ca, 1);
    [
        Party::new(0).enrolled("ROOT", ca.certificate(), own.clone(), "none"),
        Party::new(1).enrolled("ROOT", ca.certificate(), other, check),
    ]
}

fn start(parties: &[Party; 2], version: u8, web: impl FnOnce(&mut Web)) -> Simulation {
    let texts = [0, 1].map(|n| parties[n].config(version));
    let stores = [0, 1].map(|n| parties[n].store.clone());
    let mut sim = meet(texts, stores, Network::default());
    web(&mut sim.web);
    sim
}

fn run(parties: &[Party; 2], at: (u8, usize), web: impl FnOnce(&mut Web)) -> Simulation {
    let mut sim = start(parties, at.0, web);
    sim.up(at.1, None);
    sim.run_until(Duration::from_secs(300), Simulation::certain);
    sim
}

fn said(sim: &Simulation, text: &str) -> bool {
    sim.node(1).traces.iter().any(|line| line.contains(text))
}

fn with_cdp(spec: &mut CertRequestSpec<'_>) {
    spec.crl_urls = vec![CRL_URL.to_owned()];
}

fn with_ocsp(spec: &mut CertRequestSpec<'_>) {
    spec.ocsp_urls = vec![OCSP_URL.to_owned()];
}

/// T-28: validity is over; nothing is fetched for it. P-041: but for a map that allows it.
#[test]
fn an_expired_certificate_is_refused_before_anything_is_fetched() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, |spec| {
        with_cdp(spec);
        spec.not_before = WALL - YEAR;
        spec.not_after = WALL - 1;
    });
    for at in RUNS {
        let mut sim = run(&parties(&mut ca, &own, "crl"), at, |_| ());
        assert!(sim.web.fetched.is_empty());
        let line = "%PKI-3-CERTIFICATE_INVALID_EXPIRED: Certificate chain validation has failed.  The certificate (SN: 02) has expired.    Validity period ended on 11:53:19 UTC Jun 17 2013";
        assert!(said(&sim, line), "{:#?}", sim.node(1).traces);
        assert_refused(&mut sim, at.0, 1, "expired");
    }
    let allowed = "none\n  match certificate OLD allow expired-certificate\n!\ncrypto pki certificate map OLD 10\n  subject-name co cn=r1";
    for at in RUNS {
        let sim = run(&parties(&mut ca, &own, allowed), at, |_| ());
        assert_up(&sim, "allow expired-certificate");
    }
}

/// T-29: the server of the list is down: `crl` refuses, `crl none` does without and says so.
#[test]
fn a_list_that_cannot_be_fetched_is_missed_by_crl_alone() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, with_cdp);
    let line = "%PKI-3-CRL_FETCH_FAIL: CRL fetch for trustpoint ROOT failed";
    for at in RUNS {
        let mut sim = run(&parties(&mut ca, &own, "crl"), at, |_| ());
        assert_eq!(sim.web.fetched, [CRL_URL]);
        assert!(said(&sim, line));
        assert_refused(&mut sim, at.0, 1, "404 Not Found");
        let sim = run(&parties(&mut ca, &own, "crl none"), at, |_| ());
        assert_eq!(sim.web.fetched, [CRL_URL]);
        assert!(said(&sim, line));
        assert_up(&sim, "crl none");
        let sim = run(&parties(&mut ca, &own, "none"), at, |_| ());
        assert!(sim.web.fetched.is_empty() && !said(&sim, line));
        assert_up(&sim, "none");
    }
}

/// T-30: on the list; a later `none` does not help (P-041).
#[test]
fn a_revoked_certificate_is_refused_whatever_follows() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, with_cdp);
    ca.revoke(&own, WALL - 30);
    let list = crl(&mut ca);
    for (check, at) in ["crl", "crl none", "ocsp crl none"].into_iter().zip(RUNS) {
        let publish = |web: &mut Web| web.publish(CRL_URL, list.der().clone());
        let mut sim = run(&parties(&mut ca, &own, check), at, publish);
        assert_eq!(sim.web.fetched, [CRL_URL], "{check}");
        let line = "%PKI-3-CERTIFICATE_REVOKED: Certificate chain validation has failed.  The certificate (SN: 02) is revoked";
        assert!(said(&sim, line));
        assert_refused(&mut sim, at.0, 1, "revoked (serial 02)");
    }
    let skipped = "crl\n  match certificate R1 skip revocation-check\n!\ncrypto pki certificate map R1 10\n  serial-number eq 02";
    for at in RUNS {
        let sim = run(&parties(&mut ca, &own, skipped), at, |_| ());
        assert!(sim.web.fetched.is_empty());
        assert_up(&sim, "skip revocation-check");
    }
}

/// T-31: R1's certificate has a critical extension that R2 does not understand. Nobody asks beforehand
/// what the other can verify: it fails where the trustpoint of that certificate is asked for first, and
/// works where the other one is.
#[test]
fn what_a_peer_can_verify_is_not_asked_beforehand() {
    let (mut odd, mut plain) = (root("Odd"), root("Plain"));
    let certificates = |router, odd: &mut LabCa, plain: &mut LabCa| {
        let critical = |spec: &mut CertRequestSpec<'_>| {
            spec.critical = vec!["1.3.6.1.4.1.9.9999.1".to_owned()];
        };
        match router {
            0 => (leaf_with(odd, 0, critical), leaf(plain, 0)),
            _ => (leaf(odd, 1), leaf(plain, 1)),
        }
    };
    let (odd_1, plain_1) = certificates(0, &mut odd, &mut plain);
    let (odd_2, plain_2) = certificates(1, &mut odd, &mut plain);
    let (odd, plain) = (odd.certificate(), plain.certificate());
    let r1 = Party::new(0)
        .enrolled("PLAIN", plain, plain_1, "none")
        .enrolled("ODD", odd, odd_1, "none");
    let both = |newest_odd: bool| {
        let own = Party::new(1);
        match newest_odd {
            true => own
                .enrolled("PLAIN", plain, plain_2.clone(), "none")
                .enrolled("ODD", odd, odd_2.clone(), "none"),
            false => own.enrolled("ODD", odd, odd_2.clone(), "none").enrolled(
                "PLAIN",
                plain,
                plain_2.clone(),
                "none",
            ),
        }
    };
    for at in [(1, 0), (2, 0)] {
        let mut sim = run(&[r1.clone(), both(true)], at, |_| ());
        assert_refused(
            &mut sim,
            at.0,
            1,
            "unknown critical extension 1.3.6.1.4.1.9.9999.1",
        );
        let sim = run(&[r1.clone(), both(false)], at, |_| ());
        assert_up(&sim, &format!("{at:?}"));
    }
}

/// F8, G-061: a list is fetched once and counts until it ends, unless `crl cache` says less.
#[test]
fn a_list_is_fetched_again_when_it_no_longer_counts() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, with_cdp);
    let list = crl(&mut ca);
    for (check, fetches) in [
        ("crl", 1),
        ("crl\n  crl cache none", 2),
        ("crl\n  crl cache delete-after 5", 2),
        ("crl\n  crl cache delete-after 50", 1),
    ] {
        let mut sim = start(&parties(&mut ca, &own, check), 2, |web| {
            web.publish(CRL_URL, list.der().clone());
        });
        for round in 0..2 {
            sim.up(0, None);
            sim.run_until(Duration::from_secs(60), Simulation::certain);
            assert_up(&sim, check);
            sim.settle(Duration::from_secs(600));
            if round == 0 {
                (0..2).for_each(|node| sim.restart(node, 7 + node as u64));
            }
        }
        assert_eq!(sim.web.fetched.len(), fetches, "{check}");
        assert_eq!(sim.node(1).store.crls.entries().count(), 1);
    }
}

/// B15: a server that is down is not asked by every handshake.
#[test]
fn a_source_that_failed_is_left_alone_for_a_while() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, with_cdp);
    let mut sim = start(&parties(&mut ca, &own, "crl none"), 2, |_| ());
    let again = |sim: &mut Simulation, pause| {
        sim.up(0, None);
        sim.run_until(Duration::from_secs(20), Simulation::certain);
        assert_up(sim, "crl none");
        sim.settle(Duration::from_secs(pause));
        (0..2).for_each(|node| sim.restart(node, pause * 2 + node as u64));
    };
    again(&mut sim, 10);
    again(&mut sim, 90);
    assert_eq!(sim.web.fetched.len(), 1, "within a minute");
    again(&mut sim, 90);
    assert_eq!(sim.web.fetched.len(), 2);
}

/// B15, CVE-2022-40617: an unknown issuer's certificate, and one whose key the peer does not have, do not
/// have a word fetched.
#[test]
fn nothing_is_fetched_for_a_peer_that_has_proven_nothing() {
    let (mut ca, mut stranger) = (root("Root"), root("Stranger"));
    let own = leaf_with(&mut stranger, 0, with_cdp);
    let [_, judge] = parties(&mut ca, &own, "crl");
    let peer = Party::new(0)
        .signs("STRANGER", stranger.certificate(), own)
        .trusts("ROOT", ca.certificate(), "none");
    for version in [1, 2] {
        let sim = run(&[peer.clone(), judge.clone()], (version, 0), |_| ());
        assert!(!sim.verdict().up && sim.web.fetched.is_empty());
    }
    // The certificate is good, the key is another one.
    let others = support::keys()[1].public();
    let stolen = support::pki::leaf_of(&mut ca, 0, &others, with_cdp);
    for version in [1, 2] {
        let sim = run(&parties(&mut ca, &stolen, "crl"), (version, 0), |_| ());
        assert!(!sim.verdict().up && sim.web.fetched.is_empty());
    }
}

/// P-025: without a distribution point the list comes from the CA by SCEP; `crl query` goes before.
#[test]
fn a_certificate_without_distribution_point_is_asked_about_by_scep() {
    let mut ca = root("Root");
    let own = leaf(&mut ca, 0);
    let list = crl(&mut ca);
    let scep = "crl\n  enrollment url http://192.0.2.9:80";
    for at in RUNS {
        let publish = |web: &mut Web| web.publish_scep_crl("ROOT", list.der().clone());
        let sim = run(&parties(&mut ca, &own, scep), at, publish);
        assert_eq!(sim.web.fetched, ["scep:ROOT"]);
        assert_up(&sim, "SCEP");
    }
    let query =
        "crl\n  enrollment url http://192.0.2.9:80\n  crl query http://ca.cisco.com/root.crl";
    let publish = |web: &mut Web| web.publish(CRL_URL, list.der().clone());
    let sim = run(&parties(&mut ca, &own, query), (2, 0), publish);
    assert_eq!(sim.web.fetched, [CRL_URL]);
    assert_up(&sim, "crl query");
    let mut sim = run(&parties(&mut ca, &own, "crl"), (2, 0), |_| ());
    assert!(sim.web.fetched.is_empty());
    assert_refused(&mut sim, 2, 1, "no revocation list of the issuer");
}

/// RFC 6960, G-061: good, revoked, and what a responder that is silent or repeats an old answer leads to.
#[test]
fn a_responder_is_believed_when_its_answer_is_fresh() {
    let ca = Rc::new(RefCell::new(root("Root")));
    let good = leaf_with(&mut ca.borrow_mut(), 0, with_ocsp);
    let bad = leaf_with(&mut ca.borrow_mut(), 0, with_ocsp);
    ca.borrow_mut().revoke(&bad, WALL - 30);
    let responder = |ca: &Rc<RefCell<LabCa>>| {
        let ca = Rc::clone(ca);
        move |web: &mut Web| {
            web.listen(OCSP_URL, move |request| {
                ca.borrow().answer_ocsp(request, Some(3600), WALL)
            });
        }
    };
    for at in RUNS {
        let both = parties(&mut ca.borrow_mut(), &good, "ocsp");
        let sim = run(&both, at, responder(&ca));
        assert_eq!(sim.web.fetched, [OCSP_URL]);
        assert_up(&sim, "good");
        let both = parties(&mut ca.borrow_mut(), &bad, "ocsp none");
        let mut sim = run(&both, at, responder(&ca));
        assert_refused(&mut sim, at.0, 1, "revoked (serial 03)");
    }
    let replayed = RefCell::new(None);
    let ca_of = Rc::clone(&ca);
    let old = move |web: &mut Web| {
        web.listen(OCSP_URL, move |request| {
            let mut first = replayed.borrow_mut();
            let answer = || {
                // Of another request: the nonce is the last thing in it.
                let mut other = request.to_vec();
                *other.last_mut().unwrap() ^= 1;
                ca_of.borrow().answer_ocsp(&other, Some(3600), WALL)
            };
            first.get_or_insert_with(answer).clone()
        });
    };
    let both = parties(&mut ca.borrow_mut(), &good, "ocsp");
    let mut sim = run(&both, (2, 0), old);
    assert_refused(&mut sim, 2, 1, "has another nonce");
}

/// T-29 for OCSP: the next method decides, in the order of the line.
#[test]
fn a_silent_responder_leaves_the_verdict_to_the_next_method() {
    let mut ca = root("Root");
    let own = leaf_with(&mut ca, 0, |spec| {
        with_cdp(spec);
        with_ocsp(spec);
    });
    let list = crl(&mut ca);
    let publish = |web: &mut Web| web.publish(CRL_URL, list.der().clone());
    let sim = run(&parties(&mut ca, &own, "ocsp crl"), (1, 0), publish);
    assert_eq!(sim.web.fetched, [OCSP_URL, CRL_URL]);
    assert_up(&sim, "ocsp crl");
    let sim = run(&parties(&mut ca, &own, "crl ocsp"), (2, 1), publish);
    assert_eq!(sim.web.fetched, [CRL_URL]);
    assert_up(&sim, "crl ocsp");
    let mut sim = run(&parties(&mut ca, &own, "ocsp"), (2, 0), publish);
    assert_eq!(sim.web.fetched, [OCSP_URL]);
    assert_refused(&mut sim, 2, 1, "the responder does not answer");
}

/// P-040: `stop` trusts the sub-CA for itself; `continue` asks about it, by the rule of the trustpoint
/// above.
#[test]
fn a_chain_is_walked_as_far_up_as_the_trustpoint_says() {
    let mut ca = root("Root");
    let mut sub = below(&mut ca, "Sub", None);
    let own = leaf(&mut sub, 0);
    ca.revoke(sub.certificate(), WALL - 30);
    let list = crl(&mut ca);
    let peer = Party::new(0).enrolled("SUB", sub.certificate(), own, "none");
    let other = leaf(&mut sub, 1);
    let judge = |chain: &'static str, above: &'static str| {
        Party::new(1)
            .holds("ROOT", ca.certificate(), above)
            .enrolled("SUB", sub.certificate(), other.clone(), chain)
    };
    for at in RUNS {
        let of = |chain, above| {
            [
                peer.clone(),
                judge(chain, above).with_crl("ROOT", list.clone()),
            ]
        };
        assert_up(&run(&of("none", "crl"), at, |_| ()), "stop");
        assert_up(
            &run(&of("none\n  chain-validation continue", "none"), at, |_| ()),
            "continue, ROOT checks nothing",
        );
        for chain in [
            "none\n  chain-validation continue",
            "none\n  chain-validation continue ROOT",
        ] {
            let mut sim = run(&of(chain, "crl"), at, |_| ());
            assert_refused(&mut sim, at.0, 1, "certificate cn=Sub,o=cisco: revoked");
        }
    }
}

/// G-061: a trustpoint with plain `match certificate` accepts what fits a map, and nothing else.
#[test]
fn a_trustpoint_with_a_certificate_map_accepts_what_fits_it() {
    let mut ca = root("Root");
    let own = leaf(&mut ca, 0);
    let fits = "none\n  match certificate MAP\n!\ncrypto pki certificate map MAP 10\n  subject-name co cn=r9\ncrypto pki certificate map MAP 20\n  subject-name co cn=r1";
    let other = "none\n  match certificate MAP\n!\ncrypto pki certificate map MAP 10\n  subject-name co cn=r9";
    for at in RUNS {
        assert_up(&run(&parties(&mut ca, &own, fits), at, |_| ()), "fits");
        let mut sim = run(&parties(&mut ca, &own, other), at, |_| ());
        assert_refused(
            &mut sim,
            at.0,
            1,
            "no certificate map of trustpoint ROOT matches",
        );
    }
}

/// T-22, U-10 in IKEv1: R1's identity fits no profile of R2, a certificate map fits; what that profile
/// names validates.
#[test]
fn a_certificate_map_binds_the_profile_once_the_certificate_is_read() {
    let mut ca = root("Root");
    let own = leaf(&mut ca, 0);
    let parties = parties(&mut ca, &own, "none");
    for (map, up) in [
        ("subject-name co cn=r1", true),
        ("subject-name co cn=r9", false),
    ] {
        let text = parties[1]
            .config(1)
            .replace("match identity host R1.cisco.com", "match certificate MAP");
        let text = format!("{text}crypto pki certificate map MAP 10\n  {map}\n");
        let mut sim = meet(
            [parties[0].config(1), text],
            [0, 1].map(|n| parties[n].store.clone()),
            Network::default(),
        );
        sim.up(0, None);
        sim.run_until(Duration::from_secs(300), Simulation::certain);
        let line = "ISAKMP:(1001): certificate map matches prof1 profile";
        assert_eq!(said(&sim, line), up);
        let decisions = sim.record(1).unwrap().decisions;
        let by_map = decisions.iter().any(|d| d.rule == "U-10");
        assert_eq!(by_map, up, "{decisions:?}");
        let bound = sim.record(1).unwrap().profile;
        assert_eq!(bound.as_deref(), up.then_some("prof1"));
        if up {
            assert_up(&sim, map);
        }
    }
}
