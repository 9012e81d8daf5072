//! The text of negotiations that the simulator ran, and what holds for every lab.

use ike_core::policy::{Decision, Subject};
use ike_core::sa::{Role, SaId};

use super::*;
use crate::lab::{Case, Keys, Outcome, Software, embedded_folders, simulate};

const KEY_BITS: u32 = 768;

fn run_lab(folder: &str, keys: &Keys) -> (Case, Outcome) {
    let mut case = Case::embedded(folder).unwrap();
    case.key_bits = KEY_BITS;
    let outcome = simulate(&case, keys, 1).unwrap();
    (case, outcome)
}

fn explained(folder: &str, router: &str) -> String {
    let (_, outcome) = run_lab(folder, &Keys::default());
    let records = [outcome.records[router].clone()];
    without_key(&text(&numbered(&records)[0]))
}

/// Keys are drawn anew for each run.
fn without_key(text: &str) -> String {
    let word = |word: &str| {
        let hex = word.trim_end_matches(')');
        match hex.len() == 40 && hex.chars().all(|c| c.is_ascii_hexdigit()) {
            true => word.replace(hex, "KEY"),
            false => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// T-02: the tech note's failure, as R1 tells it that ends it.
#[test]
fn the_tech_notes_failure_is_told_with_its_lines() {
    assert_eq!(explained("t-02", "R1"), include_str!("golden/t-02-r1.txt"));
}

/// T-58: of three equal profiles the last is bound, and the tunnel wants the first.
#[test]
fn refused_traffic_selectors_are_told_with_the_profile_at_fault() {
    assert_eq!(explained("t-58", "R2"), include_str!("golden/t-58-r2.txt"));
}

/// What is built in has no line; a line that would change the decision may not be there yet.
fn may_be_absent(subject: &Subject) -> bool {
    let opening = subject.opening();
    let optional = [
        "crypto ikev2 policy default",
        "crypto ikev2 proposal default",
        "set isakmp-profile",
        "set ikev2-profile",
        "identity local",
        "match identity remote",
        "revocation-check",
        "crypto isakmp key",
    ];
    optional.contains(&opening.as_str())
}

/// Whatever a decision of a lab goes back to stands in the configuration of its router.
#[test]
fn every_decision_of_every_lab_finds_its_lines() {
    let keys = Keys::default();
    let mut told = 0;
    for folder in embedded_folders() {
        let (case, outcome) = run_lab(folder, &keys);
        for router in case.routers.iter().filter(|r| r.software == Software::Ikd) {
            let Some(record) = outcome.records.get(&router.name) else {
                continue;
            };
            for decision in &record.decisions {
                let missing = |s: &&Subject| s.places(&router.places).is_empty();
                let lost = decision.about.iter().filter(missing);
                let lost: Vec<_> = lost.filter(|s| !may_be_absent(s)).collect();
                assert!(
                    lost.is_empty(),
                    "{folder} {}: {decision:#?}\n{lost:#?}",
                    router.name
                );
                told += decision.about.len();
            }
            let failed = record.stopped_at.is_some() && !record.up;
            assert!(
                !failed || cause(record).is_some(),
                "{folder} {}: {record:#?}",
                router.name
            );
        }
    }
    assert!(told > 500, "{told} lines");
}

fn record(sequence: u64, peer: &str, protection: Option<&str>) -> Record {
    let mut record = Record::new(SaId(sequence), Role::Initiator, peer.to_owned());
    record.protection = protection.map(str::to_owned);
    record.connection = Some(1000 + u32::try_from(sequence).unwrap());
    record.spi = Some(format!("00112233445566{sequence:02x}"));
    record
}

/// By number, purpose, peer and SA; of several the newest.
#[test]
fn a_negotiation_is_found_by_any_of_its_names() {
    let records = [
        record(1, "192.168.0.2", Some("Tunnel1")),
        record(2, "192.168.0.3", None),
        record(10, "192.168.0.2", Some("Tunnel1")),
    ];
    let all = numbered(&records);
    let found = |name: &str| select(&all, name).map(|n| n.number);
    for (name, number) in [
        ("last", 3),
        ("2", 2),
        ("Tunnel1", 3),
        ("tunnel1", 3),
        ("192.168.0.2", 3),
        ("192.168.0.3", 2),
        ("1001", 1),
        ("sa:1002", 2),
        ("0011223344556601", 1),
        ("001122334455660A", 3),
    ] {
        assert_eq!(found(name), Ok(number), "{name}");
    }
    let unknown = select(&all, "Tunnel9").unwrap_err();
    assert_eq!(
        unknown,
        "no negotiation is called `Tunnel9`; there are:
  1  Tunnel1      IKEv1 with 192.168.0.2, conn-id 1001: under way
  2  -            IKEv1 with 192.168.0.3, conn-id 1002: under way
  3  Tunnel1      IKEv1 with 192.168.0.2, conn-id 1010: under way
"
    );
    assert!(select(&[], "last").is_err());
}

/// J4: what a peer writes does not reach the terminal as it is, in whatever part of the tree.
#[test]
fn nothing_of_a_peer_reaches_the_terminal_raw() {
    let evil = "\u{1b}[31m\u{202e}";
    let mut hostile = record(1, evil, Some(evil));
    let candidate = Candidate::new(evil, Some(Subject::block(evil)));
    let decision = Decision::new((), "S-041", evil)
        .about([Subject::trustpoint(evil)])
        .among([candidate.rejected("S-041", evil).step(evil, false)]);
    hostile.note(evil, &decision);
    hostile.stop(evil, evil);
    let shown = text(&numbered(&[hostile])[0]);
    assert!(shown.contains("\\x1b[31m"));
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

/// What chose and what failed are seen at a glance.
#[test]
fn candidates_have_marks() {
    let mut record = record(1, "192.168.0.2", None);
    let decision = Decision::new((), "S-041", "only prof1 matches").among([
        Candidate::new("profile prof1", None).chosen(),
        Candidate::new("profile prof2", None)
            .rejected("S-096", "match identity host R9 does not fit")
            .step("match identity host R9", false)
            .step("match identity host R2", true),
        Candidate::new("profile prof3", None),
    ]);
    record.note("the peer is bound to prof1", &decision);
    let shown = text(&numbered(&[record])[0]);
    let tree = shown.split_once("  Decisions:\n").unwrap().1;
    assert_eq!(
        tree,
        "    S-041  the peer is bound to prof1
           because only prof1 matches
           * profile prof1
           x profile prof2: S-096 match identity host R9 does not fit
               NO match identity host R9
               ok match identity host R2
           - profile prof3
"
    );
}
