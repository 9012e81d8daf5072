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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::policy::ikev2::esp;
    use crate::policy::ipsec;
    use crate::policy::protection::{MapRefusal, Selector, compile, for_selectors};

    const TEXT: &str = "crypto isakmp profile prof1
   match identity host R2
crypto ipsec transform-set TS esp-aes esp-sha-hmac
crypto ipsec transform-set OTHER esp-3des esp-md5-hmac
 mode transport
crypto ipsec profile P
 set transform-set TS
 set isakmp-profile prof1
interface Ethernet0/0
 ip address 192.168.0.1 255.255.255.0
 crypto map M
interface Tunnel1
 tunnel source Ethernet0/0
 tunnel destination 192.168.0.2
 tunnel protection ipsec profile P
access-list 101 permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255
crypto map M 10 ipsec-isakmp
 set peer 192.168.0.2
 set transform-set OTHER
 match address 101
";

    fn net(a: [u8; 4], prefix: u8) -> Selector {
        Selector {
            prefix,
            ..Selector::host(a.into())
        }
    }

    fn refused(bound: Option<&str>, local: Selector, remote: Selector) -> MapRefusal {
        let parsed = parse("test.cfg", TEXT);
        let ends = ([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        let all = compile(&parsed.config);
        let refusal = for_selectors(&all, bound, ends, local, remote).unwrap_err();
        for subject in &refusal.decision.about {
            assert!(!subject.places(&parsed.places).is_empty(), "{subject:?}");
        }
        refusal
    }

    /// S-094: the selectors fit and the profile is another: its line is named.
    #[test]
    fn a_profile_that_alone_differs_is_told_by_its_line() {
        let (a, b) = ([192, 168, 0, 1].into(), [192, 168, 0, 2].into());
        let refusal = refused(Some("prof9"), Selector::gre(a), Selector::gre(b));
        assert!(refusal.profile_did_not_match);
        let because = "Tunnel1 demands profile prof1, the peer was bound to prof9";
        assert_eq!(refusal.decision.because, because);
        let profile = Subject::block("crypto ipsec profile P");
        assert_eq!(
            refusal.decision.about[0],
            profile.line("set isakmp-profile")
        );
    }

    /// S-093, T-15: nothing fits; the one with the fewest differences is named.
    #[test]
    fn the_nearest_protection_is_named_with_what_differs() {
        let refusal = refused(None, net([10, 1, 0, 0], 16), net([10, 9, 0, 0], 16));
        assert!(!refusal.profile_did_not_match);
        assert_eq!(
            refusal.decision.because,
            "nothing protects 10.1.0.0/255.255.0.0/0/0 to 10.9.0.0/255.255.0.0/0/0; the nearest is M/10"
        );
        let entry = Subject::block("crypto map M 10");
        assert_eq!(refusal.decision.about[0], entry.line("match address 101"));
        let map = refusal
            .decision
            .candidates
            .iter()
            .find(|c| c.name == "protection M/10");
        let map = map.unwrap();
        assert_eq!(
            map.rejected.as_ref().unwrap().because,
            "the peer's side is 10.2.0.0/255.255.0.0/0/0 here, 10.9.0.0/255.255.0.0/0/0 is proposed"
        );
        let passed: Vec<_> = map.steps.iter().map(|s| s.passed).collect();
        assert_eq!(passed, [true, true, false]);
    }

    /// W-053, RFC 7296 3.3: transform sets of both versions, each with its nearest offer.
    #[test]
    fn a_transform_set_that_does_not_fit_says_in_what() {
        let all = compile(&parse("test.cfg", TEXT).config);
        let by_name = |name: &str| all.iter().find(|p| p.name == name).unwrap();
        let (tunnel, map) = (by_name("Tunnel1"), by_name("M/10"));
        let v1 = ipsec::refusal(&ipsec::offer(map, 1_000, false), tunnel, false);
        let names: Vec<_> = v1.candidates[0]
            .steps
            .iter()
            .map(|s| s.what.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "cipher is AES-CBC here, 3DES is offered",
                "key length is 128 here, none is offered",
                "integrity is sha here, md5 is offered",
                "mode is tunnel here, transport is offered",
            ]
        );
        let v2 = esp::refusal(&esp::offer(map, 1_000, false), tunnel, false);
        assert_eq!(
            v2.because,
            "no transform set of Tunnel1 fits the offer; the nearest is transform set TS and proposal 1: \
             encryption is AES-CBC-128 here, 3DES is offered, integrity is SHA96 here, MD596 is offered"
        );
        let set = Subject::block("crypto ipsec transform-set TS");
        assert_eq!((&v1.about[0], &v2.about[0]), (&set.line("mode"), &set));
        assert!(v2.candidates[0].steps.iter().any(|s| s.passed));
    }
}
