//! An ISAKMP SA: routes datagrams and jobs to its state. `timers` does what is due.

mod timers;

use std::net::SocketAddr;

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::Message;
use ike_wire::{Flags, Header, Spi};

use super::context::Context;
use super::established::{self, Established, Quick};
use super::fragment::Joining;
use super::initiator::{self, Initiator};
use super::responder::{self, Responder};
use super::shell::Shell;
use super::{informational, quick_initiator, quick_responder, transaction};
use crate::policy::protection::Protection;
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;
use crate::sa::record::Record;
use crate::sa::retransmit::Retransmit;
use crate::sa::{Role, SaId};
use crate::trace::{Fsm, IsakmpTrace, SaState};

/// An ISAKMP SA.
pub struct IsakmpSa {
    /// What every state has.
    pub shell: Shell,
    state: State,
}

enum State {
    Initiator(Initiator),
    Responder(Responder),
    Established(Box<Established>),
    Dead,
}

/// One datagram of an SA, as the engine routed it.
pub struct Inbound<'a> {
    /// Our end.
    pub local: SocketAddr,
    /// The sender.
    pub remote: SocketAddr,
    /// Its header.
    pub header: &'a Header,
    /// All of it.
    pub datagram: &'a Bytes,
}

impl IsakmpSa {
    /// Starts Main Mode for a protection. The `Err` is the record of an SA that could not start.
    ///
    /// # Errors
    /// No policy can be offered.
    pub fn initiate(
        id: SaId,
        ctx: &mut Context<'_>,
        protection: &Protection,
        port: u16,
        first_contact: bool,
    ) -> Result<Self, Box<Record>> {
        let local = SocketAddr::new(protection.local, port);
        let remote = SocketAddr::new(protection.peer, port);
        let mut shell = new_shell(id, ctx, Role::Initiator, (local, remote));
        shell.cookie_i = ctx.entropy.cookie();
        shell.first_contact = first_contact;
        shell.protection = Some(protection.name.clone());
        shell.record.protection.clone_from(&shell.protection);
        shell.record.spi = Some(shell.cookie_i.to_string());
        shell.profile.clone_from(&protection.isakmp_profile);
        shell.record.profile.clone_from(&protection.isakmp_profile);
        match initiator::start(&mut shell, ctx) {
            Some(state) => Ok(Self {
                shell,
                state: State::Initiator(state),
            }),
            None => Err(Box::new(shell.record)),
        }
    }

    /// Answers a first message. The `Err` is the record of a refusal that left no state.
    ///
    /// # Errors
    /// No policy fits, or the message is not an MM1.
    pub fn respond(
        id: SaId,
        ctx: &mut Context<'_>,
        inbound: &Inbound<'_>,
        message: &Message,
    ) -> Result<Self, Box<Record>> {
        let mut shell = new_shell(id, ctx, Role::Responder, (inbound.local, inbound.remote));
        shell.cookie_i = inbound.header.initiator;
        shell.record.spi = Some(shell.cookie_i.to_string());
        shell.cookie_r = ctx.entropy.cookie();
        match responder::accept(&mut shell, ctx, &message.chain, inbound.datagram) {
            Some(state) => Ok(Self {
                shell,
                state: State::Responder(state),
            }),
            None => Err(Box::new(shell.record)),
        }
    }

    /// A datagram with this SA's cookies.
    pub fn receive(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let trace = IsakmpTrace::Received {
            remote: inbound.remote,
            my_port: inbound.local.port(),
            role: Some(self.shell.role),
            state: Some(self.shell.state),
        };
        self.shell.trace(ctx, trace);
        if inbound.header.next_payload == PayloadType::FRAGMENT {
            return self.piece(ctx, inbound);
        }
        match inbound.header.exchange {
            ExchangeType::MAIN => self.main_mode(ctx, inbound),
            ExchangeType::QUICK | ExchangeType::INFORMATIONAL | ExchangeType::TRANSACTION => {
                self.phase2(ctx, inbound)
            }
            other => self
                .shell
                .dropped(ctx, format!("{other} exchange is not carried out")),
        }
        self.bury(ctx);
    }

    /// A fragment: the message it completes is acted on as if it had come in one datagram.
    fn piece(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        if !self.shell.fragments {
            return self.shell.dropped(ctx, "fragments were not agreed");
        }
        let joined = self.shell.joining.take(inbound.header, inbound.datagram);
        match joined {
            Ok(None) => {}
            Ok(Some((header, datagram))) => {
                let whole = Inbound {
                    header: &header,
                    datagram: &datagram,
                    ..*inbound
                };
                self.receive(ctx, &whole);
            }
            Err(why) => self.shell.dropped(ctx, why),
        }
    }

    fn main_mode(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        if self.shell.is_duplicate(inbound.datagram) {
            // While a job is under way the answer to this very message is still in the making.
            if !self.working() {
                self.shell.answer_duplicate(ctx);
            }
            return;
        }
        if inbound.header.flags.contains(Flags::ENCRYPTED) {
            self.main_mode_encrypted(ctx, inbound);
        } else {
            self.main_mode_clear(ctx, inbound);
        }
    }

    fn main_mode_clear(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let message = match Message::decode(inbound.datagram.clone()) {
            Ok(message) => message,
            Err(e) => return self.shell.dropped(ctx, e.to_string()),
        };
        let shell = &mut self.shell;
        let datagram = inbound.datagram;
        self.state = match std::mem::replace(&mut self.state, State::Dead) {
            State::Initiator(s) => s
                .clear(shell, ctx, &message.header, message.chain, datagram)
                .into(),
            State::Responder(s) => s.clear(shell, ctx, message.chain, datagram).into(),
            other => {
                shell.dropped(ctx, "a clear Main Mode message after phase 1");
                other
            }
        };
    }

    fn main_mode_encrypted(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let cipher_text = inbound.datagram.get(Header::LEN..).unwrap_or_default();
        let shell = &mut self.shell;
        self.state = match std::mem::replace(&mut self.state, State::Dead) {
            State::Initiator(s) => s.encrypted(shell, ctx, inbound.header, cipher_text).into(),
            State::Responder(s) => {
                let endpoints = (inbound.local, inbound.remote);
                s.encrypted(
                    shell,
                    ctx,
                    (inbound.header, cipher_text),
                    inbound.datagram,
                    endpoints,
                )
                .into()
            }
            other => {
                shell.dropped(ctx, "a Main Mode message after phase 1");
                other
            }
        };
    }

    fn phase2(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let shell = &mut self.shell;
        let State::Established(established) = &mut self.state else {
            // C16: nothing of phase 2 before phase 1 is complete; clear notifies are told only.
            return shell.dropped(ctx, "phase 1 is not complete");
        };
        if !inbound.header.flags.contains(Flags::ENCRYPTED) {
            return shell.dropped(ctx, "a phase 2 message in the clear");
        }
        let message_id = inbound.header.message_id.0;
        let cipher_text = inbound.datagram.get(Header::LEN..).unwrap_or_default();
        let part = (inbound.header.next_payload, cipher_text);
        if inbound.header.exchange == ExchangeType::INFORMATIONAL {
            return informational::receive(shell, ctx, established, message_id, part);
        }
        if inbound.header.exchange == ExchangeType::TRANSACTION {
            return transaction::receive(shell, ctx, established, inbound, part);
        }
        match established.quick.remove(&message_id) {
            Some(Quick::Initiator(q)) => {
                let q = q.message(shell, ctx, established, message_id, part);
                established.quick.insert(message_id, Quick::Initiator(q));
            }
            Some(Quick::Responder(q)) => match q.message(shell, ctx, established, message_id, part)
            {
                Some(q) => drop(established.quick.insert(message_id, Quick::Responder(q))),
                None => established.finish(message_id),
            },
            None if message_id == 0 || established.is_finished(message_id) => {
                shell.dropped(ctx, "the Quick Mode of this message ID is over");
            }
            None if established.quick.len() >= established::MAX_EXCHANGES => {
                shell.dropped(ctx, "too many Quick Modes under way");
            }
            None => quick_responder::accept(shell, ctx, established, message_id, part),
        }
    }

    /// A job of this SA is done. A job that nobody waits for any more changes nothing.
    pub fn job_done(&mut self, ctx: &mut Context<'_>, id: JobId, outcome: JobOutcome) {
        let shell = &mut self.shell;
        self.state = match std::mem::replace(&mut self.state, State::Dead) {
            State::Initiator(s) => s.job_done(shell, ctx, id, outcome).into(),
            State::Responder(s) => s.job_done(shell, ctx, id, outcome).into(),
            State::Established(mut e) => {
                quick_job(shell, ctx, &mut e, id, &outcome);
                State::Established(e)
            }
            State::Dead => State::Dead,
        };
        self.bury(ctx);
    }

    /// Starts a Quick Mode; the SA must be established.
    pub fn start_quick(&mut self, ctx: &mut Context<'_>, protection: &Protection) {
        if let State::Established(established) = &mut self.state {
            quick_initiator::start(&mut self.shell, ctx, established, protection);
        }
    }

    /// Deletes the SA and tells the peer: `spis` are our inbound SPIs that go with it.
    pub fn delete(&mut self, ctx: &mut Context<'_>, spis: &[u32], reason: &str) {
        if let State::Established(established) = &self.state {
            informational::send_delete_esp(&self.shell, ctx, established, spis);
            informational::send_delete_isakmp(&self.shell, ctx, established);
        }
        self.shell.kill(ctx, reason);
        self.bury(ctx);
    }

    /// Tells the peer that pairs with these inbound SPIs of ours are gone.
    pub fn announce_esp_end(&self, ctx: &mut Context<'_>, spis: &[u32]) {
        if let State::Established(established) = &self.state {
            informational::send_delete_esp(&self.shell, ctx, established, spis);
        }
    }

    /// Removes the SA without a word.
    pub fn abandon(&mut self, ctx: &mut Context<'_>, reason: &str) {
        self.shell.kill(ctx, reason);
        self.bury(ctx);
    }

    /// The established part.
    #[must_use]
    pub fn established(&self) -> Option<&Established> {
        match &self.state {
            State::Established(e) => Some(e),
            _ => None,
        }
    }

    /// The established part, to change.
    pub fn established_mut(&mut self) -> Option<&mut Established> {
        match &mut self.state {
            State::Established(e) => Some(e),
            _ => None,
        }
    }

    /// The message key, from the moment the keys exist (for the key log only).
    #[must_use]
    pub fn message_key(&self) -> Option<&ike_crypto::Secret> {
        let material = match &self.state {
            State::Initiator(i) => i.material()?,
            State::Responder(r) => r.material()?,
            State::Established(e) => &e.material,
            State::Dead => return None,
        };
        Some(material.keys.message_key())
    }

    /// A half-open responder whose peer has not shown that it receives (B3).
    #[must_use]
    pub fn unanswered(&self) -> bool {
        matches!(&self.state, State::Responder(r) if !r.answered())
    }

    /// A job is under way whose result decides the next message.
    fn working(&self) -> bool {
        match &self.state {
            State::Initiator(i) => !matches!(
                i,
                Initiator::SentMm1(_) | Initiator::SentMm3(_) | Initiator::SentMm5(..)
            ),
            State::Responder(r) => !matches!(r, Responder::SentMm2(_) | Responder::SentMm4(_)),
            State::Established(_) | State::Dead => false,
        }
    }

    fn bury(&mut self, _ctx: &mut Context<'_>) {
        if self.shell.dead.is_some() {
            self.state = State::Dead;
        }
    }
}

fn new_shell(
    id: SaId,
    ctx: &Context<'_>,
    role: Role,
    (local, remote): (SocketAddr, SocketAddr),
) -> Shell {
    Shell {
        id,
        connection: 0,
        role,
        local,
        remote,
        cookie_i: Spi::ZERO,
        cookie_r: Spi::ZERO,
        profile: None,
        protection: None,
        first_contact: false,
        state: SaState::MmNoState,
        fsm: Fsm::Ready,
        record: Record::new(id, role, remote.ip().to_string()),
        sent: None,
        last_received: None,
        fragments: false,
        joining: Joining::default(),
        created: ctx.now.mono,
        dead: None,
    }
}

/// Lets the Quick Mode that waits for a job have it.
fn quick_job(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    id: JobId,
    outcome: &JobOutcome,
) {
    let ids: Vec<u32> = established.quick.keys().copied().collect();
    for message_id in ids {
        match established.quick.remove(&message_id) {
            Some(Quick::Initiator(q)) => {
                let q = q.job_done(shell, ctx, established, message_id, id, outcome);
                established.quick.insert(message_id, Quick::Initiator(q));
            }
            Some(Quick::Responder(q)) => {
                if let Some(q) = q.job_done(shell, ctx, established, message_id, id, outcome) {
                    established.quick.insert(message_id, Quick::Responder(q));
                }
            }
            None => {}
        }
    }
}

/// Answers a repeated Quick Mode message with our last one (W-051).
pub(super) fn answer_quick_duplicate(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sent: Option<&mut Retransmit>,
) {
    shell.trace(ctx, IsakmpTrace::Duplicate { phase: 2 });
    let Some(sent) = sent else { return };
    let timers = ctx.timers;
    match sent.duplicate(ctx.now.mono, &timers) {
        Ok(transmit) => {
            shell.trace(ctx, IsakmpTrace::RetransmitDue { phase: 2 });
            shell.send(ctx, transmit);
        }
        Err(since) => {
            let milliseconds = since.as_millis();
            shell.trace(
                ctx,
                IsakmpTrace::RetransmissionSkipped {
                    phase: 2,
                    milliseconds,
                },
            );
        }
    }
}

impl From<initiator::Step> for State {
    fn from(step: initiator::Step) -> Self {
        match step {
            initiator::Step::Stay(state) => Self::Initiator(state),
            initiator::Step::Established(established) => Self::Established(established),
            initiator::Step::Ended => Self::Dead,
        }
    }
}

impl From<responder::Step> for State {
    fn from(step: responder::Step) -> Self {
        match step {
            responder::Step::Stay(state) => Self::Responder(state),
            responder::Step::Established(established) => Self::Established(established),
            responder::Step::Ended => Self::Dead,
        }
    }
}
