//! Putting fragmented messages together (RFC 7383 2.6; B7 to B9, H8).
//!
//! Only authentic fragments come here, so a stranger can make nothing be kept. One message at a time is
//! put together for each direction's message ID; its size is bounded.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use ike_wire::Flags;
use ike_wire::registry::PayloadType;
use ike_wire::v2::Body;

use super::ike_sa::Inbound;
use super::shell::digest;
use super::sk::Clear;

/// Fragments of one message.
const MAX_FRAGMENTS: u16 = 256;
/// Octets of one message.
const MAX_MESSAGE: usize = 65_536;
/// Messages in the making at once: the window's requests and our answers.
const MAX_MESSAGES: usize = 8;

/// Fragments that came so far.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    messages: BTreeMap<(bool, u32), Pieces>,
    /// Digest of fragment 1 of the request that was completed last: repetitions are known by it
    /// (RFC 7383 2.6.1).
    completed: Option<(u32, [u8; 32])>,
}

#[derive(Debug)]
struct Pieces {
    total: u16,
    first: PayloadType,
    digest: [u8; 32],
    parts: Vec<Option<Bytes>>,
    missing: u16,
    octets: usize,
}

impl Reassembly {
    /// Takes an authentic fragment in; `Some` when it completes its message. A repeated fragment changes
    /// nothing; one that announces more fragments starts anew, one that announces fewer is dropped
    /// (RFC 7383 2.6).
    pub(super) fn take(
        &mut self,
        inbound: &Inbound<'_>,
        body: &Body,
        clear: Clear,
    ) -> Option<Clear> {
        let Body::EncryptedFragment(fragment) = body else {
            return None;
        };
        let (number, total) = (fragment.number, fragment.total);
        if number == 0 || number > total || total > MAX_FRAGMENTS {
            return None;
        }
        let response = inbound.header.flags.contains(Flags::RESPONSE);
        let key = (response, inbound.header.message_id.0);
        let known = self.messages.get(&key).map(|p| p.total);
        match known {
            Some(known) if known > total => return None,
            Some(known) if known == total => {}
            _ => {
                while self.messages.len() >= MAX_MESSAGES {
                    self.messages.pop_first();
                }
                self.messages.insert(key, Pieces::new(total));
            }
        }
        let pieces = self.messages.get_mut(&key)?;
        pieces.put(number, clear, inbound.datagram);
        if pieces.octets > MAX_MESSAGE {
            self.messages.remove(&key);
            return None;
        }
        if pieces.missing > 0 {
            return None;
        }
        let pieces = self.messages.remove(&key)?;
        if !response {
            self.completed = Some((key.1, pieces.digest));
        }
        Some(pieces.join())
    }

    /// By what a repetition of the request that was just put together is known; `None` for a request that
    /// came whole.
    pub(super) fn digest_of(&mut self, id: u32) -> Option<[u8; 32]> {
        self.completed
            .take_if(|(completed, _)| *completed == id)
            .map(|(_, digest)| digest)
    }
}

impl Pieces {
    fn new(total: u16) -> Self {
        Self {
            total,
            first: PayloadType::NONE,
            digest: [0; 32],
            parts: vec![None; total.into()],
            missing: total,
            octets: 0,
        }
    }

    fn put(&mut self, number: u16, clear: Clear, datagram: &[u8]) {
        if number == 1 {
            self.first = clear.first;
            self.digest = digest(datagram);
        }
        let slot = self.parts.get_mut(usize::from(number) - 1);
        if let Some(slot) = slot.filter(|s| s.is_none()) {
            self.octets += clear.octets.len();
            self.missing -= 1;
            *slot = Some(clear.octets);
        }
    }

    fn join(self) -> Clear {
        let mut octets = BytesMut::with_capacity(self.octets);
        self.parts
            .into_iter()
            .flatten()
            .for_each(|part| octets.extend_from_slice(&part));
        Clear {
            first: self.first,
            octets: octets.freeze(),
        }
    }
}
