//! The text of a negotiation: verdict and cause, then the tree of decisions.

use std::fmt::Write;

use ike_core::policy::{Candidate, Subject};
use ike_core::sa::record::{Explained, Record};

use super::Negotiation;

/// All of it. `*` is what was chosen, `x` what was rejected, `-` what nobody looked at.
#[must_use]
pub fn text(negotiation: &Negotiation) -> String {
    let record = &negotiation.record;
    let mut out = heading(negotiation);
    if let Some(cause) = cause(record) {
        line(
            &mut out,
            1,
            &format!("Cause: {} {}", cause.rule, cause.decision),
        );
        for place in cause.about.iter().take(SHOWN).map(place) {
            line(&mut out, 4, &place);
        }
    }
    facts(&mut out, record);
    line(&mut out, 1, "Decisions:");
    for decision in &record.decisions {
        told(&mut out, decision);
    }
    out
}

/// Lines of the configuration that are shown of one decision.
const SHOWN: usize = 4;

/// How it ended, in one line.
#[must_use]
pub fn verdict(record: &Record) -> String {
    match (record.up, &record.stopped_at) {
        // The first end is kept: an SA that was up and was taken down later has both.
        (true, None) => "up".to_owned(),
        (true, Some(at)) => format!("was up, ended at {at}: {}", reason(record)),
        (false, Some(at)) => format!("failed at {at}: {}", reason(record)),
        (false, None) => "under way".to_owned(),
    }
}

/// The decision that ended it: the last one whose reason is part of that of the end.
#[must_use]
pub fn cause(record: &Record) -> Option<&Explained> {
    let why = record.reason.as_deref().filter(|_| !record.up)?;
    let mut decisions = record.decisions.iter().rev();
    decisions.find(|d| !d.because.is_empty() && why.contains(&d.because))
}

fn reason(record: &Record) -> &str {
    record.reason.as_deref().unwrap_or("no reason recorded")
}

fn heading(negotiation: &Negotiation) -> String {
    let record = &negotiation.record;
    let role = match record.initiator {
        true => "initiator",
        false => "responder",
    };
    let version = match record.version {
        2 => "IKEv2",
        _ => "IKEv1",
    };
    let (number, peer, verdict) = (negotiation.number, &record.peer, verdict(record));
    format!("Negotiation {number} of {version} with {peer} as {role}: {verdict}\n")
}

fn facts(out: &mut String, record: &Record) {
    if let Some(requests) = &record.certreq {
        let message = &requests.message;
        line(out, 1, &format!("Certificate requests in our {message}:"));
        requests
            .issuers
            .iter()
            .for_each(|issuer| line(out, 2, issuer));
    }
    let mut fact = |label: &str, value: Option<&str>| {
        line(out, 1, &format!("{label} {}", value.unwrap_or("(none)")));
    };
    fact("Signed with:", record.signed_with.as_deref());
    fact("Profile:", record.profile.as_deref());
    let (label, done) = match record.version {
        2 => ("IKE SA:", "established"),
        _ => ("Phase 1:", "complete"),
    };
    let state = match record.phase1 {
        true => done.to_owned(),
        false => format!("not {done}"),
    };
    fact(label, Some(&state));
}

fn told(out: &mut String, decision: &Explained) {
    let (rule, what) = (&decision.rule, &decision.decision);
    line(out, 2, &format!("{rule:<6} {what}"));
    deeper(out, &format!("because {}", decision.because));
    for place in decision.about.iter().take(SHOWN).map(place) {
        deeper(out, &format!("by {place}"));
    }
    for candidate in &decision.candidates {
        considered(out, candidate);
    }
}

fn considered(out: &mut String, candidate: &Candidate) {
    let name = &candidate.name;
    deeper(
        out,
        &match (&candidate.rejected, candidate.chosen) {
            (Some(no), _) => format!("x {name}: {} {}", no.rule, no.because),
            (None, true) => format!("* {name}"),
            (None, false) => format!("- {name}"),
        },
    );
    for step in &candidate.steps {
        let mark = match step.passed {
            true => "ok",
            false => "NO",
        };
        deeper(out, &format!("    {mark} {}", step.what));
    }
}

/// `ca trust-point IOSCA1 (crypto isakmp profile prof1)`.
fn place(subject: &Subject) -> String {
    match subject {
        Subject::Line { block, command } => format!("{command} ({block})"),
        other => other.opening(),
    }
}

/// Below a decision, under its text.
fn deeper(out: &mut String, text: &str) {
    let _ = writeln!(out, "           {text}");
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:width$}{text}", "", width = 2 * depth);
}
