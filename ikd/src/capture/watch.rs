//! What the daemon's host tells the capture: packets, decisions, the end of an event.

use std::net::SocketAddr;

use bytes::Bytes;
use ike_core::engine::Engine;
use ike_core::trace::{Trace, Traced, escaped};

use super::kept::Kept;
use super::keys::Lines;
use super::line::Line;
use super::ring::{Packet, Ring};
use crate::system::microseconds;

/// The ring of a daemon and the keys of its packets.
pub(crate) struct Watch {
    ring: Ring,
    /// `None` = keys are not kept.
    kept: Option<Kept>,
}

impl Watch {
    /// A ring of so many octets, with keys or without.
    pub(crate) fn new(octets: usize, keys: bool) -> Self {
        Self {
            ring: Ring::new(octets),
            kept: keys.then(Kept::default),
        }
    }

    /// A datagram came.
    pub(crate) fn received(
        &mut self,
        engine: &Engine,
        ends: (SocketAddr, SocketAddr),
        octets: &Bytes,
    ) {
        let number = self.ring.received(packet(ends, false, octets));
        self.note(engine, octets, number);
    }

    /// A datagram was sent.
    pub(crate) fn sent(&mut self, engine: &Engine, ends: (SocketAddr, SocketAddr), octets: &Bytes) {
        let number = self.ring.sent(packet(ends, true, octets));
        self.note(engine, octets, number);
    }

    /// A keepalive came or was sent (RFC 3948 2.3).
    pub(crate) fn keepalive(&mut self, ends: (SocketAddr, SocketAddr), outbound: bool) {
        let octet = Bytes::from_static(&ike_wire::natt::KEEPALIVE);
        self.ring.sent(packet(ends, outbound, &octet));
    }

    /// The engine told something: decisions and syslog messages are kept.
    pub(crate) fn told(&mut self, traced: &Traced) {
        match &traced.trace {
            Trace::Why(why) | Trace::WhyIkev2(why) => {
                let text = format!("{} [{}]", why.decision, why.rule);
                self.ring.tell(&escaped(&text));
            }
            Trace::Syslog(syslog) => self.ring.tell(&escaped(&syslog.to_string())),
            _ => {}
        }
    }

    /// The event is over.
    pub(crate) fn settle(&mut self, engine: &Engine) {
        self.ring.settle();
        if let Some(kept) = &mut self.kept {
            kept.retry(engine);
            kept.forget_before(self.ring.dropped());
        }
    }

    /// The packets.
    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The keys of the packets; `None` when they are not kept.
    pub(crate) fn keys(&self) -> Option<Lines> {
        self.kept.as_ref().map(Kept::lines)
    }

    /// Everything as lines for the control socket.
    pub(crate) fn lines(&self, keys: Option<&Lines>) -> Vec<Line> {
        let packets = self.ring.packets().cloned().map(Line::Packet);
        let keys = keys.into_iter().flat_map(Lines::iter);
        let keys = keys.map(|(table, text)| Line::Key {
            table,
            text: text.to_owned().into(),
        });
        packets.chain(keys).collect()
    }

    fn note(&mut self, engine: &Engine, octets: &Bytes, number: u64) {
        if let Some(kept) = &mut self.kept {
            kept.note(engine, octets, number);
        }
    }
}

fn packet((local, remote): (SocketAddr, SocketAddr), outbound: bool, octets: &Bytes) -> Packet {
    Packet {
        time: microseconds(),
        local,
        remote,
        outbound,
        octets: octets.clone(),
        comment: String::new(),
    }
}
