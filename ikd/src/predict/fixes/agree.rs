//! What both routers must say alike: policies, proposals, transform sets, groups, methods (S-082, G-021, G-040, G-080).
//! What one says, the other may say too.

use ike_core::config::Place;

use super::edit::{Change, Edit, Written, replace};
use super::side::{IKEV2_PROFILE, Side, name};

/// Blocks of one kind that a router is looked at for.
const BLOCKS: usize = 3;

/// Policies and proposals of phase 1 and IKE_SA_INIT.
pub(super) fn offers(side: Side<'_>) -> Vec<Edit> {
    let mut found = alike(
        side,
        "crypto isakmp policy ",
        &["encryption", "hash", "authentication", "group"],
    );
    let parts = ["encryption", "integrity", "prf", "group"];
    found.extend(alike(side, "crypto ikev2 proposal ", &parts));
    found.extend(switched_off(side));
    found
}

/// Transform sets, their modes and groups of phase 2.
pub(super) fn children(side: Side<'_>) -> Vec<Edit> {
    let mut found = sets(side);
    found.extend(alike(side, "crypto ipsec profile ", &["set pfs"]));
    for (mine, theirs) in pairs(side, "crypto map ") {
        found.extend(one(side.align(mine, theirs, "set pfs")));
    }
    found.extend(named_sets(side));
    found
}

/// Methods of authentication of IKEv2 (S-098): what one end does is what the other one asks for.
pub(super) fn methods(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for (mine, theirs) in pairs(side, IKEV2_PROFILE) {
        for (own, other) in [("local", "remote"), ("remote", "local")] {
            let word = format!("authentication {own}");
            let there = side.lines(mine, &word);
            let wanted = side.turned();
            for method in wanted.lines(theirs, &format!("authentication {other}")) {
                let method = method.command.split(' ').nth(2).unwrap_or_default();
                let line = format!("{word} {method}");
                let differing = there.iter().filter(|p| !p.command.starts_with(&line));
                found.extend(differing.map(|p| {
                    let was = Written::plain(&p.command);
                    Edit::one(Change::Replace {
                        router: side.index,
                        line: p.line,
                        was,
                        with: Written::plain(&line),
                    })
                }));
            }
        }
    }
    found
}

/// Every block of the kind of one with every one of the other, the first few.
fn pairs<'a>(side: Side<'a>, prefix: &str) -> Vec<(&'a Place, &'a Place)> {
    let (mine, theirs) = (side.headers(prefix), side.turned().headers(prefix));
    let mine = mine.into_iter().take(BLOCKS);
    mine.flat_map(|m| theirs.iter().take(BLOCKS).map(move |t| (m, *t)))
        .collect()
}

/// Each line alone, and all lines together, as the peer has them; the whole block where there is none.
fn alike(side: Side<'_>, prefix: &str, parts: &[&str]) -> Vec<Edit> {
    let mut found = Vec::new();
    for (mine, theirs) in pairs(side, prefix) {
        let changes = parts.iter().map(|part| side.align(mine, theirs, part));
        let changes: Vec<Change> = changes.flatten().collect();
        found.extend(changes.iter().cloned().map(Edit::one));
        if changes.len() > 1 {
            found.push(Edit(changes));
        }
    }
    if side.headers(prefix).is_empty() && prefix.contains("isakmp policy") {
        let theirs = side.turned();
        let blocks = theirs.headers(prefix).into_iter().take(BLOCKS);
        found.extend(blocks.map(|block| Edit::one(copied(side, block))));
    }
    found
}

/// A block of the peer, line by line.
fn copied(side: Side<'_>, theirs: &Place) -> Change {
    let lines = side.turned().lines(theirs, "");
    let below: String = lines.iter().map(|p| format!("\n {}", p.command)).collect();
    let shown = format!(
        "`{}` as {} has it",
        theirs.command,
        side.turned().at(theirs)
    );
    let text = format!("{}{below}", theirs.command);
    side.append(Written::described(text, shown))
}

/// G-020, G-022: what is switched off may be on.
fn switched_off(side: Side<'_>) -> Vec<Edit> {
    let off = ["no crypto isakmp enable", "no crypto isakmp default policy"];
    let lines = off.into_iter().flat_map(|command| side.headers(command));
    lines.map(|place| side.remove(place)).collect()
}

/// The transforms in the first line of a set, and its mode.
fn sets(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for (mine, theirs) in pairs(side, "crypto ipsec transform-set ") {
        let shown = |place: &Place| place.source.trim().to_owned();
        let (own, other) = (transforms(mine), transforms(theirs));
        let head = (own != other).then(|| Change::Replace {
            router: side.index,
            line: mine.line,
            was: Written::plain(shown(mine)),
            with: Written::plain(format!("{} {other}", mine.command)),
        });
        let mode = side.align(mine, theirs, "mode");
        found.extend(one(head.clone()));
        found.extend(one(mode.clone()));
        if let (Some(head), Some(mode)) = (head, mode) {
            found.push(Edit(vec![head, mode]));
        }
    }
    found
}

fn transforms(set: &Place) -> String {
    let words = set.words.iter().skip(4);
    words.map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Another set of its own.
fn named_sets(side: Side<'_>) -> Vec<Edit> {
    let sets = side.headers("crypto ipsec transform-set ");
    let mut users = side.headers("crypto ipsec profile ");
    users.extend(side.headers("crypto map "));
    let mut found = Vec::new();
    for user in users {
        let places = side.lines(user, "set transform-set");
        let line = |set: &&Place| format!("set transform-set {}", name(set));
        for place in &places {
            let others = sets.iter().filter(|set| name(set) != name(place));
            let with = others.map(|set| replace(side.index, place, line(set)));
            found.extend(with.map(Edit::one));
        }
        if places.is_empty() && user.command.starts_with("crypto ipsec profile ") {
            found.extend(sets.iter().map(|set| Edit::one(side.add(user, line(set)))));
        }
    }
    found
}

fn one(change: Option<Change>) -> Option<Edit> {
    change.map(Edit::one)
}
