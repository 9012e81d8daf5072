//! Predictions of pairs that are known, and agreement with `ikd lab run --simulate`.

use std::path::PathBuf;

use clap::Parser;

use super::*;
use crate::lab::{Outcome, embedded_folders, simulate};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: PredictArgs,
}

fn lab(file: &str) -> String {
    let labs = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/labs");
    format!("{labs}/{file}")
}

/// The tech note's pair with these options.
fn args(options: &[&str]) -> PredictArgs {
    let files = [lab("t-01/r1.cfg"), lab("t-01/r2.cfg")];
    let line = std::iter::once("predict".to_owned()).chain(files);
    let line = line.chain(options.iter().map(|o| (*o).to_owned()));
    Line::try_parse_from(line).unwrap().args
}

fn tech_note(options: &[&str]) -> Prediction {
    prediction(&args(options)).unwrap()
}

fn small(folder: &str) -> Case {
    let mut case = Case::embedded(folder).unwrap();
    case.key_bits = KEY_BITS;
    case
}

/// S-010, S-012, S-050, S-053: the tech note's asymmetry.
#[test]
fn r1_can_start_and_r2_fails_at_mm5() {
    let found = tech_note(&[]);
    assert!(!found.up);
    let [first, second] = &found.directions[..] else {
        panic!("two directions")
    };
    assert!(first.verdict.up && first.causes().is_empty());
    assert_eq!(first.verdict.initiator, "R1");
    assert_eq!(second.verdict.stopped_at.as_deref(), Some("MM5"));
    assert_eq!(second.decided_on.as_deref(), Some("R1"));
    assert_eq!(second.verdict.signed_with["R2"], "IOSCA2");
    assert_eq!(second.verdict.profile["R1"], "prof1");
    let causes = second.causes();
    let rules: Vec<_> = causes.iter().map(|c| c.explained.rule.as_str()).collect();
    assert_eq!(rules, ["S-030", "S-030", "S-041", "S-050", "S-053"]);
    assert!(!second.fixes.is_empty() && first.fixes.is_empty());
    assert_eq!(
        (causes[0].router.as_str(), causes[3].router.as_str()),
        ("R2", "R1")
    );
}

/// S-050: the line at fault is the one that restricts R1, not the block around it.
#[test]
fn the_line_at_fault_is_named() {
    let found = tech_note(&[]);
    let causes = found.directions[1].causes();
    let line = &causes[3].lines[0];
    assert_eq!((line.line, line.column), (27, 3));
    assert_eq!(line.command, "ca trust-point IOSCA1");
    let source = std::fs::read_to_string(&line.file).unwrap();
    let text = source.lines().nth(line.line - 1).unwrap();
    assert_eq!(text.trim(), line.command);
    assert!(line.file.ends_with("t-01/r1.cfg"), "{}", line.file);
}

/// S-095, S-076: profiles of IKEv2 that match alike are all named, and the one that believes by its line.
#[test]
fn overlapping_profiles_are_named_by_line() {
    let case = small("t-58");
    let found = predict(&case, &Keys::default()).unwrap();
    let failed = &found.directions[case.initiator];
    let lines = |rule: &str| {
        let causes = failed.causes().into_iter();
        let mut causes = causes.filter(|c| c.explained.rule == rule);
        let lines = causes.next().map(|c| &c.lines).into_iter().flatten();
        let lines = lines.map(|l| (l.line, l.command.as_str()));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(failed.decided_on.as_deref(), Some("R2"));
    // The match statements of profile3 and profile2.
    let same = "match identity remote address 192.168.0.1 255.255.255.255";
    assert_eq!(lines("S-095"), [(44, same), (37, same)]);
    assert_eq!(lines("S-076"), [(48, "pki trustpoint TP1")]);
}

/// S-020: with IOSCA1 enrolled last R1 asks for CA1 first, and R2 signs with that.
#[test]
fn with_the_other_order_both_can_start() {
    let found = tech_note(&["--order", "R1=IOSCA1,IOSCA2"]);
    assert!(found.up);
    assert_eq!(found.order["R1"], ["IOSCA1", "IOSCA2"]);
    assert_eq!(found.directions[1].verdict.signed_with["R2"], "IOSCA1");
}

/// S-030: what is not enrolled cannot sign.
#[test]
fn a_trustpoint_that_is_not_enrolled_signs_nothing() {
    let found = tech_note(&["--enrolled", "R2=IOSCA1"]);
    assert!(found.up, "{}", text::text(&found));
    assert_eq!(found.order["R2"], ["IOSCA1"]);
}

/// P-001, S-020: from an order that works the counter-example is one renewal away.
#[test]
fn all_orders_find_the_nearest_that_fails() {
    let found = tech_note(&["--order", "R1=IOSCA1,IOSCA2", "--all-orders"]);
    assert!(found.up, "the given order counts");
    let all = found.all_orders.as_ref().unwrap();
    assert_eq!(all.orders, 4);
    let [first, second] = &all.directions[..] else {
        panic!("two directions")
    };
    assert_eq!((first.up, first.fails.as_ref()), (4, None));
    assert_eq!(second.up, 2);
    let example = second.fails.as_ref().unwrap();
    assert_eq!(example.swaps, 1);
    assert_eq!(example.order["R1"], ["IOSCA2", "IOSCA1"]);
    assert_eq!(example.order["R2"], found.order["R2"]);
    assert_eq!(example.stopped_at.as_deref(), Some("MM5"));
    assert_eq!(second.comes_up.as_ref().unwrap().swaps, 0);
}

/// Orders of five are too many, and the way out is told.
#[test]
fn more_than_four_trustpoints_are_refused_with_the_way_out() {
    let mut case = small("t-01");
    case.routers[1].order = ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec();
    let error = orders::try_all(&case, &Keys::default()).unwrap_err();
    assert_eq!(error.code, 2);
    assert!(error.text.contains("--enrolled R2="), "{error}");
}

/// Everything that decides is on the screen, with its rule; one screen has 24 lines of what matters.
#[test]
fn the_text_names_rules_and_lines_within_a_screen() {
    let shown = text::text(&tech_note(&["--all-orders"]));
    for part in [
        "IKEv1  R1 -> R2     UP",
        "IKEv1  R2 -> R1     FAILS  at MM5 on R1: %CRYPTO-5-IKMP_INVALID_CERT",
        "   R1: MM3 asks for CA1 (S-010), signs with IOSCA1 (S-032), profile prof1",
        "   R1: MM4 asks for CA2 CA1 P5 (S-012), ",
        "R2 S-030: we sign with IOSCA2: certificate request 1 of 7",
        "r1.cfg:27:3  ca trust-point IOSCA1",
        "R1 S-053: the certificate of the peer is refused\n",
        "fixes: (a) ",
        "re-enrol IOSCA1 on R1, the newest then (order only; breaks again at the next renewal)",
        "R2 -> R1     2 of 4 come up",
        "fails at MM5 with R1=IOSCA2,IOSCA1 R2=IOSCA2,IOSCA1 (as given)",
        "comes up with R1=IOSCA1,IOSCA2 R2=IOSCA2,IOSCA1 (1 swap)",
    ] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    assert!(shown.lines().count() <= 40, "{shown}");
    let first: Vec<&str> = shown.lines().take(10).collect();
    assert!(first.join("\n").contains("r1.cfg:27:3"), "{shown}");
}

#[test]
fn json_has_the_verdict_and_the_decisions_of_each_direction() {
    let value = serde_json::to_value(tech_note(&[])).unwrap();
    assert_eq!(value["up"], false);
    let second = &value["directions"][1];
    assert_eq!(second["stopped_at"], "MM5");
    assert_eq!(second["decided_on"], "R1");
    let decisions = second["decisions"].as_array().unwrap();
    let last = decisions.iter().rfind(|d| d["router"] == "R1").unwrap();
    assert_eq!(last["rule"], "S-053");
    assert!(value.get("all_orders").is_none());
}

/// 3 = configuration invalid, 2 = a trustpoint that there is not; a caret leads to the fault.
#[test]
fn mistakes_have_their_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.cfg");
    std::fs::write(&bad, "hostname R1\ncrypto isakmp policy 10\n encr 4des\n").unwrap();
    let with = |first: PathBuf| PredictArgs { first, ..args(&[]) };
    let error = prediction(&with(bad)).unwrap_err();
    assert_eq!(error.code, 3);
    assert!(error.text.contains("bad.cfg:3:"), "{error}");
    assert_eq!(
        prediction(&with(dir.path().join("none"))).unwrap_err().code,
        3
    );
    assert_eq!(
        prediction(&args(&["--order", "R1=NOPE"])).unwrap_err().code,
        2
    );
}

/// A router without tunnel or crypto map has nothing to start.
#[test]
fn a_router_without_a_tunnel_does_not_come_up() {
    let dir = tempfile::tempdir().unwrap();
    let bare = dir.path().join("bare.cfg");
    std::fs::write(
        &bare,
        "hostname R1\ninterface Ethernet0/0\n ip address 192.168.0.1 255.255.255.0\n",
    )
    .unwrap();
    let found = prediction(&PredictArgs {
        first: bare,
        ..args(&[])
    })
    .unwrap();
    assert!(found.directions.iter().all(|d| !d.verdict.up));
    assert!(
        text::text(&found).contains("R1 -> R2     FAILS"),
        "{}",
        text::text(&found)
    );
}

/// The negotiation alone is what a prediction knows.
fn can_be_predicted(case: &Case) -> bool {
    case.negotiates && case.step_count() == 0 && case.cas.is_empty() && case.faults.is_empty()
}

/// What must be equal; reasons name serial numbers and key identifiers of certificates.
fn essence(outcome: &Outcome) -> String {
    let verdict = &outcome.verdict;
    let asked: Vec<_> = verdict.certreq.iter().collect();
    format!(
        "{} up {} {:?} on {:?} {asked:?} {:?} {:?}",
        verdict.version,
        verdict.up,
        verdict.stopped_at,
        outcome.decided_on,
        verdict.signed_with,
        verdict.profile
    )
}

/// Nothing is modelled twice: every lab without steps and faults ends as it is predicted.
#[test]
fn every_lab_ends_as_predicted() {
    let keys = Keys::default();
    let mut count = 0;
    for folder in embedded_folders() {
        let case = small(folder);
        if !can_be_predicted(&case) {
            continue;
        }
        count += 1;
        let lab = simulate(&case, &keys, SEED).unwrap();
        let found = predict(&case, &keys).unwrap();
        let direction = &found.directions[case.initiator];
        let predicted = Outcome {
            verdict: direction.verdict.clone(),
            decided_on: direction.decided_on.clone(),
            ..lab.clone()
        };
        assert_eq!(essence(&predicted), essence(&lab), "{folder}");
    }
    assert!(count >= 40, "only {count} labs were looked at");
}
