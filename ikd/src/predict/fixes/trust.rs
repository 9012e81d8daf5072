//! Trustpoints: which a profile names, which is the newest, which is missing, how revocation is looked at
//! (S-010, S-020, S-050, S-074..S-077, P-003, P-041).

use ike_core::config::{Enrollment, Place, TrustpointConfig};

use super::edit::{Change, Edit, Written};
use super::side::{IKEV2_PROFILE, ISAKMP_PROFILE, Side, name};

/// What may help.
pub(super) fn edits(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for (prefix, word) in [
        (ISAKMP_PROFILE, "ca trust-point"),
        (IKEV2_PROFILE, "pki trustpoint"),
    ] {
        for profile in side.profiles(prefix) {
            found.extend(choices(side, profile, word));
        }
    }
    found.extend(renewals(side));
    found.extend(missing(side));
    found.extend(revocation(side));
    found
}

/// The lines by which a profile chooses.
fn choices(side: Side<'_>, profile: &Place, word: &str) -> Vec<Edit> {
    let named = side.lines(profile, word);
    let is_named = |tp: &&TrustpointConfig| {
        let mut words = named.iter().flat_map(|p| p.command.split(' ').nth(2));
        words.any(|name| name == tp.name)
    };
    let trustpoints = side.router.config.trustpoints.iter();
    let others: Vec<_> = trustpoints.filter(|tp| !is_named(tp)).collect();
    let line = |tp: &TrustpointConfig| format!("{word} {}", tp.name);
    let adds = others
        .iter()
        .map(|tp| Edit::one(side.add(profile, line(tp))));
    let mut found: Vec<Edit> = adds.collect();
    for place in &named {
        found.push(side.remove(place));
        found.extend(others.iter().map(|tp| side.replace(place, line(tp))));
        // S-076: with a word it is for one of both alone.
        if matches!(name(place), "sign" | "verify") {
            let both: Vec<_> = place.command.split(' ').take(3).collect();
            found.push(side.replace(place, both.join(" ")));
        }
    }
    found
}

/// P-003: every trustpoint but the newest may become the newest; what is not enrolled may be.
fn renewals(side: Side<'_>) -> Vec<Edit> {
    let newest = side.router.order.first();
    let trustpoints = side.router.config.trustpoints.iter();
    let with_url = trustpoints.filter(|tp| matches!(tp.enrollment, Some(Enrollment::Url(_))));
    with_url
        .filter(|tp| Some(&tp.name) != newest)
        .map(|tp| {
            Edit::one(Change::Renew {
                router: side.index,
                trustpoint: tp.name.clone(),
            })
        })
        .collect()
}

/// S-030: a trustpoint of a CA that only the peer knows.
fn missing(side: Side<'_>) -> Vec<Edit> {
    let url = |tp: &TrustpointConfig| match &tp.enrollment {
        Some(Enrollment::Url(url)) => Some(url.clone()),
        _ => None,
    };
    let known: Vec<_> = side.router.config.trustpoints.iter().map(url).collect();
    let taken = |name: &str| !side.headers(&header(name)).is_empty();
    let mut found = Vec::new();
    for theirs in side.turned().headers("crypto pki trustpoint ") {
        let trustpoints = &side.peer.config.trustpoints;
        let Some(tp) = trustpoints.iter().find(|tp| tp.name == name(theirs)) else {
            continue;
        };
        let Some(address) = url(tp).filter(|address| !known.contains(&Some(address.clone())))
        else {
            continue;
        };
        let own = if taken(&tp.name) {
            format!("{}-{}", tp.name, side.peer.name)
        } else {
            tp.name.clone()
        };
        let check = side.turned().lines(theirs, "revocation-check");
        let check: String = check.iter().map(|p| format!("\n {}", p.command)).collect();
        let text = format!("{}\n enrollment url {address}{check}", header(&own));
        let shown = format!(
            "`{}` for {address} as {} has it, and enrol it",
            header(&own),
            side.turned().at(theirs)
        );
        found.push(Edit::one(side.append(Written::described(text, shown))));
    }
    found
}

fn header(name: &str) -> String {
    format!("crypto pki trustpoint {name}")
}

/// P-041: the check of revocation may be left out.
fn revocation(side: Side<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for trustpoint in side.headers("crypto pki trustpoint ") {
        match side.lines(trustpoint, "revocation-check").as_slice() {
            [] => found.push(Edit::one(side.add(trustpoint, "revocation-check crl none"))),
            [line, ..] if name(line) != "none" => {
                found.push(side.replace(line, format!("{} none", line.command)));
            }
            _ => {}
        }
    }
    found
}
