//! Stories of stories.

use super::*;
use crate::lab::{Case, Keys};

fn told(lab: &str) -> Story {
    let mut case = Case::embedded(lab).unwrap();
    case.key_bits = 512;
    case.until_given_up = true;
    simulated(&case, &Keys::default()).unwrap()
}

/// S-053, S-054: R2 starts; MM5 is opened, the refusal stands at it, MM4 and MM5 repeat.
#[test]
fn the_tech_notes_failure_is_told_message_by_message() {
    let story = told("t-02");
    assert_eq!(story.outcome(), "FAILS at MM5 on R1");
    let labels: Vec<&str> = story.messages.iter().map(|m| m.label.as_str()).collect();
    assert_eq!(
        labels.get(..7).unwrap(),
        ["MM1", "MM2", "MM3", "MM4", "MM5", "MM4", "MM5"]
    );
    let mm5 = &story.messages[4];
    assert!(mm5.sealed && mm5.note.is_none(), "{mm5:?}");
    let names: Vec<&str> = mm5.payloads.iter().map(|p| p.payload.as_str()).collect();
    assert!(
        names.starts_with(&["Identification", "Certificate", "Signature"]),
        "{names:?}"
    );
    let refused = |r: &&Remark| r.text().contains("is refused");
    let remark = mm5.remarks.iter().find(refused).unwrap();
    assert_eq!(story.parties[remark.party].name, "R1");
    assert_eq!(story.messages[5].repeats, Some(3));
    assert!(!story.causes.is_empty());
}

/// S-078: the same for IKEv2; names are those of the exchanges.
#[test]
fn a_failure_of_ikev2_is_told() {
    let story = told("t-58");
    let labels: Vec<&str> = story.messages.iter().map(|m| m.label.as_str()).collect();
    assert_eq!(
        labels.get(..4).unwrap(),
        [
            "IKE_SA_INIT request",
            "IKE_SA_INIT response",
            "IKE_AUTH request",
            "IKE_AUTH response"
        ]
    );
    assert!(
        story.messages[2]
            .payloads
            .iter()
            .any(|p| p.payload == "CERT"),
        "no CERT"
    );
}

/// A trace is mailed around: it reads back, and no secret is in it.
#[test]
fn a_story_reads_back() {
    let story = told("t-01");
    let text = serde_json::to_string(&story).unwrap();
    let again: Story = serde_json::from_str(&text).unwrap();
    assert_eq!(again.messages, story.messages);
    assert_eq!(again.parties, story.parties);
}
