//! Which ISAKMP profile a peer falls into (S-040, S-041, S-094..S-098).

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::fmt;
use std::net::IpAddr;

use ike_pki::Certificate;

use super::identity::Identity;
use super::{Candidate, Decision, MAX_CANDIDATES, MAX_STEPS, Subject, address, certificate_map};
use crate::config::{self, IsakmpProfile, MatchIdentity, RunningConfig};

/// How exactly a statement matches; greater is more specific (S-096).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    /// `any` (IKEv2).
    Any,
    /// `address 0.0.0.0 0.0.0.0`.
    AnyAddress,
    /// `domain` suffix with its length in octets: the longer wins.
    Domain(usize),
    /// An address with its prefix length in bits: the longer wins.
    Prefix(u8),
    /// An exact host, FQDN, user, group or address.
    Exact,
}

/// The profile for a peer's identity: the most specific match, the newest created among
/// equals (S-095). With `profile-selection first-match` the newest match wins whatever its
/// specificity (S-097). The authentication method plays no part (S-098).
#[must_use]
pub fn for_peer(identity: &Identity, config: &RunningConfig) -> Decision<Option<String>> {
    let profiles = || config.isakmp_profiles.iter().enumerate();
    let fitting = profiles().filter_map(|(created, p)| {
        let (rank, statement) = best_statement(p, identity)?;
        let own = Subject::isakmp_profile(&p.name);
        let line = own.line(format!("match identity {statement}"));
        Some(Fitting::new(rank, created, &p.name, line))
    });
    let others = profiles().filter(|(_, p)| best_match(p, identity).is_none());
    let who = identity.to_string();
    let rejected = others.map(|(_, p)| {
        let own = Subject::isakmp_profile(&p.name);
        stranger(own, &p.name, "match identity", &p.match_identity)
    });
    let first_match = config.profile_selection_first_match;
    decide(fitting.collect(), rejected, &who, first_match, "S-041")
}

/// The profile for a peer's certificate: the newest with a `match certificate` map that fits. It
/// takes the place of the one for the identity once the certificate is read (U-10, T-22).
#[must_use]
pub fn for_certificate(
    certificate: &Certificate,
    config: &RunningConfig,
) -> Decision<Option<String>> {
    let profiles = config.isakmp_profiles.iter().enumerate();
    let mapped = profiles.map(|(created, p)| Mapped {
        created,
        own: Subject::isakmp_profile(&p.name),
        name: &p.name,
        maps: &p.match_certificate,
    });
    by_map(&mapped.collect::<Vec<_>>(), certificate, config)
}

/// A profile of either version with its lines `match certificate`.
pub(super) struct Mapped<'a> {
    pub(super) created: usize,
    pub(super) own: Subject,
    pub(super) name: &'a str,
    pub(super) maps: &'a [String],
}

/// U-10 for the profiles that may be selected.
pub(super) fn by_map(
    profiles: &[Mapped<'_>],
    certificate: &Certificate,
    config: &RunningConfig,
) -> Decision<Option<String>> {
    let fits = |label: &String| certificate_map::matches(config, label, certificate);
    let fitting = profiles.iter().filter_map(|p| {
        let map = p.maps.iter().find(|map| fits(map))?;
        let line = p.own.line(format!("match certificate {map}"));
        Some(Fitting::new(Specificity::Exact, p.created, p.name, line))
    });
    let others = profiles.iter().filter(|p| {
        let tried = !p.maps.is_empty();
        tried && !p.maps.iter().any(fits)
    });
    let rejected = others.map(|p| {
        let mut candidate = stranger(p.own.clone(), p.name, "match certificate", p.maps);
        let maps = p.maps.iter();
        let steps = maps.flat_map(|map| certificate_map::steps(config, map, certificate));
        candidate.steps = steps.take(MAX_STEPS).collect();
        candidate
    });
    let who = certificate.subject().to_string();
    decide(fitting.collect(), rejected, &who, false, "U-10")
}

/// A profile that fits: how exactly, when it was created, and the line that fits.
pub(super) struct Fitting<'a> {
    rank: Specificity,
    created: usize,
    name: &'a str,
    line: Subject,
}

impl<'a> Fitting<'a> {
    /// `line`: the statement that fits best.
    pub(super) fn new(rank: Specificity, created: usize, name: &'a str, line: Subject) -> Self {
        Self {
            rank,
            created,
            name,
            line,
        }
    }

    fn candidate(&self) -> Candidate {
        Candidate::new(format!("profile {}", self.name), Some(self.line.clone()))
    }
}

/// The rule of S-095 and S-097 for the profiles that match `who`. `alone` is the rule when there is
/// nothing to choose; `rejected` are those that do not match, which are gone through after the decision.
pub(super) fn decide(
    mut fitting: Vec<Fitting<'_>>,
    rejected: impl Iterator<Item = Candidate>,
    who: &str,
    first_match: bool,
    alone: &'static str,
) -> Decision<Option<String>> {
    fitting.sort_by_key(|f| {
        let rank = if first_match {
            Specificity::Exact
        } else {
            f.rank
        };
        (Reverse(rank), Reverse(f.created))
    });
    let Some((best, others)) = fitting.split_first() else {
        let rejected: Vec<Candidate> = rejected.take(MAX_CANDIDATES).collect();
        let about: Vec<Subject> = rejected.iter().filter_map(|c| c.subject.clone()).collect();
        let decision = Decision::new(None, alone, format!("no match statement fits {who}"));
        return decision.about(about).among(rejected);
    };
    let name = best.name;
    let over = |other: &Fitting<'_>| match () {
        () if first_match => "first-match takes the newest",
        () if best.rank == other.rank => "the newest created wins",
        () => "another matches more exactly",
    };
    let rule = if first_match { "S-097" } else { "S-095" };
    let (rule_of_best, because) = match others.first() {
        None => (alone, format!("only {name} matches {who}")),
        Some(second) if !first_match && best.rank != second.rank => {
            let because = format!("{name} matches {who} more exactly than {}", second.name);
            (rule, because)
        }
        Some(second) => {
            let equally = if first_match { "" } else { " equally" };
            let wins = over(second);
            let because = format!("{name} and {} match {who}{equally}; {wins}", second.name);
            (rule, because)
        }
    };
    let losers = others.iter().map(|o| o.candidate().rejected(rule, over(o)));
    let about = fitting.iter().take(2).map(|f| f.line.clone());
    Decision::new(Some(name.to_owned()), rule_of_best, because)
        .about(about)
        .among([best.candidate().chosen()])
        .among(losers)
        .among(rejected)
}

/// A profile none of whose statements fits, or which has none. `command` begins such a line.
pub(super) fn stranger<S: fmt::Display>(
    own: Subject,
    name: &str,
    command: &str,
    statements: &[S],
) -> Candidate {
    let line = statements.first().map(|_| own.line(command));
    let because = match statements {
        [] => format!("it has no {command}"),
        [only] => format!("{command} {only} does not fit"),
        all => format!("none of its {} lines {command} fits", all.len()),
    };
    let candidate = Candidate::new(format!("profile {name}"), Some(line.unwrap_or(own)));
    let several = statements.iter().filter(|_| statements.len() > 1);
    several
        .take(MAX_STEPS)
        .fold(candidate.rejected("S-096", because), |c, s| {
            c.step(format!("{command} {s}"), false)
        })
}

/// One of the profile's statements matches the identity, or it has none.
#[must_use]
pub fn matches(profile: &IsakmpProfile, identity: &Identity) -> bool {
    profile.match_identity.is_empty() || best_match(profile, identity).is_some()
}

/// The best rank among a profile's statements, `None` when none matches.
fn best_match(profile: &IsakmpProfile, identity: &Identity) -> Option<Specificity> {
    best_statement(profile, identity).map(|(rank, _)| rank)
}

/// The same with the statement.
fn best_statement<'a>(
    profile: &'a IsakmpProfile,
    identity: &Identity,
) -> Option<(Specificity, &'a MatchIdentity)> {
    let statements = profile.match_identity.iter();
    statements
        .filter_map(|m| Some((rank(m, identity)?, m)))
        .max_by_key(|(rank, _)| *rank)
}

fn rank(statement: &MatchIdentity, identity: &Identity) -> Option<Specificity> {
    match (statement, identity) {
        (MatchIdentity::Address(network, bits), Identity::Ipv4(address)) => {
            address_rank(*network, *bits, (*address).into())
        }
        (MatchIdentity::Address(network, bits), Identity::Ipv6(address)) => {
            address_rank(*network, *bits, (*address).into())
        }
        (MatchIdentity::Host(host), Identity::Fqdn(name)) => host
            .eq_ignore_ascii_case(name)
            .then_some(Specificity::Exact),
        (MatchIdentity::HostDomain(domain), Identity::Fqdn(name)) => in_domain(name, domain, '.'),
        (MatchIdentity::User(user), Identity::UserFqdn(name)) => user
            .eq_ignore_ascii_case(name)
            .then_some(Specificity::Exact),
        (MatchIdentity::UserDomain(domain), Identity::UserFqdn(name)) => {
            in_domain(name, domain, '@')
        }
        (MatchIdentity::Group(group), Identity::KeyId(id)) => {
            (group.as_bytes() == id.as_slice()).then_some(Specificity::Exact)
        }
        _ => None,
    }
}

fn address_rank(network: IpAddr, bits: u8, address: IpAddr) -> Option<Specificity> {
    let rank = match bits {
        0 => Specificity::AnyAddress,
        n if n == address::width(address) => Specificity::Exact,
        n => Specificity::Prefix(n),
    };
    address::contains(network, bits, address).then_some(rank)
}

/// The rank of a domain that the name is in.
pub(super) fn in_domain(name: &str, domain: &str, border: char) -> Option<Specificity> {
    config::in_domain(name, domain, border).map(Specificity::Domain)
}
