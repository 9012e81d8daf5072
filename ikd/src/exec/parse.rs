//! Finds a line in the command tree: words by unique prefix, and IOS's marker where a line
//! goes wrong. Columns count characters from 0.

use super::ExecError;
use super::node::{Action, Node, common};

/// A line that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched {
    /// What it does.
    pub(super) action: Action,
    /// It begins with `no` or `undebug`.
    pub(super) negated: bool,
    names: Vec<String>,
    /// Each word of the line: its keyword, and what was typed.
    words: Vec<(Option<&'static str>, String)>,
}

impl Matched {
    /// The line has that keyword.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.words.iter().any(|(word, _)| *word == Some(keyword))
    }

    /// What follows that keyword.
    pub(super) fn after(&self, keyword: &str) -> Option<&str> {
        let is = |(word, _): &(Option<&'static str>, String)| *word == Some(keyword);
        let at = self.words.iter().position(is)?;
        let (_, text) = self.words.get(at + 1)?;
        Some(text)
    }

    /// Every word that is no keyword.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The name in the line, if it has one.
    pub(super) fn name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The first character that fits nothing.
    Invalid {
        /// Its column in the line.
        column: usize,
    },
    /// A prefix of several keywords.
    Ambiguous,
    /// More words must follow.
    Incomplete,
    /// No keyword begins like the word before `?`.
    Unrecognized,
}

impl Failure {
    /// The same in a line with that many characters before.
    pub(super) fn behind(self, before: usize) -> Self {
        match self {
            Self::Invalid { column } => Self::Invalid {
                column: before + column,
            },
            other => other,
        }
    }

    /// What a terminal with the prompt `HOSTNAME#` shows. The line is repeated, because the
    /// marker means nothing without it.
    pub(super) fn shown(self, hostname: &str, line: &str) -> ExecError {
        let text = match self {
            Self::Invalid { column } => {
                let prompt = format!("{hostname}#");
                let blanks = " ".repeat(prompt.chars().count() + column);
                let line = ike_core::trace::escaped(&line.replace('\t', " "));
                format!("{prompt}{line}\n{blanks}^\n% Invalid input detected at '^' marker.")
            }
            Self::Ambiguous => format!(
                "% Ambiguous command:  \"{}\"",
                ike_core::trace::escaped(line)
            ),
            Self::Incomplete => "% Incomplete command.".to_owned(),
            Self::Unrecognized => "% Unrecognized command".to_owned(),
        };
        ExecError { text }
    }
}

/// A word and the column of its first character.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) column: usize,
}

/// The words of a line.
pub(super) fn words(line: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut rest = line;
    let mut column = 0;
    loop {
        let trimmed = rest.trim_start();
        column += rest.chars().count() - trimmed.chars().count();
        let Some(text) = trimmed.split_whitespace().next() else {
            return out;
        };
        out.push(Word { text, column });
        column += text.chars().count();
        rest = trimmed.strip_prefix(text).unwrap_or_default();
    }
}

/// Finds a whole line.
pub(super) fn parse(tree: &'static [Node], line: &str) -> Result<Matched, Failure> {
    let words = words(line);
    if words.is_empty() {
        return Ok(Matched {
            action: Action::Nothing,
            negated: false,
            names: Vec::new(),
            words: Vec::new(),
        });
    }
    let path = walk(tree, &words)?;
    let action = path
        .last()
        .and_then(|node| node.action)
        .ok_or(Failure::Incomplete)?;
    let named = path
        .iter()
        .zip(&words)
        .filter(|(node, _)| node.keyword().is_none());
    Ok(Matched {
        action,
        negated: path.iter().any(|node| node.negates),
        names: named.map(|(_, word)| word.text.to_owned()).collect(),
        words: path
            .iter()
            .zip(&words)
            .map(|(node, word)| (node.keyword(), word.text.to_owned()))
            .collect(),
    })
}

/// The nodes that the words stand for.
pub(super) fn walk(
    tree: &'static [Node],
    words: &[Word<'_>],
) -> Result<Vec<&'static Node>, Failure> {
    let mut level = tree;
    let mut path = Vec::new();
    for word in words {
        let node = choose(level, word)?;
        path.push(node);
        level = node.next;
    }
    Ok(path)
}

/// A keyword in full, else the only one with this prefix, else a name.
fn choose(level: &'static [Node], word: &Word<'_>) -> Result<&'static Node, Failure> {
    let exact = level.iter().find(|n| {
        n.keyword()
            .is_some_and(|k| k.eq_ignore_ascii_case(word.text))
    });
    let candidates: Vec<&Node> = level.iter().filter(|n| n.begins_with(word.text)).collect();
    match (exact, candidates.as_slice()) {
        (Some(node), _) | (None, &[node]) => Ok(node),
        (None, []) => level
            .iter()
            .find(|n| n.accepts(word.text))
            .ok_or(Failure::Invalid {
                column: word.column + furthest(level, word.text),
            }),
        (None, _) => Err(Failure::Ambiguous),
    }
}

/// How far a word goes along with some keyword: IOS marks the first character that no
/// keyword continues with.
fn furthest(level: &[Node], word: &str) -> usize {
    level
        .iter()
        .filter_map(|n| Some(common(n.keyword()?, word)))
        .max()
        .unwrap_or(0)
}
