//! The ladder as a picture: two lines, an arrow for each message, the decisions beside it.

use maud::{Markup, PreEscaped, html};

use super::ladder::{end, names, to_the_right};
use crate::story::{Message, Remark, Story};

/// The lines of the routers, and the width of the picture.
const LEFT: usize = 250;
const RIGHT: usize = 710;
const WIDTH: usize = 960;
/// Height of the head, of an arrow and of a line of text.
const HEAD: usize = 96;
const ARROW: usize = 40;
const LINE: usize = 15;
/// Characters beside a line, and on an arrow.
const BESIDE: usize = 38;
const ABOVE: usize = 66;
/// Decisions of a router at one message that are drawn.
const DRAWN: usize = 4;
/// Messages that are drawn: a picture is looked at as a whole.
const MESSAGES: usize = 24;

const STYLE: &str = "
.ground{fill:#fff}text{font:12px system-ui,sans-serif;fill:#1b1f24}.name{font:bold 15px system-ui,sans-serif}
.title{font:bold 15px system-ui,sans-serif}.faint{fill:#59636e;font-size:11px}.life{stroke:#d1d9e0;stroke-width:2}
.right{stroke:#0969da;stroke-width:2}.left{stroke:#8250df;stroke-width:2}.again{stroke-dasharray:5 4}
.good{fill:#1a7f37}.bad{fill:#cf222e}.head-right{fill:#0969da}.head-left{fill:#8250df}
@media (prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.faint{fill:#9198a1}.life{stroke:#3d444d}
.good{fill:#3fb950}.bad{fill:#f85149}.right{stroke:#4493f8}.left{stroke:#ab7df8}.head-right{fill:#4493f8}.head-left{fill:#ab7df8}}";

/// The whole picture as a file of its own.
pub(super) fn svg(story: &Story) -> String {
    picture(story).into_string() + "\n"
}

/// The same inside a page.
pub(super) fn picture(story: &Story) -> Markup {
    let rows: Vec<Row<'_>> = rows(story);
    let height = HEAD + rows.iter().map(|r| r.height).sum::<usize>() + ARROW;
    let foot = height - ARROW / 2;
    let left_out = story.messages.len().saturating_sub(MESSAGES);
    let outcome = if story.verdict.up {
        "title good"
    } else {
        "title bad"
    };
    let name = |n: usize| story.parties.get(n).map_or("?", |p| p.name.as_str());
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height) role="img" {
            title { (story.title) ": " (story.outcome()) }
            style { (PreEscaped(STYLE)) }
            rect.ground width=(WIDTH) height=(height) {}
            text.title x="16" y="26" { (cut(&story.title, 110)) }
            text class=(outcome) x="16" y="48" { (story.outcome()) }
            @for (n, x) in [(0, LEFT), (1, RIGHT)] {
                text.name x=(x) y=(HEAD - 14) text-anchor="middle" { (name(n)) }
                line.life x1=(x) y1=(HEAD - 6) x2=(x) y2=(foot) {}
            }
            @for row in &rows { (row.markup()) }
            @if left_out > 0 {
                text.faint x=(WIDTH / 2) y=(height - 6) text-anchor="middle" { "and " (left_out) " more" }
            }
        }
    }
}

/// A message and where it is drawn.
struct Row<'a> {
    message: &'a Message,
    top: usize,
    height: usize,
    /// The negotiation ends here: what is said about it.
    ends: Option<String>,
}

fn rows(story: &Story) -> Vec<Row<'_>> {
    let ended = end(story);
    let mut top = HEAD;
    let mut out = Vec::new();
    for (place, message) in story.messages.iter().take(MESSAGES).enumerate() {
        let ends = (ended == Some(place)).then(|| story.outcome());
        let remarks = [0, 1].map(|party| remarks(message, party).len());
        let lines = remarks.into_iter().max().unwrap_or(0);
        let height = (ARROW + usize::from(ends.is_some()) * LINE).max(lines * LINE + 12);
        out.push(Row {
            message,
            top,
            height,
            ends,
        });
        top += height;
    }
    out
}

impl Row<'_> {
    fn markup(&self) -> Markup {
        let message = self.message;
        let right = to_the_right(message);
        let y = self.top + 22;
        let side = if right { "right" } else { "left" };
        let again = if message.repeats.is_some() {
            " again"
        } else {
            ""
        };
        let (label, octets) = (&message.label, message.octets);
        let what = match message.repeats {
            Some(_) => format!("{label} again, {octets} octets"),
            None => format!("{label}  {octets} octets"),
        };
        let (from, to) = if right {
            (LEFT, RIGHT - 8)
        } else {
            (RIGHT, LEFT + 8)
        };
        let tip = if right { RIGHT } else { LEFT };
        let back = if right { RIGHT - 10 } else { LEFT + 10 };
        let head = format!("{tip},{y} {back},{} {back},{}", y - 5, y + 5);
        let middle = (LEFT + RIGHT) / 2;
        html! {
            text x=(middle) y=(y - 6) text-anchor="middle" { (what) }
            line class=(format!("{side}{again}")) x1=(from) y1=(y) x2=(to) y2=(y) {}
            polygon class=(format!("head-{side}")) points=(head) {}
            @if message.repeats.is_none() {
                text.faint x=(middle) y=(y + 13) text-anchor="middle" { (cut(&names(message), ABOVE)) }
            }
            @if let Some(ends) = &self.ends {
                text.bad x=(middle) y=(y + 28) text-anchor="middle" { (ends) }
            }
            @for (line, said) in remarks(message, 0).iter().enumerate() {
                text.faint x=(LEFT - 12) y=(self.top + 14 + line * LINE) text-anchor="end" { (said) }
            }
            @for (line, said) in remarks(message, 1).iter().enumerate() {
                text.faint x=(RIGHT + 12) y=(self.top + 14 + line * LINE) { (said) }
            }
        }
    }
}

/// What a router decided at a message, as far as it is drawn.
fn remarks(message: &Message, party: usize) -> Vec<String> {
    let own = message.remarks.iter().filter(|r| r.party == party);
    let mut out: Vec<String> = own.map(|r| cut(&said(r), BESIDE)).collect();
    if out.len() > DRAWN {
        let more = out.len() - (DRAWN - 1);
        out.truncate(DRAWN - 1);
        out.push(format!("and {more} more"));
    }
    out
}

fn said(remark: &Remark) -> String {
    match &remark.decision {
        Some(why) => format!("{} {}", why.rule, why.decision),
        None => remark.text(),
    }
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}
