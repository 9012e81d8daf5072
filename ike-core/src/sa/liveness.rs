//! The signs of life of a peer on one IKE SA, and whether it is being asked for one. When it is asked is
//! [`Checks`]' to say; how, each version's.

use crate::policy::liveness::{Checks, Signs};
use crate::time::Timestamp;

/// Liveness of the peer of one SA.
#[derive(Debug)]
pub struct Liveness {
    checks: Option<Checks>,
    signs: Signs,
    checking: bool,
}

impl Liveness {
    /// `None`: the peer is never asked.
    #[must_use]
    pub fn new(checks: Option<Checks>, now: Timestamp) -> Self {
        Self {
            checks,
            signs: Signs {
                alive: now,
                sent: None,
                checked: now,
            },
            checking: false,
        }
    }

    /// What is configured.
    #[must_use]
    pub fn checks(&self) -> Option<Checks> {
        self.checks
    }

    /// An authentic, new packet of the peer came, of IKE or of ESP: a check that is out is over, with or
    /// without its own answer (RFC 3706 5.4, RFC 7296 2.4).
    pub fn alive(&mut self, now: Timestamp) {
        self.signs.alive = now;
        self.signs.sent = None;
        // One that took long leaves a whole interval until the next.
        let overdue = self
            .checks
            .is_some_and(|c| now >= self.signs.checked + c.interval);
        if std::mem::take(&mut self.checking) && overdue {
            self.signs.checked = now;
        }
    }

    /// An ESP packet went to the peer.
    pub fn sent(&mut self, now: Timestamp) {
        self.signs.sent.get_or_insert(now);
    }

    /// The peer is being asked.
    #[must_use]
    pub fn checking(&self) -> bool {
        self.checking
    }

    /// Nothing of the peer has come for the interval of the checks.
    #[must_use]
    pub fn silent(&self, now: Timestamp) -> bool {
        self.checks.is_some_and(|c| c.silent(&self.signs, now))
    }

    /// When a check is due; none while one is out.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.checks
            .filter(|_| !self.checking)
            .and_then(|c| c.due(&self.signs))
    }

    /// Whether a check is due at `now`; then it counts as begun.
    pub fn poll(&mut self, now: Timestamp) -> bool {
        let due = self.deadline().is_some_and(|at| now >= at);
        if due {
            self.signs.checked = now;
            self.checking = true;
        }
        due
    }

    /// The check that is due needs no message of its own.
    pub fn forgo(&mut self) {
        self.checking = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn checked(periodic: bool) -> Liveness {
        Liveness::new(Some(Checks::new(10, 2, periodic)), at(0))
    }

    /// One check at a time: the next is counted from its beginning, or from its end when that is later.
    #[test]
    fn a_check_is_out_until_the_peer_shows_life() {
        let mut liveness = checked(true);
        assert!(!liveness.poll(at(9)) && liveness.poll(at(10)));
        assert_eq!((liveness.checking(), liveness.deadline()), (true, None));
        liveness.alive(at(12));
        assert_eq!(
            (liveness.checking(), liveness.deadline()),
            (false, Some(at(20)))
        );
        assert!(liveness.poll(at(20)));
        liveness.alive(at(65));
        assert_eq!(liveness.deadline(), Some(at(75)));
    }

    /// RFC 3706 5.4: what came after our packet is as good as an answer to it.
    #[test]
    fn traffic_of_the_peer_puts_a_check_on_demand_off() {
        let mut liveness = checked(false);
        liveness.sent(at(2));
        liveness.alive(at(8));
        assert_eq!(liveness.deadline(), None, "nothing waits for an answer");
        liveness.sent(at(9));
        liveness.sent(at(11));
        assert!(!liveness.poll(at(17)) && liveness.poll(at(18)));
    }

    #[test]
    fn off_means_off() {
        let mut liveness = Liveness::new(None, at(0));
        liveness.sent(at(1));
        assert!(!liveness.poll(at(1_000_000)) && !liveness.silent(at(1_000_000)));
    }
}
