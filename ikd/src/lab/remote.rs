//! Talking to the supervisor of a lab that is up: one JSON question, then JSON lines back
//! until the one that carries the exit code.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{LabError, at};
use crate::capture::keys::{Lines, folder_of};
use crate::capture::private;
use crate::cli::{complain, print};
use crate::control;
use crate::report::write_as;
use crate::story::Story;

/// A question to the supervisor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// Run a Linux command in a router's namespace.
    Exec {
        /// Hostname.
        router: String,
        /// Program and arguments.
        command: Vec<String>,
        /// Folder it starts in.
        directory: PathBuf,
    },
    /// Ping from one router's loopback to another's.
    Ping {
        /// Hostname.
        from: String,
        /// Hostname.
        to: String,
        /// How many.
        count: u32,
    },
    /// Write the capture, and say where.
    Capture {
        /// With what keys open.
        keys: bool,
    },
    /// The story of what happened so far.
    Report,
    /// Which routers run.
    Status,
    /// Take everything down.
    Down,
}

/// A line of the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// Octets a command wrote to stdout.
    Stdout(Vec<u8>),
    /// Octets a command wrote to stderr.
    Stderr(Vec<u8>),
    /// The end.
    Done {
        /// Exit code.
        code: u8,
        /// For people.
        text: String,
    },
}

/// The supervisor's socket, beside those of the daemons.
pub(super) fn socket() -> PathBuf {
    control::runtime_dir().join("lab.sock")
}

/// `ikd lab exec`.
///
/// # Errors
/// No lab is up.
pub(super) fn exec(router: &str, command: &[String]) -> Result<u8, LabError> {
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let (code, text) = ask(&Question::Exec {
        router: router.to_owned(),
        command: command.to_vec(),
        directory,
    })?;
    complain_of(&text);
    Ok(code)
}

/// `ikd lab ping`, `status` and `down`.
///
/// # Errors
/// No lab is up.
pub(super) fn plain(question: &Question) -> Result<u8, LabError> {
    let (code, text) = ask(question)?;
    if code == 0 {
        print(&text)
    } else {
        complain_of(&text)
    }
    Ok(code)
}

/// `ikd lab capture`: the capture so far. The supervisor composes it, this process writes it.
///
/// # Errors
/// No lab is up, or a file cannot be written.
pub(super) fn capture(out: &Path, keys: bool) -> Result<u8, LabError> {
    let (code, from) = ask(&Question::Capture { keys })?;
    if code != 0 {
        complain_of(&from);
        return Ok(code);
    }
    let from = Path::new(&from);
    let octets = std::fs::read(from).map_err(at(from))?;
    private::write(out, &octets).map_err(LabError::forbidden)?;
    let mut text = format!("{}: {} octets", out.display(), octets.len());
    if keys {
        let mut lines = Lines::default();
        lines.add_folder(&folder_of(from));
        let folder = folder_of(out);
        lines.write(&folder).map_err(LabError::forbidden)?;
        text += &format!("; keys: {}", folder.display());
    }
    print(&text);
    Ok(0)
}

/// `ikd lab report`: what happened so far, in the form that the ending of the file names.
///
/// # Errors
/// No lab is up, or the file cannot be written.
pub(super) fn report(out: &Path) -> Result<u8, LabError> {
    let (code, text) = ask(&Question::Report)?;
    if code != 0 {
        complain_of(&text);
        return Ok(code);
    }
    let story: Story = serde_json::from_str(&text)
        .map_err(|e| LabError::internal(format!("the lab's answer is no story: {e}")))?;
    write_as(out, &story)?;
    print(&format!("{}: {}", out.display(), story.outcome()));
    Ok(0)
}

fn complain_of(text: &str) {
    if !text.is_empty() {
        complain(text);
    }
}

/// Asks and passes output through until the end.
fn ask(question: &Question) -> Result<(u8, String), LabError> {
    let path = socket();
    let mut stream = UnixStream::connect(&path).map_err(|_| {
        LabError::unreachable(format!(
            "no lab is up (nobody answers at {}); start one with `ikd lab up`",
            path.display()
        ))
    })?;
    let lost = |e| LabError::timeout(format!("the lab went away: {e}"));
    send(&mut stream, question).map_err(lost)?;
    for line in BufReader::new(stream).lines() {
        let answer = serde_json::from_str(&line.map_err(lost)?);
        match answer.map_err(|e| {
            LabError::internal(format!(
                "the lab answered in a way this program does not understand: {e}"
            ))
        })? {
            // Output that nobody takes any more is not our trouble.
            Answer::Stdout(octets) => drop(std::io::stdout().write_all(&octets)),
            Answer::Stderr(octets) => drop(std::io::stderr().write_all(&octets)),
            Answer::Done { code, text } => return Ok((code, text)),
        }
    }
    Err(LabError::timeout("the lab went away"))
}

/// Writes one line.
pub(super) fn send(to: &mut impl Write, line: &impl Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    to.write_all(text.as_bytes())
}
