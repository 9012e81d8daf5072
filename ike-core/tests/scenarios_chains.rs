//! Scenarios of other projects about chains and revocation lists, in both versions and both directions
//! (`docs/scenarios.md`). R2 is the judge throughout.

#![allow(clippy::unwrap_used)]

mod support;

use ike_core::sim::Simulation;
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{Certificate, LabCa};
use support::WALL;
use support::pki::{
    Party, RUNS, again, assert_refused, assert_up, below, crl, cross, leaf, negotiate, root,
};

/// R2 has a certificate of the root and believes the root alone.
fn gateway(root: &mut LabCa, check: &'static str) -> Party {
    let own = leaf(root, 1);
    Party::new(1).enrolled("ROOT", root.certificate(), own, check)
}

/// R1 has a certificate of a CA that it holds as its trustpoint, and believes the root.
fn branch(root: &LabCa, issuer: &Certificate, own: Certificate) -> Party {
    Party::new(0)
        .signs("BRANCH", issuer, own)
        .trusts("ANCHOR", root.certificate(), "none")
}

/// IKEv1 shows no certificate that nobody asked for (U-4): without a CA of the gateway above it, R1's is
/// asked for by the responder, which asks for every CA it holds, and by no initiator.
fn check_unled(story: &str, parties: [Party; 2], because: &str) {
    for at in [(1, 0), (2, 0), (2, 1)] {
        let mut sim = negotiate(&parties, at);
        assert_refused(&mut sim, at.0, 1, because);
    }
    let sim = negotiate(&parties, (1, 1));
    let decisions = sim.record(0).unwrap().decisions;
    assert!(
        decisions.iter().any(|d| d.rule == "U-4"),
        "{story}: {decisions:?}"
    );
    assert!(!sim.verdict().up, "{story}");
}

/// Every run comes up, or R2 refuses for that reason.
fn check(story: &str, parties: [Party; 2], outcome: Result<(), &str>) {
    for at in RUNS {
        let mut sim = negotiate(&parties, at);
        match outcome {
            Ok(()) => assert_up(&sim, &format!("{story} {at:?}")),
            Err(because) => assert_refused(&mut sim, at.0, 1, because),
        }
    }
}

fn printed(sim: &Simulation, node: usize, text: &str) -> bool {
    sim.node(node).traces.iter().any(|t| t.contains(text))
}

const UNKNOWN: &str = "revocation status unknown: no revocation list of the issuer";

/// 1, 2, 13: a request for the root is answered with the certificate and its issuer's (RFC 7296 3.7,
/// RFC 4945 3.3); the lists of both CAs are in the store and nothing is fetched.
#[test]
fn a_gateway_with_the_root_alone_is_sent_the_ca_between() {
    let mut root = root("Root");
    let gateway = gateway(&mut root, "crl").with_crl("ROOT", crl(&mut root));
    for cn in ["Research", "Sales"] {
        let mut between = below(&mut root, cn, None);
        let own = leaf(&mut between, 0);
        let peer = branch(&root, between.certificate(), own);
        let parties = [peer, gateway.clone().with_crl(cn, crl(&mut between))];
        for at in RUNS {
            let sim = negotiate(&parties, at);
            assert_up(&sim, &format!("{cn} {at:?}"));
            let shown = match at.0 {
                1 => format!("constructing CERT payload for cn={cn},o=cisco"),
                _ => " CERT CERT ".to_owned(),
            };
            assert!(printed(&sim, 0, &shown), "{shown} {at:?}");
            assert!(sim.web.fetched.is_empty());
        }
    }
}

/// 1, 2: of two identities the one below the CA that is asked for signs, though the other is listed first
/// (RFC 7296 3.7: "that can be validated up to one of the specified certification authorities").
#[test]
fn the_identity_below_the_ca_asked_for_signs() {
    let (mut root, mut other) = (root("Root"), root("Other"));
    let gateway = gateway(&mut root, "none");
    let mut between = below(&mut root, "Research", None);
    let (far, own) = (leaf(&mut other, 0), leaf(&mut between, 0));
    let peer = Party::new(0)
        .signs("FAR", other.certificate(), far)
        .signs("BRANCH", between.certificate(), own)
        .trusts("ANCHOR", root.certificate(), "none");
    for at in RUNS {
        let sim = negotiate(&[peer.clone(), gateway.clone()], at);
        assert_up(&sim, &format!("{at:?}"));
        assert_eq!(sim.verdict().signed_with["R1"], "BRANCH");
    }
}

/// 6: strict checking needs a list about every certificate of the chain.
#[test]
fn a_missing_list_of_any_ca_of_the_chain_refuses_it() {
    let mut root = root("Root");
    let mut between = below(&mut root, "Research", None);
    let own = leaf(&mut between, 0);
    let peer = branch(&root, between.certificate(), own);
    let gateway = gateway(&mut root, "crl");
    let of_root = gateway.clone().with_crl("a", crl(&mut root));
    let of_issuer = gateway.with_crl("b", crl(&mut between));
    let named = |cn: &str| format!("certificate cn={cn},o=cisco: {UNKNOWN}");
    check(
        "list of the issuer",
        [peer.clone(), of_issuer],
        Err(&named("Research")),
    );
    check("list of the root", [peer, of_root], Err(UNKNOWN));
}

/// 12: a certificate on the list is refused, and so is everything below a CA on the list.
#[test]
fn what_is_revoked_is_refused() {
    let mut root = root("Root");
    let gateway = gateway(&mut root, "crl");
    let own = leaf(&mut root, 0);
    let peer = branch(&root, root.certificate(), own.clone());
    let good = gateway.clone().with_crl("a", crl(&mut root));
    check("not on the list", [peer.clone(), good], Ok(()));
    let mut between = below(&mut root, "Research", None);
    root.revoke(&own, WALL - 30);
    root.revoke(between.certificate(), WALL - 30);
    let listed = gateway
        .with_crl("a", crl(&mut root))
        .with_crl("b", crl(&mut between));
    check("the leaf", [peer, listed.clone()], Err("revoked (serial "));
    let under = leaf(&mut between, 0);
    let peer = branch(&root, between.certificate(), under);
    check(
        "its issuer",
        [peer, listed],
        Err("certificate cn=Research,o=cisco: revoked"),
    );
}

/// 4: two CAs that signed each other lead nowhere, and the search ends (B13).
#[test]
fn a_loop_of_cas_leads_nowhere() {
    let mut root = root("Root");
    let [key, sales] = [(); 2].map(|()| PrivateKey::generate(KeySpec::EcP256).unwrap());
    let over = cross(&mut root, "Sales", &sales, None);
    let research = cross(
        &mut LabCa::with_certificate(over, again(&sales), 1),
        "Research",
        &key,
        None,
    );
    let mut research = LabCa::with_certificate(research, key, 1);
    let own = leaf(&mut research, 0);
    // R1 has Sales as Research signed it, and not as the root did.
    let looped = cross(&mut research, "Sales", &sales, None);
    let mut peer = branch(&root, research.certificate(), own);
    peer = peer.holds("SALES", &looped, "none");
    let gateway = gateway(&mut root, "none").holds("X", research.certificate(), "none");
    let because = "certificate cn=Sales,o=cisco: no suitable trustpoint: issuer cn=Research,o=cisco (authority key identifier";
    check_unled("loop", [peer, gateway], because);
}

/// 5: a root with pathLenConstraint 1 allows one CA below another one, and no third (RFC 5280 4.2.1.9).
#[test]
fn a_chain_longer_than_allowed_is_refused() {
    let mut root = root("Root");
    let gateway = gateway(&mut root, "none");
    let mut one = below(&mut root, "One", Some(1));
    let mut two = below(&mut one, "Two", None);
    let own = leaf(&mut two, 0);
    let peer = branch(&root, two.certificate(), own).holds("ONE", one.certificate(), "none");
    check("two CAs", [peer, gateway.clone()], Ok(()));
    let mut three = below(&mut two, "Three", None);
    let own = leaf(&mut three, 0);
    let peer = branch(&root, three.certificate(), own)
        .holds("ONE", one.certificate(), "none")
        .holds("TWO", two.certificate(), "none");
    let because =
        "certificate cn=Three,o=cisco: one CA more than a pathLenConstraint above it allows";
    check("three CAs", [peer, gateway], Err(because));
}

/// 36, 37: CAs that only the sender knows are sent; one that it lacks ends the path, and the reason names
/// the issuer that nobody has.
#[test]
fn a_chain_needs_every_ca_between() {
    let mut root = root("Root");
    let gateway = gateway(&mut root, "none");
    let mut one = below(&mut root, "One", None);
    let mut two = below(&mut one, "Two", None);
    let own = leaf(&mut two, 0);
    let partial = branch(&root, two.certificate(), own);
    let whole = partial.clone().holds("ONE", one.certificate(), "none");
    check("whole chain", [whole, gateway.clone()], Ok(()));
    let because = "certificate cn=Two,o=cisco: no suitable trustpoint: issuer cn=One,o=cisco";
    let gateway = gateway.holds("X", two.certificate(), "none");
    check_unled("a CA is missing", [partial, gateway], because);
}

/// 34, 43: a certificate of another CA, even one that bears the name of the right CA (E17).
#[test]
fn a_certificate_of_the_wrong_ca_is_refused() {
    let (mut right, mut other, mut alike) = (root("Root"), root("Other"), root("Root"));
    let gateway = gateway(&mut right, "none");
    let own = leaf(&mut other, 0);
    let peer = branch(&right, right.certificate(), own);
    let because = "no suitable trustpoint: issuer cn=Other,o=cisco (authority key identifier";
    check("another CA", [peer, gateway.clone()], Err(because));
    let own = leaf(&mut alike, 0);
    let peer = branch(&right, right.certificate(), own);
    let because = "signature does not verify with the key of any issuer of that name";
    check("a look-alike", [peer, gateway], Err(because));
}

/// 35, S-064: a CA that the gateway holds and its profile does not name vouches for nobody.
#[test]
fn a_ca_of_another_profile_vouches_for_nobody() {
    let (mut main, mut other) = (root("Root"), root("Other"));
    let own = leaf(&mut other, 0);
    let peer = branch(&main, main.certificate(), own);
    let gateway = gateway(&mut main, "none").holds("OTHER", other.certificate(), "none");
    let because = ") is the CA of none of [ROOT]";
    check("a CA of the store", [peer, gateway], Err(because));
}
