//! Our requests on an IKE SA: those under way and their repetition (RFC 7296 2.1 to 2.4; W-072, W-075,
//! G-044).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::policy::liveness::RETRIES;
use crate::time::Timestamp;

/// Our requests: sent again until answered.
#[derive(Debug)]
pub struct Outgoing {
    next: u32,
    window: u32,
    sent: BTreeMap<u32, Sent>,
}

/// A request without its answer. A fragmented message is several datagrams.
#[derive(Debug)]
struct Sent {
    datagrams: Vec<Bytes>,
    due: Timestamp,
    interval: Duration,
    attempts: u32,
    /// It stands for a liveness check.
    check: Option<Check>,
}

/// Repetition of a request by whose answer the peer's life is judged: at the configured times instead of
/// those of W-075, which are its again once the peer has shown life otherwise.
#[derive(Debug)]
struct Check {
    due: Timestamp,
    every: Duration,
    repetitions: u32,
}

/// How requests are repeated (W-075): first after `first`, then doubling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// Time to the first repetition.
    pub first: Duration,
    /// Repetitions before the SA is given up.
    pub attempts: u32,
}

/// What a due timer means.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Send these again; the number is the attempt.
    Again(Vec<Bytes>, u32),
    /// The answer to this request never came.
    GiveUp(u32),
    /// The same, and the request stood for a liveness check.
    Silent(u32),
}

impl Outgoing {
    /// The next request has that message ID.
    #[must_use]
    pub fn new(next: u32) -> Self {
        Self {
            next,
            window: 1,
            sent: BTreeMap::new(),
        }
    }

    /// The peer takes that many requests at once (SET_WINDOW_SIZE); never shrinks (RFC 7296 2.3).
    pub fn set_window(&mut self, window: u32) {
        self.window = self.window.max(window);
    }

    /// Requests the peer takes at once.
    #[must_use]
    pub fn window(&self) -> u32 {
        self.window
    }

    /// The message ID of the next request.
    #[must_use]
    pub fn next_id(&self) -> u32 {
        self.next
    }

    /// One more request may be sent: the oldest unanswered one and this one fit in the window.
    #[must_use]
    pub fn may_send(&self) -> bool {
        let oldest = self.sent.keys().next().copied().unwrap_or(self.next);
        self.next.wrapping_sub(oldest) < self.window && self.next != u32::MAX
    }

    /// Takes the next message ID.
    pub fn take_id(&mut self) -> u32 {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        id
    }

    /// A request went out.
    pub fn sent(&mut self, id: u32, datagrams: Vec<Bytes>, now: Timestamp, how: &Repetition) {
        let sent = Sent {
            datagrams,
            due: now + how.first,
            interval: how.first,
            attempts: 0,
            check: None,
        };
        self.sent.insert(id, sent);
    }

    /// Whether an answer to that request is awaited.
    #[must_use]
    pub fn is_waiting_for(&self, id: u32) -> bool {
        self.sent.contains_key(&id)
    }

    /// The answer came; false when none was awaited.
    pub fn answered(&mut self, id: u32) -> bool {
        self.sent.remove(&id).is_some()
    }

    /// From now on the requests that are out stand for a liveness check (RFC 7296 2.4; G-044).
    pub fn check(&mut self, now: Timestamp, every: Duration) {
        for sent in self.sent.values_mut() {
            sent.check.get_or_insert(Check {
                due: now + every,
                every,
                repetitions: 0,
            });
        }
    }

    /// The peer has shown life: what is out is owed an answer as any request is, from the beginning.
    pub fn alive(&mut self, now: Timestamp, how: &Repetition) {
        for sent in self.sent.values_mut().filter(|s| s.check.is_some()) {
            sent.check = None;
            (sent.due, sent.interval, sent.attempts) = (now + how.first, how.first, 0);
        }
    }

    /// Nothing is repeated any more.
    pub fn stop(&mut self) {
        self.sent.clear();
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let due = |s: &Sent| s.check.as_ref().map_or(s.due, |c| c.due);
        self.sent.values().map(due).min()
    }

    /// What is due at `now`.
    pub fn poll(&mut self, now: Timestamp, how: &Repetition) -> Vec<Due> {
        let mut out = Vec::new();
        for (id, sent) in &mut self.sent {
            if let Some(check) = &mut sent.check {
                out.extend(check.poll(now, *id, &sent.datagrams));
                continue;
            }
            if now < sent.due {
                continue;
            }
            if sent.attempts >= how.attempts {
                out.push(Due::GiveUp(*id));
                sent.due = now + sent.interval;
                continue;
            }
            sent.attempts += 1;
            sent.interval *= 2;
            sent.due = now + sent.interval;
            out.push(Due::Again(sent.datagrams.clone(), sent.attempts));
        }
        out
    }
}

impl Check {
    fn poll(&mut self, now: Timestamp, id: u32, datagrams: &[Bytes]) -> Option<Due> {
        if now < self.due {
            return None;
        }
        self.due = now + self.every;
        if self.repetitions >= RETRIES {
            return Some(Due::Silent(id));
        }
        self.repetitions += 1;
        Some(Due::Again(datagrams.to_vec(), self.repetitions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: Repetition = Repetition {
        first: Duration::from_secs(2),
        attempts: 3,
    };

    fn octets(text: &'static str) -> Vec<Bytes> {
        vec![Bytes::from_static(text.as_bytes())]
    }

    /// W-075: 2, 4, 8 seconds, then the end.
    #[test]
    fn a_request_is_repeated_with_doubling_intervals() {
        let mut out = Outgoing::new(0);
        let id = out.take_id();
        out.sent(id, octets("request"), Timestamp(0), &HOW);
        for (attempt, at) in [(1, 2_000_000), (2, 6_000_000), (3, 14_000_000)] {
            assert_eq!(out.deadline(), Some(Timestamp(at)));
            assert_eq!(out.poll(Timestamp(at - 1), &HOW), []);
            assert_eq!(
                out.poll(Timestamp(at), &HOW),
                [Due::Again(octets("request"), attempt)]
            );
        }
        assert_eq!(out.poll(Timestamp(30_000_000), &HOW), [Due::GiveUp(0)]);
        assert!(out.answered(0) && !out.answered(0));
    }

    /// G-044, RFC 7296 2.4: a check goes by the configured times; a sign of life makes it a request like any
    /// other, with all its repetitions before it.
    #[test]
    fn a_check_is_repeated_at_the_retry_interval() {
        let mut out = Outgoing::new(0);
        let id = out.take_id();
        out.sent(id, octets("request"), Timestamp(0), &HOW);
        let every = Duration::from_secs(3);
        out.check(Timestamp(0), every);
        for attempt in 1..=5u32 {
            let at = Timestamp(0) + every * attempt;
            assert_eq!(out.deadline(), Some(at));
            assert_eq!(out.poll(at, &HOW), [Due::Again(octets("request"), attempt)]);
        }
        assert_eq!(out.poll(Timestamp(17_999_999), &HOW), []);
        assert_eq!(out.poll(Timestamp(18_000_000), &HOW), [Due::Silent(0)]);
        out.alive(Timestamp(19_000_000), &HOW);
        assert_eq!(
            out.poll(Timestamp(21_000_000), &HOW),
            [Due::Again(octets("request"), 1)]
        );
    }

    /// RFC 7296 2.3: the window counts from the oldest unanswered request.
    #[test]
    fn requests_wait_for_room_in_the_window() {
        let mut out = Outgoing::new(0);
        out.set_window(2);
        for _ in 0..2 {
            assert!(out.may_send());
            let id = out.take_id();
            out.sent(id, octets("x"), Timestamp(0), &HOW);
        }
        assert!(!out.may_send());
        out.answered(1);
        assert!(!out.may_send(), "request 0 is still unanswered");
        out.answered(0);
        assert!(out.may_send());
        out.set_window(1);
        assert_eq!(out.window(), 2, "a window never shrinks");
    }
}
