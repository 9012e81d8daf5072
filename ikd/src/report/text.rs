//! The ladder in characters.

use std::fmt::Write;

use super::ladder::{end, names, place, places, router, time, to_the_right};
use crate::story::{Message, Remark, Story};

/// Columns between the two routers.
const WIDTH: usize = 60;
/// Columns of a screen.
const SCREEN: usize = 110;

/// The verdict, its causes, then message by message.
pub(super) fn text(story: &Story) -> String {
    let mut out = format!("{}: {}\n", story.title, story.outcome());
    // Writing into a String does not fail.
    if let Some(reason) = &story.verdict.reason {
        put(&mut out, 2, reason);
    }
    for line in &story.at_fault {
        put(&mut out, 2, &format!("-> {}", place(line)));
    }
    for cause in &story.causes {
        put(
            &mut out,
            2,
            &format!("{} {}", router(story, cause), cause.text()),
        );
        for line in places(cause) {
            put(&mut out, 6, &line);
        }
    }
    let name = |n: usize| story.parties.get(n).map_or("?", |p| p.name.as_str());
    let _ = writeln!(out, "\n{:11}{:<WIDTH$}{}", "", name(0), name(1));
    let ended = end(story);
    for (number, message) in story.messages.iter().enumerate() {
        arrow(&mut out, message);
        for remark in &message.remarks {
            put(
                &mut out,
                15,
                &format!("{}: {}", router(story, remark), said(remark)),
            );
        }
        if ended == Some(number) {
            put(&mut out, 11, &format!("** {} **", story.outcome()));
        }
    }
    out
}

fn said(remark: &Remark) -> String {
    match &remark.decision {
        Some(why) => format!("{} [{}]", why.decision, why.rule),
        None => remark.text(),
    }
}

fn arrow(out: &mut String, message: &Message) {
    let label = match message.repeats {
        Some(_) => format!("{} again", message.label),
        None => message.label.clone(),
    };
    let what = format!(" {label} {} octets ", message.octets);
    let line = match to_the_right(message) {
        true => format!("|{what:-<0$}>|", WIDTH - 3),
        false => format!("|<{what:-<0$}|", WIDTH - 3),
    };
    let _ = writeln!(out, "{:>10} {line}", time(message));
    if message.repeats.is_none() {
        let sealed = if message.sealed { "encrypted: " } else { "" };
        put(out, 13, &format!("{sealed}{}", names(message)));
    }
}

/// A paragraph, indented and wrapped.
fn put(out: &mut String, indent: usize, text: &str) {
    let mut column = SCREEN;
    for word in text.split_whitespace() {
        if column + word.chars().count() >= SCREEN {
            let start = if column == SCREEN && (out.is_empty() || out.ends_with('\n')) {
                ""
            } else {
                "\n"
            };
            let _ = write!(out, "{start}{:indent$}{word}", "");
            column = indent + word.chars().count();
        } else {
            let _ = write!(out, " {word}");
            column += 1 + word.chars().count();
        }
    }
    out.push('\n');
}
