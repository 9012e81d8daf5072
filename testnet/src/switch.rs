//! A userspace Ethernet switch: one thread that polls its ports, learns addresses,
//! and treats IP packets as its fault plan says.
//!
//! A port is a descriptor that gives and takes one frame per call: a TAP device or one
//! end of a packet socket pair ([`Switch::plug`]). ARP and neighbour discovery are never harmed,
//! so a lossy wire does not turn into a mute one.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::write;

use crate::capture::Capture;
use crate::error::{Doing, Error, Result};
use crate::faults::{FaultPlan, Faults};

mod engine;

use engine::{Command, Engine};

/// A learning switch. Dropping it stops its thread and pulls every port.
#[derive(Debug)]
pub struct Switch {
    name: String,
    shared: Arc<Shared>,
    waker: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

/// What a switch has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwitchCounters {
    /// Frames taken from ports.
    pub frames: u64,
    /// IP packets lost by the fault plan.
    pub dropped: u64,
    /// IP packets doubled.
    pub duplicated: u64,
    /// IP packets delayed.
    pub delayed: u64,
    /// IP packets overtaken.
    pub reordered: u64,
    /// IP packets damaged.
    pub corrupted: u64,
    /// Frames a port would not take (its queue was full, or it was down).
    pub refused: u64,
}

/// What the owner tells the thread, and the thread the owner.
#[derive(Debug, Default)]
struct Shared {
    commands: Mutex<Vec<Command>>,
    counters: Mutex<SwitchCounters>,
}

impl Switch {
    /// Starts a switch without ports; `name` is that of its interface in captures.
    ///
    /// # Errors
    /// When its thread or its wake-up socket cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let (waker, woken) = packet_pair().doing(|| format!("make switch {name}"))?;
        let shared = Arc::new(Shared::default());
        let engine = Engine::new(Arc::clone(&shared), woken);
        let thread = thread::Builder::new()
            .name(format!("switch {name}"))
            .spawn(move || engine.run())
            .map_err(|error| Error::new(format!("start switch {name}"), error))?;
        Ok(Self {
            name: name.to_owned(),
            shared,
            waker,
            thread: Some(thread),
        })
    }

    /// The name given to [`Switch::new`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Treats packets by `plan` from now on; its counts start at 0. The default plan
    /// is a perfect wire.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.tell(Command::Faults(Faults::new(plan)));
    }

    /// Treats the packets that enter by `port` by a plan of its own, instead of the
    /// common one. A host's port is named `HOST:INTERFACE`.
    pub fn set_port_faults(&self, port: &str, plan: FaultPlan) {
        self.tell(Command::PortFaults(port.to_owned(), Faults::new(plan)));
    }

    /// Records every IP packet from now on, once, as it enters the switch (damaged
    /// ones as they leave); the comment says what the fault plan did to it.
    ///
    /// # Errors
    /// When the interface cannot be written to the capture.
    pub fn capture(&self, capture: &Capture) -> Result<()> {
        let interface = capture
            .interface(&self.name)
            .doing(|| format!("capture switch {}", self.name))?;
        self.tell(Command::Capture(capture.clone(), interface));
        Ok(())
    }

    /// Adds a port: a non-blocking descriptor, one Ethernet frame per read and write.
    ///
    /// # Errors
    /// None at present; a port that fails is pulled.
    pub fn add_port(&self, name: &str, port: OwnedFd) -> Result<()> {
        self.tell(Command::AddPort(name.to_owned(), port));
        Ok(())
    }

    /// Adds a port and gives its other end: a non-blocking packet socket, one frame per
    /// read and write.
    ///
    /// # Errors
    /// When the socket pair cannot be made.
    pub fn plug(&self, name: &str) -> Result<OwnedFd> {
        let (ours, theirs) =
            packet_pair().doing(|| format!("plug {name} into switch {}", self.name))?;
        self.add_port(name, ours)?;
        Ok(theirs)
    }

    /// Pulls the port out: what its host sends is lost, as with a pulled cable.
    pub fn remove_port(&self, name: &str) {
        self.tell(Command::RemovePort(name.to_owned()));
    }

    /// What the switch has done so far.
    pub fn counters(&self) -> SwitchCounters {
        *self
            .shared
            .counters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, command: Command) {
        self.shared
            .commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(command);
        // A full wake-up queue means that the thread is about to look anyway.
        let _ = write(&self.waker, &[1]);
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.tell(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, the switch is gone all the same.
            let _ = thread.join();
        }
    }
}

/// Two ends that keep packet borders and notice when the other is closed.
pub(crate) fn packet_pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)
}
