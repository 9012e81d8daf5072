//! The way in: from ESP, plain or in UDP, into a TUN device.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::config::{DataplaneEvent, Direction};
use super::device::RawEsp;
use super::moves::Moves;
use super::runtime::{OncePerSecond, Shared};
use super::sad::{Delivery, OpenError};
use super::tunnel::PACKET;

/// After an error of the socket, before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// Datagrams the IKE side found to be ESP, and where they came from.
pub(super) type UdpReceiver = mpsc::Receiver<(SocketAddr, Bytes)>;

/// Receives plain ESP until it is aborted.
pub(super) async fn plain(shared: Arc<Shared>, raw: Arc<RawEsp>) {
    let mut inbound = Inbound::new(shared);
    let mut buffer = vec![0; PACKET];
    loop {
        match raw.receive(&mut buffer).await {
            Ok(Some((place, from))) => {
                let packet = buffer.get_mut(place).unwrap_or_default();
                inbound.packet(packet, SocketAddr::new(from, 0));
            }
            Ok(None) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// A tunnel and an inbound SPI of it that is to go.
pub(super) type Removal = (String, u32);

/// Receives ESP in UDP until the IKE side has no more. An SA that goes takes what came before: the
/// message that deletes it may be worked on first.
pub(super) async fn in_udp(
    shared: Arc<Shared>,
    mut receiver: UdpReceiver,
    mut removals: mpsc::UnboundedReceiver<Removal>,
) {
    let mut inbound = Inbound::new(Arc::clone(&shared));
    while let Some(next) = next(&mut receiver, &mut removals).await {
        match next {
            Next::Datagram(arrived) => inbound.datagram(arrived),
            Next::Removal(before, (tunnel, spi)) => {
                before
                    .into_iter()
                    .for_each(|arrived| inbound.datagram(arrived));
                shared.sad().remove(&tunnel, Direction::Inbound, spi);
            }
        }
    }
}

type Arrived = (SocketAddr, Bytes);

/// What is to be done next.
enum Next {
    /// A datagram of ESP.
    Datagram(Arrived),
    /// What arrived before an SA was to go, and which one.
    Removal(Vec<Arrived>, Removal),
}

/// `None` when no more datagrams can come.
async fn next(
    receiver: &mut UdpReceiver,
    removals: &mut mpsc::UnboundedReceiver<Removal>,
) -> Option<Next> {
    tokio::select! {
        arrived = receiver.recv() => arrived.map(Next::Datagram),
        Some(removal) = removals.recv() => {
            let queued = (0..receiver.len()).map_while(|_| receiver.try_recv().ok());
            Some(Next::Removal(queued.collect(), removal))
        }
    }
}

/// The receiving half of the data plane.
struct Inbound {
    shared: Arc<Shared>,
    invalid_spi: OncePerSecond,
    moves: Moves,
}

impl Inbound {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            invalid_spi: OncePerSecond::default(),
            moves: Moves::default(),
        }
    }

    fn datagram(&mut self, (from, datagram): (SocketAddr, Bytes)) {
        let mut packet = datagram
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        self.packet(&mut packet, from);
    }

    fn packet(&mut self, packet: &mut [u8], from: SocketAddr) {
        let opened = {
            let mut sad = self.shared.sad();
            let opened = sad.open(packet, self.shared.now());
            self.shared.note_expired(&sad);
            opened
        };
        match opened {
            Ok(delivery) => {
                self.deliver(
                    packet.get(delivery.inner.clone()).unwrap_or_default(),
                    &delivery,
                );
                self.notice_life(packet, &delivery);
                self.notice_move(packet, &delivery, from);
            }
            Err(OpenError::UnknownSpi(Some(spi))) if self.invalid_spi.ask() => {
                self.shared.tell(DataplaneEvent::InvalidSpi { spi, from });
            }
            // Counted where it was found.
            Err(_) => {}
        }
    }

    fn deliver(&self, inner: &[u8], delivery: &Delivery) {
        let tunnel = self.shared.tunnels.get(delivery.tunnel);
        if tunnel.is_some_and(|tunnel| tunnel.tun.write(inner).is_err()) {
            let mut sad = self.shared.sad();
            sad.tunnel_counters(delivery.tunnel)
                .into_iter()
                .for_each(|counters| counters.io_errors += 1);
        }
    }

    /// An authentic packet is a sign of life, whatever its place among the others.
    fn notice_life(&self, packet: &[u8], delivery: &Delivery) {
        if let Some(spi) = super::esp::spi_of(packet).filter(|_| delivery.tell) {
            self.shared.tell(DataplaneEvent::Alive { spi });
        }
    }

    /// Only an authentic packet newer than all before it may move the peer (threat H7).
    fn notice_move(&mut self, packet: &[u8], delivery: &Delivery, from: SocketAddr) {
        let (remote, Some(port)) = delivery.remote else {
            return;
        };
        let elsewhere = from.port() != 0 && from != SocketAddr::from((remote, port));
        if !elsewhere || !delivery.newest {
            return;
        }
        let spi = super::esp::spi_of(packet).unwrap_or_default();
        if self.moves.ask(Instant::now(), spi, from) {
            let tunnel = self.shared.sad().name(delivery.tunnel).to_owned();
            self.shared
                .tell(DataplaneEvent::PeerMoved { tunnel, spi, from });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7296 1.4.1: a DELETE is worked on beside the ESP that came before it, and must not overtake it.
    #[tokio::test]
    async fn an_sa_that_goes_takes_what_came_before() {
        for _ in 0..50 {
            let (datagrams, mut receiver) = mpsc::channel(8);
            let (remove, mut removals) = mpsc::unbounded_channel();
            let from = SocketAddr::from(([192, 0, 2, 1], 4500));
            for number in 0..3_u8 {
                datagrams
                    .try_send((from, Bytes::from(vec![number])))
                    .unwrap();
            }
            remove.send(("Tunnel1".to_owned(), 7)).unwrap();
            let mut seen = Vec::new();
            let removed = loop {
                match next(&mut receiver, &mut removals).await.unwrap() {
                    Next::Datagram((_, datagram)) => seen.push(datagram[0]),
                    Next::Removal(before, removal) => {
                        seen.extend(before.iter().map(|(_, datagram)| datagram[0]));
                        break removal;
                    }
                }
            };
            assert_eq!(seen, [0, 1, 2]);
            assert_eq!(removed.1, 7);
        }
    }
}
