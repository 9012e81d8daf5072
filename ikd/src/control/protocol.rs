//! What goes over the control socket.

use serde::{Deserialize, Serialize};

/// Longest line in octets.
pub(super) const MAX_LINE: usize = 1 << 20;

/// A question to a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// An IOS exec line.
    Exec {
        /// The line, abbreviations allowed.
        line: String,
        /// JSON in place of text.
        json: bool,
    },
    /// Bring a protection up.
    Up {
        /// Its name.
        name: String,
        /// Seconds to wait for the verdict; 0 = do not wait.
        wait: u64,
    },
    /// Take a protection down.
    Down {
        /// Its name.
        name: String,
    },
    /// Replace the child SA of a protection, or the IKE SA that carries it.
    Rekey {
        /// Its name.
        name: String,
        /// The IKE SA, not the child SA.
        ike: bool,
    },
    /// The newest IKE packets, and the keys that open them.
    Capture {
        /// The keys too.
        keys: bool,
    },
    /// The records of all negotiations.
    Records,
    /// Is it there, since when, how many SAs.
    Status,
    /// What is measured, for Prometheus.
    Metrics,
    /// Read the configuration file again.
    Reload,
    /// Replace the configuration by this text, as a whole.
    Configure {
        /// The text.
        text: Configuration,
        /// The running configuration that it was made from, as it is shown: another one is not replaced.
        base: Option<Configuration>,
    },
    /// What tab offers for a line: a JSON list of words.
    Complete {
        /// The line; its last word is half typed unless a blank ends it.
        line: String,
        /// The configuration mode as the prompt names it; `None` = exec.
        mode: Option<String>,
    },
    /// The name in the prompt.
    Hostname,
    /// Delete everything and end.
    Stop,
}

/// The text of a configuration; no `Debug` of it, because it holds keys (I6).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Configuration(pub String);

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Configuration({} octets)", self.0.len())
    }
}

/// What a daemon writes while it works on a question, and last of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub(super) enum Frame {
    /// A line for the operator; more follows.
    Say {
        /// The line.
        text: String,
    },
    /// A question to the operator; the next line to the daemon is an [`Answer`].
    Ask {
        /// What is asked, as IOS words it.
        prompt: String,
        /// What is typed must not be seen.
        secret: bool,
    },
    /// A file that the operator's end writes; the next line to the daemon is an [`Answer`] with what is
    /// wrong, or nothing.
    Store {
        /// Where.
        path: String,
        /// Its octets in base64.
        octets: String,
    },
    /// The end.
    Done(Response),
}

/// What an operator says to a [`Frame::Ask`]; no `Debug`, because it may be a password.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    /// The words; `None` when there is nobody to ask.
    pub(super) answer: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The exit code of the command that asked.
    pub code: u8,
    /// Text for people, or a JSON document.
    pub text: String,
}

impl Response {
    /// Success with a text.
    pub fn ok(text: impl Into<String>) -> Self {
        Self {
            code: 0,
            text: text.into(),
        }
    }

    /// Failure with an exit code and a text.
    pub fn failed(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}
