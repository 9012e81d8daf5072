//! Two engines against each other in invented time.
//!
//! Jobs run in line and take an invented time; datagrams take the time and the faults that
//! the caller says. Equal inputs give equal runs, so a seed is a reproduction. The data
//! plane is a list: two routers carry traffic when their SAs agree in SPI, suite and keys.

pub mod enrol;
mod network;
mod node;
mod told;
mod verify;
mod web;

pub use network::{Datagram, Fate, Faults, Network, Translation};
pub use node::{Installed, Node, Router};
pub use told::Told;
pub use verify::{Verified, Verifier};
pub use web::Web;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ike_pki::Store;

use crate::config::RunningConfig;
use crate::engine::view::IsakmpSaView;
use crate::engine::view_ikev2::Ikev2SaView;
use crate::sa::action::JobId;
use crate::sa::action::{Action, Command, CommandId, DataplaneEvent, Event, Outbox, Transmit};
use crate::sa::job::{self, Job, JobOutcome, PrivateKeys};
use crate::sa::record::Record;
use crate::sa::retransmit::Timers;
use crate::time::{Now, Timestamp};
use crate::verdict::{self, Verdict};

/// A run of two routers.
pub struct Simulation {
    nodes: [Node; 2],
    network: Network,
    pending: BTreeMap<(Timestamp, u64), (usize, Pending)>,
    next: u64,
    now: Timestamp,
    wall: i64,
    started: Option<Timestamp>,
    initiator: usize,
    /// What URLs lead to.
    pub web: Web,
    /// Who verifies peers in place of [`Web`]: a host with a PKI of its own.
    pub verifier: Option<Verifier>,
    /// The keys of IKE SAs are noted, so that what was sent can be opened afterwards.
    pub keep_keys: bool,
    /// What waits for the caller; `None`: everything goes by time.
    held: Option<Held>,
}

/// What waits for the caller to let it happen.
#[derive(Default)]
struct Held {
    /// Jobs wait too.
    jobs: bool,
    waiting: Vec<(usize, Pending)>,
}

enum Pending {
    Datagram(Datagram),
    Job(JobId, Box<JobOutcome>),
}

impl Simulation {
    /// Two routers on a network, at `wall` seconds since 1970 UTC.
    #[must_use]
    pub fn new(
        routers: [Router; 2],
        network: Network,
        timers: Timers,
        seed: u64,
        wall: i64,
    ) -> Self {
        Self::with_timers(routers, network, [timers; 2], seed, wall)
    }

    /// As [`new`](Self::new), each router with timers of its own.
    #[must_use]
    pub fn with_timers(
        routers: [Router; 2],
        network: Network,
        timers: [Timers; 2],
        seed: u64,
        wall: i64,
    ) -> Self {
        let mut number = 0;
        let mut timers = timers.into_iter();
        let nodes = routers.map(|router| {
            number += 1;
            let timers = timers.next().unwrap_or_default();
            Node::new(router, timers, seed.wrapping_mul(2).wrapping_add(number))
        });
        Self {
            nodes,
            network,
            pending: BTreeMap::new(),
            next: 0,
            now: Timestamp(1_000_000),
            wall,
            started: None,
            initiator: 0,
            web: Web::default(),
            verifier: None,
            keep_keys: false,
            held: None,
        }
    }

    /// `up NAME` on the router of that index. The default name is its first protection.
    pub fn up(&mut self, node: usize, name: Option<&str>) {
        self.initiator = node;
        self.started.get_or_insert(self.now);
        let first = || {
            self.nodes[node]
                .engine
                .protections()
                .first()
                .map(|p| p.name.clone())
        };
        let Some(name) = name.map(str::to_owned).or_else(first) else {
            return;
        };
        self.deliver(node, Event::Command(CommandId(1), Command::Up(name)));
    }

    /// A router loses everything it negotiated without a word and starts again.
    pub fn restart(&mut self, node: usize, seed: u64) {
        self.nodes[node].restart(seed);
    }

    /// An operator's command on a router.
    pub fn command(&mut self, node: usize, command: Command) {
        self.deliver(node, Event::Command(CommandId(1), command));
    }

    /// A router gets a new configuration.
    pub fn configure(&mut self, node: usize, config: RunningConfig) {
        self.deliver(node, Event::Configure(Arc::new(config)));
    }

    /// The host of a router has stored something: from here on it is used.
    pub fn certificates(
        &mut self,
        node: usize,
        store: Arc<Store>,
        keys: Arc<dyn PrivateKeys + Send + Sync>,
    ) {
        self.nodes[node].signers = keys;
        self.nodes[node].store = Arc::clone(&store);
        self.deliver(node, Event::Certificates(store));
    }

    /// The host of a router says something in its log.
    pub fn note(&mut self, node: usize, line: String) {
        self.nodes[node].traces.push(line);
        self.nodes[node].traced_at.push(self.now);
    }

    /// A data plane event on a router.
    pub fn dataplane(&mut self, node: usize, event: DataplaneEvent) {
        self.deliver(node, Event::Dataplane(event));
    }

    /// A datagram out of nowhere.
    pub fn inject(&mut self, node: usize, transmit: Transmit) {
        let Transmit {
            local,
            remote,
            bytes,
        } = transmit;
        self.deliver(
            node,
            Event::Datagram {
                local: remote,
                remote: local,
                bytes,
            },
        );
    }

    /// From now on the caller decides which datagram arrives next.
    pub fn hold(&mut self) {
        self.held = Some(Held::default());
    }

    /// Beside the datagrams, the caller also decides which job is finished next.
    pub fn hold_jobs(&mut self) {
        self.held.get_or_insert_default().jobs = true;
    }

    /// How many datagrams, and jobs if they are held too, wait.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.waiting.len())
    }

    /// Delivers what waits under that index. Jobs that follow from it are finished unless they are held.
    pub fn release(&mut self, index: usize) {
        let held = self.held.as_mut().map(|held| &mut held.waiting);
        let taken = held.filter(|h| index < h.len());
        if let Some((to, what)) = taken.map(|h| h.remove(index)) {
            self.arrive(to, what);
            self.finish_jobs();
        }
    }

    /// Finishes every job under way, at once.
    pub fn finish_jobs(&mut self) {
        let job = |what: &Pending| matches!(what, Pending::Job(..));
        while let Some(key) = self
            .pending
            .iter()
            .find(|(_, (_, w))| job(w))
            .map(|(k, _)| *k)
        {
            if let Some((node, what)) = self.pending.remove(&key) {
                self.arrive(node, what);
            }
        }
    }

    /// Lets the waiting datagrams and all later ones go by time again.
    pub fn let_go(&mut self) {
        for (to, what) in self.held.take().unwrap_or_default().waiting {
            self.schedule(self.now, to, what);
        }
    }

    /// Runs until `done` says so or invented time is up; false when it is up.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !done(self) {
            if !self.step(end) {
                return false;
            }
        }
        true
    }

    /// Runs until nothing is due within `limit`.
    pub fn settle(&mut self, limit: Duration) {
        let end = self.now + limit;
        while self.step(end) {}
        self.now = end;
    }

    /// The next thing that happens, if it is due by `end`.
    fn step(&mut self, end: Timestamp) -> bool {
        let arrival = self.pending.first_key_value().map(|((at, _), _)| *at);
        let deadline = (0..2)
            .filter_map(|n| Some((self.nodes[n].engine.next_deadline()?, n)))
            .min();
        match (arrival, deadline) {
            (Some(at), due) if at <= end && due.is_none_or(|(d, _)| at <= d) => {
                self.now = self.now.max(at);
                if let Some((_, (node, what))) = self.pending.pop_first() {
                    self.arrive(node, what);
                }
                true
            }
            (_, Some((at, node))) if at <= end => {
                self.now = self.now.max(at);
                self.deliver(node, Event::Deadline);
                true
            }
            _ => false,
        }
    }

    fn arrive(&mut self, node: usize, what: Pending) {
        let event = match what {
            Pending::Datagram(d) => {
                self.nodes[node].tales.received(d.number);
                Event::Datagram {
                    local: d.to,
                    remote: d.from,
                    bytes: d.bytes,
                }
            }
            Pending::Job(id, outcome) => Event::JobDone(id, *outcome),
        };
        self.deliver(node, event);
    }

    /// Hands an event to an engine and carries out its actions in order.
    fn deliver(&mut self, node: usize, event: Event) {
        let mut out = Outbox::default();
        let now = self.now();
        self.nodes[node].engine.handle(now, event, &mut out);
        for action in out.actions {
            self.perform(node, action);
        }
        self.nodes[node].settle(self.keep_keys);
    }

    fn perform(&mut self, node: usize, action: Action) {
        match action {
            Action::Send(transmit) => self.send(node, transmit),
            Action::Keepalive { remote, .. } => self.nodes[node].keepalives.push(remote),
            Action::Run(id, job) => {
                self.nodes[node].jobs += 1;
                let outcome = match job {
                    Job::Fetch { url } => self.web.fetch(url),
                    Job::Verify(job) => self.verify(node, job),
                    job => job::run(job, self.nodes[node].signers.as_ref()),
                };
                let done = Pending::Job(id, Box::new(outcome));
                match self.held.as_mut().filter(|held| held.jobs) {
                    Some(held) => held.waiting.push((node, done)),
                    None => self.schedule(self.now + self.network.job_time, node, done),
                }
            }
            Action::Dataplane(request) => self.nodes[node].dataplane(request),
            Action::Trace(traced) => {
                self.nodes[node].tales.tell(self.now, &traced);
                self.nodes[node].traces.push(traced.text());
                self.nodes[node].traced_at.push(self.now);
            }
            Action::Reply(_, reply) => self.nodes[node].replies.push(reply),
        }
    }

    fn send(&mut self, node: usize, transmit: Transmit) {
        self.nodes[node].tales.sent(self.network.log.len());
        for (datagram, delay) in self.network.carry(node, self.now, transmit) {
            let Some(to) = self.nodes.iter().position(|n| n.owns(datagram.to.ip())) else {
                continue;
            };
            match &mut self.held {
                Some(held) => held.waiting.push((to, Pending::Datagram(datagram))),
                None => self.schedule(self.now + delay, to, Pending::Datagram(datagram)),
            }
        }
    }

    fn schedule(&mut self, at: Timestamp, node: usize, what: Pending) {
        self.pending.insert((at, self.next), (node, what));
        self.next += 1;
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        let seconds = i64::try_from(self.now.0 / 1_000_000).unwrap_or(i64::MAX);
        Now {
            mono: self.now,
            wall: self.wall.saturating_add(seconds),
        }
    }

    /// A router.
    #[must_use]
    pub fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// The debug lines of both routers in order of time: microseconds, router, line.
    #[must_use]
    pub fn timeline(&self) -> Vec<(u64, usize, &str)> {
        let mut out: Vec<(u64, usize, &str)> = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let lines = node.traced_at.iter().zip(&node.traces);
            out.extend(lines.map(|(at, line)| (at.0, number, line.as_str())));
        }
        out.sort_by_key(|(at, ..)| *at);
        out
    }

    /// Every datagram sent so far, faults included.
    #[must_use]
    pub fn datagrams(&self) -> &[Datagram] {
        &self.network.log
    }

    /// The newest record of a router.
    #[must_use]
    pub fn record(&self, node: usize) -> Option<Record> {
        self.nodes[node].engine.records().pop()
    }

    /// The SAs of a router.
    #[must_use]
    pub fn isakmp_sas(&self, node: usize) -> Vec<IsakmpSaView> {
        self.nodes[node].engine.isakmp_sas(self.now)
    }

    /// The IKEv2 SAs of a router.
    #[must_use]
    pub fn ikev2_sas(&self, node: usize) -> Vec<Ikev2SaView> {
        self.nodes[node].engine.ikev2_sas(self.now)
    }

    /// The verdict is certain: both are up, or one of them has ended it.
    #[must_use]
    pub fn certain(&self) -> bool {
        let records: Vec<Record> = (0..2).filter_map(|n| self.record(n)).collect();
        (records.len() == 2 && records.iter().all(|r| r.up))
            || records.iter().any(|r| r.stopped_at.is_some())
    }

    /// What one router sends, the other can read, in both directions.
    #[must_use]
    pub fn carries(&self) -> bool {
        let [a, b] = &self.nodes;
        a.reaches(b) && b.reaches(a)
    }

    /// The verdict so far; pings count as answered when the SAs carry them.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (i, r) = (self.initiator, 1 - self.initiator);
        let (first, second) = (self.record(i), self.record(r));
        let mut verdict = verdict::compose(
            (&self.nodes[i].name, first.as_ref()),
            (&self.nodes[r].name, second.as_ref()),
        );
        if verdict.up {
            verdict.ping.sent = 3;
            verdict.ping.received = if self.carries() { 3 } else { 0 };
        }
        let elapsed = self.now.since(self.started.unwrap_or(self.now));
        verdict.milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        verdict
    }
}
