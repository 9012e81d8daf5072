//! Whether the peer lives: an empty INFORMATIONAL after silence (RFC 7296 1.4, 2.4; G-043, G-044).

use std::time::Duration;

use crate::config::Ikev2Dpd;
use crate::time::Timestamp;

/// The state of liveness checks on one IKE SA. A check that is not answered ends the SA like any other
/// request: repetition and its end belong to the window.
#[derive(Debug)]
pub(super) struct Liveness {
    dpd: Option<Ikev2Dpd>,
    last_alive: Timestamp,
    last_check: Timestamp,
}

impl Liveness {
    /// `None`: no checks.
    pub(super) fn new(dpd: Option<Ikev2Dpd>, now: Timestamp) -> Self {
        Self {
            dpd,
            last_alive: now,
            last_check: now,
        }
    }

    /// Any authenticated message of the peer, or ESP from it, is a sign of life.
    pub(super) fn alive(&mut self, now: Timestamp) {
        self.last_alive = now;
    }

    /// When a check is due: periodically, or on demand after silence.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let dpd = self.dpd?;
        let since = match dpd.periodic {
            true => self.last_check,
            false => self.last_alive.max(self.last_check),
        };
        Some(since + Duration::from_secs(dpd.interval.into()))
    }

    /// Whether a check is due at `now`; then it counts as made.
    pub(super) fn poll(&mut self, now: Timestamp) -> bool {
        let due = self.deadline().is_some_and(|at| now >= at);
        if due {
            self.last_check = now;
        }
        due
    }

    /// What is configured, for `show`.
    pub(super) fn configured(&self) -> Option<Ikev2Dpd> {
        self.dpd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn traffic_puts_an_on_demand_check_off_but_not_a_periodic_one() {
        let dpd = |periodic| Ikev2Dpd {
            interval: 10,
            retry: 2,
            periodic,
        };
        for (periodic, due_at_12) in [(false, false), (true, true)] {
            let mut liveness = Liveness::new(Some(dpd(periodic)), at(0));
            liveness.alive(at(8));
            assert!(!liveness.poll(at(9)));
            assert_eq!(liveness.poll(at(12)), due_at_12);
            assert!(liveness.poll(at(23)));
            assert!(!liveness.poll(at(24)));
        }
        assert_eq!(Liveness::new(None, at(0)).deadline(), None);
    }
}
