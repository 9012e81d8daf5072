//! One direction: who starts, what came of it, and the decisions that led there.

use ike_core::sa::record::{Explained, Record};
use ike_core::verdict::Verdict;
use serde::Serialize;

use super::SEED;
use super::place::{self, Line};
use crate::lab::{Case, Keys, LabError, Outcome, RouterCase, rehearse};

/// What comes of it when one router starts.
#[derive(Clone, Debug, Serialize)]
pub struct Direction {
    /// The verdict, as `ikd lab run --json` prints it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The router that answers.
    pub responder: String,
    /// The router on which it ended.
    pub decided_on: Option<String>,
    /// The decisions of both routers with their rules: the initiator's, then the responder's.
    pub decisions: Vec<Cause>,
}

/// A decision of a router, its rule, and the lines of its configuration that it goes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The router that decided.
    pub router: String,
    /// Rule number, decision and reason.
    #[serde(flatten)]
    pub explained: Explained,
    /// Where the profile or trustpoint stands that it names.
    pub lines: Vec<Line>,
}

impl Direction {
    /// The decisions of the router on which it ended, the last one last; none where it came up.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        let on = self.decided_on.as_deref();
        let causes = self.decisions.iter();
        causes.filter(move |c| Some(c.router.as_str()) == on)
    }
}

/// Runs a case with that router as the initiator.
///
/// # Errors
/// Keys or certificates cannot be made.
pub(super) fn of(case: &Case, initiator: usize, keys: &Keys) -> Result<Direction, LabError> {
    let case = Case {
        initiator,
        ..case.clone()
    };
    let outcome = rehearse(&case, keys, SEED)?;
    let routers = [case.initiator(), case.responder()];
    let decisions = routers.into_iter().flat_map(|r| causes(r, &outcome));
    Ok(Direction {
        responder: case.responder().name.clone(),
        decisions: decisions.collect(),
        decided_on: outcome.decided_on,
        verdict: outcome.verdict,
    })
}

fn causes(router: &RouterCase, outcome: &Outcome) -> Vec<Cause> {
    let record = outcome.records.get(&router.name);
    let decisions = record.map_or(&[][..], |r: &Record| r.decisions.as_slice());
    let cause = |explained: &Explained| Cause {
        router: router.name.clone(),
        lines: place::lines(router, explained),
        explained: explained.clone(),
    };
    decisions.iter().map(cause).collect()
}
