//! The control socket: how `ikd exec`, `up`, `down`, `status` and the lab talk to a daemon.
//!
//! A Unix socket of mode 0660, one JSON object a line in each direction, lines capped (J1). A
//! question may lead to a dialogue (`talk`): lines for the operator, questions back, then the answer.

mod client;
mod protocol;
mod server;
mod talk;

pub use client::{ControlError, Operator, converse, request};
pub use protocol::{Configuration, Request, Response};
pub use server::{Pending, channel, listen};
pub(crate) use talk::with_operator;
pub use talk::{Talk, Unanswered};

use std::path::PathBuf;

/// Where the socket of the daemon called `name` is: `/run/ikd` for root,
/// `$XDG_RUNTIME_DIR/ikd` otherwise.
pub fn socket_path(name: &str) -> PathBuf {
    runtime_dir().join(format!("{name}.sock"))
}

/// The folder of sockets: `IKD_RUNTIME_DIR` where it is set.
pub fn runtime_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("IKD_RUNTIME_DIR") {
        return PathBuf::from(dir);
    }
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/run/ikd");
    }
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(dir) => PathBuf::from(dir).join("ikd"),
        None => std::env::temp_dir().join(format!("ikd-{}", nix::unistd::geteuid())),
    }
}
