//! A child process of this very program inside a host: a router's daemon, or a CA. It answers at a control
//! socket, and what it says on stderr is kept.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use testnet::Host;

use super::error::{LabError, at};
use super::leftovers;
use crate::control::{self, Request, Response};

/// How long a process may take to answer at first.
const START: Duration = Duration::from_secs(10);
/// How long an answer may take: a router that asks its CA waits for it.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// How long a process may take to end.
const END: Duration = Duration::from_secs(2);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// A process and the way to talk to it. Dropping it kills it.
pub(super) struct Process {
    /// For people.
    pub name: String,
    /// Control socket.
    pub socket: PathBuf,
    /// Its stderr.
    pub log: PathBuf,
    child: Mutex<Child>,
}

impl Process {
    /// Starts this program with those arguments in `host`; does not wait.
    ///
    /// # Errors
    /// The log cannot be written or the program not started.
    pub(super) fn start(
        name: &str,
        arguments: Command,
        host: &Host,
        socket: PathBuf,
        log: PathBuf,
    ) -> Result<Self, LabError> {
        let child = spawn(arguments, host, &log)?;
        Ok(Self {
            name: name.to_owned(),
            socket,
            log,
            child: Mutex::new(child),
        })
    }

    /// Ends it and starts it again; its log goes on.
    ///
    /// # Errors
    /// As [`start`](Self::start) and [`wait_ready`](Self::wait_ready).
    pub(super) fn restart(&self, arguments: Command, host: &Host) -> Result<(), LabError> {
        self.stop();
        self.end();
        *self.child() = spawn(arguments, host, &self.log)?;
        self.wait_ready()
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// It ended, with its own exit code and last words, or it is silent.
    pub(super) fn wait_ready(&self) -> Result<(), LabError> {
        let until = Instant::now() + START;
        loop {
            if matches!(control::request(&self.socket, &Request::Status, START), Ok(r) if r.code == 0)
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
            thread::sleep(LOOK);
        }
    }

    /// Asks it.
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

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it still runs.
    pub(super) fn runs(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Asks it to end; does not wait.
    pub(super) fn stop(&self) {
        // One that does not answer is killed by `end`.
        let _ = control::request(&self.socket, &Request::Stop, END);
    }

    /// Waits for its end and kills it when that takes too long.
    pub(super) fn end(&self) {
        let until = Instant::now() + END;
        while self.runs() && Instant::now() < until {
            thread::sleep(LOOK);
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

impl Drop for Process {
    fn drop(&mut self) {
        if self.runs() {
            let _ = self.child().kill();
            self.end();
        }
    }
}

/// A command of this very program.
///
/// # Errors
/// The program is not to be found.
pub(super) fn ourselves() -> Result<Command, LabError> {
    let program =
        std::env::current_exe().map_err(|e| LabError::internal(format!("own program: {e}")))?;
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

fn spawn(mut command: Command, host: &Host, log: &Path) -> Result<Child, LabError> {
    let kept = OpenOptions::new().create(true).append(true).open(log);
    command.stderr(kept.map_err(at(log))?);
    host.enter_in_child(&mut command);
    let child = command
        .spawn()
        .map_err(|e| LabError::internal(format!("start a process: {e}")))?;
    leftovers::process(child.id());
    Ok(child)
}
