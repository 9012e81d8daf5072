//! Who talks to whom about what: ends and modes of tunnels, peers and access lists of crypto maps (G-083..G-086).

use ike_core::config::Place;

use super::edit::Edit;
use super::side::{Side, begins};

/// What may help.
pub(super) fn edits(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for interface in side.headers("interface ") {
        found.extend(shut(side, interface));
        if interface.command.starts_with("interface Tunnel") {
            found.extend(ends(side, interface));
            found.extend(modes(side, interface));
        }
        found.extend(maps(side, interface));
    }
    found.extend(map_peers(side));
    found.extend(mirrors(side));
    found
}

fn shut(side: Side<'_>, interface: &Place) -> Vec<Edit> {
    let lines = side.lines(interface, "shutdown").into_iter();
    lines.map(|place| side.remove(place)).collect()
}

/// The destination is where the peer is, the source an interface of this router, the profile one there is.
fn ends(side: Side<'_>, tunnel: &Place) -> Vec<Edit> {
    let mut found = Vec::new();
    let theirs: Vec<String> = addresses(side.turned());
    for place in side.lines(tunnel, "tunnel destination") {
        let lines = theirs.iter().map(|a| format!("tunnel destination {a}"));
        found.extend(
            lines
                .filter(|line| place.command != *line)
                .map(|line| side.replace(place, line)),
        );
    }
    let wired = side.headers("interface ").into_iter();
    let wired = wired.filter_map(|p| p.command.strip_prefix("interface "));
    let wired: Vec<String> = wired
        .filter(|name| !name.starts_with("Tunnel"))
        .map(|name| format!("tunnel source {name}"))
        .collect();
    for place in side.lines(tunnel, "tunnel source") {
        let others = wired.iter().filter(|line| place.command != **line);
        found.extend(others.map(|line| side.replace(place, line)));
    }
    found.extend(protections(side, tunnel));
    found
}

/// Another IPsec profile, or one where there is none.
fn protections(side: Side<'_>, tunnel: &Place) -> Vec<Edit> {
    let profiles = side.headers("crypto ipsec profile ").into_iter();
    let names = profiles.filter_map(|p| p.command.strip_prefix("crypto ipsec profile "));
    let lines: Vec<String> = names
        .map(|name| format!("tunnel protection ipsec profile {name}"))
        .collect();
    match side.lines(tunnel, "tunnel protection").last() {
        None => lines
            .iter()
            .map(|line| Edit::one(side.add(tunnel, line)))
            .collect(),
        Some(place) => lines
            .iter()
            .filter(|line| !begins(&place.command, line))
            .map(|line| side.replace(place, line))
            .collect(),
    }
}

/// Mode and key of the peer's tunnels.
fn modes(side: Side<'_>, tunnel: &Place) -> Vec<Edit> {
    let theirs = side.turned().headers("interface Tunnel");
    let changes = theirs.iter().flat_map(|other| {
        ["tunnel mode", "tunnel key"].map(|word| side.align(tunnel, other, word))
    });
    changes.flatten().map(Edit::one).collect()
}

/// A crypto map on an interface where it is missing, or off one.
fn maps(side: Side<'_>, interface: &Place) -> Vec<Edit> {
    let on = side.lines(interface, "crypto map");
    let names = side.router.config.crypto_maps.iter().map(|map| &map.name);
    let mut lines: Vec<String> = names.map(|name| format!("crypto map {name}")).collect();
    lines.dedup();
    if on.is_empty() && !interface.command.contains("Tunnel") {
        return lines
            .iter()
            .map(|line| Edit::one(side.add(interface, line)))
            .collect();
    }
    Vec::new()
}

/// `set peer` is where the peer is.
fn map_peers(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for map in side.headers("crypto map ") {
        for place in side.lines(map, "set peer") {
            let lines = addresses(side.turned()).into_iter();
            let lines = lines.map(|a| format!("set peer {a}"));
            found.extend(
                lines
                    .filter(|line| place.command != *line)
                    .map(|line| side.replace(place, line)),
            );
        }
    }
    found
}

/// S-081: an entry of an access list is the mirror of the peer's.
fn mirrors(side: Side<'_>) -> Vec<Edit> {
    let (mine, theirs) = (entries(side), entries(side.turned()));
    let mirrored: Vec<String> = theirs.iter().filter_map(|p| mirror(&p.command)).collect();
    let mut found = Vec::new();
    for place in mine {
        let (head, tail) = split(&place.command);
        let others = mirrored.iter().filter(|m| *m != tail);
        found.extend(others.map(|m| side.replace(place, format!("{head}{m}"))));
    }
    found
}

fn entries(side: Side<'_>) -> Vec<&Place> {
    let all = side.router.places.iter();
    all.filter(|p| {
        begins(&p.command, "access-list") || p.block.starts_with("ip access-list extended ")
    })
    .filter(|p| p.command.contains("permit "))
    .collect()
}

/// `access-list 101 ` and the rest; a named list has its number elsewhere.
fn split(command: &str) -> (&str, &str) {
    let at = command.find("permit ").unwrap_or(0);
    command.split_at(at)
}

/// `permit ip A B` with A and B in each other's place.
fn mirror(command: &str) -> Option<String> {
    let words: Vec<&str> = split(command).1.split(' ').collect();
    let (head, rest) = words.split_at_checked(2)?;
    let (source, rest) = network(rest)?;
    let (destination, rest) = network(rest)?;
    let all = [head, destination, source, rest].concat();
    Some(all.join(" "))
}

/// `any`, `host A` or `A WILDCARD`, and what follows.
fn network<'a>(words: &'a [&'a str]) -> Option<(&'a [&'a str], &'a [&'a str])> {
    let count = if words.first() == Some(&"any") { 1 } else { 2 };
    words.split_at_checked(count)
}

/// Where a router may be reached.
fn addresses(side: Side<'_>) -> Vec<String> {
    let interfaces = side.router.physical().into_iter().flatten();
    let mut found: Vec<String> = interfaces.map(|(address, _)| address.to_string()).collect();
    found.extend(side.address().map(|a| a.to_string()));
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-081: what goes there is what comes here.
    #[test]
    fn an_entry_is_mirrored() {
        let list = "access-list 101 permit ip 10.0.0.0 0.0.0.255 host 10.9.0.1";
        assert_eq!(
            mirror(list).unwrap(),
            "permit ip host 10.9.0.1 10.0.0.0 0.0.0.255"
        );
        assert_eq!(mirror("permit ip any any").unwrap(), "permit ip any any");
        assert_eq!(mirror("permit ip any"), None);
    }
}
