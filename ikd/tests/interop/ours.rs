//! Our daemon in a host: a child process of the program under test.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ikd::control::{self, Request};
use ike_core::sa::record::Record;
use libtest_mimic::Failed;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde_json::Value;
use testnet::Host;

const START: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(20);
const END: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);
/// The protection of every row.
const TUNNEL: &str = "Tunnel1";

/// A running daemon. Dropping it kills it.
pub(crate) struct Ours {
    process: Child,
    socket: PathBuf,
    log: PathBuf,
    // The path of a socket is short; that of the row's folder may not be.
    _sockets: tempfile::TempDir,
}

impl Ours {
    /// Starts the router of `R1.cfg` and `R1.state` in `dir` with every debug switch on; key tables go
    /// to `keys`, the log to `R1.log` there.
    pub(crate) fn start(host: &Host, dir: &Path, retransmit: Duration) -> Result<Self, Failed> {
        let keys = dir.join("keys");
        let seconds = retransmit.as_secs_f64().to_string();
        let options = ["--debug", "--retransmit-interval", &seconds, "--keylog"];
        Self::run(
            host,
            dir,
            &[options.map(OsStr::new).as_slice(), &[keys.as_os_str()]].concat(),
        )
    }

    /// As [`start`](Self::start), without debug and key tables.
    pub(crate) fn start_quiet(host: &Host, dir: &Path) -> Result<Self, Failed> {
        Self::run(host, dir, &[])
    }

    /// As [`start_quiet`](Self::start_quiet), with options of `ikd run`.
    pub(crate) fn run(host: &Host, dir: &Path, options: &[&OsStr]) -> Result<Self, Failed> {
        let sockets = tempfile::Builder::new().prefix("ikd-").tempdir()?;
        let (socket, log) = (sockets.path().join("R1.sock"), dir.join("R1.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
        command.args(["run", "--name", "R1"]).args(options);
        command.arg("--config").arg(dir.join("R1.cfg"));
        command.arg("--state").arg(dir.join("R1.state"));
        command.arg("--socket").arg(&socket);
        let log_file = File::options().create(true).append(true).open(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file);
        host.enter_in_child(&mut command);
        end_with_the_test(&mut command);
        let process = command.spawn()?;
        let mut ours = Self {
            process,
            socket,
            log,
            _sockets: sockets,
        };
        ours.wait_ready()?;
        Ok(ours)
    }

    fn wait_ready(&mut self) -> Result<(), Failed> {
        let until = Instant::now() + START;
        while !matches!(control::request(&self.socket, &Request::Status, ANSWER), Ok(r) if r.code == 0)
        {
            if self.process.try_wait()?.is_some() || Instant::now() > until {
                return Err(format!("ikd did not start:\n{}", self.log()).into());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Brings the tunnel up: whether that worked, and what was said.
    pub(crate) fn up(&self, wait: Duration) -> Result<(bool, String), Failed> {
        let request = Request::Up {
            name: TUNNEL.to_owned(),
            wait: wait.as_secs(),
        };
        let response = control::request(&self.socket, &request, wait + ANSWER)?;
        Ok((response.code == 0, response.text))
    }

    /// Takes the tunnel down.
    pub(crate) fn down(&self) -> Result<(), Failed> {
        self.told(&Request::Down {
            name: TUNNEL.to_owned(),
        })
        .map(drop)
    }

    /// Starts the replacement of the child SA, or of the IKE SA.
    pub(crate) fn rekey(&self, ike: bool) -> Result<(), Failed> {
        self.told(&Request::Rekey {
            name: TUNNEL.to_owned(),
            ike,
        })
        .map(drop)
    }

    /// An exec line: whether it went well, and what was said.
    pub(crate) fn exec(&self, line: &str) -> Result<(bool, String), Failed> {
        let request = Request::Exec {
            line: line.to_owned(),
            json: false,
        };
        let response = control::request(&self.socket, &request, ANSWER)?;
        Ok((response.code == 0, response.text))
    }

    /// An exec line that goes well.
    pub(crate) fn done(&self, line: &str) -> Result<String, Failed> {
        match self.exec(line)? {
            (true, said) => Ok(said),
            (false, said) => Err(format!("{line}: {said}").into()),
        }
    }

    /// An exec line's answer as JSON.
    pub(crate) fn show(&self, line: &str) -> Result<Value, Failed> {
        let request = Request::Exec {
            line: line.to_owned(),
            json: true,
        };
        Ok(serde_json::from_str(&self.told(&request)?)?)
    }

    /// The newest negotiation as it saw it.
    pub(crate) fn record(&self) -> Result<Option<Record>, Failed> {
        let mut records: Vec<Record> = serde_json::from_str(&self.told(&Request::Records)?)?;
        Ok(records.pop())
    }

    fn told(&self, request: &Request) -> Result<String, Failed> {
        let response = control::request(&self.socket, request, ANSWER)?;
        match response.code {
            0 => Ok(response.text),
            code => Err(format!("{request:?}: exit code {code}: {}", response.text).into()),
        }
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        let octets = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// Ends it as an operator does: the peer is told.
    pub(crate) fn stop(&mut self) {
        let _ = control::request(&self.socket, &Request::Stop, END);
        let until = Instant::now() + END;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(LOOK);
        }
        self.kill();
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A test that is killed leaves no daemon behind.
#[allow(unsafe_code)]
fn end_with_the_test(command: &mut Command) {
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| Ok(set_pdeathsig(Signal::SIGKILL)?)) };
}
