//! One direction: who starts, what came of it, and the decisions that led there.

use ike_core::sa::record::{Explained, Record};
use ike_core::verdict::Verdict;
use serde::Serialize;

use super::SEED;
use super::fixes::Fix;
use super::place::{self, Line};
use crate::lab::{Case, Keys, LabError, Outcome, RouterCase, rehearse_both};

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
    /// Changes after which it comes up, where it does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
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

/// Lines at fault that are told at most.
const AT_FAULT: usize = 4;

impl Cause {
    /// Something was refused or not found, or a profile was bound and that is the reason.
    fn is_adverse(&self, reason: &str) -> bool {
        let decision = self.explained.decision.as_str();
        let binding = decision.starts_with("the peer is bound to");
        let refusal = [" no ", "nothing", "refused", " not "]
            .iter()
            .any(|word| decision.contains(word));
        let found_nothing = refusal || decision.starts_with("no ");
        if binding {
            return reason.contains("bound to") || found_nothing;
        }
        found_nothing
    }
}

impl Direction {
    /// What led to a failure, in order: the decision by which the other router signs; of the router on which it
    /// ended those that go back to a line, and the last one. None where it came up.
    pub fn causes(&self) -> Vec<&Cause> {
        let Some(on) = self.decided_on.as_deref() else {
            return Vec::new();
        };
        let (ours, theirs): (Vec<&Cause>, Vec<&Cause>) =
            self.decisions.iter().partition(|c| c.router == on);
        let signed = theirs.into_iter().filter(|c| self.signs(c));
        let last = ours.last().copied();
        let telling = ours.into_iter();
        // What it asked for stands with the requests.
        let telling = telling.filter(|c| !c.explained.decision.contains("asks for "));
        let telling = telling.filter(|c| !c.lines.is_empty() || Some(*c) == last);
        signed.chain(telling).collect()
    }

    /// The lines at fault: those of what the router that ended it refused or did not find, and of the profile it bound
    /// where that is the reason; otherwise those of the last decision. Each once, a few.
    pub fn at_fault(&self) -> Vec<Line> {
        let reason = self.verdict.reason.as_deref().unwrap_or_default();
        let causes = self.causes().into_iter();
        let ours = causes.filter(|c| Some(&c.router) == self.decided_on.as_ref());
        let ours: Vec<&Cause> = ours.collect();
        let adverse = ours.iter().filter(|c| c.is_adverse(reason));
        let mut lines: Vec<Line> = Vec::new();
        for line in adverse.flat_map(|c| &c.lines) {
            if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
        if lines.is_empty() {
            lines.extend(ours.last().into_iter().flat_map(|c| c.lines.clone()));
        }
        lines.truncate(AT_FAULT);
        lines
    }

    /// The rule by which a router asks for what it asks for.
    pub(super) fn rule_of_request(&self, router: &str) -> Option<&str> {
        self.rule(router, |c| c.explained.decision.contains("asks for "))
    }

    /// The rule by which a router signs as it does, or not.
    pub(super) fn rule_of_signature(&self, router: &str) -> Option<&str> {
        self.rule(router, |c| {
            self.signs(c) || c.explained.decision == "nothing signs"
        })
    }

    /// The rule by which a router binds its profile.
    pub(super) fn rule_of_profile(&self, router: &str) -> Option<&str> {
        self.rule(router, |c| {
            c.explained.decision.starts_with("the peer is bound to ")
        })
    }

    fn rule(&self, router: &str, is_it: impl Fn(&Cause) -> bool) -> Option<&str> {
        let mut causes = self.decisions.iter();
        let found = causes.find(|c| c.router == router && is_it(c));
        found.map(|c| c.explained.rule.as_str())
    }

    fn signs(&self, cause: &Cause) -> bool {
        let decision = &cause.explained.decision;
        let trustpoint = self.verdict.signed_with.get(&cause.router);
        trustpoint.is_some_and(|tp| {
            *decision == format!("we sign with {tp}") || *decision == format!("{tp} signs")
        })
    }
}

/// Runs a case in both directions; the first router starts, then the second.
///
/// # Errors
/// Keys or certificates cannot be made.
pub(super) fn both(case: &Case, keys: &Keys) -> Result<Vec<Direction>, LabError> {
    let outcomes = rehearse_both(case, keys, SEED)?.into_iter().enumerate();
    let told = outcomes.map(|(initiator, outcome)| {
        let case = Case {
            initiator,
            ..case.clone()
        };
        told(&case, outcome)
    });
    Ok(told.collect())
}

/// What led to a failure, first things first; nothing where it came up.
/// With them the lines at fault.
pub(crate) fn causes_of(case: &Case, outcome: &Outcome) -> (Vec<Cause>, Vec<Line>) {
    let direction = told(case, outcome.clone());
    let causes = direction.causes().into_iter().cloned().collect();
    match direction.verdict.up {
        true => (causes, Vec::new()),
        false => (causes, direction.at_fault().to_vec()),
    }
}

fn told(case: &Case, outcome: Outcome) -> Direction {
    let routers = [case.initiator(), case.responder()];
    let decisions = routers.into_iter().flat_map(|r| causes(r, &outcome));
    Direction {
        responder: case.responder().name.clone(),
        decisions: decisions.collect(),
        decided_on: outcome.decided_on,
        verdict: outcome.verdict,
        fixes: Vec::new(),
    }
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
