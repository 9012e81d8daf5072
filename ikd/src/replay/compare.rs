//! Then and now, message by message.

use std::collections::BTreeSet;

use ike_core::trace::escaped;
use serde::Serialize;

use super::Replay;
use crate::story::{Message, Remark, Story};

/// A message then and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// From 1.
    number: usize,
    /// `MM5 R2 -> R1`; none: it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<String>,
    /// What was decided otherwise, or at all.
    decided: Vec<String>,
    /// What was decided then and is not now.
    not_decided: Vec<String>,
    /// The same message with the same payloads and the same decisions.
    pub(super) same: bool,
}

/// The messages of both, in their order; repetitions are left out.
pub(super) fn steps(then: &Story, now: &Story) -> Vec<Step> {
    let (then_sent, now_sent) = (sent(then), sent(now));
    let count = then_sent.len().max(now_sent.len());
    let step = |n: usize| step(n, (then, then_sent.get(n)), (now, now_sent.get(n)));
    (0..count).map(step).collect()
}

fn sent(story: &Story) -> Vec<&Message> {
    let messages = story.messages.iter();
    messages.filter(|m| m.repeats.is_none()).collect()
}

fn step(
    number: usize,
    (then, old): (&Story, Option<&&Message>),
    (now, new): (&Story, Option<&&Message>),
) -> Step {
    let (was, is) = (decisions(then, old), decisions(now, new));
    let fresh: Vec<String> = is.iter().filter(|d| !was.contains(d)).cloned().collect();
    let gone: Vec<String> = was.iter().filter(|d| !is.contains(d)).cloned().collect();
    let described = |story, message: Option<&&Message>| message.map(|m| way(story, m));
    let alike = described(then, old) == described(now, new) && payloads(old) == payloads(new);
    Step {
        number: number + 1,
        now: described(now, new),
        then: described(then, old),
        same: alike && fresh.is_empty() && gone.is_empty(),
        decided: fresh,
        not_decided: gone,
    }
}

fn way(story: &Story, message: &Message) -> String {
    let name = |n: usize| story.parties.get(n).map_or("?", |p| p.name.as_str());
    match message.from {
        Some(1) => format!("{} {} -> {}", message.label, name(1), name(0)),
        _ => format!("{} {} -> {}", message.label, name(0), name(1)),
    }
}

/// The kinds of payloads; how many vendor IDs and requests there are depends on names alone.
fn payloads(message: Option<&&Message>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for payload in message.into_iter().flat_map(|m| &m.payloads) {
        if out.last() != Some(&payload.payload) {
            out.push(payload.payload.clone());
        }
    }
    out
}

/// What was decided at a message, each thing once.
fn decisions(story: &Story, message: Option<&&Message>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let remarks = message.into_iter().flat_map(|m| &m.remarks);
    let said = remarks.filter_map(|remark| said(story, remark));
    said.filter(|d| seen.insert(d.clone())).collect()
}

fn said(story: &Story, remark: &Remark) -> Option<String> {
    let why = remark.decision.as_ref()?;
    let party = story.parties.get(remark.party)?;
    Some(format!("{}: {} [{}]", party.name, why.decision, why.rule))
}

/// The whole for people; the trace may be anybody's (J4).
pub(super) fn text(replay: &Replay) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&escaped(&text));
        out.push('\n');
    };
    if let Some(lacking) = replay.lacking {
        line(format!("note: {lacking}"));
    }
    for changed in &replay.changed {
        line(format!("changed: {changed}"));
    }
    for step in &replay.steps {
        let Step {
            number, now, then, ..
        } = step;
        let what = match (now, then) {
            (Some(now), Some(then)) if now == then => now.clone(),
            (Some(now), Some(then)) => format!("{now}, recorded: {then}"),
            (Some(now), None) => format!("{now}, not recorded"),
            (None, Some(then)) => format!("(nothing), recorded: {then}"),
            (None, None) => String::new(),
        };
        let mark = if step.same { " " } else { "!" };
        line(format!("{mark} {number:>3}  {what}"));
        step.decided
            .iter()
            .for_each(|d| line(format!("        now   {d}")));
        step.not_decided
            .iter()
            .for_each(|d| line(format!("        then  {d}")));
    }
    let same = replay.steps.iter().filter(|s| s.same).count();
    let total = replay.steps.len();
    line(format!(
        "{}   (recorded: {})",
        replay.outcome, replay.recorded
    ));
    line(format!("{same} of {total} messages as recorded"));
    out
}
