//! What the data plane counts, in the words of `show crypto ipsec sa`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::config::{Direction, Mode, SaSpec};
use super::esp::EspError;
use super::sad::OpenError;
use super::suite::EspSuite;

/// Counters of a tunnel interface; they survive its SAs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TunnelCounters {
    /// Packets sealed: `#pkts encaps`, `encrypt`, `digest`.
    pub encaps: u64,
    /// Octets of those packets before sealing.
    pub octets_out: u64,
    /// Packets opened: `#pkts decaps`, `decrypt`, `verify`.
    pub decaps: u64,
    /// Octets of those packets after opening.
    pub octets_in: u64,
    /// Packets that were replays or too old.
    pub replay_failures: u64,
    /// Packets whose ICV was wrong.
    pub auth_failures: u64,
    /// Packets that were too short, not whole blocks or wrongly padded.
    pub malformed: u64,
    /// Authentic packets that do not fit the tunnel.
    pub policy_failures: u64,
    /// Packets dropped for want of an SA (the queue was full).
    pub no_sa_drops: u64,
    /// Sealed packets the kernel would not send, and opened ones the device would not take.
    pub io_errors: u64,
}

/// One SA: what it is, what it has carried, and what it has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaCounters {
    /// Tunnel interface.
    pub tunnel: String,
    /// Its direction.
    pub direction: Direction,
    /// Its SPI.
    pub spi: u32,
    /// Our address.
    pub local: IpAddr,
    /// The peer's address.
    pub remote: IpAddr,
    /// Tunnel or transport mode.
    pub mode: Mode,
    /// Our and the peer's UDP port.
    pub encap: Option<(u16, u16)>,
    /// Algorithms.
    pub suite: EspSuite,
    /// Packets carried.
    pub packets: u64,
    /// Octets of their payloads.
    pub octets: u64,
    /// Last sequence number sent, or highest received.
    pub sequence: u64,
    /// Inbound packets that were replays or too old.
    pub replay_failures: u64,
    /// Inbound packets whose ICV was wrong.
    pub auth_failures: u64,
    /// Seconds left.
    pub remaining_seconds: Option<u64>,
    /// Kilobytes left.
    pub remaining_kilobytes: Option<u64>,
}

/// Everything counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// By tunnel interface.
    pub tunnels: BTreeMap<String, TunnelCounters>,
    /// Every SA, inbound ones first.
    pub sas: Vec<SaCounters>,
    /// Packets from the wire for no SA of ours.
    pub unknown_spi: u64,
}

impl TunnelCounters {
    pub(super) fn encaps(&mut self, octets: usize) {
        self.encaps += 1;
        self.octets_out += octets as u64;
    }

    pub(super) fn decaps(&mut self, opened: &Result<std::ops::Range<usize>, OpenError>) {
        match opened {
            Ok(inner) => {
                self.decaps += 1;
                self.octets_in += inner.len() as u64;
            }
            Err(OpenError::Esp(EspError::Replay(_))) => self.replay_failures += 1,
            Err(OpenError::Esp(EspError::BadIcv)) => self.auth_failures += 1,
            Err(OpenError::Esp(_)) => self.malformed += 1,
            Err(OpenError::Policy(_)) => self.policy_failures += 1,
            Err(OpenError::UnknownSpi(_)) => {}
        }
    }
}

impl SaCounters {
    pub(super) fn of(spec: &SaSpec) -> Self {
        Self {
            tunnel: spec.tunnel.clone(),
            direction: spec.direction,
            spi: spec.spi,
            local: spec.local,
            remote: spec.remote,
            mode: spec.mode,
            encap: spec.encap,
            suite: spec.suite,
            packets: 0,
            octets: 0,
            sequence: 0,
            replay_failures: 0,
            auth_failures: 0,
            remaining_seconds: None,
            remaining_kilobytes: None,
        }
    }

    pub(super) fn note(&mut self, opened: &Result<std::ops::Range<usize>, OpenError>) {
        match opened {
            Err(OpenError::Esp(EspError::Replay(_))) => self.replay_failures += 1,
            Err(OpenError::Esp(EspError::BadIcv)) => self.auth_failures += 1,
            _ => {}
        }
    }
}
