//! What `?` prints: the words that may follow, or the keywords that begin like the last word.

use super::filter;
use super::node::Node;
use super::parse::{Failure, Word, walk, words};
use super::tree::EXEC;

/// Where a line that is being typed stands in the tree.
struct Standing<'a> {
    /// What may come next.
    level: &'static [Node],
    /// The beginning of a word.
    half: Option<Word<'a>>,
    /// The line may end here.
    complete: bool,
}

/// Help for an exec line without its `?`.
pub(super) fn help_line(line: &str) -> Result<String, Failure> {
    let standing = stand(line)?;
    match standing.half {
        Some(word) => beginning_with(standing.level, &word),
        None => Ok(following(standing.level, standing.complete)),
    }
}

/// The keywords that tab offers.
pub(super) fn keywords(line: &str) -> Result<Vec<&'static str>, Failure> {
    let Standing { level, half, .. } = stand(line)?;
    let fits = |n: &&Node| half.as_ref().is_none_or(|word| n.begins_with(word.text));
    Ok(level
        .iter()
        .filter(fits)
        .filter_map(Node::keyword)
        .collect())
}

/// The words behind a `|` have a tree of their own.
fn stand(line: &str) -> Result<Standing<'_>, Failure> {
    match filter::split(line) {
        (_, None) => stand_in(EXEC, line),
        (command, Some((column, text))) => {
            walk(EXEC, &words(command))?;
            stand_in(filter::WORDS, text).map_err(|failure| failure.behind(column + 1))
        }
    }
}

fn stand_in<'a>(tree: &'static [Node], line: &'a str) -> Result<Standing<'a>, Failure> {
    let mut words = words(line);
    let half = match line.ends_with(char::is_whitespace) {
        true => None,
        false => words.pop(),
    };
    let path = walk(tree, &words)?;
    Ok(Standing {
        level: path.last().map_or(tree, |node| node.next),
        half,
        complete: path.last().is_some_and(|node| node.action.is_some()),
    })
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
