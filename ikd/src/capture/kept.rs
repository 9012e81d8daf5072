//! The keys of the packets in the ring: of SAs that are over too, since they are what one looks for.
//!
//! They are in memory only, cleared when their last packet leaves the ring, handed out to whoever may
//! speak to the control socket, and not kept at all with `--no-capture-keys` (I6).

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ike_core::decrypt::Table;
use ike_core::decrypt::tables::{ikev1_line, ikev2_lines};
use ike_core::engine::Engine;
use ike_core::engine::view::KeyView;
use ike_core::engine::view_ikev2::Ikev2KeyView;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::{Flags, Header, Spi};

use super::keys::Lines;

/// SAs whose keys are kept.
const MAX_SAS: usize = 4096;
/// Keys of one SA (RFC 9370 2.2.2).
const MAX_KEYS: usize = 16;
/// SAs whose keys are not made yet.
const MAX_WANTED: usize = 16;

type Spis = (Spi, Spi);

/// Keys by SA, and the SAs by their newest packet.
#[derive(Default)]
pub(crate) struct Kept {
    sas: BTreeMap<Spis, Sa>,
    by_packet: BTreeMap<(u64, Spis), ()>,
    /// Encrypted packets came, and the engine was still at work on the keys.
    wanted: VecDeque<(Header, u64)>,
}

#[derive(Default)]
struct Sa {
    newest: u64,
    ikev1: Vec<KeyView>,
    ikev2: Vec<Ikev2KeyView>,
}

impl Kept {
    /// A packet with that number went by: looks up its keys if it needs some.
    pub(crate) fn note(&mut self, engine: &Engine, octets: &Bytes, number: u64) {
        let header = Header::decode(octets).ok();
        if let Some(header) = header.filter(is_sealed)
            && !self.look_up(engine, &header, number)
        {
            self.want(header, number);
        }
    }

    /// An event is over: keys that were not there may be now.
    pub(crate) fn retry(&mut self, engine: &Engine) {
        let wanted = std::mem::take(&mut self.wanted);
        for (header, number) in wanted {
            if !self.look_up(engine, &header, number) {
                self.want(header, number);
            }
        }
    }

    /// Packets before that number left the ring.
    pub(crate) fn forget_before(&mut self, first: u64) {
        while let Some(entry) = self.by_packet.first_entry()
            && (entry.key().0 < first || self.sas.len() > MAX_SAS)
        {
            let ((_, spis), ()) = entry.remove_entry();
            self.sas.remove(&spis);
        }
        self.wanted.retain(|(_, number)| *number >= first);
    }

    /// Every key as a line of its table.
    pub(crate) fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for sa in self.sas.values() {
            sa.ikev1
                .iter()
                .for_each(|key| lines.add(Table::Ikev1, ikev1_line(key)));
            for (table, line) in sa.ikev2.iter().flat_map(ikev2_lines) {
                lines.add(table, line);
            }
        }
        lines
    }

    /// Whether there is a key now.
    fn look_up(&mut self, engine: &Engine, header: &Header, number: u64) -> bool {
        let spis = (header.initiator, header.responder);
        let known = self.sas.contains_key(&spis);
        if known && !may_change(header.exchange) {
            self.touch(spis, number);
            return true;
        }
        let (ikev1, ikev2) = match header.major() {
            1 => (engine.keys_of(spis.0), None),
            _ => (Vec::new(), engine.ikev2_keys_of(spis.0, spis.1)),
        };
        if ikev1.is_empty() && ikev2.is_none() {
            if known {
                self.touch(spis, number);
            }
            return known;
        }
        self.touch(spis, number);
        let sa = self.sas.entry(spis).or_default();
        sa.add(ikev1, ikev2);
        true
    }

    fn touch(&mut self, spis: Spis, number: u64) {
        let sa = self.sas.entry(spis).or_default();
        self.by_packet.remove(&(sa.newest, spis));
        sa.newest = sa.newest.max(number);
        self.by_packet.insert((sa.newest, spis), ());
    }

    fn want(&mut self, header: Header, number: u64) {
        self.wanted.push_back((header, number));
        if self.wanted.len() > MAX_WANTED {
            self.wanted.pop_front();
        }
    }
}

impl Sa {
    fn add(&mut self, ikev1: Vec<KeyView>, ikev2: Option<Ikev2KeyView>) {
        for key in ikev1 {
            let known = self.ikev1.iter().any(|k| k.message_key == key.message_key);
            if !known && self.ikev1.len() < MAX_KEYS {
                self.ikev1.push(key);
            }
        }
        if let Some(key) = ikev2 {
            let known = self.ikev2.iter().any(|k| k.ei == key.ei && k.er == key.er);
            if !known && self.ikev2.len() < MAX_KEYS {
                self.ikev2.push(key);
            }
        }
    }
}

/// The last payload of an encrypted message is its first one, for all who have sent one so far.
fn is_sealed(header: &Header) -> bool {
    match header.major() {
        1 => {
            header.flags.contains(Flags::ENCRYPTED) || header.next_payload == PayloadType::FRAGMENT
        }
        2 => [
            PayloadType::V2_ENCRYPTED,
            PayloadType::V2_ENCRYPTED_FRAGMENT,
        ]
        .contains(&header.next_payload),
        _ => false,
    }
}

/// RFC 9370 2.2.2: keys change until IKE_AUTH, never after.
fn may_change(exchange: ExchangeType) -> bool {
    [ExchangeType::IKE_INTERMEDIATE, ExchangeType::IKE_AUTH].contains(&exchange)
}
