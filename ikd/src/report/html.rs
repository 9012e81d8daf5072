//! The page: verdict and causes on top, the picture, then every message to be unfolded. Everything is in it: no
//! script, no font and no picture is fetched, and none is needed. `maud` escapes whatever a peer may have written.

use ike_core::policy::Candidate;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ladder::{end, names, place, places, router, time, to_the_right};
use super::svg::picture;
use crate::decode;
use crate::story::{Message, Party, Remark, Story};

const STYLE: &str = include_str!("report.css");

/// The whole page.
pub(super) fn html(story: &Story) -> String {
    let ended = end(story);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is loaded, whatever a peer wrote.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (story.title) ": " (story.outcome()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (verdict(story))
                h2 { "Messages" }
                section.ladder {
                    div.ends { @for party in &story.parties { span { (party.name) } } }
                    @for (number, message) in story.messages.iter().enumerate() {
                        (row(story, number, message, ended == Some(number)))
                    }
                }
                h2 { "Picture" }
                div.picture { (picture(story)) }
                h2 { "Routers" }
                @for party in &story.parties { (router_of(party)) }
                footer { "ikd " (env!("CARGO_PKG_VERSION")) ", from the " (story.source) ". Times count from the first message." }
            }
        }
    };
    page.into_string()
}

fn verdict(story: &Story) -> Markup {
    let failed = if story.verdict.up {
        "verdict"
    } else {
        "verdict failed"
    };
    let verdict = &story.verdict;
    html! {
        header id="verdict" class=(failed) {
            h1 { (story.title) }
            div.outcome { (story.outcome()) }
            @if let Some(reason) = &verdict.reason { p { (reason) } }
            @if verdict.up {
                p.faint { "ping " (verdict.ping.received) "/" (verdict.ping.sent) }
            }
            @for line in &story.at_fault { p.fault.mono { (place(line)) } }
            @if !story.causes.is_empty() {
                details {
                    summary { "What led to it" }
                    ol.causes { @for cause in &story.causes { li { (decision(story, cause)) } } }
                }
            }
        }
    }
}

fn row(story: &Story, number: usize, message: &Message, ended: bool) -> Markup {
    let side = if to_the_right(message) {
        "right"
    } else {
        "left"
    };
    let again = if message.repeats.is_some() {
        " repeated"
    } else {
        ""
    };
    let end = if ended { " end" } else { "" };
    html! {
        details id=(format!("m{}", number + 1)) class=(format!("message {side}{again}{end}")) open[ended] {
            summary {
                span.faint.mono { (time(message)) }
                span.arrow {
                    i {}
                    b { (message.label) @if message.repeats.is_some() { " again" } }
                    i {}
                }
                span.names {
                    (message.octets) " octets"
                    @if message.sealed { ", encrypted" }
                    @if message.repeats.is_none() { ": " (names(message)) }
                }
            }
            div.inside {
                p.faint.mono { (message.source) " → " (message.destination) }
                @if let Some(head) = &message.header { (header(head)) }
                @for payload in &message.payloads { (line(payload)) }
                @if let Some(note) = &message.note { p { (note) } }
            }
        }
        @for remark in &message.remarks { (beside(story, remark)) }
    }
}

fn header(head: &decode::Head) -> Markup {
    html! {
        p.faint.mono {
            "IKE " (head.version) " " (head.exchange) ", " (head.initiator) " " (head.responder)
            ", message ID " (head.message_id)
            @if !head.flags.is_empty() { ", " (head.flags.join("+")) }
        }
    }
}

fn line(payload: &decode::Line) -> Markup {
    let what = html! { b { (payload.payload) } " " span.faint { "[" (payload.octets) "]" } " " (payload.text) };
    html! {
        @if payload.parts.is_empty() {
            div { (what) }
        } @else {
            details { summary { (what) } ul.parts { @for part in &payload.parts { li.mono { (part) } } } }
        }
    }
}

/// What a router decided at a message; a word of the log is one line.
fn beside(story: &Story, remark: &Remark) -> Markup {
    let side = if remark.party == 1 {
        "remark right"
    } else {
        "remark"
    };
    html! { div class=(side) { (decision(story, remark)) } }
}

fn decision(story: &Story, remark: &Remark) -> Markup {
    let name = router(story, remark);
    html! {
        @match &remark.decision {
            None => p.mono { (name) ": " (remark.text()) },
            Some(why) => {
                p { b { (name) } " " (why.decision) " " span.rule { (why.rule) } }
                p.faint { (why.because) }
                @for line in places(remark) { p.place.mono { (line) } }
                @if !why.candidates.is_empty() {
                    details {
                        summary.faint { (why.candidates.len()) " considered" }
                        ul.candidates { @for one in &why.candidates { (candidate(one)) } }
                    }
                }
            }
        }
    }
}

fn candidate(candidate: &Candidate) -> Markup {
    let state = match (candidate.chosen, &candidate.rejected) {
        (true, _) => "chosen",
        (false, Some(_)) => "rejected",
        (false, None) => "plain",
    };
    html! {
        li {
            span class=(state) { (candidate.name) }
            @if let Some(rejected) = &candidate.rejected {
                " " span.rule { (rejected.rule) } " " span.faint { (rejected.because) }
            }
            @if !candidate.steps.is_empty() {
                ul { @for step in &candidate.steps {
                    li { span class=(if step.passed { "chosen" } else { "rejected" }) { (step.what) } }
                } }
            }
        }
    }
}

fn router_of(party: &Party) -> Markup {
    html! {
        details {
            summary {
                b { (party.name) } " " span.faint { (party.file) }
                @if !party.order.is_empty() { span.faint { ", newest first: " (party.order.join(", ")) } }
            }
            @if !party.config.is_empty() { pre { (party.config) } }
        }
    }
}
