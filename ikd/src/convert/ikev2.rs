//! How IKEv2 proves itself: profiles, keyrings, proposals (G-040 to G-045).

use std::net::IpAddr;

use ike_core::config::{Ikev2Auth, Ikev2Childless, Ikev2Profile, IpPool, RunningConfig};
use ike_core::policy::ikev2::identity::to_present;
use ike_core::policy::ikev2::{keyring, proposals, validation};
use testnet::charon::{Authentication, Connection, IkeVersion, Pool, Secret, SecretKind, Setting};

use super::connection::{Group, Proof, secret};
use super::remarks::Remarks;
use super::settings::{PERIODIC, dpd, fragment_size, lifetime, seconds, set, yes_or_no};
use super::{Source, algorithms, credentials, identity};

const POOL: &str =
    "charon gives every peer an address and refuses one that asks for none (FAILED_CP_REQUIRED)";
const TWO_KEYS: &str =
    "for a peer of any name charon takes the peer's key for its own; name the peer";

/// The connection of a group; `None` when its profile or policy makes none.
pub(super) fn proof(
    source: &Source<'_>,
    group: &Group<'_>,
    remarks: &mut Remarks<'_>,
) -> Option<Proof> {
    let config = source.config;
    let name = group.profile.unwrap_or_default();
    let profile = config.ikev2_profile(name);
    let block = format!("crypto ikev2 profile {name}");
    let usable = profile.filter(|p| p.is_complete() && !p.shutdown);
    let (Some(profile), Some(own)) = (usable, usable.and_then(|p| p.auth_local.as_ref())) else {
        remarks.lost(
            &block,
            "shutdown",
            "the profile is incomplete or shut down: no connection",
        );
        return None;
    };
    let offered = offered(config, group, remarks);
    let theirs = remote_auth(profile, &block, remarks);
    let signers = match own.is_certificate() {
        true => credentials::enrolled(source, profile.sign_trustpoints()),
        false => Vec::new(),
    };
    if offered.is_empty() || (own.is_certificate() && signers.is_empty()) {
        let reason = "no policy fits its address, or no trustpoint of its profile is enrolled";
        remarks.lost(&group.block(), "", reason);
        return None;
    }
    let (Some(auth), Some(their_auth)) = (method(own), theirs.and_then(method)) else {
        let reason = "EAP is not translated: this daemon refuses it (no method of authentication)";
        remarks.lost(&block, "authentication", reason);
        return None;
    };
    let subject = signers.first().and_then(|tp| source.store.identity(tp));
    let subject = subject.map(|record| record.certificate.subject());
    let own_id = identity::text(&to_present(profile, group.local, subject).value);
    let remote_ids = remote_ids(profile);
    let connection = Connection {
        version: IkeVersion::Two,
        local_addrs: vec![group.local.to_string()],
        remote_addrs: vec![group.peer.to_string()],
        proposals: offered,
        local: Authentication {
            auth: auth.to_owned(),
            id: own_id.clone(),
            certs: credentials::names(source, &signers, false),
            ..Authentication::default()
        },
        remote: remote(source, profile, their_auth),
        settings: settings(config, profile, group.peer),
        ..Connection::default()
    };
    note_dpd(config, profile, &block, remarks);
    let pools = pools(config, profile);
    if !pools.is_empty() {
        remarks.lost(&block, "aaa authorization group", POOL);
    }
    let ids = own_id.iter().chain(&remote_ids).map(String::as_str);
    let secrets = secrets(config, profile, group.peer, &ids.collect::<Vec<_>>());
    // The peer's key is for anybody, and ours is another.
    let shared = secrets.iter().filter(|s| s.kind == SecretKind::Ike);
    let confused = shared.clone().count() > 1 && shared.clone().any(|s| s.ids.is_empty());
    if confused {
        remarks.lost(&block, "match identity remote", TWO_KEYS);
    }
    Some(Proof {
        connection,
        secrets,
        pools,
        remote_ids,
        signers,
    })
}

/// G-041: the proposals of the policy for the local address.
fn offered(config: &RunningConfig, group: &Group<'_>, remarks: &mut Remarks<'_>) -> Vec<String> {
    let proposals = proposals::for_local(config, group.local).value;
    for proposal in proposals.iter().filter(|p| !p.additional_ke.is_empty()) {
        let block = format!("crypto ikev2 proposal {}", proposal.name);
        let reason = "charon 5.9.8 has no additional key exchange (RFC 9370)";
        remarks.lost(&block, "additional-ke", reason);
    }
    proposals.iter().map(algorithms::ikev2).collect()
}

/// The method charon demands: certificates go first, as one round takes one method.
fn remote_auth<'a>(
    profile: &'a Ikev2Profile,
    block: &str,
    remarks: &mut Remarks<'_>,
) -> Option<&'a Ikev2Auth> {
    let mut all = profile.auth_remote.iter();
    let chosen = all.find(|auth| **auth != Ikev2Auth::Eap);
    if profile.auth_remote.len() > 1 {
        let reason =
            "a connection of charon demands one method of its peer: the first that is not EAP";
        remarks.lost(block, "authentication remote", reason);
    }
    chosen
}

fn note_dpd(
    config: &RunningConfig,
    profile: &Ikev2Profile,
    block: &str,
    remarks: &mut Remarks<'_>,
) {
    match (profile.dpd, config.ikev2.dpd) {
        (Some(own), _) if own.periodic => remarks.lost(block, "dpd", PERIODIC),
        (None, Some(global)) if global.periodic => remarks.lost("", "crypto ikev2 dpd", PERIODIC),
        _ => {}
    }
}

fn method(auth: &Ikev2Auth) -> Option<&'static str> {
    Some(match auth {
        Ikev2Auth::RsaSig => "rsa",
        Ikev2Auth::EcdsaSig => "ecdsa",
        Ikev2Auth::DigitalSignature => "pubkey",
        Ikev2Auth::PreShare(_) => "psk",
        Ikev2Auth::Eap => return None,
    })
}

/// Statements are ORed; a certificate map says nothing about an identity.
fn remote_ids(profile: &Ikev2Profile) -> Vec<String> {
    let ids = profile.match_identity.iter().map(identity::of_ikev2);
    let mut ids: Vec<String> = ids.collect();
    if ids.is_empty() {
        ids.push(identity::ANY.to_owned());
    }
    ids
}

fn remote(source: &Source<'_>, profile: &Ikev2Profile, auth: &str) -> Authentication {
    let mut out = Authentication {
        auth: auth.to_owned(),
        ..Authentication::default()
    };
    if auth != "psk" {
        let restricted = profile.verify_trustpoints().next().is_some();
        let believed = validation::trustpoints(Some(profile), source.store).value;
        out.cacerts = credentials::ca_names(source, &believed, restricted);
        out.settings = credentials::revocation(source, &believed);
    }
    out
}

fn settings(config: &RunningConfig, profile: &Ikev2Profile, peer: IpAddr) -> Vec<Setting> {
    let mut out = lifetime(profile.lifetime);
    out.extend(
        profile
            .reauth
            .map(|after| set("reauth_time", &seconds(after))),
    );
    let probes = profile.dpd.or(config.ikev2.dpd);
    out.extend(dpd(probes.map(|d| d.interval), None));
    out.push(set(
        "fragmentation",
        yes_or_no(fragment_size(config).is_some()),
    ));
    out.push(set("mobike", yes_or_no(config.ikev2.mobike)));
    let childless = match config.ikev2.childless {
        None => "never",
        Some(Ikev2Childless::Allowed) => "allow",
        Some(Ikev2Childless::Required) => "force",
    };
    out.push(set("childless", childless));
    if let Some(ppk) = keyring::ppk_for_peer(config, profile, peer, None) {
        out.push(set("ppk_id", &ppk.id));
        out.push(set("ppk_required", yes_or_no(ppk.required)));
    }
    let names: Vec<String> = pools(config, profile).into_iter().map(|p| p.name).collect();
    if !names.is_empty() {
        out.push(set("pools", &names.join(",")));
    }
    out
}

/// charon signs with the secret that fits both ends best and believes every one that fits the
/// peer: our key names both ends, the peer's the peer alone. One that is for anybody names nobody,
/// since a responder looks for it before it knows itself.
fn secrets(
    config: &RunningConfig,
    profile: &Ikev2Profile,
    peer: IpAddr,
    ids: &[&str],
) -> Vec<Secret> {
    let mut out = Vec::new();
    let peers = ids.get(1..).unwrap_or_default();
    let anybody = peers.contains(&identity::ANY);
    let own = keyring::local_key(config, profile, peer, None);
    let theirs = keyring::remote_key(config, profile, peer, None);
    let preshared = |auth: &Ikev2Auth| matches!(auth, Ikev2Auth::PreShare(_));
    let own = own.filter(|_| profile.auth_local.as_ref().is_some_and(preshared));
    let theirs = theirs.filter(|_| profile.auth_remote.iter().any(preshared));
    let same = own.map(|k| k.expose()) == theirs.map(|k| k.expose());
    if let Some(key) = own {
        let both: &[&str] = if same && anybody { &[] } else { ids };
        out.push(secret(SecretKind::Ike, key.expose(), both));
    }
    if let Some(key) = theirs.filter(|_| !same) {
        let peers: &[&str] = if anybody { &[] } else { peers };
        out.push(secret(SecretKind::Ike, key.expose(), peers));
    }
    if let Some(ppk) = keyring::ppk_for_peer(config, profile, peer, None) {
        out.push(secret(SecretKind::Ppk, ppk.key.expose(), &[&ppk.id]));
    }
    out
}

/// What the profile's authorization policy hands out (RFC 7296 3.15).
fn pools(config: &RunningConfig, profile: &Ikev2Profile) -> Vec<Pool> {
    let name = profile.authorization_policy.as_deref().unwrap_or_default();
    let Some(policy) = config.ikev2_authorization_policy(name) else {
        return Vec::new();
    };
    let wanted = |pool: &&IpPool| match pool {
        IpPool::V4 { name, .. } => policy.pool.as_ref() == Some(name),
        IpPool::V6 { name, .. } => policy.ipv6_pool.as_ref() == Some(name),
    };
    let same_family = |v6: bool| {
        let dns = policy.dns.iter().filter(move |a| a.is_ipv6() == v6);
        let nets = policy.routes.iter().filter(move |(a, _)| a.is_ipv6() == v6);
        let mut settings = Vec::new();
        list(&mut settings, "dns", dns.map(ToString::to_string));
        list(
            &mut settings,
            "subnet",
            nets.map(|(a, bits)| format!("{a}/{bits}")),
        );
        settings
    };
    let pools = config.ip_pools.iter().filter(wanted);
    pools
        .map(|pool| match pool {
            IpPool::V4 { name, low, high } => Pool {
                name: name.clone(),
                addrs: format!("{low}-{high}"),
                settings: same_family(false),
            },
            IpPool::V6 {
                name,
                prefix,
                length,
                ..
            } => Pool {
                name: format!("{name}-v6"),
                addrs: format!("{prefix}/{length}"),
                settings: same_family(true),
            },
        })
        .collect()
}

fn list(settings: &mut Vec<Setting>, key: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    if !values.is_empty() {
        settings.push(set(key, &values.join(",")));
    }
}
