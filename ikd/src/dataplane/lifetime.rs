//! The lifetime of one SA in seconds and kilobytes (rules G-081, G-082).
//!
//! The soft limit asks for a rekey, the hard one ends the SA. As IOS does, the soft
//! limit lies 30 seconds, or 256 kilobytes, before the hard one. Pure: the caller
//! passes the time since any fixed moment.

use std::time::Duration;

const SOFT_SECONDS: u64 = 30;
const SOFT_KILOBYTES: u64 = 256;
const KILOBYTE: u64 = 1024;

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The lifetime in seconds.
    Seconds,
    /// The lifetime in kilobytes.
    Kilobytes,
    /// The sequence numbers (without ESN 2^32 - 1 packets).
    Sequence,
}

/// How far an SA has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Before the soft limit.
    Fresh,
    /// A successor is needed.
    Soft(Cause),
    /// It must not be used any more.
    Hard(Cause),
}

/// The limits of one SA and what it has used of them.
#[derive(Clone, Debug)]
pub struct Lifetime {
    born: Duration,
    seconds: Option<u64>,
    octets: Option<u64>,
    used: u64,
}

impl Lifetime {
    /// A lifetime that begins `now`; `None` is no limit.
    pub fn new(now: Duration, seconds: Option<u32>, kilobytes: Option<u32>) -> Self {
        Self {
            born: now,
            seconds: seconds.map(u64::from),
            octets: kilobytes.map(|kilobytes| u64::from(kilobytes) * KILOBYTE),
            used: 0,
        }
    }

    /// Counts the octets of a packet's payload.
    pub fn count(&mut self, octets: usize) {
        self.used = self.used.saturating_add(octets as u64);
    }

    /// How far it has come.
    pub fn age(&self, now: Duration) -> Age {
        let (seconds, volume) = (self.hard_at(), self.octets);
        if seconds.is_some_and(|at| now >= at) {
            Age::Hard(Cause::Seconds)
        } else if volume.is_some_and(|limit| self.used >= limit) {
            Age::Hard(Cause::Kilobytes)
        } else if self.soft_at().is_some_and(|at| now >= at) {
            Age::Soft(Cause::Seconds)
        } else if volume.is_some_and(|limit| self.used >= soft(limit, SOFT_KILOBYTES * KILOBYTE)) {
            Age::Soft(Cause::Kilobytes)
        } else {
            Age::Fresh
        }
    }

    /// When the next limit in seconds is reached.
    pub fn next_deadline(&self, now: Duration) -> Option<Duration> {
        self.soft_at().filter(|at| *at > now).or(self.hard_at())
    }

    /// Time left, for `remaining key lifetime`.
    pub fn remaining_seconds(&self, now: Duration) -> Option<u64> {
        Some(self.hard_at()?.saturating_sub(now).as_secs())
    }

    /// Volume left in kilobytes, rounded up.
    pub fn remaining_kilobytes(&self) -> Option<u64> {
        Some(self.octets?.saturating_sub(self.used).div_ceil(KILOBYTE))
    }

    fn hard_at(&self) -> Option<Duration> {
        Some(self.born + Duration::from_secs(self.seconds?))
    }

    fn soft_at(&self) -> Option<Duration> {
        Some(self.born + Duration::from_secs(soft(self.seconds?, SOFT_SECONDS)))
    }
}

/// The margin before the limit, or half of a limit too small for it.
fn soft(limit: u64, margin: u64) -> u64 {
    limit - margin.min(limit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BORN: Duration = Duration::from_secs(100);

    fn after(seconds: u64) -> Duration {
        BORN + Duration::from_secs(seconds)
    }

    #[test]
    fn an_hour_turns_soft_thirty_seconds_before_its_end() {
        let lifetime = Lifetime::new(BORN, Some(3600), None);
        assert_eq!(lifetime.age(after(3569)), Age::Fresh);
        assert_eq!(lifetime.age(after(3570)), Age::Soft(Cause::Seconds));
        assert_eq!(lifetime.age(after(3600)), Age::Hard(Cause::Seconds));
        assert_eq!(lifetime.next_deadline(BORN), Some(after(3570)));
        assert_eq!(lifetime.next_deadline(after(3570)), Some(after(3600)));
        assert_eq!(lifetime.remaining_seconds(after(600)), Some(3000));
    }

    #[test]
    fn volume_turns_soft_256_kilobytes_before_its_end() {
        let mut lifetime = Lifetime::new(BORN, None, Some(1000));
        lifetime.count(744 * 1024 - 1);
        assert_eq!(lifetime.age(BORN), Age::Fresh);
        lifetime.count(1);
        assert_eq!(lifetime.age(BORN), Age::Soft(Cause::Kilobytes));
        assert_eq!(lifetime.remaining_kilobytes(), Some(256));
        lifetime.count(256 * 1024);
        assert_eq!(lifetime.age(BORN), Age::Hard(Cause::Kilobytes));
        assert_eq!(lifetime.next_deadline(BORN), None);
    }

    #[test]
    fn a_short_life_has_its_soft_limit_in_the_middle() {
        assert_eq!(
            Lifetime::new(BORN, Some(20), None).age(after(10)),
            Age::Soft(Cause::Seconds)
        );
        assert_eq!(
            Lifetime::new(BORN, None, None).age(after(1 << 40)),
            Age::Fresh
        );
    }
}
