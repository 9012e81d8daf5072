//! `show crypto map` (O-062): configured maps, and those IOS builds for tunnels.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ike_core::config::{AccessEntry, CryptoMap, RunningConfig};
use ike_core::policy::address::mask_v4;
use ike_core::policy::protection::{Protection, Selector};
use serde::Serialize;

use super::ipsec_profile::{Terms, sets};
use super::transform_set::Set;
use super::{Lines, View};
use crate::exec::Snapshot;

#[derive(Serialize)]
pub(super) struct Maps {
    crypto_maps: Vec<Map>,
}

#[derive(Serialize)]
struct Map {
    name: String,
    sequence: u32,
    /// Built for a tunnel.
    profile_instance: bool,
    isakmp_profile: Option<String>,
    ikev2_profile: Option<String>,
    peers: Vec<IpAddr>,
    access_list: Option<String>,
    /// `permit ip 10.0.0.0 0.0.0.255 any`.
    rules: Vec<String>,
    current_peer: Option<IpAddr>,
    #[serde(flatten)]
    terms: Terms,
    interfaces: Vec<String>,
}

pub(super) fn view(now: &Snapshot<'_>) -> Maps {
    let configured = now
        .config
        .crypto_maps
        .iter()
        .map(|map| of_map(now.config, map));
    let tunnels = now
        .protections
        .iter()
        .filter(|p| p.tag == format!("{}-head-0", p.interface));
    Maps {
        crypto_maps: configured.chain(tunnels.map(of_tunnel)).collect(),
    }
}

fn of_map(config: &RunningConfig, map: &CryptoMap) -> Map {
    let list = config
        .access_lists
        .iter()
        .find(|list| Some(&list.name) == map.access_list.as_ref());
    let uses = |i: &&ike_core::config::Interface| i.crypto_map.as_ref() == Some(&map.name);
    Map {
        name: map.name.clone(),
        sequence: map.sequence,
        profile_instance: false,
        isakmp_profile: map.isakmp_profile.clone(),
        ikev2_profile: map.ikev2_profile.clone(),
        peers: map.peers.iter().copied().map(IpAddr::from).collect(),
        access_list: map.access_list.clone(),
        rules: list
            .iter()
            .flat_map(|list| &list.entries)
            .map(rule)
            .collect(),
        current_peer: map.peers.first().copied().map(IpAddr::from),
        terms: Terms {
            seconds: map
                .lifetime_seconds
                .unwrap_or(config.ipsec.lifetime_seconds),
            kilobytes: map
                .lifetime_kilobytes
                .unwrap_or(config.ipsec.lifetime_kilobytes),
            responder_only: false,
            pfs: map.pfs,
            transform_sets: sets(config, &map.transform_sets),
        },
        interfaces: config
            .interfaces
            .iter()
            .filter(uses)
            .map(|i| i.name.clone())
            .collect(),
    }
}

/// IOS numbers the entries of a tunnel's map from 65536; the first is the profile itself.
fn of_tunnel(protection: &Protection) -> Map {
    let selector = &protection.local_selector;
    let any = selector.protocol == 0 && selector.network.is_ipv6();
    let protocol = if any {
        "ipv6".to_owned()
    } else {
        protocol(selector.protocol)
    };
    let rule = format!("permit {protocol} {}", ends(protection));
    Map {
        name: protection.tag.clone(),
        sequence: 65_537,
        profile_instance: true,
        isakmp_profile: protection.isakmp_profile.clone(),
        ikev2_profile: protection.ikev2_profile.clone(),
        peers: vec![protection.peer],
        access_list: None,
        rules: vec![rule],
        current_peer: Some(protection.peer),
        terms: Terms {
            seconds: protection.lifetime_seconds,
            kilobytes: protection.lifetime_kilobytes,
            responder_only: protection.responder_only,
            pfs: protection.pfs,
            transform_sets: protection.transform_sets.iter().map(Set::of).collect(),
        },
        interfaces: vec![protection.interface.clone()],
    }
}

fn ends(protection: &Protection) -> String {
    let end = |s: &Selector| match s.network {
        IpAddr::V4(network) => end(network, !u32::from(mask_v4(s.prefix))),
        IpAddr::V6(network) => end_v6(network, s.prefix),
    };
    format!(
        "{} {}",
        end(&protection.local_selector),
        end(&protection.remote_selector)
    )
}

fn rule(entry: &AccessEntry) -> String {
    let action = if entry.permit { "permit" } else { "deny" };
    let end = |(network, wildcard): (Ipv4Addr, Ipv4Addr)| end(network, wildcard.into());
    format!(
        "{action} {} {} {}",
        protocol(entry.protocol),
        end(entry.source),
        end(entry.destination)
    )
}

fn end(network: Ipv4Addr, wildcard: u32) -> String {
    match wildcard {
        0 => format!("host {network}"),
        u32::MAX => "any".to_owned(),
        other => format!("{network} {}", Ipv4Addr::from(other)),
    }
}

fn end_v6(network: Ipv6Addr, prefix: u8) -> String {
    match prefix {
        128 => format!("host {network}"),
        0 => "any".to_owned(),
        other => format!("{network}/{other}"),
    }
}

fn protocol(number: u8) -> String {
    match number {
        0 => "ip".to_owned(),
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        47 => "gre".to_owned(),
        other => other.to_string(),
    }
}

impl View for Maps {
    fn text(&self) -> String {
        let mut out = Lines::default();
        for map in &self.crypto_maps {
            map.lines(&mut out);
            out.blank();
        }
        out.0
    }
}

impl Map {
    fn lines(&self, out: &mut Lines) {
        let v6 = self.peers.first().is_some_and(IpAddr::is_ipv6);
        let (family, list_kind) = match v6 {
            true => ("IPv6", "IPv6"),
            false => ("IPv4", "Extended IP"),
        };
        out.line(format!(
            "Crypto Map {family} \"{}\" {} ipsec-isakmp",
            self.name, self.sequence
        ));
        if self.profile_instance {
            out.line("\tMap is a PROFILE INSTANCE.");
        }
        self.peers
            .iter()
            .for_each(|peer| out.line(format!("\tPeer = {peer}")));
        self.isakmp_profile
            .iter()
            .for_each(|p| out.line(format!("\tISAKMP Profile: {p}")));
        self.ikev2_profile
            .iter()
            .for_each(|p| out.line(format!("\tIKEv2 Profile: {p}")));
        let list = self.access_list.as_deref().unwrap_or_default();
        out.line(format!("\t{list_kind} access list {list}"));
        self.rules
            .iter()
            .for_each(|rule| out.line(format!("\t    access-list {list} {rule}")));
        self.current_peer
            .iter()
            .for_each(|peer| out.line(format!("\tCurrent peer: {peer}")));
        self.terms.lines(out);
        out.line(format!("\tInterfaces using crypto map {}:", self.name));
        self.interfaces
            .iter()
            .for_each(|name| out.line(format!("\t\t{name}")));
    }
}

#[cfg(test)]
mod tests {
    use ike_core::policy::protection::compile;

    use crate::exec::fixture::{R1, shown};

    /// O-060, O-062: the map that IOS builds for the seed's tunnel.
    #[test]
    fn a_tunnel_has_a_map_of_its_own() {
        let world = R1::new();
        assert_eq!(
            shown("show crypto map", &world.snapshot()),
            "Crypto Map IPv4 \"Tunnel1-head-0\" 65537 ipsec-isakmp
\tMap is a PROFILE INSTANCE.
\tPeer = 192.168.0.2
\tISAKMP Profile: prof1
\tExtended IP access list 
\t    access-list  permit gre host 192.168.0.1 host 192.168.0.2
\tCurrent peer: 192.168.0.2
\tSecurity association lifetime: 4608000 kilobytes/3600 seconds
\tResponder-Only (Y/N): N
\tPFS (Y/N): N
\tTransform sets={ 
\t\tTS:  { esp-aes esp-sha256-hmac  } , 
\t}
\tInterfaces using crypto map Tunnel1-head-0:
\t\tTunnel1

"
        );
    }

    /// G-086 over IPv6.
    #[test]
    fn an_ipv6_tunnel_has_an_ipv6_map() {
        let mut world = R1::new();
        world.read(
            "crypto ipsec profile P
interface Tunnel1
 ipv6 address 2001:db8:a::1/64
 tunnel source 2001:db8::1
 tunnel mode ipsec ipv6
 tunnel destination 2001:db8::2
 tunnel protection ipsec profile P
",
        );
        world.protections = compile(&world.config);
        let text = shown("show crypto map", &world.snapshot());
        assert!(
            text.starts_with(
                "Crypto Map IPv6 \"Tunnel1-head-0\" 65537 ipsec-isakmp
\tMap is a PROFILE INSTANCE.
\tPeer = 2001:db8::2
\tIPv6 access list 
\t    access-list  permit ipv6 any any
"
            ),
            "{text}"
        );
        let sessions = shown("show crypto session", &world.snapshot());
        assert!(sessions.contains("permit ipv6 ::/0 ::/0"), "{sessions}");
        let sas = shown("show crypto ipsec sa", &world.snapshot());
        assert!(
            sas.contains("local  ident (addr/mask/prot/port): (::/0/0/0)")
                && sas.contains("     local crypto endpt.: 2001:db8::1,\n     remote crypto endpt.: 2001:db8::2\n")
                && sas.contains(", ipv6 mtu 1500, ipv6 mtu idb"),
            "{sas}"
        );
    }

    /// G-083, G-084: a configured map, its list and its interface.
    #[test]
    fn a_configured_map_shows_its_access_list() {
        let mut world = R1::new();
        world.read(
            "access-list 101 permit ip 10.1.1.0 0.0.0.255 any
crypto map CM 10 ipsec-isakmp
 set peer 192.168.0.2
 set transform-set TS
 match address 101
interface Ethernet0/0
 ip address 192.168.0.1 255.255.255.0
 crypto map CM
",
        );
        world.protections = compile(&world.config);
        let text = shown("show crypto map", &world.snapshot());
        assert!(
            text.starts_with(
                "Crypto Map IPv4 \"CM\" 10 ipsec-isakmp
\tPeer = 192.168.0.2
\tExtended IP access list 101
\t    access-list 101 permit ip 10.1.1.0 0.0.0.255 any
\tCurrent peer: 192.168.0.2
"
            ),
            "{text}"
        );
        assert!(
            text.contains("\tInterfaces using crypto map CM:\n\t\tEthernet0/0\n\nCrypto Map"),
            "{text}"
        );
    }
}
