//! Stories of replays.

use clap::Parser;

use super::*;
use crate::lab::Keys;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    edits: Edits,
}

fn edits(words: &[&str]) -> Edits {
    Line::parse_from([&["replay"], words].concat()).edits
}

fn recorded(lab: &str) -> Story {
    let mut case = Case::embedded(lab).unwrap();
    case.key_bits = 512;
    simulated(&case, &Keys::default()).unwrap()
}

fn replayed(story: &Story, words: &[&str]) -> Replay {
    again(story, &edits(words)).unwrap().0
}

/// Equal configurations and stores decide equally, whatever the keys.
#[test]
fn an_unchanged_replay_agrees_with_the_record() {
    for lab in ["t-01", "t-02", "t-50", "t-58"] {
        let replay = replayed(&recorded(lab), &[]);
        assert!(replay.same_end, "{lab}: {}", compare::text(&replay));
        assert!(
            replay.steps.iter().all(|s| s.same),
            "{lab}: {}",
            compare::text(&replay)
        );
        assert_eq!(replay.code(), u8::from(!replay.up), "{lab}");
    }
}

/// S-030, S-050: the tech note's failure goes away by either end of it.
#[test]
fn what_would_have_happened() {
    let story = recorded("t-02");
    for words in [
        &["--set", "R1:trustpoint=IOSCA1,IOSCA2"][..],
        &["--reorder", "R1"],
        &["--reorder", "R1=IOSCA1,IOSCA2"],
        &["--set", "R2:enrolled=IOSCA1"],
        &["--initiate", "R1"],
    ] {
        let replay = replayed(&story, words);
        assert!(
            replay.up && !replay.same_end,
            "{words:?}: {}",
            compare::text(&replay)
        );
        assert_eq!(replay.code(), 0);
        assert_eq!(replay.changed.len(), 1);
    }
    let worse = replayed(&story, &["--set", "R2:trustpoint=IOSCA2"]);
    assert_eq!(worse.code(), 1, "{}", compare::text(&worse));
    let text = compare::text(&replayed(&story, &["--reorder", "R1"]));
    assert!(
        text.contains("now   R2: we sign with IOSCA1 [S-030]"),
        "{text}"
    );
    assert!(
        text.contains("then  R2: we sign with IOSCA2 [S-030]"),
        "{text}"
    );
}

/// What is named and is not there is said, with what there is.
#[test]
fn mistakes_are_told() {
    let story = recorded("t-02");
    let refused = |words: &[&str]| again(&story, &edits(words)).unwrap_err();
    let unknown = refused(&["--reorder", "R3"]);
    assert!(
        unknown.text.contains("there are R1 and R2"),
        "{}",
        unknown.text
    );
    assert_eq!(refused(&["--set", "R1:config=/nowhere"]).code, 3);
    assert!(Line::try_parse_from(["replay", "--set", "R1:colour=red"]).is_err());
    let mut alone = story.clone();
    alone.parties[1].config.clear();
    let lacking = again(&alone, &edits(&[])).unwrap_err();
    assert!(
        lacking.text.contains("--set HOST:config=FILE"),
        "{}",
        lacking.text
    );
}
