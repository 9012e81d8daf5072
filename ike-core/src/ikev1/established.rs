//! An ISAKMP SA after phase 1: it carries Quick Modes, informationals and liveness, each
//! exchange with its own state, so that none stands in another's way.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::context::Context;
use super::dpd::Dpd;
use super::judge::Claim;
use super::material::Material;
use super::quick_initiator::QuickInitiator;
use super::quick_responder::QuickResponder;
use super::shell::Shell;
use super::transaction::Answered;
use crate::policy::identity::Identity;
use crate::policy::liveness::Checks;
use crate::sa::Role;
use crate::sa::job::PeerVerified;
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IsakmpTrace, SaState, Syslog};

/// Quick Modes under way at once on one SA (H13).
pub(super) const MAX_EXCHANGES: usize = 32;
/// Message IDs of finished exchanges that are remembered (C16).
const MAX_FINISHED: usize = 128;

/// The established SA.
pub struct Established {
    /// Keys and algorithms.
    pub material: Material,
    /// The proven identity.
    pub peer: Identity,
    /// The trustpoint that vouched, with certificates.
    pub validated_by: Option<String>,
    /// Last cipher block of phase 1, from which every later IV starts (appendix B).
    pub last_block: Vec<u8>,
    /// When phase 1 was complete.
    pub since: Timestamp,
    /// Quick Modes by message ID.
    pub quick: BTreeMap<u32, Quick>,
    /// Liveness.
    pub dpd: Dpd,
    /// When the next NAT keepalive goes out (G-026); only the end behind the NAT sends them.
    pub keepalive_at: Option<Timestamp>,
    /// The peer said that this is its first contact (acted on by the engine, C14).
    pub initial_contact: bool,
    /// A replacement of this SA has been asked for.
    pub rekeyed: bool,
    /// Transactions of the peer that were answered.
    pub(super) transactions: VecDeque<Answered>,
    finished: VecDeque<u32>,
}

/// One Quick Mode.
pub enum Quick {
    /// Started by us.
    Initiator(QuickInitiator),
    /// Started by the peer.
    Responder(QuickResponder),
}

impl Established {
    /// After MM6 (W-016): IKE_I_MM6, then complete.
    pub fn initiator(
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        material: Material,
        claim: Claim,
        proof: Option<PeerVerified>,
        last_block: Vec<u8>,
    ) -> Self {
        shell.sent = None;
        shell.trace(ctx, IsakmpTrace::Authenticated);
        shell.trace(ctx, IsakmpTrace::AuthenticatedWith(shell.remote.ip()));
        shell.transition(ctx, Input::MainModeMessage, Fsm::Initiator(6));
        shell.transition(ctx, Input::ProcessMainMode, Fsm::Initiator(6));
        Self::complete(shell, ctx, material, claim, proof, last_block)
    }

    /// Phase 1 is complete: after our MM6 at once.
    pub(super) fn complete(
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        material: Material,
        claim: Claim,
        proof: Option<PeerVerified>,
        last_block: Vec<u8>,
    ) -> Self {
        shell.transition(ctx, Input::ProcessComplete, Fsm::Complete);
        shell.state = SaState::QmIdle;
        shell.record.phase1 = true;
        if ctx.config.isakmp.logging_session {
            let (peer, port) = (shell.remote.ip(), shell.remote.port());
            let id = crate::trace::escaped(&claim.identity.to_string());
            shell.syslog(
                ctx,
                Syslog::SessionStatus {
                    up: true,
                    peer,
                    port,
                    id,
                },
            );
        }
        let keepalive = shell
            .profile(ctx.config)
            .and_then(|p| p.keepalive)
            .or(ctx.config.isakmp.keepalive);
        let checks = keepalive
            .filter(|_| material.peer_dpd)
            .map(|k| Checks::new(k.interval, k.retry, k.periodic));
        let behind_nat = ctx
            .config
            .isakmp
            .nat_keepalive
            .filter(|_| material.nat.here);
        Self {
            dpd: Dpd::new(checks, ctx.now.mono),
            material,
            peer: claim.identity,
            validated_by: proof.map(|p| p.chain().trustpoint().to_owned()),
            last_block,
            since: ctx.now.mono,
            quick: BTreeMap::new(),
            keepalive_at: behind_nat.map(|s| ctx.now.mono + Duration::from_secs(s.into())),
            initial_contact: claim.initial_contact,
            rekeyed: false,
            transactions: VecDeque::new(),
            finished: VecDeque::new(),
        }
    }

    /// When the SA ends by age.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.since + Duration::from_secs(self.material.suite.lifetime.into())
    }

    /// When its initiator replaces it.
    #[must_use]
    pub fn rekey_at(&self) -> Timestamp {
        let lifetime = Duration::from_secs(self.material.suite.lifetime.into());
        self.expires() - (lifetime / 10).min(Duration::from_secs(60))
    }

    /// The next moment anything of this SA is due.
    #[must_use]
    pub fn deadline(&self, role: Role, timers: &crate::sa::retransmit::Timers) -> Timestamp {
        let quick = self.quick.values().filter_map(|q| q.deadline(timers));
        let rekey = (role == Role::Initiator && !self.rekeyed).then(|| self.rekey_at());
        quick
            .chain(rekey)
            .chain(self.dpd.deadline())
            .chain(self.keepalive_at)
            .fold(self.expires(), Timestamp::min)
    }

    /// A message ID that no exchange of this SA uses or used of late.
    pub fn fresh_message_id(&self, ctx: &mut Context<'_>) -> u32 {
        loop {
            let id = ctx.entropy.nonzero();
            if !self.quick.contains_key(&id) && !self.is_finished(id) {
                return id;
            }
        }
    }

    /// The exchange of that message ID is over.
    #[must_use]
    pub fn is_finished(&self, message_id: u32) -> bool {
        self.finished.contains(&message_id)
    }

    /// A Quick Mode of ours for that protection has no result yet.
    #[must_use]
    pub fn quick_pending(&self, protection: &str) -> bool {
        self.quick.values().any(|q| match q {
            Quick::Initiator(q) => q.pending() && q.protection() == protection,
            Quick::Responder(_) => false,
        })
    }

    /// Remembers the end of an exchange.
    pub fn finish(&mut self, message_id: u32) {
        self.quick.remove(&message_id);
        if self.finished.len() >= MAX_FINISHED {
            self.finished.pop_front();
        }
        self.finished.push_back(message_id);
    }
}

impl Quick {
    fn deadline(&self, timers: &crate::sa::retransmit::Timers) -> Option<Timestamp> {
        match self {
            Self::Initiator(q) => q.deadline(timers),
            Self::Responder(q) => q.deadline(timers),
        }
    }
}
