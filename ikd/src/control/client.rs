//! The asking side: blocking, so that commands need no runtime.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::protocol::{Answer, Frame, Request, Response};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error(
        "no daemon answers at {path}: {source}; start one with `ikd run`, or name another with -d NAME"
    )]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The line broke.
    #[error("the daemon at {path} did not answer: {source}")]
    Broken {
        /// The socket.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The answer is no answer.
    #[error("the daemon at {path} answered in a way this program does not understand: {source}")]
    Strange {
        /// The socket.
        path: PathBuf,
        /// Cause.
        source: serde_json::Error,
    },
}

/// Whoever sits at the asking end of a dialogue.
pub trait Operator {
    /// A line to show.
    fn say(&mut self, text: &str);
    /// A question; `None` when there is nobody who could answer.
    fn ask(&mut self, prompt: &str, secret: bool) -> Option<String>;
    /// A file for the operator; what is wrong where it cannot be written.
    ///
    /// # Errors
    /// It is not written; the text says why.
    fn store(&mut self, path: &str, _octets: &[u8]) -> Result<(), String> {
        Err(format!("{path}: nobody here writes files"))
    }
}

/// A script: what is said becomes part of the answer, and nothing is answered.
#[derive(Default)]
struct Script(String);

impl Operator for Script {
    fn say(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn ask(&mut self, _: &str, _: bool) -> Option<String> {
        None
    }
}

/// Asks a daemon and waits for its answer, at most `timeout` for each line of it.
///
/// # Errors
/// See [`ControlError`].
pub fn request(
    path: &Path,
    request: &Request,
    timeout: Duration,
) -> Result<Response, ControlError> {
    let mut script = Script::default();
    let mut response = converse(path, request, timeout, &mut script)?;
    response.text.insert_str(0, &script.0);
    Ok(response)
}

/// As [`request`], with somebody who hears and answers in between.
///
/// # Errors
/// See [`ControlError`].
pub fn converse(
    path: &Path,
    request: &Request,
    timeout: Duration,
    operator: &mut dyn Operator,
) -> Result<Response, ControlError> {
    let unreachable = |source| ControlError::Unreachable {
        path: path.to_owned(),
        source,
    };
    let broken = |source| ControlError::Broken {
        path: path.to_owned(),
        source,
    };
    let strange = |source| ControlError::Strange {
        path: path.to_owned(),
        source,
    };
    let mut stream = UnixStream::connect(path).map_err(unreachable)?;
    stream.set_read_timeout(Some(timeout)).map_err(broken)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(broken)?);
    send(&mut stream, request).map_err(broken)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).map_err(broken)? == 0 {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_str(&line).map_err(strange)? {
            Frame::Done(response) => return Ok(response),
            Frame::Say { text } => operator.say(&text),
            Frame::Store { path, octets } => {
                let octets = data_encoding::BASE64.decode(octets.as_bytes());
                let octets = octets.map_err(|e| e.to_string());
                let answer = octets
                    .and_then(|octets| operator.store(&path, &octets))
                    .err();
                send(&mut stream, &Answer { answer }).map_err(broken)?;
            }
            Frame::Ask { prompt, secret } => {
                let answer = operator.ask(&prompt, secret);
                send(&mut stream, &Answer { answer }).map_err(broken)?;
            }
        }
    }
}

/// One object as a line.
fn send(stream: &mut UnixStream, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(value)?);
    line.push(b'\n');
    stream.write_all(&line)
}
