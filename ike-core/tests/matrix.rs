//! The decision matrix of IOS-FACTS 6.1, row by row, from the pure functions alone: no packet,
//! no SA, no clock. The labs repeat it on the wire.

#![allow(clippy::unwrap_used)]

mod support;

use ike_core::config::RunningConfig;
use ike_core::policy::{certreq, trustpoint, validation};
use ike_core::sa::Role;
use ike_core::sim::Simulation;
use ike_pki::{GlobalCa, Store};
use support::{Story, read, seed_routers};

/// One router of a row: its `ca trust-point` list and its store, newest first.
struct Side {
    listed: &'static [&'static str],
    enrolled: &'static [&'static str],
}

/// A row: who starts, what MM3 and MM4 ask, who signs with what, whether phase 1 comes up.
struct Row {
    name: &'static str,
    initiator: usize,
    sides: [Side; 2],
    trustpool: bool,
    mm3: &'static str,
    mm4: &'static str,
    signs_mm5: Option<&'static str>,
    signs_mm6: Option<&'static str>,
    up: bool,
}

const BOTH_CA2_FIRST: &[&str] = &["IOSCA2", "IOSCA1"];
const BOTH_CA1_FIRST: &[&str] = &["IOSCA1", "IOSCA2"];
const CA1: &[&str] = &["IOSCA1"];
const CA2: &[&str] = &["IOSCA2"];

const fn side(listed: &'static [&'static str], enrolled: &'static [&'static str]) -> Side {
    Side { listed, enrolled }
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let (some1, some2) = (Some("IOSCA1"), Some("IOSCA2"));
    let r1 = |listed| side(listed, BOTH_CA2_FIRST);
    let r2 = |listed| side(listed, BOTH_CA1_FIRST);
    let row = |name, initiator, sides, mm3, mm4, signs_mm5, signs_mm6, up| Row { name, initiator, sides, trustpool: true, mm3, mm4, signs_mm5, signs_mm6, up };
    vec![
        row("T-01", 0, [r1(CA1), r2(&[])], "CA1", "CA1 CA2 P5", some1, some1, true),
        row("T-02", 1, [r1(CA1), r2(&[])], "CA1 CA2 P5", "CA2 CA1 P5", some2, some1, false),
        row("T-03", 1, [side(CA1, BOTH_CA1_FIRST), r2(&[])], "CA1 CA2 P5", "CA1 CA2 P5", some1, some1, true),
        row("T-05", 1, [r1(CA1), r2(CA1)], "CA1", "CA2 CA1 P5", some1, some1, true),
        row("T-06", 0, [r1(&[]), r2(&[])], "CA2 CA1 P5", "CA1 CA2 P5", some1, some2, true),
        row("T-07", 1, [r1(&[]), r2(&[])], "CA1 CA2 P5", "CA2 CA1 P5", some2, some1, true),
        row("T-08", 0, [r1(CA2), r2(&[])], "CA2", "CA1 CA2 P5", some2, some2, true),
        row("T-09", 1, [r1(BOTH_CA1_FIRST), r2(&[])], "CA1 CA2 P5", "CA2 CA1 P5", some2, some1, true),
        row("T-11", 1, [r1(CA1), side(&[], CA1)], "CA1 P5", "CA2 CA1 P5", some1, some1, true),
        row("T-13", 0, [side(&[], CA1), side(&[], CA2)], "CA1 P5", "CA2 P5", None, None, false),
        Row { trustpool: false, ..row("T-39", 1, [r1(CA1), r2(&[])], "CA1 CA2", "CA2 CA1", some2, some1, false) },
        row("T-89", 1, [r1(CA1), r2(CA2)], "CA2", "CA2 CA1 P5", some2, some2, false),
        row("T-90", 0, [r1(CA1), r2(CA1)], "CA1", "CA1 CA2 P5", some1, some1, true),
        row("T-93", 1, [r1(&[]), r2(CA1)], "CA1", "CA2 CA1 P5", some1, some1, true),
    ]
}

/// The row's routers, enrolled.
fn story(row: &Row) -> Story {
    let mut story = seed_routers();
    for (router, side) in row.sides.iter().enumerate() {
        story = story.order(router, side.enrolled);
        let list: String = side
            .listed
            .iter()
            .map(|tp| format!("  ca trust-point {tp}\n"))
            .collect();
        story.configs[router] = story.configs[router]
            .replace("  ca trust-point IOSCA1\n", "")
            .replace(
                "  self-identity fqdn\n",
                &format!("  self-identity fqdn\n{list}"),
            );
        if !row.trustpool {
            story.configs[router].push_str("crypto pki trustpool clean\n");
        }
    }
    story
}

/// `CA1 CA2 P5`, as the matrix writes it.
fn written(list: &[GlobalCa]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut predefined = 0;
    for ca in list {
        match ca.name.to_string().as_str() {
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

fn stores(sim: &Simulation) -> [&Store; 2] {
    [0, 1].map(|n| sim.node(n).store.as_ref())
}

/// S-010..S-062: every row decided by the pure functions.
#[test]
fn the_pure_functions_give_every_row_of_the_matrix() {
    for row in rows() {
        let story = story(&row);
        let configs: Vec<RunningConfig> = story.configs.iter().map(|c| read(c)).collect();
        let sim = story.start();
        let stores = stores(&sim);
        let (i, r) = (row.initiator, 1 - row.initiator);
        let profile = |n: usize| configs[n].isakmp_profile("prof1");
        let mm3 = certreq::to_send(Role::Initiator, profile(i), stores[i], row.trustpool);
        let mm4 = certreq::to_send(Role::Responder, profile(r), stores[r], row.trustpool);
        assert_eq!(
            written(&mm3.value),
            row.mm3,
            "{}: MM3 by {}",
            row.name,
            mm3.rule
        );
        assert_eq!(
            written(&mm4.value),
            row.mm4,
            "{}: MM4 by {}",
            row.name,
            mm4.rule
        );
        let asked = |list: &[GlobalCa]| {
            list.iter()
                .map(|ca| Some(ca.name.clone()))
                .collect::<Vec<_>>()
        };
        let mm6 = trustpoint::to_sign(&asked(&mm3.value), Role::Responder, None, stores[r]);
        let mm5 = trustpoint::to_sign(&asked(&mm4.value), Role::Initiator, profile(i), stores[i]);
        assert_eq!(
            mm5.decision.value.as_deref(),
            row.signs_mm5,
            "{}: MM5",
            row.name
        );
        assert_eq!(
            mm6.decision.value.as_deref(),
            row.signs_mm6,
            "{}: MM6",
            row.name
        );
        let believes = |judge: usize, signer: Option<&str>| {
            let list = validation::trustpoints(profile(judge), stores[judge]).value;
            signer.is_some_and(|tp| list.iter().any(|l| l == tp))
        };
        let up = believes(r, row.signs_mm5) && believes(i, row.signs_mm6);
        assert_eq!(up, row.up, "{}: outcome", row.name);
    }
}

/// The same rows on two engines: the exchange obeys the functions.
#[test]
fn two_engines_give_every_row_of_the_matrix() {
    for row in rows() {
        let sim = story(&row).negotiate(row.initiator);
        let verdict = sim.verdict();
        assert_eq!(verdict.up, row.up, "{}: {verdict:?}", row.name);
        let hosts = ["R1", "R2"];
        let signed = |n: usize| verdict.signed_with.get(hosts[n]).map(String::as_str);
        assert_eq!(signed(row.initiator), row.signs_mm5, "{}", row.name);
        assert_eq!(signed(1 - row.initiator), row.signs_mm6, "{}", row.name);
    }
}

/// G2, K7: the choice is the same every time it is made.
#[test]
fn choosing_a_thousand_times_chooses_the_same() {
    let sim = seed_routers().start();
    let store = stores(&sim)[0];
    let first = certreq::to_send(Role::Responder, None, store, true);
    for _ in 0..1000 {
        assert_eq!(certreq::to_send(Role::Responder, None, store, true), first);
    }
}

/// U-5: without any request the initiator takes its profile's first usable trustpoint, the
/// responder the newest identity.
#[test]
fn without_a_request_the_profile_or_the_newest_identity_decides() {
    let sim = seed_routers().start();
    let config = read(support::R1);
    let profile = config.isakmp_profile("prof1");
    let store = stores(&sim)[0];
    let chosen = |role, profile| trustpoint::to_sign(&[], role, profile, store).decision;
    assert_eq!(
        chosen(Role::Initiator, profile).value.as_deref(),
        Some("IOSCA1")
    );
    let responder = chosen(Role::Responder, profile);
    assert_eq!(
        (responder.value.as_deref(), responder.rule.0),
        (Some("IOSCA2"), "U-5")
    );
}
