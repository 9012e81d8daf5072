//! From a datagram to its SA, and who may become one (W-055, B1-B6, C8, C23).

use std::net::SocketAddr;

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{Body, Message, NotifyType};
use ike_wire::{Flags, Header};

use super::Engine;
use crate::ikev1::{self, Inbound, IsakmpSa};
use crate::ikev2;
use crate::policy::{Decision, isakmp};
use crate::sa::action::{Action, Outbox, Transmit};
use crate::sa::{Role, SaId};
use crate::time::Now;
use crate::trace::{IsakmpTrace, Syslog, Trace};

/// Half-open SAs from one address before its newer first messages are dropped (B2).
const MAX_HALF_OPEN_PER_PEER: usize = 64;

impl Engine {
    pub(super) fn datagram(
        &mut self,
        now: Now,
        (local, remote): (SocketAddr, SocketAddr),
        bytes: &Bytes,
        out: &mut Outbox,
    ) {
        // Only the header is read before the owner is known.
        let header = match Header::decode(bytes) {
            Ok(header) if usize::try_from(header.length) == Ok(bytes.len()) => header,
            Ok(header) => {
                let reason = format!("header says {} octets, {} came", header.length, bytes.len());
                return self.malformed(remote, reason, out);
            }
            Err(e) => return self.malformed(remote, e.to_string(), out),
        };
        if remote.port() == 0 {
            self.counters.unsupported += 1;
            return;
        }
        match header.major() {
            1 if header.minor() == 0 => {}
            2 => return self.version2(now, (local, remote), &header, bytes, out),
            _ => return self.other_version(now, (local, remote), &header, bytes, out),
        }
        let inbound = Inbound {
            local,
            remote,
            header: &header,
            datagram: bytes,
        };
        // A clear notify may carry a responder's cookie that we never learnt.
        let clear = !header.flags.contains(Flags::ENCRYPTED)
            && header.next_payload != PayloadType::FRAGMENT;
        if clear && header.exchange == ExchangeType::INFORMATIONAL {
            return self.clear_notify(&inbound, out);
        }
        match self.owner(&header, remote) {
            Some(id) => self.with_sa(now, id, out, |sa, ctx| sa.receive(ctx, &inbound)),
            None if header.responder.is_zero() && !header.initiator.is_zero() => {
                self.stranger(now, &inbound, out)
            }
            None => self.no_sa(remote, out),
        }
    }

    fn version2(
        &mut self,
        now: Now,
        (local, remote): (SocketAddr, SocketAddr),
        header: &Header,
        datagram: &Bytes,
        out: &mut Outbox,
    ) {
        let inbound = ikev2::Inbound {
            local,
            remote,
            header,
            datagram,
        };
        let (sas, mut ctx) = self.ikev2(now, out);
        sas.datagram(&mut ctx, &inbound);
    }

    /// A19: a minor version of IKEv1 is dropped; a higher major version is told which one we speak, once
    /// per power of two, so that no two daemons talk forever (B6).
    fn other_version(
        &mut self,
        now: Now,
        (local, remote): (SocketAddr, SocketAddr),
        header: &Header,
        datagram: &Bytes,
        out: &mut Outbox,
    ) {
        self.counters.unsupported += 1;
        if header.major() < 3 || !self.counters.unsupported.is_power_of_two() {
            return;
        }
        let inbound = ikev2::Inbound {
            local,
            remote,
            header,
            datagram,
        };
        ikev2::invalid_major_version(&mut self.ikev2(now, out).1, &inbound);
    }

    /// A2: dropped and counted. The syslog line comes once per power of two (B20).
    fn malformed(&mut self, remote: SocketAddr, reason: String, out: &mut Outbox) {
        self.counters.malformed += 1;
        let from = remote.ip();
        out.trace(None, 0, Trace::Dropped { from, reason });
        if self.counters.malformed.is_power_of_two() {
            out.trace(None, 0, Trace::Syslog(Syslog::BadMessage(from)));
        }
    }

    /// W-055. Nothing is sent (B6) and nothing is kept.
    fn no_sa(&mut self, remote: SocketAddr, out: &mut Outbox) {
        self.counters.no_sa += 1;
        // One line per power of two, so that a flood cannot fill the log (B20).
        if self.counters.no_sa.is_power_of_two() {
            out.trace(None, 0, Trace::Syslog(Syslog::NoSa(remote.ip())));
        }
    }

    /// The SA of these cookies. Before the peer has learnt the responder's cookie, the
    /// initiator's and the address decide; an SA of ours takes the responder's cookie from the
    /// first answer, but never our own cookie reflected (C8).
    fn owner(&self, header: &Header, remote: SocketAddr) -> Option<SaId> {
        self.with_cookie(header.initiator)
            .find(|(_, sa)| {
                let shell = &sa.shell;
                match shell.role {
                    _ if shell.dead.is_some() => false,
                    _ if !shell.cookie_r.is_zero() && shell.cookie_r == header.responder => true,
                    Role::Responder => header.responder.is_zero() && shell.remote == remote,
                    Role::Initiator => {
                        shell.cookie_r.is_zero()
                            && !header.responder.is_zero()
                            && header.responder != header.initiator
                            && shell.remote == remote
                    }
                }
            })
            .map(|(id, _)| id)
    }

    /// A first message of an unknown peer.
    fn stranger(&mut self, now: Now, inbound: &Inbound<'_>, out: &mut Outbox) {
        match inbound.header.exchange {
            ExchangeType::MAIN if self.config.isakmp.enabled => {}
            ExchangeType::AGGRESSIVE if self.config.isakmp.enabled => {
                return self.refuse_aggressive(inbound, out);
            }
            other => {
                self.counters.unsupported += 1;
                let reason = format!("{other} exchange is not carried out");
                return out.trace(
                    None,
                    0,
                    Trace::Dropped {
                        from: inbound.remote.ip(),
                        reason,
                    },
                );
            }
        }
        if inbound.header.flags.contains(Flags::ENCRYPTED) || inbound.header.message_id.0 != 0 {
            return self.no_sa(inbound.remote, out);
        }
        let message = match Message::decode(inbound.datagram.clone()) {
            Ok(message) => message,
            Err(e) => return self.malformed(inbound.remote, e.to_string(), out),
        };
        // Our own first message sent back to us (C8).
        if self
            .with_cookie(inbound.header.initiator)
            .any(|(_, sa)| sa.shell.role == Role::Initiator)
        {
            return self.malformed(inbound.remote, "our own cookie came back".to_owned(), out);
        }
        if !self.admit(now, inbound, out) {
            self.counters.admission += 1;
            return;
        }
        let id = self.numbers.sa();
        match IsakmpSa::respond(id, &mut self.context(now, out), inbound, &message) {
            Ok(sa) => self.insert(now, id, sa),
            Err(record) => self.remember(*record),
        }
    }

    /// Aggressive Mode is not carried out, whatever G-029 says. RFC 2408 5.2, 3.14.1: a peer that offers it
    /// is told, so that it stops; the notify is no larger than the offer (B5) and leaves no state.
    fn refuse_aggressive(&mut self, inbound: &Inbound<'_>, out: &mut Outbox) {
        self.counters.unsupported += 1;
        let from = inbound.remote.ip();
        let offer = !inbound.header.flags.contains(Flags::ENCRYPTED)
            && inbound.header.message_id.0 == 0
            && Message::decode(inbound.datagram.clone())
                .is_ok_and(|m| m.chain.find(PayloadType::SA).is_some());
        if !offer {
            let reason = "an Aggressive exchange that is no offer".to_owned();
            return out.trace(None, 0, Trace::Dropped { from, reason });
        }
        let reason = "Aggressive Mode is not carried out: UNSUPPORTED-EXCHANGE-TYPE".to_owned();
        out.trace(None, 0, Trace::Dropped { from, reason });
        if self.counters.unsupported.is_power_of_two() {
            let mode = "Aggressive";
            let failure = Syslog::ModeFailure { mode, peer: from };
            out.trace(None, 0, Trace::Syslog(failure));
        }
        let ty = NotifyType::UNSUPPORTED_EXCHANGE_TYPE;
        if let Some(bytes) = ikev1::clear_notify(inbound.header.initiator, ty, &mut self.entropy) {
            out.push(Action::Send(Transmit {
                local: inbound.local,
                remote: inbound.remote,
                bytes,
            }));
        }
    }

    /// An unprotected notify is told and changes nothing: anyone can send it (H3, C14).
    fn clear_notify(&mut self, inbound: &Inbound<'_>, out: &mut Outbox) {
        let Ok(message) = Message::decode(inbound.datagram.clone()) else {
            return self.malformed(
                inbound.remote,
                "a clear Informational that does not decode".to_owned(),
                out,
            );
        };
        let ours = self
            .with_cookie(inbound.header.initiator)
            .find(|(_, sa)| sa.shell.remote == inbound.remote);
        let Some(sa) = ours.map(|(id, _)| id).and_then(|id| self.sas.get_mut(&id)) else {
            return self.no_sa(inbound.remote, out);
        };
        for (_, body) in message.chain.bodies() {
            let Body::Notify(n) = body else { continue };
            let trace = IsakmpTrace::Notify {
                name: n.ty.to_string(),
                protocol: n.protocol.0,
                message_id: inbound.header.message_id.0,
            };
            out.trace(Some(sa.shell.id), sa.shell.connection, Trace::Isakmp(trace));
            if n.ty == NotifyType::NO_PROPOSAL_CHOSEN && !sa.shell.record.phase1 {
                let why = "the peer says NO-PROPOSAL-CHOSEN (unprotected)";
                let refused = Decision::new((), "W-053", why).about(isakmp::subjects(&self.config));
                sa.shell.record.conclude("MM1", &refused);
            }
        }
    }

    /// G-030 and B2, B3: too many half-open SAs push out the oldest whose peer has not shown
    /// that it receives; if there is none, the stranger is turned away.
    fn admit(&mut self, now: Now, inbound: &Inbound<'_>, out: &mut Outbox) -> bool {
        if self
            .config
            .isakmp
            .max_sa
            .is_some_and(|max| self.sas.len() >= usize::try_from(max).unwrap_or(usize::MAX))
        {
            return false;
        }
        let peer = inbound.remote.ip();
        let from_peer = self
            .half_open
            .values()
            .filter(|from| **from == peer)
            .count();
        let most = usize::try_from(self.config.isakmp.max_in_negotiation).unwrap_or(1000);
        let full = self.half_open.len() >= most;
        if !full && from_peer < MAX_HALF_OPEN_PER_PEER {
            return true;
        }
        let unanswered = |id: &SaId| self.sas.get(id).is_some_and(IsakmpSa::unanswered);
        let mut candidates = self
            .half_open
            .iter()
            .filter(|(_, from)| full || **from == peer);
        let Some(id) = candidates.find(|(id, _)| unanswered(id)).map(|(id, _)| *id) else {
            return false;
        };
        self.with_sa(now, id, out, |sa, ctx| {
            sa.abandon(ctx, "pushed out by newer negotiations")
        });
        self.forget(id);
        self.settle(now, id);
        true
    }
}
