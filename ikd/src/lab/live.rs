//! A case on real packets: routers and CAs in namespaces, from enrolment to teardown.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ike_core::sa::record::Record;
use ike_core::verdict::Ping;
use tempfile::TempDir;

use super::ca::Ca;
use super::cas::{CaPlan, Made};
use super::case::Case;
use super::enrol::{Before, Keys, prepare};
use super::error::LabError;
use super::key_hashes::KeyHashes;
use super::leftovers;
use super::network::Wires;
use super::outcome::Outcome;
use super::router::{Folders, Router};
use super::scratch::{self, Life};
use super::steps::{self, CaOrder, Script, Stage};
use super::told;
use crate::capture::Packet;
use crate::control::Response;
use crate::story::{Story, of_lab};

/// Time between two looks at the records.
const LOOK: Duration = Duration::from_millis(5);
/// Time in which the other router hears of an end.
const AFTERMATH: Duration = Duration::from_millis(20);
/// How much longer a loaded machine may take until the outcome is as expected.
const ECHOES: Duration = Duration::from_secs(1);
/// Time between two attempts of a step.
const BREATH: Duration = Duration::from_millis(100);
/// Time for one echo.
const ECHO: Duration = Duration::from_secs(1);
/// Pings of a verdict.
const PINGS: u32 = 3;

/// Two running routers.
pub(super) struct Lab {
    /// The case.
    pub case: Case,
    /// The routers, in the order of the case. They end before their wires.
    pub routers: [Router; 2],
    /// The CAs; none where the routers were enrolled in the process.
    pub cas: Vec<Ca>,
    /// Why there are none, for people.
    pub without_http: Option<String>,
    /// Hosts and wires.
    pub wires: Wires,
    known_cas: KeyHashes,
    dir: TempDir,
}

impl Lab {
    /// Starts CAs and both routers, waits until they answer and enrols the routers; with `sockets` = a folder
    /// for their control sockets. The process must be isolated already.
    ///
    /// # Errors
    /// Keys, namespaces, devices or a router are not to be had.
    pub(super) fn start(
        case: &Case,
        keys: &Keys,
        sockets: Option<&Path>,
    ) -> Result<Self, LabError> {
        // With sockets of its own it is left up.
        let dir = scratch::folder(sockets.map_or(Life::Short, |_| Life::Long))?;
        leftovers::folder(dir.path());
        let before = prepare(case, keys, dir.path())?;
        let known_cas = KeyHashes::of(&before.ca_certificates());
        let Before {
            routers: enrolled,
            cas,
            without_http,
        } = before;
        let plans: Vec<CaPlan> = cas.iter().map(|(plan, _)| plan.clone()).collect();
        let capture = dir.path().join("capture.pcapng");
        let wires = Wires::new(case, &capture, &CaPlan::hosts(&plans))?;
        let serve = |(plan, made): (CaPlan, Made)| {
            // It held the lock of the folder.
            drop(made.authority);
            let host = wires.cas.get(&plan.at.ip());
            let host = host.ok_or_else(|| LabError::internal("a CA has no host"))?;
            Ca::start(&plan, &made.dir, host)
        };
        let cas: Vec<Ca> = cas.into_iter().map(serve).collect::<Result<_, _>>()?;
        let folders = Folders {
            dir: dir.path(),
            sockets: sockets.unwrap_or(dir.path()),
        };
        let start = |n: usize| Router::start(case, n, &enrolled[n], &wires.hosts[n], folders);
        let routers = [start(0)?, start(1)?];
        for router in &routers {
            router.wait_ready()?;
        }
        cas.iter().try_for_each(Ca::wait_ready)?;
        let lab = Self {
            case: case.clone(),
            routers,
            cas,
            without_http,
            wires,
            known_cas,
            dir,
        };
        lab.enrol()?;
        Ok(lab)
    }

    /// One router after the other: a certificate has the same serial number in every run.
    fn enrol(&self) -> Result<(), LabError> {
        if self.cas.is_empty() {
            return Ok(());
        }
        [0, 1]
            .into_iter()
            .try_for_each(|router| steps::enrol(&self.case, router, &mut Hands(self)))
    }

    /// Plays the case: its steps, the negotiation, the steps of the end.
    ///
    /// # Errors
    /// A router or CA does not answer.
    pub(super) fn play(&self) -> Result<Outcome, LabError> {
        let case = &self.case;
        let missteps = steps::play(case, &case.before, &mut Hands(self))?;
        if !missteps.is_empty() {
            let mut outcome = self.outcome(Ping::default(), Duration::ZERO)?;
            outcome.missteps = missteps;
            return Ok(outcome);
        }
        let outcome = match case.negotiates {
            true => self.negotiate(),
            false => self.outcome(Ping::default(), Duration::ZERO),
        };
        let missteps = steps::play(case, &case.at_end, &mut Hands(self))?;
        let mut outcome = outcome?;
        outcome.missteps = missteps;
        // With what the last steps left there.
        self.add_logs(&mut outcome);
        Ok(outcome)
    }

    fn add_logs(&self, outcome: &mut Outcome) {
        for router in &self.routers {
            let log = std::fs::read_to_string(router.log()).unwrap_or_default();
            outcome.logs.insert(router.name().to_owned(), log);
        }
    }

    /// Lets the initiator start once and waits for the verdict, then pings if the tunnel is up.
    ///
    /// # Errors
    /// A router does not answer, or refuses to start.
    fn negotiate(&self) -> Result<Outcome, LabError> {
        self.wires.call(&self.case)?;
        let started = Instant::now();
        self.routers[self.case.initiator].initiate(&self.case)?;
        let limit = self.case.patience();
        let mut records = self.records()?;
        while !certain(&records) && started.elapsed() < limit {
            thread::sleep(LOOK);
            records = self.records()?;
        }
        let took = started.elapsed();
        let up = records.iter().all(|r| r.as_ref().is_some_and(|r| r.up));
        let ping = if up {
            self.ping(PINGS)?
        } else {
            Ping::default()
        };
        self.linger(up)?;
        let until = Instant::now() + ECHOES;
        loop {
            let outcome = self.outcome(ping, took)?;
            if Instant::now() >= until || outcome.differences(&self.case).is_empty() {
                return Ok(outcome);
            }
            thread::sleep(LOOK);
        }
    }

    /// What came of the case so far.
    fn outcome(&self, ping: Ping, took: Duration) -> Result<Outcome, LabError> {
        let [initiator, responder] = &self.records()?;
        let mut outcome = Outcome::new(&self.case, initiator.as_ref(), responder.as_ref());
        outcome.verdict.ping = ping;
        outcome.verdict.milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let datagrams = self.wires.datagrams()?;
        outcome.ip_lengths = datagrams.iter().map(|d| d.ip_length).collect();
        outcome.asked = self.known_cas.asked(datagrams.into_iter().map(|d| d.body));
        self.add_logs(&mut outcome);
        Ok(outcome)
    }

    /// Pings from the initiator's loopback to the responder's, in every family both have.
    ///
    /// # Errors
    /// The kernel refuses the socket or the source address.
    pub(super) fn ping(&self, count: u32) -> Result<Ping, LabError> {
        let mut ping = Ping::default();
        for (from, to) in self.case.ping_addresses() {
            let report = self.wires.hosts[self.case.initiator].ping(from, to, count, ECHO)?;
            ping.sent += report.sent;
            ping.received += report.received;
        }
        Ok(ping)
    }

    /// The IKE packets that each router of ours kept.
    pub(super) fn captured(&self) -> [Vec<Packet>; 2] {
        self.routers.each_ref().map(Router::captured)
    }

    /// What became of it so far, told message by message.
    ///
    /// # Errors
    /// A router does not answer.
    pub(super) fn story(&self) -> Result<Story, LabError> {
        let outcome = self.outcome(Ping::default(), Duration::ZERO)?;
        Ok(of_lab(
            &self.case,
            &outcome,
            self.captured(),
            &told::keys(self),
        ))
    }

    /// The folder with configurations, stores, logs, keys and the capture.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The capture so far.
    pub(super) fn capture(&self) -> PathBuf {
        self.dir().join("capture.pcapng")
    }

    /// What could not be translated for a router of another make, one line each; empty without one.
    pub(super) fn losses(&self) -> String {
        self.routers.iter().map(Router::losses).collect()
    }

    /// Tells routers and CAs to end, then waits for all.
    pub(super) fn stop(&self) {
        self.routers.iter().for_each(Router::stop);
        self.cas.iter().for_each(Ca::stop);
        self.routers.iter().for_each(Router::end);
        self.cas.iter().for_each(Ca::end);
    }

    /// Newest records: initiator, responder.
    fn records(&self) -> Result<[Option<Record>; 2], LabError> {
        let (i, r) = (self.case.initiator, 1 - self.case.initiator);
        Ok([self.routers[i].record()?, self.routers[r].record()?])
    }

    /// Goes on after the verdict as far as the case wants.
    fn linger(&self, up: bool) -> Result<(), LabError> {
        let until = Instant::now() + self.case.patience();
        if !up {
            thread::sleep(AFTERMATH);
        }
        if let Some(wanted) = self.case.stop_when.ike_datagrams {
            while self.wires.datagrams()?.len() < wanted && Instant::now() < until {
                thread::sleep(LOOK);
            }
        }
        let given_up = |lab: &Self| -> Result<bool, LabError> {
            Ok(lab
                .records()?
                .iter()
                .all(|r| r.as_ref().is_none_or(Record::certain)))
        };
        while self.case.until_given_up && !given_up(self)? && Instant::now() < until {
            thread::sleep(LOOK * 10);
        }
        Ok(())
    }
}

/// Operators of a running lab.
struct Hands<'a>(&'a Lab);

impl Stage for Hands<'_> {
    fn exec(
        &mut self,
        router: usize,
        line: &str,
        operator: &mut Script,
    ) -> Result<Response, LabError> {
        self.0.routers[router].exec(line, operator)
    }

    fn start(&mut self, router: usize) -> Result<bool, LabError> {
        self.0.routers[router].start_and_wait(&self.0.case)
    }

    fn order(&mut self, ca: &str, order: &CaOrder) -> Result<(), LabError> {
        let found = self.0.cas.iter().find(|c| c.plan.name == ca);
        let found = found.ok_or_else(|| LabError::internal(format!("{ca} does not run")))?;
        found.tell(order)
    }

    fn restart(&mut self, router: usize) -> Result<(), LabError> {
        self.0.routers[router].restart(&self.0.wires.hosts[router])
    }

    fn wait(&mut self, time: Duration) -> Result<(), LabError> {
        thread::sleep(time);
        Ok(())
    }

    fn breathe(&mut self) -> Result<(), LabError> {
        thread::sleep(BREATH);
        Ok(())
    }
}

/// Both are up, or one has ended it.
fn certain(records: &[Option<Record>; 2]) -> bool {
    let up = |r: &Option<Record>| r.as_ref().is_some_and(|r| r.up);
    records.iter().all(up) || records.iter().flatten().any(|r| r.stopped_at.is_some())
}
