//! A CA of a lab at work: `ikd pki ca serve` inside a host of its own.

use std::path::{Path, PathBuf};

use testnet::Host;

use super::cas::CaPlan;
use super::error::LabError;
use super::process::{Process, ourselves};
use super::steps::CaOrder;
use crate::authority::SOCKET;
use crate::control::Request;

/// A running CA. Dropping it kills it.
pub(super) struct Ca {
    /// `CA1`, where it answers.
    pub plan: CaPlan,
    /// Its folder, for `ikd pki ca`.
    pub dir: PathBuf,
    process: Process,
}

impl Ca {
    /// Serves the CA of that folder in `host`; does not wait.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(super) fn start(plan: &CaPlan, dir: &Path, host: &Host) -> Result<Self, LabError> {
        let mut command = ourselves()?;
        command.args(["pki", "ca", "serve"]).arg(dir);
        command.args(["--listen", &plan.at.to_string()]);
        let (socket, log) = (dir.join(SOCKET), dir.with_extension("log"));
        Ok(Self {
            plan: plan.clone(),
            dir: dir.to_owned(),
            process: Process::start(&plan.name, command, host, socket, log)?,
        })
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// It ended or is silent; the text has its last words.
    pub(super) fn wait_ready(&self) -> Result<(), LabError> {
        self.process.wait_ready()
    }

    /// Tells it something.
    ///
    /// # Errors
    /// It refuses, or is gone.
    pub(super) fn tell(&self, order: &CaOrder) -> Result<(), LabError> {
        let CaOrder::Obey(order) = order else {
            self.process.stop();
            self.process.end();
            return Ok(());
        };
        let line = serde_json::to_string(order)
            .map_err(|e| LabError::internal(format!("an order: {e}")))?;
        self.process
            .ask(&Request::Exec { line, json: false })
            .map(drop)
    }

    /// Tells it to end.
    pub(super) fn stop(&self) {
        if self.process.runs() {
            self.process.stop();
        }
    }

    /// Waits for its end and kills it when that takes too long.
    pub(super) fn end(&self) {
        self.process.end();
    }

    /// One line about it.
    pub(super) fn status(&self) -> String {
        let (name, at) = (&self.plan.name, self.plan.at);
        match self.process.runs() {
            true => format!("{name} answers at http://{at}: {}", self.dir.display()),
            false => format!("{name} is stopped: {}", self.dir.display()),
        }
    }
}
