//! Links, addresses and routes through a netlink socket (rtnetlink(7)), synchronously.
//!
//! Every function acts in the network namespace of the calling thread, waits for the
//! kernel's acknowledgement and says in its error what was asked and, where the kernel
//! explains itself (extended acknowledgement), why it refused.

use std::io;
use std::net::Ipv4Addr;

use nix::net::if_::if_nametoindex;

use crate::error::{Doing, Result};

mod message;

use message::Message;

const REPLACE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16;
const AF_INET: u8 = libc::AF_INET as u8;

/// Sets the interface `name` up.
///
/// # Errors
/// No such interface, or no CAP_NET_ADMIN in this network namespace.
pub fn link_up(name: &str) -> Result<()> {
    set_flags(name, libc::IFF_UP as u32).doing(|| format!("set link {name} up"))
}

/// Sets the interface `name` down.
///
/// # Errors
/// As [`link_up`].
pub fn link_down(name: &str) -> Result<()> {
    set_flags(name, 0).doing(|| format!("set link {name} down"))
}

/// Sets the MTU of the interface `name`, in octets.
///
/// # Errors
/// As [`link_up`]; an MTU the device does not accept.
pub fn set_mtu(name: &str, mtu: u32) -> Result<()> {
    link_message(name, 0, 0)
        .and_then(|message| {
            message
                .attribute(libc::IFLA_MTU, &mtu.to_ne_bytes())
                .transact()
        })
        .doing(|| format!("set link {name} mtu {mtu}"))
}

/// Gives the interface `name` the address `address`/`prefix` (0 to 32).
/// Giving an address it already has is no error.
///
/// # Errors
/// As [`link_up`]; a prefix above 32.
pub fn add_address(name: &str, address: Ipv4Addr, prefix: u8) -> Result<()> {
    address_message(libc::RTM_NEWADDR, REPLACE, name, address, prefix)
        .and_then(Message::transact)
        .doing(|| format!("add address {address}/{prefix} to {name}"))
}

/// Takes the address `address`/`prefix` from the interface `name`.
///
/// # Errors
/// As [`link_up`]; the interface does not have the address.
pub fn delete_address(name: &str, address: Ipv4Addr, prefix: u8) -> Result<()> {
    address_message(libc::RTM_DELADDR, 0, name, address, prefix)
        .and_then(Message::transact)
        .doing(|| format!("delete address {address}/{prefix} from {name}"))
}

/// Routes `destination`/`prefix` via the next hop `via`, the interface `device`, or
/// both, in the main table. An equal route is replaced.
///
/// # Errors
/// As [`link_up`]; neither next hop nor interface; a next hop that cannot be reached.
pub fn add_route(
    destination: Ipv4Addr,
    prefix: u8,
    via: Option<Ipv4Addr>,
    device: Option<&str>,
) -> Result<()> {
    route_message(
        libc::RTM_NEWROUTE,
        REPLACE,
        destination,
        prefix,
        via,
        device,
    )
    .and_then(Message::transact)
    .doing(|| format!("add route {}", route_text(destination, prefix, via, device)))
}

/// Removes a route added by [`add_route`] with the same arguments.
///
/// # Errors
/// As [`link_up`]; there is no such route.
pub fn delete_route(
    destination: Ipv4Addr,
    prefix: u8,
    via: Option<Ipv4Addr>,
    device: Option<&str>,
) -> Result<()> {
    route_message(libc::RTM_DELROUTE, 0, destination, prefix, via, device)
        .and_then(Message::transact)
        .doing(|| {
            format!(
                "delete route {}",
                route_text(destination, prefix, via, device)
            )
        })
}

/// Removes the interface `name`.
///
/// # Errors
/// As [`link_up`].
pub fn delete_link(name: &str) -> Result<()> {
    link_message(name, 0, 0)
        .and_then(|message| message.kind(libc::RTM_DELLINK).transact())
        .doing(|| format!("delete link {name}"))
}

fn route_text(
    destination: Ipv4Addr,
    prefix: u8,
    via: Option<Ipv4Addr>,
    device: Option<&str>,
) -> String {
    let via = via.map_or(String::new(), |hop| format!(" via {hop}"));
    let device = device.map_or(String::new(), |name| format!(" dev {name}"));
    format!("{destination}/{prefix}{via}{device}")
}

fn set_flags(name: &str, flags: u32) -> io::Result<()> {
    link_message(name, flags, libc::IFF_UP as u32)?.transact()
}

/// RTM_NEWLINK with a `struct ifinfomsg`: family, pad, type, index, flags, change mask.
fn link_message(name: &str, flags: u32, change: u32) -> io::Result<Message> {
    Ok(Message::new(libc::RTM_NEWLINK, 0)
        .body(&[0; 4])
        .body(&index_of(name)?.to_ne_bytes())
        .body(&flags.to_ne_bytes())
        .body(&change.to_ne_bytes()))
}

/// A `struct ifaddrmsg` (family, prefix length, flags, scope, index) and two attributes.
fn address_message(
    kind: u16,
    flags: u16,
    name: &str,
    address: Ipv4Addr,
    prefix: u8,
) -> io::Result<Message> {
    Ok(Message::new(kind, flags)
        .body(&[AF_INET, prefix, 0, libc::RT_SCOPE_UNIVERSE])
        .body(&index_of(name)?.to_ne_bytes())
        .attribute(libc::IFA_LOCAL, &address.octets())
        .attribute(libc::IFA_ADDRESS, &address.octets()))
}

/// A `struct rtmsg`: family, destination and source lengths, TOS, table, protocol, scope, type, flags.
fn route_message(
    kind: u16,
    flags: u16,
    destination: Ipv4Addr,
    prefix: u8,
    via: Option<Ipv4Addr>,
    device: Option<&str>,
) -> io::Result<Message> {
    let scope = if via.is_some() {
        libc::RT_SCOPE_UNIVERSE
    } else {
        libc::RT_SCOPE_LINK
    };
    let fixed = [
        AF_INET,
        prefix,
        0,
        0,
        libc::RT_TABLE_MAIN,
        libc::RTPROT_STATIC,
        scope,
        libc::RTN_UNICAST,
    ];
    let mut message = Message::new(kind, flags)
        .body(&fixed)
        .body(&[0; 4])
        .attribute(libc::RTA_DST, &destination.octets());
    if let Some(hop) = via {
        message = message.attribute(libc::RTA_GATEWAY, &hop.octets());
    }
    if let Some(name) = device {
        message = message.attribute(libc::RTA_OIF, &index_of(name)?.to_ne_bytes());
    }
    Ok(message)
}

fn index_of(name: &str) -> io::Result<u32> {
    Ok(if_nametoindex(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interface_is_named() {
        let error = link_up("no-such-link").expect_err("refused");
        assert!(
            error.to_string().starts_with("set link no-such-link up: "),
            "{error}"
        );
    }
}
