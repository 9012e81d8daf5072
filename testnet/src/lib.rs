//! Hosts, wires and captures for network tests and labs, without root.
//!
//! [`isolate`] moves the process into namespaces of its own, [`Host`] makes further
//! network namespaces, a [`Switch`] joins them through TAP devices and can lose,
//! double, delay, reorder or corrupt what crosses it, a [`NatRouter`] stands between
//! two switches, and a [`Capture`] records the packets as pcapng (LINKTYPE_RAW).
//! Everything goes through kernel calls; no `ip`, `ping` or `tcpdump` binary is used.
//! [`charon`] runs strongSwan in a host. Of IKE the crate knows no more than that: it moves
//! packets and makes hosts.
#![deny(unsafe_code)]

mod capture;
pub mod charon;
mod error;
mod faults;
mod host;
mod isolate;
mod nat;
pub mod netlink;
pub mod packet;
pub mod pcapng;
mod ping;
mod router;
mod switch;
pub mod tun;

pub use capture::Capture;
pub use error::{Error, Result};
pub use faults::{Delay, Fate, FaultPlan, Faults, Match, Scripted};
pub use host::Host;
pub use isolate::{IsolateError, isolate};
pub use nat::{NatTable, Refused};
pub use ping::{PingReport, ping};
pub use router::{NatConfig, NatRouter};
pub use switch::{Switch, SwitchCounters};
