//! What every form of a ladder needs: which way a message goes, what stands on it, which one ended it.

use crate::predict::Line;
use crate::story::{Message, Remark, Story};

/// How many equal payloads in a row are written out.
const WRITTEN_OUT: usize = 2;

/// The message goes from the first party to the second; a stranger's is drawn that way, too.
pub(super) fn to_the_right(message: &Message) -> bool {
    message.from != Some(1)
}

/// `Security Association, Vendor ID x4`.
pub(super) fn names(message: &Message) -> String {
    let mut runs: Vec<(&str, usize)> = Vec::new();
    for payload in &message.payloads {
        match runs.last_mut() {
            Some((name, count)) if *name == payload.payload => *count += 1,
            _ => runs.push((&payload.payload, 1)),
        }
    }
    let run = |(name, count): (&str, usize)| match count > WRITTEN_OUT {
        true => format!("{name} x{count}"),
        false => vec![name; count].join(", "),
    };
    let mut out: Vec<String> = runs.into_iter().map(run).collect();
    out.extend(message.note.clone());
    out.join(", ")
}

/// Where the negotiation ended: the first message that carries the last cause.
pub(super) fn end(story: &Story) -> Option<usize> {
    let last = story.causes.last()?.decision.as_ref()?;
    let has = |m: &Message| m.remarks.iter().any(|r| r.decision.as_ref() == Some(last));
    story.messages.iter().position(has)
}

/// Milliseconds since the first message.
pub(super) fn time(message: &Message) -> String {
    format!("{}.{:01} ms", message.at / 1000, message.at % 1000 / 100)
}

/// The name of a remark's router.
pub(super) fn router<'a>(story: &'a Story, remark: &Remark) -> &'a str {
    let party = story.parties.get(remark.party);
    party.map_or("?", |party| party.name.as_str())
}

/// `r1.cfg:8:3 ca trust-point IOSCA1`.
pub(super) fn place(line: &Line) -> String {
    let Line {
        file,
        line,
        column,
        command,
    } = line;
    format!("{file}:{line}:{column} {command}")
}

/// The lines behind a remark.
pub(super) fn places(remark: &Remark) -> Vec<String> {
    remark.lines.iter().map(place).collect()
}
