//! What an operator in configuration mode is told: IOS's marker under the line with our reason beside it, and what
//! may follow.

use ike_core::config::{Diagnostic, Following, Severity, codes};
use ike_core::trace::escaped;

/// Why a line is not taken. The line itself is on the screen already, behind its prompt.
pub(super) fn refusal(prompt: &str, line: &str, why: &Diagnostic) -> String {
    let head = match why.code {
        codes::INCOMPLETE => "% Incomplete command.".to_owned(),
        codes::AMBIGUOUS => format!("% Ambiguous command:  \"{}\"", escaped(line.trim())),
        _ => invalid(prompt, why.column.saturating_sub(1)),
    };
    format!("{head}\n{}", reason(why))
}

/// What there is to say about a line that is taken; notes are for `ikd check`.
pub(super) fn remarks(found: &[Diagnostic]) -> String {
    let shown = found.iter().filter(|d| d.severity != Severity::Note);
    let lines: Vec<String> = shown.map(reason).collect();
    lines.join("\n")
}

fn reason(why: &Diagnostic) -> String {
    let help = why.help.as_ref().map(|help| format!("; {help}"));
    let text = format!("{}{}", why.message, help.unwrap_or_default());
    format!("  {} [{}]", escaped(&text), why.code)
}

/// IOS's marker under a column of the line, counted from 0.
fn invalid(prompt: &str, column: usize) -> String {
    let blanks = " ".repeat(prompt.chars().count() + column);
    format!("{blanks}^\n% Invalid input detected at '^' marker.")
}

/// What `?` behind a line prints.
pub(super) fn help(prompt: &str, asked: &str, found: Result<Following, usize>) -> String {
    match found {
        Err(column) => invalid(prompt, column),
        Ok(found) if found.words.is_empty() && !found.may_end => {
            "% Unrecognized command".to_owned()
        }
        Ok(found) if asked.is_empty() || asked.ends_with(char::is_whitespace) => list(&found),
        Ok(found) => found.words.join("  "),
    }
}

fn list(found: &Following) -> String {
    let mut rows: Vec<String> = found
        .words
        .iter()
        .map(|w| format!("  {}", shown(w)))
        .collect();
    if found.may_end {
        rows.push("  <cr>".to_owned());
    }
    rows.join("\n")
}

/// A value as IOS shows it in help.
fn shown(word: &str) -> &str {
    match word {
        "<word>" | "<transform>" | "<hex>" | "<proto>" => "WORD",
        "<line>" => "LINE",
        "<ip>" | "<mask>" => "A.B.C.D",
        "<ip6>" => "X:X:X:X::X",
        "<address>" => "A.B.C.D or X:X:X:X::X",
        "<prefix>" => "X:X:X:X::X/<0-128>",
        "<if>" | "<iftype>" => "INTERFACE",
        other => other,
    }
}
