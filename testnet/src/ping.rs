//! ICMP echo (RFC 792) from the network namespace of the calling thread.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, bind, recv, sendto,
    setsockopt, socket,
};
use nix::sys::time::TimeVal;

use crate::error::{Doing, Result};
use crate::packet::{Flow, be16, checksum, put16};

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;
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
    source: Ipv4Addr,
    destination: Ipv4Addr,
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

fn open(source: Ipv4Addr) -> io::Result<OwnedFd> {
    let (flags, icmp) = (SockFlag::SOCK_CLOEXEC, SockProtocol::Icmp);
    let socket = socket(AddressFamily::Inet, SockType::Raw, flags, icmp)?;
    let [a, b, c, d] = source.octets();
    bind(socket.as_raw_fd(), &SockaddrIn::new(a, b, c, d, 0))?;
    Ok(socket)
}

/// One request and its reply; `None` when none came in time.
fn echo(
    socket: &OwnedFd,
    destination: Ipv4Addr,
    sequence: u16,
    timeout: Duration,
) -> io::Result<Option<Duration>> {
    let started = Instant::now();
    if !send(socket, destination, &request(socket, sequence))? {
        return Ok(None);
    }
    let mut buffer = [0; 2048];
    while let Some(left) = timeout
        .checked_sub(started.elapsed())
        .filter(|left| !left.is_zero())
    {
        match receive(socket, &mut buffer, left)? {
            Some(packet) if is_reply(packet, socket, destination, sequence) => {
                return Ok(Some(started.elapsed()));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Whether it could be sent; no route to the destination counts as a lost request.
fn send(socket: &OwnedFd, destination: Ipv4Addr, message: &[u8]) -> io::Result<bool> {
    let [a, b, c, d] = destination.octets();
    match sendto(
        socket.as_raw_fd(),
        message,
        &SockaddrIn::new(a, b, c, d, 0),
        MsgFlags::empty(),
    ) {
        Ok(_) => Ok(true),
        Err(Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENOBUFS | Errno::ENETDOWN) => {
            Ok(false)
        }
        Err(errno) => Err(errno.into()),
    }
}

fn receive<'a>(
    socket: &OwnedFd,
    buffer: &'a mut [u8],
    left: Duration,
) -> io::Result<Option<&'a [u8]>> {
    let microseconds = left.as_micros().max(1) as i64;
    let limit = TimeVal::new(microseconds / 1_000_000, microseconds % 1_000_000);
    setsockopt(socket, ReceiveTimeout, &limit)?;
    match recv(socket.as_raw_fd(), buffer, MsgFlags::empty()) {
        Ok(length) => Ok(buffer.get(..length)),
        Err(Errno::EAGAIN | Errno::EINTR | Errno::EHOSTUNREACH) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn request(socket: &OwnedFd, sequence: u16) -> Vec<u8> {
    let mut message = vec![ECHO_REQUEST, 0, 0, 0];
    message.extend(identifier(socket).to_be_bytes());
    message.extend(sequence.to_be_bytes());
    message.extend((0..PAYLOAD).map(|octet| octet as u8));
    let value = checksum(&[&message]);
    put16(&mut message, 2, value);
    message
}

fn is_reply(packet: &[u8], socket: &OwnedFd, destination: Ipv4Addr, sequence: u16) -> bool {
    let Some(flow) = Flow::of(packet).filter(|flow| flow.source == destination) else {
        return false;
    };
    let message = packet.get(flow.header..flow.total).unwrap_or_default();
    message.first() == Some(&ECHO_REPLY)
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
