//! `ikd doctor`: what this machine lets a daemon and a lab do, and the command that changes it.
//!
//! `machine` looks at privileges, devices, ports and the kernel, `device` at the files of one router; `probe` is
//! what has to be tried in a process of its own.

mod device;
mod machine;
mod probe;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::print;

const EXAMPLES: &str = "Examples:
  ikd doctor                            may a lab run here, may a daemon
  ikd doctor -d R1 -c R1.cfg            the store and configuration of R1 too
  ikd doctor --json | jq '.[] | select(.state == \"bad\")'

Exit code: 0 a daemon and a lab can run, 5 something stands in the way.";

/// `ikd doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// Name of a daemon: its store is looked at.
    #[arg(short, long, value_name = "NAME")]
    device: Option<String>,
    /// Folder of its store, if not the usual one.
    #[arg(long, env = "IKD_STATE_DIR", value_name = "DIR")]
    state: Option<PathBuf>,
    /// Its configuration.
    #[arg(short, long, env = "IKD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// JSON in place of text.
    #[arg(long)]
    json: bool,
    /// Try something in this process and end.
    #[arg(long, hide = true, value_enum)]
    probe: Option<probe::Probe>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// It works, and something is to be known.
    Note,
    /// It does not work.
    Bad,
}

/// What was looked at and found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What.
    about: String,
    state: State,
    /// How it is.
    found: String,
    /// The command that changes it, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn good(about: &str, found: impl Into<String>) -> Self {
        Self {
            about: about.to_owned(),
            state: State::Good,
            found: found.into(),
            remedy: None,
        }
    }

    fn note(about: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            remedy: Some(remedy.into()),
            ..Self::good(about, found)
        }
    }

    fn bad(about: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Bad,
            ..Self::note(about, found, remedy)
        }
    }
}

/// Something stands in the way.
const FORBIDDEN: u8 = 5;

/// Looks and tells.
pub fn run(args: &DoctorArgs) -> ExitCode {
    if let Some(probe) = args.probe {
        return probe.run();
    }
    let mut findings = machine::findings();
    findings.extend(device::findings(args));
    print(&match args.json {
        true => serde_json::to_string_pretty(&findings).unwrap_or_default(),
        false => text(&findings),
    });
    let bad = findings.iter().any(|f| f.state == State::Bad);
    ExitCode::from(if bad { FORBIDDEN } else { 0 })
}

/// What is found of this machine alone, as text.
pub(crate) fn about_the_machine() -> String {
    text(&machine::findings())
}

fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let mark = match finding.state {
            State::Good => "ok  ",
            State::Note => "note",
            State::Bad => "BAD ",
        };
        out.push_str(&format!(
            "{mark}  {:<16}  {}\n",
            finding.about, finding.found
        ));
        for line in finding.remedy.iter().flat_map(|r| r.lines()) {
            out.push_str(&format!("{:24}-> {line}\n", ""));
        }
    }
    out
}
