//! Datagrams as messages: named, opened with the keys at hand, their payloads in words.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use ike_core::decrypt::{Opener, Outcome, Tables};
use ike_wire::{Flags, Header};

use super::label::Labels;
use super::{Message, Remark};
use crate::decode::{self, Seen};

/// A datagram that was sent.
pub(crate) struct Sent {
    /// Microseconds of any clock.
    pub(crate) at: u64,
    /// The sender, by its place among the parties.
    pub(crate) from: Option<usize>,
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    /// The IKE message.
    pub(crate) octets: Bytes,
    pub(crate) remarks: Vec<Remark>,
}

/// The messages in order.
pub(crate) fn messages(sent: Vec<Sent>, keys: Tables) -> Vec<Message> {
    let first = sent.first().map_or(0, |s| s.at);
    let mut reader = Reader {
        opener: Opener::new(keys),
        labels: Labels::default(),
        seen: BTreeMap::new(),
        told: Vec::new(),
    };
    for datagram in sent {
        let message = reader.message(first, datagram);
        reader.told.push(message);
    }
    reader.told
}

struct Reader {
    opener: Opener,
    labels: Labels,
    /// Who sent which octets first, by the place of the message.
    seen: BTreeMap<(Option<usize>, Bytes), usize>,
    told: Vec<Message>,
}

impl Reader {
    fn message(&mut self, first: u64, sent: Sent) -> Message {
        let at = sent.at.saturating_sub(first);
        let key = (sent.from, sent.octets.clone());
        let repeats = self.seen.get(&key).copied();
        let known = repeats.and_then(|place| self.told.get(place)).cloned();
        if known.is_none() {
            self.seen.insert(key, self.told.len());
        }
        Message {
            at,
            repeats,
            remarks: sent.remarks.clone(),
            // A repetition says what the first one said.
            ..known.unwrap_or_else(|| self.new_message(at, &sent))
        }
    }

    fn new_message(&mut self, at: u64, sent: &Sent) -> Message {
        let header = Header::decode(&sent.octets).ok();
        let label = header.as_ref().map(|header| self.labels.of(header));
        let sealed = header.as_ref().is_some_and(sealed);
        let (clear, closed) = match self.opener.message(&sent.octets) {
            Outcome::Opened(clear) => (clear, None),
            Outcome::Clear => (sent.octets.clone(), None),
            Outcome::Piece => (
                sent.octets.clone(),
                Some("a fragment; the whole message stands at its last one".to_owned()),
            ),
            Outcome::Closed(why) => (sent.octets.clone(), Some(format!("not decrypted: {why}"))),
        };
        let seen = Seen {
            packet: 0,
            time: None,
            source: sent.source,
            destination: sent.destination,
        };
        let read = decode::Message::read(seen, &clear, 0);
        Message {
            at,
            from: sent.from,
            source: sent.source.to_string(),
            destination: sent.destination.to_string(),
            label: label.unwrap_or_else(|| "?".to_owned()),
            octets: sent.octets.len(),
            sealed,
            repeats: None,
            header: read.header,
            payloads: read.payloads,
            note: closed.or(read.error),
            remarks: Vec::new(),
        }
    }
}

/// IKEv1 has a flag for it, IKEv2 a payload (46 and 53: whole and in fragments, RFC 7296 3.14, RFC 7383).
fn sealed(header: &Header) -> bool {
    match header.major() {
        2 => matches!(header.next_payload.0, 46 | 53),
        _ => header.flags.contains(Flags::ENCRYPTED),
    }
}
