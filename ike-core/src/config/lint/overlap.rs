//! Profiles whose matches overlap, and who wins (S-094..S-097).
use super::Lint;
use crate::address;
use crate::config::codes;
use crate::config::diagnostic::Severity;
use crate::config::in_domain;
use crate::config::model::*;
use std::net::IpAddr;

/// A statement about a peer, of either version, as S-096 ranks it.
#[derive(PartialEq, Eq)]
enum Statement<'a> {
    Network(IpAddr, u8),
    Name(char, &'a str),
    Domain(char, &'a str),
    Key(&'a str),
    Any,
}

/// What selection knows of a profile.
struct Candidate<'a> {
    name: &'a str,
    block: String,
    place: String,
    statements: Vec<Statement<'a>>,
    /// Peers are told by a certificate map too: its reach cannot be seen here.
    by_certificate: bool,
}

impl<'a> Lint<'a> {
    /// All findings of this file.
    pub(super) fn overlaps(&mut self) {
        let config = &self.parsed.config;
        let v1: Vec<Candidate<'_>> = config.isakmp_profiles.iter().map(isakmp).collect();
        let v2: Vec<Candidate<'_>> = config
            .ikev2_profiles
            .iter()
            .filter(|profile| !profile.shutdown)
            .map(ikev2)
            .collect();
        self.wider(&v1);
        self.wider(&v2);
        let tunnels = protected(config);
        self.losers(&tunnels, &v1, |tunnel| tunnel.0);
        self.losers(&tunnels, &v2, |tunnel| tunnel.1);
    }

    /// S-095, S-096: the more exact statement wins; S-097: with `first-match`, the newest.
    fn wider(&mut self, all: &[Candidate<'_>]) {
        let first_match = self.parsed.config.profile_selection_first_match;
        for (index, newer) in all.iter().enumerate() {
            for older in all.iter().take(index).filter(|o| o.place == newer.place) {
                let (wide, exact) = if is_wider(newer, older) {
                    (newer, older)
                } else if is_wider(older, newer) {
                    (older, newer)
                } else {
                    continue;
                };
                let (winner, rule) = match first_match {
                    true => (
                        newer,
                        "S-097: `profile-selection first-match` takes the newest",
                    ),
                    false => (exact, "S-096: the most specific match wins"),
                };
                let message = format!(
                    "profile `{}` matches peers of `{}` too; for those IOS uses {}",
                    wide.name, exact.name, winner.name
                );
                let severity = match first_match && std::ptr::eq(winner, wide) {
                    true => Severity::Warning,
                    false => Severity::Note,
                };
                let help = Some(rule.to_owned());
                self.at(severity, codes::OVERLAP, "", &wide.block, message, help);
            }
        }
    }

    /// S-093, S-094: a tunnel on a profile that a later one hides refuses what its peer proposes.
    fn losers<'c>(
        &mut self,
        tunnels: &[Protected<'c>],
        all: &[Candidate<'_>],
        which: impl Fn(&Protected<'c>) -> Option<&'c str>,
    ) {
        for (index, profile) in all.iter().enumerate() {
            let hidden = |other: &&Candidate<'_>| hides(other, profile);
            let Some(winner) = all.iter().skip(index + 1).rfind(hidden) else {
                continue;
            };
            for tunnel in tunnels {
                if which(tunnel) != Some(profile.name) {
                    continue;
                }
                let message = format!(
                    "{} uses profile `{}`, but whoever matches it is bound to `{}`: as responder the tunnel is refused",
                    tunnel.2, profile.name, winner.name
                );
                let help = Some(format!(
                    "S-093, S-095: use `{}` there, or give different matches",
                    winner.name
                ));
                let block = format!("interface {}", tunnel.2);
                self.at(
                    Severity::Warning,
                    codes::LOSING_PROFILE,
                    "",
                    &block,
                    message,
                    help,
                );
            }
        }
    }
}

/// ISAKMP profile, IKEv2 profile and interface of a protected tunnel.
type Protected<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

fn protected(config: &RunningConfig) -> Vec<Protected<'_>> {
    let of = |interface| protection(config, interface);
    config.interfaces.iter().filter_map(of).collect()
}

fn protection<'a>(config: &'a RunningConfig, interface: &'a Interface) -> Option<Protected<'a>> {
    let protection = interface.tunnel.as_ref()?.protection.as_ref()?;
    let (v1, v2) = effective(config, protection);
    Some((v1.filter(|_| v2.is_none()), v2, interface.name.as_str()))
}

/// The ISAKMP and the IKEv2 profile: what the tunnel names goes before what its IPsec profile names (G-081, G-086).
pub(super) fn effective<'a>(
    config: &'a RunningConfig,
    protection: &'a TunnelProtection,
) -> (Option<&'a str>, Option<&'a str>) {
    let ipsec = config.ipsec_profile(&protection.profile);
    let v1 = ipsec.and_then(|profile| profile.isakmp_profile.as_deref());
    let v2 = ipsec.and_then(|profile| profile.ikev2_profile.as_deref());
    (
        protection.isakmp_profile.as_deref().or(v1),
        protection.ikev2_profile.as_deref().or(v2),
    )
}

fn isakmp(profile: &IsakmpProfile) -> Candidate<'_> {
    let statements = profile.match_identity.iter().map(isakmp_statement);
    Candidate {
        name: &profile.name,
        block: format!("crypto isakmp profile {}", profile.name),
        place: format!("{:?}", profile.local_address),
        statements: statements.collect(),
        by_certificate: !profile.match_certificate.is_empty(),
    }
}

fn isakmp_statement(item: &MatchIdentity) -> Statement<'_> {
    match item {
        MatchIdentity::Address(network, bits) => Statement::Network(*network, *bits),
        MatchIdentity::Host(name) => Statement::Name('.', name),
        MatchIdentity::HostDomain(domain) => Statement::Domain('.', domain),
        MatchIdentity::User(name) => Statement::Name('@', name),
        MatchIdentity::UserDomain(domain) => Statement::Domain('@', domain),
        MatchIdentity::Group(key) => Statement::Key(key),
    }
}

fn ikev2(profile: &Ikev2Profile) -> Candidate<'_> {
    let statements = profile.match_identity.iter().map(ikev2_statement);
    Candidate {
        name: &profile.name,
        block: format!("crypto ikev2 profile {}", profile.name),
        place: format!("{:?} {:?}", profile.fvrf, profile.match_local),
        statements: statements.collect(),
        by_certificate: !profile.match_certificate.is_empty(),
    }
}

fn ikev2_statement(item: &Ikev2Match) -> Statement<'_> {
    match item {
        Ikev2Match::Address(network, _) if network.is_unspecified() => {
            Statement::Network(*network, 0)
        }
        Ikev2Match::Address(network, bits) => Statement::Network(*network, *bits),
        Ikev2Match::Fqdn(name) => Statement::Name('.', name),
        Ikev2Match::FqdnDomain(domain) => Statement::Domain('.', domain),
        Ikev2Match::Email(name) => Statement::Name('@', name),
        Ikev2Match::EmailDomain(domain) => Statement::Domain('@', domain),
        Ikev2Match::KeyId(key) => Statement::Key(key),
        Ikev2Match::Any => Statement::Any,
    }
}

/// A statement of the first fits every peer of a statement of the second, less exactly (S-096).
fn is_wider(wide: &Candidate<'_>, exact: &Candidate<'_>) -> bool {
    let mut statements = wide.statements.iter();
    statements.any(|a| exact.statements.iter().any(|b| a != b && covers(a, b)))
}

/// S-095: the later profile takes every peer of the earlier one, statement by statement.
fn hides(later: &Candidate<'_>, earlier: &Candidate<'_>) -> bool {
    let mut all = earlier.statements.iter();
    let taken = !earlier.statements.is_empty() && all.all(|item| later.statements.contains(item));
    taken && later.place == earlier.place && !earlier.by_certificate
}

fn covers(wide: &Statement<'_>, exact: &Statement<'_>) -> bool {
    match (wide, exact) {
        (Statement::Any, _) => true,
        (Statement::Network(a, short), Statement::Network(b, long)) => {
            short < long && address::contains(*a, *short, *b)
        }
        (Statement::Domain(a, domain), Statement::Name(b, name)) => {
            a == b && in_domain(name, domain, *a).is_some()
        }
        (Statement::Domain(a, domain), Statement::Domain(b, name)) => {
            a == b && in_domain(name, domain, *a).is_some()
        }
        _ => false,
    }
}
