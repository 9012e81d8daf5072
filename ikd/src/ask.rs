//! Asking a daemon: which one, what it answers, and the exit code of that.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ike_core::sa::record::Record;

use crate::cli::{complain, print};
use crate::control::{self, ControlError, Request};
use crate::terminal::Terminal;

/// Which daemon.
#[derive(Debug, Args)]
pub(crate) struct Device {
    /// Name of the daemon.
    #[arg(short, long, default_value = "ikd")]
    device: String,
    /// Its control socket, if not the usual one.
    #[arg(long, env = "IKD_SOCKET")]
    socket: Option<PathBuf>,
}

impl Device {
    pub(crate) fn path(&self) -> PathBuf {
        self.socket
            .clone()
            .unwrap_or_else(|| control::socket_path(&self.device))
    }
}

/// Time that a daemon may be silent on its own views.
const ANSWER: Duration = Duration::from_secs(10);

/// Seconds that an exec line may be silent: a CA that does not answer takes most of them.
pub(crate) const EXEC: u64 = 60;

/// Asks and prints; the exit code is the answer's. `seconds` is the time for each line of it.
pub(crate) fn ask(device: &Device, request: &Request, seconds: u64) -> ExitCode {
    let timeout = Duration::from_secs(seconds);
    match control::converse(&device.path(), request, timeout, &mut Terminal) {
        Ok(response) => {
            if response.code == 0 {
                print(&response.text);
            } else {
                complain(&response.text);
            }
            ExitCode::from(response.code)
        }
        Err(e) => unreachable(&e),
    }
}

/// What a daemon answers a program that talks with nobody meanwhile.
///
/// # Errors
/// It refuses or does not answer: the exit code and a text for people.
pub(crate) fn answer(socket: &Path, request: &Request) -> Result<String, (u8, String)> {
    match control::request(socket, request, ANSWER) {
        Ok(response) if response.code == 0 => Ok(response.text),
        Ok(response) => Err((response.code, response.text)),
        Err(e) => Err((exit_code(&e), e.to_string())),
    }
}

/// The records of a daemon's negotiations, oldest first.
///
/// # Errors
/// As [`answer`], or they cannot be read.
pub(crate) fn records(socket: &Path) -> Result<Vec<Record>, (u8, String)> {
    let text = answer(socket, &Request::Records)?;
    serde_json::from_str(&text)
        .map_err(|e| (70, format!("the daemon's records cannot be read: {e}")))
}

/// Says why a daemon did not answer; the exit code for it.
pub(crate) fn unreachable(error: &ControlError) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(exit_code(error))
}

/// The exit code of a daemon that gives no answer.
pub(crate) fn exit_code(error: &ControlError) -> u8 {
    match error {
        ControlError::Unreachable { .. } => 4,
        ControlError::Broken { .. } => 6,
        ControlError::Strange { .. } => 70,
    }
}
