//! The userspace data plane: ESP over TUN devices, without kernel ESP and without root.
//!
//! Pure: `suite` (algorithms), `replay` (window), `esp` and `protection` (packets),
//! `gre`, `ip`, `encapsulation` and `traffic` (what is inside), `lifetime`, `sa` and `sad` (the
//! security associations of every tunnel). At work on tokio: `device` (TUN and raw
//! socket), `tunnel` (out), `inbound` (in), `runtime` (start, handle, timer).

pub mod config;
pub mod counters;
mod device;
pub mod encapsulation;
pub mod esp;
pub mod gre;
mod inbound;
pub mod ip;
pub mod lifetime;
mod moves;
mod protection;
pub mod replay;
mod runtime;
mod sa;
pub mod sad;
pub mod suite;
pub mod traffic;
mod tunnel;

pub use config::{
    Cause, Config, DataplaneError, DataplaneEvent, Direction, Expired, Mode, Route, SaSpec,
    TunnelConfig, TunnelMode, UdpPath, UdpSender,
};
pub use counters::{Counters, SaCounters, TunnelCounters};
pub use runtime::{Dataplane, Handle};
pub use suite::{EspCipher, EspIntegrity, EspSuite};
