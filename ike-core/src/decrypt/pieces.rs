//! Messages that came in fragments, as a reader sees them: every piece may come twice, once on each
//! side of a NAT, and nothing is acknowledged. Bounded (B7 to B9).

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use ike_crypto::Hash;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Fragment, Reassembly};
use ike_wire::v2::EncryptedFragment;

/// Octets of a message that is put together: it must fit into a datagram again.
const MAX_MESSAGE: usize = 60_000;
/// Messages of one IKE SA in the making at once: requests and responses of both ends.
const MAX_MESSAGES: usize = 8;
/// Pieces of one message (RFC 7383 has no limit; 64 are usual).
const MAX_PIECES: u16 = 512;

/// Pieces of IKEv1 messages (Cisco's fragmentation): one message at a time.
pub(super) struct Cisco {
    pieces: Reassembly,
    /// Digests of the pieces of the message in the making, or of the last one that became whole.
    seen: BTreeSet<[u8; 32]>,
    id: u16,
    /// The piece that completed a message, and the message.
    last: Option<([u8; 32], Bytes)>,
}

impl Default for Cisco {
    fn default() -> Self {
        Self {
            pieces: Reassembly::new(MAX_MESSAGE),
            seen: BTreeSet::new(),
            id: 0,
            last: None,
        }
    }
}

impl Cisco {
    /// Takes a piece; gives the whole message with the piece that completes it, also when that one is
    /// repeated.
    pub(super) fn take(&mut self, piece: &Fragment) -> Result<Option<Bytes>, String> {
        let digest = digest(&[&piece.id.to_be_bytes(), &[piece.number], &piece.data]);
        match &self.last {
            Some((completing, whole)) if *completing == digest => return Ok(Some(whole.clone())),
            _ if piece.id == self.id && self.seen.contains(&digest) => return Ok(None),
            _ => {}
        }
        if piece.id != self.id {
            (self.id, self.seen) = (piece.id, BTreeSet::new());
        }
        let whole = self.pieces.insert(piece).map_err(|e| {
            self.seen.clear();
            e.to_string()
        })?;
        // At most 255 numbers, and a second piece of one number is not kept either.
        if self.seen.len() < usize::from(u8::MAX) {
            self.seen.insert(digest);
        }
        if let Some(whole) = &whole {
            self.last = Some((digest, whole.clone()));
        }
        Ok(whole)
    }
}

/// Which message of an IKE SA: from its initiator, a response, the message ID.
pub(super) type Which = (bool, bool, u32);

/// Opened fragments of IKEv2 (RFC 7383 2.6).
#[derive(Default)]
pub(super) struct Fragments {
    messages: BTreeMap<Which, Making>,
}

struct Making {
    first: PayloadType,
    parts: Vec<Option<Bytes>>,
    octets: usize,
}

impl Fragments {
    /// Takes an authentic fragment and what was in it; gives first payload type and octets of the
    /// message it completes. A larger total starts anew, a smaller one is dropped.
    pub(super) fn take(
        &mut self,
        which: Which,
        piece: &EncryptedFragment,
        clear: Bytes,
    ) -> Option<(PayloadType, Bytes)> {
        let total = usize::from(piece.total);
        if piece.total > MAX_PIECES {
            return None;
        }
        match self.messages.get(&which).map(|m| m.parts.len()) {
            Some(known) if known > total => return None,
            Some(known) if known == total => {}
            _ => {
                while self.messages.len() >= MAX_MESSAGES {
                    self.messages.pop_first();
                }
                self.messages.insert(which, Making::new(total));
            }
        }
        let making = self.messages.get_mut(&which)?;
        making.put(piece, clear);
        if making.octets > MAX_MESSAGE {
            self.messages.remove(&which);
            return None;
        }
        if making.parts.iter().any(Option::is_none) {
            return None;
        }
        self.messages.remove(&which).map(Making::join)
    }
}

impl Making {
    fn new(total: usize) -> Self {
        Self {
            first: PayloadType::NONE,
            parts: vec![None; total],
            octets: 0,
        }
    }

    fn put(&mut self, piece: &EncryptedFragment, clear: Bytes) {
        if piece.number == 1 {
            self.first = piece.first;
        }
        let slot = self
            .parts
            .get_mut(usize::from(piece.number).saturating_sub(1));
        if let Some(slot) = slot.filter(|slot| slot.is_none()) {
            self.octets = self.octets.saturating_add(clear.len());
            *slot = Some(clear);
        }
    }

    fn join(self) -> (PayloadType, Bytes) {
        let mut out = BytesMut::with_capacity(self.octets);
        let parts = self.parts.iter().flatten();
        parts.for_each(|part| out.extend_from_slice(part));
        (self.first, out.freeze())
    }
}

/// SHA-256, by which repetitions are known.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let digest = Hash::Sha256.digest(parts);
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cisco(id: u16, number: u8, last: bool, data: &'static [u8]) -> Fragment {
        Fragment {
            id,
            number,
            flags: last.into(),
            data: Bytes::from_static(data),
        }
    }

    /// Both sides of a NAT are in the capture: each piece comes twice, and the message twice too.
    #[test]
    fn pieces_that_come_twice_make_one_message_each_time() {
        let mut pieces = Cisco::default();
        for id in [1, 1, 2] {
            assert_eq!(pieces.take(&cisco(id, 1, false, b"a")), Ok(None));
            assert_eq!(pieces.take(&cisco(id, 1, false, b"a")), Ok(None));
            let whole = Ok(Some(Bytes::from_static(b"ab")));
            assert_eq!(pieces.take(&cisco(id, 2, true, b"b")), whole);
            assert_eq!(pieces.take(&cisco(id, 2, true, b"b")), whole);
        }
        // The same identifier for another message, as some count.
        assert_eq!(pieces.take(&cisco(2, 1, false, b"c")), Ok(None));
        let whole = pieces.take(&cisco(2, 2, true, b"d"));
        assert_eq!(whole, Ok(Some(Bytes::from_static(b"cd"))));
    }

    fn fragment(number: u16, total: u16) -> EncryptedFragment {
        EncryptedFragment {
            first: PayloadType::V2_NOTIFY,
            number,
            total,
            body: Bytes::new(),
        }
    }

    /// B9: messages in the making and their octets are bounded.
    #[test]
    fn what_is_kept_of_fragments_is_bounded() {
        let mut fragments = Fragments::default();
        for id in 0..1000 {
            let piece = fragments.take((true, false, id), &fragment(1, 2), Bytes::new());
            assert_eq!(piece, None);
        }
        assert_eq!(fragments.messages.len(), MAX_MESSAGES);
        let large = Bytes::from(vec![0; 1400]);
        for number in 1..=200 {
            let _ = fragments.take((true, false, 5000), &fragment(number, 300), large.clone());
        }
        let octets: usize = fragments.messages.values().map(|m| m.octets).sum();
        assert!(octets <= MAX_MESSAGE, "{octets}");
        assert_eq!(
            fragments.take((true, false, 1), &fragment(1, 600), large),
            None
        );
    }
}
