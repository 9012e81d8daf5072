//! The IKEv2 half of the decision matrix of IOS-FACTS 6.1, row by row, from the pure functions
//! alone: no packet, no SA, no clock.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ike_core::config::{Ikev2Profile, RunningConfig, TrustpointUse, parse};
use ike_core::policy::ikev2::certreq::AskedCa;
use ike_core::policy::ikev2::trustpoint::Choice;
use ike_core::policy::ikev2::{certreq, trustpoint, validation};
use ike_core::sim::enrol::{Enrollee, LabCas};
use ike_crypto::{Hash, KeySpec, PrivateKey};
use ike_pki::Store;

/// One router of a row: the `pki trustpoint` lines of its profile and its store, newest first.
#[derive(Clone, Copy)]
struct Side {
    listed: &'static [&'static str],
    enrolled: &'static [&'static str],
}

/// A row: who starts, what the CERTREQs of both exchanges ask, who signs with what, and the rule of
/// the initiator's choice. `up` is `None` when the initiator stops before IKE_AUTH.
struct Row {
    name: &'static str,
    initiator: usize,
    sides: [Side; 2],
    init: &'static str,
    auth: &'static str,
    signs: [Option<&'static str>; 2],
    rule: &'static str,
    up: Option<bool>,
}

const BOTH: &[&str] = &["TP1", "TP2"];
const CA2_FIRST: &[&str] = &["TP2", "TP1"];
const ONE: &[&str] = &["TP1"];
const TWO: &[&str] = &["TP2"];

/// The five predefined CAs of the table are two here: of the others no key is known (W-067).
#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let (tp1, tp2) = (Some("TP1"), Some("TP2"));
    let side = |listed, enrolled| Side { listed, enrolled };
    let row = |name, initiator, sides, init, auth, signs, rule, up| Row { name, initiator, sides, init, auth, signs, rule, up };
    let (up, fails) = (Some(true), Some(false));
    vec![
        row("T-50", 0, [side(ONE, ONE), side(ONE, ONE)], "CA1 P2", "CA1", [tp1, tp1], "S-074", up),
        row("T-51", 0, [side(&[], CA2_FIRST), side(ONE, BOTH)], "CA1 CA2 P2", "CA2 CA1", [None, None], "S-075", None),
        row("T-52", 1, [side(ONE, CA2_FIRST), side(BOTH, BOTH)], "CA2 CA1 P2", "CA1 CA2", [tp2, tp1], "S-074", fails),
        row("T-53", 1, [side(ONE, BOTH), side(BOTH, BOTH)], "CA1 CA2 P2", "CA1 CA2", [tp1, tp1], "S-074", up),
        row("T-55", 1, [side(BOTH, CA2_FIRST), side(BOTH, BOTH)], "CA2 CA1 P2", "CA1 CA2", [tp2, tp1], "S-074", up),
        row("T-56", 1, [side(&[], CA2_FIRST), side(ONE, BOTH)], "CA2 CA1 P2", "CA1", [tp1, tp1], "S-074", up),
        row("T-65", 1, [side(ONE, ONE), side(TWO, TWO)], "CA1 P2", "CA2", [tp2, tp1], "U-4", fails),
        row("T-96", 1, [side(ONE, CA2_FIRST), side(ONE, BOTH)], "CA2 CA1 P2", "CA1", [tp1, tp1], "S-074", up),
    ]
}

/// S-070 to S-080: every row decided by the pure functions.
#[test]
fn the_pure_functions_give_every_row_of_the_ikev2_matrix() {
    for row in rows() {
        let name = row.name;
        let (i, r) = (row.initiator, 1 - row.initiator);
        let store = |n: usize| store(row.sides[n].enrolled);
        let profile = |n: usize| profile(row.sides[n].listed);

        let init = certreq::init_response(&store(r), true);
        assert_eq!(written(&init.value), row.init, "{name}");
        assert_eq!(init.rule.0, "S-071");
        let mine = trustpoint::initiator(&hashes(&init.value), Some(&profile(i)), &store(i));
        let chosen = (mine.decision.value.as_deref(), mine.decision.rule.0);
        assert_eq!(
            chosen,
            (row.signs[0], row.rule),
            "{name}: {}",
            mine.decision.because
        );

        let auth = certreq::auth_request(Some(&profile(i)), &store(i));
        assert_eq!(written(&auth.value), row.auth, "{name}");
        let Some(up) = row.up else { continue };
        let theirs = trustpoint::responder(&hashes(&auth.value), Some(&profile(r)), &store(r));
        assert_eq!(theirs.decision.value.as_deref(), row.signs[1], "{name}");
        let verdict = believes(&profile(r), &store(r), &store(i), row.signs[0])
            && believes(&profile(i), &store(i), &store(r), row.signs[1]);
        assert_eq!(verdict, up, "{name}");
    }
}

/// T-51, S-075: every hash is resolved, and then there is nothing to sign with.
#[test]
fn an_initiator_without_a_trustpoint_resolves_every_hash_and_stops() {
    let asked = certreq::init_response(&store(BOTH), true).value;
    let choice = trustpoint::initiator(&hashes(&asked), Some(&profile(&[])), &store(CA2_FIRST));
    assert_eq!(resolved(&choice), [["TP1"], ["TP2"]]);
    assert_eq!(
        (choice.decision.value, choice.decision.rule.0),
        (None, "S-075")
    );
    let none = trustpoint::initiator(&hashes(&asked), None, &store(BOTH));
    assert_eq!(none.decision.value, None, "no profile, no trustpoint");
}

/// S-074, T-96: the walk ends with the hash that decides; one that the profile does not name was
/// resolved before.
#[test]
fn the_walk_shows_what_was_resolved_up_to_the_choice() {
    let asked = hashes(&certreq::init_response(&store(CA2_FIRST), true).value);
    let both = trustpoint::initiator(&asked, Some(&profile(BOTH)), &store(BOTH));
    assert_eq!(resolved(&both), [["TP2"]]);
    let skipped = trustpoint::initiator(&asked, Some(&profile(ONE)), &store(BOTH));
    assert_eq!(resolved(&skipped), [["TP2"], ["TP1"]]);
    assert_eq!(skipped.decision.value.as_deref(), Some("TP1"));
}

/// S-076: a trustpoint may be for signing or for verifying alone.
#[test]
fn signing_and_verifying_may_have_different_trustpoints() {
    let mut profile = profile(BOTH);
    profile.trustpoints[0].1 = TrustpointUse::Verify;
    profile.trustpoints[1].1 = TrustpointUse::Sign;
    let store = store(CA2_FIRST);
    let asked = certreq::auth_request(Some(&profile), &store).value;
    assert_eq!(written(&asked), "CA1");
    let all = hashes(&certreq::init_response(&store, true).value);
    for hashes in [&all[..], &[hashes(&asked)[0]]] {
        let choice = trustpoint::responder(hashes, Some(&profile), &store);
        assert_eq!(choice.decision.value.as_deref(), Some("TP2"));
    }
    assert_eq!(validation::trustpoints(Some(&profile), &store).value, ONE);
    profile.trustpoints.remove(0);
    let anchors = validation::trustpoints(Some(&profile), &store).value;
    assert_eq!(
        anchors, CA2_FIRST,
        "a list for signing alone restricts nothing"
    );
}

/// T-70, W-065, W-066: the hashes are SHA-1 of the CAs' keys, newest first, then the known
/// predefined ones; none of those after `trustpool clean` (T-39).
#[test]
fn the_init_response_names_cas_by_the_hash_of_their_key() {
    let store = store(CA2_FIRST);
    let asked = certreq::init_response(&store, true).value;
    for (ca, trustpoint) in asked.iter().zip(CA2_FIRST) {
        let spki = &store.ca(trustpoint).unwrap().certificate;
        assert_eq!(ca.hash.as_slice(), Hash::Sha1.digest(&[spki.spki_der()]));
        assert_eq!(ca.trustpoint.as_deref(), Some(*trustpoint));
    }
    let hex = |ca: &AskedCa| {
        ca.hash
            .iter()
            .map(|o| format!("{o:02x}"))
            .collect::<String>()
    };
    let predefined: Vec<String> = asked.iter().skip(2).map(hex).collect();
    let known = [
        "d0c52226ab4f4660ecae0591c7dc5ad1b047f76c",
        "27f3c8151e6e9a020916ad2ba089605fda7b2faa",
    ];
    assert_eq!(predefined, known);
    assert_eq!(certreq::init_response(&store, false).value.len(), 2);
}

/// U-5, RFC 7296 3.7: without a request the profile decides, and for a responder without a list the
/// newest certificate.
#[test]
fn without_a_request_the_profile_or_the_newest_certificate_decides() {
    let store = store(CA2_FIRST);
    let of = |choice: Choice| (choice.decision.value, choice.decision.rule.0);
    let some = |trustpoint: &str, rule| (Some(trustpoint.to_owned()), rule);
    assert_eq!(
        of(trustpoint::initiator(&[], Some(&profile(BOTH)), &store)),
        some("TP1", "U-5")
    );
    assert_eq!(
        of(trustpoint::responder(&[], Some(&profile(BOTH)), &store)),
        some("TP1", "U-5")
    );
    assert_eq!(
        of(trustpoint::responder(&[], Some(&profile(&[])), &store)),
        some("TP2", "U-5")
    );
    let unknown = [[7; 20]];
    let stranger = trustpoint::responder(&unknown, Some(&profile(&[])), &store);
    assert_eq!(of(stranger), some("TP2", "U-4"));
    let empty = trustpoint::responder(&unknown, Some(&profile(&[])), &Store::default());
    assert_eq!(of(empty), (None, "U-4"));
    let unenrolled = trustpoint::initiator(&unknown, Some(&profile(ONE)), &Store::default());
    assert_eq!(of(unenrolled), (None, "U-4"));
}

/// B11: a list that repeats a hash is no longer than the list of our CAs.
#[test]
fn a_hash_that_comes_again_is_not_resolved_again() {
    let asked = hashes(&certreq::init_response(&store(CA2_FIRST), true).value);
    let flood: Vec<[u8; 20]> = asked.iter().copied().cycle().take(3000).collect();
    let choice = trustpoint::initiator(&flood, Some(&profile(&[])), &store(BOTH));
    assert_eq!(resolved(&choice), [["TP2"], ["TP1"]]);
}

/// A profile that authenticates with certificates.
fn profile(listed: &[&str]) -> Ikev2Profile {
    let lines: String = listed
        .iter()
        .map(|tp| format!(" pki trustpoint {tp}\n"))
        .collect();
    let text = format!(
        "crypto ikev2 profile profile1
 match identity remote address 192.168.0.0 255.255.255.0
 authentication remote rsa-sig
 authentication local rsa-sig
{lines}"
    );
    parse("test.cfg", &text).config.ikev2_profiles.remove(0)
}

/// A store with these trustpoints, newest first. Stores of one order are the same, and those of
/// different orders have the same CAs.
fn store(enrolled: &[&str]) -> Store {
    static STORES: OnceLock<BTreeMap<Vec<String>, Store>> = OnceLock::new();
    let stores = STORES.get_or_init(|| {
        let orders = [BOTH, CA2_FIRST, ONE, TWO].map(owned);
        let config = routers();
        let key = || PrivateKey::generate(KeySpec::EcP256).unwrap();
        let mut cas = LabCas::default();
        for (number, url) in LabCas::urls(&[&config]).iter().enumerate() {
            cas.add(url, number + 1, key(), WALL).unwrap();
        }
        let public = key().public();
        let mut enrol = |order: Vec<String>| {
            let enrollee = Enrollee {
                config: &config,
                serial: "100",
                public: &public,
                key_label: "R.cisco.com",
                order: Some(&order),
                at: WALL,
            };
            let store = cas.enrol(&enrollee).unwrap();
            (order, store)
        };
        orders.into_iter().map(&mut enrol).collect()
    });
    stores[&owned(enrolled)].clone()
}

const WALL: i64 = 1_371_470_000;

fn routers() -> RunningConfig {
    let text = "crypto pki trustpoint TP1
 enrollment url http://192.168.0.3:80
 subject-name CN=R,O=cisco,O=com
crypto pki trustpoint TP2
 enrollment url http://192.168.0.4:80
 subject-name CN=R,O=cisco,O=com
";
    parse("test.cfg", text).config
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether a router accepts what the other signs with: the CA of that trustpoint is an anchor.
fn believes(profile: &Ikev2Profile, own: &Store, other: &Store, signs: Option<&str>) -> bool {
    let ca = &other.ca(signs.unwrap()).unwrap().certificate;
    let anchors = validation::trustpoints(Some(profile), own).value;
    anchors
        .iter()
        .any(|anchor| own.ca(anchor).unwrap().certificate == *ca)
}

fn hashes(asked: &[AskedCa]) -> Vec<[u8; 20]> {
    asked.iter().map(|ca| ca.hash).collect()
}

/// The trustpoints of each hash that was resolved.
fn resolved(choice: &Choice) -> Vec<&[String]> {
    let lists = choice.retrieved.iter();
    lists.map(|(_, names)| names.as_slice()).collect()
}

/// `CA1 CA2 P2`, as the matrix writes it.
fn written(list: &[AskedCa]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut predefined = 0;
    for ca in list {
        match ca.name.as_str() {
            "cn=CA1,o=cisco,o=com" => out.push("CA1".into()),
            "cn=CA2,o=cisco,o=com" => out.push("CA2".into()),
            _ => predefined += 1,
        }
    }
    if predefined > 0 {
        out.push(format!("P{predefined}"));
    }
    out.join(" ")
}
