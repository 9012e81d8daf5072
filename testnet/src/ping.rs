//! ICMP echo (RFC 792, RFC 4443) from the network namespace of the calling thread.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, recvfrom,
    sendto, setsockopt, socket,
};
use nix::sys::time::TimeVal;

use crate::error::{Doing, Result};
use crate::packet::{Flow, be16, checksum, put16};

/// Types of a request and of its reply.
const ECHO: [u8; 2] = [8, 0];
const ECHO_V6: [u8; 2] = [128, 129];
const PAYLOAD: usize = 56;

/// What came of a ping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PingReport {
    /// Requests sent, or refused by the kernel for want of a route.
    pub sent: u32,
    /// Replies that came in time.
    pub received: u32,
    /// Round trip of each reply.
    pub rtts: Vec<Duration>,
}

/// As [`Host::ping`](crate::Host::ping), in the namespace of the calling thread.
///
/// # Errors
/// When the raw socket or the source address is refused.
pub fn ping(
    source: IpAddr,
    destination: IpAddr,
    count: u32,
    timeout: Duration,
) -> Result<PingReport> {
    let doing = || format!("ping {destination} from {source}");
    let socket = open(source).doing(doing)?;
    let mut report = PingReport::default();
    for sequence in 0..count {
        report.sent += 1;
        let reply = echo(&socket, destination, sequence as u16, timeout).doing(doing)?;
        report.received += u32::from(reply.is_some());
        report.rtts.extend(reply);
    }
    Ok(report)
}

fn open(source: IpAddr) -> io::Result<OwnedFd> {
    let (family, protocol) = match source {
        IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp),
        IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6),
    };
    let socket = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
    bind(socket.as_raw_fd(), &raw(source))?;
    Ok(socket)
}

/// One request and its reply; `None` when none came in time.
fn echo(
    socket: &OwnedFd,
    destination: IpAddr,
    sequence: u16,
    timeout: Duration,
) -> io::Result<Option<Duration>> {
    let started = Instant::now();
    if !send(socket, destination, &request(socket, destination, sequence))? {
        return Ok(None);
    }
    let mut buffer = [0; 2048];
    while let Some(left) = timeout
        .checked_sub(started.elapsed())
        .filter(|left| !left.is_zero())
    {
        match receive(socket, &mut buffer, left)? {
            Some((from, message))
                if from == destination && is_reply(message, socket, destination, sequence) =>
            {
                return Ok(Some(started.elapsed()));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Whether it could be sent; no route to the destination counts as a lost request.
fn send(socket: &OwnedFd, destination: IpAddr, message: &[u8]) -> io::Result<bool> {
    let to = raw(destination);
    match sendto(socket.as_raw_fd(), message, &to, MsgFlags::empty()) {
        Ok(_) => Ok(true),
        Err(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENOBUFS | Errno::ENETDOWN) => {
            Ok(false)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// A message and its sender.
fn receive<'a>(
    socket: &OwnedFd,
    buffer: &'a mut [u8],
    left: Duration,
) -> io::Result<Option<(IpAddr, &'a [u8])>> {
    let microseconds = left.as_micros().max(1) as i64;
    let limit = TimeVal::new(microseconds / 1_000_000, microseconds % 1_000_000);
    setsockopt(socket, ReceiveTimeout, &limit)?;
    match recvfrom::<SockaddrStorage>(socket.as_raw_fd(), buffer) {
        Ok((length, from)) => Ok(from.and_then(|from| {
            let from = address_of(&from)?;
            Some((from, message_of(from, buffer.get(..length)?)?))
        })),
        Err(Errno::EAGAIN | Errno::EINTR | Errno::EHOSTUNREACH) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn raw(address: IpAddr) -> SockaddrStorage {
    SockaddrStorage::from(SocketAddr::new(address, 0))
}

fn address_of(from: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = from.as_sockaddr_in().map(|from| IpAddr::V4(from.ip()));
    v4.or_else(|| from.as_sockaddr_in6().map(|from| IpAddr::V6(from.ip())))
}

/// The kernel hands over IPv4 packets with their header and IPv6 packets without.
fn message_of(from: IpAddr, packet: &[u8]) -> Option<&[u8]> {
    match from {
        IpAddr::V4(_) => Flow::of(packet).and_then(|flow| packet.get(flow.header..flow.total)),
        IpAddr::V6(_) => Some(packet),
    }
}

fn types(destination: IpAddr) -> [u8; 2] {
    match destination {
        IpAddr::V4(_) => ECHO,
        IpAddr::V6(_) => ECHO_V6,
    }
}

/// The kernel fills in the checksum of ICMPv6.
fn request(socket: &OwnedFd, destination: IpAddr, sequence: u16) -> Vec<u8> {
    let mut message = vec![types(destination)[0], 0, 0, 0];
    message.extend(identifier(socket).to_be_bytes());
    message.extend(sequence.to_be_bytes());
    message.extend((0..PAYLOAD).map(|octet| octet as u8));
    let value = checksum(&[&message]);
    put16(&mut message, 2, value);
    message
}

fn is_reply(message: &[u8], socket: &OwnedFd, destination: IpAddr, sequence: u16) -> bool {
    message.first() == Some(&types(destination)[1])
        && be16(message, 4) == Some(identifier(socket))
        && be16(message, 6) == Some(sequence)
        && message.len() == 8 + PAYLOAD
}

/// Tells apart pings of one process, and of several.
fn identifier(socket: &OwnedFd) -> u16 {
    (std::process::id() as u16)
        .wrapping_mul(64)
        .wrapping_add(socket.as_raw_fd() as u16)
}
