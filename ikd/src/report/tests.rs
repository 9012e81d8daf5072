//! Stories of reports.

use super::*;
use crate::lab::{Case, Keys};
use crate::story::{Remark, simulated};

fn story(lab: &str) -> Story {
    let mut case = Case::embedded(lab).unwrap();
    case.key_bits = 512;
    simulated(&case, &Keys::default()).unwrap()
}

/// S-053: verdict, cause and line come first, the refusal stands at MM5.
#[test]
fn the_text_says_first_what_matters() {
    let text = Format::Text.page(&story("t-02"));
    let first: Vec<&str> = text.lines().take(10).collect();
    assert!(first[0].ends_with(": FAILS at MM5 on R1"), "{text}");
    assert!(
        first
            .iter()
            .any(|l| l.contains("r1.cfg:") && l.contains("ca trust-point IOSCA1")),
        "{text}"
    );
    let mm5 = text.find(" MM5 ").unwrap();
    assert!(text[mm5..].contains("** FAILS at MM5 on R1 **"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 110), "{text}");
}

/// K9: a peer's text is text, in every form.
#[test]
fn nothing_that_a_peer_wrote_is_markup() {
    let mut story = story("t-01");
    let hostile = "</style><script>alert(1)</script>\"'; A->>B: x";
    hostile.clone_into(&mut story.title);
    story.messages[0].payloads[0].text = hostile.to_owned();
    story.messages[0].payloads[0].parts.push(hostile.to_owned());
    story.messages[0].note = Some(hostile.to_owned());
    for format in [Format::Html, Format::Svg] {
        let page = format.page(&story);
        assert!(!page.contains("<script"), "{format:?}");
        assert!(page.contains("&lt;script&gt;"), "{format:?}");
    }
    let mermaid = Format::Mermaid.page(&story);
    assert!(!mermaid.contains("; A->>B"), "{mermaid}");
}

/// J4, J5: a trace that was mailed does not speak to the terminal, whatever is in it, and reads back as it was.
#[test]
fn nothing_in_a_trace_speaks_to_a_terminal() {
    let evil = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\u{e0041}";
    let mut story = story("t-01");
    story.parties[0].name = evil.to_owned();
    story.parties[0].config = format!("hostname {evil}\n!\n");
    story.verdict.reason = Some(evil.to_owned());
    story.messages[0].label = evil.to_owned();
    story.messages[0].payloads[0].text = evil.to_owned();
    story.messages[0].remarks.push(Remark {
        party: 0,
        decision: None,
        said: Some(evil.to_owned()),
        lines: Vec::new(),
    });
    for format in [
        Format::Html,
        Format::Svg,
        Format::Text,
        Format::Mermaid,
        Format::Json,
    ] {
        let page = format.page(&story);
        let spoken = page
            .chars()
            .find(|c| *c != '\n' && !ike_core::trace::is_plain(*c));
        assert_eq!(spoken, None, "{format:?}");
    }
    let again: Story = serde_json::from_str(&Format::Json.page(&story)).unwrap();
    assert_eq!(again.parties, story.parties);
    assert!(
        Format::Html
            .page(&story)
            .contains("hostname \\x1b]0;x\\x07")
    );
}

/// Nothing is fetched, and what ended it is open.
#[test]
fn the_page_stands_alone() {
    let page = Format::Html.page(&story("t-02"));
    for word in ["http://www.w3.org/2000/svg", "http-equiv"] {
        assert!(page.contains(word));
    }
    let links = page.matches("href=").count() + page.matches("src=").count();
    assert_eq!(links, page.matches("default-src=").count());
    assert!(
        page.contains("class=\"message right end\" open"),
        "no open message"
    );
    assert!(page.contains("prefers-color-scheme: dark"));
}

/// The ending of a file says what is written.
#[test]
fn a_file_gets_the_form_of_its_name() {
    assert_eq!(Format::of(Path::new("a/case.html")), Some(Format::Html));
    assert_eq!(Format::of(Path::new("case.svg")), Some(Format::Svg));
    assert_eq!(Format::of(Path::new("case")), None);
    let diagram = Format::Mermaid.page(&story("t-50"));
    assert!(
        diagram.starts_with("sequenceDiagram\n    participant P0 as R1\n"),
        "{diagram}"
    );
    assert!(
        diagram.contains("P0->>P1: IKE_SA_INIT request"),
        "{diagram}"
    );
}
