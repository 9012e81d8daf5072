//! Routers in namespaces of their own: cases from folders, on real packets or in the simulator.
//!
//! `case` says what runs, `cas` which CAs there are, `enrol` gives keys and certificates to start with, `network`,
//! `router` and `ca` make it real (a router is a `daemon` of ours or a `peer`), `steps` is what operators do, `live`
//! and `simulate` run it, `outcome` judges it; `world` and `invented` are the simulator's routers and CAs. `run` and
//! `demo` do all of that once; `up` leaves a lab running under a supervisor.

mod arguments;
mod artefacts;
mod ca;
mod cas;
mod case;
mod daemon;
mod embedded;
mod enrol;
mod error;
mod file;
mod folder;
mod hierarchy;
mod invented;
mod key_hashes;
mod leftovers;
mod lists;
mod live;
mod network;
mod outcome;
mod packets;
mod peer;
mod process;
mod remote;
mod report;
mod router;
mod run;
mod scratch;
mod service;
mod simulate;
mod step_file;
mod steps;
mod strangers;
mod supervisor;
mod told;
mod world;

pub use case::{Case, Overrides, RouterCase, Software};
pub use enrol::Keys;
pub use error::LabError;
pub use hierarchy::CaPlace;
pub use outcome::Outcome;
pub(crate) use simulate::recount;
pub use simulate::{rehearse, rehearse_both, simulate, simulate_both};

pub(crate) use arguments::{StoreArgs, note_unenrolled};
#[cfg(test)]
pub(crate) use embedded::folders as embedded_folders;
pub(crate) use file::{Fault, Nat};
pub(crate) use outcome::shorten;

use std::path::PathBuf;
use std::process::ExitCode;

use remote::Question;

use crate::cli::complain;

/// What `ikd lab` can do.
#[derive(Debug, clap::Subcommand)]
pub enum LabCommand {
    /// Run one case: enrol, negotiate, ping, report, tear down.
    Run(run::RunArgs),
    /// Run the tech note's cases and print what came of them.
    Demo(run::DemoArgs),
    /// Leave two routers running in the background.
    Up(supervisor::UpArgs),
    /// Run a Linux command in the namespace of a router or CA (CA1, ...); of a router that is strongSwan: swanctl.
    Exec {
        /// Hostname, or name of a CA.
        router: String,
        /// Program and arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Ping from one router's loopback to the other's.
    Ping {
        /// Hostname.
        from: String,
        /// Hostname.
        to: String,
        /// How many.
        #[arg(short, long, default_value_t = 5)]
        count: u32,
    },
    /// Save what was on the wires so far, with what the routers decided at each packet.
    Capture {
        /// A pcapng file; its mode is 0600.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        /// Opened messages on a second interface, and Wireshark's key tables in FILE.keys.
        #[arg(long)]
        keys: bool,
    },
    /// What happened so far as one file to mail: html, txt, mmd, svg or json.
    Report {
        /// The file; its ending says what it is.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Which routers run.
    Status,
    /// End the routers that `up` left running.
    Down,
}

/// Does it. The process must have one thread.
pub fn run(command: LabCommand) -> ExitCode {
    let done = match command {
        LabCommand::Run(args) => run::run(&args).map(verdict),
        LabCommand::Demo(args) => run::demo(&args).map(verdict),
        LabCommand::Up(args) => supervisor::up(&args),
        LabCommand::Exec { router, command } => remote::exec(&router, &command),
        LabCommand::Ping { from, to, count } => remote::plain(&Question::Ping { from, to, count }),
        LabCommand::Capture { out, keys } => remote::capture(&out, keys),
        LabCommand::Report { out } => remote::report(&out),
        LabCommand::Status => remote::plain(&Question::Status),
        LabCommand::Down => remote::plain(&Question::Down),
    };
    ExitCode::from(done.unwrap_or_else(|e| {
        complain(&e.text);
        e.code
    }))
}

fn verdict(as_wanted: bool) -> u8 {
    u8::from(!as_wanted)
}

/// Enters namespaces; the error says what forbids it and names the way without.
fn isolate() -> Result<(), LabError> {
    testnet::isolate().map_err(|e| {
        LabError::forbidden(format!(
            "{e}\nWithout namespaces the same case runs in the simulator: add --simulate"
        ))
    })
}
