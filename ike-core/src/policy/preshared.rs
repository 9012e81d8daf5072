//! Which pre-shared key belongs to a peer (G-023, G-031).

use std::net::IpAddr;

use super::{Candidate, Decision, MAX_CANDIDATES, Subject, address};
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

/// Why a peer has no key here, or another one (G-023, G-031): every key that was looked at, never what it is.
#[must_use]
pub fn refusal(
    config: &RunningConfig,
    profile: Option<&IsakmpProfile>,
    local: IpAddr,
    peer: IpAddr,
    (rule, because): (&'static str, String),
) -> Decision<()> {
    let chosen = for_address(config, profile, local, peer);
    let named = profile.and_then(|p| p.keyring.as_deref());
    let in_rings = config.keyrings.iter().flat_map(|ring| {
        let keys = ring.keys.iter();
        keys.map(move |key| (Some(ring), key))
    });
    let keys = in_rings.chain(config.isakmp_keys.iter().map(|key| (None, key)));
    let candidates = keys.take(MAX_CANDIDATES).map(|(ring, key)| {
        let candidate = described(ring, key);
        if chosen.is_some_and(|c| std::ptr::eq(c, key)) {
            return candidate.chosen();
        }
        let outside = outside(config, named, ring, local);
        let (rule, why) = match outside {
            Some(why) => ("G-031", why),
            None if specificity(config, key, peer).is_none() => {
                ("G-023", format!("it is not for {peer}"))
            }
            None => ("G-023", "another has a longer mask".to_owned()),
        };
        candidate.rejected(rule, why)
    });
    let candidates: Vec<Candidate> = candidates.collect();
    let own = candidates.iter().find(|c| c.chosen);
    let own = own.and_then(|c| c.subject.clone());
    let ring = named.map(|name| Subject::block(format!("crypto keyring {name}")));
    let global = Subject::block("crypto isakmp key");
    let about: Vec<Subject> = own.into_iter().chain(ring).chain([global]).collect();
    Decision::new((), rule, because)
        .about(about)
        .among(candidates)
}

/// Why the keys of a keyring, or the global ones, are not looked at.
fn outside(
    config: &RunningConfig,
    named: Option<&str>,
    ring: Option<&Keyring>,
    local: IpAddr,
) -> Option<String> {
    let looked_in = match (ring, named) {
        (Some(ring), Some(named)) => ring.name == named,
        (None, Some(named)) => named == "default",
        (Some(ring), None) => serves(config, ring, local),
        (None, None) => true,
    };
    match named {
        _ if looked_in => None,
        Some(_) => Some("the profile names another keyring".to_owned()),
        None => Some(format!(
            "its keyring does not serve the local address {local}"
        )),
    }
}

fn described(keyring: Option<&Keyring>, key: &PreSharedKey) -> Candidate {
    let peer = match &key.peer {
        KeyPeer::Address(network, bits) => format!("address {network}/{bits}"),
        KeyPeer::Hostname(name) => format!("hostname {name}"),
    };
    let (place, subject) = match keyring {
        Some(keyring) => {
            let ring = Subject::block(format!("crypto keyring {}", keyring.name));
            let line = match &key.peer {
                KeyPeer::Address(network @ IpAddr::V4(_), _) => format!("address {network}"),
                KeyPeer::Address(..) => "address ipv6".to_owned(),
                KeyPeer::Hostname(name) => format!("hostname {name}"),
            };
            let line = ring.line(format!("pre-shared-key {line}"));
            (format!(" of keyring {}", keyring.name), line)
        }
        None => (String::new(), Subject::block("crypto isakmp key")),
    };
    Candidate::new(format!("key for {peer}{place}"), Some(subject))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const TEXT: &str = "crypto keyring K
  pre-shared-key address 192.168.0.0 255.255.255.0 key secret1
crypto keyring L
  local-address 192.168.9.9
  pre-shared-key address 192.168.0.2 key secret2
crypto isakmp key secret3 address 192.168.0.2
crypto isakmp key secret4 address 192.168.0.9
";

    /// G-023, G-031: every key is told by its peer, never what it is.
    #[test]
    fn every_key_is_told_and_none_is_shown() {
        let config = parse("test.cfg", TEXT).config;
        let (local, peer) = ([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        let why = ("RFC 2409 5.4", "the keys differ".to_owned());
        let decision = refusal(&config, None, local, peer, why);
        let elsewhere = Some("its keyring does not serve the local address 192.168.0.1");
        assert_eq!(
            decision.told(),
            [
                (
                    "key for address 192.168.0.0/24 of keyring K",
                    false,
                    Some("another has a longer mask")
                ),
                (
                    "key for address 192.168.0.2/32 of keyring L",
                    false,
                    elsewhere
                ),
                ("key for address 192.168.0.2/32", true, None),
                (
                    "key for address 192.168.0.9/32",
                    false,
                    Some("it is not for 192.168.0.2")
                ),
            ]
        );
        assert!(!format!("{decision:?}").contains("secret"));
        let parsed = parse("test.cfg", TEXT);
        let subject = decision.candidates[1].subject.as_ref().unwrap();
        let lines: Vec<_> = subject
            .places(&parsed.places)
            .iter()
            .map(|p| p.line)
            .collect();
        assert_eq!(lines, [5]);
    }
}
