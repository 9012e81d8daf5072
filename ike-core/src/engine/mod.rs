//! The engine: one event in, ordered actions out, one deadline. No clock, no entropy, no I/O.
//!
//! `demux` finds the SA of a datagram and admits strangers, `upkeep` keeps lifetimes,
//! `command` and `clear` do what operators ask, `configure` swaps the configuration, `view` shows.

mod clear;
mod command;
mod configure;
mod demux;
mod upkeep;
pub mod view;
pub mod view_ikev2;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use ike_pki::{ChainPolicy, Store};
use ike_wire::Spi;

use crate::config::RunningConfig;
use crate::entropy::Entropy;
use crate::ikev1::IsakmpSa;
use crate::ikev1::children::Children;
use crate::ikev1::context::Context;
use crate::ikev2::{self, FollowUp, IkeSas, Leases, Tally};
use crate::policy::protection::{self, Protection};
use crate::sa::SaId;
use crate::sa::action::{Event, Outbox};
use crate::sa::numbers::Numbers;
use crate::sa::record::Record;
use crate::sa::retransmit::Timers;
use crate::time::{Now, Timestamp};

/// Records of ended negotiations that are kept for `show` and `explain`.
const MAX_HISTORY: usize = 64;

/// What the engine is made from.
pub struct Setup {
    /// The configuration.
    pub config: Arc<RunningConfig>,
    /// The trustpoints.
    pub store: Arc<Store>,
    /// 32 octets for the generator.
    pub seed: [u8; 32],
    /// Timers; [`Timers::default`] is IOS.
    pub timers: Timers,
    /// Limits on certificates.
    pub chain_policy: ChainPolicy,
    /// The port IKE starts from: 500.
    pub port: u16,
}

/// Counters of what was dropped, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that do not decode.
    pub malformed: u64,
    /// Messages for no SA that are no first message (W-055).
    pub no_sa: u64,
    /// First messages refused by a limit.
    pub admission: u64,
    /// Exchanges that are not carried out.
    pub unsupported: u64,
}

/// The engine.
pub struct Engine {
    config: Arc<RunningConfig>,
    store: Arc<Store>,
    chain_policy: ChainPolicy,
    protections: Vec<Protection>,
    entropy: Entropy,
    timers: Timers,
    port: u16,
    numbers: Numbers,
    children: Children,
    sas: BTreeMap<SaId, IsakmpSa>,
    cookies: BTreeSet<(Spi, SaId)>,
    half_open: BTreeMap<SaId, IpAddr>,
    deadlines: BTreeSet<(Timestamp, SaId)>,
    armed: BTreeMap<SaId, Timestamp>,
    history: VecDeque<Record>,
    counters: Counters,
    ikev2: IkeSas,
    tally: Tally,
    follow_ups: Vec<FollowUp>,
    leases: Leases,
}

impl Engine {
    /// An engine without SAs.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            protections: protection::compile(&setup.config),
            store: ordered(&setup.config, setup.store),
            config: setup.config,
            chain_policy: setup.chain_policy,
            entropy: Entropy::new(setup.seed),
            timers: setup.timers,
            port: setup.port,
            numbers: Numbers::default(),
            children: Children::default(),
            sas: BTreeMap::new(),
            cookies: BTreeSet::new(),
            half_open: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            armed: BTreeMap::new(),
            history: VecDeque::new(),
            counters: Counters::default(),
            ikev2: IkeSas::default(),
            tally: Tally::default(),
            follow_ups: Vec::new(),
            leases: Leases::default(),
        }
    }

    /// Handles one event to the end; all effects are in `out`, in order.
    pub fn handle(&mut self, now: Now, event: Event, out: &mut Outbox) {
        match event {
            Event::Datagram {
                local,
                remote,
                bytes,
            } => self.datagram(now, (local, remote), &bytes, out),
            Event::Deadline => self.deadline(now, out),
            Event::JobDone(id, outcome) => {
                let Some(sa) = self.numbers.jobs.remove(&id) else {
                    return;
                };
                if self.ikev2.has(sa) {
                    let (sas, mut ctx) = self.ikev2(now, out);
                    return sas.job_done(&mut ctx, sa, id, outcome);
                }
                self.with_sa(now, sa, out, |sa, ctx| sa.job_done(ctx, id, outcome));
            }
            Event::Command(id, command) => self.command(now, id, command, out),
            Event::Dataplane(event) => self.dataplane(now, event, out),
            Event::Configure(config) => self.configure(now, config, out),
            Event::Certificates(store) => self.store = ordered(&self.config, store),
        }
    }

    /// When the engine wants [`Event::Deadline`].
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let sas = self.deadlines.first().map(|(at, _)| *at);
        [sas, self.children.deadline(), self.ikev2.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The table of IKEv2 and everything around it for one step.
    fn ikev2<'a>(
        &'a mut self,
        now: Now,
        out: &'a mut Outbox,
    ) -> (&'a mut IkeSas, ikev2::Context<'a>) {
        let ctx = ikev2::Context {
            now,
            config: &self.config,
            store: &self.store,
            protections: &self.protections,
            chain_policy: &self.chain_policy,
            entropy: &mut self.entropy,
            timers: self.timers,
            numbers: &mut self.numbers,
            leases: &mut self.leases,
            out,
            follow_ups: &mut self.follow_ups,
            tally: &mut self.tally,
        };
        (&mut self.ikev2, ctx)
    }

    /// Lets one SA take a step, then sees to what follows from it: its deadline, its completion
    /// and its end.
    fn with_sa(
        &mut self,
        now: Now,
        id: SaId,
        out: &mut Outbox,
        step: impl FnOnce(&mut IsakmpSa, &mut Context<'_>),
    ) {
        let Some(mut sa) = self.sas.remove(&id) else {
            return;
        };
        let was_established = sa.established().is_some();
        step(&mut sa, &mut self.context(now, out));
        let completed = !was_established && sa.established().is_some();
        self.sas.insert(id, sa);
        if completed {
            self.phase1_complete(now, id, out);
        }
        self.settle(now, id);
    }

    /// Everything around an SA for one step.
    fn context<'a>(&'a mut self, now: Now, out: &'a mut Outbox) -> Context<'a> {
        Context {
            now,
            config: &self.config,
            store: &self.store,
            protections: &self.protections,
            chain_policy: &self.chain_policy,
            entropy: &mut self.entropy,
            timers: self.timers,
            numbers: &mut self.numbers,
            children: &mut self.children,
            out,
        }
    }

    /// Rearms an SA's deadline. A dead SA lingers for `show` and then goes.
    fn settle(&mut self, now: Now, id: SaId) {
        if let Some(at) = self.armed.remove(&id) {
            self.deadlines.remove(&(at, id));
        }
        let Some(sa) = self.sas.get(&id) else { return };
        if sa.established().is_none() && sa.shell.dead.is_none() {
            self.half_open.insert(id, sa.shell.remote.ip());
        } else {
            self.half_open.remove(&id);
        }
        let next = match &sa.shell.dead {
            Some((at, _)) if now.mono >= *at + self.timers.linger => {
                self.forget(id);
                return;
            }
            Some((at, _)) => Some(*at + self.timers.linger),
            None => sa.next_deadline(&self.timers),
        };
        if let Some(at) = next {
            self.deadlines.insert((at, id));
            self.armed.insert(id, at);
        }
    }

    fn forget(&mut self, id: SaId) {
        if let Some(sa) = self.sas.remove(&id) {
            self.cookies.remove(&(sa.shell.cookie_i, id));
            self.half_open.remove(&id);
            self.remember(sa.shell.record);
        }
        self.numbers.jobs.retain(|_, sa| *sa != id);
    }

    /// Takes a new SA into the table.
    fn insert(&mut self, now: Now, id: SaId, sa: IsakmpSa) {
        self.cookies.insert((sa.shell.cookie_i, id));
        self.sas.insert(id, sa);
        self.settle(now, id);
    }

    /// The SAs of an initiator's cookie.
    fn with_cookie(&self, cookie: Spi) -> impl Iterator<Item = (SaId, &IsakmpSa)> {
        self.cookies
            .range((cookie, SaId(0))..=(cookie, SaId(u64::MAX)))
            .filter_map(|(_, id)| Some((*id, self.sas.get(id)?)))
    }

    fn remember(&mut self, record: Record) {
        if self.history.len() >= MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(record);
    }
}

/// P-006: with `pki-order definition` the last defined trustpoint comes first, whatever the
/// order of enrolment.
fn ordered(config: &RunningConfig, store: Arc<Store>) -> Arc<Store> {
    if !config.pki_order_by_definition {
        return store;
    }
    let newest_first: Vec<&str> = config
        .trustpoints
        .iter()
        .rev()
        .map(|t| t.name.as_str())
        .collect();
    let mut reordered = Store::clone(&store);
    reordered.set_order(&newest_first);
    Arc::new(reordered)
}
