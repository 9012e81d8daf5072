//! Repeating what was not answered (W-050, W-051).

use std::time::Duration;

use super::action::Transmit;
use crate::time::Timestamp;

/// The engine's timers; the defaults are those of IOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Time between retransmissions (W-050: ten seconds).
    pub retransmit: Duration,
    /// Retransmissions before the exchange is given up (W-050: five).
    pub attempts: u32,
    /// A duplicate inside this time after our last transmission is not answered again (W-051).
    pub skip: Duration,
    /// How long a finished Quick Mode still answers duplicates.
    pub linger: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self::with_interval(Duration::from_secs(10))
    }
}

impl Timers {
    /// The timers of IOS scaled to another retransmission interval.
    #[must_use]
    pub fn with_interval(retransmit: Duration) -> Self {
        Self {
            retransmit,
            attempts: 5,
            skip: retransmit / 20,
            linger: retransmit * 6,
        }
    }
}

/// Our last message of an exchange and when it goes out again.
#[derive(Debug)]
pub struct Retransmit {
    message: Transmit,
    sent_at: Timestamp,
    attempts: u32,
    armed: bool,
    peer_repeats: bool,
}

/// What a due timer means.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Not yet.
    Later,
    /// Send this again; the number is the attempt.
    Again(Transmit, u32),
    /// Five times were enough.
    GiveUp,
}

impl Retransmit {
    /// A message just sent that expects an answer.
    #[must_use]
    pub fn armed(message: Transmit, now: Timestamp) -> Self {
        Self {
            message,
            sent_at: now,
            attempts: 0,
            armed: true,
            peer_repeats: false,
        }
    }

    /// A message kept only to answer duplicates (B4: MM2, MM6 and QM3 never go by timer).
    #[must_use]
    pub fn passive(message: Transmit, now: Timestamp) -> Self {
        Self {
            message,
            sent_at: now,
            attempts: 0,
            armed: false,
            peer_repeats: false,
        }
    }

    /// When the timer is due. A peer that repeats its own message keeps the exchange going: our
    /// timer then waits half as long again, so that its message comes first and ours answers it,
    /// as the seed's capture shows (S-054, W-052).
    #[must_use]
    pub fn deadline(&self, timers: &Timers) -> Option<Timestamp> {
        let patience = if self.peer_repeats {
            timers.retransmit / 2
        } else {
            Duration::ZERO
        };
        self.armed
            .then(|| self.sent_at + timers.retransmit + patience)
    }

    /// What to do at `now`.
    pub fn poll(&mut self, now: Timestamp, timers: &Timers) -> Due {
        if self.deadline(timers).is_none_or(|due| now < due) {
            return Due::Later;
        }
        if self.attempts >= timers.attempts {
            return Due::GiveUp;
        }
        self.attempts += 1;
        self.sent_at = now;
        self.peer_repeats = false;
        Due::Again(self.message.clone(), self.attempts)
    }

    /// The answer to a duplicate: the same octets, unless they went out a moment ago. The
    /// error is the time since then.
    ///
    /// # Errors
    /// The duplicate came inside the skip time (W-051).
    pub fn duplicate(&mut self, now: Timestamp, timers: &Timers) -> Result<Transmit, Duration> {
        let since = now.since(self.sent_at);
        if since < timers.skip {
            return Err(since);
        }
        self.sent_at = now;
        self.peer_repeats = true;
        Ok(self.message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};

    fn message() -> Transmit {
        let any = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 500);
        Transmit {
            local: any,
            remote: any,
            bytes: bytes::Bytes::from_static(b"MM1"),
        }
    }

    /// W-050: every ten seconds, five times, then no more.
    #[test]
    fn five_retransmissions_ten_seconds_apart() {
        let timers = Timers::default();
        let mut sent = Retransmit::armed(message(), Timestamp(0));
        for attempt in 1..=5u32 {
            let due = Timestamp(0) + Duration::from_secs(10) * attempt;
            assert_eq!(
                sent.poll(due - Duration::from_micros(1), &timers),
                Due::Later
            );
            assert_eq!(sent.poll(due, &timers), Due::Again(message(), attempt));
        }
        assert_eq!(sent.poll(Timestamp(60_000_000), &timers), Due::GiveUp);
    }

    /// W-052: after answering a repetition our own timer leaves the next one to the peer.
    #[test]
    fn a_repeating_peer_goes_first() {
        let timers = Timers::default();
        let mut sent = Retransmit::armed(message(), Timestamp(0));
        assert!(sent.duplicate(Timestamp(9_000_000), &timers).is_ok());
        assert_eq!(sent.deadline(&timers), Some(Timestamp(24_000_000)));
        assert!(matches!(
            sent.poll(Timestamp(24_000_000), &timers),
            Due::Again(_, 1)
        ));
        assert_eq!(sent.deadline(&timers), Some(Timestamp(34_000_000)));
    }

    /// W-051: a duplicate right after our transmission is skipped.
    #[test]
    fn duplicates_inside_the_skip_time_stay_unanswered() {
        let timers = Timers::default();
        let mut sent = Retransmit::passive(message(), Timestamp(0));
        assert!(sent.duplicate(Timestamp(1000), &timers).is_err());
        assert!(sent.duplicate(Timestamp(1_000_000), &timers).is_ok());
        assert!(sent.duplicate(Timestamp(1_000_001), &timers).is_err());
        assert_eq!(sent.poll(Timestamp(u64::MAX), &timers), Due::Later);
    }
}
