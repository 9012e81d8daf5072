//! An IKE SA: routes datagrams, jobs and deadlines to its state.

mod timers;

use std::net::SocketAddr;

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{Chain, Message, NotifyType};
use ike_wire::{Flags, Header, Spi};

use super::context::Context;
use super::established::{Established, Request, Served, Wish, Work};
use super::fragment::Reassembly;
use super::initiator::{self, Initiator};
use super::notify::notify;
use super::responder::{self, Responder, Screened};
use super::shell::{Shell, digest, names};
use super::sk::{OpenError, Sk};
use super::window::{Arrival, Incoming, Outgoing};
use super::{create_child, informational, pump, rekey_ike, serve_child};
use crate::policy::protection::Protection;
use crate::sa::Role;
use crate::sa::action::{DataplaneEvent, JobId};
use crate::sa::job::JobOutcome;
use crate::sa::natt::Nat;
use crate::sa::record::Record;
use crate::trace::Ikev2Trace;

/// An IKE SA.
pub struct IkeSa {
    /// What every state has.
    pub shell: Shell,
    state: State,
    reassembly: Reassembly,
}

enum State {
    Initiator(Initiator),
    Responder(Responder),
    Established(Box<Established>),
    /// Over; repeated requests still get their answers for a while.
    Closed,
}

/// One datagram of an SA, as the table routed it.
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

impl IkeSa {
    /// Starts IKE_SA_INIT for a protection. The `Err` is the record of an SA that could not start.
    ///
    /// # Errors
    /// No proposal can be offered.
    pub fn initiate(
        ctx: &mut Context<'_>,
        protection: &Protection,
        port: u16,
        first_contact: bool,
    ) -> Result<Self, Box<Record>> {
        let endpoints = (
            SocketAddr::new(protection.local, port),
            SocketAddr::new(protection.peer, port),
        );
        let mut shell = new_shell(ctx, Role::Initiator, endpoints);
        shell.spi_i = ctx.entropy.cookie();
        shell.first_contact = first_contact;
        shell.protection = Some(protection.name.clone());
        shell.profile.clone_from(&protection.ikev2_profile);
        shell.record.profile.clone_from(&protection.ikev2_profile);
        match initiator::start(&mut shell, ctx) {
            Some(state) => Ok(Self::with(shell, State::Initiator(state))),
            None => Err(Box::new(shell.record)),
        }
    }

    /// Answers a first message that [`responder::screen`] let through.
    pub(super) fn respond(
        ctx: &mut Context<'_>,
        inbound: &Inbound<'_>,
        screened: Screened,
        message: Message,
    ) -> Self {
        let mut shell = new_shell(ctx, Role::Responder, (inbound.local, inbound.remote));
        shell.spi_i = inbound.header.initiator;
        shell.spi_r = ctx.entropy.cookie();
        let state = responder::accept(&mut shell, ctx, screened, message, inbound.datagram);
        Self::with(shell, State::Responder(state))
    }

    /// The SA that rekeying made (RFC 7296 2.8, 2.18); message IDs start at zero.
    pub(super) fn successor(
        old: &Shell,
        ctx: &mut Context<'_>,
        sa: &Established,
        role: Role,
        spis: (Spi, Spi),
        sk: Sk,
    ) -> Self {
        let mut shell = new_shell(ctx, role, (old.local, old.remote));
        (shell.spi_i, shell.spi_r) = spis;
        shell.profile.clone_from(&old.profile);
        shell.protection.clone_from(&old.protection);
        shell.nat = old.nat;
        shell.mtu = old.mtu;
        shell.outgoing = Outgoing::new(0);
        shell.outgoing.set_window(old.outgoing.window());
        shell.record = Record {
            initiator: old.record.initiator,
            ..old.record.clone()
        };
        let (proofs, abilities) = (sa.proofs.clone(), sa.abilities.clone());
        shell.trace(ctx, Ikev2Trace::SaCreated(sa.lifetime));
        let established = Established::with(&shell, ctx, sk, proofs, abilities, sa.lifetime);
        Self::with(shell, State::Established(Box::new(established)))
    }

    fn with(shell: Shell, state: State) -> Self {
        Self {
            shell,
            state,
            reassembly: Reassembly::default(),
        }
    }

    /// The established part.
    #[must_use]
    pub fn established(&self) -> Option<&Established> {
        match &self.state {
            State::Established(sa) => Some(sa),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn established_mut(&mut self) -> Option<&mut Established> {
        match &mut self.state {
            State::Established(sa) => Some(sa),
            _ => None,
        }
    }

    /// A responder whose peer has not shown that it receives (B1).
    #[must_use]
    pub fn unanswered(&self) -> bool {
        matches!(
            self.state,
            State::Responder(Responder::Agreeing(_) | Responder::Answered(_))
        )
    }

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
        if !self.shell.outgoing.awaits(id) || self.working() {
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
        self.moved(ctx, inbound);
        let shell = &mut self.shell;
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Initiator(state) => {
                self.state = match chain {
                    Ok(chain) => state.protected(shell, ctx, &chain).into(),
                    Err(why) => {
                        shell.fail(ctx, "IKE_AUTH", &why);
                        State::Closed
                    }
                };
            }
            State::Established(mut sa) => {
                sa.liveness.alive(ctx.now.mono);
                answered(shell, ctx, &mut sa, id, chain);
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
                return self.shell.send(ctx, &answer);
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
        self.moved(ctx, inbound);
        match chain {
            Ok(chain) => self.act(ctx, inbound.header, chain),
            Err(why) => self.syntax_error(ctx, inbound.header, &why),
        }
    }

    /// C2, C3: before IKE_AUTH is done nothing but IKE_AUTH; afterwards not that any more.
    fn out_of_order(&self, header: &Header) -> Option<&'static str> {
        let auth = header.exchange == ExchangeType::IKE_AUTH;
        match (&self.state, header.exchange) {
            (State::Responder(_), _) if auth => None,
            (State::Responder(_) | State::Initiator(_), _) => {
                Some("nothing but IKE_AUTH before the peer is authenticated")
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
        shell.told(ctx, false, header, names(&chain.payloads));
        if let Some(ty) = chain.unsupported_critical() {
            let refusal = notify(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![ty.0]);
            let why = format!("critical payload {ty} is not known");
            return self.refuse(ctx, header, refusal, &why);
        }
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Responder(state) => state.protected(shell, ctx, id, chain).into(),
            State::Established(mut sa) => {
                sa.liveness.alive(ctx.now.mono);
                let served = Served { id, chain: &chain };
                serve(shell, ctx, &mut sa, header.exchange, served);
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

    fn refuse(
        &mut self,
        ctx: &mut Context<'_>,
        header: &Header,
        refusal: ike_wire::v2::Payload,
        why: &str,
    ) {
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
        let sk = match &self.state {
            State::Initiator(state) => state.sk(),
            State::Responder(state) => state.sk(),
            State::Established(sa) => Some(&sa.sk),
            State::Closed => None,
        };
        let Some(sk) = sk else {
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

    /// H7: a peer behind a NAT may get a new address; only an authentic new message says so
    /// (RFC 7296 2.23).
    fn moved(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let shell = &mut self.shell;
        let floats = shell.nat.there && !shell.nat.here;
        let first = self.established().is_none();
        let shell = &mut self.shell;
        if (floats || first) && (shell.local, shell.remote) != (inbound.local, inbound.remote) {
            shell.local = inbound.local;
            shell.remote = inbound.remote;
            shell.trace(ctx, Ikev2Trace::Moved(inbound.remote));
        }
    }

    fn working_before_established(&self) -> bool {
        match &self.state {
            State::Initiator(state) => state.job().is_some(),
            State::Responder(state) => state.job().is_some(),
            State::Established(_) | State::Closed => false,
        }
    }

    fn working(&self) -> bool {
        matches!(&self.state, State::Initiator(state) if state.job().is_some())
    }

    /// A job of this SA is done. A job that nobody waits for any more changes nothing.
    pub fn job_done(&mut self, ctx: &mut Context<'_>, id: JobId, outcome: JobOutcome) {
        let shell = &mut self.shell;
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Initiator(state) => state.job_done(shell, ctx, id, outcome).into(),
            State::Responder(state) => state.job_done(shell, ctx, id, outcome).into(),
            State::Established(mut sa) => {
                if let Some(work) = sa.jobs.remove(&id) {
                    computed(shell, ctx, &mut sa, work, outcome);
                }
                State::Established(sa)
            }
            State::Closed => State::Closed,
        };
        self.settle(ctx);
    }

    /// Wants something of the established SA.
    pub(super) fn wish(&mut self, ctx: &mut Context<'_>, wish: Wish) {
        if let State::Established(sa) = &mut self.state {
            sa.wish(ctx, wish);
        }
        self.settle(ctx);
    }

    /// Ends the SA without a word to the peer.
    pub(super) fn abandon(&mut self, ctx: &mut Context<'_>, reason: &str) {
        self.shell.kill(ctx, reason);
        self.settle(ctx);
    }

    /// The data plane reports about a child SA of ours.
    pub(super) fn dataplane(&mut self, ctx: &mut Context<'_>, event: &DataplaneEvent) {
        if let State::Established(sa) = &mut self.state {
            match event {
                DataplaneEvent::Alive { spi_in } => {
                    sa.liveness.alive(ctx.now.mono);
                    // RFC 7296 2.8: what arrives on the new child SA shows that the peer has it.
                    sa.children
                        .install_outbound(ctx, self.shell.tunnel, *spi_in);
                }
                DataplaneEvent::Expire { spi_in, hard } => match hard {
                    true => pump::delete_child(ctx, sa, *spi_in),
                    false => sa.wish(ctx, Wish::RekeyChild(*spi_in)),
                },
                DataplaneEvent::Acquire { .. } => {}
            }
        }
        self.settle(ctx);
    }

    /// What follows from every step: wishes that may start now; a dead SA keeps nothing but its answers.
    fn settle(&mut self, ctx: &mut Context<'_>) {
        if let State::Established(sa) = &mut self.state
            && self.shell.dead.is_none()
        {
            pump::pump(&mut self.shell, ctx, sa);
        }
        if self.shell.dead.is_some()
            && let State::Established(sa) = &mut self.state
            && sa.twin.is_none()
        {
            sa.children.clear(ctx, self.shell.tunnel);
        }
    }
}

/// A request of an authenticated peer.
fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    exchange: ExchangeType,
    served: Served<'_>,
) {
    if exchange == ExchangeType::V2_INFORMATIONAL {
        return informational::serve(shell, ctx, sa, served);
    }
    let about_ike = super::init::security_association(served.chain)
        .and_then(|offer| offer.proposals.first())
        .is_some_and(|p| p.protocol == ike_wire::v2::ProtocolId::IKE);
    match about_ike {
        true => rekey_ike::serve(shell, ctx, sa, served),
        false => serve_child::serve(shell, ctx, sa, served),
    }
}

/// The answer to one of our requests.
fn answered(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    chain: Result<Chain, String>,
) {
    let Some(request) = sa.requests.remove(&id) else {
        return;
    };
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => {
            // RFC 7296 2.21.3: an answer we cannot read ends the SA.
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why.clone()));
            return shell.kill(ctx, &why);
        }
    };
    match request {
        Request::Child(offer) => create_child::answered(shell, ctx, sa, offer, &chain),
        Request::RekeyIke(offer) => rekey_ike::answered(shell, ctx, sa, offer, &chain),
        Request::DeleteChildren(spis) => {
            informational::children_deleted(shell, ctx, sa, &spis);
        }
        Request::DeleteIke => shell.kill(ctx, "deleted"),
        Request::Liveness => informational::tell_errors(shell, ctx, &chain),
    }
}

/// A computation of an exchange is done.
fn computed(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    work: Work,
    outcome: JobOutcome,
) {
    match (work, outcome) {
        (Work::PrepareChild(offer), JobOutcome::Public(Ok(public))) => {
            create_child::send(shell, ctx, sa, offer, Some(public));
        }
        (Work::PrepareIke(offer), JobOutcome::Public(Ok(public))) => {
            rekey_ike::send(shell, ctx, sa, offer, public);
        }
        (Work::FinishChild(offer, agreement, nonce), JobOutcome::Shared(Ok(shared))) => {
            create_child::finish(shell, ctx, sa, offer, agreement, &nonce, Some(&shared));
        }
        (Work::FinishIke(offer, chosen, nonce), JobOutcome::Shared(Ok(shared))) => {
            rekey_ike::finish(shell, ctx, sa, &offer, &chosen, &nonce, &shared);
        }
        (
            Work::ServeChild(id, agreement, nonce, rekeyed),
            JobOutcome::PublicAndShared(Ok((public, shared))),
        ) => {
            let shared = Some((public, Some(&shared)));
            serve_child::finish(shell, ctx, sa, id, agreement, &nonce, rekeyed, shared);
        }
        (Work::ServeIke(id, chosen, nonce), JobOutcome::PublicAndShared(Ok((public, shared)))) => {
            let asked = (id, &chosen, &nonce);
            rekey_ike::serve_finish(shell, ctx, sa, asked, public, &shared);
        }
        (Work::ServeChild(id, ..) | Work::ServeIke(id, ..), _) => {
            // D1: a public value that is none.
            let refusal = notify(NotifyType::INVALID_SYNTAX, Bytes::new());
            let exchange = (ExchangeType::CREATE_CHILD_SA, id);
            shell.respond(ctx, &mut sa.sk, exchange, &[refusal]);
        }
        (_, outcome) => {
            let why = format!("a computation failed: {outcome:?}");
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why.clone()));
            sa.wish(ctx, Wish::DeleteIke(why));
        }
    }
}

fn new_shell(
    ctx: &mut Context<'_>,
    role: Role,
    (local, remote): (SocketAddr, SocketAddr),
) -> Shell {
    Shell {
        id: ctx.numbers.sa(),
        tunnel: ctx.numbers.tunnel(),
        role,
        local,
        remote,
        spi_i: Spi::ZERO,
        spi_r: Spi::ZERO,
        profile: None,
        protection: None,
        first_contact: false,
        nat: Nat::default(),
        record: Record::new_v2(role, remote.ip().to_string()),
        outgoing: Outgoing::new(0),
        incoming: Incoming::new(0, ctx.config.ikev2.window),
        mtu: None,
        created: ctx.now.mono,
        dead: None,
    }
}

impl From<initiator::Step> for State {
    fn from(step: initiator::Step) -> Self {
        match step {
            initiator::Step::Stay(state) => Self::Initiator(state),
            initiator::Step::Established(established) => Self::Established(established),
            initiator::Step::Ended => Self::Closed,
        }
    }
}

impl From<responder::Step> for State {
    fn from(step: responder::Step) -> Self {
        match step {
            responder::Step::Stay(state) => Self::Responder(state),
            responder::Step::Established(established) => Self::Established(established),
            responder::Step::Ended => Self::Closed,
        }
    }
}
