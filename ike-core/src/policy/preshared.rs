//! Which pre-shared key belongs to a peer (G-023, G-031).

use std::net::IpAddr;

use super::address;
use crate::config::{IsakmpProfile, KeyPeer, Keyring, PreSharedKey, RunningConfig};

/// The key for a peer address: the profile's keyring when one is known and names one, else
/// every keyring whose local address fits, then the global keys; the longest mask wins.
/// Main Mode needs the key before the identity is known, so only the address counts.
#[must_use]
pub fn for_address<'a>(
    config: &'a RunningConfig,
    profile: Option<&IsakmpProfile>,
    local: IpAddr,
    peer: IpAddr,
) -> Option<&'a PreSharedKey> {
    let global = &config.isakmp_keys;
    let keys: Vec<&PreSharedKey> = match profile.and_then(|p| p.keyring.as_deref()) {
        Some("default") => global.iter().collect(),
        Some(name) => config
            .keyrings
            .iter()
            .filter(|k| k.name == name)
            .flat_map(|k| &k.keys)
            .collect(),
        None => config
            .keyrings
            .iter()
            .filter(|k| serves(config, k, local))
            .flat_map(|k| &k.keys)
            .chain(global)
            .collect(),
    };
    keys.into_iter()
        .filter_map(|key| Some((specificity(config, key, peer)?, key)))
        .max_by_key(|(bits, _)| *bits)
        .map(|(_, key)| key)
}

fn serves(config: &RunningConfig, keyring: &Keyring, local: IpAddr) -> bool {
    keyring
        .local_address
        .as_ref()
        .is_none_or(|which| config.resolve(which).contains(&local))
}

fn specificity(config: &RunningConfig, key: &PreSharedKey, peer: IpAddr) -> Option<u8> {
    match &key.peer {
        // 0.0.0.0 is every IPv4 peer, with or without its mask.
        KeyPeer::Address(network @ IpAddr::V4(_), _) if network.is_unspecified() => {
            peer.is_ipv4().then_some(0)
        }
        KeyPeer::Address(network, bits) => {
            address::contains(*network, *bits, peer).then_some(*bits)
        }
        KeyPeer::Hostname(name) => config
            .hosts
            .iter()
            .any(|(host, a)| host.eq_ignore_ascii_case(name) && *a == peer)
            .then_some(address::width(peer)),
    }
}
