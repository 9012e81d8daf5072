//! A case on real packets: routers in namespaces, from enrolment to teardown.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ike_core::sa::record::Record;
use ike_core::verdict::Ping;
use tempfile::TempDir;

use super::case::Case;
use super::enrol::{Keys, enrol};
use super::error::LabError;
use super::key_hashes::KeyHashes;
use super::leftovers;
use super::network::Wires;
use super::outcome::Outcome;
use super::router::{Folders, Router};

/// Time between two looks at the records.
const LOOK: Duration = Duration::from_millis(5);
/// Time in which the other router hears of an end.
const AFTERMATH: Duration = Duration::from_millis(20);
/// How much longer a loaded machine may take until the outcome is as expected.
const ECHOES: Duration = Duration::from_secs(1);
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
    /// Hosts and wires.
    pub wires: Wires,
    cas: KeyHashes,
    dir: TempDir,
}

impl Lab {
    /// Enrols and starts both routers and waits until they answer; with `sockets` = a folder for
    /// their control sockets. The process must be isolated already.
    ///
    /// # Errors
    /// Keys, namespaces, devices or a router are not to be had.
    pub(super) fn start(
        case: &Case,
        keys: &Keys,
        sockets: Option<&Path>,
    ) -> Result<Self, LabError> {
        let dir = tempfile::Builder::new().prefix("ikd-lab-").tempdir();
        let dir = dir.map_err(|e| LabError::internal(format!("temporary folder: {e}")))?;
        leftovers::folder(dir.path());
        let enrolled = enrol(case, keys)?;
        let wires = Wires::new(case, &dir.path().join("capture.pcapng"))?;
        let folders = Folders {
            dir: dir.path(),
            sockets: sockets.unwrap_or(dir.path()),
        };
        let start = |n: usize| Router::start(case, n, &enrolled[n], &wires.hosts[n], folders);
        let routers = [start(0)?, start(1)?];
        for router in &routers {
            router.wait_ready()?;
        }
        Ok(Self {
            case: case.clone(),
            routers,
            wires,
            cas: KeyHashes::of(enrolled.iter().map(|e| &e.store)),
            dir,
        })
    }

    /// Lets the initiator start once and waits for the verdict, then pings if the tunnel is up.
    ///
    /// # Errors
    /// A router does not answer, or refuses to start.
    pub(super) fn negotiate(&self) -> Result<Outcome, LabError> {
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
        outcome.asked = self.cas.asked(datagrams.into_iter().map(|d| d.body));
        for router in &self.routers {
            let log = std::fs::read_to_string(router.log()).unwrap_or_default();
            outcome.logs.insert(router.name().to_owned(), log);
        }
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

    /// Tells both routers to end, then waits for both.
    pub(super) fn stop(&self) {
        self.routers.iter().for_each(Router::stop);
        self.routers.iter().for_each(Router::end);
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

/// Both are up, or one has ended it.
fn certain(records: &[Option<Record>; 2]) -> bool {
    let up = |r: &Option<Record>| r.as_ref().is_some_and(|r| r.up);
    records.iter().all(up) || records.iter().flatten().any(|r| r.stopped_at.is_some())
}
