//! Interfaces and tunnels (G-085, G-086).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::AddressOrInterface;

/// An interface (G-085) with its tunnel part (G-086).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Canonical name, e.g. `Ethernet0/0`, `Tunnel1`, `Loopback0`.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Address and prefix length.
    pub address: Option<(Ipv4Addr, u8)>,
    /// `ipv6 address`, each with its prefix length.
    pub ipv6_addresses: Vec<(Ipv6Addr, u8)>,
    /// `ipv6 enable`.
    pub ipv6_enabled: bool,
    /// `shutdown`.
    pub shutdown: bool,
    /// `crypto map NAME`.
    pub crypto_map: Option<String>,
    /// `ip mtu`, octets.
    pub mtu: Option<u16>,
    /// Present for Tunnel interfaces.
    pub tunnel: Option<Tunnel>,
    /// Other accepted sub-commands, as typed.
    pub kept: Vec<String>,
}

impl Interface {
    /// Its addresses of both families with their prefix lengths, IPv4 first.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, u8)> + '_ {
        let v4 = self
            .address
            .map(|(address, length)| (address.into(), length));
        let v6 = self.ipv6_addresses.iter();
        v4.into_iter()
            .chain(v6.map(|(address, length)| ((*address).into(), *length)))
    }
}

/// Tunnel commands (G-086).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// `tunnel source`.
    pub source: Option<AddressOrInterface>,
    /// `tunnel destination`.
    pub destination: Option<IpAddr>,
    /// `tunnel mode`.
    pub mode: TunnelMode,
    /// `tunnel key`.
    pub key: Option<u32>,
    /// `tunnel protection ipsec profile P`.
    pub protection: Option<TunnelProtection>,
}

/// `tunnel mode` (G-086).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TunnelMode {
    /// `gre ip`, the default.
    #[default]
    GreIp,
    /// `gre ipv6`.
    GreIpv6,
    /// `ipsec ipv4`.
    IpsecIpv4,
    /// `ipsec ipv6`.
    IpsecIpv6,
    /// `ipsec ipv6 v4-overlay`: IPv4 packets between IPv6 addresses (later IOS).
    Ipv4OverIpsecIpv6,
    /// `ipsec ipv4 v6-overlay`: IPv6 packets between IPv4 addresses (later IOS).
    Ipv6OverIpsecIpv4,
}

impl TunnelMode {
    /// Source and destination are IPv6 addresses.
    #[must_use]
    pub fn is_over_ipv6(self) -> bool {
        matches!(
            self,
            Self::GreIpv6 | Self::IpsecIpv6 | Self::Ipv4OverIpsecIpv6
        )
    }
}

/// `tunnel protection ipsec profile P [shared] [isakmp-profile X]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelProtection {
    /// IPsec profile name.
    pub profile: String,
    /// `shared`.
    pub shared: bool,
    /// `isakmp-profile X`.
    pub isakmp_profile: Option<String>,
    /// `ikev2-profile X`.
    pub ikev2_profile: Option<String>,
}
