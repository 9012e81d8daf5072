//! Message IDs of an IKE SA: requests under way in both directions, their repetition and the answers
//! kept for repetitions (RFC 7296 2.1 to 2.3, W-072, W-075, H1, H2).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::shell::Path;
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

    /// Nothing is repeated any more.
    pub fn stop(&mut self) {
        self.sent.clear();
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.sent.values().map(|s| s.due).min()
    }

    /// What is due at `now`.
    pub fn poll(&mut self, now: Timestamp, how: &Repetition) -> Vec<Due> {
        let mut out = Vec::new();
        for (id, sent) in &mut self.sent {
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

/// The peer's requests: each is acted on once, its answer kept for repetitions.
#[derive(Debug)]
pub struct Incoming {
    /// Every request below was answered.
    base: u32,
    window: u32,
    slots: BTreeMap<u32, Slot>,
}

#[derive(Debug)]
struct Slot {
    /// Digest of the first datagram of the request.
    digest: [u8; 32],
    /// Where it came to and from.
    path: Option<Path>,
    /// `None` while the answer is in the making.
    answer: Option<Vec<Bytes>>,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen before, inside the window.
    New,
    /// Answered before: the same answer again.
    Repeated(Vec<Bytes>),
    /// Dropped, for this reason.
    Dropped(&'static str),
}

impl Incoming {
    /// The first request has that message ID; `window` requests at once are taken.
    #[must_use]
    pub fn new(base: u32, window: u32) -> Self {
        Self {
            base,
            window: window.max(1),
            slots: BTreeMap::new(),
        }
    }

    /// Looks a request up by its message ID and a digest of its first datagram.
    #[must_use]
    pub fn look_up(&self, id: u32, digest: &[u8; 32]) -> Arrival {
        match self.slots.get(&id) {
            Some(slot) if slot.digest != *digest => {
                Arrival::Dropped("another request with a message ID already used")
            }
            Some(Slot {
                answer: Some(answer),
                ..
            }) => Arrival::Repeated(answer.clone()),
            Some(_) => Arrival::Dropped("its answer is in the making"),
            None if id < self.base => Arrival::Dropped("a request answered long ago"),
            None if id - self.base >= self.window => {
                Arrival::Dropped("a message ID beyond the window")
            }
            None => Arrival::New,
        }
    }

    /// Begins to act on an authenticated request.
    pub fn begin(&mut self, id: u32, digest: [u8; 32]) {
        self.slots.insert(
            id,
            Slot {
                digest,
                path: None,
                answer: None,
            },
        );
    }

    /// Notes which way a request came.
    pub fn came(&mut self, id: u32, path: Path) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.path = Some(path);
        }
    }

    /// Which way a request came: its answer goes back the same way (RFC 7296 2.11).
    #[must_use]
    pub fn path(&self, id: u32) -> Option<Path> {
        self.slots.get(&id)?.path
    }

    /// Whether the answer to that request is still to be given.
    #[must_use]
    pub fn owes(&self, id: u32) -> bool {
        self.slots.get(&id).is_some_and(|s| s.answer.is_none())
    }

    /// The answer went out. The window moves over answered requests; as many answers as the window is
    /// wide are kept (RFC 7296 2.3).
    pub fn answered(&mut self, id: u32, datagrams: Vec<Bytes>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.answer = Some(datagrams);
        }
        while self
            .slots
            .get(&self.base)
            .is_some_and(|s| s.answer.is_some())
        {
            self.base = self.base.saturating_add(1);
        }
        let keep = self.base.saturating_sub(self.window);
        self.slots.retain(|id, _| *id >= keep);
    }

    /// Requests we take at once.
    #[must_use]
    pub fn window(&self) -> u32 {
        self.window
    }

    /// The message ID of the next request, for `show`.
    #[must_use]
    pub fn next_id(&self) -> u32 {
        self.base
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

    /// RFC 7296 2.1, H2: the same request gets the same answer, another one with its ID none.
    #[test]
    fn a_repeated_request_gets_its_old_answer() {
        let mut incoming = Incoming::new(0, 2);
        assert_eq!(incoming.look_up(0, &[1; 32]), Arrival::New);
        incoming.begin(0, [1; 32]);
        assert!(matches!(incoming.look_up(0, &[1; 32]), Arrival::Dropped(_)));
        incoming.answered(0, octets("answer"));
        assert_eq!(
            incoming.look_up(0, &[1; 32]),
            Arrival::Repeated(octets("answer"))
        );
        assert!(matches!(incoming.look_up(0, &[2; 32]), Arrival::Dropped(_)));
    }

    /// H1: the window moves only over answered requests.
    #[test]
    fn requests_beyond_the_window_are_dropped() {
        let mut incoming = Incoming::new(0, 2);
        assert_eq!(incoming.look_up(1, &[1; 32]), Arrival::New);
        incoming.begin(1, [1; 32]);
        incoming.answered(1, octets("one"));
        assert_eq!(incoming.next_id(), 0);
        assert!(matches!(incoming.look_up(2, &[2; 32]), Arrival::Dropped(_)));
        incoming.begin(0, [0; 32]);
        incoming.answered(0, octets("zero"));
        assert_eq!(incoming.next_id(), 2);
        assert_eq!(incoming.look_up(3, &[3; 32]), Arrival::New);
        for id in 2..6 {
            incoming.begin(id, [9; 32]);
            incoming.answered(id, octets("more"));
        }
        assert!(matches!(incoming.look_up(1, &[1; 32]), Arrival::Dropped(_)));
    }
}
