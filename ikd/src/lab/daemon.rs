//! One router's daemon: a child process of this very program inside its host.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ike_core::sa::record::Record;
use testnet::Host;

use super::case::Case;
use super::enrol::Enrolled;
use super::error::{LabError, at};
use super::leftovers;
use super::router::Folders;
use crate::control::{self, Request, Response};
use crate::keystore;

/// How long a daemon may take to answer at first.
const START: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a daemon may take to end.
const END: Duration = Duration::from_secs(2);

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon {
    /// Hostname.
    pub name: String,
    /// Control socket.
    pub socket: PathBuf,
    /// Its stderr.
    pub log: PathBuf,
    /// Its key tables.
    pub keys: PathBuf,
    child: Mutex<Child>,
}

impl Daemon {
    /// Writes configuration and store of the router of that index and starts its daemon in `host`;
    /// does not wait.
    ///
    /// # Errors
    /// A file cannot be written or the program not started.
    pub(super) fn start(
        case: &Case,
        index: usize,
        enrolled: &Enrolled,
        host: &Host,
        folders: Folders<'_>,
    ) -> Result<Self, LabError> {
        let name = case.routers[index].name.clone();
        let file = |kind: &str| folders.dir.join(format!("{name}.{kind}"));
        let (config, state) = (file("cfg"), file("state"));
        let (log, keys) = (file("log"), file("keys"));
        let socket = folders.sockets.join(format!("{name}.sock"));
        std::fs::write(&config, &case.routers[index].text).map_err(at(&config))?;
        keystore::create(&state, &enrolled.store, &enrolled.keys)
            .map_err(|e| LabError::pki(e.to_string()))?;
        let paths = [
            ("--config", &config),
            ("--state", &state),
            ("--socket", &socket),
            ("--keylog", &keys),
        ];
        let mut command = command(&name, case.retransmit[index], &paths)?;
        command.stderr(File::create(&log).map_err(at(&log))?);
        host.enter_in_child(&mut command);
        let child = command
            .spawn()
            .map_err(|e| LabError::internal(format!("start a daemon: {e}")))?;
        leftovers::process(child.id());
        Ok(Self {
            name,
            socket,
            log,
            keys,
            child: Mutex::new(child),
        })
    }

    /// Waits until the daemon answers.
    ///
    /// # Errors
    /// It ended, with its own exit code and last words, or it is silent.
    pub(super) fn wait_ready(&self) -> Result<(), LabError> {
        let until = Instant::now() + START;
        loop {
            if matches!(control::request(&self.socket, &Request::Status, ANSWER), Ok(r) if r.code == 0)
            {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child().try_wait() {
                let code = status
                    .code()
                    .and_then(|c| u8::try_from(c).ok())
                    .unwrap_or(70);
                let words = std::fs::read_to_string(&self.log).unwrap_or_default();
                return Err(LabError {
                    code,
                    text: format!("{} did not start:\n{}", self.name, words.trim_end()),
                });
            }
            if Instant::now() > until {
                return Err(LabError::timeout(format!(
                    "{} does not answer; see {}",
                    self.name,
                    self.log.display()
                )));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Asks the daemon.
    ///
    /// # Errors
    /// It does not answer, or refuses with its exit code.
    pub(super) fn ask(&self, request: &Request) -> Result<Response, LabError> {
        let response = control::request(&self.socket, request, ANSWER)
            .map_err(|e| LabError::unreachable(format!("{}: {e}", self.name)))?;
        match response.code {
            0 => Ok(response),
            code => Err(LabError {
                code,
                text: format!("{}: {}", self.name, response.text),
            }),
        }
    }

    /// Its newest negotiation.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn record(&self) -> Result<Option<Record>, LabError> {
        let text = self.ask(&Request::Records)?.text;
        let mut records: Vec<Record> = serde_json::from_str(&text)
            .map_err(|e| LabError::internal(format!("records of {}: {e}", self.name)))?;
        Ok(records.pop())
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the process still runs.
    pub(super) fn runs(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Asks the daemon to end; does not wait.
    pub(super) fn stop(&self) {
        // One that does not answer is killed by `end`.
        let _ = control::request(&self.socket, &Request::Stop, END);
    }

    /// Waits for its end and kills it when that takes too long.
    pub(super) fn end(&self) {
        let until = Instant::now() + END;
        while self.runs() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
        if self.runs() {
            let _ = self.child().kill();
        }
        let mut child = self.child();
        let _ = child.wait();
        leftovers::process_ended(child.id());
        drop(child);
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// `ikd run` of this very program, with every debug switch on.
fn command(
    name: &str,
    retransmit: Duration,
    paths: &[(&str, &PathBuf)],
) -> Result<Command, LabError> {
    let program =
        std::env::current_exe().map_err(|e| LabError::internal(format!("own program: {e}")))?;
    let mut command = Command::new(program);
    command.args(["run", "--debug", "--name", name, "--retransmit-interval"]);
    command.arg(retransmit.as_secs_f64().to_string());
    for (option, path) in paths {
        command.arg(option).arg(path);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.runs() {
            let _ = self.child().kill();
            self.end();
        }
    }
}
