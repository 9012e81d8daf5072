//! The two ends of the data plane in the kernel: a TUN device and a raw socket.
//!
//! Both belong to the network namespace of the thread that opens them and must be
//! opened inside a tokio runtime.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use nix::sys::socket::{SockaddrStorage, recvfrom};
use nix::unistd;
use socket2::{Domain, Protocol, Socket, Type};
use testnet::{netlink, tun};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::config::TunnelConfig;
use super::ip::{ESP, Packet};

/// Octets asked of the kernel for each direction of the raw socket.
const SOCKET_BUFFER: usize = 4 << 20;

/// A TUN device; closing it removes the device and its routes.
#[derive(Debug)]
pub(super) struct Tun {
    device: AsyncFd<OwnedFd>,
}

impl Tun {
    /// Makes the device with its MTU and addresses, and sets it up.
    pub(super) fn open(config: &TunnelConfig) -> testnet::Result<Self> {
        let name = config.name.as_str();
        let device = tun::open_tun(name)?;
        netlink::set_mtu(name, config.mtu)?;
        // Without a link-local address the kernel says nothing on its own into the tunnel; one
        // without IPv6 refuses this and has nothing to say.
        let _ = netlink::no_link_local(name);
        config
            .addresses
            .iter()
            .try_for_each(|(address, prefix)| netlink::add_address(name, *address, *prefix))?;
        netlink::link_up(name)?;
        let device =
            watch(device).map_err(|error| testnet::Error::new(format!("watch {name}"), error))?;
        Ok(Self { device })
    }

    /// Waits for a packet the kernel sends into the tunnel.
    pub(super) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = |device: &OwnedFd| Ok(unistd::read(device, buffer)?);
        self.device.async_io(Interest::READABLE, read).await
    }

    /// Gives the kernel a packet from the tunnel; it is lost when the kernel is busy.
    pub(super) fn write(&self, packet: &[u8]) -> io::Result<()> {
        unistd::write(self.device.get_ref(), packet)?;
        Ok(())
    }
}

/// A raw socket for protocol 50, bound to one of our addresses. The kernel writes the
/// outer header and fragments what is larger than the path.
#[derive(Debug)]
pub(super) struct RawEsp {
    socket: AsyncFd<Socket>,
    /// Type of service the socket sends with at present.
    tos: Mutex<u8>,
}

impl RawEsp {
    /// Opens the socket; it needs CAP_NET_RAW.
    pub(super) fn open(local: IpAddr) -> testnet::Result<Self> {
        let socket = raw_socket(local).and_then(watch);
        let doing = || format!("open a raw ESP socket on {local}");
        let socket = socket.map_err(|error| testnet::Error::new(doing(), error))?;
        Ok(Self {
            socket,
            tos: Mutex::new(0),
        })
    }

    /// Waits for an ESP packet to our address; gives its place in `buffer`, from the SPI on,
    /// and its sender. `None` is a packet that does not hold together.
    pub(super) async fn receive(
        &self,
        buffer: &mut [u8],
    ) -> io::Result<Option<(Range<usize>, IpAddr)>> {
        let read = |socket: &Socket| Ok(recvfrom::<SockaddrStorage>(socket.as_raw_fd(), buffer)?);
        let (length, from) = self.socket.async_io(Interest::READABLE, read).await?;
        let packet = buffer.get(..length).unwrap_or_default();
        Ok(from.and_then(|from| esp_inside(&from, packet)))
    }

    /// Sends a packet that starts with its SPI, with `tos` in the outer header.
    pub(super) async fn send(&self, to: IpAddr, tos: u8, packet: &[u8]) -> io::Result<()> {
        let (v6, to) = (to.is_ipv6(), SocketAddr::new(to, 0).into());
        let send = |socket: &Socket| {
            let mut current = self.tos.lock().unwrap_or_else(PoisonError::into_inner);
            if *current != tos {
                match v6 {
                    true => socket.set_tclass_v6(tos.into())?,
                    false => socket.set_tos_v4(tos.into())?,
                }
                *current = tos;
            }
            socket.send_to(packet, &to)
        };
        self.socket
            .async_io(Interest::WRITABLE, send)
            .await
            .map(drop)
    }
}

/// The kernel hands IPv4 packets over with their header and IPv6 packets without.
fn esp_inside(from: &SockaddrStorage, packet: &[u8]) -> Option<(Range<usize>, IpAddr)> {
    if let Some(from) = from.as_sockaddr_in6() {
        return Some((0..packet.len(), from.ip().into()));
    }
    let outer = Packet::parse(packet).filter(|outer| outer.protocol == ESP)?;
    Some((outer.header..outer.total, outer.source))
}

fn raw_socket(local: IpAddr) -> io::Result<Socket> {
    let domain = match local {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    };
    let protocol = Protocol::from(i32::from(ESP));
    let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::new(local, 0).into())?;
    // The kernel takes less when its limit is lower; that is no error.
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    Ok(socket)
}

/// Registers a descriptor with tokio.
#[allow(unsafe_code)]
fn watch<T: AsRawFd + Into<OwnedFd>>(owner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: a type that turns into an `OwnedFd` owns one open descriptor and gives the
    // same one until it is dropped, and it is dropped only by the `AsyncFd`.
    Ok(unsafe { AsyncFd::register(owner) }?)
}
