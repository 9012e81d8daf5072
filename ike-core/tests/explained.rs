//! How negotiations end leaves a decision: the rule, the line of the configuration, and what else was considered.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use ike_core::config::parse;
use ike_core::policy::Subject;
use ike_core::sa::record::{Explained, Record};
use ike_core::sim::Simulation;
use support::pki::{Party, leaf, root};
use support::{Story, ikev2_psk_routers, ikev2_routers, seed_routers};

/// The record of a router after its negotiation is over, and its configuration.
fn ended(story: Story, initiator: usize, node: usize) -> (Record, String) {
    let text = story.configs[node].clone();
    let mut sim = story.negotiate(initiator);
    sim.settle(Duration::from_secs(900));
    (sim.record(node).unwrap(), text)
}

fn by<'a>(record: &'a Record, rule: &str) -> &'a Explained {
    let found = record.decisions.iter().rev().find(|d| d.rule == rule);
    found.unwrap_or_else(|| panic!("no {rule} in {record:#?}"))
}

/// The line that a decision goes back to first.
fn line(explained: &Explained, text: &str) -> String {
    let parsed = parse("r.cfg", text);
    let first = explained.about.first().unwrap();
    let places = first.places(&parsed.places);
    let place = places
        .first()
        .unwrap_or_else(|| panic!("{first:?} stands nowhere"));
    format!("{} / {}", place.block, place.command)
}

fn with_keys(keys: [&str; 2]) -> Story {
    let mut story = seed_routers();
    for (text, secret) in story.configs.iter_mut().zip(keys) {
        let key = format!("crypto isakmp key {secret} address 0.0.0.0\ncrypto isakmp profile");
        *text = text
            .replace("  encr 3des\n", "  encr aes\n  authentication pre-share\n")
            .replace("crypto isakmp profile", &key);
    }
    story
}

/// W-053, T-32: both sides, and the attribute that differs on the one that knows.
#[test]
fn no_common_policy_is_told_by_the_attribute() {
    let story = || seed_routers().edit(1, "  hash md5\n", "  hash sha256\n");
    let (record, text) = ended(story(), 0, 1);
    let refused = by(&record, "W-053");
    assert_eq!(
        line(refused, &text),
        "crypto isakmp policy 10 / hash sha256"
    );
    assert!(
        refused
            .because
            .ends_with("hash is sha256 here, md5 is offered")
    );
    assert_eq!(refused.candidates.len(), 1);
    let (record, text) = ended(story(), 0, 0);
    assert_eq!(
        line(by(&record, "W-053"), &text),
        " / crypto isakmp policy 10"
    );
}

/// RFC 2409 5.4, D17: nothing decrypts; the keys that were looked at are told, and the end is W-050.
#[test]
fn another_preshared_key_of_ikev1_is_suspected() {
    let (record, text) = ended(with_keys(["one-secret", "two-secret"]), 0, 1);
    let suspected = by(&record, "RFC 2409 5.4");
    assert!(line(suspected, &text).starts_with(" / crypto isakmp key"));
    assert!(suspected.candidates.iter().any(|c| c.chosen));
    assert_eq!(record.decisions.last().unwrap().rule, "W-050");
    let shown = format!("{record:?}");
    assert!(!shown.contains("one-secret") && !shown.contains("two-secret"));
}

/// G-023: no key at all.
#[test]
fn a_peer_without_a_preshared_key_is_told() {
    let story =
        with_keys(["one-secret", "one-secret"]).edit(1, "address 0.0.0.0", "address 10.9.9.9");
    let (record, _) = ended(story, 0, 1);
    let missing = by(&record, "G-023");
    let rejected = missing.candidates[0].rejected.as_ref().unwrap();
    assert_eq!(rejected.because, "it is not for 192.168.0.1");
}

/// W-050, W-075: a peer that never answers.
#[test]
fn a_silent_peer_is_told_in_both_versions() {
    for (story, rule, owner) in [
        (seed_routers(), "W-050", "crypto isakmp profile prof1"),
        (ikev2_routers(), "W-075", "crypto ikev2 profile profile1"),
    ] {
        let story = support::forge::losing(story, 0..1_000);
        let (record, text) = ended(story, 0, 0);
        let silent = by(&record, rule);
        assert_eq!(line(silent, &text), format!(" / {owner}"), "{silent:?}");
        assert_eq!(record.decisions.last(), Some(silent));
    }
}

/// RFC 7296 2.15, E-5: another key, told by the one that refuses and by the one that is refused.
#[test]
fn another_preshared_key_of_ikev2_is_told_on_both_sides() {
    let key = "pre-share key cisco123cisco123cisco1";
    let wrong = "remote pre-share key wrong-wrong-wrong";
    let story = || ikev2_psk_routers().edit(1, &format!("remote {key}"), wrong);
    let (record, text) = ended(story(), 0, 1);
    let refused = by(&record, "RFC 7296 2.15");
    let at = line(refused, &text);
    assert!(at.starts_with("crypto ikev2 profile profile1 / authentication remote pre-share"));
    let (record, _) = ended(story(), 0, 0);
    assert_eq!(record.decisions.last().unwrap().rule, "E-5");
}

/// W-069, T-69: no transform set fits: which comes nearest, and in what it differs.
#[test]
fn refused_transform_sets_say_in_what_they_differ() {
    let story = ikev2_routers().edit(
        1,
        "trans esp-3des esp-sha-hmac",
        "trans esp-aes esp-sha-hmac",
    );
    let (record, text) = ended(story, 0, 1);
    let refused = by(&record, "W-069");
    assert_eq!(line(refused, &text), " / crypto ipsec transform-set trans");
    let steps: Vec<_> = refused.candidates[0]
        .steps
        .iter()
        .map(|s| s.passed)
        .collect();
    assert_eq!(steps, [false, true, true]);
    let what = &refused.candidates[0].steps[0].what;
    assert_eq!(what, "encryption is AES-CBC-128 here, 3DES is offered");
}

/// P-040, P-041, USERS-ASK 5: each trustpoint, each step, pass or fail; no trustpoint is left out.
#[test]
fn a_refused_chain_is_a_tree_of_trustpoints() {
    for (version, rule) in [(1, "S-053"), (2, "S-078")] {
        let (mut ca1, ca2) = (root("CA1"), root("CA2"));
        let own = [leaf(&mut ca1, 0), leaf(&mut ca1, 1)];
        let [r1, r2] = own;
        let judge = Party::new(1)
            .enrolled("A", ca1.certificate(), r2, "crl")
            .trusts("B", ca2.certificate(), "none");
        let peer = Party::new(0).enrolled("A", ca1.certificate(), r1, "none");
        let sim: Simulation = support::pki::negotiate(&[peer, judge], (version, 0));
        let record = sim.record(1).unwrap();
        let refused = by(&record, rule);
        let own = Subject::trustpoint("A").line("revocation-check");
        assert_eq!(refused.about[0], own, "{refused:#?}");
        let told: Vec<_> = refused
            .candidates
            .iter()
            .map(|c| (c.name.as_str(), c.rejected.as_ref().unwrap().rule.as_str()))
            .collect();
        assert_eq!(told, [("trustpoint A", "P-041"), ("trustpoint B", "P-040")]);
        let steps: Vec<_> = refused.candidates[0]
            .steps
            .iter()
            .map(|s| s.passed)
            .collect();
        assert_eq!(steps, [true, true, true, false]);
        assert!(
            refused.candidates[0].steps[3]
                .what
                .starts_with("revocation-check crl: ")
        );
    }
}

/// O-085, USERS-ASK 4: the identity, and what the certificate has in its place.
#[test]
fn an_identity_that_is_not_in_the_certificate_is_told_with_what_is() {
    let story = ikev2_routers().edit(
        0,
        "  identity local address 192.168.0.1\n",
        "  identity local fqdn other.example\n",
    );
    let story = story.edit(
        1,
        "match identity remote address 192.168.0.1 255.255.255.255",
        "match identity remote any",
    );
    let (record, _) = ended(story, 0, 1);
    let told = by(&record, "U-12");
    assert_eq!(
        told.because,
        "the peer presents the FQDN other.example; its certificate has the subject serialNumber=100+\
         ipaddress=192.168.0.1+hostname=R1.cisco.com,cn=R1,ou=IT,o=cisco,o=com, host name R1.cisco.com and \
         address 192.168.0.1"
    );
}

/// S-030, S-074: the requests of the peer in packet order, up to the one that decided.
#[test]
fn every_request_is_told_with_what_became_of_it() {
    for (story, rule) in [(seed_routers(), "S-030"), (ikev2_routers(), "S-074")] {
        let initiator = usize::from(rule == "S-074");
        let sim = story.negotiate(initiator);
        let record = sim.record(1).unwrap();
        let chosen = by(&record, rule);
        let winner = chosen.candidates.iter().position(|c| c.chosen).unwrap();
        let (before, after) = chosen.candidates.split_at(winner);
        assert!(before.iter().all(|c| c.rejected.is_some()), "{chosen:#?}");
        assert!(after[1..].iter().all(|c| c.rejected.is_none() && !c.chosen));
    }
}
