//! Where IOS binds another profile to a peer than the one that a tunnel demands: there the tunnel
//! fails (S-091, S-094), and charon, which has a connection for each tunnel, brings it up.

use std::net::IpAddr;

use ike_core::config::{Ikev2Match, MatchIdentity, RunningConfig};
use ike_core::policy::identity::Identity;
use ike_core::policy::{ikev2, profile};

use super::connection::Group;
use super::remarks::Remarks;

/// Remarks on every identity that a group's profile names and another profile takes.
pub(super) fn note(config: &RunningConfig, group: &Group<'_>, remarks: &mut Remarks<'_>) {
    let Some(demanded) = group.profile else {
        return;
    };
    let (kind, command) = match group.ikev2 {
        true => ("ikev2", "match identity remote"),
        false => ("isakmp", "match identity"),
    };
    for identity in identities(config, group, demanded) {
        let bound = match group.ikev2 {
            true => ikev2::profile::for_peer(&identity, group.local, config),
            false => profile::for_peer(&identity, config),
        };
        if let Some(other) = bound.value.filter(|name| name != demanded) {
            let rule = bound.rule;
            let reason = format!(
                "IOS binds profile {other} to {identity} and so refuses the tunnel ({rule}); charon goes by the tunnel"
            );
            remarks.lost(
                &format!("crypto {kind} profile {demanded}"),
                command,
                reason,
            );
        }
    }
}

/// The single identities among a profile's statements.
fn identities(config: &RunningConfig, group: &Group<'_>, name: &str) -> Vec<Identity> {
    if group.ikev2 {
        let profile = config.ikev2_profile(name);
        let statements = profile.iter().flat_map(|p| &p.match_identity);
        return statements.filter_map(of_ikev2).collect();
    }
    let profile = config.isakmp_profile(name);
    let statements = profile.iter().flat_map(|p| &p.match_identity);
    statements.filter_map(of_isakmp).collect()
}

fn of_isakmp(statement: &MatchIdentity) -> Option<Identity> {
    match statement {
        MatchIdentity::Address(address, bits) => one(*address, *bits),
        MatchIdentity::Host(name) => Some(Identity::Fqdn(name.clone())),
        MatchIdentity::User(user) => Some(Identity::UserFqdn(user.clone())),
        MatchIdentity::Group(name) => Some(Identity::KeyId(name.clone().into_bytes())),
        MatchIdentity::HostDomain(_) | MatchIdentity::UserDomain(_) => None,
    }
}

fn of_ikev2(statement: &Ikev2Match) -> Option<Identity> {
    match statement {
        Ikev2Match::Address(address, bits) => one(*address, *bits),
        Ikev2Match::Fqdn(name) => Some(Identity::Fqdn(name.clone())),
        Ikev2Match::Email(name) => Some(Identity::UserFqdn(name.clone())),
        Ikev2Match::KeyId(id) => Some(Identity::KeyId(id.clone().into_bytes())),
        Ikev2Match::FqdnDomain(_) | Ikev2Match::EmailDomain(_) | Ikev2Match::Any => None,
    }
}

fn one(address: IpAddr, bits: u8) -> Option<Identity> {
    let width = if address.is_ipv4() { 32 } else { 128 };
    (bits == width && !address.is_unspecified()).then(|| address.into())
}
