//! The way out: from a TUN device into ESP.
//!
//! A packet without an SA waits in a short queue and asks for one; when the queue is
//! full it is dropped. Nothing ever leaves in clear (threat I2).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::config::DataplaneEvent;
use super::ip::Packet;
use super::runtime::{OncePerSecond, Shared};
use super::sad::{Destination, SealError, TunnelId};

/// Packets that wait for an SA at most.
const WAITING: usize = 16;
/// Octets of a packet; the MTU of a device is below.
pub(super) const PACKET: usize = 65_535;
/// After an error of the device, before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// The sending task of one tunnel.
pub(super) struct Outbound {
    shared: Arc<Shared>,
    id: TunnelId,
    waiting: VecDeque<Vec<u8>>,
    sealed: Vec<u8>,
    acquire: OncePerSecond,
}

impl Outbound {
    pub(super) fn new(shared: Arc<Shared>, id: TunnelId) -> Self {
        Self {
            shared,
            id,
            waiting: VecDeque::new(),
            sealed: Vec::new(),
            acquire: OncePerSecond::default(),
        }
    }

    /// Reads and seals until it is aborted.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let Some(tunnel) = shared.tunnels.get(self.id) else {
            return;
        };
        let mut buffer = vec![0; PACKET];
        loop {
            tokio::select! {
                read = tunnel.tun.read(&mut buffer) => match read {
                    Ok(length) => self.packet(buffer.get(..length).unwrap_or_default()).await,
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                () = tunnel.ready.notified() => self.release().await,
            }
        }
    }

    async fn packet(&mut self, packet: &[u8]) {
        // Packets that waited go first.
        self.release().await;
        if self.send(packet).await == Err(SealError::NoSa) {
            self.wait(packet);
        }
    }

    fn wait(&mut self, packet: &[u8]) {
        if self.waiting.len() < WAITING {
            self.waiting.push_back(packet.to_vec());
        } else {
            self.count(|counters| counters.no_sa_drops += 1);
        }
        if let Some(ip) = Packet::parse(packet).filter(|_| self.acquire.ask()) {
            let tunnel = self.shared.sad().name(self.id).to_owned();
            let (source, destination, protocol) = (ip.source, ip.destination, ip.protocol);
            self.shared.tell(DataplaneEvent::Acquire {
                tunnel,
                source,
                destination,
                protocol,
            });
        }
    }

    async fn release(&mut self) {
        while let Some(packet) = self.waiting.pop_front() {
            if self.send(&packet).await == Err(SealError::NoSa) {
                self.waiting.push_front(packet);
                return;
            }
        }
    }

    /// Seals and sends; an error of the kernel is counted, as a lost packet would be.
    async fn send(&mut self, packet: &[u8]) -> Result<(), SealError> {
        let destination = {
            let mut sad = self.shared.sad();
            let sealed = sad.seal(self.id, packet, &mut self.sealed, self.shared.now());
            self.shared.note_expired(&sad);
            sealed?
        };
        if self.transmit(destination).await.is_err() {
            self.count(|counters| counters.io_errors += 1);
        }
        if let Some(spi) = super::esp::spi_of(&self.sealed).filter(|_| destination.tell) {
            let tunnel = self.shared.sad().name(self.id).to_owned();
            self.shared.tell(DataplaneEvent::Sent { tunnel, spi });
        }
        Ok(())
    }

    async fn transmit(&self, to: Destination) -> io::Result<()> {
        match (to.encap, &self.shared.udp, self.shared.tunnels.get(self.id)) {
            (Some((_, port)), Some(udp), _) => {
                udp(to.local, SocketAddr::new(to.remote, port), &self.sealed)
            }
            (None, _, Some(tunnel)) => tunnel.raw.send(to.remote, to.tos, &self.sealed).await,
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn count(&self, change: impl FnOnce(&mut super::counters::TunnelCounters)) {
        self.shared.sad().tunnel_counters(self.id).map(change);
    }
}
