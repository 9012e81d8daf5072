//! UDP 500 and 4500 on every address of the configuration (RFC 2408 2.5.1, RFC 3948).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ike_core::config::{Interface, RunningConfig};
use ike_core::sa::action::Transmit;
use ike_core::sa::natt::{IKE_PORT, NAT_PORT};
use ike_wire::natt::{KEEPALIVE, Udp4500, mark};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::dataplane::config::{UdpPath, UdpSender};

/// Datagrams that wait for the engine; more are dropped, newest first (B18).
const QUEUE: usize = 1024;
/// Largest datagram.
const MAX_DATAGRAM: usize = 65_535;

/// A received IKE datagram.
pub(super) struct Received {
    /// Our end.
    pub local: SocketAddr,
    /// The sender.
    pub remote: SocketAddr,
    /// The ISAKMP message, or a keepalive.
    pub bytes: Bytes,
}

/// Every socket of the daemon.
pub(super) struct Sockets {
    by_endpoint: BTreeMap<SocketAddr, Arc<UdpSocket>>,
}

/// What comes out of the sockets.
pub(super) struct Streams {
    /// IKE, for the engine.
    pub ike: mpsc::Receiver<Received>,
    /// ESP in UDP, for the data plane.
    pub esp: UdpPath,
}

impl Sockets {
    /// Binds both ports on every local IKE address and starts reading.
    ///
    /// # Errors
    /// A port is taken or forbidden; the text names it and the way out.
    pub(super) async fn open(config: &RunningConfig) -> Result<(Self, Streams), String> {
        let (ike_in, ike) = mpsc::channel(QUEUE);
        let (esp_in, esp) = mpsc::channel(QUEUE);
        let mut by_endpoint = BTreeMap::new();
        for address in local_addresses(config) {
            for port in [IKE_PORT, NAT_PORT] {
                let local = SocketAddr::new(address, port);
                let socket = Arc::new(bind(local).await?);
                tokio::spawn(read(socket.clone(), local, ike_in.clone(), esp_in.clone()));
                by_endpoint.insert(local, socket);
            }
        }
        let esp = UdpPath {
            sender: esp_sender(&by_endpoint),
            receiver: esp,
        };
        Ok((Self { by_endpoint }, Streams { ike, esp }))
    }

    /// Sends a datagram now, with the non-ESP marker from port 4500 (RFC 3948 2.2). What the
    /// kernel does not take is lost, as on any network.
    pub(super) fn send(&self, transmit: &Transmit) {
        let Some(socket) = self.by_endpoint.get(&transmit.local) else {
            return;
        };
        let _ = match transmit.local.port() {
            NAT_PORT => socket.try_send_to(&mark(&transmit.bytes), transmit.remote),
            _ => socket.try_send_to(&transmit.bytes, transmit.remote),
        };
    }

    /// Sends a NAT keepalive (RFC 3948 2.3).
    pub(super) fn keepalive(&self, local: SocketAddr, remote: SocketAddr) {
        if let Some(socket) = self.by_endpoint.get(&local) {
            let _ = socket.try_send_to(&KEEPALIVE, remote);
        }
    }
}

/// The addresses IKE runs on: every interface that is neither tunnel nor loopback.
fn local_addresses(config: &RunningConfig) -> Vec<IpAddr> {
    let physical = |name: &str| !name.starts_with("Tunnel") && !name.starts_with("Loopback");
    let usable = config.interfaces.iter();
    let mut out: Vec<IpAddr> = usable
        .filter(|i| physical(&i.name) && !i.shutdown)
        .flat_map(Interface::addresses)
        .map(|(address, _)| address)
        .collect();
    out.sort();
    out.dedup();
    out
}

async fn bind(local: SocketAddr) -> Result<UdpSocket, String> {
    UdpSocket::bind(local).await.map_err(|e| {
        let hint = match e.kind() {
            std::io::ErrorKind::AddrInUse => "another IKE daemon has it; stop that one first",
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need CAP_NET_BIND_SERVICE; `ikd lab` needs none"
            }
            std::io::ErrorKind::AddrNotAvailable => {
                "no device of this machine has the address; add it, or correct `ip address` or `ipv6 address`"
            }
            _ => "see the error",
        };
        format!("UDP {local}: {e} ({hint})")
    })
}

async fn read(
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    ike: mpsc::Sender<Received>,
    esp: mpsc::Sender<(SocketAddr, Bytes)>,
) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let (length, remote) = match socket.recv_from(&mut buffer).await {
            // An endpoint is address and port; flow label and scope of IPv6 do not count.
            Ok((length, from)) => (length, SocketAddr::new(from.ip(), from.port())),
            // ICMP errors surface here; the socket itself goes on, but never in a busy loop.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let bytes = Bytes::copy_from_slice(&buffer[..length]);
        if local.port() == NAT_PORT {
            match Udp4500::decode(bytes) {
                Ok(Udp4500::Ike(bytes)) => drop(ike.try_send(Received {
                    local,
                    remote,
                    bytes,
                })),
                Ok(Udp4500::Esp(bytes)) => drop(esp.try_send((remote, bytes))),
                // The engine has no use for it; the capture shows it.
                Ok(Udp4500::Keepalive) => drop(ike.try_send(Received {
                    local,
                    remote,
                    bytes: Bytes::from_static(&KEEPALIVE),
                })),
                Err(_) => {}
            }
        } else {
            drop(ike.try_send(Received {
                local,
                remote,
                bytes,
            }));
        }
    }
}

/// Sends ESP in UDP from port 4500 of the address the SA has.
fn esp_sender(sockets: &BTreeMap<SocketAddr, Arc<UdpSocket>>) -> UdpSender {
    let sockets = sockets.clone();
    Arc::new(
        move |from, to, packet| match sockets.get(&SocketAddr::new(from, NAT_PORT)) {
            Some(socket) => socket.try_send_to(packet, to).map(drop),
            None => Err(std::io::ErrorKind::NotConnected.into()),
        },
    )
}
