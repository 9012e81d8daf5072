//! The thread behind a switch: polling, learning, and carrying out fates.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use super::Shared;
use crate::capture::Capture;
use crate::faults::{Fate, FaultPlan, Faults};
use crate::packet::{ETHERNET_HEADER, Flow, Mac, ip_of_frame, set_udp_checksum};

/// Frames taken from one port before the others get their turn.
const BATCH: usize = 64;
const FRAME: usize = 65_600;
/// How late an overtaken packet comes when nothing overtakes it.
const OVERTAKEN: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) enum Command {
    AddPort(String, OwnedFd),
    RemovePort(String),
    Faults(Faults),
    PortFaults(String, Faults),
    Capture(Capture, u32),
    Stop,
}

type PortId = u64;

struct Port {
    name: String,
    device: OwnedFd,
    /// The frame waiting to be overtaken.
    held: Option<Vec<u8>>,
}

pub(super) struct Engine {
    shared: Arc<Shared>,
    woken: OwnedFd,
    ports: BTreeMap<PortId, Port>,
    next_port: PortId,
    learned: HashMap<Mac, PortId>,
    faults: Faults,
    port_faults: HashMap<String, Faults>,
    capture: Option<(Capture, u32)>,
    /// Frames to deliver later, by time and then by order of arrival.
    late: BTreeMap<(Instant, u64), Late>,
    arrivals: u64,
}

enum Late {
    Frame(PortId, Vec<u8>),
    ReleaseHeld(PortId),
}

impl Engine {
    pub(super) fn new(shared: Arc<Shared>, woken: OwnedFd) -> Self {
        Self {
            shared,
            woken,
            ports: BTreeMap::new(),
            next_port: 0,
            learned: HashMap::new(),
            faults: Faults::new(FaultPlan::default()),
            port_faults: HashMap::new(),
            capture: None,
            late: BTreeMap::new(),
            arrivals: 0,
        }
    }

    pub(super) fn run(mut self) {
        let mut buffer = vec![0; FRAME];
        loop {
            let ready = self.wait();
            // Orders given before a frame was sent are carried out before it is served.
            if !self.obey() {
                return;
            }
            for port in ready {
                self.serve(port, &mut buffer);
            }
            self.deliver_late();
        }
    }

    /// Carries out what the owner asked; false when asked to stop.
    fn obey(&mut self) -> bool {
        let commands = mem::take(
            &mut *self
                .shared
                .commands
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for command in commands {
            match command {
                Command::AddPort(name, device) => self.add_port(name, device),
                Command::RemovePort(name) => self.ports.retain(|_, port| port.name != name),
                Command::Faults(faults) => self.faults = faults,
                Command::PortFaults(name, faults) => drop(self.port_faults.insert(name, faults)),
                Command::Capture(capture, interface) => self.capture = Some((capture, interface)),
                Command::Stop => return false,
            }
        }
        true
    }

    fn add_port(&mut self, name: String, device: OwnedFd) {
        self.ports.insert(
            self.next_port,
            Port {
                name,
                device,
                held: None,
            },
        );
        self.next_port += 1;
    }

    /// Waits for frames, commands or the next late frame; gives the ports to serve.
    fn wait(&self) -> BTreeSet<PortId> {
        let timeout = self.timeout();
        let mut waiting = vec![PollFd::new(self.woken.as_fd(), PollFlags::POLLIN)];
        waiting.extend(
            self.ports
                .values()
                .map(|port| PollFd::new(port.device.as_fd(), PollFlags::POLLIN)),
        );
        if poll(&mut waiting, timeout).is_err() {
            return BTreeSet::new();
        }
        let any = |entry: &PollFd<'_>| entry.any().unwrap_or(false);
        if waiting.first().is_some_and(any) {
            // One wake-up at a time is enough: a further one ends the next wait.
            let _ = read(&self.woken, &mut [0; 8]);
        }
        let ready = self
            .ports
            .keys()
            .zip(waiting.iter().skip(1))
            .filter(|(_, entry)| any(entry));
        ready.map(|(id, _)| *id).collect()
    }

    fn timeout(&self) -> PollTimeout {
        let Some(((due, _), _)) = self.late.first_key_value() else {
            return PollTimeout::NONE;
        };
        let left = due.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
    }

    fn serve(&mut self, id: PortId, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            let Some(port) = self.ports.get(&id) else {
                return;
            };
            match read(&port.device, buffer) {
                Ok(length) if length >= ETHERNET_HEADER => {
                    let frame = buffer.get(..length).unwrap_or_default().to_vec();
                    self.receive(id, frame);
                }
                Err(Errno::EAGAIN | Errno::EINTR) => return,
                Ok(1..) => {}
                Ok(0) | Err(_) => {
                    self.ports.remove(&id);
                    return;
                }
            }
        }
    }

    fn receive(&mut self, from: PortId, mut frame: Vec<u8>) {
        self.count(|counters| counters.frames += 1);
        if let Some(source) = mac(&frame, 6).filter(|source| source[0] & 1 == 0) {
            self.learned.insert(source, from);
        }
        let fate = self.decide(from, &frame);
        if let Fate::Corrupt { offset } = fate {
            corrupt(&mut frame, offset);
        }
        self.record(&frame, fate);
        self.carry_out(fate, from, frame);
    }

    fn decide(&mut self, from: PortId, frame: &[u8]) -> Fate {
        let Some(packet) = ip_of_frame(frame) else {
            return Fate::Deliver;
        };
        let name = self.ports.get(&from).map_or("", |port| port.name.as_str());
        self.port_faults
            .get_mut(name)
            .unwrap_or(&mut self.faults)
            .decide(packet)
    }

    fn record(&self, frame: &[u8], fate: Fate) {
        if let (Some((capture, interface)), Some(packet)) = (&self.capture, ip_of_frame(frame)) {
            // A full disk must not stop the wire.
            let _ = capture.packet(*interface, packet, remark(fate).as_deref());
        }
    }

    fn carry_out(&mut self, fate: Fate, from: PortId, frame: Vec<u8>) {
        self.count(|counters| match fate {
            Fate::Deliver => {}
            Fate::Drop => counters.dropped += 1,
            Fate::Duplicate => counters.duplicated += 1,
            Fate::Delay(_) => counters.delayed += 1,
            Fate::Reorder => counters.reordered += 1,
            Fate::Corrupt { .. } => counters.corrupted += 1,
        });
        match fate {
            Fate::Drop => {}
            Fate::Deliver | Fate::Corrupt { .. } => self.pass(from, &frame),
            Fate::Duplicate => {
                self.pass(from, &frame);
                self.pass(from, &frame);
            }
            Fate::Delay(milliseconds) => {
                self.later(
                    Duration::from_millis(milliseconds.into()),
                    Late::Frame(from, frame),
                );
            }
            Fate::Reorder => self.hold(from, frame),
        }
    }

    /// Forwards a frame, and behind it the one it has overtaken.
    fn pass(&mut self, from: PortId, frame: &[u8]) {
        self.forward(from, frame);
        if ip_of_frame(frame).is_some() {
            self.release(from);
        }
    }

    fn hold(&mut self, from: PortId, frame: Vec<u8>) {
        self.release(from);
        if let Some(port) = self.ports.get_mut(&from) {
            port.held = Some(frame);
            self.later(OVERTAKEN, Late::ReleaseHeld(from));
        }
    }

    fn release(&mut self, from: PortId) {
        if let Some(held) = self.ports.get_mut(&from).and_then(|port| port.held.take()) {
            self.forward(from, &held);
        }
    }

    fn later(&mut self, delay: Duration, what: Late) {
        self.arrivals += 1;
        self.late
            .insert((Instant::now() + delay, self.arrivals), what);
    }

    fn deliver_late(&mut self) {
        while let Some(entry) = self
            .late
            .first_entry()
            .filter(|entry| entry.key().0 <= Instant::now())
        {
            match entry.remove() {
                Late::Frame(from, frame) => self.forward(from, &frame),
                Late::ReleaseHeld(from) => self.release(from),
            }
        }
    }

    /// To the port that has the destination, or to all others.
    fn forward(&mut self, from: PortId, frame: &[u8]) {
        let known = mac(frame, 0)
            .and_then(|to| self.learned.get(&to))
            .filter(|id| self.ports.contains_key(id));
        let known = known.copied();
        let refused = (self.ports.iter())
            .filter(|(id, _)| **id != from && known.is_none_or(|known| known == **id))
            .filter(|(_, port)| write(&port.device, frame).is_err())
            .count();
        self.count(|counters| counters.refused += refused as u64);
    }

    fn count(&self, change: impl FnOnce(&mut super::SwitchCounters)) {
        change(
            &mut self
                .shared
                .counters
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

fn mac(frame: &[u8], at: usize) -> Option<Mac> {
    frame.get(at..at + 6)?.try_into().ok()
}

/// Complements one payload octet and makes the UDP checksum right again.
fn corrupt(frame: &mut [u8], offset: usize) {
    let packet = frame.get_mut(ETHERNET_HEADER..).unwrap_or_default();
    let Some(flow) = Flow::of(packet) else { return };
    let length = (flow.total - flow.payload()).max(1);
    if let Some(octet) = packet.get_mut(flow.payload() + offset % length) {
        *octet = !*octet;
    }
    set_udp_checksum(packet);
}

fn remark(fate: Fate) -> Option<String> {
    match fate {
        Fate::Deliver => None,
        Fate::Drop => Some("lost by the wire".to_owned()),
        Fate::Duplicate => Some("delivered twice by the wire".to_owned()),
        Fate::Delay(milliseconds) => Some(format!("delayed {milliseconds} ms by the wire")),
        Fate::Reorder => Some("overtaken on the wire".to_owned()),
        Fate::Corrupt { offset } => Some(format!("damaged by the wire at payload offset {offset}")),
    }
}
