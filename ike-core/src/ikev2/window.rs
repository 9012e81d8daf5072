//! The peer's requests on an IKE SA: each is acted on once, and the answers are kept for repetitions
//! (RFC 7296 2.1 to 2.3, H1, H2).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::shell::Path;

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

    fn octets(text: &'static str) -> Vec<Bytes> {
        vec![Bytes::from_static(text.as_bytes())]
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
