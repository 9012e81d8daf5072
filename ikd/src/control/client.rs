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
    let mut wanted = request.exports_to();
    loop {
        // A capture's keys come this way.
        let mut line = Zeroizing::new(String::new());
        if reader.read_line(&mut line).map_err(broken)? == 0 {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_str(&line).map_err(strange)? {
            Frame::Done(response) => return Ok(response),
            Frame::Say { text } => operator.say(&text),
            Frame::Store { path, octets } => {
                let answer = match wanted.take_if(|wanted| *wanted == path) {
                    Some(_) => store(&path, &octets, operator).err(),
                    None => Some(format!("{path}: nobody asked for this file")),
                };
                send(&mut stream, &Answer { answer }).map_err(broken)?;
            }
            Frame::Ask { prompt, secret } => {
                let answer = operator.ask(&prompt, secret);
                send(&mut stream, &Answer { answer }).map_err(broken)?;
            }
        }
    }
}

fn store(path: &str, base64: &str, operator: &mut dyn Operator) -> Result<(), String> {
    let octets = data_encoding::BASE64.decode(base64.as_bytes());
    operator.store(path, &octets.map_err(|e| e.to_string())?)
}

impl Request {
    /// The file that the operator's own line names, in the words of `monitor capture ... export FILE`. A daemon
    /// decides neither whether a file is written with the rights of whoever asks nor where (J1, J2).
    fn exports_to(&self) -> Option<&str> {
        let Self::Exec { line, .. } = self else {
            return None;
        };
        let command = line.split_once('|').map_or(&**line, |(command, _)| command);
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            [monitor, .., export, file] if short(monitor, "monitor") && short(export, "export") => {
                Some(file)
            }
            _ => None,
        }
    }
}

/// IOS takes the beginning of a keyword, in any case.
fn short(word: &str, keyword: &str) -> bool {
    keyword.starts_with(&word.to_ascii_lowercase())
}

/// One object as a line.
fn send(stream: &mut UnixStream, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(value)?);
    line.push(b'\n');
    stream.write_all(&line)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Takes every file.
    #[derive(Default)]
    struct Files(Vec<String>);

    impl Operator for Files {
        fn say(&mut self, _: &str) {}

        fn ask(&mut self, _: &str, _: bool) -> Option<String> {
            None
        }

        fn store(&mut self, path: &str, _: &[u8]) -> Result<(), String> {
            self.0.push(path.to_owned());
            Ok(())
        }
    }

    /// The files that are written for an operator who typed a line, to a daemon that sends these.
    fn written(line: &str, sent: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r1.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let store = |path: &&str| Frame::Store {
            path: (*path).to_owned(),
            octets: "AAAA".to_owned(),
        };
        let frames: Vec<Frame> = sent.iter().map(store).collect();
        let daemon = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut answer = String::new();
            reader.read_line(&mut answer).unwrap();
            for frame in frames {
                send(&mut stream, &frame).unwrap();
                reader.read_line(&mut answer).unwrap();
            }
            send(&mut stream, &Frame::Done(Response::ok(""))).unwrap();
        });
        let request = Request::Exec {
            line: line.to_owned(),
            json: false,
        };
        let mut files = Files::default();
        converse(&path, &request, Duration::from_secs(10), &mut files).unwrap();
        daemon.join().unwrap();
        files.0
    }

    /// J2: a daemon that was taken over writes nothing with an operator's rights but what the operator typed, once.
    #[test]
    fn a_daemon_cannot_choose_what_is_written() {
        let export = "mon cap buffer B EXP /tmp/b.pcap";
        assert_eq!(written(export, &["/tmp/b.pcap"]), ["/tmp/b.pcap"]);
        let twice = [
            "/home/op/.ssh/authorized_keys",
            "/tmp/b.pcap",
            "/tmp/b.pcap",
        ];
        assert_eq!(written(export, &twice), ["/tmp/b.pcap"]);
        for line in [
            "show version",
            "show monitor capture buffer B /tmp/b.pcap",
            "crypto pki export /tmp/b.pcap",
            "/tmp/b.pcap",
        ] {
            assert!(written(line, &["/tmp/b.pcap"]).is_empty(), "{line}");
        }
    }
}
