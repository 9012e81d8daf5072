//! An IKE SA: routes datagrams, jobs and deadlines to its state.

mod exchanges;
mod receive;
mod timers;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ike_wire::v2::Message;
use ike_wire::{Header, Spi};

use super::configuration::Settings;
use super::context::Context;
use super::established::{Established, Wish};
use super::fragment::Reassembly;
use super::initiator::{self, Initiator};
use super::mobike::Mobility;
use super::outgoing::Outgoing;
use super::responder::{self, Responder, Screened};
use super::shell::Shell;
use super::sk::Sk;
use super::window::Incoming;
use super::{pump, reauth};
use crate::policy::protection::Protection;
use crate::sa::action::{DataplaneEvent, JobId};
use crate::sa::job::JobOutcome;
use crate::sa::natt::Nat;
use crate::sa::record::Record;
use crate::sa::{Role, SaId};
use crate::trace::Ikev2Trace;

/// How long the end that answered a rekeying asks for nothing on the new SA.
const SETTLING: Duration = Duration::from_millis(500);

/// An IKE SA.
pub struct IkeSa {
    /// What every state has. Boxed, as the large states are: the table's nodes keep room for eleven SAs.
    pub shell: Box<Shell>,
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

/// What a step of one role's states leads to.
pub(super) enum Step<S> {
    /// Still not established.
    Stay(S),
    /// Done.
    Established(Box<Established>),
    /// Over; the shell knows why.
    Ended,
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
        shell.record.protection.clone_from(&shell.protection);
        shell.record.spi = Some(shell.spi_i.to_string());
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
        shell.record.spi = Some(shell.spi_i.to_string());
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
        shell.session = old.session;
        shell.profile.clone_from(&old.profile);
        shell.protection.clone_from(&old.protection);
        shell.nat = old.nat;
        shell.mobility = old.mobility.inherited();
        shell.settings.clone_from(&old.settings);
        shell.mtu = old.mtu;
        shell.outgoing = Outgoing::new(0);
        shell.outgoing.set_window(old.outgoing.window());
        shell.record = Record {
            sequence: shell.id.0,
            connection: shell.record.connection,
            spi: Some(shell.spi_i.to_string()),
            ..old.record.clone()
        };
        let (proofs, abilities) = (sa.proofs.clone(), sa.abilities.clone());
        shell.remember_keys(&sk);
        shell.trace(ctx, Ikev2Trace::SaCreated(sa.lifetime));
        let mut established = Established::with(&shell, ctx, sk, proofs, abilities, sa.lifetime);
        established.nascent = true;
        if shell.mobility.traffic.is_some() {
            established.wish(ctx, Wish::CheckPath);
        }
        Self::with(shell, State::Established(Box::new(established)))
    }

    fn with(shell: Shell, state: State) -> Self {
        Self {
            shell: Box::new(shell),
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

    /// The IKE SA in which both sides gave the proofs that this one rests on: itself, or the first of those
    /// it succeeds.
    pub(super) fn lineage(&self) -> SaId {
        let proofs = self.established().map(|sa| &sa.proofs);
        proofs.map_or(self.shell.id, |p| p.validity.lineage)
    }

    /// Algorithms and keys of a state that takes encrypted messages.
    fn sk(&self) -> Option<&Sk> {
        match &self.state {
            State::Initiator(state) => state.sk(),
            State::Responder(state) => state.sk(),
            State::Established(sa) => Some(&sa.sk),
            State::Closed => None,
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
                    exchanges::computed(shell, ctx, &mut sa, work, outcome);
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

    /// A deletion that was put off happens now.
    pub(super) fn delete_now(&mut self, ctx: &mut Context<'_>) {
        if let State::Established(sa) = &mut self.state {
            sa.hasten(ctx, |wish| matches!(wish, Wish::DeleteIke(_)));
        }
        self.settle(ctx);
    }

    /// What was wanted of the SA that this one succeeds. RFC 7296 2.18: who answered the rekeying leaves the
    /// peer the time to make the new SA from the answer.
    pub(super) fn inherit_wishes(&mut self, ctx: &mut Context<'_>, wishes: Vec<Wish>) {
        let wait = match self.shell.role {
            Role::Initiator => Duration::ZERO,
            Role::Responder => SETTLING,
        };
        if let State::Established(sa) = &mut self.state {
            for wish in wishes {
                sa.wish_at(ctx.now.mono + wait, wish);
            }
        }
        self.settle(ctx);
    }

    /// Child SAs that the peer deleted before we gave them to this SA.
    pub(super) fn bury_early(&mut self, ctx: &mut Context<'_>) {
        if let State::Established(sa) = &mut self.state {
            for theirs in std::mem::take(&mut sa.deleted_early) {
                if let Some(spi) = sa.children.by_peer_spi(theirs).map(|c| c.spec.spi_in) {
                    sa.children.remove(ctx, self.shell.tunnel, spi);
                }
            }
        }
    }

    /// Ends the SA without a word to the peer.
    pub(super) fn abandon(&mut self, ctx: &mut Context<'_>, reason: &str) {
        self.shell.kill(ctx, reason);
        self.settle(ctx);
    }

    /// The data plane reports about a child SA of ours.
    pub(super) fn dataplane(&mut self, ctx: &mut Context<'_>, event: &DataplaneEvent) {
        if let DataplaneEvent::Moved { from, .. } = event {
            self.moved(ctx, (self.shell.local, *from));
        }
        if let State::Established(sa) = &mut self.state {
            match event {
                DataplaneEvent::Alive { spi_in } => {
                    sa.alive(&mut self.shell, ctx);
                    // RFC 7296 2.8: what arrives on the new child SA shows that the peer has it.
                    sa.children
                        .install_outbound(ctx, self.shell.tunnel, *spi_in);
                }
                DataplaneEvent::Expire { spi_in, hard } => match hard {
                    true => pump::delete_child(ctx, sa, *spi_in),
                    false => sa.wish(ctx, Wish::RekeyChild(*spi_in)),
                },
                DataplaneEvent::Sent { .. } => sa.liveness.sent(ctx.now.mono),
                DataplaneEvent::Acquire { .. } | DataplaneEvent::Moved { .. } => {}
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
            reauth::settled(&mut self.shell, ctx, sa);
        }
        if self.shell.dead.is_some()
            && let State::Established(sa) = &mut self.state
        {
            sa.children.clear(ctx, self.shell.tunnel);
        }
    }
}

fn new_shell(
    ctx: &mut Context<'_>,
    role: Role,
    (local, remote): (SocketAddr, SocketAddr),
) -> Shell {
    let (id, tunnel) = (ctx.numbers.sa(), ctx.numbers.tunnel());
    let mut record = Record::new_v2(id, role, remote.ip().to_string());
    record.connection = Some(tunnel);
    Shell {
        id,
        tunnel,
        session: tunnel,
        role,
        local,
        remote,
        spi_i: Spi::ZERO,
        spi_r: Spi::ZERO,
        profile: None,
        protection: None,
        first_contact: false,
        redirected_from: None,
        replaces: None,
        mobility: Mobility::new((local, remote)),
        settings: Settings::default(),
        nat: Nat::default(),
        record,
        outgoing: Outgoing::new(0),
        incoming: Incoming::new(0, ctx.config.ikev2.window),
        mtu: None,
        keys: None,
        created: ctx.now.mono,
        dead: None,
    }
}

impl From<initiator::Step> for State {
    fn from(step: initiator::Step) -> Self {
        step.leads_to(Self::Initiator)
    }
}

impl From<responder::Step> for State {
    fn from(step: responder::Step) -> Self {
        step.leads_to(Self::Responder)
    }
}

impl<S> Step<S> {
    fn leads_to(self, stay: impl FnOnce(S) -> State) -> State {
        match self {
            Self::Stay(state) => stay(state),
            Self::Established(established) => State::Established(established),
            Self::Ended => State::Closed,
        }
    }
}
