//! Liveness: R-U-THERE, its repetitions and its answer (RFC 3706, G-025).

use crate::policy::liveness::{Checks, RETRIES};
use crate::sa::liveness::Liveness;
use crate::time::Timestamp;

/// The state of liveness checks on one SA.
#[derive(Debug)]
pub struct Dpd {
    liveness: Liveness,
    /// The last R-U-THERE of the check that is out, and which of its repetitions it was.
    probe: (Timestamp, u32),
    sequence: u32,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub enum DpdDue {
    /// Nothing.
    Nothing,
    /// Send R-U-THERE with this sequence number.
    Probe(u32),
    /// The peer is dead.
    Dead,
}

impl Dpd {
    /// `checks` is `None` when they are off or the peer does not know DPD.
    #[must_use]
    pub fn new(checks: Option<Checks>, now: Timestamp) -> Self {
        Self {
            liveness: Liveness::new(checks, now),
            probe: (now, 0),
            sequence: 1,
        }
    }

    /// What is configured.
    #[must_use]
    pub fn checks(&self) -> Option<Checks> {
        self.liveness.checks()
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.liveness.checking() {
            true => Some(self.probe.0 + self.checks()?.retry),
            false => self.liveness.deadline(),
        }
    }

    /// What to do at `now`.
    pub fn poll(&mut self, now: Timestamp) -> DpdDue {
        if self.deadline().is_none_or(|due| now < due) {
            return DpdDue::Nothing;
        }
        let repetition = match self.liveness.poll(now) {
            true => {
                self.sequence = self.sequence.wrapping_add(1);
                0
            }
            false if self.probe.1 >= RETRIES => return DpdDue::Dead,
            false => self.probe.1 + 1,
        };
        self.probe = (now, repetition);
        DpdDue::Probe(self.sequence)
    }

    /// Any authentic packet of the peer, of IKE or of ESP, is a sign of life.
    pub fn alive(&mut self, now: Timestamp) {
        self.liveness.alive(now);
    }

    /// An ESP packet went to the peer.
    pub fn sent(&mut self, now: Timestamp) {
        self.liveness.sent(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    /// G-025, RFC 3706 5.4: probe, five repetitions by the retry time with the same number, then the peer
    /// is dead.
    #[test]
    fn an_unanswered_peer_is_dead_after_five_repetitions() {
        let mut dpd = Dpd::new(Some(Checks::new(10, 3, true)), at(0));
        assert_eq!(dpd.poll(at(9)), DpdDue::Nothing);
        for repetition in 0..=5 {
            assert_eq!(dpd.deadline(), Some(at(10 + 3 * repetition)));
            assert_eq!(dpd.poll(at(10 + 3 * repetition)), DpdDue::Probe(2));
        }
        assert_eq!(dpd.poll(at(27)), DpdDue::Nothing);
        assert_eq!(dpd.poll(at(28)), DpdDue::Dead);
    }

    /// RFC 3706 5.4: whatever the peer sends ends the check; the next one has a number of its own.
    #[test]
    fn a_sign_of_life_ends_the_repetitions() {
        let mut dpd = Dpd::new(Some(Checks::new(10, 2, false)), at(0));
        dpd.sent(at(1));
        assert_eq!(dpd.poll(at(10)), DpdDue::Probe(2));
        assert_eq!(dpd.poll(at(12)), DpdDue::Probe(2));
        dpd.alive(at(13));
        assert_eq!(dpd.poll(at(100)), DpdDue::Nothing);
        dpd.sent(at(100));
        assert_eq!(dpd.poll(at(100)), DpdDue::Probe(3));
    }

    /// Without configuration nothing is ever due.
    #[test]
    fn off_means_off() {
        assert_eq!(Dpd::new(None, at(0)).deadline(), None);
    }
}
