//! A sequence diagram that Markdown renders (Mermaid).

use std::fmt::Write;

use super::ladder::{end, names, to_the_right};
use crate::story::{Remark, Story};

/// The diagram.
pub(super) fn mermaid(story: &Story) -> String {
    let mut out = "sequenceDiagram\n".to_owned();
    let ended = end(story);
    // Writing into a String does not fail.
    for (place, party) in story.parties.iter().enumerate() {
        let _ = writeln!(out, "    participant P{place} as {}", plain(&party.name));
    }
    for (place, message) in story.messages.iter().enumerate() {
        let way = match (to_the_right(message), message.repeats) {
            (true, None) => "P0->>P1",
            (true, Some(_)) => "P0-->>P1",
            (false, None) => "P1->>P0",
            (false, Some(_)) => "P1-->>P0",
        };
        let names = match message.repeats {
            Some(_) => "again".to_owned(),
            None => names(message),
        };
        let (label, octets) = (&message.label, message.octets);
        let what = plain(&format!("{label}, {octets} octets: {names}"));
        let _ = writeln!(out, "    {way}: {what}");
        for remark in &message.remarks {
            let _ = writeln!(
                out,
                "    Note over P{}: {}",
                remark.party,
                plain(&said(remark))
            );
        }
        if ended == Some(place) {
            let _ = writeln!(out, "    Note over P0,P1: {}", plain(&story.outcome()));
        }
    }
    out
}

fn said(remark: &Remark) -> String {
    match &remark.decision {
        Some(why) => format!("{} ({})", why.decision, why.rule),
        None => remark.text(),
    }
}

/// Text without what Mermaid reads otherwise.
fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '#' | ';' | ':' | '<' | '>' | '{' | '}' | '%' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = text.chars().map(harmless).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
