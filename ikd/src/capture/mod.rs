//! The capture: a ring of IKE packets in the daemon, and files that open in Wireshark with IKE in the
//! clear.
//!
//! `ring` keeps packets with the decisions that fell at them, `kept` their keys; `line` carries both to
//! `ikd capture save` (`save`), which alone writes files (`file`, `keys`, `private`). `joined` and
//! `packet` are IP around a datagram.

pub(crate) mod file;
mod joined;
mod kept;
pub(crate) mod keys;
mod line;
mod packet;
pub(crate) mod private;
mod ring;
mod save;
mod watch;

pub use save::{CaptureCommand, SaveArgs, run};

pub(crate) use ring::{DEFAULT_OCTETS, Packet};
pub(crate) use save::fetch;
pub(crate) use watch::Watch;
