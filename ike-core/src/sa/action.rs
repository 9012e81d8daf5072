//! What goes into the engine and what comes out of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use ike_pki::Store;

use super::SaId;
use super::child::{ChildSpec, Direction};
use super::job::{Job, JobOutcome};
use crate::config::RunningConfig;
use crate::trace::Traced;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// An IKE datagram, without the non-ESP marker of port 4500 (RFC 3948 2.2).
    Datagram {
        /// Our address and port.
        local: SocketAddr,
        /// The sender.
        remote: SocketAddr,
        /// The ISAKMP message.
        bytes: Bytes,
    },
    /// The deadline the engine asked for has come.
    Deadline,
    /// A request of an operator.
    Command(CommandId, Command),
    /// The data plane reports.
    Dataplane(DataplaneEvent),
    /// A job is done.
    JobDone(JobId, JobOutcome),
    /// A new configuration replaces the old one.
    Configure(Arc<RunningConfig>),
    /// The trustpoint store changed.
    Certificates(Arc<Store>),
}

/// Something to do, in order.
#[derive(Debug)]
pub enum Action {
    /// Send an IKE datagram.
    Send(Transmit),
    /// Send one octet 0xff from port 4500, so that a NAT keeps its mapping (RFC 3948 2.3).
    Keepalive {
        /// Our endpoint.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// Do dear work elsewhere and come back with [`Event::JobDone`].
    Run(JobId, Job),
    /// Change the data plane.
    Dataplane(DataplaneRequest),
    /// Tell people.
    Trace(Traced),
    /// Answer a command.
    Reply(CommandId, Reply),
}

/// A datagram to send. From port 4500 the host puts the non-ESP marker before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Our address and port.
    pub local: SocketAddr,
    /// Where to.
    pub remote: SocketAddr,
    /// The ISAKMP message.
    pub bytes: Bytes,
}

/// The number of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// The number of an operator's request, chosen by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// What an operator asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `up NAME`: bring a protection up.
    Up(String),
    /// `down NAME`: delete its SAs.
    Down(String),
    /// `rekey NAME`: replace its child SA, or the IKE SA that carries it.
    Rekey(String, Rekey),
    /// Delete every SA.
    ClearAll,
    /// `clear crypto ...`: delete some of them (O-086).
    Clear(Clear),
    /// `clear crypto ikev2 stat`: counters of IKEv2 begin anew.
    ClearStatistics,
}

/// Which SAs are deleted, and what of them. Everything that is `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clear {
    /// 1 or 2: only SAs of that IKE.
    pub version: Option<u8>,
    /// Only SAs with that peer.
    pub remote: Option<IpAddr>,
    /// Only SAs of that address of ours.
    pub local: Option<IpAddr>,
    /// Only the SA of that number: conn-id of IKEv1, Tunnel-id of IKEv2.
    pub number: Option<u32>,
    /// What goes.
    pub what: Cleared,
    /// The peer is not told.
    pub silent: bool,
}

impl Clear {
    /// Whether an SA between these ends, ours first, with that number is meant. The version is not
    /// looked at.
    #[must_use]
    pub fn fits(&self, (local, remote): (IpAddr, IpAddr), number: u32) -> bool {
        self.local.is_none_or(|wanted| wanted == local)
            && self.remote.is_none_or(|wanted| wanted == remote)
            && self.number.is_none_or(|wanted| wanted == number)
    }
}

/// What of an SA is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cleared {
    /// The IKE SA and its child SAs.
    #[default]
    Session,
    /// The IKE SA. Child SAs of IKEv1 live on without it (O-061); those of IKEv2 end with it
    /// (RFC 7296 1.4.1).
    Ike,
    /// The child SAs.
    Children,
}

/// What is to be rekeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rekey {
    /// The child SA.
    Child,
    /// The IKE SA.
    Ike,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Under way or done.
    Done,
    /// Already in that state.
    Already,
    /// Refused, with the reason.
    Refused(String),
}

/// A change of the data plane.
#[derive(Clone, Debug)]
pub enum DataplaneRequest {
    /// Install one direction of a child SA.
    Install(Direction, Box<ChildSpec>),
    /// Remove both directions of a child SA.
    Remove {
        /// The protection it belongs to.
        protection: String,
        /// Our inbound SPI.
        spi_in: u32,
        /// The peer's inbound SPI, 0 when none was installed.
        spi_out: u32,
    },
    /// Carry a child SA between other endpoints; keys and sequence numbers go on.
    Move {
        /// The protection it belongs to.
        protection: String,
        /// Our inbound SPI.
        spi_in: u32,
        /// The peer's inbound SPI, 0 when none was installed.
        spi_out: u32,
        /// Our IKE endpoint.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
        /// As in [`ChildSpec::encapsulation`].
        encapsulation: u16,
    },
}

/// What the data plane reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataplaneEvent {
    /// Traffic without an SA.
    Acquire {
        /// The protection that wants one.
        protection: String,
    },
    /// A volume limit comes near (soft) or is reached (hard).
    Expire {
        /// Our inbound SPI of the pair.
        spi_in: u32,
        /// Reached, not near.
        hard: bool,
    },
    /// A protected packet of an established child SA arrived: the peer lives.
    Alive {
        /// Our inbound SPI.
        spi_in: u32,
    },
    /// A protected packet went to the peer, which an answer may show to be alive.
    Sent {
        /// The interface that sent it.
        interface: String,
        /// The peer's inbound SPI.
        spi_out: u32,
    },
    /// An authentic, new packet of a child SA came in UDP from elsewhere than before.
    Moved {
        /// Our inbound SPI.
        spi_in: u32,
        /// Where it came from.
        from: SocketAddr,
    },
}

/// Collects the actions of one event.
#[derive(Debug, Default)]
pub struct Outbox {
    /// In order.
    pub actions: Vec<Action>,
}

impl Outbox {
    /// Appends an action.
    pub fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Appends a trace.
    pub fn trace(&mut self, sa: Option<SaId>, connection: u32, trace: crate::trace::Trace) {
        self.push(Action::Trace(Traced {
            sa,
            connection,
            trace,
        }));
    }
}
