//! The verdict for people.

use std::fmt::Write;

use super::case::{Case, Software};
use super::outcome::{Outcome, shorten};

/// Several lines: who asked for what, who signed with what, how it ended.
pub(super) fn text(case: &Case, outcome: &Outcome) -> String {
    let verdict = &outcome.verdict;
    let mut out = format!("{}: {}\n", case.id, case.title);
    // Writing into a String does not fail.
    if !case.story.is_empty() {
        let _ = writeln!(out, "  {}", case.story);
    }
    if !case.negotiates {
        let _ = writeln!(out, "  nobody starts: {} steps", case.step_count());
        return out;
    }
    let _ = writeln!(out, "  {} starts", verdict.initiator);
    for request in &verdict.certreq {
        let asked = shorten(&request.issuers).join(" ");
        // W-067: of the predefined five IKEv2 asks only for those whose keys are known.
        let known = match verdict.version.as_str() {
            "ikev2" if asked.contains("P5") => " (P5: the two of the five whose keys are known)",
            _ => "",
        };
        let _ = writeln!(
            out,
            "  {} from {} asks for {asked}{known}",
            request.message, request.from
        );
    }
    for router in &case.routers {
        let profile = verdict
            .profile
            .get(&router.name)
            .map_or("none", String::as_str);
        if router.software == Software::Strongswan {
            let _ = writeln!(out, "  {} is strongSwan, connection {profile}", router.name);
            continue;
        }
        let signed = match verdict.signed_with.get(&router.name) {
            Some(trustpoint) => format!("signs with {trustpoint}"),
            None => "signs nothing".to_owned(),
        };
        let _ = writeln!(out, "  {} {signed}, profile {profile}", router.name);
    }
    if verdict.up {
        let ping = verdict.ping;
        let _ = writeln!(
            out,
            "  up after {} ms, ping {}/{}",
            verdict.milliseconds, ping.received, ping.sent
        );
    } else {
        let reason = verdict.reason.as_deref().unwrap_or("no verdict in time");
        let _ = writeln!(
            out,
            "  not up: {} after {} ms: {reason}",
            outcome.place(),
            verdict.milliseconds
        );
    }
    out
}

/// `expected` or what differs, for a case that expects something.
pub(super) fn comparison(differences: &[String]) -> String {
    if differences.is_empty() {
        return "  as expected\n".to_owned();
    }
    let lines = differences.iter().map(|d| format!("  differs: {d}\n"));
    lines.collect()
}
