//! A prediction for people: what failed and where in the first line, the line at fault next, then what helps.

use super::direction::{Cause, Direction};
use super::findings::Finding;
use super::fixes::Fix;
use super::{Line, Prediction, orders_text};
use crate::lab::{CaPlace, shorten};

/// Columns of a screen.
const WIDTH: usize = 110;
/// Findings of `ikd check` that stand with a failure; all others stand at the end.
const FINDINGS: usize = 2;

/// The whole prediction.
pub(super) fn text(found: &Prediction) -> String {
    let mut out = wrapped(
        &format!(
            "enrolled, newest first: {}",
            orders_text::order(&found.order)
        ),
        0,
    );
    out.push_str(&cas(&found.cas));
    let mut told: Vec<&Finding> = Vec::new();
    let mut fixes: &[Fix] = &[];
    let beyond = found.findings.iter().any(Finding::is_beyond_simulation);
    for direction in &found.directions {
        if direction.verdict.up {
            out.push_str(&headline(direction, beyond));
            out.push_str(&ends(direction));
            continue;
        }
        let at_fault = direction.at_fault();
        let said = |f: &Finding| {
            at_fault
                .iter()
                .any(|l| l.line == f.line && l.file == f.file)
        };
        let fresh = found.findings.iter();
        let fresh = fresh.filter(|f| !told.contains(f) && !said(f) && !f.is_background());
        let with: Vec<&Finding> = fresh.take(FINDINGS).collect();
        out.push_str(&failure(direction, &with, fixes));
        told.extend(with);
        fixes = &direction.fixes;
    }
    let rest: Vec<&Finding> = found
        .findings
        .iter()
        .filter(|f| !told.contains(f))
        .collect();
    if !rest.is_empty() {
        out.push_str("`ikd check` has this to say:\n");
        rest.iter().for_each(|f| out.push_str(&finding(f)));
    }
    if let Some(all) = &found.all_orders {
        out.push_str(&orders_text::table(all));
    }
    out
}

/// Who stands below whom, where somebody does.
fn cas(places: &[CaPlace]) -> String {
    let told = |ca: &CaPlace| {
        let below = ca.below.iter().map(|above| format!(" below {above}"));
        format!("{} = {}{}", ca.name, ca.url, below.collect::<String>())
    };
    let told: Vec<String> = places.iter().map(told).collect();
    match told.is_empty() {
        true => String::new(),
        false => wrapped(&format!("CAs: {}", told.join(", ")), 0),
    }
}

/// What failed, the lines at fault, what helps, and how it came to that.
fn failure(direction: &Direction, findings: &[&Finding], before: &[Fix]) -> String {
    let mut out = headline(direction, false);
    for line in direction.at_fault() {
        out.push_str(&format!("   {}\n", place(&line)));
    }
    findings.iter().for_each(|f| out.push_str(&finding(f)));
    out.push_str(&fixes(&direction.fixes, before));
    out.push_str(&ends(direction));
    let causes = direction.causes().into_iter();
    causes.for_each(|c| out.push_str(&cause(c, direction.verdict.reason.as_deref())));
    out
}

/// `beyond`: something is wrong that the simulator does not see.
fn headline(direction: &Direction, beyond: bool) -> String {
    let verdict = &direction.verdict;
    let version = match verdict.version.as_str() {
        "ikev2" => "IKEv2",
        _ => "IKEv1",
    };
    let arrow = format!("{} -> {}", verdict.initiator, direction.responder);
    let head = format!("{version}  {arrow:<12} ");
    if verdict.up {
        let caveat = if beyond {
            "  as far as IKE goes; interfaces, routes and MTU: below"
        } else {
            ""
        };
        return format!("{head}UP{caveat}\n");
    }
    let reason = verdict.reason.as_deref().unwrap_or("no verdict in time");
    let at = match (&verdict.stopped_at, &direction.decided_on) {
        (Some(message), Some(router)) => format!("at {message} on {router}: "),
        (Some(message), None) => format!("at {message}: "),
        (None, _) => String::new(),
    };
    let whole = format!("{head}FAILS  {at}{reason}");
    match reason.split_once(": ") {
        Some((first, rest)) if whole.chars().count() > WIDTH => {
            let why = wrapped(&format!("      {rest}"), 6);
            wrapped(&format!("{head}FAILS  {at}{first}"), 6) + &why
        }
        _ => wrapped(&whole, 6),
    }
}

/// What each router asks for, signs with and binds, in a line each.
fn ends(direction: &Direction) -> String {
    let verdict = &direction.verdict;
    let mut out = String::new();
    for router in [&verdict.initiator, &direction.responder] {
        let requests = verdict.certreq.iter().filter(|c| c.from == *router);
        let mut parts: Vec<String> = requests
            .map(|c| {
                let asked = match shorten(&c.issuers).join(" ") {
                    none if none.is_empty() => "nothing".to_owned(),
                    asked => asked,
                };
                let rule = by(direction.rule_of_request(router));
                format!("{} asks for {asked}{rule}", c.message)
            })
            .collect();
        parts.push(match verdict.signed_with.get(router) {
            Some(trustpoint) => {
                let rule = by(direction.rule_of_signature(router));
                format!("signs with {trustpoint}{rule}")
            }
            None => format!("signs nothing{}", by(direction.rule_of_signature(router))),
        });
        let profile = verdict.profile.get(router).map_or("none", String::as_str);
        parts.push(format!(
            "profile {profile}{}",
            by(direction.rule_of_profile(router))
        ));
        let line = format!("   {router}: {}", parts.join(", "));
        out.push_str(&wrapped(&line, 6));
    }
    out
}

fn by(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |rule| format!(" ({rule})"))
}

/// The fixes with a letter each; those of the direction before are not said again.
fn fixes(found: &[Fix], before: &[Fix]) -> String {
    if found.is_empty() {
        return String::new();
    }
    if !before.is_empty()
        && found
            .iter()
            .all(|fix| before.iter().any(|b| b.text == fix.text))
    {
        return "   fixes: among those above\n".to_owned();
    }
    let letters = 'a'..='z';
    let mut out = String::new();
    for (letter, fix) in letters.zip(found) {
        let head = if letter == 'a' {
            "   fixes: "
        } else {
            "          "
        };
        let line = format!("{head}({letter}) {}{}", fix.text, fix.caveat());
        out.push_str(&wrapped(&line, 14));
    }
    out
}

/// A decision; what the headline says already is not said again.
fn cause(cause: &Cause, headline: Option<&str>) -> String {
    let explained = &cause.explained;
    let (router, rule, decision) = (&cause.router, &explained.rule, &explained.decision);
    let told = headline.is_some_and(|h| h.contains(&explained.because));
    let because = if told { "" } else { explained.because.as_str() };
    let colon = if told { "" } else { ": " };
    let mut out = wrapped(
        &format!("   {router} {rule}: {decision}{colon}{because}"),
        6,
    );
    for line in &cause.lines {
        out.push_str(&format!("      {}\n", place(line)));
    }
    out
}

fn finding(finding: &Finding) -> String {
    let Finding {
        file,
        line,
        column,
        code,
        message,
        ..
    } = finding;
    wrapped(&format!("   {file}:{line}:{column}  {code} {message}"), 6)
}

fn place(line: &Line) -> String {
    format!(
        "{}:{}:{}  {}",
        line.file, line.line, line.column, line.command
    )
}

/// Text in lines of a screen, each with its end; all but the first begin with that many blanks.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let start = text.len() - text.trim_start().len();
    let mut lines: Vec<String> = Vec::new();
    let mut line = text[..start].to_owned();
    let mut empty = true;
    for word in text[start..].split(' ') {
        let full = line.chars().count() + 1 + word.chars().count() > WIDTH;
        if full && !empty {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    let ended = lines.iter().map(|line| format!("{}\n", line.trim_end()));
    ended.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_and_short_ones_stay() {
        assert_eq!(wrapped("   a  b", 6), "   a  b\n");
        let long = format!("   {}", ["word"; 50].join(" "));
        let lines = wrapped(&long, 6);
        assert!(lines.lines().all(|l| l.len() <= WIDTH), "{lines}");
        assert!(lines.lines().skip(1).all(|l| l.starts_with("      word")));
        assert_eq!(lines.split_whitespace().count(), 50);
    }
}
