//! The `ikd` binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    ikd::cli::run(ikd::cli::Cli::parse())
}
