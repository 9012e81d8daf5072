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

#[cfg(test)]
mod tests {
    use super::*;
    use ike_wire::registry::ExchangeType;
    use ike_wire::v2::EncryptedFragment;
    use ike_wire::{Header, MessageId, Spi};

    const FIRST: PayloadType = PayloadType::V2_NOTIFY;

    /// Hands an authentic fragment in.
    fn take(
        reassembly: &mut Reassembly,
        id: u32,
        (number, total): (u16, u16),
        text: &str,
    ) -> Option<Clear> {
        let spi = Spi([1; 8]);
        let ty = ExchangeType::IKE_AUTH;
        let header = Header::v2(spi, spi, ty, Flags::INITIATOR, MessageId(id));
        let datagram = Bytes::copy_from_slice(text.as_bytes());
        let anywhere = std::net::SocketAddr::new([192, 0, 2, 1].into(), 500);
        let inbound = Inbound {
            local: anywhere,
            remote: anywhere,
            header: &header,
            datagram: &datagram,
        };
        let first = if number == 1 {
            FIRST
        } else {
            PayloadType::NONE
        };
        let body = Body::EncryptedFragment(EncryptedFragment {
            first,
            number,
            total,
            body: Bytes::new(),
        });
        let octets = datagram.clone();
        reassembly.take(&inbound, &body, Clear { first, octets })
    }

    /// RFC 7383 2.6: any order, repeated fragments count once.
    #[test]
    fn fragments_in_any_order_make_the_message() {
        let mut reassembly = Reassembly::default();
        for (number, text) in [(3, "c"), (1, "a"), (3, "c"), (1, "a")] {
            assert!(take(&mut reassembly, 1, (number, 3), text).is_none());
        }
        let whole = take(&mut reassembly, 1, (2, 3), "b").unwrap();
        assert_eq!((whole.first, whole.octets.as_ref()), (FIRST, &b"abc"[..]));
        assert_eq!(reassembly.digest_of(1), Some(digest(b"a")));
        assert_eq!(reassembly.digest_of(1), None, "told once");
    }

    /// RFC 7383 2.6, H8: a larger total starts anew (the sender found a smaller MTU), a smaller one is
    /// dropped.
    #[test]
    fn a_total_may_only_grow() {
        let mut reassembly = Reassembly::default();
        assert!(take(&mut reassembly, 1, (1, 2), "old").is_none());
        assert!(take(&mut reassembly, 1, (1, 3), "a").is_none());
        assert!(take(&mut reassembly, 1, (2, 2), "old").is_none());
        assert!(take(&mut reassembly, 1, (2, 3), "b").is_none());
        let whole = take(&mut reassembly, 1, (3, 3), "c").unwrap();
        assert_eq!(whole.octets.as_ref(), b"abc");
    }

    /// B7, B9: impossible numbers are dropped; messages in the making and their octets are bounded.
    #[test]
    fn what_is_kept_is_bounded() {
        let mut reassembly = Reassembly::default();
        for numbers in [(0, 2), (3, 2), (1, MAX_FRAGMENTS + 1)] {
            assert!(take(&mut reassembly, 1, numbers, "x").is_none());
        }
        assert!(reassembly.messages.is_empty());
        for id in 0..1_000 {
            assert!(take(&mut reassembly, id, (1, 2), "x").is_none());
        }
        assert!(reassembly.messages.len() <= MAX_MESSAGES);
        let large = "x".repeat(1_400);
        for number in 1..=60 {
            let _ = take(&mut reassembly, 5_000, (number, 200), &large);
        }
        let octets = |p: &Pieces| p.octets;
        assert!(reassembly.messages.values().map(octets).sum::<usize>() <= MAX_MESSAGE + 10_000);
    }
}
