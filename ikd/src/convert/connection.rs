//! The compiled policy as connections: protections with the same ends and profile share one.

use std::net::IpAddr;

use ike_core::policy::protection::{Protection, compile};
use testnet::charon::{Child, Connection, Pool, Secret, SecretKind};

use super::remarks::Remarks;
use super::{Source, child, identity, ikev2, isakmp, selection};

/// Everything that comes of the policy.
#[derive(Default)]
pub(super) struct Built {
    pub(super) connections: Vec<Connection>,
    pub(super) secrets: Vec<Secret>,
    pub(super) pools: Vec<Pool>,
    /// Trustpoints that may sign, the preferred one first.
    pub(super) signers: Vec<String>,
    /// A tunnel interface is among them.
    pub(super) tunnels: bool,
}

impl Built {
    /// Adds a connection for one identity of the peer; names are unique in all of charon.
    fn add(&mut self, connection: &Connection, name: &str, id: &str, children: &[Child]) {
        let mut connection = connection.clone();
        let taken = |name: &str| self.connections.iter().any(|c| c.name == name);
        connection.name = unique(&section(name), taken);
        connection.remote.id = Some(id.to_owned());
        for child in children {
            let all = self.connections.iter().flat_map(|c| &c.children);
            let taken = |name: &str| all.clone().any(|child| child.name == name);
            connection.children.push(Child {
                name: unique(&child.name, taken),
                ..child.clone()
            });
        }
        self.connections.push(connection);
    }
}

/// Protections that one connection carries.
pub(super) struct Group<'a> {
    pub(super) protections: Vec<&'a Protection>,
    pub(super) local: IpAddr,
    pub(super) peer: IpAddr,
    /// ISAKMP or IKEv2 profile.
    pub(super) profile: Option<&'a str>,
    pub(super) ikev2: bool,
}

impl Group<'_> {
    /// The block of the configuration that asks for it.
    pub(super) fn block(&self) -> String {
        self.protections
            .first()
            .map(|p| child::block(p))
            .unwrap_or_default()
    }

    fn has(&self, protection: &Protection) -> bool {
        let ends = (self.local, self.peer) == (protection.local, protection.peer);
        let same = self.profile == profile_of(protection);
        ends && same && self.ikev2 == protection.ikev2_profile.is_some()
    }
}

/// What a version of IKE makes of a group.
pub(super) struct Proof {
    /// A connection without children.
    pub(super) connection: Connection,
    /// Remote identities, ORed.
    pub(super) remote_ids: Vec<String>,
    /// Secrets for it.
    pub(super) secrets: Vec<Secret>,
    /// Pools for it.
    pub(super) pools: Vec<Pool>,
    /// Trustpoints that may sign, the preferred one first.
    pub(super) signers: Vec<String>,
}

/// Translates every protection; those that come to nothing have a remark.
pub(super) fn all(source: &Source<'_>, remarks: &mut Remarks<'_>) -> Built {
    let protections = compile(source.config);
    let mut built = Built::default();
    for group in groups(&protections) {
        one(source, &group, &mut built, remarks);
    }
    unused_profiles(source, &protections, remarks);
    unprotected(source, &protections, remarks);
    built
}

fn groups(protections: &[Protection]) -> Vec<Group<'_>> {
    let mut out: Vec<Group<'_>> = Vec::new();
    for protection in protections {
        match out.iter_mut().find(|group| group.has(protection)) {
            Some(group) => group.protections.push(protection),
            None => out.push(Group {
                protections: vec![protection],
                local: protection.local,
                peer: protection.peer,
                profile: profile_of(protection),
                ikev2: protection.ikev2_profile.is_some(),
            }),
        }
    }
    out
}

fn profile_of(protection: &Protection) -> Option<&str> {
    let profile = protection.ikev2_profile.as_deref();
    profile.or(protection.isakmp_profile.as_deref())
}

fn one(source: &Source<'_>, group: &Group<'_>, built: &mut Built, remarks: &mut Remarks<'_>) {
    let children = children(source, group, remarks);
    if children.is_empty() {
        remarks.lost(&group.block(), "", "no transform set of it can be carried");
        return;
    }
    let proof = match group.ikev2 {
        true => ikev2::proof(source, group, remarks),
        false => isakmp::proof(source, group, remarks),
    };
    let Some(proof) = proof else { return };
    selection::note(source.config, group, remarks);
    note_alternatives(group, &proof.remote_ids, remarks);
    built.tunnels |= group.protections.iter().any(|p| is_tunnel(p));
    for id in &proof.remote_ids {
        built.add(&proof.connection, &first_name(group), id, &children);
    }
    add(&mut built.secrets, proof.secrets);
    add(&mut built.pools, proof.pools);
    add(&mut built.signers, proof.signers);
}

/// IOS ORs the statements of a profile; a connection has one identity of the peer.
fn note_alternatives(group: &Group<'_>, ids: &[String], remarks: &mut Remarks<'_>) {
    if let ([first, _, ..], Some(profile)) = (ids, group.profile) {
        let kind = if group.ikev2 { "ikev2" } else { "isakmp" };
        let reason = format!(
            "charon has a connection for each identity; the one that it starts wants {first}"
        );
        remarks.lost(
            &format!("crypto {kind} profile {profile}"),
            "match identity",
            reason,
        );
    }
}

fn add<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !to.contains(&item) {
            to.push(item);
        }
    }
}

fn children(source: &Source<'_>, group: &Group<'_>, remarks: &mut Remarks<'_>) -> Vec<Child> {
    let mut out: Vec<Child> = Vec::new();
    for protection in &group.protections {
        let taken = |name: &str| out.iter().any(|child| child.name == name);
        let name = unique(&section(&protection.name), taken);
        out.extend(child::of(source.config, protection, name, remarks));
    }
    out
}

/// The name, with a number behind it where it is taken: `MAP-10-2`.
fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

fn first_name(group: &Group<'_>) -> String {
    let first = group.protections.first();
    first.map(|p| p.name.clone()).unwrap_or_default()
}

fn is_tunnel(protection: &Protection) -> bool {
    !protection.name.contains('/')
}

/// A name of a section: `MAP/10` is `MAP-10`.
fn section(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .collect()
}

/// A shared secret for these identities; `%any` is none.
pub(super) fn secret(kind: SecretKind, octets: &[u8], ids: &[&str]) -> Secret {
    let named = ids.iter().filter(|id| **id != identity::ANY);
    let mut out: Vec<String> = Vec::new();
    add(&mut out, named.map(|id| (*id).to_owned()).collect());
    Secret {
        kind,
        octets: octets.to_vec(),
        ids: out,
    }
}

fn unused_profiles(source: &Source<'_>, protections: &[Protection], remarks: &mut Remarks<'_>) {
    let config = source.config;
    let reason = "no tunnel and no crypto map names it";
    for profile in &config.isakmp_profiles {
        let name = Some(profile.name.as_str());
        if protections
            .iter()
            .all(|p| p.isakmp_profile.as_deref() != name)
        {
            remarks.unneeded(
                "",
                &format!("crypto isakmp profile {}", profile.name),
                reason,
            );
        }
    }
    for profile in &config.ikev2_profiles {
        let name = Some(profile.name.as_str());
        if protections
            .iter()
            .all(|p| p.ikev2_profile.as_deref() != name)
        {
            remarks.unneeded(
                "",
                &format!("crypto ikev2 profile {}", profile.name),
                reason,
            );
        }
    }
}

/// Tunnels and maps that the compiled policy passes over.
fn unprotected(source: &Source<'_>, protections: &[Protection], remarks: &mut Remarks<'_>) {
    let interfaces = source.config.interfaces.iter().filter(|i| !i.shutdown);
    for interface in interfaces {
        let block = format!("interface {}", interface.name);
        let of_interface = |p: &Protection| p.interface == interface.name;
        if protections.iter().any(of_interface) {
            continue;
        }
        let reason =
            "it protects nothing: its ends, its peer, its access list or its profile is missing";
        let protected = interface
            .tunnel
            .as_ref()
            .is_some_and(|t| t.protection.is_some());
        match (&interface.crypto_map, protected) {
            (_, true) => remarks.lost(&block, "tunnel protection", reason),
            (Some(_), false) => remarks.lost(&block, "crypto map", reason),
            (None, false) => {}
        }
    }
}
