//! `show running-config`: the configuration as text, non-default values only (G-033).
use super::model::*;
use super::value::{mask, protocol_name};
use super::{ikev2, show_ipsec, show_isakmp, show_pki};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// The text of a configuration, from the first `!` to `end`. Reading it again gives the same configuration.
#[must_use]
pub fn show(config: &RunningConfig) -> String {
    let mut out = Text::default();
    host(config, &mut out);
    show_pki::pki(config, &mut out);
    ikev2::show::ikev2(config, &mut out);
    show_isakmp::isakmp(config, &mut out);
    show_ipsec::ipsec(config, &mut out);
    kept(config, &mut out);
    config
        .interfaces
        .iter()
        .for_each(|interface| show_interface(interface, &mut out));
    ikev2::show::pools(config, &mut out);
    routes(config, &mut out);
    config
        .access_lists
        .iter()
        .for_each(|list| access_list(list, &mut out));
    out.line(format_args!("end"));
    out.0
}

/// Text under construction.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// One line.
    pub(super) fn line(&mut self, text: fmt::Arguments<'_>) {
        use fmt::Write;
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
        self.0.push('\n');
    }

    /// A line if there is a value: `PREFIX VALUE`.
    pub(super) fn value<T: fmt::Display>(&mut self, prefix: &str, value: Option<T>) {
        if let Some(value) = value {
            self.line(format_args!("{prefix} {value}"));
        }
    }

    /// A line if a condition holds.
    pub(super) fn when(&mut self, condition: bool, text: &str) {
        if condition {
            self.line(format_args!("{text}"));
        }
    }

    /// The end of a block.
    pub(super) fn end(&mut self) {
        self.line(format_args!("!"));
    }
}

fn host(config: &RunningConfig, out: &mut Text) {
    out.end();
    out.value("hostname", config.hostname.as_ref());
    out.value("ip domain name", config.domain_name.as_ref());
    config
        .hosts
        .iter()
        .for_each(|(name, ip)| out.line(format_args!("ip host {name} {ip}")));
    out.when(config.pki_order_by_definition, "pki-order definition");
    out.when(config.ipv6_unicast_routing, "ipv6 unicast-routing");
    out.when(
        config.profile_selection_first_match,
        "profile-selection first-match",
    );
    out.end();
}

fn kept(config: &RunningConfig, out: &mut Text) {
    for block in &config.kept {
        out.line(format_args!("{}", block.line));
        block
            .body
            .iter()
            .for_each(|line| out.line(format_args!(" {line}")));
        out.end();
    }
}

fn show_interface(interface: &Interface, out: &mut Text) {
    out.line(format_args!("interface {}", interface.name));
    out.value(" description", interface.description.as_ref());
    match interface.address {
        Some((address, length)) => out.line(format_args!(" ip address {address} {}", mask(length))),
        None => out.line(format_args!(" no ip address")),
    }
    for (address, length) in &interface.ipv6_addresses {
        out.line(format_args!(" ipv6 address {address}/{length}"));
    }
    out.when(interface.ipv6_enabled, " ipv6 enable");
    out.value(" ip mtu", interface.mtu);
    interface
        .kept
        .iter()
        .for_each(|line| out.line(format_args!(" {line}")));
    out.when(interface.shutdown, " shutdown");
    interface
        .tunnel
        .iter()
        .for_each(|tunnel| show_tunnel(tunnel, out));
    out.value(" crypto map", interface.crypto_map.as_ref());
    out.end();
}

fn show_tunnel(tunnel: &Tunnel, out: &mut Text) {
    out.value(" tunnel source", tunnel.source.as_ref());
    match tunnel.mode {
        TunnelMode::GreIp => {}
        TunnelMode::GreIpv6 => out.line(format_args!(" tunnel mode gre ipv6")),
        TunnelMode::IpsecIpv4 => out.line(format_args!(" tunnel mode ipsec ipv4")),
        TunnelMode::IpsecIpv6 => out.line(format_args!(" tunnel mode ipsec ipv6")),
        TunnelMode::Ipv4OverIpsecIpv6 => {
            out.line(format_args!(" tunnel mode ipsec ipv6 v4-overlay"));
        }
        TunnelMode::Ipv6OverIpsecIpv4 => {
            out.line(format_args!(" tunnel mode ipsec ipv4 v6-overlay"));
        }
    }
    out.value(" tunnel destination", tunnel.destination);
    out.value(" tunnel key", tunnel.key);
    let Some(protection) = &tunnel.protection else {
        return;
    };
    let shared = if protection.shared { " shared" } else { "" };
    let isakmp = protection
        .isakmp_profile
        .iter()
        .map(|name| format!(" isakmp-profile {name}"));
    let ikev2 = protection
        .ikev2_profile
        .iter()
        .map(|name| format!(" ikev2-profile {name}"));
    let profile: String = isakmp.chain(ikev2).collect();
    out.line(format_args!(
        " tunnel protection ipsec profile {}{shared}{profile}",
        protection.profile
    ));
}

impl fmt::Display for AddressOrInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

fn routes(config: &RunningConfig, out: &mut Text) {
    for Route {
        prefix,
        length,
        via,
    } in &config.routes
    {
        let via = match via {
            RouteVia::Address(address) => address.to_string(),
            RouteVia::Interface(name) => name.clone(),
        };
        match prefix {
            IpAddr::V4(_) => {
                out.line(format_args!("ip route {prefix} {} {via}", mask(*length)));
            }
            IpAddr::V6(_) => out.line(format_args!("ipv6 route {prefix}/{length} {via}")),
        }
    }
    if !config.routes.is_empty() {
        out.end();
    }
}

fn access_list(list: &AccessList, out: &mut Text) {
    out.line(format_args!("ip access-list extended {}", list.name));
    for entry in &list.entries {
        let action = if entry.permit { "permit" } else { "deny" };
        let (source, destination) = (End(entry.source), End(entry.destination));
        out.line(format_args!(
            " {action} {} {source} {destination}",
            protocol_name(entry.protocol)
        ));
    }
    out.end();
}

/// One end of an access list line: network and wildcard.
struct End((Ipv4Addr, Ipv4Addr));

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (_, Ipv4Addr::BROADCAST) => f.write_str("any"),
            (address, Ipv4Addr::UNSPECIFIED) => write!(f, "host {address}"),
            (address, wildcard) => write!(f, "{address} {wildcard}"),
        }
    }
}
