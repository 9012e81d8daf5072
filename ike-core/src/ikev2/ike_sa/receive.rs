//! Datagrams of an IKE SA: repetition, order, decryption, then the state they are for (RFC 7296 2.1 to 2.3,
//! 2.5, 2.21; C1 to C3, C8, H7).

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{Chain, Message, NotifyType, Payload};
use ike_wire::{Flags, Header};

use super::super::context::Context;
use super::super::established::Served;
use super::super::notify::notify;
use super::super::responder::Responder;
use super::super::shell::{Path, digest, send_on};
use super::super::sk::OpenError;
use super::super::window::Arrival;
use super::{IkeSa, Inbound, State, exchanges};
use crate::sa::Role;
use crate::trace::Ikev2Trace;

impl IkeSa {
    /// A datagram with this SA's SPIs.
    pub fn receive(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let from_initiator = inbound.header.flags.contains(Flags::INITIATOR);
        if from_initiator == (self.shell.role == Role::Initiator) {
            // Our own message came back, or the flag lies (C8).
            return self
                .shell
                .dropped(ctx, "the I flag is that of our own messages");
        }
        match inbound.header.flags.contains(Flags::RESPONSE) {
            true => self.response(ctx, inbound),
            false => self.request(ctx, inbound),
        }
        self.settle(ctx);
    }

    fn response(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let id = inbound.header.message_id.0;
        if !self.shell.outgoing.is_waiting_for(id) || self.working() {
            return self.shell.dropped(ctx, "an answer that is not awaited");
        }
        let message = match Message::decode(inbound.datagram.clone()) {
            Ok(message) => message,
            Err(e) => return self.shell.dropped(ctx, e.to_string()),
        };
        if inbound.header.exchange == ExchangeType::IKE_SA_INIT {
            return self.init_response(ctx, inbound, message);
        }
        let Some(chain) = self.open(ctx, inbound, &message) else {
            return;
        };
        self.shell.outgoing.answered(id);
        self.moved(ctx, (inbound.local, inbound.remote));
        let shell = &mut self.shell;
        if let Ok(chain) = &chain {
            shell.told(ctx, false, inbound.header, &chain.payloads);
        }
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Initiator(state) => {
                self.state = match chain {
                    Ok(chain) => state.protected(shell, ctx, inbound.header, &chain).into(),
                    Err(why) => {
                        shell.fail(ctx, "IKE_AUTH", &why);
                        State::Closed
                    }
                };
            }
            State::Established(mut sa) => {
                sa.alive(shell, ctx);
                exchanges::answered(shell, ctx, &mut sa, id, chain);
                self.state = State::Established(sa);
            }
            other => self.state = other,
        }
    }

    fn init_response(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>, message: Message) {
        let shell = &mut self.shell;
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Initiator(state) => state.clear(shell, ctx, message, inbound.datagram).into(),
            other => other,
        };
    }

    fn request(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let id = inbound.header.message_id.0;
        let digest = digest(inbound.datagram);
        match self.shell.incoming.look_up(id, &digest) {
            Arrival::New if self.shell.dead.is_some() => {
                return self.shell.dropped(ctx, "the SA is over");
            }
            Arrival::New => {}
            Arrival::Repeated(answer) => {
                // W-051's sister: the same answer to where the request came from before.
                self.shell.trace(ctx, Ikev2Trace::Retransmitting(0));
                return match self.mobile() {
                    // RFC 4555 3.5: a peer that moved repeats its requests from its new address.
                    true => send_on(ctx, (inbound.local, inbound.remote), &answer),
                    false => self.shell.send(ctx, &answer),
                };
            }
            Arrival::Dropped(why) => return self.shell.dropped(ctx, why),
        }
        if self.working_before_established() {
            return self.shell.dropped(ctx, "an answer is still in the making");
        }
        let message = match Message::decode(inbound.datagram.clone()) {
            Ok(message) => message,
            Err(e) => return self.shell.dropped(ctx, e.to_string()),
        };
        if let Some(why) = self.out_of_order(inbound.header) {
            return self.shell.dropped(ctx, why);
        }
        let Some(chain) = self.open(ctx, inbound, &message) else {
            return;
        };
        let first = self.reassembly.digest_of(id).unwrap_or(digest);
        self.shell.incoming.begin(id, first);
        self.shell
            .incoming
            .came(id, (inbound.local, inbound.remote));
        self.moved(ctx, (inbound.local, inbound.remote));
        match chain {
            Ok(chain) => self.act(ctx, inbound.header, chain),
            Err(why) => self.syntax_error(ctx, inbound.header, &why),
        }
    }

    /// C2, C3: before IKE_AUTH is done nothing but IKE_AUTH; afterwards not that any more.
    fn out_of_order(&self, header: &Header) -> Option<&'static str> {
        match (&self.state, header.exchange) {
            (State::Responder(state), exchange) if exchange == state.expects() => None,
            (State::Responder(_) | State::Initiator(_), _) => {
                Some("another exchange is next before the peer is authenticated")
            }
            (
                State::Established(_),
                ExchangeType::CREATE_CHILD_SA | ExchangeType::V2_INFORMATIONAL,
            ) => None,
            (State::Established(_), _) => Some("this exchange has no place in an established SA"),
            (State::Closed, _) => Some("the SA is over"),
        }
    }

    fn act(&mut self, ctx: &mut Context<'_>, header: &Header, chain: Chain) {
        let (id, shell) = (header.message_id.0, &mut self.shell);
        shell.told(ctx, false, header, &chain.payloads);
        if let Some(ty) = chain.unsupported_critical() {
            let refusal = notify(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![ty.0]);
            let why = format!("critical payload {ty} is not known");
            return self.refuse(ctx, header, refusal, &why);
        }
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Responder(state) => state.protected(shell, ctx, header, chain).into(),
            State::Established(mut sa) => {
                sa.alive(shell, ctx);
                let served = Served { id, chain: &chain };
                exchanges::serve(shell, ctx, &mut sa, header.exchange, served);
                State::Established(sa)
            }
            other => other,
        };
    }

    /// RFC 7296 2.21.3: an authentic message that does not decode is answered; in IKE_AUTH it ends the SA.
    fn syntax_error(&mut self, ctx: &mut Context<'_>, header: &Header, why: &str) {
        let refusal = notify(NotifyType::INVALID_SYNTAX, Bytes::new());
        self.refuse(ctx, header, refusal, why);
    }

    fn refuse(&mut self, ctx: &mut Context<'_>, header: &Header, refusal: Payload, why: &str) {
        let exchange = (header.exchange, header.message_id.0);
        let shell = &mut self.shell;
        shell.dropped(ctx, why);
        match &mut self.state {
            State::Established(sa) => shell.respond(ctx, &mut sa.sk, exchange, &[refusal]),
            State::Responder(Responder::Answered(material)) => {
                shell.respond(ctx, &mut material.sk, exchange, &[refusal]);
                shell.fail(ctx, "IKE_AUTH", why);
            }
            _ => {}
        }
    }

    /// Checks, decrypts and, where it came in fragments, joins a message. The outer `None`: nothing to act
    /// on (yet); the inner error: authentic, but no payload chain.
    fn open(
        &mut self,
        ctx: &mut Context<'_>,
        inbound: &Inbound<'_>,
        message: &Message,
    ) -> Option<Result<Chain, String>> {
        let shell = &self.shell;
        let Some(sk) = self.sk() else {
            shell.dropped(ctx, "there are no keys to open it with");
            return None;
        };
        let clear = match sk.open(inbound.datagram, message) {
            Ok(clear) => clear,
            Err(OpenError::Checksum) => {
                // C1: anyone can send this; nothing changes.
                shell.dropped(ctx, OpenError::Checksum.to_string());
                return None;
            }
            Err(e) => return Some(Err(e.to_string())),
        };
        let fragment = message.chain.find(PayloadType::V2_ENCRYPTED_FRAGMENT);
        let whole = match fragment {
            None => clear,
            Some(_) if shell.mtu.is_none() => {
                shell.dropped(ctx, "fragments were not agreed");
                return None;
            }
            Some((_, body)) => self.reassembly.take(inbound, body, clear)?,
        };
        Some(whole.chain().map_err(|e| e.to_string()))
    }

    /// MOBIKE was agreed: the peer says itself when it moves (RFC 4555 3.8).
    fn mobile(&self) -> bool {
        self.established().is_some_and(|sa| sa.abilities.mobike)
    }

    /// H7: a peer behind a NAT may get a new address; only an authentic new packet says so, of IKE or of
    /// ESP, and both go there from then on (RFC 7296 2.23).
    pub(super) fn moved(&mut self, ctx: &mut Context<'_>, path: Path) {
        let nat = self.shell.nat;
        let floats = nat.there && !nat.here && !self.mobile();
        let first = self.established().is_none();
        let shell = &mut self.shell;
        if !(floats || first) || shell.path() == path {
            return;
        }
        (shell.local, shell.remote) = path;
        shell.trace(ctx, Ikev2Trace::Moved(path.1));
        if let State::Established(sa) = &mut self.state {
            sa.children.relocate(ctx, path, nat.found());
        }
    }
}
