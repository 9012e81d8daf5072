//! `ikd explain`: a negotiation as a tree, from its record. The verdict and its cause come first, then every decision
//! with its rule, what of the configuration it goes back to, and what else was considered.
//!
//! `show crypto explain` prints the same text.

mod select;
mod text;

use std::path::Path;
use std::process::ExitCode;

use ike_core::policy::{Candidate, Subject};
use ike_core::sa::record::{CertificateRequests, Explained, Record};
use ike_core::trace::escaped;
use serde::Serialize;

use crate::ask::records;
use crate::cli::{complain, print};

pub use select::select;
pub use text::{cause, text, verdict};

/// A negotiation with its number.
#[derive(Clone, Debug, Serialize)]
pub struct Negotiation {
    /// From 1; the newest has the highest.
    pub number: usize,
    /// What is known of it; nothing of a peer's in it harms a terminal.
    #[serde(flatten)]
    pub record: Record,
}

/// The negotiations of a daemon, oldest first, with their numbers; what a peer may have written is escaped (J4).
#[must_use]
pub fn numbered(records: &[Record]) -> Vec<Negotiation> {
    let numbered = records.iter().zip(1..);
    let one = |(record, number)| Negotiation {
        number,
        record: safe(record),
    };
    numbered.map(one).collect()
}

/// Explains one negotiation of the daemon behind a control socket: exit code 0 when it came up or is under way, 1 when
/// it failed, 2 when there is none of that name.
pub(crate) fn run(socket: &Path, name: &str, json: bool) -> ExitCode {
    let records = match records(socket) {
        Ok(records) => records,
        Err((code, text)) => {
            complain(&text);
            return ExitCode::from(code);
        }
    };
    let negotiations = numbered(&records);
    match select(&negotiations, name) {
        Ok(found) => tell(found, json),
        Err(why) => {
            complain(&why);
            ExitCode::from(2)
        }
    }
}

fn tell(found: &Negotiation, json: bool) -> ExitCode {
    match json {
        true => print(&serde_json::to_string_pretty(found).unwrap_or_default()),
        false => print(&text(found)),
    }
    ExitCode::from(u8::from(failed(&found.record)))
}

/// It ended without ever being up.
fn failed(record: &Record) -> bool {
    !record.up && record.stopped_at.is_some()
}

/// The record with everything a peer may have written escaped (J4).
fn safe(record: &Record) -> Record {
    let option = |text: &Option<String>| text.as_deref().map(escaped);
    Record {
        peer: escaped(&record.peer),
        protection: option(&record.protection),
        spi: option(&record.spi),
        certreq: record.certreq.as_ref().map(|c| CertificateRequests {
            message: escaped(&c.message),
            issuers: c.issuers.iter().map(|issuer| escaped(issuer)).collect(),
        }),
        signed_with: option(&record.signed_with),
        profile: option(&record.profile),
        stopped_at: option(&record.stopped_at),
        reason: option(&record.reason),
        decisions: record.decisions.iter().map(safe_decision).collect(),
        ..record.clone()
    }
}

fn safe_decision(decision: &Explained) -> Explained {
    Explained {
        about: decision.about.iter().map(safe_subject).collect(),
        candidates: decision.candidates.iter().map(safe_candidate).collect(),
        ..Explained::new(
            escaped(&decision.rule),
            escaped(&decision.decision),
            escaped(&decision.because),
        )
    }
}

/// What is configured is escaped like the rest: a subject may have been read from a file.
fn safe_subject(subject: &Subject) -> Subject {
    let mut safe = subject.clone();
    match &mut safe {
        Subject::IsakmpProfile { name }
        | Subject::Ikev2Profile { name }
        | Subject::Trustpoint { name } => *name = escaped(name),
        Subject::Line { block, command } => {
            (*block, *command) = (escaped(block), escaped(command));
        }
        Subject::Block { command } => *command = escaped(command),
    }
    safe
}

fn safe_candidate(candidate: &Candidate) -> Candidate {
    let mut safe = candidate.clone();
    safe.name = escaped(&safe.name);
    safe.subject = safe.subject.as_ref().map(safe_subject);
    if let Some(rejected) = &mut safe.rejected {
        rejected.because = escaped(&rejected.because);
    }
    for step in &mut safe.steps {
        step.what = escaped(&step.what);
    }
    safe
}

#[cfg(test)]
mod tests;
