//! Where a protection comes from, and how protections that do not fit are told: each with what differs, the one
//! with the fewest differences named.

use std::fmt;
use std::net::IpAddr;

use super::protection::Protection;
use super::{Candidate, Decision, MAX_CANDIDATES, Subject};

/// The lines of the configuration that a protection is compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `tunnel protection` of an interface.
    Tunnel {
        /// The interface.
        interface: String,
        /// The IPsec profile.
        ipsec_profile: String,
    },
    /// A line of the access list of a crypto map.
    Map {
        /// The map.
        name: String,
        /// The sequence of its entry.
        sequence: u32,
        /// The access list.
        access_list: String,
    },
}

impl Origin {
    /// What says which traffic it is, the most telling first.
    #[must_use]
    pub fn selectors(&self) -> Vec<Subject> {
        let owner = self.owner();
        match self {
            Self::Tunnel { .. } => vec![owner.line("tunnel destination"), owner],
            Self::Map { access_list, .. } => {
                vec![owner.line(format!("match address {access_list}")), owner]
            }
        }
    }

    /// What says which profile the peer has to be bound to: `command` is `set isakmp-profile` or
    /// `set ikev2-profile`; the name may also stand at the end of `tunnel protection`.
    #[must_use]
    pub fn profile(&self, command: &str) -> Vec<Subject> {
        let inner = match self {
            Self::Tunnel { .. } => self.owner().line("tunnel protection"),
            Self::Map { .. } => self.owner(),
        };
        vec![self.algorithms().line(command), inner]
    }

    /// What names the transform sets.
    #[must_use]
    pub fn transform_sets(&self) -> Vec<Subject> {
        let block = self.algorithms();
        vec![block.line("set transform-set"), block]
    }

    /// The interface, or the entry of the map.
    #[must_use]
    pub fn owner(&self) -> Subject {
        Subject::block(match self {
            Self::Tunnel { interface, .. } => format!("interface {interface}"),
            Self::Map { name, sequence, .. } => format!("crypto map {name} {sequence}"),
        })
    }

    /// The IPsec profile, or the entry of the map.
    fn algorithms(&self) -> Subject {
        match self {
            Self::Tunnel { ipsec_profile, .. } => {
                Subject::block(format!("crypto ipsec profile {ipsec_profile}"))
            }
            Self::Map { .. } => self.owner(),
        }
    }
}

/// The protections between two ends, then all others: differences are looked for in that order.
pub(super) fn nearest_first(
    protections: &[Protection],
    endpoints: (IpAddr, IpAddr),
) -> impl Iterator<Item = &Protection> {
    let between = move |p: &&Protection| (p.local, p.peer) == endpoints;
    let others = protections.iter().filter(move |p| !between(p));
    protections.iter().filter(between).chain(others)
}

/// What differs between a protection and what a peer proposes, piece by piece.
pub(super) struct Comparison<'a> {
    protection: &'a Protection,
    rule: &'static str,
    steps: Vec<(String, bool)>,
    /// The profile alone differs.
    profile: bool,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(protection: &'a Protection, rule: &'static str) -> Self {
        Self {
            protection,
            rule,
            steps: Vec::new(),
            profile: false,
        }
    }

    /// The addresses of both ends, ours first.
    pub(super) fn endpoints(&mut self, (local, peer): (IpAddr, IpAddr)) {
        let (ours, theirs) = (self.protection.local, self.protection.peer);
        let fits = (ours, theirs) == (local, peer);
        let what = match fits {
            true => format!("it is between {local} and {peer}"),
            false => format!("it is between {ours} and {theirs}, not {local} and {peer}"),
        };
        self.steps.push((what, fits));
    }

    /// One side of the traffic, which has to be the same.
    pub(super) fn equal<T: fmt::Display + PartialEq>(&mut self, side: &str, own: &T, proposed: &T) {
        self.side(side, own, proposed, own == proposed);
    }

    /// One side of the traffic, however it is compared.
    pub(super) fn side(
        &mut self,
        side: &str,
        own: &impl fmt::Display,
        proposed: &impl fmt::Display,
        fits: bool,
    ) {
        let what = match fits {
            true => format!("{side} is {own}"),
            false => format!("{side} is {own} here, {proposed} is proposed"),
        };
        self.steps.push((what, fits));
    }

    /// The profile that the peer has to be bound to.
    pub(super) fn profile(&mut self, demanded: Option<&str>, bound: Option<&str>) {
        let Some(demanded) = demanded else { return };
        let fits = Some(demanded) == bound;
        let bound = bound.unwrap_or("none");
        let what = match fits {
            true => format!("the peer is bound to profile {demanded}"),
            false => format!("it demands profile {demanded}, the peer is bound to {bound}"),
        };
        self.profile = self.differences() == 0 && !fits;
        self.steps.push((what, fits));
    }

    fn differences(&self) -> usize {
        self.steps.iter().filter(|(_, passed)| !passed).count()
    }

    /// What of the configuration the difference goes back to.
    fn subjects(&self) -> Vec<Subject> {
        let command = match self.protection.ikev2_profile.is_some() {
            true => "set ikev2-profile",
            false => "set isakmp-profile",
        };
        match self.profile {
            true => self.protection.origin.profile(command),
            false => self.protection.origin.selectors(),
        }
    }

    fn candidate(self) -> Candidate {
        let subject = self.subjects().into_iter().next();
        let mut failed = self.steps.iter().filter(|(_, passed)| !passed);
        let because = failed.next().map(|(what, _)| what.clone());
        let name = format!("protection {}", self.protection.name);
        let candidate = Candidate::new(name, subject);
        let candidate = candidate.rejected(self.rule, because.unwrap_or_default());
        let steps = self.steps.into_iter();
        steps.fold(candidate, |c, (what, passed)| c.step(what, passed))
    }
}

/// No protection fits: those compared, in order; the nearest is named in the reason.
pub(super) fn refusal<'a>(
    rule: &'static str,
    because: String,
    compared: impl Iterator<Item = Comparison<'a>>,
) -> Decision<()> {
    let compared: Vec<Comparison<'a>> = compared.take(MAX_CANDIDATES).collect();
    let nearest = compared.iter().min_by_key(|c| c.differences());
    let about = nearest.map(Comparison::subjects).unwrap_or_default();
    let because = match nearest.filter(|nearest| !nearest.profile) {
        Some(nearest) => format!("{because}; the nearest is {}", nearest.protection.name),
        None => because,
    };
    Decision::new((), rule, because)
        .about(about)
        .among(compared.into_iter().map(Comparison::candidate))
}
