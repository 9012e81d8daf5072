//! What surrounds the engine: it hands events in, carries actions out, in order.

use std::sync::Arc;
use std::time::Instant;

use ike_core::config::RunningConfig;
use ike_core::engine::{Engine, Setup};
use ike_core::sa::action::{
    Action, CommandId, DataplaneEvent as CoreDataplaneEvent, DataplaneRequest, Event, JobId,
    Outbox, Reply,
};
use ike_core::sa::job::{self, Job, JobOutcome};
use ike_core::sa::natt::NAT_PORT;
use ike_core::sa::retransmit::Timers;
use ike_core::time::{Now, Timestamp};
use ike_core::trace::{Syslog, Trace, Traced};
use ike_pki::{ChainPolicy, Store};
use ike_wire::natt::KEEPALIVE;
use tokio::sync::mpsc;

use super::fetch::Fetcher;
use super::keylog::KeyLog;
use super::requests::Waiter;
use super::sockets::{Received, Sockets};
use super::{Options, StartError, glue};
use crate::capture::{Monitor, Watch};
use crate::configure::Desk;
use crate::control::{Pending, Talk};
use crate::dataplane::Handle;
use crate::dataplane::config::{DataplaneEvent, Direction};
use crate::keystore::{KeyView, PrivateKeyring};
use crate::log::{self, Sink};
use crate::pki::{Changed, Pki};
use crate::startup::Startup;

/// The engine's host.
pub struct Host {
    pub(super) engine: Engine,
    pub(super) options: Options,
    pub(super) store: Arc<Store>,
    pub(super) dataplane: Option<Handle>,
    pub(super) waiting: Vec<Waiter>,
    pub(super) sink: Sink,
    pub(super) started_at: Instant,
    pub(super) last_reply: Option<Reply>,
    pub(super) pki: Arc<Pki>,
    pub(super) startup: Arc<Startup>,
    /// The candidate of `configure terminal`.
    pub(super) desk: Desk,
    /// Where questions go: those of a dialogue too.
    pub(super) questions: mpsc::Sender<Pending>,
    /// The operator who ended the daemon, until the answer is there.
    pub(super) who_stopped: Option<Talk>,
    keys: PrivateKeyring,
    pub(super) key_views: Arc<Vec<KeyView>>,
    fetcher: Fetcher,
    sockets: Sockets,
    keylog: Option<KeyLog>,
    pub(super) watch: Watch,
    pub(super) monitor: Monitor,
    jobs: mpsc::UnboundedSender<(JobId, JobOutcome)>,
    stopping: bool,
    next_command: u64,
}

/// What a host is made of.
pub(super) struct Parts {
    pub(super) options: Options,
    pub(super) config: Arc<RunningConfig>,
    pub(super) pki: Arc<Pki>,
    pub(super) at_first: Changed,
    pub(super) sockets: Sockets,
    pub(super) dataplane: Option<Handle>,
    pub(super) keylog: Option<KeyLog>,
    pub(super) jobs: mpsc::UnboundedSender<(JobId, JobOutcome)>,
    pub(super) sink: Sink,
    pub(super) questions: mpsc::Sender<Pending>,
}

impl Host {
    pub(super) fn new(parts: Parts) -> Result<Self, StartError> {
        let mut seed = [0; 32];
        // D16: without entropy there is no daemon.
        ike_crypto::fill_random(&mut seed).map_err(|e| StartError::new(70, e.to_string()))?;
        let Changed {
            store,
            keys,
            key_views,
        } = parts.at_first;
        let startup = Startup::new(parts.options.config.clone(), parts.config.clone());
        let engine = Engine::new(Setup {
            config: parts.config,
            store: store.clone(),
            seed,
            timers: Timers::with_interval(parts.options.retransmit),
            chain_policy: ChainPolicy::ios_15_3t(),
            port: 500,
        });
        let watch = Watch::new(parts.options.capture_octets, parts.options.capture_keys);
        Ok(Self {
            engine,
            options: parts.options,
            store,
            dataplane: parts.dataplane,
            waiting: Vec::new(),
            sink: parts.sink,
            started_at: Instant::now(),
            last_reply: None,
            pki: parts.pki,
            startup: Arc::new(startup),
            desk: Desk::default(),
            questions: parts.questions,
            who_stopped: None,
            keys,
            key_views,
            fetcher: Fetcher::default(),
            sockets: parts.sockets,
            keylog: parts.keylog,
            watch,
            monitor: Monitor::default(),
            jobs: parts.jobs,
            stopping: false,
            next_command: 1,
        })
    }

    pub(super) fn started(&self) {
        if !self.engine.protections().is_empty() {
            log::emit(&Traced {
                sa: None,
                connection: 0,
                trace: Trace::Syslog(Syslog::IsakmpOnOff(true)),
            });
        }
    }

    pub(super) fn now(&self) -> Now {
        let micros = u64::try_from(self.started_at.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now {
            mono: Timestamp(micros),
            wall: crate::system::wall(),
        }
    }

    /// When the engine wants to be woken; far away when it does not.
    pub(super) fn deadline(&self) -> tokio::time::Instant {
        let far = std::time::Duration::from_secs(3600);
        let at = self
            .engine
            .next_deadline()
            .map(|t| std::time::Duration::from_micros(t.0));
        let waiting = self.next_waiter();
        let at = at
            .map(|d| self.started_at + d)
            .into_iter()
            .chain(waiting)
            .min();
        at.unwrap_or_else(|| Instant::now() + far).into()
    }

    pub(super) fn datagram(&mut self, received: Received) {
        let Received {
            local,
            remote,
            bytes,
        } = received;
        if local.port() == NAT_PORT && *bytes == KEEPALIVE {
            return self.watch.keepalive((local, remote), false);
        }
        self.watch.received(&self.engine, (local, remote), &bytes);
        self.handle(Event::Datagram {
            local,
            remote,
            bytes,
        });
    }

    pub(super) fn job_done(&mut self, id: JobId, outcome: JobOutcome) {
        self.handle(Event::JobDone(id, outcome));
    }

    pub(super) fn deadline_due(&mut self) {
        self.handle(Event::Deadline);
    }

    pub(super) fn dataplane(&mut self, event: DataplaneEvent) {
        match event {
            DataplaneEvent::Acquire { tunnel, .. } => {
                self.handle(Event::Dataplane(CoreDataplaneEvent::Acquire {
                    protection: tunnel,
                }));
            }
            DataplaneEvent::SoftExpire(expired) => self.expire(&expired, false),
            DataplaneEvent::HardExpire(expired) => self.expire(&expired, true),
            DataplaneEvent::PeerMoved { tunnel, from, spi } => match &self.dataplane {
                Some(dataplane) if !self.is_ikev2(spi) => {
                    dataplane.set_endpoint(&tunnel, from.ip(), Some(from.port()));
                }
                // The IKE SA knows whether packets may move it, and its child SAs go with it.
                _ => self.handle(Event::Dataplane(CoreDataplaneEvent::Moved {
                    spi_in: spi,
                    from,
                })),
            },
            DataplaneEvent::Alive { spi } => {
                self.handle(Event::Dataplane(CoreDataplaneEvent::Alive { spi_in: spi }));
            }
            DataplaneEvent::Sent { tunnel, spi } => {
                self.handle(Event::Dataplane(CoreDataplaneEvent::Sent {
                    interface: tunnel,
                    spi_out: spi,
                }));
            }
            DataplaneEvent::InvalidSpi { spi, from } => {
                log::notice(&format!(
                    "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr={}, prot=50, spi={spi:#010X}",
                    from.ip()
                ));
            }
        }
    }

    /// The child SA with that inbound SPI belongs to an IKE SA of IKEv2.
    fn is_ikev2(&self, spi_in: u32) -> bool {
        let sas = self.engine.ikev2_sas(self.now().mono);
        let mut established = sas.iter().filter_map(|sa| sa.established.as_ref());
        established.any(|e| e.children.iter().any(|c| c.spi_in == spi_in))
    }

    fn expire(&mut self, expired: &crate::dataplane::config::Expired, hard: bool) {
        let now = self.now().mono;
        let pairs = self.engine.child_sas(now);
        let pair = pairs.iter().find(|c| match expired.direction {
            Direction::Inbound => c.spi_in == expired.spi,
            Direction::Outbound => c.spi_out == expired.spi,
        });
        if let Some(spi_in) = pair.map(|c| c.spi_in) {
            self.handle(Event::Dataplane(CoreDataplaneEvent::Expire {
                spi_in,
                hard,
            }));
        }
    }

    /// One event to the end, then everyone who waits for its result.
    pub(super) fn handle(&mut self, event: Event) {
        let mut out = Outbox::default();
        let now = self.now();
        self.engine.handle(now, event, &mut out);
        for action in out.actions {
            self.perform(action);
        }
        if let Some(keylog) = &mut self.keylog {
            keylog.isakmp(&self.engine.keys());
            keylog.ikev2(&self.engine.ikev2_keys());
        }
        self.watch.settle(&self.engine);
        self.answer_waiters();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Send(transmit) => {
                self.sockets.send(&transmit);
                let ends = (transmit.local, transmit.remote);
                self.watch.sent(&self.engine, ends, &transmit.bytes);
            }
            Action::Keepalive { local, remote } => {
                self.sockets.keepalive(local, remote);
                self.watch.keepalive((local, remote), true);
            }
            Action::Run(id, job) => self.run(id, job),
            Action::Dataplane(request) => self.change_dataplane(request),
            Action::Trace(traced) => {
                self.watch.told(&traced);
                log::emit(&traced);
            }
            Action::Reply(_, reply) => self.last_reply = Some(reply),
        }
    }

    /// Dear work goes to the blocking pool, whose size the runtime bounds (K4).
    fn run(&self, id: JobId, job: Job) {
        let (keys, jobs) = (self.keys.clone(), self.jobs.clone());
        if let Job::Fetch { url } = job {
            return self.fetcher.start(id, url, jobs);
        }
        if let Job::Verify(job) = job {
            let pki = self.pki.clone();
            tokio::spawn(async move { jobs.send((id, pki.verify(job).await)) });
            return;
        }
        tokio::task::spawn_blocking(move || {
            // The engine is gone when nobody receives.
            let _ = jobs.send((id, job::run(job, &keys)));
        });
    }

    fn change_dataplane(&mut self, request: DataplaneRequest) {
        match request {
            DataplaneRequest::Install(direction, spec) => {
                if let Some(keylog) = &mut self.keylog {
                    keylog.esp(direction, &spec);
                }
                let Some(dataplane) = &self.dataplane else {
                    return;
                };
                match glue::sa_spec(direction, &spec).map(|s| dataplane.install(&s)) {
                    Some(Ok(())) => {}
                    Some(Err(e)) => {
                        log::notice(&format!("ESP SA of {} not installed: {e}", spec.protection))
                    }
                    None => log::notice(&format!(
                        "ESP SA of {}: algorithms not carried",
                        spec.protection
                    )),
                }
            }
            DataplaneRequest::Move {
                protection,
                spi_in,
                spi_out,
                local,
                remote,
                encapsulation,
            } => {
                let to = glue::endpoints(local, remote, encapsulation);
                if let Some(dataplane) = &self.dataplane {
                    dataplane.relocate(&protection, (spi_in, spi_out), to);
                }
            }
            DataplaneRequest::Remove {
                protection,
                spi_in,
                spi_out,
            } => {
                if let Some(dataplane) = &self.dataplane {
                    dataplane.remove_behind(&protection, spi_in);
                    dataplane.remove(&protection, Direction::Outbound, spi_out);
                }
            }
        }
    }

    /// The PKI has stored something: from here on it is used.
    pub(super) fn certificates(&mut self, changed: Changed) {
        self.store = changed.store.clone();
        self.keys = changed.keys;
        self.key_views = changed.key_views;
        self.handle(Event::Certificates(changed.store));
    }

    /// Sends a command into the engine and returns its reply.
    pub(super) fn command(&mut self, command: ike_core::sa::action::Command) -> Reply {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.last_reply = None;
        self.handle(Event::Command(id, command));
        self.last_reply
            .take()
            .unwrap_or(Reply::Refused("the engine gave no reply".to_owned()))
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(super) fn stopping(&self) -> bool {
        self.stopping
    }

    /// Tells every peer and takes the socket away.
    pub(super) async fn finish(&mut self) {
        self.command(ike_core::sa::action::Command::ClearAll);
        let _ = std::fs::remove_file(&self.options.socket);
        if let Some(talk) = self.who_stopped.take() {
            talk.ended().await;
        }
    }
}
