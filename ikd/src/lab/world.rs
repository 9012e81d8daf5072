//! The two routers of a case in the simulator, with the PKI of each and the CAs: what steps act on there.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ike_core::sa::retransmit::Timers;
use ike_core::sim::{Datagram, Router, Simulation};
use ike_core::verdict::Ping;
use ike_pki::Name;

use super::case::Case;
use super::enrol::{Before, Enrolled, Ring};
use super::error::LabError;
use super::invented::{self, Cas, Invented, Left};
use super::key_hashes::KeyHashes;
use super::lists::Lists;
use super::outcome::Outcome;
use super::simulate::network;
use super::steps::{self, CaOrder, Script, Stage};
use crate::control::Response;
use crate::exec::{self, Snapshot};
use crate::keystore::KeyView;
use crate::system::wall;

/// A simulation and what surrounds it.
pub(super) struct World<'a> {
    /// The engines.
    pub sim: Simulation,
    case: &'a Case,
    cas: Arc<Cas>,
    /// The PKIs, shared with the verifications of the simulation; none where the routers were enrolled in the
    /// process.
    pkis: Rc<RefCell<Vec<Invented>>>,
    /// What is shown of their key pairs.
    key_views: [Arc<Vec<KeyView>>; 2],
    known_cas: KeyHashes,
    /// What CAs give that could be at work and are not.
    lists: Option<Lists>,
}

impl<'a> World<'a> {
    /// Two routers, enrolled; files go below `dir`.
    ///
    /// # Errors
    /// A store cannot be written, or a CA refuses.
    pub(super) fn new(
        case: &'a Case,
        before: Before,
        seed: u64,
        dir: &Path,
    ) -> Result<Self, LabError> {
        invented::set_wall(wall());
        let known_cas = KeyHashes::of(&before.ca_certificates());
        let Before {
            mut routers,
            cas,
            without_http,
        } = before;
        let with_cas = !cas.is_empty();
        let at_once = !with_cas && without_http.is_none();
        let lists = at_once.then(|| Lists::taken(case, &mut routers));
        let cas = Arc::new(Cas::new(cas));
        let mut pkis = Vec::new();
        for (router, enrolled) in case.routers.iter().zip(&routers).filter(|_| with_cas) {
            pkis.push(Invented::new(router, enrolled, dir, &cas)?);
        }
        let mut world = Self {
            sim: simulation(case, made_of(case, routers), seed),
            case,
            cas,
            pkis: Rc::new(RefCell::new(pkis)),
            key_views: Default::default(),
            known_cas,
            lists,
        };
        world.connect();
        if with_cas {
            steps::enrol(case, 0, &mut world)?;
            steps::enrol(case, 1, &mut world)?;
        }
        Ok(world)
    }

    /// The same routers as they are enrolled, in the beginning of another negotiation: a case that differs in
    /// who starts.
    pub(super) fn again(&self, case: &'a Case, seed: u64) -> Self {
        let routers = [0, 1].map(|n| self.sim.node(n).router());
        let mut world = Self {
            sim: simulation(case, routers, seed),
            case,
            cas: Arc::clone(&self.cas),
            pkis: Rc::clone(&self.pkis),
            key_views: self.key_views.clone(),
            known_cas: self.known_cas.clone(),
            lists: self.lists.clone(),
        };
        world.connect();
        world
    }

    /// Who is asked about revocation: the PKIs, or the CAs that could be at work.
    fn connect(&mut self) {
        let pkis = Rc::clone(&self.pkis);
        if !pkis.borrow().is_empty() {
            self.sim.verifier = Some(Box::new(move |node, job| {
                pkis.borrow_mut()[node].verify(job)
            }));
        } else if let Some(lists) = self.lists.clone() {
            let ask = move |router, trustpoint: &str, issuer: &Name| {
                lists.ask(router, trustpoint, issuer)
            };
            self.sim.web.answer_scep_crls(ask);
        }
    }

    /// What came of the case so far.
    pub(super) fn outcome(&self, milliseconds: u64) -> Outcome {
        let (case, sim) = (self.case, &self.sim);
        let (i, r) = (case.initiator, 1 - case.initiator);
        let mut outcome = Outcome::new(case, sim.record(i).as_ref(), sim.record(r).as_ref());
        outcome.verdict.ping = ping(case, sim.verdict().ping);
        outcome.verdict.milliseconds = milliseconds;
        outcome.ip_lengths = on_port_500(sim).map(ip_length).collect();
        outcome.asked = self
            .known_cas
            .asked(on_port_500(sim).map(|d| d.bytes.clone()));
        for (n, router) in case.routers.iter().enumerate() {
            outcome.logs.insert(router.name.clone(), self.log(n));
        }
        outcome
    }

    /// The steps of the end, and the logs with what they left there.
    ///
    /// # Errors
    /// A CA is not to be reached.
    pub(super) fn finish(mut self, mut outcome: Outcome) -> Result<Outcome, LabError> {
        if outcome.missteps.is_empty() {
            outcome.missteps = steps::play(self.case, &self.case.at_end, &mut self)?;
        }
        for (n, router) in self.case.routers.iter().enumerate() {
            outcome.logs.insert(router.name.clone(), self.log(n));
        }
        Ok(outcome)
    }

    fn log(&self, node: usize) -> String {
        let traces = self.sim.node(node).traces.iter();
        traces.map(|line| format!("{line}\n")).collect()
    }

    /// The engine hears what its PKI has stored.
    fn take(&mut self, node: usize, left: Left) {
        for line in left.said {
            self.sim.note(node, line);
        }
        if let Some(changed) = left.changed {
            self.key_views[node] = changed.key_views;
            let keys = Arc::new(changed.keys);
            self.sim.certificates(node, changed.store, keys);
        }
    }

    fn go_on(&mut self, time: Duration) -> Result<(), LabError> {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(0);
        invented::set_wall(invented::wall() + seconds);
        self.sim.settle(time);
        for node in 0..self.case.routers.len() {
            let left = self.pkis.borrow_mut()[node].breathe()?;
            self.take(node, left);
        }
        Ok(())
    }

    /// As the daemon answers `show`.
    fn snapshot(&self, index: usize) -> Snapshot<'_> {
        let (now, node) = (self.sim.now(), self.sim.node(index));
        let keys = self.key_views[index].as_slice();
        let engine = &node.engine;
        let mut ikev2 = engine.ikev2_sas(now.mono);
        ikev2.retain(|sa| !sa.over);
        Snapshot {
            config: engine.config(),
            startup: engine.config(),
            protections: engine.protections(),
            store: &node.store,
            keys,
            pki: self
                .pkis
                .borrow()
                .get(index)
                .map_or_else(Default::default, Invented::counts),
            isakmp: engine.isakmp_sas(now.mono),
            ikev2,
            ikev2_stats: engine.ikev2_stats(),
            ikev2_tally: engine.ikev2_tally().clone(),
            children: engine.child_sas(now.mono),
            records: engine.records(),
            counters: engine.counters(),
            traffic: None,
            capture: None,
            logging: node.traces.join("\n"),
            wall: invented::wall(),
        }
    }

    fn pki(
        &mut self,
        router: usize,
        action: crate::pki::Action,
        operator: &mut Script,
    ) -> Result<Response, LabError> {
        let (response, changed) = self.pkis.borrow_mut()[router].act(action, operator)?;
        self.take(router, changed);
        Ok(response)
    }
}

impl Stage for World<'_> {
    fn exec(
        &mut self,
        router: usize,
        line: &str,
        operator: &mut Script,
    ) -> Result<Response, LabError> {
        let outcome = exec::run(line, false, &self.snapshot(router));
        Ok(match outcome {
            Ok(exec::Outcome::Text(text) | exec::Outcome::Debug { text, .. }) => Response::ok(text),
            Ok(exec::Outcome::Act(command)) => {
                self.sim.command(router, command);
                self.sim.settle(Duration::from_millis(20));
                Response::ok("")
            }
            Ok(exec::Outcome::Pki(action)) => self.pki(router, action, operator)?,
            // There is no file of the next start; certificates are marked all the same (T-84).
            Ok(exec::Outcome::Save) => self.pki(router, crate::pki::Action::Save, operator)?,
            Ok(exec::Outcome::Configure) => {
                Response::failed(1, "% The simulator reads configurations from files alone.")
            }
            Ok(exec::Outcome::Monitor(_)) => {
                Response::failed(1, "% The simulator has no capture; it sends no packets.")
            }
            Err(e) => Response::failed(2, e.to_string()),
        })
    }

    fn start(&mut self, router: usize) -> Result<bool, LabError> {
        let known = self.sim.record(router).map(|r| r.sequence);
        self.sim.up(router, None);
        let decided = |sim: &Simulation| {
            let newest = sim.record(router).filter(|r| Some(r.sequence) != known);
            newest.is_some_and(|r| r.up || r.certain())
        };
        self.sim.run_until(self.case.patience(), decided);
        self.sim.settle(Duration::from_millis(20));
        Ok(self.sim.record(router).is_some_and(|r| r.up) && self.sim.carries())
    }

    fn order(&mut self, ca: &str, order: &CaOrder) -> Result<(), LabError> {
        self.cas.tell(ca, order)
    }

    fn restart(&mut self, router: usize) -> Result<(), LabError> {
        let changed = self.pkis.borrow_mut()[router].restart()?;
        self.sim.restart(router, 7);
        let left = Left {
            changed: Some(changed),
            said: Vec::new(),
        };
        self.take(router, left);
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<(), LabError> {
        self.go_on(time)
    }

    fn breathe(&mut self) -> Result<(), LabError> {
        self.go_on(Duration::from_secs(1))
    }
}

fn simulation(case: &Case, routers: [Router; 2], seed: u64) -> Simulation {
    let timers = case.retransmit.map(Timers::with_interval);
    Simulation::with_timers(routers, network(case), timers, seed, invented::wall())
}

fn made_of(case: &Case, enrolled: [Enrolled; 2]) -> [Router; 2] {
    let mut enrolled = enrolled.into_iter();
    case.routers.each_ref().map(|router| {
        let Enrolled { store, keys } = enrolled.next().unwrap_or_default();
        Router {
            name: router.name.clone(),
            config: Arc::new(router.config.clone()),
            store: Arc::new(store),
            keys: Arc::new(Ring::new(keys)),
        }
    })
}

/// One ping stands for those of every family.
fn ping(case: &Case, one: Ping) -> Ping {
    let families = u32::try_from(case.ping_addresses().len().max(1)).unwrap_or(1);
    Ping {
        sent: one.sent * families,
        received: one.received * families,
    }
}

pub(super) fn on_port_500(sim: &Simulation) -> impl Iterator<Item = &Datagram> {
    let datagrams = sim.datagrams().iter();
    datagrams.filter(|d| d.from.port() == 500 || d.to.port() == 500)
}

/// With the headers of UDP and IP.
fn ip_length(datagram: &Datagram) -> usize {
    let header = if datagram.from.is_ipv4() { 20 } else { 40 };
    header + 8 + datagram.bytes.len()
}
