//! Why a lab does not do what it was asked: a text for people and an exit code.

use std::fmt;

/// A failure with the exit code that scripts see.
#[derive(Debug)]
pub struct LabError {
    /// Exit code (2 usage, 3 configuration, 4 not reachable, 5 no namespaces, 6 timeout, 7 PKI, 70 internal).
    pub code: u8,
    /// What, where, and what to do.
    pub text: String,
}

impl LabError {
    /// The command line is wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Self {
            code: 2,
            text: text.into(),
        }
    }

    /// A lab folder or a router's configuration is wrong.
    pub fn config(text: impl Into<String>) -> Self {
        Self {
            code: 3,
            text: text.into(),
        }
    }

    /// No lab is up.
    pub fn unreachable(text: impl Into<String>) -> Self {
        Self {
            code: 4,
            text: text.into(),
        }
    }

    /// The machine gives no namespace, device or right.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self {
            code: 5,
            text: text.into(),
        }
    }

    /// Nothing happened in time.
    pub fn timeout(text: impl Into<String>) -> Self {
        Self {
            code: 6,
            text: text.into(),
        }
    }

    /// Keys or certificates could not be made.
    pub fn pki(text: impl Into<String>) -> Self {
        Self {
            code: 7,
            text: text.into(),
        }
    }

    /// Something that should not happen.
    pub fn internal(text: impl Into<String>) -> Self {
        Self {
            code: 70,
            text: text.into(),
        }
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for LabError {}

impl From<testnet::Error> for LabError {
    fn from(error: testnet::Error) -> Self {
        let text = error.to_string();
        let hint = if text.contains("/dev/net/tun") {
            "\nWithout it the same case runs in the simulator: ikd lab run FOLDER --simulate"
        } else {
            ""
        };
        Self::forbidden(format!("{text}{hint}"))
    }
}

/// An I/O error that says what was being done.
pub(super) fn doing(what: &'static str) -> impl Fn(std::io::Error) -> LabError {
    move |e| LabError::internal(format!("{what}: {e}"))
}

/// An I/O error that names its file.
pub(super) fn at(path: &std::path::Path) -> impl Fn(std::io::Error) -> LabError + '_ {
    move |e| LabError::internal(format!("{}: {e}", path.display()))
}
