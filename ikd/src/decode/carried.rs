//! What a UDP datagram of the ports of IKE carries.

use bytes::Bytes;
use ike_wire::DecodeError;
use ike_wire::natt::{KEEPALIVE, Udp4500};

use super::link::Datagram;

/// What a datagram is.
pub(crate) enum Carried {
    /// An IKE message, without the non-ESP marker of port 4500.
    Ike(Bytes),
    /// An octet that keeps a NAT's mapping.
    Keepalive,
    /// ESP in UDP.
    Esp,
    /// Not on a port of IKE.
    Other,
    /// On port 4500, and none of what may be there.
    Unreadable(DecodeError),
}

/// The port says how to read a datagram: the receiver's if it is one of IKE, else the sender's.
pub(crate) fn carried(datagram: &Datagram<'_>) -> Carried {
    let payload = datagram.payload;
    match port(datagram) {
        None => Carried::Other,
        _ if payload == KEEPALIVE => Carried::Keepalive,
        Some(500) => Carried::Ike(Bytes::copy_from_slice(payload)),
        Some(_) => match Udp4500::decode(Bytes::copy_from_slice(payload)) {
            Ok(Udp4500::Ike(message)) => Carried::Ike(message),
            Ok(Udp4500::Keepalive) => Carried::Keepalive,
            Ok(Udp4500::Esp(_)) => Carried::Esp,
            Err(error) => Carried::Unreadable(error),
        },
    }
}

fn port(datagram: &Datagram<'_>) -> Option<u16> {
    [datagram.destination.port(), datagram.source.port()]
        .into_iter()
        .find(|port| [500, 4500].contains(port))
}
