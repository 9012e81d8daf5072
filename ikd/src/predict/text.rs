//! A prediction for people, within a screen.

use std::fmt::Write;

use super::direction::{Cause, Direction};
use super::orders::{AllOrders, Example, Tally};
use super::{Line, Prediction};
use crate::lab::shorten;

/// The whole prediction.
pub(super) fn text(found: &Prediction) -> String {
    let mut out = format!("enrolled, newest first: {}\n", order(&found.order));
    for direction in &found.directions {
        out.push_str(&one(direction));
    }
    if let Some(all) = &found.all_orders {
        out.push_str(&table(all));
    }
    out
}

fn one(direction: &Direction) -> String {
    let verdict = &direction.verdict;
    let version = if verdict.version == "ikev2" {
        "IKEv2"
    } else {
        "IKEv1"
    };
    let ends = [&verdict.initiator, &direction.responder];
    let arrow = format!("{} -> {}", ends[0], ends[1]);
    let mut out = format!("{version}  {arrow:<12} {}\n", ending(direction));
    // Writing into a String does not fail.
    for request in &verdict.certreq {
        let asked = shorten(&request.issuers).join(" ");
        let by = by(direction.rule_of_request(&request.from));
        let _ = writeln!(
            out,
            "   {} from {} asks for {asked}{by}",
            request.message, request.from
        );
    }
    ends.into_iter()
        .for_each(|router| out.push_str(&end(direction, router)));
    if !verdict.up {
        let causes = direction.causes().into_iter();
        causes.for_each(|c| out.push_str(&cause(c, verdict.reason.as_deref())));
    }
    out
}

/// What one router signs with and which profile it binds.
fn end(direction: &Direction, router: &str) -> String {
    let verdict = &direction.verdict;
    let signed = match verdict.signed_with.get(router) {
        Some(trustpoint) => format!("signs with {trustpoint}"),
        None => "signs nothing".to_owned(),
    };
    let profile = verdict.profile.get(router).map_or("none", String::as_str);
    let [signature, binding] = [
        direction.rule_of_signature(router),
        direction.rule_of_profile(router),
    ]
    .map(by);
    format!("   {router} {signed}{signature}, profile {profile}{binding}\n")
}

fn by(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |rule| format!(" ({rule})"))
}

fn ending(direction: &Direction) -> String {
    let verdict = &direction.verdict;
    if verdict.up {
        return "UP".to_owned();
    }
    let reason = verdict.reason.as_deref().unwrap_or("no verdict in time");
    match (&verdict.stopped_at, &direction.decided_on) {
        (Some(message), Some(router)) => format!("FAILS  at {message} on {router}: {reason}"),
        (Some(message), None) => format!("FAILS  at {message}: {reason}"),
        (None, _) => format!("FAILS  {reason}"),
    }
}

/// A decision; what the headline says already is not said again.
fn cause(cause: &Cause, headline: Option<&str>) -> String {
    let explained = &cause.explained;
    let (router, rule, decision) = (&cause.router, &explained.rule, &explained.decision);
    let told = headline.is_some_and(|h| h.contains(&explained.because));
    let because = if told { "" } else { explained.because.as_str() };
    let colon = if told { "" } else { ": " };
    let mut out = format!("   {router} {rule}: {decision}{colon}{because}\n");
    for line in &cause.lines {
        let _ = writeln!(out, "      {}", place(line));
    }
    out
}

fn place(line: &Line) -> String {
    format!(
        "{}:{}:{}  {}",
        line.file, line.line, line.column, line.command
    )
}

fn table(all: &AllOrders) -> String {
    let mut out = format!("all {} orders of enrolment:\n", all.orders);
    for tally in &all.directions {
        out.push_str(&row(tally, all.orders));
    }
    out
}

fn row(tally: &Tally, orders: usize) -> String {
    let arrow = format!("{} -> {}", tally.initiator, tally.responder);
    let mut out = format!("   {arrow:<12} {} of {orders} come up\n", tally.up);
    if let Some(example) = &tally.fails {
        let message = example.stopped_at.as_deref().unwrap_or("no verdict");
        let _ = writeln!(out, "      fails at {message} with {}", pair(example));
        if let Some(example) = &tally.comes_up {
            let _ = writeln!(out, "      comes up with {}", pair(example));
        }
    }
    out
}

/// An order, and how far it is from the given one.
fn pair(example: &Example) -> String {
    let far = match example.swaps {
        0 => "as given".to_owned(),
        1 => "1 swap".to_owned(),
        swaps => format!("{swaps} swaps"),
    };
    format!("{} ({far})", order(&example.order))
}

fn order(order: &std::collections::BTreeMap<String, Vec<String>>) -> String {
    let routers = order
        .iter()
        .map(|(router, trustpoints)| match trustpoints.as_slice() {
            [] => format!("{router} nothing"),
            list => format!("{router}={}", list.join(",")),
        });
    routers.collect::<Vec<_>>().join(" ")
}
