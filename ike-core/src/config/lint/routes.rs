//! Interfaces and static routes that cannot work (G-004, G-085, G-086).
use super::Lint;
use crate::address;
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::model::*;
use std::net::IpAddr;

impl Lint<'_> {
    /// All findings of this file.
    pub(super) fn routes(&mut self) {
        self.shared_addresses();
        for interface in &self.parsed.config.interfaces {
            if let Some(tunnel) = &interface.tunnel {
                let block = format!("interface {}", interface.name);
                self.source(&block, tunnel);
                self.destination(&block, interface, tunnel);
            }
        }
        for route in &self.parsed.config.routes {
            self.route(route);
        }
    }

    /// Two interfaces with one address: which of them answers is chance.
    fn shared_addresses(&mut self) {
        let interfaces = &self.parsed.config.interfaces;
        for (index, interface) in interfaces.iter().enumerate() {
            let has = |address: IpAddr| {
                let mut earlier = interfaces.iter().take(index);
                earlier.find(|other| other.addresses().any(|(known, _)| known == address))
            };
            for (address, _) in interface.addresses() {
                let Some(other) = has(address) else { continue };
                let message = format!("{address} is the address of {} too", other.name);
                let block = format!("interface {}", interface.name);
                let command = if address.is_ipv4() {
                    "ip address"
                } else {
                    "ipv6 address"
                };
                self.interface(&block, command, message, "each interface has its own");
            }
        }
    }

    fn source(&mut self, block: &str, tunnel: &Tunnel) {
        let config = &self.parsed.config;
        match &tunnel.source {
            Some(AddressOrInterface::Interface(name)) => {
                let Some(interface) = config.interface(name) else {
                    return;
                };
                let fault = match interface.shutdown {
                    true => "is shut down",
                    false if interface.addresses().next().is_none() => "has no address",
                    false => return,
                };
                let message = format!("tunnel source {name} {fault}: the tunnel stays down");
                self.interface(
                    block,
                    "tunnel source",
                    message,
                    "G-086: packets start at its address",
                );
            }
            Some(AddressOrInterface::Address(address)) if !owns(config, *address) => {
                let message = format!("{address} is the address of no interface here");
                self.interface(
                    block,
                    "tunnel source",
                    message,
                    "G-086: packets start at an own address",
                );
            }
            _ => {}
        }
    }

    /// A destination that is this router, or is reached through the tunnel itself.
    fn destination(&mut self, block: &str, interface: &Interface, tunnel: &Tunnel) {
        let config = &self.parsed.config;
        let Some(to) = tunnel.destination else { return };
        let command = "tunnel destination";
        if owns(config, to) {
            let message = format!("tunnel destination {to} is an address of this router");
            self.interface(
                block,
                command,
                message,
                "the destination is the peer's address",
            );
            return;
        }
        if way(config, to, DEPTH).is_some_and(|name| name == interface.name) {
            let message = format!(
                "{to} is reached through {}: its packets loop",
                interface.name
            );
            let help = "route the peer's address outside the tunnel, more exactly".to_owned();
            let code = codes::BAD_ROUTE;
            let (block, command) = match self.leading_to(to) {
                Some(route) => ("", route),
                None => (block, command.to_owned()),
            };
            self.at(
                Severity::Warning,
                code,
                block,
                &command,
                message,
                Some(help),
            );
        }
    }

    /// How the line begins of the most exact static route to an IPv4 address.
    fn leading_to(&self, to: IpAddr) -> Option<String> {
        let routes = self.parsed.config.routes.iter();
        let fitting = routes.filter(|r| to.is_ipv4() && address::contains(r.prefix, r.length, to));
        let route = fitting.max_by_key(|route| route.length)?;
        let mask = address::mask(route.prefix, route.length);
        Some(format!("ip route {} {mask}", route.prefix))
    }

    fn route(&mut self, route: &Route) {
        let config = &self.parsed.config;
        let (message, help) = match &route.via {
            RouteVia::Interface(name) => {
                let known = config.interface(name).is_some() || name.starts_with("Null");
                let message = format!("the route points to {name}, which is not defined");
                match known {
                    true => return,
                    false => (
                        message,
                        "G-004: name an interface of this file, or a next hop",
                    ),
                }
            }
            RouteVia::Address(hop) if owns(config, *hop) => {
                let message = format!("the next hop {hop} is an address of this router");
                (message, "G-004: the next hop is the neighbour's address")
            }
            RouteVia::Address(hop) if unreachable(config, *hop) => {
                let message = format!("the next hop {hop} is on no connected network");
                (
                    message,
                    "G-004: no interface or other route leads there; the route is not used",
                )
            }
            RouteVia::Address(_) => return,
        };
        let place = self
            .parsed
            .places
            .iter()
            .find(|place| is_line(place, route));
        let (code, help) = (codes::BAD_ROUTE, Some(help.to_owned()));
        self.push(Severity::Warning, code, place, 0, message, help);
    }

    fn interface(&mut self, block: &str, command: &str, message: String, help: &str) {
        let (code, help) = (codes::BAD_INTERFACE, Some(help.to_owned()));
        self.at(Severity::Warning, code, block, command, message, help);
    }
}

/// Routes that are followed from next hop to next hop.
const DEPTH: usize = 8;

fn owns(config: &RunningConfig, address: IpAddr) -> bool {
    let mut all = config.interfaces.iter().flat_map(Interface::addresses);
    all.any(|(own, _)| own == address)
}

/// `ipv6 address` from a router advertisement or `ip address dhcp` is not known here, nor is what a link-local next hop is on.
fn unreachable(config: &RunningConfig, hop: IpAddr) -> bool {
    let dynamic = |interface: &Interface| {
        let none = interface.addresses().next().is_none();
        none && interface.tunnel.is_none() && !interface.shutdown
    };
    let link_local = matches!(hop, IpAddr::V6(hop) if hop.is_unicast_link_local());
    !link_local && !config.interfaces.iter().any(dynamic) && way(config, hop, DEPTH).is_none()
}

/// The interface by which packets to an address leave: the longest prefix, connected networks before routes.
fn way(config: &RunningConfig, to: IpAddr, depth: usize) -> Option<&str> {
    let connected = config.interfaces.iter().flat_map(|interface| {
        let networks = interface.addresses();
        networks.map(move |(network, length)| (network, length, interface.name.as_str()))
    });
    let connected = connected
        .filter(|(network, length, _)| address::contains(*network, *length, to))
        .max_by_key(|(_, length, _)| *length);
    let routes = config.routes.iter();
    let route = routes
        .filter(|route| address::contains(route.prefix, route.length, to))
        .max_by_key(|route| route.length);
    match (connected, route) {
        (Some((_, length, name)), Some(route)) if length >= route.length => Some(name),
        (Some((_, _, name)), None) => Some(name),
        (_, Some(route)) => match &route.via {
            RouteVia::Interface(name) => Some(name),
            // A next hop inside its own route resolves nothing.
            RouteVia::Address(hop) if *hop == to || depth == 0 => None,
            RouteVia::Address(hop) => way(config, *hop, depth - 1),
        },
        (None, None) => None,
    }
}

/// The line that set a route.
fn is_line(place: &crate::config::reader::Place, route: &Route) -> bool {
    let command = match route.prefix {
        IpAddr::V4(_) => "ip route ",
        IpAddr::V6(_) => "ipv6 route ",
    };
    let via = match &route.via {
        RouteVia::Address(hop) => hop.to_string(),
        RouteVia::Interface(name) => name.clone(),
    };
    let rest = place.command.strip_prefix(command);
    rest.is_some_and(|rest| {
        let mut words = rest.split_whitespace();
        let network = words.next().unwrap_or_default();
        let network = network
            .split('/')
            .next()
            .and_then(|text| text.parse::<IpAddr>().ok());
        network == Some(route.prefix) && words.any(|word| word == via)
    })
}
