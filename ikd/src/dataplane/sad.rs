//! The security associations of all tunnels: which one seals, which one opens, how
//! much they have carried and when they end. Pure: time is an argument.
//!
//! Of several outbound SAs the newest that carries a packet seals it; older inbound ones
//! stay until removed or expired, so a rekey loses no packet (RFC 7296 section 2.8).

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

use super::config::{Cause, DataplaneError, Direction, Expired, SaSpec, TunnelConfig};
use super::counters::{Counters, TunnelCounters};
use super::encapsulation::Encapsulation;
use super::esp::{Opener, Sealer, spi_of};
use super::ip::Packet;
use super::lifetime::Age;
pub use super::sa::Endpoints;
pub use super::sa::{Delivery, Destination, OpenError, SealError, TunnelId};
use super::sa::{Sa, hard_if_exhausted, soft_if_nearly_exhausted};

/// The security association database.
#[derive(Debug, Default)]
pub struct Sad {
    tunnels: Vec<Tunnel>,
    inbound: BTreeMap<u32, Sa<Opener>>,
    unknown_spi: u64,
    expired: VecDeque<(bool, Expired)>,
}

#[derive(Debug)]
struct Tunnel {
    name: String,
    encapsulation: Encapsulation,
    /// Oldest first.
    outbound: Vec<Sa<Sealer>>,
    counters: TunnelCounters,
}

impl Sad {
    /// An empty database for these tunnels.
    pub fn new<'a>(tunnels: impl IntoIterator<Item = &'a TunnelConfig>) -> Self {
        let tunnel = |config: &TunnelConfig| Tunnel {
            name: config.name.clone(),
            encapsulation: config.encapsulation(),
            outbound: Vec::new(),
            counters: TunnelCounters::default(),
        };
        Self {
            tunnels: tunnels.into_iter().map(tunnel).collect(),
            ..Self::default()
        }
    }

    /// Takes an SA into use; an outbound one seals what it carries from now on. Gives its tunnel.
    ///
    /// # Errors
    /// Unknown tunnel, inbound SPI in use, suite or keys refused.
    pub fn install(&mut self, spec: &SaSpec, now: Duration) -> Result<TunnelId, DataplaneError> {
        let id = self
            .tunnel(&spec.tunnel)
            .ok_or_else(|| DataplaneError::UnknownTunnel(spec.tunnel.clone()))?;
        let (encryption, integrity) = (&spec.encryption_key, &spec.integrity_key);
        match spec.direction {
            Direction::Inbound if self.inbound.contains_key(&spec.spi) => {
                return Err(DataplaneError::DuplicateSpi(spec.spi));
            }
            Direction::Inbound => {
                let opener = Opener::new(
                    spec.suite,
                    encryption,
                    integrity,
                    spec.esn,
                    spec.replay_window,
                )?;
                self.inbound
                    .insert(spec.spi, Sa::new(id, spec, now, opener));
            }
            Direction::Outbound => {
                let sealer = Sealer::new(spec.spi, spec.suite, encryption, integrity, spec.esn)?;
                let sa = Sa::new(id, spec, now, sealer);
                if let Some(tunnel) = self.tunnels.get_mut(id) {
                    tunnel.outbound.push(sa);
                }
            }
        }
        Ok(id)
    }

    /// Takes an SA out of use; false when there is none such.
    pub fn remove(&mut self, tunnel: &str, direction: Direction, spi: u32) -> bool {
        let Some(id) = self.tunnel(tunnel) else {
            return false;
        };
        match direction {
            Direction::Inbound => {
                let ours = self.inbound.get(&spi).is_some_and(|sa| sa.tunnel == id);
                ours && self.inbound.remove(&spi).is_some()
            }
            Direction::Outbound => self.tunnels.get_mut(id).is_some_and(|tunnel| {
                let before = tunnel.outbound.len();
                tunnel.outbound.retain(|sa| sa.spi != spi);
                tunnel.outbound.len() < before
            }),
        }
    }

    /// Takes every SA of a tunnel out of use.
    pub fn flush(&mut self, tunnel: &str) {
        let Some(id) = self.tunnel(tunnel) else {
            return;
        };
        self.inbound.retain(|_, sa| sa.tunnel != id);
        self.tunnels
            .get_mut(id)
            .into_iter()
            .for_each(|tunnel| tunnel.outbound.clear());
    }

    /// Sends to another endpoint from now on, and expects the peer there.
    pub fn set_endpoint(&mut self, tunnel: &str, remote: IpAddr, port: Option<u16>) {
        let Some(id) = self.tunnel(tunnel) else {
            return;
        };
        let outbound = self
            .tunnels
            .get_mut(id)
            .into_iter()
            .flat_map(|tunnel| &mut tunnel.outbound);
        outbound.for_each(|sa| sa.move_to(remote, port));
        self.inbound
            .values_mut()
            .filter(|sa| sa.tunnel == id)
            .for_each(|sa| sa.move_to(remote, port));
    }

    /// Carries one SA between other endpoints; its keys, numbers and limits go on. False when there is
    /// none such.
    pub fn relocate(
        &mut self,
        tunnel: &str,
        direction: Direction,
        spi: u32,
        to: Endpoints,
    ) -> bool {
        let Some(id) = self.tunnel(tunnel) else {
            return false;
        };
        match direction {
            Direction::Inbound => {
                let sa = self.inbound.get_mut(&spi).filter(|sa| sa.tunnel == id);
                sa.map(|sa| sa.relocate(to)).is_some()
            }
            Direction::Outbound => {
                let tunnels = self.tunnels.get_mut(id).into_iter();
                let mut sas = tunnels.flat_map(|tunnel| &mut tunnel.outbound);
                let sa = sas.find(|sa| sa.spi == spi);
                sa.map(|sa| sa.relocate(to)).is_some()
            }
        }
    }

    /// Seals a packet for its tunnel into `out`.
    ///
    /// # Errors
    /// [`SealError`]; nothing may be sent then.
    pub fn seal(
        &mut self,
        id: TunnelId,
        packet: &[u8],
        out: &mut Vec<u8>,
        now: Duration,
    ) -> Result<Destination, SealError> {
        let tunnel = self.tunnels.get_mut(id).ok_or(SealError::NoSa)?;
        // What the tunnel does not carry must not ask for an SA.
        let inner = Packet::parse(packet)
            .filter(|inner| tunnel.encapsulation.carries(inner))
            .ok_or(SealError::NotCarried)?;
        if tunnel.outbound.is_empty() {
            return Err(SealError::NoSa);
        }
        // Nor must what none of the SAs was agreed for: a new one would be narrowed again.
        let encapsulation = &tunnel.encapsulation;
        let fits = |sa: &&mut Sa<Sealer>| {
            let traffic = sa.traffic_in(encapsulation);
            traffic.is_none_or(|t| t.sends(&inner, packet))
        };
        let mut newest_first = tunnel.outbound.iter_mut().rev();
        let sa = newest_first.find(fits).ok_or(SealError::NotCarried)?;
        let wrapping = tunnel.encapsulation.wrap(sa.mode, &inner);
        let [ip, gre] = wrapping.parts();
        let packet = packet.get(..inner.total).ok_or(SealError::NotCarried)?;
        let age = sa.age(now);
        let sealed = sa
            .worker
            .seal(wrapping.next_header, &[ip, gre, packet], out);
        if let Age::Hard(cause) = hard_if_exhausted(age, &sealed) {
            let spi = sa.spi;
            self.end_outbound(id, spi, cause);
            return self.seal(id, packet, out, now);
        }
        sealed?;
        sa.carry(ip.len() + gre.len() + packet.len());
        tunnel.counters.encaps(packet.len());
        let destination = Destination {
            local: sa.local,
            remote: sa.remote,
            encap: sa.encap,
            tos: inner.tos,
            tell: sa.tell_sent(now),
        };
        self.tell_outbound_age(id, now);
        Ok(destination)
    }

    /// Opens a packet from the wire, in place; it starts with its SPI.
    ///
    /// # Errors
    /// [`OpenError`]; the packet is dropped and has been counted.
    pub fn open(&mut self, packet: &mut [u8], now: Duration) -> Result<Delivery, OpenError> {
        let spi = spi_of(packet);
        let Some(sa) = spi.and_then(|spi| self.inbound.get_mut(&spi)) else {
            self.unknown_spi += 1;
            return Err(OpenError::UnknownSpi(spi));
        };
        let before = sa.worker.highest();
        let opened = sa.open(
            packet,
            now,
            self.tunnels
                .get(sa.tunnel)
                .map(|tunnel| &tunnel.encapsulation),
        );
        if let Some(tunnel) = self.tunnels.get_mut(sa.tunnel) {
            tunnel.counters.decaps(&opened);
        }
        sa.counters.note(&opened);
        let inner = opened?;
        let delivery = Delivery {
            tunnel: sa.tunnel,
            inner,
            newest: sa.worker.highest() > before,
            remote: (sa.remote, sa.encap.map(|(_, port)| port)),
            tell: sa.tell_alive(now),
        };
        self.tell_inbound_age(spi.unwrap_or_default(), now);
        Ok(delivery)
    }

    /// Ends what is over and remembers what needs a successor; see
    /// [`take_expired`](Self::take_expired).
    pub fn expire(&mut self, now: Duration) {
        let spis: Vec<u32> = self.inbound.keys().copied().collect();
        spis.into_iter()
            .for_each(|spi| self.tell_inbound_age(spi, now));
        (0..self.tunnels.len()).for_each(|id| self.tell_outbound_age(id, now));
    }

    /// When [`expire`](Self::expire) has to be called next.
    pub fn next_deadline(&self, now: Duration) -> Option<Duration> {
        let outbound = self
            .tunnels
            .iter()
            .flat_map(|tunnel| &tunnel.outbound)
            .map(|sa| &sa.lifetime);
        let lifetimes = self.inbound.values().map(|sa| &sa.lifetime).chain(outbound);
        lifetimes
            .filter_map(|lifetime| lifetime.next_deadline(now))
            .min()
    }

    /// What has expired since the last call: (hard, which).
    pub fn take_expired(&mut self) -> VecDeque<(bool, Expired)> {
        mem::take(&mut self.expired)
    }

    /// Whether [`take_expired`](Self::take_expired) has something to give.
    pub fn has_expired(&self) -> bool {
        !self.expired.is_empty()
    }

    /// Name of a tunnel.
    pub fn name(&self, id: TunnelId) -> &str {
        self.tunnels.get(id).map_or("", |tunnel| &tunnel.name)
    }

    /// The counters of a tunnel, for what happens outside of this database.
    pub fn tunnel_counters(&mut self, id: TunnelId) -> Option<&mut TunnelCounters> {
        self.tunnels.get_mut(id).map(|tunnel| &mut tunnel.counters)
    }

    /// Everything counted, and what the SAs have left.
    pub fn counters(&self, now: Duration) -> Counters {
        let outbound = self.tunnels.iter().flat_map(|tunnel| &tunnel.outbound);
        let outbound = outbound.map(|sa| {
            sa.snapshot(
                self.name(sa.tunnel),
                Direction::Outbound,
                sa.worker.sequence(),
                now,
            )
        });
        let inbound = self.inbound.values();
        let inbound = inbound.map(|sa| {
            sa.snapshot(
                self.name(sa.tunnel),
                Direction::Inbound,
                sa.worker.highest(),
                now,
            )
        });
        Counters {
            tunnels: self
                .tunnels
                .iter()
                .map(|tunnel| (tunnel.name.clone(), tunnel.counters))
                .collect(),
            sas: inbound.chain(outbound).collect(),
            unknown_spi: self.unknown_spi,
        }
    }

    fn tunnel(&self, name: &str) -> Option<TunnelId> {
        self.tunnels.iter().position(|tunnel| tunnel.name == name)
    }

    fn tell_inbound_age(&mut self, spi: u32, now: Duration) {
        let Some(sa) = self.inbound.get_mut(&spi) else {
            return;
        };
        let (id, age) = (sa.tunnel, sa.age(now));
        if let Age::Hard(cause) = age {
            self.inbound.remove(&spi);
            self.remember(true, id, Direction::Inbound, spi, cause);
        } else if let Some(cause) = sa.newly_soft(age) {
            self.remember(false, id, Direction::Inbound, spi, cause);
        }
    }

    fn tell_outbound_age(&mut self, id: TunnelId, now: Duration) {
        let Some(tunnel) = self.tunnels.get_mut(id) else {
            return;
        };
        let mut told = Vec::new();
        for sa in &mut tunnel.outbound {
            let age = soft_if_nearly_exhausted(sa.age(now), &sa.worker);
            match age {
                Age::Hard(cause) => told.push((true, sa.spi, cause)),
                _ => told.extend(sa.newly_soft(age).map(|cause| (false, sa.spi, cause))),
            }
        }
        for (hard, spi, cause) in told {
            if hard {
                self.end_outbound(id, spi, cause);
            } else {
                self.remember(false, id, Direction::Outbound, spi, cause);
            }
        }
    }

    fn end_outbound(&mut self, id: TunnelId, spi: u32, cause: Cause) {
        if let Some(tunnel) = self.tunnels.get_mut(id) {
            tunnel.outbound.retain(|sa| sa.spi != spi);
        }
        self.remember(true, id, Direction::Outbound, spi, cause);
    }

    fn remember(&mut self, hard: bool, id: TunnelId, direction: Direction, spi: u32, cause: Cause) {
        let tunnel = self.name(id).to_owned();
        self.expired.push_back((
            hard,
            Expired {
                tunnel,
                direction,
                spi,
                cause,
            },
        ));
    }
}

#[cfg(test)]
#[path = "sad_tests.rs"]
mod tests;
