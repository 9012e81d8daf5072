//! Two routers that talk to each other: what each signs with and what the other one believes (S-060, S-063, S-079, S-080).
use std::net::IpAddr;

use super::Lint;
use super::agreement::{Ends, differences};
use super::authorities::{enrolled, same_ca, signs_in_phase_1};
use super::overlap::effective;
use crate::config::codes;
use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::model::*;
use crate::config::reader::{Parsed, Place};

/// What only two configurations together show: for each tunnel between them, whether who starts decides if it comes up, and
/// what the two do not say alike.
/// A trustpoint is the same CA on both routers when it enrols at the same URL or has the same name.
///
/// Each router is its file's name as shown in findings, and what [`parse`](crate::config::parse) made of it. The findings
/// stand at the profile of the router that does not believe the other one. Source: S-010..S-012, S-030..S-032, S-050, S-074..S-077.
#[must_use]
pub fn check_pair(first: (&str, &Parsed), second: (&str, &Parsed)) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let (first, second) = (Router(first.0, first.1), Router(second.0, second.1));
    for a in links(first.config()) {
        for b in links(second.config()) {
            if a.here == b.there && a.there == b.here {
                found.extend(between(first, a, second, b));
                found.extend(between(second, b, first, a));
            }
        }
    }
    // Two tunnels on one profile say the same of it.
    found.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
    found.dedup();
    found
}

/// What does not fit when `starter` starts, and what the two would have to say alike.
fn between(
    starter: Router<'_>,
    from: Link<'_>,
    answerer: Router<'_>,
    to: Link<'_>,
) -> Vec<Diagnostic> {
    let mut found = differences(Ends {
        here: starter,
        link: from,
        there: answerer,
        peer: to,
    });
    if from.v2.is_some() == to.v2.is_some() {
        found.extend(one_way(starter, from, answerer, to));
    }
    found
}

/// A configuration with the name of its file.
#[derive(Clone, Copy)]
pub(super) struct Router<'a>(pub &'a str, pub &'a Parsed);

impl<'a> Router<'a> {
    pub(super) fn config(self) -> &'a RunningConfig {
        &self.1.config
    }

    /// Its host name, else its file.
    pub(super) fn name(self) -> String {
        let name = self.config().hostname.clone();
        name.unwrap_or_else(|| self.0.to_owned())
    }

    fn find(self, block: &str, command: &str) -> Option<&'a Place> {
        let is_it = |p: &&Place| {
            let rest = p.command.strip_prefix(command);
            p.block == block && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        self.1.places.iter().find(is_it)
    }

    /// The block has a line that starts so.
    pub(super) fn has(self, block: &str, command: &str) -> bool {
        self.find(block, command).is_some()
    }

    /// `file:line` of a line of a block, else of the block.
    pub(super) fn at(self, block: &str, command: &str) -> String {
        let place = self.find(block, command).or_else(|| self.find("", block));
        format!("{}:{}", self.0, place.map_or(0, |place| place.line))
    }
}

/// A protected path: addresses, the profiles it uses, and what it protects with.
#[derive(Clone, Copy)]
pub(super) struct Link<'a> {
    here: IpAddr,
    there: IpAddr,
    pub v1: Option<&'a IsakmpProfile>,
    pub v2: Option<&'a Ikev2Profile>,
    pub owner: Owner<'a>,
    /// Names of transform sets.
    pub sets: &'a [String],
    /// Name of the access list of a crypto map.
    pub list: Option<&'a String>,
}

/// What of the configuration a path is.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    /// An interface and the IPsec profile that protects it.
    Tunnel { interface: &'a str, ipsec: &'a str },
    /// An entry of a crypto map.
    Map { name: &'a str, sequence: u32 },
}

impl Owner<'_> {
    /// Its first line.
    pub(super) fn block(self) -> String {
        match self {
            Self::Tunnel { interface, .. } => format!("interface {interface}"),
            Self::Map { name, sequence } => format!("crypto map {name} {sequence}"),
        }
    }
}

/// Tunnels (G-086) and crypto map entries on their interfaces (G-083).
fn links(config: &RunningConfig) -> Vec<Link<'_>> {
    let tunnels = config.interfaces.iter().filter_map(|interface| {
        let tunnel = interface.tunnel.as_ref()?;
        let protection = tunnel.protection.as_ref()?;
        let ends = config.tunnel_ends(tunnel)?;
        let (v1, v2) = effective(config, protection);
        let ipsec = config.ipsec_profile(&protection.profile);
        let owner = Owner::Tunnel {
            interface: &interface.name,
            ipsec: &protection.profile,
        };
        Some(Link {
            sets: ipsec.map_or(&[], |profile| &profile.transform_sets),
            ..link(config, ends, (v1, v2), owner)
        })
    });
    tunnels
        .chain(config.interfaces.iter().flat_map(|i| mapped(config, i)))
        .collect()
}

fn mapped<'a>(config: &'a RunningConfig, interface: &'a Interface) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    let maps = config.crypto_maps.iter();
    for map in maps.filter(|map| interface.crypto_map.as_ref() == Some(&map.name)) {
        for (peer, (here, _)) in map.peers.iter().zip(interface.address.into_iter().cycle()) {
            let ends = (here.into(), (*peer).into());
            let profiles = (map.isakmp_profile.as_deref(), map.ikev2_profile.as_deref());
            let owner = Owner::Map {
                name: &map.name,
                sequence: map.sequence,
            };
            links.push(Link {
                sets: &map.transform_sets,
                list: map.access_list.as_ref(),
                ..link(config, ends, profiles, owner)
            });
        }
    }
    links
}

fn link<'a>(
    config: &'a RunningConfig,
    (here, there): (IpAddr, IpAddr),
    (v1, v2): (Option<&str>, Option<&str>),
    owner: Owner<'a>,
) -> Link<'a> {
    Link {
        here,
        there,
        v1: v1.and_then(|name| config.isakmp_profile(name)),
        v2: v2.and_then(|name| config.ikev2_profile(name)),
        owner,
        sets: &[],
        list: None,
    }
}

/// The starter may sign with a CA that the answerer does not believe: the answerer asks for every CA it knows (S-012, S-071), the
/// starter signs with the first it can answer within its profile (S-032, S-074), and the answerer's profile decides (S-050, S-076).
fn one_way(
    starter: Router<'_>,
    from: Link<'_>,
    answerer: Router<'_>,
    to: Link<'_>,
) -> Option<Diagnostic> {
    let signs = signers(starter.config(), from)?;
    let believed = believed(answerer.config(), to)?;
    let asked: Vec<_> = enrolled(answerer.config()).collect();
    let knows = |list: &[&TrustpointConfig], ca: &TrustpointConfig| {
        list.iter().any(|known| same_ca(known, ca))
    };
    let possible: Vec<_> = signs.into_iter().filter(|ca| knows(&asked, ca)).collect();
    let refused: Vec<&str> = possible
        .iter()
        .filter(|ca| !knows(&believed, ca))
        .map(|ca| ca.name.as_str())
        .collect();
    if refused.is_empty() && !possible.is_empty() {
        return None;
    }
    let who = starter.name();
    let (message, help) = if possible.is_empty() {
        let message =
            format!("when {who} starts, it has no certificate of a CA that this router asks for");
        (message, "S-030, S-074: enrol both in one CA at least")
    } else if refused.len() == possible.len() {
        let message = format!(
            "when {who} starts, it signs with {}, which this profile does not believe",
            refused.join(" or ")
        );
        (
            message,
            "S-053, S-078: list that CA here, or another one there",
        )
    } else {
        let message = format!(
            "when {who} starts, it may sign with {}, which this profile does not believe",
            refused.join(" or ")
        );
        (
            message,
            "S-020, S-063: the order of enrolment here decides; name the same trustpoints on both sides",
        )
    };
    finding(answerer, to, message, help)
}

fn finding(
    Router(file, parsed): Router<'_>,
    link: Link<'_>,
    message: String,
    help: &str,
) -> Option<Diagnostic> {
    let block = match (link.v2, link.v1) {
        (Some(profile), _) => format!("crypto ikev2 profile {}", profile.name),
        (None, Some(profile)) => format!("crypto isakmp profile {}", profile.name),
        (None, None) => String::new(),
    };
    let found = Vec::new();
    let mut lint = Lint {
        file,
        parsed,
        found,
    };
    let (code, help) = (codes::ASYMMETRIC, Some(help.to_owned()));
    lint.at(Severity::Warning, code, "", &block, message, help);
    lint.found.pop()
}

/// What the starter may sign with; `None` when it does not sign, or cannot start (S-075).
fn signers<'a>(config: &'a RunningConfig, link: Link<'_>) -> Option<Vec<&'a TrustpointConfig>> {
    let named: Vec<&str> = match (link.v2, link.v1) {
        (Some(profile), _) => {
            let signs = profile.auth_local.as_ref();
            let named: Vec<&str> = profile.sign_trustpoints().collect();
            let can = signs.is_some_and(Ikev2Auth::is_certificate) && !named.is_empty();
            can.then_some(named)?
        }
        (None, v1) => of_isakmp(config, v1)?,
    };
    Some(narrowed(config, &named))
}

/// What the answerer believes; `None` when it does not look at certificates.
fn believed<'a>(config: &'a RunningConfig, link: Link<'_>) -> Option<Vec<&'a TrustpointConfig>> {
    let named: Vec<&str> = match (link.v2, link.v1) {
        (Some(profile), _) => {
            let mut methods = profile.auth_remote.iter();
            let looks = methods.any(Ikev2Auth::is_certificate);
            looks.then(|| profile.verify_trustpoints().collect())?
        }
        (None, v1) => of_isakmp(config, v1)?,
    };
    Some(narrowed(config, &named))
}

/// A policy of phase 1 that signs, and `ca trust-point` of the profile.
fn of_isakmp<'a>(
    config: &RunningConfig,
    profile: Option<&'a IsakmpProfile>,
) -> Option<Vec<&'a str>> {
    let list = profile.map(|profile| profile.trustpoints.iter().map(String::as_str).collect());
    signs_in_phase_1(config).then(|| list.unwrap_or_default())
}

/// The trustpoints of these names; every one without names.
fn narrowed<'a>(config: &'a RunningConfig, names: &[&str]) -> Vec<&'a TrustpointConfig> {
    let listed = |trustpoint: &&TrustpointConfig| {
        names.is_empty() || names.contains(&trustpoint.name.as_str())
    };
    enrolled(config).filter(listed).collect()
}
