//! One security association at work: a sealer or an opener, its limits, its counters.

use std::mem;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use super::config::{Cause, Direction, Mode, SaSpec};
use super::counters::SaCounters;
use super::encapsulation::{Encapsulation, PolicyError};
use super::esp::{EspError, Opener, Sealer};
use super::ip::Packet;
use super::lifetime::{Age, Lifetime};
use super::traffic::Traffic;

/// Packets of one SA are told of no more often.
const TELL: Duration = Duration::from_secs(1);

/// A tunnel by its place in the configuration.
pub type TunnelId = usize;

/// Our address, the peer's, and with UDP encapsulation both ports.
pub type Endpoints = (IpAddr, IpAddr, Option<(u16, u16)>);

/// Where a sealed packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Our address.
    pub local: IpAddr,
    /// The peer.
    pub remote: IpAddr,
    /// Our and the peer's UDP port.
    pub encap: Option<(u16, u16)>,
    /// Type of service for the outer header.
    pub tos: u8,
    /// The IKE side is to hear of this packet.
    pub tell: bool,
}

/// An opened packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The tunnel it came through.
    pub tunnel: TunnelId,
    /// Where the inner packet lies.
    pub inner: Range<usize>,
    /// Whether its number is the highest so far: only then may it move the peer.
    pub newest: bool,
    /// The peer's endpoint as installed.
    pub remote: (IpAddr, Option<u16>),
    /// The IKE side is to hear of this packet.
    pub tell: bool,
}

/// Why a packet does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No whole packet, or of a version the tunnel does not carry: it is dropped.
    #[error("not a packet of this tunnel")]
    NotCarried,
    /// No SA: it waits or is dropped, and never leaves in clear (threat I2).
    #[error("no security association")]
    NoSa,
    /// The packet cannot be sealed.
    #[error(transparent)]
    Esp(#[from] EspError),
}

/// Why a packet from the wire is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No inbound SA has this SPI; none at all when the packet is shorter than an SPI.
    #[error("no inbound SA for SPI {0:?}")]
    UnknownSpi(Option<u32>),
    /// It is not authentic, a replay, or broken.
    #[error(transparent)]
    Esp(#[from] EspError),
    /// It is authentic but does not fit the tunnel.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// An SA; `T` is [`Sealer`] or [`Opener`].
#[derive(Debug)]
pub(super) struct Sa<T> {
    pub(super) tunnel: TunnelId,
    pub(super) spi: u32,
    pub(super) mode: Mode,
    pub(super) local: IpAddr,
    pub(super) remote: IpAddr,
    pub(super) encap: Option<(u16, u16)>,
    pub(super) lifetime: Lifetime,
    pub(super) traffic: Option<Traffic>,
    pub(super) soft_told: bool,
    /// The IKE side wants to hear of its packets.
    watched: bool,
    /// When it last heard of one.
    told: Option<Duration>,
    pub(super) counters: SaCounters,
    pub(super) worker: T,
}

pub(super) fn soft_if_nearly_exhausted(age: Age, sealer: &Sealer) -> Age {
    let soft = age == Age::Fresh && sealer.nearly_exhausted();
    if soft {
        Age::Soft(Cause::Sequence)
    } else {
        age
    }
}

pub(super) fn hard_if_exhausted(age: Age, sealed: &Result<u64, EspError>) -> Age {
    match sealed {
        Err(EspError::SequenceExhausted) => Age::Hard(Cause::Sequence),
        _ => age,
    }
}

impl<T> Sa<T> {
    pub(super) fn new(tunnel: TunnelId, spec: &SaSpec, now: Duration, worker: T) -> Self {
        Self {
            tunnel,
            spi: spec.spi,
            mode: spec.mode,
            local: spec.local,
            remote: spec.remote,
            encap: spec.encap,
            lifetime: Lifetime::new(now, spec.lifetime_seconds, spec.lifetime_kilobytes),
            traffic: spec.traffic,
            soft_told: false,
            watched: spec.watched,
            told: None,
            counters: SaCounters::of(spec),
            worker,
        }
    }

    pub(super) fn age(&self, now: Duration) -> Age {
        self.lifetime.age(now)
    }

    pub(super) fn carry(&mut self, octets: usize) {
        self.lifetime.count(octets);
        self.counters.packets += 1;
        self.counters.octets += octets as u64;
    }

    pub(super) fn newly_soft(&mut self, age: Age) -> Option<Cause> {
        let Age::Soft(cause) = age else { return None };
        (!mem::replace(&mut self.soft_told, true)).then_some(cause)
    }

    /// Whether the IKE side is to hear of a packet carried now.
    fn tell(&mut self, now: Duration) -> bool {
        let waits = |told| self.watched && now.saturating_sub(told) >= TELL;
        let tell = self.told.is_none_or(waits);
        if tell {
            self.told = Some(now);
        }
        tell
    }

    /// What it carries of what that tunnel does, where it is about the inner packets.
    pub(super) fn traffic_in(&self, tunnel: &Encapsulation) -> Option<Traffic> {
        self.traffic.filter(|_| tunnel.plain().is_some())
    }

    pub(super) fn move_to(&mut self, remote: IpAddr, port: Option<u16>) {
        self.remote = remote;
        self.encap = port.map(|port| (self.encap.map_or(4500, |(local, _)| local), port));
    }

    /// Both ends, and whether ESP goes in UDP.
    pub(super) fn relocate(&mut self, to: Endpoints) {
        (self.local, self.remote, self.encap) = to;
    }

    pub(super) fn snapshot(
        &self,
        tunnel: &str,
        direction: Direction,
        sequence: u64,
        now: Duration,
    ) -> SaCounters {
        SaCounters {
            tunnel: tunnel.to_owned(),
            direction,
            sequence,
            remote: self.remote,
            encap: self.encap,
            remaining_seconds: self.lifetime.remaining_seconds(now),
            remaining_kilobytes: self.lifetime.remaining_kilobytes(),
            ..self.counters.clone()
        }
    }
}

impl Sa<Sealer> {
    /// What is sent matters only where the peer's life is checked.
    pub(super) fn tell_sent(&mut self, now: Duration) -> bool {
        self.watched && self.tell(now)
    }
}

impl Sa<Opener> {
    /// The first packet also shows that the peer has the SA.
    pub(super) fn tell_alive(&mut self, now: Duration) -> bool {
        self.tell(now)
    }

    /// Opens and unwraps; gives the place of the inner packet.
    pub(super) fn open(
        &mut self,
        packet: &mut [u8],
        now: Duration,
        encapsulation: Option<&Encapsulation>,
    ) -> Result<Range<usize>, OpenError> {
        if matches!(self.age(now), Age::Hard(_)) {
            return Err(OpenError::UnknownSpi(Some(self.spi)));
        }
        let opened = self.worker.open(packet)?;
        self.carry(opened.payload.len());
        let payload = packet.get(opened.payload.clone()).unwrap_or_default();
        let encapsulation = encapsulation.ok_or(PolicyError::NotIp)?;
        let inner = encapsulation.unwrap(self.mode, opened.next_header, payload)?;
        if let Some(traffic) = self.traffic_in(encapsulation) {
            let octets = payload.get(inner.clone()).unwrap_or_default();
            let packet = Packet::parse(octets).ok_or(PolicyError::NotIp)?;
            if !traffic.receives(&packet, octets) {
                let (from, to) = (packet.source, packet.destination);
                return Err(PolicyError::Selectors(from, to).into());
            }
        }
        let start = opened.payload.start;
        Ok(start + inner.start..start + inner.end)
    }
}
