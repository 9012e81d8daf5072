//! One router's daemon: a process inside its host.

use std::path::PathBuf;
use std::process::Command;

use ike_core::sa::record::Record;
use testnet::Host;

use super::case::Case;
use super::enrol::Enrolled;
use super::error::{LabError, at};
use super::process::{ANSWER, Process, ourselves};
use super::router::Folders;
use super::steps::Script;
use crate::control::{self, Request, Response};
use crate::keystore;

/// Seconds between polls of a pending request: a lab has no minute to wait (P-024).
const POLL: &str = "0.2";

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon {
    /// The process.
    pub process: Process,
    /// Its key tables.
    pub keys: PathBuf,
    arguments: Vec<String>,
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
        let name = case.routers[index].name.as_str();
        let file = |kind: &str| folders.dir.join(format!("{name}.{kind}"));
        let (config, state, keys) = (file("cfg"), file("state"), file("keys"));
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
        let arguments = arguments(case, index, &paths);
        let command = command(&arguments)?;
        let process = Process::start(name, command, host, socket.clone(), file("log"))?;
        Ok(Self {
            process,
            keys,
            arguments,
        })
    }

    /// Ends it and starts it again on its store.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn restart(&self, host: &Host) -> Result<(), LabError> {
        self.process.restart(command(&self.arguments)?, host)
    }

    /// An exec line with an operator who answers.
    ///
    /// # Errors
    /// The daemon is not to be reached.
    pub(super) fn exec(&self, line: &str, operator: &mut Script) -> Result<Response, LabError> {
        let request = Request::Exec {
            line: line.to_owned(),
            json: false,
        };
        control::converse(&self.process.socket, &request, ANSWER, operator)
            .map_err(|e| LabError::unreachable(format!("{}: {e}", self.process.name)))
    }

    /// Its newest negotiation.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub(super) fn record(&self) -> Result<Option<Record>, LabError> {
        let text = self.process.ask(&Request::Records)?.text;
        let mut records: Vec<Record> = serde_json::from_str(&text)
            .map_err(|e| LabError::internal(format!("records of {}: {e}", self.process.name)))?;
        Ok(records.pop())
    }
}

/// `ikd run` with every debug switch on.
fn arguments(case: &Case, index: usize, paths: &[(&str, &PathBuf)]) -> Vec<String> {
    let router = &case.routers[index];
    let retransmit = case.retransmit[index].as_secs_f64().to_string();
    let words = [
        "run",
        "--debug",
        "--name",
        &router.name,
        "--retransmit-interval",
        &retransmit,
        "--serial",
        &router.serial,
        "--poll-interval",
        POLL,
    ];
    let paths = paths
        .iter()
        .flat_map(|(option, path)| [(*option).to_owned(), path.display().to_string()]);
    words.into_iter().map(str::to_owned).chain(paths).collect()
}

fn command(arguments: &[String]) -> Result<Command, LabError> {
    let mut command = ourselves()?;
    command.args(arguments);
    Ok(command)
}
