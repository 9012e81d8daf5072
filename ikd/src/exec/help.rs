//! What `?` prints: the words that may follow, or the keywords that begin like the last word.

use super::node::Node;
use super::parse::{Failure, Word, walk, words};

/// Help for a line without its `?`.
pub(super) fn help(tree: &'static [Node], line: &str) -> Result<String, Failure> {
    let mut words = words(line);
    let partial = if line.ends_with(char::is_whitespace) {
        None
    } else {
        words.pop()
    };
    let path = walk(tree, &words)?;
    let level = path.last().map_or(tree, |node| node.next);
    match partial {
        Some(word) => beginning_with(level, &word),
        None => Ok(following(
            level,
            path.last().is_some_and(|node| node.action.is_some()),
        )),
    }
}

/// `show cry?`: keywords on one line.
fn beginning_with(level: &[Node], word: &Word<'_>) -> Result<String, Failure> {
    let found: Vec<&str> = level
        .iter()
        .filter(|n| n.begins_with(word.text))
        .filter_map(Node::keyword)
        .collect();
    if found.is_empty() {
        return Err(Failure::Unrecognized);
    }
    Ok(format!("{}\n", found.join("  ")))
}

/// `show ?`: one keyword on each line, in columns, then `<cr>` if the line may end.
fn following(level: &[Node], complete: bool) -> String {
    let mut rows: Vec<(&str, &str)> = level.iter().map(|n| (n.shown(), n.help)).collect();
    if complete {
        rows.push(("|", "Output modifiers"));
        rows.push(("<cr>", ""));
    }
    let width = rows.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let row = |(word, help): &(&str, &str)| {
        format!("  {}\n", format!("{word:width$}  {help}").trim_end())
    };
    rows.iter().map(row).collect()
}
