//! Who is who: match statements, own identities, and the profile a tunnel is bound to (S-040..S-043, S-090..S-098).

use ike_core::config::Place;

use super::edit::Edit;
use super::side::{IKEV2_PROFILE, ISAKMP_PROFILE, Side, name};

/// What may help.
pub(super) fn edits(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for profile in side.profiles(ISAKMP_PROFILE) {
        found.extend(statements(
            side,
            profile,
            "match identity",
            &of_phase_1(side),
        ));
        found.extend(own(side, profile, "self-identity", &["fqdn", "address"]));
    }
    for profile in side.profiles(IKEV2_PROFILE) {
        found.extend(statements(
            side,
            profile,
            "match identity remote",
            &of_ikev2(side),
        ));
        let own_forms = own_of_ikev2(side);
        let own_forms: Vec<&str> = own_forms.iter().map(String::as_str).collect();
        found.extend(own(side, profile, "identity local", &own_forms));
    }
    found
}

/// The profiles that IPsec profiles and crypto maps name.
pub(super) fn bindings(side: Side<'_>) -> Vec<Edit> {
    let mut found = bound(side, ISAKMP_PROFILE, "isakmp-profile");
    found.extend(bound(side, IKEV2_PROFILE, "ikev2-profile"));
    found
}

/// What the peer may call itself in phase 1 (S-042).
fn of_phase_1(side: Side<'_>) -> Vec<String> {
    let fqdn = format!("host {}", side.peer.config.fqdn());
    let address = side.turned().address();
    let address = address.map(|a| format!("address {a} 255.255.255.255"));
    std::iter::once(fqdn).chain(address).collect()
}

/// The same in IKEv2: what it says of itself goes first.
fn of_ikev2(side: Side<'_>) -> Vec<String> {
    let peer = side.turned();
    let profiles = peer.profiles(IKEV2_PROFILE).into_iter();
    let said = profiles.flat_map(|p| peer.lines(p, "identity local"));
    let said = said.filter_map(|p| p.command.strip_prefix("identity local "));
    let said = said.filter(|form| *form != "dn").map(|form| {
        let mask = if form.starts_with("address ") {
            " 255.255.255.255"
        } else {
            ""
        };
        format!("{form}{mask}")
    });
    let address = peer.address();
    let address = address.map(|a| format!("address {a} 255.255.255.255"));
    let fqdn = format!("fqdn {}", peer.router.config.fqdn());
    let mut forms: Vec<String> = said.chain(address).chain([fqdn]).collect();
    forms.dedup();
    forms
}

/// Forms of the own identity: those that the peer matches, and the usual ones.
fn own_of_ikev2(side: Side<'_>) -> Vec<String> {
    let peer = side.turned();
    let profiles = peer.profiles(IKEV2_PROFILE).into_iter();
    let wanted = profiles.flat_map(|p| peer.lines(p, "match identity remote"));
    let wanted = wanted.filter_map(|p| p.command.strip_prefix("match identity remote "));
    let wanted = wanted.filter(|form| !form.contains("domain") && *form != "any");
    let wanted = wanted.map(|form| form.split(' ').take(2).collect::<Vec<_>>().join(" "));
    let address = side.address().map(|a| format!("address {a}"));
    let fqdn = format!("fqdn {}", side.router.config.fqdn());
    let mut forms: Vec<String> = wanted.chain(address).chain([fqdn]).collect();
    forms.dedup();
    forms
}

/// A statement more, or another one in place of one there is; one less, where others stay.
fn statements(side: Side<'_>, profile: &Place, word: &str, forms: &[String]) -> Vec<Edit> {
    let mut there = side.lines(profile, word);
    there.extend(side.lines(profile, "match certificate"));
    let lines = forms.iter().map(|form| format!("{word} {form}"));
    let new: Vec<String> = lines
        .filter(|line| there.iter().all(|p| p.command != *line))
        .collect();
    let mut found = Vec::new();
    for place in &there {
        found.extend(new.iter().map(|line| side.replace(place, line)));
    }
    found.extend(new.iter().map(|line| Edit::one(side.add(profile, line))));
    found.extend(there.iter().map(|place| side.remove(place)));
    found
}

/// Another identity of its own.
fn own(side: Side<'_>, profile: &Place, word: &str, forms: &[&str]) -> Vec<Edit> {
    let there = side.lines(profile, word).last().copied();
    let lines = forms.iter().map(|form| format!("{word} {form}"));
    let edit = |line: String| match there {
        Some(place) if place.command == line => None,
        Some(place) => Some(side.replace(place, line)),
        None => Some(Edit::one(side.add(profile, line))),
    };
    lines.filter_map(edit).collect()
}

/// Another profile, one where none is, none.
fn bound(side: Side<'_>, prefix: &str, word: &str) -> Vec<Edit> {
    let profiles = side.headers(prefix);
    let set = format!("set {word}");
    let mut users = side.headers("crypto ipsec profile ");
    users.extend(side.headers("crypto map "));
    let mut found = Vec::new();
    for user in users {
        let line = |profile: &&Place| format!("{set} {}", name(profile));
        match side.lines(user, &set).last() {
            Some(place) => {
                let others = profiles.iter().filter(|p| name(p) != name(place));
                found.extend(others.map(|p| side.replace(place, line(p))));
                found.push(side.remove(place));
            }
            None => found.extend(profiles.iter().map(|p| Edit::one(side.add(user, line(p))))),
        }
    }
    found
}
