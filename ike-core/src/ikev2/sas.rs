//! The table of IKE SAs: IKEv2's half of the engine. It finds the SA of a datagram, admits strangers, and
//! does what concerns more than one SA.

mod admission;
mod commands;
mod reauth;
mod redirect;

pub use admission::invalid_major_version;
use redirect::Redirects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use ike_wire::{Flags, Spi};

use super::child::{Child, Children, GRACE};
use super::context::{Context, FollowUp};
use super::cookie::CookieJar;
use super::established::Wish;
use super::ike_sa::{IkeSa, Inbound};
use crate::policy::identity::Identity;
use crate::sa::SaId;
use crate::sa::action::{DataplaneEvent, JobId};
use crate::sa::job::JobOutcome;
use crate::sa::record::Record;
use crate::sa::retransmit::Timers;
use crate::time::Timestamp;
use crate::trace::{Ikev2Trace, Trace};

/// Records of ended negotiations that are kept for `show` and `explain`.
const MAX_HISTORY: usize = 64;

/// Counters for `show crypto ikev2 stats` (O-025).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages that do not decode.
    pub malformed: u64,
    /// Messages for no SA that are no first message.
    pub no_sa: u64,
    /// First messages refused by a limit.
    pub rejected: u64,
    /// First messages admitted.
    pub accepted: u64,
    /// SAs we started.
    pub initiated: u64,
    /// Cookies asked for.
    pub cookies_sent: u64,
    /// First messages with a good cookie.
    pub cookies_accepted: u64,
    /// First messages with a wrong cookie.
    pub cookies_wrong: u64,
    /// First messages answered with an error.
    pub refused: u64,
    /// First messages of SAs that are past them.
    pub late: u64,
}

/// All IKE SAs.
#[derive(Default)]
pub struct IkeSas {
    sas: BTreeMap<SaId, IkeSa>,
    /// SAs by our own SPI.
    spis: BTreeMap<Spi, SaId>,
    /// First messages under work, by the peer's SPI and address.
    half_open: BTreeMap<SaId, (Spi, IpAddr)>,
    /// SAs by the digest of the first message that they came from.
    opened: BTreeMap<[u8; 32], SaId>,
    deadlines: BTreeSet<(Timestamp, SaId)>,
    armed: BTreeMap<SaId, Timestamp>,
    jar: CookieJar,
    redirects: Redirects,
    history: VecDeque<Record>,
    stats: Stats,
}

impl IkeSas {
    /// A datagram of major version 2; only its header was read.
    pub fn datagram(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        match self.owner(inbound) {
            Some(id) => self.with_sa(ctx, id, |sa, ctx| sa.receive(ctx, inbound)),
            None => self.stranger(ctx, inbound),
        }
    }

    /// The SA of a pair of SPIs, one of which is ours.
    pub(crate) fn with_spis(&self, initiator: Spi, responder: Spi) -> Option<&IkeSa> {
        let ids = [initiator, responder].map(|spi| self.spis.get(&spi));
        let mut sas = ids.into_iter().flatten().filter_map(|id| self.sas.get(id));
        sas.find(|sa| (sa.shell.spi_i, sa.shell.spi_r) == (initiator, responder))
    }

    /// The SA of a message: by our own SPI, which stands in the sender's view as the other one's; a
    /// repeated first message by the peer's SPI and address.
    fn owner(&self, inbound: &Inbound<'_>) -> Option<SaId> {
        let header = inbound.header;
        let from_initiator = header.flags.contains(Flags::INITIATOR);
        let ours = if from_initiator {
            header.responder
        } else {
            header.initiator
        };
        if !ours.is_zero() {
            let id = self.spis.get(&ours).copied()?;
            let sa = self.sas.get(&id)?;
            let theirs = if from_initiator {
                (header.initiator, sa.shell.spi_i)
            } else {
                (header.responder, sa.shell.spi_r)
            };
            // Before the responder's SPI is known, any but zero will do.
            return (theirs.0 == theirs.1 || theirs.1.is_zero()).then_some(id);
        }
        let peer = (header.initiator, inbound.remote.ip());
        let mut half_open = self.half_open.iter();
        half_open.find(|(_, key)| **key == peer).map(|(id, _)| *id)
    }

    /// Lets one SA take a step, then sees to what follows from it.
    fn with_sa(
        &mut self,
        ctx: &mut Context<'_>,
        id: SaId,
        step: impl FnOnce(&mut IkeSa, &mut Context<'_>),
    ) {
        let Some(mut sa) = self.sas.remove(&id) else {
            return;
        };
        step(&mut sa, ctx);
        self.spis.insert(sa.shell.own_spi(), id);
        self.sas.insert(id, sa);
        self.follow_up(ctx);
        self.rearm(ctx, id);
    }

    /// Does what steps have left for the table, until there is nothing left.
    fn follow_up(&mut self, ctx: &mut Context<'_>) {
        while let Some(follow_up) = (!ctx.follow_ups.is_empty()).then(|| ctx.follow_ups.remove(0)) {
            match follow_up {
                FollowUp::Adopt(sa) => self.insert(ctx, *sa),
                FollowUp::Inherit {
                    children,
                    wishes,
                    to,
                } => self.inherit(ctx, children, wishes, to),
                FollowUp::Delete(id) => {
                    let reason = "lost a collision".to_owned();
                    self.with_sa(ctx, id, |sa, ctx| sa.wish(ctx, Wish::DeleteIke(reason)));
                }
                FollowUp::ExpectDeletion { lost, old } => {
                    if let Some(sa) = self.sas.get_mut(&lost).and_then(IkeSa::established_mut) {
                        sa.superseded = Some(ctx.now.mono + GRACE);
                        sa.waited_for_by = Some(old);
                    }
                    self.rearm(ctx, lost);
                }
                FollowUp::DeleteNow(id) => {
                    self.with_sa(ctx, id, |sa, ctx| sa.delete_now(ctx));
                }
                FollowUp::InitialContact { id, peer } => self.initial_contact(ctx, id, &peer),
                FollowUp::Initiate(name) => self.up(ctx, &name),
                FollowUp::Redirect { from, to } => self.redirect(ctx, from, to),
                FollowUp::Reauthenticate(old) => self.reauthenticate(ctx, old),
                FollowUp::Reauthenticated(lineage) => self.reauthenticated(ctx, lineage),
            }
        }
    }

    fn inherit(
        &mut self,
        ctx: &mut Context<'_>,
        mut children: Children,
        wishes: Vec<Wish>,
        to: SaId,
    ) {
        match self.sas.get_mut(&to).and_then(IkeSa::established_mut) {
            Some(new) => {
                new.nascent = false;
                new.children.inherit(children);
            }
            // The successor is gone already: so are they.
            None => children.clear(ctx, 0),
        }
        self.with_sa(ctx, to, |sa, ctx| {
            sa.bury_early(ctx);
            sa.inherit_wishes(ctx, wishes);
        });
    }

    /// U-5, C14: after the proof, and only SAs of the same proven identity.
    fn initial_contact(&mut self, ctx: &mut Context<'_>, id: SaId, peer: &Identity) {
        let older: Vec<SaId> = self
            .sas
            .iter()
            .filter(|(other, sa)| {
                let same = sa
                    .established()
                    .is_some_and(|e| e.proofs.peer.identity == *peer);
                **other != id && same
            })
            .map(|(other, _)| *other)
            .collect();
        if let Some(sa) = self.sas.get(&id) {
            sa.shell.trace(ctx, Ikev2Trace::InitialContact);
        }
        for other in older {
            self.with_sa(ctx, other, |sa, ctx| {
                sa.abandon(ctx, "Receive initial contact")
            });
        }
    }

    fn insert(&mut self, ctx: &mut Context<'_>, sa: IkeSa) {
        let id = sa.shell.id;
        self.spis.insert(sa.shell.own_spi(), id);
        self.sas.insert(id, sa);
        self.rearm(ctx, id);
    }

    /// Rearms an SA's deadline. A dead SA lingers for its answers and goes then.
    fn rearm(&mut self, ctx: &mut Context<'_>, id: SaId) {
        self.release(ctx, id);
        if let Some(at) = self.armed.remove(&id) {
            self.deadlines.remove(&(at, id));
        }
        let Some(sa) = self.sas.get(&id) else { return };
        if sa.established().is_none() && sa.shell.dead.is_none() {
            let key = (sa.shell.spi_i, sa.shell.remote.ip());
            self.half_open.insert(id, key);
        } else {
            self.half_open.remove(&id);
        }
        let next = match &sa.shell.dead {
            Some((at, _)) if ctx.now.mono >= *at + ctx.timers.linger => return self.forget(id),
            Some((at, _)) => Some(*at + ctx.timers.linger),
            None => sa.next_deadline(&ctx.timers, ctx.now.mono),
        };
        if let Some(at) = next {
            self.deadlines.insert((at, id));
            self.armed.insert(id, at);
        }
    }

    /// Addresses that the peer of a dead SA held come back, unless another SA rests on the same proofs.
    fn release(&self, ctx: &mut Context<'_>, id: SaId) {
        let over = |sa: &&IkeSa| sa.shell.dead.is_some() && sa.shell.settings.leased().len() > 0;
        let Some(lineage) = self.sas.get(&id).filter(over).map(IkeSa::lineage) else {
            return;
        };
        let mut others = self.sas.values().filter(|sa| sa.shell.dead.is_none());
        if !others.any(|sa| sa.lineage() == lineage) {
            ctx.leases.release(lineage);
        }
    }

    fn forget(&mut self, id: SaId) {
        if let Some(sa) = self.sas.remove(&id) {
            self.spis.remove(&sa.shell.own_spi());
            self.half_open.remove(&id);
            self.opened.retain(|_, opened| *opened != id);
            self.remember(sa.shell.record);
        }
    }

    fn remember(&mut self, record: Record) {
        if self.history.len() >= MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(record);
    }

    /// Whether that SA is one of this table.
    #[must_use]
    pub fn has(&self, id: SaId) -> bool {
        self.sas.contains_key(&id)
    }

    /// A job of one of these SAs is done.
    pub fn job_done(&mut self, ctx: &mut Context<'_>, sa: SaId, id: JobId, outcome: JobOutcome) {
        self.with_sa(ctx, sa, |sa, ctx| sa.job_done(ctx, id, outcome));
    }

    /// Everything that is due.
    pub fn deadline(&mut self, ctx: &mut Context<'_>) {
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > ctx.now.mono {
                break;
            }
            self.deadlines.pop_first();
            self.armed.remove(&id);
            self.with_sa(ctx, id, IkeSa::deadline);
        }
    }

    /// When something is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// The data plane reports. False when it is not about an SA of this table.
    pub fn dataplane(&mut self, ctx: &mut Context<'_>, event: &DataplaneEvent) -> bool {
        let about = |child: &Child| match event {
            DataplaneEvent::Expire { spi_in, .. }
            | DataplaneEvent::Alive { spi_in }
            | DataplaneEvent::Moved { spi_in, .. } => child.spec.spi_in == *spi_in,
            DataplaneEvent::Sent { interface, spi_out } => {
                child.spec.spi_out == *spi_out && child.spec.interface == *interface
            }
            DataplaneEvent::Acquire { .. } => false,
        };
        let has = |sa: &IkeSa| {
            let established = sa.established();
            established.is_some_and(|e| e.children.iter().any(about))
        };
        let Some(id) = self.sas.iter().find(|(_, sa)| has(sa)).map(|(id, _)| *id) else {
            return false;
        };
        self.with_sa(ctx, id, |sa, ctx| sa.dataplane(ctx, event));
        true
    }

    /// Every SA, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &IkeSa> {
        self.sas.values()
    }

    /// Every negotiation, ended ones first, newest last.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.history
            .iter()
            .chain(self.sas.values().map(|sa| &sa.shell.record))
    }

    /// Counters begin anew.
    pub fn clear_statistics(&mut self) {
        self.stats = Stats::default();
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Half-open SAs that others started and we started.
    #[must_use]
    pub fn in_negotiation(&self) -> (usize, usize) {
        let started = |id: &&SaId| {
            let sa = self.sas.get(id);
            sa.is_some_and(|sa| sa.shell.role == crate::sa::Role::Initiator)
        };
        let outgoing = self.half_open.keys().filter(started).count();
        (self.half_open.len() - outgoing, outgoing)
    }

    /// Tells a datagram that was dropped before it had an SA; the line comes once per power of two (B20).
    fn tell_dropped(ctx: &mut Context<'_>, from: IpAddr, count: u64, reason: String) {
        if count.is_power_of_two() {
            ctx.out.trace(None, 0, Trace::DroppedIkev2 { from, reason });
        }
    }

    /// Timers of the engine, for `show`.
    #[must_use]
    pub fn repetition(timers: &Timers) -> super::outgoing::Repetition {
        IkeSa::repetition(timers)
    }
}
