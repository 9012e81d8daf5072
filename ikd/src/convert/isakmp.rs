//! How IKEv1 proves itself: policies, keys, profiles (G-021 to G-032).

use ike_core::config::{IsakmpAuthentication, IsakmpPolicy, IsakmpProfile};
use ike_core::policy::identity::to_present;
use ike_core::policy::{isakmp, preshared, validation};
use testnet::charon::{Authentication, Connection, IkeVersion, Secret, SecretKind, Setting};

use super::connection::{Group, Proof, secret};
use super::remarks::Remarks;
use super::settings::{PERIODIC, dpd, lifetime, set, yes_or_no};
use super::{Source, algorithms, credentials, identity};

/// The connection of a group; `None` when there is nothing to prove oneself with.
pub(super) fn proof(
    source: &Source<'_>,
    group: &Group<'_>,
    remarks: &mut Remarks<'_>,
) -> Option<Proof> {
    let config = source.config;
    if !config.isakmp.enabled {
        remarks.lost("", "no crypto isakmp enable", "IKEv1 is off: no connection");
        return None;
    }
    let profile = group.profile.and_then(|name| config.isakmp_profile(name));
    let signers = signers(source, profile);
    let key = preshared::for_address(config, profile, group.local, group.peer);
    let policies = isakmp::policies(config);
    let usable = |policy: &&IsakmpPolicy| match policy.authentication {
        IsakmpAuthentication::PreShare => key.is_some(),
        _ => !signers.is_empty(),
    };
    let Some(first) = policies.iter().find(usable) else {
        let reason = "no key for its peer and no certificate of its own: it cannot prove itself";
        remarks.lost(&group.block(), "", reason);
        return None;
    };
    let (same, others): (Vec<_>, Vec<_>) = policies
        .iter()
        .partition(|p| p.authentication == first.authentication);
    note_others(&others, remarks);
    let psk = first.authentication == IsakmpAuthentication::PreShare;
    let subject = signers.first().and_then(|tp| source.store.identity(tp));
    let subject = subject.filter(|_| !psk).map(|r| r.certificate.subject());
    let own_id = identity::text(&to_present(config, profile, group.local, subject));
    let remote_ids = remote_ids(profile);
    let auth = if psk { "psk" } else { "pubkey" };
    let connection = Connection {
        version: IkeVersion::One,
        local_addrs: vec![group.local.to_string()],
        remote_addrs: vec![group.peer.to_string()],
        proposals: same.iter().filter_map(|p| algorithms::isakmp(p)).collect(),
        local: Authentication {
            auth: auth.to_owned(),
            id: own_id.clone(),
            certs: credentials::names(source, &signers, psk),
            ..Authentication::default()
        },
        remote: remote(source, profile, auth, psk),
        settings: settings(source, profile, first.lifetime),
        ..Connection::default()
    };
    let secrets = key.filter(|_| psk).map(|key| {
        // Main Mode looks for the key before it knows the identity.
        let (own, peer) = (own_id.unwrap_or_default(), group.peer.to_string());
        let mut ids = vec![own.as_str(), peer.as_str()];
        ids.extend(remote_ids.iter().map(String::as_str));
        secret(SecretKind::Ike, &key.key, &ids)
    });
    note_keepalive(source, profile, remarks);
    Some(Proof {
        connection,
        secrets: secrets.into_iter().collect::<Vec<Secret>>(),
        remote_ids,
        pools: Vec::new(),
        signers: if psk { Vec::new() } else { signers },
    })
}

/// Trustpoints that sign: those of the profile that are enrolled, else every one, newest first.
fn signers(source: &Source<'_>, profile: Option<&IsakmpProfile>) -> Vec<String> {
    let listed = profile.map_or(&[][..], |p| &p.trustpoints);
    credentials::enrolled(source, listed.iter().map(String::as_str))
}

/// Statements are ORed; a profile without any takes nobody in IOS, a tunnel without profile anybody.
fn remote_ids(profile: Option<&IsakmpProfile>) -> Vec<String> {
    let statements = profile.map_or(&[][..], |p| &p.match_identity);
    let ids: Vec<String> = statements.iter().map(identity::of_isakmp).collect();
    if ids.is_empty() {
        return vec![identity::ANY.to_owned()];
    }
    ids
}

fn remote(
    source: &Source<'_>,
    profile: Option<&IsakmpProfile>,
    auth: &str,
    psk: bool,
) -> Authentication {
    let restricted = profile.is_some_and(|p| !p.trustpoints.is_empty());
    let believed = validation::trustpoints(profile, source.store).value;
    Authentication {
        auth: auth.to_owned(),
        cacerts: credentials::ca_names(source, &believed, restricted && !psk),
        settings: match psk {
            true => Vec::new(),
            false => credentials::revocation(source, &believed),
        },
        ..Authentication::default()
    }
}

fn settings(source: &Source<'_>, profile: Option<&IsakmpProfile>, life: u32) -> Vec<Setting> {
    let global = &source.config.isakmp;
    let keepalive = profile.and_then(|p| p.keepalive).or(global.keepalive);
    let aggressive = profile.is_some_and(|p| p.initiate_aggressive);
    let mut out = lifetime(life);
    // G-025: five retries.
    let limit = keepalive.map(|k| k.interval + 5 * k.retry);
    out.extend(dpd(keepalive.map(|k| k.interval), limit));
    out.push(set("fragmentation", yes_or_no(global.fragmentation)));
    out.extend(aggressive.then(|| set("aggressive", "yes")));
    out
}

fn note_others(others: &[&IsakmpPolicy], remarks: &mut Remarks<'_>) {
    // The built-in ones are in nobody's configuration.
    for policy in others.iter().filter(|p| p.priority <= 10_000) {
        let block = format!("crypto isakmp policy {}", policy.priority);
        let reason =
            "a connection of charon proves itself in one way, and an earlier policy says which";
        remarks.lost(&block, "authentication", reason);
    }
}

fn note_keepalive(source: &Source<'_>, profile: Option<&IsakmpProfile>, remarks: &mut Remarks<'_>) {
    let own =
        profile.and_then(|p| Some((format!("crypto isakmp profile {}", p.name), p.keepalive?)));
    let global = source.config.isakmp.keepalive.map(|k| (String::new(), k));
    if let Some((block, _)) = own.or(global).filter(|(_, k)| k.periodic) {
        let command = if block.is_empty() {
            "crypto isakmp keepalive"
        } else {
            "keepalive"
        };
        remarks.lost(&block, command, PERIODIC);
    }
}
