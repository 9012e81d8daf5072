//! A NAT router between two switches: a thread around [`NatTable`] that answers ARP on
//! both sides, resolves its next hops, and decrements the TTL.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use crate::error::{Doing, Error, Result};
use crate::nat::NatTable;
use crate::packet::{
    ARP_REPLY, ARP_REQUEST, Arp, ETHERTYPE_IPV4, Flow, Mac, arp_frame, ethernet_header,
    ipv4_of_frame,
};
use crate::switch::{Switch, packet_pair};

const FRAME: usize = 65_600;
/// Packets waiting for ARP on one side at most.
const WAITING: usize = 64;

/// The addresses of a NAT router.
#[derive(Clone, Debug)]
pub struct NatConfig {
    /// Its address and prefix length on the inside network: the hosts' next hop.
    pub inside: (Ipv4Addr, u8),
    /// Its address and prefix length outside: what the world sees.
    pub outside: (Ipv4Addr, u8),
    /// Next hop outside for destinations beyond that network.
    pub gateway: Option<Ipv4Addr>,
    /// A mapping unused for so long expires.
    pub lifetime: Duration,
}

/// A running NAT router. Dropping it stops its thread and pulls both cables.
#[derive(Debug)]
pub struct NatRouter {
    table: Arc<Mutex<NatTable>>,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl NatRouter {
    /// Starts a router with one port in the switch `inside` and one in `outside`.
    ///
    /// # Errors
    /// When its sockets or its thread cannot be made.
    pub fn new(inside: &Switch, outside: &Switch, config: &NatConfig) -> Result<Self> {
        let table = Arc::new(Mutex::new(NatTable::new(config.outside.0, config.lifetime)));
        let sides = [
            Side::new(config.inside, None, inside.plug("nat:inside")?),
            Side::new(config.outside, config.gateway, outside.plug("nat:outside")?),
        ];
        let (stop, stopped) = packet_pair().doing(|| "make a NAT router".to_owned())?;
        let worker = Worker {
            table: Arc::clone(&table),
            sides,
            started: Instant::now(),
        };
        let thread = thread::Builder::new()
            .name("nat".to_owned())
            .spawn(move || worker.run(&stopped))
            .map_err(|error| Error::new("start a NAT router", error))?;
        Ok(Self {
            table,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Forgets every mapping, as a restart of the router would.
    pub fn forget_mappings(&self) {
        self.table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .forget();
    }

    /// The outside port of an endpoint inside (IP protocol number, address, port).
    pub fn port_of(&self, protocol: u8, address: Ipv4Addr, port: u16) -> Option<u16> {
        self.table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .port_of(protocol, address, port)
    }
}

impl Drop for NatRouter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, the router is gone all the same.
            let _ = thread.join();
        }
    }
}

const INSIDE: usize = 0;
const OUTSIDE: usize = 1;

struct Worker {
    table: Arc<Mutex<NatTable>>,
    sides: [Side; 2],
    started: Instant,
}

impl Worker {
    fn run(mut self, stopped: &OwnedFd) {
        let mut buffer = vec![0; FRAME];
        while self.wait(stopped) {
            for side in [INSIDE, OUTSIDE] {
                while let Some(frame) = receive(&self.sides[side].port, &mut buffer) {
                    self.handle(side, frame);
                }
            }
        }
    }

    /// False when the router is dropped, or a switch is.
    fn wait(&self, stopped: &OwnedFd) -> bool {
        let [inside, outside] = &self.sides;
        let mut waiting = [&inside.port, &outside.port, stopped]
            .map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN));
        let polled = poll(&mut waiting, PollTimeout::NONE);
        let closed = |entry: &PollFd<'_>| {
            entry
                .revents()
                .is_some_and(|events| events.contains(PollFlags::POLLHUP))
        };
        !matches!(polled, Err(errno) if errno != Errno::EINTR) && !waiting.iter().any(closed)
    }

    fn handle(&mut self, side: usize, frame: &[u8]) {
        if let Some(arp) = Arp::of_frame(frame) {
            self.sides[side].handle_arp(&arp);
            return;
        }
        let to_us = frame.get(..6) == Some(self.sides[side].mac.as_slice());
        if let Some(packet) = ipv4_of_frame(frame).filter(|_| to_us) {
            self.route(side, packet.to_vec());
        }
    }

    fn route(&mut self, side: usize, mut packet: Vec<u8>) {
        let (Some(flow), Some(ttl)) = (Flow::of(&packet), packet.get_mut(8)) else {
            return;
        };
        let own = flow.destination == IpAddr::V4(self.sides[side].address);
        if *ttl <= 1 || own != (side == OUTSIDE) {
            return;
        }
        *ttl -= 1;
        // Whatever the table refuses is dropped in silence, as a NAT does.
        if self.translate(side, &mut packet).is_ok() {
            self.sides[1 - side].send(packet);
        }
    }

    fn translate(
        &self,
        side: usize,
        packet: &mut [u8],
    ) -> std::result::Result<(), crate::nat::Refused> {
        let now = self.started.elapsed();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if side == INSIDE {
            table.outbound(now, packet)
        } else {
            table.inbound(now, packet)
        }
    }
}

fn receive<'a>(port: &OwnedFd, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = read(port, buffer).ok().filter(|length| *length > 0)?;
    buffer.get(..length)
}

/// One interface of the router.
struct Side {
    address: Ipv4Addr,
    prefix: u8,
    gateway: Option<Ipv4Addr>,
    mac: Mac,
    port: OwnedFd,
    neighbours: HashMap<Ipv4Addr, Mac>,
    waiting: VecDeque<(Ipv4Addr, Vec<u8>)>,
}

impl Side {
    fn new((address, prefix): (Ipv4Addr, u8), gateway: Option<Ipv4Addr>, port: OwnedFd) -> Self {
        let [a, b, c, d] = address.octets();
        Self {
            address,
            prefix,
            gateway,
            mac: [0x02, 0x4e, a, b, c, d],
            port,
            neighbours: HashMap::new(),
            waiting: VecDeque::new(),
        }
    }

    fn handle_arp(&mut self, arp: &Arp) {
        let (mac, address) = arp.sender;
        self.neighbours.insert(address, mac);
        if arp.operation == ARP_REQUEST && arp.target == self.address {
            self.emit(&arp_frame(ARP_REPLY, (self.mac, self.address), arp.sender));
        }
        let (ready, rest) = self.waiting.drain(..).partition(|(hop, _)| *hop == address);
        self.waiting = rest;
        let ready: VecDeque<_> = ready;
        ready
            .into_iter()
            .for_each(|(_, packet)| self.emit_to(mac, &packet));
    }

    /// Sends a packet to its next hop, asking for the hop's address first if need be.
    fn send(&mut self, packet: Vec<u8>) {
        let hop = |flow: Flow| match flow.destination {
            IpAddr::V4(destination) => self.hop(destination),
            IpAddr::V6(_) => None,
        };
        let Some(hop) = Flow::of(&packet).and_then(hop) else {
            return;
        };
        if let Some(mac) = self.neighbours.get(&hop) {
            self.emit_to(*mac, &packet);
            return;
        }
        if self.waiting.len() < WAITING {
            self.waiting.push_back((hop, packet));
        }
        self.emit(&arp_frame(
            ARP_REQUEST,
            (self.mac, self.address),
            ([0; 6], hop),
        ));
    }

    fn hop(&self, destination: Ipv4Addr) -> Option<Ipv4Addr> {
        let differing = u32::from(destination) ^ u32::from(self.address);
        let shift = 32 - u32::from(self.prefix.min(32));
        let on_link = differing.checked_shr(shift).unwrap_or(0) == 0;
        if on_link {
            Some(destination)
        } else {
            self.gateway
        }
    }

    fn emit_to(&self, mac: Mac, packet: &[u8]) {
        let header = ethernet_header(mac, self.mac, ETHERTYPE_IPV4);
        self.emit(&[&header, packet].concat());
    }

    /// A full queue loses the frame, as a cable would.
    fn emit(&self, frame: &[u8]) {
        let _ = write(&self.port, frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(prefix: u8, gateway: Option<Ipv4Addr>) -> (Side, OwnedFd) {
        let (ours, theirs) = packet_pair().expect("socket pair");
        (
            Side::new((Ipv4Addr::new(10, 1, 0, 1), prefix), gateway, ours),
            theirs,
        )
    }

    #[test]
    fn neighbours_are_reached_directly_and_others_through_the_gateway() {
        let gateway = Some(Ipv4Addr::new(10, 1, 0, 254));
        let (near, far) = (Ipv4Addr::new(10, 1, 0, 9), Ipv4Addr::new(10, 1, 1, 9));
        assert_eq!(side(24, gateway).0.hop(near), Some(near));
        assert_eq!(side(24, gateway).0.hop(far), gateway);
        assert_eq!(side(24, None).0.hop(far), None);
        assert_eq!(side(0, None).0.hop(far), Some(far));
    }

    #[test]
    fn a_packet_waits_for_arp_and_then_leaves() {
        let (mut side, wire) = side(24, None);
        let peer = Ipv4Addr::new(10, 1, 0, 2);
        let packet = crate::packet::tests::udp((side.address, 1), (peer, 2), b"x");
        side.send(packet.clone());
        let mut buffer = vec![0; 2000];
        let request = Arp::of_frame(receive(&wire, &mut buffer).expect("a frame")).expect("arp");
        assert_eq!(request.target, peer);
        let reply = arp_frame(ARP_REPLY, ([2; 6], peer), (side.mac, side.address));
        side.handle_arp(&Arp::of_frame(&reply).expect("arp"));
        let frame = receive(&wire, &mut buffer).expect("a frame");
        assert_eq!(ipv4_of_frame(frame), Some(packet.as_slice()));
    }
}
