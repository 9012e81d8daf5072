//! The keys of the packets in the ring: of SAs that are over too, since they are what one looks for.
//!
//! They are in memory only, cleared when their last packet leaves the ring, handed out to whoever may
//! speak to the control socket, and not kept at all with `--no-capture-keys` (I6).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    by_packet: BTreeSet<(u64, Spis)>,
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
        while let Some((newest, spis)) = self.by_packet.first().copied()
            && (newest < first || self.sas.len() > MAX_SAS)
        {
            self.by_packet.pop_first();
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
        self.by_packet.insert((sa.newest, spis));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ike_core::config::parse;
    use ike_core::sa::action::Command;
    use ike_core::sa::job::PrivateKeys;
    use ike_core::sa::retransmit::Timers;
    use ike_core::sim::{Network, Router, Simulation};

    use super::*;

    struct NoKeys;

    impl PrivateKeys for NoKeys {
        fn key(&self, _: &str) -> Option<Arc<ike_crypto::PrivateKey>> {
            None
        }
    }

    fn router(own: u8, peer: u8) -> Router {
        let text = format!(
            "hostname R{own}\ncrypto isakmp policy 10\n authentication pre-share\n\
             crypto isakmp key secret address 192.168.0.{peer}\n\
             crypto ipsec transform-set TS esp-aes esp-sha-hmac\n\
             crypto ipsec profile P\n set transform-set TS\n\
             interface Ethernet0/0\n ip address 192.168.0.{own} 255.255.255.0\n\
             interface Tunnel1\n ip address 10.0.0.{own} 255.255.255.0\n tunnel source Ethernet0/0\n\
             tunnel destination 192.168.0.{peer}\n tunnel protection ipsec profile P\n"
        );
        Router {
            name: format!("R{own}"),
            store: Arc::default(),
            keys: Arc::new(NoKeys),
            config: Arc::new(parse("r.cfg", &text).config),
        }
    }

    /// I6: the keys of an SA that is over are there as long as one of its packets is, and no longer.
    #[test]
    fn keys_leave_with_the_last_packet_of_their_sa() {
        let routers = [router(1, 2), router(2, 1)];
        let mut sim = Simulation::new(
            routers,
            Network::default(),
            Timers::default(),
            1,
            1_371_470_000,
        );
        sim.up(0, None);
        sim.settle(Duration::from_secs(1));
        let mut kept = Kept::default();
        let datagrams: Vec<Bytes> = sim.datagrams().iter().map(|d| d.bytes.clone()).collect();
        assert!(datagrams.len() >= 9, "{}", datagrams.len());
        for (number, octets) in (0..).zip(&datagrams) {
            kept.note(&sim.node(0).engine, octets, number);
        }
        assert_eq!(kept.lines().iter().count(), 1);
        sim.command(0, Command::ClearAll);
        sim.settle(Duration::from_secs(200));
        assert!(sim.node(0).engine.keys().is_empty());
        let last = datagrams.len() as u64 - 1;
        kept.forget_before(last);
        assert_eq!(kept.lines().iter().count(), 1);
        kept.forget_before(last + 1);
        assert_eq!(kept.lines().iter().count(), 0);
        assert!(kept.sas.is_empty() && kept.by_packet.is_empty());
    }

    /// Encrypted junk of strangers leaves nothing behind but a few headers.
    #[test]
    fn junk_is_not_kept() {
        let routers = [router(1, 2), router(2, 1)];
        let sim = Simulation::new(
            routers,
            Network::default(),
            Timers::default(),
            1,
            1_371_470_000,
        );
        let mut kept = Kept::default();
        for number in 0..1000u64 {
            let spi = number.to_be_bytes();
            let octets = [&spi[..], &spi, &[46, 0x20, 35, 8], &[0; 4], &[0, 0, 0, 28]].concat();
            kept.note(&sim.node(0).engine, &octets.into(), number);
            kept.retry(&sim.node(0).engine);
        }
        assert!(kept.sas.is_empty() && kept.wanted.len() <= MAX_WANTED);
    }
}
