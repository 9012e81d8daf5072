//! IKEv2 in `show running-config`, without profiles: global lines, authorization policies, proposals, policies, keyrings, pools.
use std::fmt;
use std::net::IpAddr;

use ike_crypto::Secret;

use super::{DIAGNOSE_ENTRIES, FRAGMENT_MTU, MAX_REDIRECTS, names, profile_show};
use crate::config::grammar::is_name;
use crate::config::model::*;
use crate::config::show::Text;
use crate::config::value::mask;

/// Everything of IKEv2, in the order of IOS.
pub(in crate::config) fn ikev2(config: &RunningConfig, out: &mut Text) {
    let policies = &config.ikev2_authorization_policies;
    policies.iter().for_each(|p| authorization(p, out));
    let (defaults, proposals) = (&config.ikev2, &config.ikev2_proposals);
    out.when(
        !defaults.default_proposal,
        "no crypto ikev2 proposal default",
    );
    proposals.iter().for_each(|p| proposal(p, out));
    out.when(!defaults.default_policy, "no crypto ikev2 policy default");
    config.ikev2_policies.iter().for_each(|p| policy(p, out));
    config.ikev2_keyrings.iter().for_each(|k| keyring(k, out));
    let profiles = &config.ikev2_profiles;
    profiles.iter().for_each(|p| profile_show::profile(p, out));
    global(defaults, out);
}

/// `ip local pool` and `ipv6 local pool`.
pub(in crate::config) fn pools(config: &RunningConfig, out: &mut Text) {
    for pool in &config.ip_pools {
        match pool {
            IpPool::V4 { name, low, high } if low == high => {
                out.line(format_args!("ip local pool {name} {low}"));
            }
            IpPool::V4 { name, low, high } => {
                out.line(format_args!("ip local pool {name} {low} {high}"));
            }
            IpPool::V6 {
                name,
                prefix,
                length,
                assigned,
            } => out.line(format_args!(
                "ipv6 local pool {name} {prefix}/{length} {assigned}"
            )),
        }
    }
    if !config.ip_pools.is_empty() {
        out.end();
    }
}

fn authorization(policy: &Ikev2AuthorizationPolicy, out: &mut Text) {
    out.line(format_args!(
        "crypto ikev2 authorization policy {}",
        policy.name
    ));
    out.value(" pool", policy.pool.as_ref());
    out.value(" ipv6 pool", policy.ipv6_pool.as_ref());
    let dns: Vec<String> = policy.dns.iter().map(IpAddr::to_string).collect();
    out.value(" dns", some(dns.join(" ")));
    out.value(" netmask", policy.netmask);
    out.value(" def-domain", policy.def_domain.as_ref());
    out.value(" banner", policy.banner.as_ref());
    for (subnet, bits) in &policy.routes {
        match subnet {
            IpAddr::V4(subnet) => {
                out.line(format_args!(
                    " route set remote ipv4 {subnet} {}",
                    mask(*bits)
                ));
            }
            IpAddr::V6(subnet) => {
                out.line(format_args!(" route set remote ipv6 {subnet}/{bits}"));
            }
        }
    }
    out.end();
}

fn proposal(proposal: &Ikev2Proposal, out: &mut Text) {
    out.line(format_args!("crypto ikev2 proposal {}", proposal.name));
    out.value(
        " encryption",
        keywords(names::ENCRYPTIONS, &proposal.encryption),
    );
    out.value(
        " integrity",
        keywords(names::INTEGRITIES, &proposal.integrity),
    );
    out.value(" prf", keywords(names::PRFS, &proposal.prf));
    let groups: Vec<String> = proposal.groups.iter().map(u16::to_string).collect();
    out.value(" group", some(groups.join(" ")));
    let additional = keywords(names::ADDITIONAL_KES, &proposal.additional_ke);
    out.value(" additional-ke 1", additional);
    out.end();
}

fn keywords<T: PartialEq>(table: &[(&'static str, T)], values: &[T]) -> Option<String> {
    let names: Vec<&str> = values.iter().map(|v| names::keyword(table, v)).collect();
    some(names.join(" "))
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn policy(policy: &Ikev2Policy, out: &mut Text) {
    out.line(format_args!("crypto ikev2 policy {}", policy.name));
    match_fvrf(&policy.fvrf, out);
    let local = policy.local.iter();
    local.for_each(|address| out.line(format_args!(" match address local {address}")));
    let proposals = policy.proposals.iter();
    proposals.for_each(|name| out.line(format_args!(" proposal {name}")));
    out.end();
}

pub(super) fn match_fvrf(fvrf: &Fvrf, out: &mut Text) {
    match fvrf {
        Fvrf::Global => {}
        Fvrf::Any => out.line(format_args!(" match fvrf any")),
        Fvrf::Named(name) => out.line(format_args!(" match fvrf {name}")),
    }
}

fn keyring(keyring: &Ikev2Keyring, out: &mut Text) {
    out.line(format_args!("crypto ikev2 keyring {}", keyring.name));
    keyring.peers.iter().for_each(|p| peer(p, out));
    out.end();
}

fn peer(peer: &Ikev2Peer, out: &mut Text) {
    out.line(format_args!(" peer {}", peer.name));
    out.value("  description", peer.description.as_ref());
    for (address, bits) in &peer.addresses {
        match address {
            IpAddr::V4(address) if *bits == 32 => out.line(format_args!("  address {address}")),
            IpAddr::V4(address) => out.line(format_args!("  address {address} {}", mask(*bits))),
            IpAddr::V6(address) => out.line(format_args!("  address {address}/{bits}")),
        }
    }
    out.value("  hostname", peer.hostname.as_ref());
    match &peer.identity {
        // One host: IOS prints no mask here.
        Some(Ikev2Match::Address(address, _)) => {
            out.line(format_args!("  identity address {address}"));
        }
        identity => out.value("  identity", identity.as_ref()),
    }
    let (local, remote) = (peer.key_local.as_ref(), peer.key_remote.as_ref());
    if local == remote {
        out.value("  pre-shared-key", local.map(Key));
    } else {
        out.value("  pre-shared-key local", local.map(Key));
        out.value("  pre-shared-key remote", remote.map(Key));
    }
    if let Some(ppk) = &peer.ppk {
        let required = if ppk.required { " required" } else { "" };
        let (id, key) = (&ppk.id, Key(&ppk.key));
        out.line(format_args!("  ppk manual id {id} key {key}{required}"));
    }
    out.line(format_args!(" !"));
}

/// A key as a word, with its type where the word alone would be read as something else.
pub(super) struct Key<'a>(pub(super) &'a Secret);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KEYWORDS: [&str; 5] = ["0", "6", "hex", "local", "remote"];
        let octets = self.0.expose();
        let word = |text: &&str| is_name(text) && !text.starts_with('"');
        match std::str::from_utf8(octets).ok().filter(word) {
            Some(text) if KEYWORDS.iter().any(|k| k.eq_ignore_ascii_case(text)) => {
                write!(f, "0 {text}")
            }
            Some(text) => f.write_str(text),
            None => {
                f.write_str("hex ")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
            }
        }
    }
}

fn global(ikev2: &Ikev2Global, out: &mut Text) {
    let default = Ikev2Global::default();
    let unless = |value: u32, default: u32| Some(value).filter(|value| *value != default);
    out.value("crypto ikev2 nat keepalive", ikev2.nat_keepalive);
    out.value("crypto ikev2 dpd", ikev2.dpd);
    limits(ikev2, &default, out);
    out.value("crypto ikev2 window", unless(ikev2.window, default.window));
    out.value("crypto ikev2 cookie-challenge", ikev2.cookie_challenge);
    let or_default = |value: Option<u32>, default, keyword: &str| match value {
        Some(value) if value == default => Some(String::new()),
        value => value.map(|value| format!("{keyword}{value}")),
    };
    let mtu = ikev2.fragmentation.map(u32::from);
    let fragmentation = or_default(mtu, FRAGMENT_MTU.into(), " mtu ");
    let redirects = or_default(ikev2.redirect_client, MAX_REDIRECTS, " max-redirects ");
    let errors = or_default(ikev2.diagnose_error, DIAGNOSE_ENTRIES, " ");
    for (command, value) in [
        ("fragmentation", fragmentation),
        ("redirect client", redirects),
        ("diagnose error", errors),
    ] {
        let lines = value.into_iter();
        lines.for_each(|value| out.line(format_args!("crypto ikev2 {command}{value}")));
    }
    out.when(!ikev2.http_url_cert, "no crypto ikev2 http-url cert");
    let prefixes = ikev2.http_url_fetch.iter();
    prefixes.for_each(|url| out.line(format_args!("crypto ikev2 http-url fetch {url}")));
    out.value("crypto ikev2 certificate-cache", ikev2.certificate_cache);
    out.when(ikev2.logging, "crypto logging ikev2");
    extensions(ikev2, out);
}

fn limits(ikev2: &Ikev2Global, default: &Ikev2Global, out: &mut Text) {
    const LIMIT: &str = "crypto ikev2 limit max-in-negotation-sa";
    let incoming = ikev2.max_in_negotiation_incoming;
    let outgoing = ikev2.max_in_negotiation_outgoing;
    if incoming == outgoing {
        out.line(format_args!("{LIMIT} {incoming}"));
    } else {
        if incoming != default.max_in_negotiation_incoming {
            out.line(format_args!("{LIMIT} {incoming} incoming"));
        }
        if outgoing != default.max_in_negotiation_outgoing {
            out.line(format_args!("{LIMIT} {outgoing} outgoing"));
        }
    }
    out.value("crypto ikev2 limit max-sa", ikev2.max_sa);
}

fn extensions(ikev2: &Ikev2Global, out: &mut Text) {
    out.when(ikev2.mode == Ikev2Mode::Modern, "crypto ikev2 mode modern");
    match ikev2.digital_signature {
        Some(true) => out.line(format_args!("crypto ikev2 digital-signature")),
        Some(false) => out.line(format_args!("no crypto ikev2 digital-signature")),
        None => {}
    }
    out.when(ikev2.mobike, "crypto ikev2 mobike");
    match ikev2.childless {
        Some(Ikev2Childless::Allowed) => out.line(format_args!("crypto ikev2 childless")),
        Some(Ikev2Childless::Required) => {
            out.line(format_args!("crypto ikev2 childless required"));
        }
        None => {}
    }
}

impl fmt::Display for Ikev2Dpd {
    /// The words after `dpd`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.periodic {
            "periodic"
        } else {
            "on-demand"
        };
        write!(f, "{} {} {kind}", self.interval, self.retry)
    }
}
