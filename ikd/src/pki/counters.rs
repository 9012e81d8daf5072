//! What the PKI has done since the daemon started: `show crypto pki counters` (O-044).

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The counters, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Validations that began.
    pub sessions_started: u64,
    /// Validations that ended.
    pub sessions_ended: u64,
    /// Peers whose chain and signature were good.
    pub validations_successful: u64,
    /// Peers that were refused.
    pub validations_failed: u64,
    /// Lists that a validation believed after they were fetched.
    pub crls_checked: u64,
    /// Lists that were asked for.
    pub crl_fetch_attempts: u64,
    /// Those that did not come.
    pub crl_fetch_failures: u64,
    /// Lists that were not asked for, because their source failed a moment ago.
    pub crl_fetch_rested: u64,
    /// OCSP answers that were asked for.
    pub ocsp_fetch_attempts: u64,
    /// Those that did not come.
    pub ocsp_fetch_failures: u64,
    /// SCEP requests that were sent.
    pub scep_sent: u64,
    /// Those without a reply.
    pub scep_failed: u64,
    /// Polls of pending requests (GetCertInitial).
    pub scep_polls: u64,
    /// Certificates that CAs granted.
    pub scep_granted: u64,
    /// Answers that a request is pending.
    pub scep_pending: u64,
    /// Requests that CAs rejected.
    pub scep_rejected: u64,
}

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Started,
    Ended,
    Successful,
    Failed,
    CrlChecked,
    CrlAsked,
    CrlFailed,
    CrlRested,
    OcspAsked,
    OcspFailed,
    ScepSent,
    ScepFailed,
    ScepPoll,
    Granted,
    Pending,
    Rejected,
}

/// As many as [`Count`] has.
const COUNTS: usize = 16;

/// The counters as they run.
#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; COUNTS]);

impl Counters {
    pub(super) fn add(&self, count: Count) {
        self.0[count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Counts {
        let of = |count: Count| self.0[count as usize].load(Ordering::Relaxed);
        Counts {
            sessions_started: of(Count::Started),
            sessions_ended: of(Count::Ended),
            validations_successful: of(Count::Successful),
            validations_failed: of(Count::Failed),
            crls_checked: of(Count::CrlChecked),
            crl_fetch_attempts: of(Count::CrlAsked),
            crl_fetch_failures: of(Count::CrlFailed),
            crl_fetch_rested: of(Count::CrlRested),
            ocsp_fetch_attempts: of(Count::OcspAsked),
            ocsp_fetch_failures: of(Count::OcspFailed),
            scep_sent: of(Count::ScepSent),
            scep_failed: of(Count::ScepFailed),
            scep_polls: of(Count::ScepPoll),
            scep_granted: of(Count::Granted),
            scep_pending: of(Count::Pending),
            scep_rejected: of(Count::Rejected),
        }
    }
}
