//! What a new configuration means for what is up: which protections keep their SAs.
//!
//! IOS tears down what hangs on a `tunnel protection` or crypto map that is changed or removed, and leaves
//! everything else alone: lifetimes, the replay window, IKE policies, profiles, keys and trustpoints count from the
//! next negotiation on.

use std::collections::BTreeSet;

use super::protection::Protection;

/// What becomes of the SAs of a protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing that its SAs were negotiated with has changed.
    Stays,
    /// The SAs stay; what is named counts from the next negotiation on.
    NextTime(Vec<&'static str>),
    /// The SAs are deleted: it is gone, or what is named has changed.
    Ends(Vec<&'static str>),
    /// There was none of that name.
    New,
}

/// A protection of the old or of the new configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// [`Protection::name`].
    pub name: String,
    /// What becomes of its SAs.
    pub fate: Fate,
}

/// What [`Fate::Ends`] names for a protection that the new configuration has not.
pub const GONE: &str = "nothing protects it any more";

/// Each protection of either configuration, by name in the order of the old one, new ones last. Lines of an access
/// list share a name and a fate.
#[must_use]
pub fn compare(before: &[Protection], after: &[Protection]) -> Vec<Changed> {
    let mut seen = BTreeSet::new();
    let all = before.iter().chain(after).map(|p| p.name.as_str());
    let names: Vec<&str> = all.filter(|name| seen.insert(*name)).collect();
    let of = |list: &'_ [Protection], name: &str| -> Vec<Protection> {
        list.iter().filter(|p| p.name == name).cloned().collect()
    };
    let fate = |name: &str| fate(&of(before, name), &of(after, name));
    let changed = |name: &str| Changed {
        name: name.to_owned(),
        fate: fate(name),
    };
    names.into_iter().map(changed).collect()
}

fn fate(before: &[Protection], after: &[Protection]) -> Fate {
    if before.is_empty() {
        return Fate::New;
    }
    if after.is_empty() {
        return Fate::Ends(vec![GONE]);
    }
    if before.len() != after.len() {
        return Fate::Ends(vec!["the lines of its access list"]);
    }
    let pairs = || before.iter().zip(after);
    let mut negotiated = Vec::new();
    let mut later = Vec::new();
    for (old, new) in pairs() {
        negotiated.extend(negotiated_differences(old, new));
        later.extend(later_differences(old, new));
    }
    match (negotiated.is_empty(), later.is_empty()) {
        (true, true) => Fate::Stays,
        (true, false) => Fate::NextTime(once(later)),
        (false, _) => Fate::Ends(once(negotiated)),
    }
}

/// What differs of that which SAs were negotiated for.
fn negotiated_differences(old: &Protection, new: &Protection) -> Vec<&'static str> {
    let selectors = |p: &Protection| (p.local_selector, p.remote_selector);
    let profiles = |p: &Protection| (p.isakmp_profile.clone(), p.ikev2_profile.clone());
    let all = [
        (old.interface != new.interface, "its interface"),
        (old.local != new.local, "our address"),
        (old.peer != new.peer, "the peer's address"),
        (selectors(old) != selectors(new), "the traffic"),
        (profiles(old) != profiles(new), "its IKE profile"),
        (old.transform_sets != new.transform_sets, "transform sets"),
        (old.pfs != new.pfs, "the PFS group"),
    ];
    let differing = all.into_iter().filter(|(differs, _)| *differs);
    differing.map(|(_, what)| what).collect()
}

/// What differs of that which a negotiation only reads when it starts.
fn later_differences(old: &Protection, new: &Protection) -> Vec<&'static str> {
    let lifetimes = |p: &Protection| (p.lifetime_seconds, p.lifetime_kilobytes);
    let all = [
        (lifetimes(old) != lifetimes(new), "lifetimes"),
        (old.replay_window != new.replay_window, "the replay window"),
        (old.responder_only != new.responder_only, "who may start"),
    ];
    let differing = all.into_iter().filter(|(differs, _)| *differs);
    differing.map(|(_, what)| what).collect()
}

/// Each once, in the order of their first.
fn once(all: Vec<&'static str>) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(|what| seen.insert(*what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::policy::protection::compile;

    const SEED: &str = include_str!("../config/fixtures/r1-ikev1.cfg");

    fn after(from: &str, to: &str) -> Vec<Changed> {
        let of = |text: &str| compile(&parse("R1.cfg", text).config);
        let edited = SEED.replace(from, to);
        assert_ne!(edited, SEED, "the edit finds its place");
        compare(&of(SEED), &of(&edited))
    }

    fn only(from: &str, to: &str) -> Fate {
        let mut found = after(from, to);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).fate
    }

    /// What the SAs hang on ends them, the rest does not.
    #[test]
    fn the_changed_line_decides() {
        assert_eq!(only("hash md5", "hash sha"), Fate::Stays);
        let longer = "crypto ipsec security-association lifetime seconds 7200\ninterface Loopback0";
        assert_eq!(
            only("interface Loopback0", longer),
            Fate::NextTime(vec!["lifetimes"])
        );
        let peer = only(
            "tunnel destination 192.168.0.2",
            "tunnel destination 192.168.0.9",
        );
        // The GRE selectors are those of the tunnel's ends.
        assert_eq!(peer, Fate::Ends(vec!["the peer's address", "the traffic"]));
        let gone = only("  tunnel protection ipsec profile prof1\n", "");
        assert_eq!(gone, Fate::Ends(vec![GONE]));
        let more = " tunnel protection ipsec profile prof1\ninterface Tunnel2\n tunnel source 192.168.0.1\n tunnel destination 192.168.0.3\n tunnel protection ipsec profile prof1\n";
        let both = after("  tunnel protection ipsec profile prof1\n", more);
        let fates: Vec<(&str, &Fate)> = both.iter().map(|c| (&*c.name, &c.fate)).collect();
        assert_eq!(fates, [("Tunnel1", &Fate::Stays), ("Tunnel2", &Fate::New)]);
    }
}
