//! `show crypto pki counters` (O-044). The first lines are those of IOS as far as they are known
//! to us; those of SCEP are ours.

use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;
use crate::pki::Counts;

#[derive(Serialize)]
pub(super) struct PkiCounters {
    #[serde(flatten)]
    counts: Counts,
    sessions_active: u64,
}

pub(super) fn view(now: &Snapshot<'_>) -> PkiCounters {
    let counts = now.pki;
    PkiCounters {
        counts,
        sessions_active: counts
            .sessions_started
            .saturating_sub(counts.sessions_ended),
    }
}

impl View for PkiCounters {
    fn text(&self) -> String {
        let counts = &self.counts;
        let mut out = Lines::default();
        for (label, count) in [
            ("PKI Sessions Started", counts.sessions_started),
            ("PKI Sessions Ended", counts.sessions_ended),
            ("PKI Sessions Active", self.sessions_active),
            ("Successful Validations", counts.validations_successful),
            ("Failed Validations", counts.validations_failed),
            ("CRLs checked", counts.crls_checked),
            ("CRL - fetch attempts", counts.crl_fetch_attempts),
            ("CRL - failed attempts", counts.crl_fetch_failures),
            ("CRL - left alone after a failure", counts.crl_fetch_rested),
            ("OCSP - fetch attempts", counts.ocsp_fetch_attempts),
            ("OCSP - failed attempts", counts.ocsp_fetch_failures),
            ("SCEP - requests sent", counts.scep_sent),
            ("SCEP - requests without reply", counts.scep_failed),
            ("SCEP - polls", counts.scep_polls),
            ("SCEP - answers granted", counts.scep_granted),
            ("SCEP - answers pending", counts.scep_pending),
            ("SCEP - answers rejected", counts.scep_rejected),
        ] {
            out.line(format!("{label}: {count}"));
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use crate::exec::fixture::{R1, json, shown};

    /// O-044: what is under way is what began and has not ended.
    #[test]
    fn sessions_are_active_until_they_end() {
        let world = R1::new();
        let mut now = world.snapshot();
        now.pki.sessions_started = 5;
        now.pki.sessions_ended = 3;
        now.pki.scep_rejected = 1;
        let text = shown("show crypto pki counters", &now);
        assert!(
            text.starts_with(
                "PKI Sessions Started: 5\nPKI Sessions Ended: 3\nPKI Sessions Active: 2\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("SCEP - answers rejected: 1\n"), "{text}");
        let value = json("show crypto pki counters", &now);
        assert_eq!(value["sessions_active"], 2);
        assert_eq!(value["scep_rejected"], 1);
    }
}
