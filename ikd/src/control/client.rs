//! The asking side: blocking, so that commands need no runtime.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::protocol::{Request, Response};

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

/// Asks a daemon and waits for its answer, at most `timeout`.
///
/// # Errors
/// See [`ControlError`].
pub fn request(
    path: &Path,
    request: &Request,
    timeout: Duration,
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
    let mut line = serde_json::to_string(request).map_err(strange)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(broken)?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .map_err(broken)?;
    serde_json::from_str(&answer).map_err(strange)
}
