//! `show crypto explain [last]`: every negotiation with its decisions and the rule behind
//! each. Ours; IOS has nothing like it.

use ike_core::policy::Candidate;
use ike_core::sa::record::{CertificateRequests, Explained, Record};
use ike_core::trace::escaped;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Negotiations {
    negotiations: Vec<Negotiation>,
}

#[derive(Serialize)]
struct Negotiation {
    /// From 1; the newest has the highest.
    number: usize,
    #[serde(flatten)]
    record: Record,
}

pub(super) fn view(now: &Snapshot<'_>, last: bool) -> Negotiations {
    let skipped = if last {
        now.records.len().saturating_sub(1)
    } else {
        0
    };
    let numbered = now.records.iter().zip(1..).skip(skipped);
    let negotiations = numbered.map(|(record, number)| Negotiation {
        number,
        record: safe(record),
    });
    Negotiations {
        negotiations: negotiations.collect(),
    }
}

/// The record with everything a peer may have written escaped (J4).
fn safe(record: &Record) -> Record {
    let option = |text: &Option<String>| text.as_deref().map(escaped);
    Record {
        sequence: record.sequence,
        version: record.version,
        initiator: record.initiator,
        peer: escaped(&record.peer),
        certreq: record.certreq.as_ref().map(|c| CertificateRequests {
            message: escaped(&c.message),
            issuers: c.issuers.iter().map(|issuer| escaped(issuer)).collect(),
        }),
        signed_with: option(&record.signed_with),
        profile: option(&record.profile),
        phase1: record.phase1,
        up: record.up,
        stopped_at: option(&record.stopped_at),
        reason: option(&record.reason),
        decisions: record.decisions.iter().map(safe_decision).collect(),
    }
}

fn safe_decision(decision: &Explained) -> Explained {
    Explained {
        about: decision.about.clone(),
        candidates: decision.candidates.iter().map(safe_candidate).collect(),
        ..Explained::new(
            escaped(&decision.rule),
            escaped(&decision.decision),
            escaped(&decision.because),
        )
    }
}

fn safe_candidate(candidate: &Candidate) -> Candidate {
    let mut safe = candidate.clone();
    safe.name = escaped(&safe.name);
    if let Some(rejected) = &mut safe.rejected {
        rejected.because = escaped(&rejected.because);
    }
    for step in &mut safe.steps {
        step.what = escaped(&step.what);
    }
    safe
}

impl View for Negotiations {
    fn text(&self) -> String {
        let mut out = Lines::default();
        if self.negotiations.is_empty() {
            out.line("No negotiation yet");
        }
        out.apart(&self.negotiations, Negotiation::lines);
        out.0
    }
}

impl Negotiation {
    fn lines(&self, out: &mut Lines) {
        let record = &self.record;
        let role = if record.initiator {
            "initiator"
        } else {
            "responder"
        };
        let version = if record.version == 2 {
            "IKEv2"
        } else {
            "IKEv1"
        };
        out.line(format!(
            "Negotiation {} of {version} with {} as {role}: {}",
            self.number,
            record.peer,
            verdict(record)
        ));
        if let Some(requests) = &record.certreq {
            out.line(format!(
                "  Certificate requests in our {}:",
                requests.message
            ));
            requests
                .issuers
                .iter()
                .for_each(|issuer| out.line(format!("    {issuer}")));
        }
        let mut value = |label, value: Option<&str>| {
            out.line(format!("  {label} {}", value.unwrap_or("(none)")))
        };
        value("Signed with:", record.signed_with.as_deref());
        value("Profile:", record.profile.as_deref());
        let (label, done) = match record.version {
            2 => ("IKE SA:", "established"),
            _ => ("Phase 1:", "complete"),
        };
        let state = match record.phase1 {
            true => done.to_owned(),
            false => format!("not {done}"),
        };
        value(label, Some(&state));
        out.line("  Decisions:");
        for Explained {
            rule,
            decision,
            because,
            ..
        } in &record.decisions
        {
            out.line(format!("    {rule:<6} {decision}"));
            out.line(format!("           because {because}"));
        }
    }
}

fn verdict(record: &Record) -> String {
    match (record.up, &record.stopped_at) {
        // The first end is kept: an SA that was up and was taken down later has both.
        (true, None) => "up".to_owned(),
        (true, Some(at)) => format!("was up, ended at {at}: {}", reason(record)),
        (false, Some(at)) => format!("failed at {at}: {}", reason(record)),
        (false, None) => "under way".to_owned(),
    }
}

fn reason(record: &Record) -> &str {
    record.reason.as_deref().unwrap_or("no reason recorded")
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, record, record_of_ikev2, shown};

    const FAILED: &str = "Negotiation 2 of IKEv1 with 192.168.0.2 as responder: failed at MM5: certificate not trusted by \\x1b[1m
  Certificate requests in our MM4:
    cn=CA2,o=cisco,o=com
    cn=CA1,o=cisco,o=com
  Signed with: (none)
  Profile: prof1
  Phase 1: not complete
  Decisions:
    S-041  profile prof1
           because only prof1 matches R2.cisco.com
    S-050  validate with IOSCA1
           because prof1 names it
";

    /// Each decision with its rule and its reason; peer text is escaped.
    #[test]
    fn the_last_negotiation_explains_itself() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.records = vec![record(true), record(false)];
        assert_eq!(shown("show crypto explain last", &now), FAILED);
    }

    /// IKEv2 speaks of its own messages and of the IKE SA.
    #[test]
    fn a_negotiation_of_ikev2_explains_itself() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.records = vec![record_of_ikev2(false)];
        assert_eq!(
            shown("show crypto explain", &now),
            "Negotiation 1 of IKEv2 with 192.168.0.2 as responder: failed at IKE_AUTH: Validation of certificate chain FAILED
  Certificate requests in our IKE_SA_INIT:
    cn=CA2,o=cisco,o=com
    cn=CA1,o=cisco,o=com
  Signed with: TP1
  Profile: profile1
  IKE SA: not established
  Decisions:
    S-041  profile prof1
           because only prof1 matches R2.cisco.com
"
        );
    }

    /// All of them, oldest first, numbered.
    #[test]
    fn all_negotiations_show_in_order() {
        let world = R1::new();
        let mut now = world.snapshot();
        assert_eq!(shown("show crypto explain", &now), "No negotiation yet\n");
        now.records = vec![record(true), record(false)];
        let text = shown("show crypto explain", &now);
        assert!(
            text.starts_with("Negotiation 1 of IKEv1 with 192.168.0.2 as initiator: up\n"),
            "{text}"
        );
        assert!(text.ends_with(&format!("\n\n{FAILED}")), "{text}");
        let value = json("show crypto explain", &now);
        assert_eq!(value["negotiations"][1]["decisions"][1]["rule"], "S-050");
        assert_eq!(value["negotiations"][1]["number"], 2);
    }
}
