//! Liveness: R-U-THERE and its answer (RFC 3706, G-025).

use std::time::Duration;

use crate::config::Keepalive;
use crate::time::Timestamp;

/// Probes without an answer before the peer counts as dead.
const MAX_UNANSWERED: u32 = 5;

/// The state of liveness checks on one SA.
#[derive(Debug)]
pub struct Dpd {
    keepalive: Option<Keepalive>,
    last_alive: Timestamp,
    last_probe: Option<Timestamp>,
    unanswered: u32,
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
    /// `keepalive` is `None` when it is off or the peer does not know DPD.
    #[must_use]
    pub fn new(keepalive: Option<Keepalive>, now: Timestamp) -> Self {
        Self {
            keepalive,
            last_alive: now,
            last_probe: None,
            unanswered: 0,
            sequence: 1,
        }
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let keepalive = self.keepalive?;
        let seconds = |s: u32| Duration::from_secs(s.into());
        match (self.unanswered, self.last_probe) {
            (0, Some(probe)) if keepalive.periodic => Some(probe + seconds(keepalive.interval)),
            (0, _) => Some(self.last_alive + seconds(keepalive.interval)),
            (_, probe) => Some(probe.unwrap_or(self.last_alive) + seconds(keepalive.retry)),
        }
    }

    /// What to do at `now`.
    pub fn poll(&mut self, now: Timestamp) -> DpdDue {
        if self.deadline().is_none_or(|due| now < due) {
            return DpdDue::Nothing;
        }
        if self.unanswered >= MAX_UNANSWERED {
            return DpdDue::Dead;
        }
        if self.unanswered == 0 {
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.unanswered += 1;
        self.last_probe = Some(now);
        DpdDue::Probe(self.sequence)
    }

    /// Any authenticated message of the peer is a sign of life.
    pub fn alive(&mut self, now: Timestamp) {
        self.last_alive = now;
        self.unanswered = 0;
    }

    /// An acknowledgement counts only with the number we sent (RFC 3706 6.2).
    pub fn acknowledged(&mut self, sequence: u32, now: Timestamp) -> bool {
        let right = sequence == self.sequence;
        if right {
            self.alive(now);
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    /// RFC 3706 5.4: probe, repeat by the retry time, then declare the peer dead.
    #[test]
    fn an_unanswered_peer_is_dead_after_five_probes() {
        let keepalive = Keepalive {
            interval: 10,
            retry: 2,
            periodic: false,
        };
        let mut dpd = Dpd::new(Some(keepalive), at(0));
        assert_eq!(dpd.poll(at(9)), DpdDue::Nothing);
        for probe in 0..5 {
            assert_eq!(dpd.poll(at(10 + 2 * probe)), DpdDue::Probe(2));
        }
        assert_eq!(dpd.poll(at(20)), DpdDue::Dead);
    }

    /// On demand, signs of life put the probe off; a wrong sequence number is no answer.
    #[test]
    fn traffic_puts_an_on_demand_probe_off() {
        let keepalive = Keepalive {
            interval: 10,
            retry: 2,
            periodic: false,
        };
        let mut dpd = Dpd::new(Some(keepalive), at(0));
        dpd.alive(at(8));
        assert_eq!(dpd.poll(at(12)), DpdDue::Nothing);
        assert_eq!(dpd.poll(at(18)), DpdDue::Probe(2));
        assert!(!dpd.acknowledged(1, at(19)));
        assert!(dpd.acknowledged(2, at(19)));
        assert_eq!(dpd.poll(at(20)), DpdDue::Nothing);
    }

    /// Without configuration nothing is ever due.
    #[test]
    fn off_means_off() {
        assert_eq!(Dpd::new(None, at(0)).deadline(), None);
    }
}
