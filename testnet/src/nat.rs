//! Source NAT (masquerade) as a pure table: packets in, rewritten packets out.
//!
//! UDP, TCP and ICMP echo get a new source port (or identifier) that is never the one
//! they came with, so a peer sees UDP 500 leave as something else. Mappings do not
//! depend on the destination and expire when unused. Fragments follow their first
//! fragment. Other protocols (ESP 50, GRE 47) have no port to map and are refused.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::packet::{Flow, ICMP, TCP, UDP, be16, put16, set_header_checksum, update_checksum};

const FIRST_PORT: u16 = 20_001;
const LAST_PORT: u16 = 59_999;
/// Mappings kept at most.
const CAPACITY: usize = 4096;
/// Datagrams in fragments remembered at most.
const FRAGMENTED: usize = 64;
const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// Why a packet is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no whole IPv4 packet, or too short for its protocol.
    #[error("not a whole IPv4 packet")]
    Malformed,
    /// Its protocol (IP protocol number) has nothing to map.
    #[error("IP protocol {0} cannot be translated")]
    Protocol(u8),
    /// It comes from outside to a port nobody inside uses.
    #[error("no mapping for port {0}")]
    NoMapping(u16),
    /// A later fragment without the first.
    #[error("fragment of an unknown datagram")]
    UnknownFragment,
    /// Every mapping is in use.
    #[error("no free mapping")]
    Full,
}

/// A protocol and an endpoint inside, or the outside port with the same protocol.
type Inside = (u8, Ipv4Addr, u16);
type Outside = (u8, u16);

/// The translations of one router.
#[derive(Clone, Debug)]
pub struct NatTable {
    outside: Ipv4Addr,
    lifetime: Duration,
    next_port: u16,
    mappings: HashMap<Inside, Mapping>,
    owners: HashMap<Outside, Inside>,
    fragments: VecDeque<(Datagram, Ipv4Addr)>,
}

#[derive(Clone, Copy, Debug)]
struct Mapping {
    port: u16,
    used: Duration,
}

/// Common to the fragments of a datagram (RFC 791: source, destination, protocol, identification).
type Datagram = (IpAddr, IpAddr, u8, u32);

impl NatTable {
    /// A router that shows the address `outside`; mappings unused for `lifetime` expire.
    pub fn new(outside: Ipv4Addr, lifetime: Duration) -> Self {
        Self {
            outside,
            lifetime,
            next_port: FIRST_PORT,
            mappings: HashMap::new(),
            owners: HashMap::new(),
            fragments: VecDeque::new(),
        }
    }

    /// Rewrites the source of a packet going out. `now` counts from any fixed moment.
    ///
    /// # Errors
    /// [`Refused`]; the packet is then not to be passed on.
    pub fn outbound(&mut self, now: Duration, packet: &mut [u8]) -> Result<(), Refused> {
        let flow = Flow::of(packet).ok_or(Refused::Malformed)?;
        let IpAddr::V4(source) = flow.source else {
            return Err(Refused::Malformed);
        };
        if flow.fragment_offset > 0 {
            let address = self.of_first_fragment(&flow)?;
            set_address(packet, flow.header, SOURCE, address);
            return Ok(());
        }
        let place = Place::of_source(packet, &flow)?;
        let port = self.map(now, (flow.protocol, source, place.port))?;
        self.remember(&flow, self.outside);
        place.rewrite(packet, &flow, SOURCE, self.outside, port);
        Ok(())
    }

    /// Rewrites the destination of a packet coming in.
    ///
    /// # Errors
    /// As [`outbound`](Self::outbound).
    pub fn inbound(&mut self, now: Duration, packet: &mut [u8]) -> Result<(), Refused> {
        let flow = Flow::of(packet)
            .filter(|flow| flow.destination.is_ipv4())
            .ok_or(Refused::Malformed)?;
        if flow.fragment_offset > 0 {
            let address = self.of_first_fragment(&flow)?;
            set_address(packet, flow.header, DESTINATION, address);
            return Ok(());
        }
        let place = Place::of_destination(packet, &flow)?;
        let (_, address, port) = self.owner(now, (flow.protocol, place.port))?;
        self.remember(&flow, address);
        place.rewrite(packet, &flow, DESTINATION, address, port);
        Ok(())
    }

    /// Forgets every mapping, as a router does when it restarts: the next packet out
    /// gets another port.
    pub fn forget(&mut self) {
        self.mappings.clear();
        self.owners.clear();
        self.fragments.clear();
    }

    /// The outside port of an endpoint inside, while it is mapped.
    pub fn port_of(&self, protocol: u8, address: Ipv4Addr, port: u16) -> Option<u16> {
        Some(self.mappings.get(&(protocol, address, port))?.port)
    }

    fn map(&mut self, now: Duration, inside: Inside) -> Result<u16, Refused> {
        self.expire(now);
        if let Some(mapping) = self.mappings.get_mut(&inside) {
            mapping.used = now;
            return Ok(mapping.port);
        }
        let port = self.free_port(inside)?;
        self.mappings.insert(inside, Mapping { port, used: now });
        self.owners.insert((inside.0, port), inside);
        Ok(port)
    }

    /// The next port in turn that is free and not the one the packet came with.
    fn free_port(&mut self, inside: Inside) -> Result<u16, Refused> {
        if self.mappings.len() >= CAPACITY {
            return Err(Refused::Full);
        }
        loop {
            let port = self.next_port;
            self.next_port = if port == LAST_PORT {
                FIRST_PORT
            } else {
                port + 1
            };
            if port != inside.2 && !self.owners.contains_key(&(inside.0, port)) {
                return Ok(port);
            }
        }
    }

    fn owner(&mut self, now: Duration, outside: Outside) -> Result<Inside, Refused> {
        self.expire(now);
        let inside = *self
            .owners
            .get(&outside)
            .ok_or(Refused::NoMapping(outside.1))?;
        if let Some(mapping) = self.mappings.get_mut(&inside) {
            mapping.used = now;
        }
        Ok(inside)
    }

    fn expire(&mut self, now: Duration) {
        let lifetime = self.lifetime;
        self.mappings
            .retain(|_, mapping| now.saturating_sub(mapping.used) < lifetime);
        self.owners
            .retain(|_, inside| self.mappings.contains_key(inside));
    }

    fn remember(&mut self, flow: &Flow, address: Ipv4Addr) {
        if flow.more_fragments {
            self.fragments.push_back((datagram(flow), address));
            let over = self.fragments.len().saturating_sub(FRAGMENTED);
            self.fragments.drain(..over);
        }
    }

    fn of_first_fragment(&self, flow: &Flow) -> Result<Ipv4Addr, Refused> {
        let wanted = datagram(flow);
        let found = self
            .fragments
            .iter()
            .rev()
            .find(|(known, _)| *known == wanted);
        found
            .map(|(_, address)| *address)
            .ok_or(Refused::UnknownFragment)
    }
}

fn datagram(flow: &Flow) -> Datagram {
    (
        flow.source,
        flow.destination,
        flow.protocol,
        flow.identification,
    )
}

const SOURCE: usize = 12;
const DESTINATION: usize = 16;

/// Where a packet keeps the port (or ICMP identifier) and the checksum over it.
struct Place {
    port_at: usize,
    port: u16,
    checksum_at: usize,
}

impl Place {
    fn of_source(packet: &[u8], flow: &Flow) -> Result<Self, Refused> {
        Self::of(packet, flow, 0, ECHO_REQUEST)
    }

    fn of_destination(packet: &[u8], flow: &Flow) -> Result<Self, Refused> {
        Self::of(packet, flow, 2, ECHO_REPLY)
    }

    fn of(packet: &[u8], flow: &Flow, port: usize, echo: u8) -> Result<Self, Refused> {
        let (port, checksum) = match flow.protocol {
            UDP => (port, 6),
            TCP => (port, 16),
            ICMP if packet.get(flow.header) == Some(&echo) => (4, 2),
            other => return Err(Refused::Protocol(other)),
        };
        let (port_at, checksum_at) = (flow.header + port, flow.header + checksum);
        let whole = checksum_at.max(port_at) + 2 <= flow.total;
        let port = be16(packet, port_at)
            .filter(|_| whole)
            .ok_or(Refused::Malformed)?;
        Ok(Self {
            port_at,
            port,
            checksum_at,
        })
    }

    /// Sets address and port; the checksum changes by the difference (RFC 1624), which
    /// also holds for the first of several fragments.
    fn rewrite(&self, packet: &mut [u8], flow: &Flow, side: usize, address: Ipv4Addr, port: u16) {
        let before = be16(packet, self.checksum_at).unwrap_or_default();
        let mut after = update_checksum(before, self.port, port);
        if flow.protocol != ICMP {
            after = with_address(after, packet, side, address);
        }
        if flow.protocol == UDP && after == 0 {
            after = 0xffff;
        }
        if flow.protocol != UDP || before != 0 {
            put16(packet, self.checksum_at, after);
        }
        put16(packet, self.port_at, port);
        set_address(packet, flow.header, side, address);
    }
}

fn with_address(checksum: u16, packet: &[u8], side: usize, address: Ipv4Addr) -> u16 {
    let new = address.octets();
    let mut checksum = checksum;
    for half in [0, 2] {
        let old = be16(packet, side + half).unwrap_or_default();
        let new = be16(&new, half).unwrap_or_default();
        checksum = update_checksum(checksum, old, new);
    }
    checksum
}

fn set_address(packet: &mut [u8], header: usize, side: usize, address: Ipv4Addr) {
    if let Some(place) = packet.get_mut(side..side + 4) {
        place.copy_from_slice(&address.octets());
    }
    set_header_checksum(packet, header);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::tests::{checksums_are_right, udp};

    const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
    const PEER: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
    const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
    const NOW: Duration = Duration::from_secs(10);

    fn table() -> NatTable {
        NatTable::new(OUTSIDE, Duration::from_secs(30))
    }

    /// Sends one datagram out and gives the port it left with.
    fn leave(table: &mut NatTable, now: Duration, port: u16) -> u16 {
        let mut packet = udp((INSIDE, port), (PEER, 500), b"hello");
        table.outbound(now, &mut packet).expect("translated");
        let flow = Flow::of(&packet).expect("sound");
        assert_eq!(
            (flow.source, flow.destination),
            (OUTSIDE.into(), PEER.into())
        );
        assert!(checksums_are_right(&packet));
        flow.ports.expect("udp").0
    }

    #[test]
    fn port_500_leaves_as_another_and_the_answer_finds_home() {
        let mut table = table();
        let port = leave(&mut table, NOW, 500);
        assert_ne!(port, 500);
        assert_eq!(
            port,
            leave(&mut table, NOW, 500),
            "one mapping per endpoint"
        );
        let mut answer = udp((PEER, 500), (OUTSIDE, port), b"answer!");
        table.inbound(NOW, &mut answer).expect("translated");
        let flow = Flow::of(&answer).expect("sound");
        assert_eq!(
            (flow.destination, flow.ports),
            (INSIDE.into(), Some((500, 500)))
        );
        assert!(checksums_are_right(&answer));
    }

    #[test]
    fn an_unused_mapping_expires_and_the_next_port_differs() {
        let mut table = table();
        let port = leave(&mut table, NOW, 4500);
        let late = NOW + Duration::from_secs(30);
        let mut answer = udp((PEER, 4500), (OUTSIDE, port), b"");
        assert_eq!(
            table.inbound(late, &mut answer),
            Err(Refused::NoMapping(port))
        );
        assert_ne!(leave(&mut table, late, 4500), port);
    }

    #[test]
    fn esp_gre_and_strangers_are_refused() {
        let mut table = table();
        for protocol in [50, 47] {
            let mut packet = udp((INSIDE, 1), (PEER, 1), b"x");
            packet[9] = protocol;
            assert_eq!(
                table.outbound(NOW, &mut packet),
                Err(Refused::Protocol(protocol))
            );
        }
        let mut stranger = udp((PEER, 500), (OUTSIDE, 500), b"x");
        assert_eq!(
            table.inbound(NOW, &mut stranger),
            Err(Refused::NoMapping(500))
        );
        assert_eq!(table.outbound(NOW, &mut [0x45]), Err(Refused::Malformed));
    }

    #[test]
    fn later_fragments_follow_the_first() {
        let mut table = table();
        let mut first = udp((INSIDE, 500), (PEER, 500), &[7; 16]);
        put16(&mut first, 6, 0x2000);
        let mut second = udp((INSIDE, 0), (PEER, 0), &[7; 16]);
        put16(&mut second, 6, 3);
        assert_eq!(
            table.outbound(NOW, &mut second.clone()),
            Err(Refused::UnknownFragment)
        );
        table.outbound(NOW, &mut first).expect("translated");
        table.outbound(NOW, &mut second).expect("translated");
        assert_eq!(Flow::of(&second).expect("sound").source, OUTSIDE);
        assert_eq!(second[20..24], [0, 0, 0, 0], "the payload is not a port");
    }

    #[test]
    fn echo_requests_are_mapped_by_identifier() {
        let mut table = table();
        let mut packet = udp((INSIDE, 0x0800), (PEER, 0), &[0; 4]);
        packet[9] = ICMP;
        put16(&mut packet, 24, 77);
        table.outbound(NOW, &mut packet).expect("translated");
        let id = be16(&packet, 24).expect("in range");
        assert_eq!(table.port_of(ICMP, INSIDE, 77), Some(id));
    }
}
