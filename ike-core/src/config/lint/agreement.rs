//! What two routers have to say alike for a tunnel between them: the version of IKE, an offer of phase 1, transforms, the
//! mirror of an access list (S-082, G-021, G-040, G-080, G-084).
use super::Lint;
use super::pair::{Link, Owner, Router};
use crate::config::codes;
use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::model::*;

/// One end of a tunnel and the other, as the first one is told about it.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub here: Router<'a>,
    pub link: Link<'a>,
    pub there: Router<'a>,
    pub peer: Link<'a>,
}

/// A line of an object that decides, and what it means.
type Parts = Vec<(&'static str, String)>;

/// What is not alike, at the lines of this router.
pub(super) fn differences(ends: Ends<'_>) -> Vec<Diagnostic> {
    let found = match (ends.link.v2, ends.peer.v2) {
        (Some(_), None) => vec![version(ends)],
        (None, Some(_)) => Vec::new(),
        (None, None) => vec![policies(ends), transforms(ends), mirror(ends)],
        (Some(_), Some(_)) => vec![proposals(ends), transforms(ends), mirror(ends)],
    };
    found.into_iter().flatten().collect()
}

/// One speaks IKEv2: told on that one, whose line says so.
fn version(ends: Ends<'_>) -> Option<Diagnostic> {
    let (block, set) = match ends.link.owner {
        Owner::Tunnel { ipsec, .. } => {
            (format!("crypto ipsec profile {ipsec}"), "set ikev2-profile")
        }
        Owner::Map { .. } => (ends.link.owner.block(), "set ikev2-profile"),
    };
    let message = format!(
        "this end speaks IKEv2, {} ({}) speaks IKEv1",
        ends.there.name(),
        ends.there.at("", &ends.peer.owner.block())
    );
    ends.told(
        codes::TWO_VERSIONS,
        &block,
        set,
        message,
        "G-081: an IKEv2 profile on both ends, or on none",
    )
}

fn policies(ends: Ends<'_>) -> Option<Diagnostic> {
    let (mine, theirs) = (ends.here.config(), ends.there.config());
    let all = |config: &RunningConfig| -> Vec<(String, Parts)> {
        let policies = config.isakmp_policies.iter();
        policies
            .map(|p| (format!("crypto isakmp policy {}", p.priority), policy(p)))
            .collect()
    };
    let differ = |a: &str, b: &str| a != b;
    nearest(ends, &all(mine), &all(theirs), differ, "ISAKMP policy")
}

fn policy(policy: &IsakmpPolicy) -> Parts {
    vec![
        ("encryption", format!("{:?}", policy.encryption)),
        ("hash", format!("{:?}", policy.hash)),
        ("authentication", format!("{:?}", policy.authentication)),
        ("group", policy.group.to_string()),
    ]
}

fn proposals(ends: Ends<'_>) -> Option<Diagnostic> {
    let all = |config: &RunningConfig| -> Vec<(String, Parts)> {
        let proposals = config.ikev2_proposals.iter();
        proposals
            .map(|p| (format!("crypto ikev2 proposal {}", p.name), proposal(p)))
            .collect()
    };
    let differ = |a: &str, b: &str| {
        !a.split(' ')
            .any(|word| b.split(' ').any(|other| word == other))
    };
    let (mine, theirs) = (all(ends.here.config()), all(ends.there.config()));
    nearest(ends, &mine, &theirs, differ, "IKEv2 proposal")
}

/// Each list as words.
fn proposal(proposal: &Ikev2Proposal) -> Parts {
    fn words<T: std::fmt::Debug>(list: &[T]) -> String {
        let words = list.iter().map(|item| format!("{item:?}").replace(' ', ""));
        words.collect::<Vec<_>>().join(" ")
    }
    let prfs = match proposal.prf.as_slice() {
        [] => proposal.integrity.iter().map(|i| i.prf()).collect(),
        list => list.to_vec(),
    };
    vec![
        ("encryption", words(&proposal.encryption)),
        ("integrity", words(&proposal.integrity)),
        ("prf", words(&prfs)),
        ("group", words(&proposal.groups)),
    ]
}

/// Told where no object of one is one of the other, at what differs in the two that come nearest.
fn nearest(
    ends: Ends<'_>,
    mine: &[(String, Parts)],
    theirs: &[(String, Parts)],
    differ: impl Fn(&str, &str) -> bool,
    what: &str,
) -> Option<Diagnostic> {
    let unlike = |a: &Parts, b: &Parts| -> Vec<&'static str> {
        let pairs = a.iter().zip(b);
        let unlike = pairs.filter(|((_, a), (_, b))| differ(a, b));
        unlike.map(|((part, _), _)| *part).collect()
    };
    let pairs = mine.iter().flat_map(|m| theirs.iter().map(move |t| (m, t)));
    let (parts, mine, theirs) = pairs
        .map(|(m, t)| (unlike(&m.1, &t.1), &m.0, &t.0))
        .min_by_key(|(parts, ..)| parts.len())?;
    let first = parts.first()?;
    let own = if ends.here.has(mine, first) {
        *first
    } else {
        ""
    };
    let message = format!(
        "no {what} is one of {}'s; the nearest, {}, has another {}",
        ends.there.name(),
        ends.there.at(theirs, first),
        parts.join(" and ")
    );
    ends.told(
        codes::NO_COMMON_OFFER,
        mine,
        own,
        message,
        "S-082: one offer has to be alike on both",
    )
}

/// G-080: cipher and hash of one set at least are alike.
fn transforms(ends: Ends<'_>) -> Option<Diagnostic> {
    let sets = |router: Router<'_>, link: Link<'_>| -> Vec<(String, Parts)> {
        let named = link
            .sets
            .iter()
            .filter_map(|name| router.config().transform_set(name));
        named
            .map(|set| {
                let means = format!("{:?} {:?} {:?}", set.cipher, set.integrity, set.ah);
                let name = format!("crypto ipsec transform-set {}", set.name);
                (name, vec![("", means)])
            })
            .collect()
    };
    let (mine, theirs) = (sets(ends.here, ends.link), sets(ends.there, ends.peer));
    let alike = |m: &(String, Parts)| theirs.iter().any(|t| t.1 == m.1);
    let (first, other) = (mine.first()?, theirs.first()?);
    if mine.iter().any(alike) {
        return None;
    }
    let message = format!(
        "no transform set is one of {}'s ({})",
        ends.there.name(),
        ends.there.at("", &other.0)
    );
    ends.told(
        codes::OTHER_TRANSFORMS,
        "",
        &first.0,
        message,
        "G-080: cipher and hash have to be alike",
    )
}

/// G-084: what one sends through the tunnel the other one expects from it.
fn mirror(ends: Ends<'_>) -> Option<Diagnostic> {
    let list = |router: Router<'_>, link: Link<'_>| -> Vec<AccessEntry> {
        let name = link.list;
        let lists = router
            .config()
            .access_lists
            .iter()
            .find(|l| Some(&l.name) == name);
        lists.map(|l| l.entries.clone()).unwrap_or_default()
    };
    let (mine, theirs) = (list(ends.here, ends.link), list(ends.there, ends.peer));
    let mirrored = |a: &AccessEntry, b: &AccessEntry| {
        (a.source, a.destination, a.protocol) == (b.destination, b.source, b.protocol)
    };
    let name = ends.link.list.filter(|_| !theirs.is_empty())?;
    let permits = mine.iter().filter(|entry| entry.permit).enumerate();
    let mut lonely = permits.filter(|(_, m)| !theirs.iter().any(|t| mirrored(m, t)));
    let (index, _) = lonely.next()?;
    let message = format!(
        "this entry of `{name}` is the mirror of none of {}'s ({})",
        ends.there.name(),
        ends.there.at("", &ends.peer.owner.block())
    );
    let help = "G-084: source and destination of each entry, in each other's place on the peer";
    ends.told_at_entry(name, index, message, help)
}

impl Ends<'_> {
    /// A finding at a line of a block; at its first line where the line is not there.
    fn told(
        self,
        code: &'static str,
        block: &str,
        command: &str,
        message: String,
        help: &str,
    ) -> Option<Diagnostic> {
        let mut lint = self.lint();
        let (block, command) = if command.is_empty() {
            ("", block)
        } else {
            (block, command)
        };
        lint.at(
            Severity::Warning,
            code,
            block,
            command,
            message,
            Some(help.to_owned()),
        );
        lint.found.pop()
    }

    fn told_at_entry(
        self,
        name: &str,
        index: usize,
        message: String,
        help: &str,
    ) -> Option<Diagnostic> {
        let mut lint = self.lint();
        let (named, numbered) = (
            format!("ip access-list extended {name}"),
            format!("access-list {name} permit "),
        );
        let places = self.here.1.places.iter();
        let mut entries = places.filter(|p| {
            (p.block == named && p.command.starts_with("permit "))
                || p.command.starts_with(&numbered)
        });
        let (code, help) = (codes::NOT_MIRRORED, Some(help.to_owned()));
        lint.push(
            Severity::Warning,
            code,
            entries.nth(index),
            0,
            message,
            help,
        );
        lint.found.pop()
    }

    fn lint(&self) -> Lint<'_> {
        Lint {
            file: self.here.0,
            parsed: self.here.1,
            found: Vec::new(),
        }
    }
}
