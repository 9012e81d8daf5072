//! `ikd replay`: a recorded negotiation run again from its trace, as it was or with something changed.
//!
//! A trace has the configurations and the order of enrolment, not the keys: the simulator makes its own, and what is
//! compared is who sends which message with which payloads, what is decided, and how it ends.

mod compare;
mod edits;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::{complain, print};
use crate::lab::{Case, Keys, LabError};
use crate::predict::KEY_BITS;
use crate::report::{read, write_as};
use crate::story::{Story, json, simulated};
use compare::Step;
use edits::Edits;

const EXAMPLES: &str = "Examples:
  ikd report R1.cfg R2.cfg -o case.json                   a trace; so does ikd lab run --out DIR, ikd lab report
  ikd replay case.json                                    again as it was, message by message
  ikd replay case.json --set R1:trustpoint=IOSCA2         R1's profiles name IOSCA2 alone
  ikd replay case.json --reorder R1                       R1 enrolled in the opposite order
  ikd replay case.json --reorder R1=IOSCA1,IOSCA2         R1 enrolled IOSCA1 last
  ikd replay case.json --set R2:config=R2-new.cfg         R2 has another configuration
  ikd replay case.json --initiate R2 -o other.html        the other one starts; a report of it

Exit code: 0 the tunnel comes up, 1 it does not, 2 usage, 3 a configuration is invalid,
9 unchanged, and yet it comes out otherwise than recorded.";

/// `ikd replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// A trace: a report in the form json.
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    #[command(flatten)]
    edits: Edits,
    /// A report of what comes out, in the form that the ending names.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Every step and the two outcomes as JSON.
    #[arg(long)]
    json: bool,
}

/// What a replay shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Replay {
    /// Something was changed.
    pub(crate) changed: Vec<String>,
    /// How it ended then.
    pub(crate) recorded: String,
    /// How it ends now.
    pub(crate) outcome: String,
    /// It ends as it did.
    pub(crate) same_end: bool,
    /// What the trace does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lacking: Option<&'static str>,
    /// Message by message.
    pub(crate) steps: Vec<Step>,
    #[serde(skip)]
    up: bool,
}

/// Why a lab with steps may end otherwise.
const PLAYED: &str = "the recorded lab had steps of operators or CAs (revoked, renewed, restarted); a replay has none";

/// Exit codes.
const FAILED: u8 = 1;
const OTHERWISE: u8 = 9;

/// Does it and says what came of it.
pub fn run(args: &ReplayArgs) -> ExitCode {
    match replay(args) {
        Ok(replay) => {
            print(&match args.json {
                true => json(&replay),
                false => compare::text(&replay),
            });
            ExitCode::from(replay.code())
        }
        Err(e) => {
            complain(&e.text);
            ExitCode::from(e.code)
        }
    }
}

fn replay(args: &ReplayArgs) -> Result<Replay, LabError> {
    let recorded = read(&args.trace)?;
    let (replay, story) = again(&recorded, &args.edits)?;
    if let Some(path) = &args.out {
        write_as(path, &story)?;
    }
    Ok(replay)
}

/// Runs a recorded negotiation again with these changes.
///
/// # Errors
/// A router, trustpoint or file is named that there is not, or a configuration has errors.
fn again(recorded: &Story, edits: &Edits) -> Result<(Replay, Story), LabError> {
    let case = edits.case(recorded)?;
    let story = simulated(&case, &Keys::default())?;
    let replay = Replay {
        changed: edits.said(),
        recorded: recorded.outcome(),
        outcome: story.outcome(),
        same_end: recorded.verdict.up == story.verdict.up
            && recorded.verdict.stopped_at == story.verdict.stopped_at
            && recorded.decided_on == story.decided_on,
        lacking: recorded.wire.played.then_some(PLAYED),
        steps: compare::steps(recorded, &story),
        up: story.verdict.up,
    };
    Ok((replay, story))
}

impl Replay {
    fn code(&self) -> u8 {
        let unchanged = self.changed.is_empty() && self.lacking.is_none();
        match (self.up, unchanged && !self.same_end) {
            (_, true) => OTHERWISE,
            (true, false) => 0,
            (false, false) => FAILED,
        }
    }
}

/// The case of a story.
///
/// # Errors
/// It has not two routers, or a configuration in it has errors.
fn case_of(story: &Story, texts: Vec<(String, String)>) -> Result<Case, LabError> {
    let mut case = Case::from_texts("replay".to_owned(), texts)?;
    case.title.clone_from(&story.title);
    case.key_bits = KEY_BITS;
    story.wire.put(&mut case);
    Ok(case)
}
