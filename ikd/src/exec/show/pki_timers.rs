//! `show crypto pki timers` (O-044): what the PKI will do by itself, soonest first. A first line
//! without name is the time until the next one, as in IOS; the names behind the time are IOS's for
//! `POLL`, `RENEW` and `CRL`, the others are ours.

use ike_core::policy::renewal::{self, Due};
use ike_pki::IosTime;
use serde::Serialize;

use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct PkiTimers {
    /// Polls, enrolments and renewals.
    pki: Vec<Timer>,
    /// When lists end.
    crl: Vec<Timer>,
}

#[derive(Serialize)]
struct Timer {
    /// `POLL`, `ENROLL`, `RENEW`, `SHADOW`, `ROLLOVER` or `CRL`.
    kind: &'static str,
    /// Trustpoint, or issuer of the list.
    name: String,
    at: String,
    /// Seconds; 0 = due.
    remaining: i64,
}

pub(super) fn view(now: &Snapshot<'_>) -> PkiTimers {
    let timers = renewal::timers(now.config, now.store, now.wall);
    let of = |kind, name: &str, at: i64| Timer {
        kind,
        name: name.to_owned(),
        at: IosTime(at).to_string(),
        remaining: at.saturating_sub(now.wall).max(0),
    };
    let pki = timers.iter().map(|timer| {
        let kind = match timer.due {
            Due::Poll => "POLL",
            Due::Enroll => "ENROLL",
            Due::Renew => "RENEW",
            Due::NextCa => "SHADOW",
            Due::RollOver => "ROLLOVER",
        };
        of(kind, &timer.trustpoint, timer.at)
    });
    let lists = now.store.crls.entries();
    let crl = lists.filter_map(|cached| {
        let next = cached.crl.next_update()?;
        Some(of("CRL", &cached.crl.issuer().to_string(), next))
    });
    let mut crl: Vec<Timer> = crl.collect();
    crl.sort_by_key(|timer| timer.remaining);
    PkiTimers {
        pki: pki.collect(),
        crl,
    }
}

impl View for PkiTimers {
    fn text(&self) -> String {
        let mut out = Lines::default();
        for (title, timers) in [("PKI Timers", &self.pki), ("CRL Timers", &self.crl)] {
            let Some(first) = timers.first() else {
                continue;
            };
            out.line(title);
            out.line(format!("|{:>18}", duration(first.remaining)));
            for timer in timers {
                let time = duration(timer.remaining);
                out.line(format!("|{time:>18}  {} {}", timer.kind, timer.name));
            }
        }
        out.0
    }
}

/// `364d23:48:20.000`, `12:28.000`: days, hours and minutes only where there are any.
fn duration(seconds: i64) -> String {
    let (minutes, s) = (seconds / 60, seconds % 60);
    let (hours, m) = (minutes / 60, minutes % 60);
    let (days, h) = (hours / 24, hours % 24);
    match (days, h, m) {
        (0, 0, 0) => format!("{s}.000"),
        (0, 0, m) => format!("{m}:{s:02}.000"),
        (0, h, m) => format!("{h}:{m:02}:{s:02}.000"),
        (d, h, m) => format!("{d}d{h:02}:{m:02}:{s:02}.000"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use crate::exec::fixture::{R1, json, shown};

    /// O-044, G-061: a renewal is a timer, and a trustpoint that does nothing by itself has none.
    #[test]
    fn renewals_stand_behind_the_time_until_they_are_due() {
        let mut world = R1::enrolled();
        world.store.clear_crls();
        assert_eq!(shown("show crypto pki timers", &world.snapshot()), "");
        world.read("crypto pki trustpoint IOSCA1\n auto-enroll 70\n");
        let now = world.snapshot();
        let text = shown("show crypto pki timers", &now);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines.len()), ("PKI Timers", 4), "{text}");
        assert!(lines[3].ends_with("  SHADOW IOSCA1"), "{text}");
        assert!(
            lines[2].starts_with(lines[1]) && lines[2].ends_with("  RENEW IOSCA1"),
            "{text}"
        );
        let value = json("show crypto pki timers", &now);
        assert_eq!(value["pki"][0]["kind"], "RENEW");
        assert!(value["pki"][0]["remaining"].as_i64().unwrap() > 86_400);
    }

    #[test]
    fn durations_begin_with_what_is_not_zero() {
        for (seconds, text) in [
            (0, "0.000"),
            (748, "12:28.000"),
            (3_661, "1:01:01.000"),
            (31_535_300, "364d23:48:20.000"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
