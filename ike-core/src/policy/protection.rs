//! What traffic is protected, by which profile: tunnels and crypto maps in one form.
//!
//! IOS builds a crypto map head for every `tunnel protection` (O-060 `Tunnel1-head-0`), so
//! both kinds of configuration are compiled to [`Protection`] and looked up alike.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use super::protected_by::Origin;
use super::protected_by::{Comparison, nearest_first, refusal};
use super::{Decision, address};
use crate::config::{
    AccessEntry, CryptoMap, Interface, RunningConfig, TransformSet, Tunnel, TunnelMode,
};

/// Addresses and protocol a child SA carries (W-045).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// Network address.
    pub network: IpAddr,
    /// Prefix length in bits; 32 or 128 = one host.
    pub prefix: u8,
    /// IP protocol, 0 = any.
    pub protocol: u8,
    /// Port, 0 = any.
    pub port: u16,
}

impl Selector {
    /// All of IPv4: a VTI.
    pub const ANY_V4: Self = Self::any(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    /// All of IPv6: an IPv6 VTI.
    pub const ANY_V6: Self = Self::any(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

    const fn any(network: IpAddr) -> Self {
        Self {
            network,
            prefix: 0,
            protocol: 0,
            port: 0,
        }
    }

    /// Everything from or to one address.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self {
            network: address,
            prefix: address::width(address),
            protocol: 0,
            port: 0,
        }
    }

    /// GRE from or to one address.
    #[must_use]
    pub fn gre(address: IpAddr) -> Self {
        Self {
            protocol: 47,
            ..Self::host(address)
        }
    }

    /// One address, not a network.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.prefix == address::width(self.network)
    }

    /// The mask of the network.
    #[must_use]
    pub fn mask(&self) -> IpAddr {
        address::mask(self.network, self.prefix)
    }

    /// First and last address with their ports, as `show crypto ikev2 session` prints them (O-024).
    #[must_use]
    pub fn range_text(&self) -> String {
        let first = address::first(self.network, self.prefix);
        let last = address::last(self.network, self.prefix);
        let (low, high) = match self.port {
            0 => (0, u16::MAX),
            port => (port, port),
        };
        format!("{first}/{low} - {last}/{high}")
    }

    /// The mask as IOS prints it: dotted for IPv4, the prefix length for IPv6.
    #[must_use]
    pub fn mask_text(&self) -> String {
        match self.network {
            IpAddr::V4(_) => self.mask().to_string(),
            IpAddr::V6(_) => self.prefix.to_string(),
        }
    }
}

impl fmt::Display for Selector {
    /// `addr/mask/prot/port` as in `show crypto ipsec sa` (O-060).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.network,
            self.mask_text(),
            self.protocol,
            self.port
        )
    }
}

/// One protected flow: a tunnel interface or a line of a crypto map's access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// What `ikd up NAME` takes: the interface, or `MAP/SEQUENCE`.
    pub name: String,
    /// The interface whose traffic it is.
    pub interface: String,
    /// `Tunnel1-head-0`, or the crypto map's name.
    pub tag: String,
    /// Local IKE endpoint.
    pub local: IpAddr,
    /// Remote IKE endpoint.
    pub peer: IpAddr,
    /// Traffic on our side.
    pub local_selector: Selector,
    /// Traffic on the peer's side.
    pub remote_selector: Selector,
    /// ISAKMP profile it demands.
    pub isakmp_profile: Option<String>,
    /// IKEv2 profile; set = the flow is negotiated with IKEv2.
    pub ikev2_profile: Option<String>,
    /// Transform sets in order of preference.
    pub transform_sets: Vec<TransformSet>,
    /// Group for perfect forward secrecy.
    pub pfs: Option<u16>,
    /// Seconds.
    pub lifetime_seconds: u32,
    /// Kilobytes.
    pub lifetime_kilobytes: u32,
    /// Replay window in packets.
    pub replay_window: u32,
    /// Never starts.
    pub responder_only: bool,
    /// The lines it comes from.
    pub origin: Origin,
}

/// Why no protection fits a peer's proxy identities (S-093, S-094, T-15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRefusal {
    /// A map fitted in all but the profile: `map_db_check_isakmp_profile profile did not match`.
    pub profile_did_not_match: bool,
    /// The reason, with every candidate.
    pub decision: Decision<()>,
}

/// Compiles the configuration's tunnels and crypto maps. Interfaces that are shut or
/// incomplete yield nothing; nor do tunnels whose ends are not of the family of their mode.
#[must_use]
pub fn compile(config: &RunningConfig) -> Vec<Protection> {
    let mut out = Vec::new();
    for interface in config.interfaces.iter().filter(|i| !i.shutdown) {
        out.extend(
            interface
                .tunnel
                .as_ref()
                .and_then(|t| tunnel(config, interface, t)),
        );
        if let Some(name) = &interface.crypto_map {
            for entry in config.crypto_maps.iter().filter(|m| &m.name == name) {
                out.extend(map_entry(config, interface, entry));
            }
        }
    }
    out
}

fn tunnel(config: &RunningConfig, interface: &Interface, tunnel: &Tunnel) -> Option<Protection> {
    let protection = tunnel.protection.as_ref()?;
    let profile = config.ipsec_profile(&protection.profile)?;
    let (local, peer) = config.tunnel_ends(tunnel)?;
    let (local_selector, remote_selector) = match tunnel.mode {
        TunnelMode::GreIp | TunnelMode::GreIpv6 => (Selector::gre(local), Selector::gre(peer)),
        TunnelMode::IpsecIpv4 | TunnelMode::Ipv4OverIpsecIpv6 => {
            (Selector::ANY_V4, Selector::ANY_V4)
        }
        TunnelMode::IpsecIpv6 | TunnelMode::Ipv6OverIpsecIpv4 => {
            (Selector::ANY_V6, Selector::ANY_V6)
        }
    };
    Some(Protection {
        name: interface.name.clone(),
        interface: interface.name.clone(),
        tag: format!("{}-head-0", interface.name),
        local,
        peer,
        local_selector,
        remote_selector,
        isakmp_profile: protection
            .isakmp_profile
            .clone()
            .or_else(|| profile.isakmp_profile.clone()),
        ikev2_profile: protection
            .ikev2_profile
            .clone()
            .or_else(|| profile.ikev2_profile.clone()),
        transform_sets: named_sets(config, &profile.transform_sets),
        pfs: profile.pfs,
        lifetime_seconds: profile
            .lifetime_seconds
            .unwrap_or(config.ipsec.lifetime_seconds),
        lifetime_kilobytes: profile
            .lifetime_kilobytes
            .unwrap_or(config.ipsec.lifetime_kilobytes),
        replay_window: config.ipsec.replay_window,
        responder_only: profile.responder_only,
        origin: Origin::Tunnel {
            interface: interface.name.clone(),
            ipsec_profile: profile.name.clone(),
        },
    })
}

fn map_entry(config: &RunningConfig, interface: &Interface, entry: &CryptoMap) -> Vec<Protection> {
    let list = config
        .access_lists
        .iter()
        .find(|l| Some(&l.name) == entry.access_list.as_ref());
    let (Some(list), Some((local, _)), Some(&peer)) =
        (list, interface.address, entry.peers.first())
    else {
        return Vec::new();
    };
    list.entries
        .iter()
        .filter(|e| e.permit)
        .map(|e| {
            let (local_selector, remote_selector) = selectors(e);
            Protection {
                name: format!("{}/{}", entry.name, entry.sequence),
                interface: interface.name.clone(),
                tag: entry.name.clone(),
                local: local.into(),
                peer: peer.into(),
                local_selector,
                remote_selector,
                isakmp_profile: entry.isakmp_profile.clone(),
                ikev2_profile: entry.ikev2_profile.clone(),
                transform_sets: named_sets(config, &entry.transform_sets),
                pfs: entry.pfs,
                lifetime_seconds: entry
                    .lifetime_seconds
                    .unwrap_or(config.ipsec.lifetime_seconds),
                lifetime_kilobytes: entry
                    .lifetime_kilobytes
                    .unwrap_or(config.ipsec.lifetime_kilobytes),
                replay_window: config.ipsec.replay_window,
                responder_only: false,
                origin: Origin::Map {
                    name: entry.name.clone(),
                    sequence: entry.sequence,
                    access_list: list.name.clone(),
                },
            }
        })
        .collect()
}

fn selectors(entry: &AccessEntry) -> (Selector, Selector) {
    let side = |(network, wildcard): (Ipv4Addr, Ipv4Addr)| Selector {
        network: network.into(),
        prefix: u8::try_from(u32::from(wildcard).leading_zeros()).unwrap_or(32),
        protocol: entry.protocol,
        port: 0,
    };
    (side(entry.source), side(entry.destination))
}

fn named_sets(config: &RunningConfig, names: &[String]) -> Vec<TransformSet> {
    names
        .iter()
        .filter_map(|n| config.transform_set(n).cloned())
        .collect()
}

/// The protection for a peer's proxy identities: endpoints and selectors must be equal, and
/// the profile bound in phase 1 must be the one the protection demands (S-093, S-094).
/// `local_selector` is our side of the proposal.
///
/// # Errors
/// No protection fits; says whether the profile alone was wrong.
pub fn for_selectors<'a>(
    protections: &'a [Protection],
    bound_profile: Option<&str>,
    endpoints: (IpAddr, IpAddr),
    local_selector: Selector,
    remote_selector: Selector,
) -> Result<Decision<&'a Protection>, MapRefusal> {
    let fits = |p: &&Protection| {
        (p.local, p.peer) == endpoints
            && p.local_selector == local_selector
            && p.remote_selector == remote_selector
    };
    let bound = |p: &&Protection| {
        p.isakmp_profile.is_none() || p.isakmp_profile.as_deref() == bound_profile
    };
    if let Some(found) = protections.iter().filter(fits).find(bound) {
        let because = format!(
            "{} protects {local_selector} to {remote_selector}",
            found.name
        );
        return Ok(Decision::new(found, "S-094", because).about(found.origin.selectors()));
    }
    let other = protections.iter().find(fits);
    let because = match other {
        Some(other) => demands(other, other.isakmp_profile.as_deref(), bound_profile),
        None => format!("nothing protects {local_selector} to {remote_selector}"),
    };
    let compared = nearest_first(protections, endpoints).map(|p| {
        let mut steps = Comparison::new(p, "S-094");
        steps.endpoints(endpoints);
        steps.equal("our side", &p.local_selector, &local_selector);
        steps.equal("the peer's side", &p.remote_selector, &remote_selector);
        steps.profile(p.isakmp_profile.as_deref(), bound_profile);
        steps
    });
    Err(MapRefusal {
        profile_did_not_match: other.is_some(),
        decision: refusal("S-094", because, compared),
    })
}

/// The profile alone was wrong.
pub(super) fn demands(found: &Protection, demanded: Option<&str>, bound: Option<&str>) -> String {
    format!(
        "{} demands profile {}, the peer was bound to {}",
        found.name,
        demanded.unwrap_or("none"),
        bound.unwrap_or("none")
    )
}
