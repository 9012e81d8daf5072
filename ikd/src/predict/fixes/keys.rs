//! Pre-shared keys: that of the peer, for the peer, where it is looked for (G-023, G-031, G-042). Lines are named, keys are not.

use ike_core::config::Place;

use super::edit::{Change, Edit, Written};
use super::side::{IKEV2_PROFILE, ISAKMP_PROFILE, Side, begins, name};
use crate::secrets::censored;

/// A line with a key.
struct KeyLine<'a> {
    place: &'a Place,
    /// Where the key is among the words of the command.
    at: usize,
    words: Vec<&'a str>,
}

/// What may help.
pub(super) fn edits(side: Side<'_>) -> Vec<Edit> {
    let (mine, theirs) = (lines(side), lines(side.turned()));
    let mut found = Vec::new();
    for own in &mine {
        found.extend(theirs.iter().filter_map(|other| same(side, own, other)));
        found.extend(addressed(side, own));
    }
    found.extend(peers(side));
    found.extend(keyrings(side));
    found.extend(local_addresses(side));
    if mine.is_empty() {
        found.extend(theirs.iter().filter_map(|other| copied(side, other)));
    }
    found
}

impl KeyLine<'_> {
    fn key(&self) -> &str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    /// The command with another key.
    fn with(&self, key: &str) -> String {
        let words = self.words.iter().enumerate();
        let words = words.map(|(n, word)| if n == self.at { key } else { word });
        words.collect::<Vec<_>>().join(" ")
    }

    /// `local`, `remote`, or nothing where it is for both.
    fn direction(&self) -> Option<&str> {
        let mut words = self.words.iter().copied();
        words.find(|word| matches!(*word, "local" | "remote"))
    }

    /// What is said of it in place of the key.
    fn shown(&self) -> String {
        format!("the key of `{}`", censored(&self.place.command))
    }
}

/// Lines of any kind with a key in them.
fn lines(side: Side<'_>) -> Vec<KeyLine<'_>> {
    side.router.places.iter().filter_map(key_line).collect()
}

fn key_line(place: &Place) -> Option<KeyLine<'_>> {
    let words: Vec<&str> = place.command.split(' ').collect();
    let after = |word: &str| words.iter().position(|w| *w == word).map(|n| n + 1);
    let start = if begins(&place.command, "crypto isakmp key") {
        Some(3)
    } else if begins(&place.command, "pre-shared-key address")
        || begins(&place.command, "pre-shared-key hostname")
        || begins(&place.command, "authentication local pre-share")
        || begins(&place.command, "authentication remote pre-share")
    {
        after("key")
    } else if begins(&place.command, "pre-shared-key") {
        let directed = matches!(words.get(1), Some(&"local" | &"remote"));
        Some(if directed { 2 } else { 1 })
    } else {
        None
    }?;
    // `0` says that the key is in clear.
    let at = match words.get(start) {
        Some(&"0" | &"6") if words.len() > start + 1 => start + 1,
        _ => start,
    };
    words.get(at)?;
    Some(KeyLine { place, at, words })
}

/// The key that the peer has: what it calls local is remote here.
fn same(side: Side<'_>, own: &KeyLine<'_>, other: &KeyLine<'_>) -> Option<Edit> {
    let crossed = match (own.direction(), other.direction()) {
        (Some(a), Some(b)) => a != b,
        _ => true,
    };
    if !crossed || own.key() == other.key() {
        return None;
    }
    let there = side.turned().at(other.place);
    Some(Edit::one(Change::Replace {
        router: side.index,
        line: own.place.line,
        was: Written::described("", own.shown()),
        with: Written::described(own.with(other.key()), format!("that of {there}")),
    }))
}

/// The address of the peer in a line of phase 1, in place of another one.
fn addressed(side: Side<'_>, own: &KeyLine<'_>) -> Option<Edit> {
    let wanted = side.turned().address()?.to_string();
    let at = own.words.iter().position(|w| *w == "address")? + 1;
    let is = own.words.get(at)?;
    if *is == wanted {
        return None;
    }
    let mask = own.words.get(at + 1).filter(|word| word.contains('.'));
    let words = own.words.iter().enumerate().filter_map(|(n, word)| {
        let masked = n == at + 1 && mask.is_some();
        (!masked).then_some(if n == at { wanted.as_str() } else { *word })
    });
    let line = words.collect::<Vec<_>>().join(" ");
    Some(Edit::one(Change::Replace {
        router: side.index,
        line: own.place.line,
        was: Written::described("", format!("`address {is}`")),
        with: Written::described(line, format!("`address {wanted}`")),
    }))
}

/// The address of the peer in `peer P` of a keyring of IKEv2.
fn peers(side: Side<'_>) -> Vec<Edit> {
    let Some(wanted) = side.turned().address() else {
        return Vec::new();
    };
    let line = format!("address {wanted}");
    let in_ring =
        |p: &&Place| p.block.starts_with("crypto ikev2 keyring ") && p.block.contains(" peer ");
    let places = side.router.places.iter().filter(in_ring);
    places
        .filter(|p| begins(&p.command, "address") && p.command != line)
        .map(|p| side.replace(p, &line))
        .collect()
}

/// G-031: a keyring for any local address.
fn local_addresses(side: Side<'_>) -> Vec<Edit> {
    let rings = side.headers("crypto keyring ").into_iter();
    let lines = rings.flat_map(|ring| side.lines(ring, "local-address"));
    lines.map(|place| side.remove(place)).collect()
}

/// Another keyring for a profile, or one where there is none.
fn keyrings(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for (profiles, rings, word) in [
        (ISAKMP_PROFILE, "crypto keyring ", "keyring"),
        (IKEV2_PROFILE, "crypto ikev2 keyring ", "keyring local"),
    ] {
        let rings = side.headers(rings);
        for profile in side.profiles(profiles) {
            let line = |ring: &&Place| format!("{word} {}", name(ring));
            match side.lines(profile, word).last() {
                None => found.extend(rings.iter().map(|r| Edit::one(side.add(profile, line(r))))),
                Some(place) => {
                    let others = rings.iter().filter(|ring| name(ring) != name(place));
                    found.extend(others.map(|ring| side.replace(place, line(ring))));
                    found.push(side.remove(place));
                }
            }
        }
    }
    found
}

/// The peer's key for the peer, where there is none at all.
fn copied(side: Side<'_>, other: &KeyLine<'_>) -> Option<Edit> {
    let address = side.turned().address()?;
    let there = side.turned().at(other.place);
    let key = other.key();
    let shown = format!("`crypto isakmp key ... address {address}` with the key of {there}");
    let text = format!("crypto isakmp key {key} address {address}");
    Some(Edit::one(side.append(Written::described(text, shown))))
}
