//! Links, addresses and routes through a netlink socket (rtnetlink(7)), synchronously.
//!
//! Every function acts in the network namespace of the calling thread, waits for the
//! kernel's acknowledgement and says in its error what was asked and, where the kernel
//! explains itself (extended acknowledgement), why it refused.

use std::io;
use std::net::IpAddr;

use nix::net::if_::if_nametoindex;

use crate::error::{Doing, Result};

mod message;
mod settle;

use message::{Message, attribute};
use settle::settle;

const REPLACE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16;
/// `IFLA_INET6_ADDR_GEN_MODE` and its value `IN6_ADDR_GEN_MODE_NONE` of linux/if_link.h.
const ADDRESS_GENERATION: u16 = 8;
const NO_LINK_LOCAL: u8 = 1;
/// `NLA_F_NESTED` of linux/netlink.h.
const NESTED: u16 = 0x8000;

/// Sets the interface `name` up, and waits until its IPv6 addresses take packets.
///
/// # Errors
/// No such interface, or no CAP_NET_ADMIN in this network namespace.
pub fn link_up(name: &str) -> Result<()> {
    set_flags(name, libc::IFF_UP as u32).doing(|| format!("set link {name} up"))?;
    settle(name);
    Ok(())
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

/// Keeps the kernel from giving the interface `name` a link-local IPv6 address when it comes
/// up, and so from speaking IPv6 on it unasked.
///
/// # Errors
/// As [`link_up`]; a kernel without IPv6.
pub fn no_link_local(name: &str) -> Result<()> {
    let mode = attribute(ADDRESS_GENERATION, &[NO_LINK_LOCAL]);
    let family = attribute(libc::AF_INET6 as u16 | NESTED, &mode);
    link_message(name, 0, 0)
        .and_then(|message| {
            message
                .attribute(libc::IFLA_AF_SPEC | NESTED, &family)
                .transact()
        })
        .doing(|| format!("keep link {name} without a link-local address"))
}

/// Gives the interface `name` the address `address`/`prefix` (0 to 32, or to 128). An IPv6
/// address is usable at once: nobody is asked whether it is taken (RFC 4862 section 5.4).
/// Giving an address it already has is no error.
///
/// # Errors
/// As [`link_up`]; a prefix above those.
pub fn add_address(name: &str, address: impl Into<IpAddr>, prefix: u8) -> Result<()> {
    let address = address.into();
    address_message(libc::RTM_NEWADDR, REPLACE, name, address, prefix)
        .and_then(Message::transact)
        .doing(|| format!("add address {address}/{prefix} to {name}"))?;
    settle(name);
    Ok(())
}

/// Takes the address `address`/`prefix` from the interface `name`.
///
/// # Errors
/// As [`link_up`]; the interface does not have the address.
pub fn delete_address(name: &str, address: impl Into<IpAddr>, prefix: u8) -> Result<()> {
    let address = address.into();
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
    destination: impl Into<IpAddr>,
    prefix: u8,
    via: Option<IpAddr>,
    device: Option<&str>,
) -> Result<()> {
    let destination = destination.into();
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
    destination: impl Into<IpAddr>,
    prefix: u8,
    via: Option<IpAddr>,
    device: Option<&str>,
) -> Result<()> {
    let destination = destination.into();
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
    destination: IpAddr,
    prefix: u8,
    via: Option<IpAddr>,
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
    address: IpAddr,
    prefix: u8,
) -> io::Result<Message> {
    Ok(Message::new(kind, flags)
        .body(&[
            family(address),
            prefix,
            libc::IFA_F_NODAD as u8,
            libc::RT_SCOPE_UNIVERSE,
        ])
        .body(&index_of(name)?.to_ne_bytes())
        .attribute(libc::IFA_LOCAL, &octets(address))
        .attribute(libc::IFA_ADDRESS, &octets(address)))
}

/// A `struct rtmsg`: family, destination and source lengths, TOS, table, protocol, scope, type, flags.
fn route_message(
    kind: u16,
    flags: u16,
    destination: IpAddr,
    prefix: u8,
    via: Option<IpAddr>,
    device: Option<&str>,
) -> io::Result<Message> {
    let scope = if via.is_some() {
        libc::RT_SCOPE_UNIVERSE
    } else {
        libc::RT_SCOPE_LINK
    };
    let fixed = [
        family(destination),
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
        .attribute(libc::RTA_DST, &octets(destination));
    if let Some(hop) = via {
        message = message.attribute(libc::RTA_GATEWAY, &octets(hop));
    }
    if let Some(name) = device {
        message = message.attribute(libc::RTA_OIF, &index_of(name)?.to_ne_bytes());
    }
    Ok(message)
}

fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
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
