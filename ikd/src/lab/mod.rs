//! Routers in namespaces of their own.

use std::process::ExitCode;

/// What `ikd lab` can do.
#[derive(Debug, clap::Subcommand)]
pub enum LabCommand {
    /// Run one case.
    Run,
}

/// Does it.
pub fn run(_: LabCommand) -> ExitCode {
    ExitCode::from(70)
}
