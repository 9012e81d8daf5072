//! What the system alone can tell: the time of day and entropy.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z; 0 for a clock before that.
pub(crate) fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// Microseconds since 1970-01-01T00:00:00Z; 0 for a clock before that.
pub(crate) fn microseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_micros()).unwrap_or(u64::MAX))
}

/// Octets of the system's generator for nonces and content keys (D16).
pub(crate) fn random(out: &mut [u8]) {
    if ike_crypto::fill_random(out).is_err() {
        // Without entropy there is no key and no nonce worth sending.
        std::process::abort();
    }
}
