//! What has to be tried in a process of its own: entering namespaces cannot be undone.

use std::process::{Command, ExitCode};

use crate::cli::complain;

/// Something to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Probe {
    /// Namespaces of one's own, as a lab needs them.
    Namespaces,
    /// A TUN device in them.
    Tun,
    /// A TUN device here, as a daemon needs it.
    TunHere,
}

impl Probe {
    /// Tries it; what forbids it goes to standard error.
    pub(super) fn run(self) -> ExitCode {
        match self.tried() {
            Ok(()) => ExitCode::SUCCESS,
            Err(text) => {
                complain(&text);
                ExitCode::FAILURE
            }
        }
    }

    fn tried(self) -> Result<(), String> {
        if self != Self::TunHere {
            testnet::isolate().map_err(|e| e.to_string())?;
        }
        if self != Self::Namespaces {
            // A name that no configuration has.
            testnet::tun::open_tun("ikd-doctor").map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Tries it in a process of its own; what forbids it.
    pub(super) fn elsewhere(self) -> Result<(), String> {
        use clap::ValueEnum;
        let name = self.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut command = Command::new(program);
        command.args(["doctor", "--probe", name]);
        let output = command.output().map_err(|e| e.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }
}
