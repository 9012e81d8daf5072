//! `show crypto ikev2 diagnose error` (O-026): why negotiations of IKEv2 failed, as far as
//! `crypto ikev2 diagnose error N` wants it kept.

use ike_core::trace::escaped;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct ExitPaths {
    enabled: bool,
    /// Entries that were pushed out by newer ones.
    deleted: usize,
    max: u32,
    errors: Vec<Failure>,
}

#[derive(Serialize)]
struct Failure {
    peer: String,
    /// The message whose processing ended the negotiation.
    message: String,
    reason: String,
}

/// The newest `max` failures, oldest first. The engine keeps its last negotiations, so no more are known.
pub(super) fn view(now: &Snapshot<'_>) -> ExitPaths {
    let kept = now.config.ikev2.diagnose_error;
    let max = kept.unwrap_or(0);
    let failed = now.records.iter().filter(|r| r.version == 2 && !r.up);
    let all: Vec<Failure> = failed
        .filter_map(|record| {
            Some(Failure {
                peer: escaped(&record.peer),
                message: escaped(record.stopped_at.as_deref()?),
                reason: escaped(record.reason.as_deref().unwrap_or("no reason recorded")),
            })
        })
        .collect();
    let room = usize::try_from(max).unwrap_or(usize::MAX);
    let deleted = match kept {
        Some(_) => all.len().saturating_sub(room),
        None => 0,
    };
    ExitPaths {
        enabled: kept.is_some(),
        deleted,
        max,
        errors: match kept {
            Some(_) => all.into_iter().skip(deleted).collect(),
            None => Vec::new(),
        },
    }
}

impl View for ExitPaths {
    fn text(&self) -> String {
        let mut out = Lines::default();
        out.line(format!(
            "Exit Path Table - status: {}, current entry {}, deleted {}, max allow {}",
            if self.enabled { "enable" } else { "disable" },
            self.errors.len(),
            self.deleted,
            self.max
        ));
        out.blank();
        for (number, failure) in self.errors.iter().enumerate() {
            out.line(format!(
                "Error({}): {} with {}: {}",
                number + 1,
                failure.message,
                failure.peer,
                failure.reason
            ));
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, record, record_of_ikev2, shown};

    /// O-026: off unless configured; the newest failures of IKEv2 alone, and peer text escaped.
    #[test]
    fn failures_are_kept_as_far_as_configured() {
        let mut world = R1::new();
        {
            let now = world.snapshot();
            assert_eq!(
                shown("show crypto ikev2 diagnose error", &now),
                "Exit Path Table - status: disable, current entry 0, deleted 0, max allow 0\n\n"
            );
        }
        world.read("crypto ikev2 diagnose error 2\n");
        let mut now = world.snapshot();
        now.records = vec![
            record(false),
            record_of_ikev2(false),
            record_of_ikev2(true),
            record_of_ikev2(false),
            record_of_ikev2(false),
        ];
        now.records[4].reason = Some("not trusted: \u{1b}[1m".into());
        assert_eq!(
            shown("show crypto ikev2 diagnose error", &now),
            "Exit Path Table - status: enable, current entry 2, deleted 1, max allow 2

Error(1): IKE_AUTH with 192.168.0.2: Validation of certificate chain FAILED
Error(2): IKE_AUTH with 192.168.0.2: not trusted: \\x1b[1m
"
        );
        let value = json("show crypto ikev2 diagnose error", &now);
        assert_eq!(value["errors"][0]["message"], "IKE_AUTH");
    }
}
