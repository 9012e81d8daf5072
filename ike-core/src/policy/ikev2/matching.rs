//! Whether a statement about a peer fits its identity, and how exactly (S-096).

use std::net::IpAddr;

use crate::config::{AddressOrInterface, Fvrf, Ikev2Match, RunningConfig};
use crate::policy::address;
use crate::policy::identity::Identity;
use crate::policy::profile::{Specificity, in_domain};

/// How exactly a statement fits; `None` when it does not.
pub(super) fn rank(statement: &Ikev2Match, identity: &Identity) -> Option<Specificity> {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b).then_some(Specificity::Exact);
    match (statement, identity) {
        (Ikev2Match::Any, _) => Some(Specificity::Any),
        (Ikev2Match::Address(network, bits), Identity::Ipv4(peer)) => {
            of_network(*network, *bits, (*peer).into())
        }
        (Ikev2Match::Address(network, bits), Identity::Ipv6(peer)) => {
            of_network(*network, *bits, (*peer).into())
        }
        (Ikev2Match::Fqdn(wanted), Identity::Fqdn(name)) => same(wanted, name),
        (Ikev2Match::FqdnDomain(domain), Identity::Fqdn(name)) => in_domain(name, domain, '.'),
        (Ikev2Match::Email(wanted), Identity::UserFqdn(name)) => same(wanted, name),
        (Ikev2Match::EmailDomain(domain), Identity::UserFqdn(name)) => in_domain(name, domain, '@'),
        (Ikev2Match::KeyId(wanted), Identity::KeyId(id)) => {
            (wanted.as_bytes() == id.as_slice()).then_some(Specificity::Exact)
        }
        _ => None,
    }
}

/// The same for an address alone. The unspecified address is every peer of its family, with or
/// without its mask.
pub(super) fn of_network(network: IpAddr, bits: u8, peer: IpAddr) -> Option<Specificity> {
    let bits = if network.is_unspecified() { 0 } else { bits };
    let host = address::width(network);
    address::contains(network, bits, peer).then_some(match bits {
        0 => Specificity::AnyAddress,
        bits if bits == host => Specificity::Exact,
        bits => Specificity::Prefix(bits),
    })
}

/// Packets come from the global table, so a named one never fits (G-041, G-043).
pub(super) fn in_table(fvrf: &Fvrf) -> bool {
    !matches!(fvrf, Fvrf::Named(_))
}

/// One of the addresses is `local`, or there are none.
pub(super) fn serves(config: &RunningConfig, list: &[AddressOrInterface], local: IpAddr) -> bool {
    let mut fitting = list.iter().map(|which| config.resolve(which));
    list.is_empty() || fitting.any(|addresses| addresses.contains(&local))
}
