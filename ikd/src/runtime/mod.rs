//! The daemon: one task owns the engine, executes its actions in order, and feeds results
//! back as events. Sockets, workers, data plane and control socket are tasks around it.

mod configuration;
mod fetch;
mod glue;
mod host;
mod keylog;
mod requests;
mod sockets;
mod supervised;

pub(crate) use glue::dataplane_config as network;
pub use host::Host;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ike_core::config::RunningConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::control;
use crate::dataplane::config::DataplaneEvent;
use crate::keystore::{Access, Keystore, Passphrase};
use crate::log::Sink;
use crate::metrics;
use crate::pki::{self, Device, Pki};
use crate::system::wall;

/// How a daemon is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Configuration file.
    pub config: PathBuf,
    /// Folder of trustpoints and keys.
    pub state: PathBuf,
    /// File with the passphrase of encrypted private keys.
    pub key_passphrase_file: Option<PathBuf>,
    /// Control socket.
    pub socket: PathBuf,
    /// Name of this daemon.
    pub name: String,
    /// Carry traffic over TUN devices.
    pub userspace: bool,
    /// Where metrics are served.
    pub metrics: Option<SocketAddr>,
    /// Folder of Wireshark key tables.
    pub keylog: Option<PathBuf>,
    /// Octets of the ring of IKE packets; 0 = none are kept.
    pub capture_octets: usize,
    /// The keys of these packets are kept.
    pub capture_keys: bool,
    /// Time between phase 1 retransmissions.
    pub retransmit: Duration,
    /// Chassis serial number, and what tests change of the PKI.
    pub device: Device,
}

impl Options {
    /// The folder of the configuration, where it names files (G-063).
    pub(super) fn beside(&self) -> &Path {
        self.config.parent().unwrap_or(Path::new("."))
    }
}

/// Why a daemon does not start: a text for people and the exit code.
#[derive(Debug)]
pub struct StartError {
    /// Exit code.
    pub code: u8,
    /// What, where, and what to do.
    pub text: String,
}

impl StartError {
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

/// Runs until told to stop.
///
/// # Errors
/// Configuration, store, sockets, devices or control socket are not to be had.
pub async fn run(options: Options, config: RunningConfig, sink: Sink) -> Result<(), StartError> {
    let mut keystore = Passphrase::find(options.key_passphrase_file.as_deref())
        .and_then(|found| Keystore::open(&options.state, Access::Write, found.as_ref()))
        .map_err(|e| StartError::new(7, e.to_string()))?;
    for warning in &keystore.warnings {
        crate::log::notice(warning);
    }
    let restored = pki::restore(&mut keystore, &config, options.beside(), wall());
    for line in restored.map_err(|e| StartError::new(7, e.to_string()))? {
        crate::log::notice(&line);
    }
    let (sockets, streams) = sockets::Sockets::open(&config)
        .await
        .map_err(|text| StartError::new(5, text))?;
    let (dataplane, mut dataplane_events) = start_dataplane(&options, &config, streams.esp)?;
    let keylog = match &options.keylog {
        Some(dir) => Some(keylog::KeyLog::create(dir).map_err(|text| StartError::new(5, text))?),
        None => None,
    };
    let (questions_in, mut questions) = control::channel();
    control::listen(&options.socket, questions_in.clone())
        .map_err(|e| StartError::new(5, format!("{}: {e}", options.socket.display())))?;
    if let Some(address) = options.metrics {
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener =
            listener.map_err(|e| StartError::new(5, format!("metrics at {address}: {e}")))?;
        tokio::spawn(metrics::serve(listener, questions_in.clone()));
    }
    let (jobs_in, mut jobs) = mpsc::unbounded_channel();
    let config = Arc::new(config);
    let (changes_in, mut changes) = mpsc::unbounded_channel();
    let at_first = pki::Changed::of(&keystore);
    let pki = Pki::new(pki::Parts {
        keystore,
        config: config.clone(),
        device: options.device.clone(),
        transport: Arc::new(pki::Http::default()),
        clock: wall,
        log: crate::log::notice,
        debug: crate::log::debug,
        changes: changes_in,
    });
    let mut datagrams = streams.ike;
    let mut host = Host::new(host::Parts {
        options,
        config,
        pki,
        at_first,
        sockets,
        dataplane,
        keylog,
        jobs: jobs_in,
        sink,
        questions: questions_in,
    })?;
    let mut hangup =
        signal(SignalKind::hangup()).map_err(|e| StartError::new(70, e.to_string()))?;
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|e| StartError::new(70, e.to_string()))?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(|e| StartError::new(70, e.to_string()))?;
    host.started();
    supervised::ready(&host.summary());
    let mut watchdog = supervised::Watchdog::new();
    tokio::spawn(host.pki.clone().run());
    while !host.stopping() {
        let deadline = host.deadline();
        tokio::select! {
            Some(received) = datagrams.recv() => host.datagram(received),
            Some((id, outcome)) = jobs.recv() => host.job_done(id, outcome),
            Some(pending) = questions.recv() => {
                // Whoever was told that something is stored sees it.
                while let Ok(changed) = changes.try_recv() {
                    host.certificates(changed);
                }
                host.question(pending);
            }
            Some(changed) = changes.recv() => host.certificates(changed),
            Some(event) = dataplane_events.recv() => host.dataplane(event),
            () = tokio::time::sleep_until(deadline) => host.deadline_due(),
            () = watchdog.feed() => {}
            _ = hangup.recv() => drop(host.reload()),
            _ = terminate.recv() => host.stop(),
            _ = interrupt.recv() => host.stop(),
        }
    }
    supervised::stopping();
    host.finish().await;
    Ok(())
}

type DataplaneParts = (
    Option<crate::dataplane::Handle>,
    mpsc::Receiver<DataplaneEvent>,
);

fn start_dataplane(
    options: &Options,
    config: &RunningConfig,
    udp: crate::dataplane::config::UdpPath,
) -> Result<DataplaneParts, StartError> {
    if !options.userspace {
        return Ok((None, mpsc::channel(1).1));
    }
    let mut wanted = glue::dataplane_config(config);
    wanted.udp = Some(udp);
    let (handle, events) = crate::dataplane::Dataplane::start(wanted).map_err(|e| {
        StartError::new(5, format!("data plane: {e} (TUN devices need CAP_NET_ADMIN; try `ikd lab`, or --dataplane none)"))
    })?;
    Ok((Some(handle), events))
}
