//! The data plane at work on tokio: start, handle, timer.
//!
//! One task per tunnel reads its TUN device and seals; one task per local address
//! receives plain ESP and one ESP in UDP; one task watches lifetimes. They share the
//! security associations behind one lock that is never held across an `await`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ike_core::policy::address::width;
use testnet::netlink;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::config::{Config, DataplaneError, DataplaneEvent, Direction, SaSpec, UdpSender};
use super::counters::Counters;
use super::device::{RawEsp, Tun};
use super::inbound;
use super::sad::{Endpoints, Sad};
use super::tunnel::Outbound;

const EVENTS: usize = 256;

/// The userspace data plane.
#[derive(Debug)]
pub struct Dataplane;

impl Dataplane {
    /// Makes the devices, addresses and routes of `config` in the network namespace of
    /// the calling thread, and starts the tasks; call it inside a tokio runtime with
    /// time and I/O. Everything stops, and the devices go, with the last [`Handle`];
    /// loopback addresses stay.
    ///
    /// # Errors
    /// [`DataplaneError::Network`] saying which device, address, socket or route;
    /// [`DataplaneError::TwoFamilies`].
    pub fn start(
        config: Config,
    ) -> Result<(Handle, mpsc::Receiver<DataplaneEvent>), DataplaneError> {
        config
            .loopbacks
            .iter()
            .try_for_each(|address| netlink::add_address("lo", *address, width(*address)))?;
        let (tunnels, sockets) = open(&config)?;
        for route in &config.routes {
            netlink::add_route(
                route.destination,
                route.prefix,
                route.via,
                route.device.as_deref(),
            )?;
        }
        let (sender, receiver) = config.udp.map(|udp| (udp.sender, udp.receiver)).unzip();
        let (removals, to_remove) = mpsc::unbounded_channel();
        let (events, told) = mpsc::channel(EVENTS);
        let shared = Arc::new(Shared {
            sad: Mutex::new(Sad::new(&config.tunnels)),
            started: Instant::now(),
            tunnels,
            udp: sender,
            removals,
            events,
            lifetimes: Notify::new(),
        });
        let tasks = spawn(&shared, sockets, receiver.map(|udp| (udp, to_remove)));
        Ok((
            Handle {
                shared,
                _tasks: Arc::new(tasks),
            },
            told,
        ))
    }
}

/// One tunnel interface at work.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) tun: Tun,
    pub(super) raw: Arc<RawEsp>,
    /// An SA to send with has come.
    pub(super) ready: Notify,
}

type Sockets = BTreeMap<IpAddr, Arc<RawEsp>>;

/// A TUN device per tunnel, and a raw socket per tunnel source.
fn open(config: &Config) -> Result<(Vec<Tunnel>, Sockets), DataplaneError> {
    let mut sockets = Sockets::new();
    let mut tunnels = Vec::new();
    for tunnel in &config.tunnels {
        if tunnel.source.is_ipv4() != tunnel.destination.is_ipv4() {
            return Err(DataplaneError::TwoFamilies(tunnel.name.clone()));
        }
        let raw = match sockets.get(&tunnel.source) {
            Some(raw) => Arc::clone(raw),
            None => Arc::new(RawEsp::open(tunnel.source)?),
        };
        sockets.insert(tunnel.source, Arc::clone(&raw));
        tunnels.push(Tunnel {
            tun: Tun::open(tunnel)?,
            raw,
            ready: Notify::new(),
        });
    }
    Ok((tunnels, sockets))
}

/// ESP in UDP, and the SAs that go when what came before is done.
type InUdp = (
    inbound::UdpReceiver,
    mpsc::UnboundedReceiver<inbound::Removal>,
);

fn spawn(shared: &Arc<Shared>, sockets: Sockets, udp: Option<InUdp>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for id in 0..shared.tunnels.len() {
        tasks.spawn(Outbound::new(Arc::clone(shared), id).run());
    }
    for raw in sockets.into_values() {
        tasks.spawn(inbound::plain(Arc::clone(shared), raw));
    }
    if let Some((receiver, to_remove)) = udp {
        tasks.spawn(inbound::in_udp(Arc::clone(shared), receiver, to_remove));
    }
    tasks.spawn(watch_lifetimes(Arc::clone(shared)));
    tasks
}

/// Controls a running data plane; clones control the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    _tasks: Arc<JoinSet<()>>,
}

impl Handle {
    /// Takes an SA into use. With an outbound one, waiting packets leave at once.
    ///
    /// # Errors
    /// [`DataplaneError`] about the tunnel, the SPI, the suite, its keys, or UDP.
    pub fn install(&self, spec: &SaSpec) -> Result<(), DataplaneError> {
        if spec.encap.is_some() && self.shared.udp.is_none() {
            return Err(DataplaneError::NoUdpPath);
        }
        let id = self.shared.sad().install(spec, self.shared.now())?;
        if let Some(tunnel) = self
            .shared
            .tunnels
            .get(id)
            .filter(|_| spec.direction == Direction::Outbound)
        {
            tunnel.ready.notify_one();
        }
        self.shared.lifetimes.notify_one();
        Ok(())
    }

    /// Takes an SA out of use; false when there is none such. The SPI of an outbound SA
    /// is the peer's, so the same number may be in use in both directions.
    pub fn remove(&self, tunnel: &str, direction: Direction, spi: u32) -> bool {
        self.shared.sad().remove(tunnel, direction, spi)
    }

    /// Takes an inbound SA out of use as soon as the packets are done that the IKE side has passed on
    /// before; at once where none come from there.
    pub fn remove_behind(&self, tunnel: &str, spi: u32) {
        if self.shared.removals.send((tunnel.to_owned(), spi)).is_err() {
            self.remove(tunnel, Direction::Inbound, spi);
        }
    }

    /// Takes every SA of a tunnel out of use; nothing leaves in clear thereafter.
    pub fn flush(&self, tunnel: &str) {
        self.shared.sad().flush(tunnel);
    }

    /// Sends to another endpoint from now on: the peer moved (MOBIKE, a NAT rebinding).
    /// A `port` means UDP encapsulation.
    pub fn set_endpoint(&self, tunnel: &str, remote: IpAddr, port: Option<u16>) {
        self.shared.sad().set_endpoint(tunnel, remote, port);
    }

    /// Carries both directions of a pair between other endpoints: the peer moved and has shown that it
    /// receives there (RFC 4555 3.5).
    pub fn relocate(&self, tunnel: &str, (spi_in, spi_out): (u32, u32), to: Endpoints) {
        let mut sad = self.shared.sad();
        sad.relocate(tunnel, Direction::Inbound, spi_in, to);
        sad.relocate(tunnel, Direction::Outbound, spi_out, to);
    }

    /// Everything counted so far.
    pub fn counters(&self) -> Counters {
        self.shared.sad().counters(self.shared.now())
    }
}

/// What the tasks and the handles share.
pub(super) struct Shared {
    sad: Mutex<Sad>,
    started: Instant,
    pub(super) tunnels: Vec<Tunnel>,
    pub(super) udp: Option<UdpSender>,
    /// Inbound SAs that go; nobody receives where there is no ESP in UDP.
    removals: mpsc::UnboundedSender<inbound::Removal>,
    pub(super) events: mpsc::Sender<DataplaneEvent>,
    /// Lifetimes have to be looked at again.
    lifetimes: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("tunnels", &self.tunnels.len())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn sad(&self) -> MutexGuard<'_, Sad> {
        self.sad.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells what can be told again later; it is lost when nobody listens fast enough.
    pub(super) fn tell(&self, event: DataplaneEvent) {
        let _ = self.events.try_send(event);
    }

    /// Wakes the lifetime task when a packet has brought an SA to a limit.
    pub(super) fn note_expired(&self, sad: &Sad) {
        if sad.has_expired() {
            self.lifetimes.notify_one();
        }
    }
}

/// Ends SAs in time and reports; these events wait for the listener and are not lost.
async fn watch_lifetimes(shared: Arc<Shared>) {
    loop {
        let (expired, deadline) = look_at_lifetimes(&shared);
        for event in expired {
            // Without a listener the SAs still end.
            let _ = shared.events.send(event).await;
        }
        let pause = deadline.map_or(Duration::from_secs(3600), |at| {
            at.saturating_sub(shared.now())
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.lifetimes.notified() => {}
        }
    }
}

fn look_at_lifetimes(shared: &Shared) -> (Vec<DataplaneEvent>, Option<Duration>) {
    let now = shared.now();
    let mut sad = shared.sad();
    sad.expire(now);
    let event = |(hard, expired)| match hard {
        true => DataplaneEvent::HardExpire(expired),
        false => DataplaneEvent::SoftExpire(expired),
    };
    let events = sad.take_expired().into_iter().map(event).collect();
    (events, sad.next_deadline(now))
}

/// Lets something through at most once a second.
#[derive(Debug, Default)]
pub(super) struct OncePerSecond(Option<Instant>);

impl OncePerSecond {
    pub(super) fn ask(&mut self) -> bool {
        let due = self
            .0
            .is_none_or(|last| last.elapsed() >= Duration::from_secs(1));
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}
