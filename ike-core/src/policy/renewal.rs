//! When a trustpoint acts by itself: polls of a pending request (P-024) and renewals of
//! `auto-enroll` (G-061), as `show crypto pki timers` lists them.

use ike_pki::{Certificate, Store};

use super::Decision;
use crate::config::{RunningConfig, TrustpointConfig};

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// Ask the CA again.
    Poll,
    /// Ask for a first certificate: `auto-enroll` with an authenticated CA.
    Enroll,
    /// Ask for the next certificate.
    Renew,
    /// Ask for the next certificate of the CA (RFC 8894 4.7).
    NextCa,
    /// The next certificate of the CA takes its place.
    RollOver,
}

/// One timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// What it does.
    pub due: Due,
    /// Trustpoint.
    pub trustpoint: String,
}

/// Every timer of a router, the next one first.
#[must_use]
pub fn timers(config: &RunningConfig, store: &Store, now: i64) -> Vec<Timer> {
    let of = |tp: &TrustpointConfig| {
        let decisions = [next(tp, store, now), of_ca(tp, store)];
        let name = tp.name.clone();
        decisions.into_iter().flatten().map(move |decision| {
            let (due, at) = decision.value;
            let trustpoint = name.clone();
            Timer {
                at,
                due,
                trustpoint,
            }
        })
    };
    let mut all: Vec<Timer> = config.trustpoints.iter().flat_map(of).collect();
    all.sort_by(|a, b| (a.at, &a.trustpoint).cmp(&(b.at, &b.trustpoint)));
    all
}

/// What a trustpoint does next by itself, and when (seconds since 1970 UTC).
#[must_use]
pub fn next(tp: &TrustpointConfig, store: &Store, now: i64) -> Option<Decision<(Due, i64)>> {
    if let Some(pending) = store.pending(&tp.name) {
        let limit = polls(tp);
        let because = format!("poll {} of {limit} of a pending request", pending.polls + 1);
        let poll = (Due::Poll, pending.next_poll_at);
        // A request that was shown at the terminal is answered there.
        let asks = !pending.transaction.is_empty() && pending.polls < limit;
        return asks.then(|| Decision::new(poll, "P-024", because));
    }
    let auto = tp.auto_enroll.as_ref()?;
    let Some(own) = store.identity(&tp.name) else {
        let because = "auto-enroll, a CA and no certificate";
        let first = Decision::new((Due::Enroll, now), "G-061", because);
        return store.ca(&tp.name).map(|_| first);
    };
    let percent = auto.percent.unwrap_or(100);
    let at = at_percent(&own.certificate, percent);
    let because = format!("auto-enroll at {percent} percent of the certificate's lifetime");
    Some(Decision::new((Due::Renew, at), "G-061", because))
}

/// What a trustpoint with `auto-enroll` does about the certificate of its CA, and when: it asks for the
/// next one when most of the lifetime is over, and lets it take its place at the end.
#[must_use]
pub fn of_ca(tp: &TrustpointConfig, store: &Store) -> Option<Decision<(Due, i64)>> {
    let auto = tp.auto_enroll.as_ref()?;
    let ca = &store.ca(&tp.name)?.certificate;
    if store.next_ca(&tp.name).is_some() {
        let because = "the CA's certificate ends and the next one is there";
        return Some(Decision::new(
            (Due::RollOver, ca.not_after()),
            "G-061",
            because,
        ));
    }
    let percent = auto.percent.unwrap_or(LATEST_PERCENT).min(LATEST_PERCENT);
    let because = format!("auto-enroll at {percent} percent of the CA certificate's lifetime");
    Some(Decision::new(
        (Due::NextCa, at_percent(ca, percent)),
        "G-061",
        because,
    ))
}

/// A CA is asked for its next certificate by then, whatever `auto-enroll` says: at the end it is too late.
const LATEST_PERCENT: u32 = 90;

/// Polls of a request until the router gives up: `enrollment retry count` (G-061).
#[must_use]
pub fn polls(tp: &TrustpointConfig) -> u32 {
    tp.enrollment_retry_count.unwrap_or(DEFAULT_RETRIES)
}

/// Polls of a request unless `enrollment retry count` says otherwise (G-061).
pub const DEFAULT_RETRIES: u32 = 10;

/// The second in which so much of the lifetime is over.
fn at_percent(certificate: &Certificate, percent: u32) -> i64 {
    let (start, end) = (certificate.not_before(), certificate.not_after());
    let lifetime = i128::from(end) - i128::from(start);
    let part = lifetime * i128::from(percent) / 100;
    start.saturating_add(i64::try_from(part).unwrap_or(i64::MAX))
}
