//! Routers and CAs of a simulation: the daemon's own PKI with a store in a temporary folder, and the CAs of
//! `ikd pki ca` behind a call in place of HTTP, all in invented time. What is not there is the network between
//! them, and time that goes by itself: it goes on with `wait` steps, and by a second when a step is tried again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ike_core::config::RunningConfig;
use ike_core::sa::job::VerifyJob;
use ike_core::sim::Verified;
use ike_pki::http::HttpRequest;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::cas::{CaPlan, Made};
use super::case::RouterCase;
use super::enrol::Enrolled;
use super::error::LabError;
use super::steps::{CaOrder, Script};
use crate::authority::Authority;
use crate::control::{Response, with_operator};
use crate::http::Destination;
use crate::keystore::{self, Access, Keystore};
use crate::pki::{Action, Changed, Counts, Device, Parts, Pki, Sent, Transport};

/// Real time between polls of a pending request.
const POLL: Duration = Duration::from_millis(5);
/// Turns that the task of timers gets after every action: more than one look takes.
const TURNS: u32 = 32;
/// Real time in which routers do what is due.
const MOMENT: Duration = Duration::from_millis(20);

thread_local! {
    /// Seconds since 1970 UTC in the simulation that this thread runs.
    static WALL: Cell<i64> = const { Cell::new(0) };
    /// Seconds that a request takes to its CA.
    static FLIGHT: Cell<i64> = const { Cell::new(0) };
    /// What the PKI at work has said in its log.
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The clock of this thread's simulation.
pub(super) fn wall() -> i64 {
    WALL.get()
}

/// Sets that clock.
pub(super) fn set_wall(seconds: i64) {
    WALL.set(seconds);
}

/// Makes every request take so many seconds to its CA.
#[cfg(test)]
pub(super) fn set_flight(seconds: i64) {
    FLIGHT.set(seconds);
}

fn say(line: &str) {
    SAID.with_borrow_mut(|said| said.push(line.to_owned()));
}

/// The CAs by name, where they answer; `None` = stopped.
pub(super) struct Cas(Mutex<BTreeMap<String, (SocketAddr, Option<Authority>)>>);

impl Cas {
    pub(super) fn new(cas: Vec<(CaPlan, Made)>) -> Self {
        let at_work = cas.into_iter().map(|(plan, mut made)| {
            made.authority.clock = wall;
            (plan.name, (plan.at, Some(made.authority)))
        });
        Self(Mutex::new(at_work.collect()))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, (SocketAddr, Option<Authority>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a CA something.
    ///
    /// # Errors
    /// It refuses, or is stopped.
    pub(super) fn tell(&self, name: &str, order: &CaOrder) -> Result<(), LabError> {
        let mut all = self.all();
        let stopped = || LabError::unreachable(format!("{name} is stopped"));
        let (_, authority) = all.get_mut(name).ok_or_else(stopped)?;
        match order {
            CaOrder::Stop => *authority = None,
            CaOrder::Obey(order) => {
                let authority = authority.as_mut().ok_or_else(stopped)?;
                authority
                    .obey(order)
                    .map_err(|e| LabError::pki(format!("{name}: {e}")))?;
            }
        }
        Ok(())
    }
}

impl Transport for Cas {
    fn send<'a>(&'a self, to: Destination<'a>, request: &'a HttpRequest, limit: usize) -> Sent<'a> {
        Box::pin(async move {
            set_wall(wall() + FLIGHT.get());
            let mut all = self.all();
            let mut answering = all
                .values_mut()
                .filter_map(|(at, ca)| Some((at, ca.as_mut()?)));
            let here = |at: &SocketAddr| at.ip().to_string() == to.host && at.port() == to.port;
            match answering.find(|(at, _)| here(at)) {
                Some((_, ca)) => Some(ca.answer(request))
                    .filter(|reply| reply.body.len() <= limit)
                    .ok_or_else(|| format!("more than {limit} octets")),
                // In the words of the network.
                None => Err(format!(
                    "{} port {}: Connection refused (os error 111)",
                    to.host, to.port
                )),
            }
        })
    }
}

/// The PKI of one simulated router.
pub(super) struct Invented {
    config: Arc<RunningConfig>,
    serial: String,
    state: std::path::PathBuf,
    cas: Arc<Cas>,
    running: Option<Running>,
}

struct Running {
    pki: Arc<Pki>,
    runtime: Runtime,
    changes: mpsc::UnboundedReceiver<Changed>,
}

/// What a piece of work leaves for the simulation.
pub(super) struct Left {
    /// The store as it is now, where it changed.
    pub changed: Option<Changed>,
    /// Log lines.
    pub said: Vec<String>,
}

impl Invented {
    /// The PKI of a router that starts with a store below `dir`.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn new(
        router: &RouterCase,
        enrolled: &Enrolled,
        dir: &Path,
        cas: &Arc<Cas>,
    ) -> Result<Self, LabError> {
        let state = dir.join(format!("{}.state", router.name));
        keystore::create(&state, &enrolled.store, &enrolled.keys)
            .map_err(|e| LabError::pki(e.to_string()))?;
        let mut made = Self {
            config: Arc::new(router.config.clone()),
            serial: router.serial.clone(),
            state,
            cas: cas.clone(),
            running: None,
        };
        made.restart()?;
        Ok(made)
    }

    /// Ends it and starts it again on its store, whose trustpoints and keys are returned.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn restart(&mut self) -> Result<Changed, LabError> {
        // It holds the lock of the store.
        self.running = None;
        let keystore = Keystore::open(&self.state, Access::Write, None)
            .map_err(|e| LabError::pki(e.to_string()))?;
        let at_first = Changed::of(&keystore);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|e| LabError::internal(format!("no runtime: {e}")))?;
        let (changes_in, changes) = mpsc::unbounded_channel();
        let pki = Pki::new(Parts {
            keystore,
            config: self.config.clone(),
            device: Device {
                serial: self.serial.clone(),
                poll: Some(POLL),
            },
            transport: self.cas.clone(),
            clock: wall,
            log: say,
            debug: |_, text| say(text),
            changes: changes_in,
        });
        runtime.spawn(pki.clone().run());
        self.running = Some(Running {
            pki,
            runtime,
            changes,
        });
        Ok(at_first)
    }

    /// Does what an operator asks.
    ///
    /// # Errors
    /// The router is not running.
    pub(super) fn act(
        &mut self,
        action: Action,
        operator: &mut Script,
    ) -> Result<(Response, Left), LabError> {
        let running = self.running()?;
        let pki = running.pki.clone();
        let work = with_operator(operator, async |talk| pki.act(action, talk).await);
        let response = match running.runtime.block_on(work) {
            Ok(text) => Response::ok(text),
            Err(e) => Response::failed(7, e.to_string()),
        };
        running.look_around();
        Ok((response, running.left()))
    }

    /// Lets it do what is due by now.
    ///
    /// # Errors
    /// The router is not running.
    pub(super) fn breathe(&mut self) -> Result<Left, LabError> {
        let config = self.config.clone();
        let running = self.running()?;
        // Whoever sleeps until the next timer looks at the clock again.
        running.pki.configure(config);
        running
            .runtime
            .block_on(async { tokio::time::sleep(MOMENT).await });
        Ok(running.left())
    }

    /// Its counters; none while it does not run.
    pub(super) fn counts(&self) -> Counts {
        let running = self.running.as_ref();
        running.map_or_else(Counts::default, |running| running.pki.counts())
    }

    /// Verifies a peer as the daemon does, sources of revocation included.
    pub(super) fn verify(&mut self, job: Box<VerifyJob>) -> Verified {
        let Ok(running) = self.running() else {
            let outcome = ike_core::sa::job::run(
                ike_core::sa::job::Job::Verify(job),
                &super::enrol::Ring::new(Vec::new()),
            );
            return Verified {
                outcome,
                store: None,
                said: Vec::new(),
            };
        };
        let outcome = running.runtime.block_on(running.pki.verify(job));
        let Left { changed, said } = running.left();
        Verified {
            outcome,
            store: changed.map(|changed| changed.store),
            said,
        }
    }

    fn running(&mut self) -> Result<&mut Running, LabError> {
        let gone = || LabError::internal("a simulated router does not run");
        self.running.as_mut().ok_or_else(gone)
    }
}

impl Running {
    /// The task of timers sees what has changed, as it does at once in a daemon.
    fn look_around(&self) {
        self.runtime.block_on(async {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        });
    }

    fn left(&mut self) -> Left {
        let mut changed = None;
        while let Ok(newer) = self.changes.try_recv() {
            changed = Some(newer);
        }
        Left {
            changed,
            said: SAID.take(),
        }
    }
}
