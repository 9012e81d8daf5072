//! When a peer's life is in doubt, and when it counts as dead (RFC 3706 5.4, RFC 7296 2.4; G-025, G-043,
//! G-044). The same for both versions of IKE; only the messages that ask differ.

use std::time::Duration;

use super::decision::Decision;
use crate::time::Timestamp;

/// Repetitions of a check, the retry interval apart, before the peer counts as dead: IOS lets five be
/// missed after the first.
pub const RETRIES: u32 = 5;

/// What is configured: `crypto isakmp keepalive`, `crypto ikev2 dpd` or the profile's own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Between checks (periodic), or of silence before one (on demand).
    pub interval: Duration,
    /// Between repetitions of an unanswered check.
    pub retry: Duration,
    /// Whatever the traffic.
    pub periodic: bool,
}

/// What is known of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// When the last authentic packet of it came, of IKE or of ESP.
    pub alive: Timestamp,
    /// When the first ESP packet since then went to it.
    pub sent: Option<Timestamp>,
    /// When it was asked last.
    pub checked: Timestamp,
}

impl Checks {
    /// Seconds as configured.
    #[must_use]
    pub fn new(interval: u32, retry: u32, periodic: bool) -> Self {
        let seconds = |s: u32| Duration::from_secs(s.into());
        Self {
            interval: seconds(interval),
            retry: seconds(retry),
            periodic,
        }
    }

    /// When the next check is due. `periodic` asks every interval, traffic or not. `on-demand` asks when
    /// there is something to send and nothing has come for the interval: with nothing to send nobody needs
    /// to know (RFC 3706 5.4).
    #[must_use]
    pub fn due(&self, signs: &Signs) -> Option<Timestamp> {
        if self.periodic {
            return Some(signs.checked + self.interval);
        }
        let silent = signs.alive.max(signs.checked) + self.interval;
        signs.sent.map(|sent| silent.max(sent))
    }

    /// Nothing of the peer has come for the interval.
    #[must_use]
    pub fn silent(&self, signs: &Signs, now: Timestamp) -> bool {
        now >= signs.alive + self.interval
    }

    /// A check and its repetitions were not answered; `rule` is that of the version's command.
    #[must_use]
    pub fn dead(&self, rule: &'static str) -> Decision<&'static str> {
        let because = format!(
            "no answer to a liveness check and {RETRIES} repetitions {} s apart",
            self.retry.as_secs()
        );
        Decision::new("dead", rule, because)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn signs(alive: u64, sent: Option<u64>, checked: u64) -> Signs {
        Signs {
            alive: at(alive),
            sent: sent.map(at),
            checked: at(checked),
        }
    }

    /// G-025, G-044: the clock of periodic checks does not listen to traffic.
    #[test]
    fn periodic_checks_come_every_interval_whatever_the_traffic() {
        let checks = Checks::new(10, 2, true);
        for signs in [signs(0, None, 0), signs(9, Some(9), 0)] {
            assert_eq!(checks.due(&signs), Some(at(10)));
        }
    }

    /// RFC 3706 5.4: asked is a peer that is silent while something goes to it.
    #[test]
    fn checks_on_demand_need_traffic_out_and_silence_in() {
        let checks = Checks::new(10, 2, false);
        assert_eq!(checks.due(&signs(0, None, 0)), None);
        assert_eq!(checks.due(&signs(0, Some(3), 0)), Some(at(10)));
        assert_eq!(checks.due(&signs(8, Some(9), 0)), Some(at(18)));
        assert_eq!(
            checks.due(&signs(0, Some(700), 0)),
            Some(at(700)),
            "what is sent after a long silence is reason enough"
        );
    }

    #[test]
    fn the_reason_names_the_rule_and_the_times() {
        let dead = Checks::new(10, 3, true).dead("G-044");
        assert_eq!(dead.rule.0, "G-044");
        assert_eq!(
            dead.because,
            "no answer to a liveness check and 5 repetitions 3 s apart"
        );
    }
}
