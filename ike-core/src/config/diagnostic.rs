//! What the reader of a configuration has to say about a line, printed as a compiler prints it.
use std::fmt;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is wrong; the line has less effect than its author may think.
    Note,
    /// The configuration works, perhaps not as meant.
    Warning,
    /// The line is not understood or cannot work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A finding about one place of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable code; [`codes`](super::codes) explains each.
    pub code: &'static str,
    /// The file as named by the caller.
    pub file: String,
    /// Line, from 1; 0 for a finding without a place.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters marked, at least 1.
    pub length: usize,
    /// The text of the line.
    pub source: String,
    /// What was found and what was expected.
    pub message: String,
    /// A way out, shown beside the mark.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    /// Head line, place, source line with a mark under it, as in `ikd check`. No colour, no final line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)?;
        match (self.line, &self.help) {
            (0, Some(help)) => write!(f, "\n  = {help}"),
            (0, None) => Ok(()),
            _ => self.fmt_place(f),
        }
    }
}

impl Diagnostic {
    fn fmt_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let shown = printable(&self.source);
        write!(
            f,
            "\n{gutter}--> {}:{}:{}",
            self.file, self.line, self.column
        )?;
        write!(f, "\n{number} | {shown}")?;
        let indent = " ".repeat(self.column.saturating_sub(1).min(SHOWN));
        let mark = "^".repeat(self.length.clamp(1, SHOWN));
        write!(f, "\n{gutter} | {indent}{mark}")?;
        match &self.help {
            Some(help) => write!(f, " {help}"),
            None => Ok(()),
        }
    }
}

/// Characters of a source line that are shown.
const SHOWN: usize = 400;

/// The line with control characters replaced one by one, so that columns stay true (THREATS J5).
fn printable(line: &str) -> String {
    let visible = |c: char| {
        if c == '\t' {
            ' '
        } else if c.is_control() {
            '?'
        } else {
            c
        }
    };
    line.chars().take(SHOWN).map(visible).collect()
}
