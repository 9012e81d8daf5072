//! `| include`, `exclude`, `begin` and `section` behind a `show`; `| json` gives its values (our own).
//!
//! Patterns are regular expressions in linear time; `_` stands for a delimiter as in IOS and
//! for itself, so that `| include MM_NO_STATE` finds what it says.

use regex_lite::Regex;

use super::node::Node;
use super::parse::{Failure, walk, words};

/// What follows a `|`.
#[derive(Debug)]
pub(super) struct Filter {
    /// Column of the `|`.
    pub(super) column: usize,
    kind: Kind,
    /// None for `json`.
    pattern: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Begin,
    Exclude,
    Include,
    Json,
    Section,
}

/// The words of the filters; what they do is in [`Kind`].
pub(super) static WORDS: &[Node] = &[
    Node::group("begin", "Begin with the line that matches", &[]),
    Node::group("exclude", "Exclude lines that match", &[]),
    Node::group("include", "Include lines that match", &[]),
    Node::run(
        "json",
        "The values of the page as JSON",
        super::node::Action::Nothing,
    ),
    Node::group("section", "Filter a section of output", &[]),
];

/// A line before and behind its first `|`, the latter with the column of the `|`.
pub(super) fn split(line: &str) -> (&str, Option<(usize, &str)>) {
    match line.split_once('|') {
        Some((command, filter)) => (command, Some((command.chars().count(), filter))),
        None => (line, None),
    }
}

impl Filter {
    /// Reads `(column of the |, text behind it)` of `line`.
    pub(super) fn parse(line: &str, (column, text): (usize, &str)) -> Result<Self, Failure> {
        let mut words = words(text);
        words.truncate(1);
        let Some(word) = words.first() else {
            return Err(Failure::Incomplete);
        };
        let start = column + 1 + word.column;
        let path = walk(WORDS, &words).map_err(|failure| failure.behind(column + 1))?;
        let kind = match path.first().and_then(|node| node.keyword()) {
            Some("begin") => Kind::Begin,
            Some("exclude") => Kind::Exclude,
            Some("section") => Kind::Section,
            Some("json") => Kind::Json,
            _ => Kind::Include,
        };
        // The pattern is the rest of the line: blanks inside it count.
        let behind = start + word.text.chars().count();
        let pattern: String = line.chars().skip(behind).collect();
        let pattern = pattern.strip_prefix(' ').unwrap_or_default();
        let wrong = Failure::Invalid { column: behind + 1 };
        let pattern = match (kind, pattern) {
            (Kind::Json, "") => None,
            (Kind::Json, _) => return Err(wrong),
            (_, "") => return Err(Failure::Incomplete),
            (_, pattern) => Some(Regex::new(&translated(pattern)).map_err(|_| wrong)?),
        };
        Ok(Self {
            column,
            kind,
            pattern,
        })
    }

    /// Values in place of text.
    pub(super) fn is_json(&self) -> bool {
        self.kind == Kind::Json
    }

    fn hits(&self, line: &str) -> bool {
        self.pattern.as_ref().is_none_or(|p| p.is_match(line))
    }

    /// The lines that remain.
    pub(super) fn apply(&self, text: &str) -> String {
        let hit = |line: &&str| self.hits(line);
        let lines = text.lines();
        let kept: Vec<&str> = match self.kind {
            Kind::Begin => lines.skip_while(|l| !hit(l)).collect(),
            Kind::Exclude => lines.filter(|l| !hit(l)).collect(),
            Kind::Include | Kind::Json => lines.filter(hit).collect(),
            Kind::Section => self.sections(lines),
        };
        kept.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// Lines that match, each with the deeper indented lines below it.
    fn sections<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut inside: Option<usize> = None;
        lines
            .filter(|line| {
                if inside.is_none_or(|depth| indent(line) <= depth || line.trim().is_empty()) {
                    inside = self.hits(line).then(|| indent(line));
                }
                inside.is_some()
            })
            .collect()
    }
}

fn translated(pattern: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for c in pattern.chars() {
        match c {
            '_' if !quoted => out.push_str("(?:^|[ ,{}()_]|$)"),
            other => out.push(other),
        }
        quoted = c == '\\' && !quoted;
    }
    out
}
