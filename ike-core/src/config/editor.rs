//! A configuration under change, line by line as an operator types it (`configure terminal`).
//!
//! Lines are read as those of a file are, with two differences: a line that is refused changes nothing, neither the
//! configuration nor the open sub-mode; and a line of a file that would be ignored is refused.
use super::attempt::split_negation;
use super::codes;
use super::diagnostic::{Diagnostic, Severity};
use super::grammar;
use super::lexer;
use super::model::RunningConfig;
use super::modes::{Patterns, global_patterns};
use super::reader::{Parsed, Reader, parse};
use super::show::show;
use super::state::{Mode, State};

/// A candidate for the running configuration, and the sub-mode that is open in it.
#[derive(Clone, Debug)]
pub struct Editor {
    state: State,
}

/// What became of a typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It is part of the candidate; there may be remarks.
    Taken(Vec<Diagnostic>),
    /// It changed nothing.
    Refused(Diagnostic),
}

/// What may follow a line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Following {
    /// Keywords, and values in angle brackets, in the order of the commands; with a half-typed word, keywords that
    /// begin like it.
    pub words: Vec<String>,
    /// The line may end here.
    pub may_end: bool,
}

impl Editor {
    /// A candidate that is the running configuration so far, in global mode.
    #[must_use]
    pub fn new(config: RunningConfig) -> Self {
        let state = State {
            config,
            ..State::default()
        };
        Self { state }
    }

    /// The candidate as it stands.
    #[must_use]
    pub fn config(&self) -> &RunningConfig {
        &self.state.config
    }

    /// What stands between host name and `#` in the prompt: `config`, `conf-isa-prof`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        self.state.mode.prompt()
    }

    /// No sub-mode is open.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.state.mode == Mode::Global && self.state.certificate.is_none()
    }

    /// Digits of a certificate are being typed (G-063): every line is one, up to `quit`.
    #[must_use]
    pub fn in_certificate(&self) -> bool {
        self.state.certificate.is_some()
    }

    /// `exit`: closes the open sub-mode.
    pub fn leave(&mut self) {
        self.state.mode = self.state.mode.parent();
    }

    /// Closes every sub-mode; a certificate without its `quit` is given up.
    pub fn leave_all(&mut self) {
        self.state.mode = Mode::Global;
        self.state.certificate = None;
    }

    /// Takes a line into the candidate.
    pub fn line(&mut self, text: &str) -> Typed {
        let before = self.state.clone();
        let mut reader = Reader {
            state: std::mem::take(&mut self.state),
            ..Reader::default()
        };
        reader.line(1, text);
        self.state = reader.state;
        let mut found = reader.parsed.diagnostics;
        let refused =
            |d: &Diagnostic| d.severity == Severity::Error || d.code == codes::IGNORED_LINE;
        if let Some(at) = found.iter().position(refused) {
            self.state = before;
            return Typed::Refused(found.swap_remove(at));
        }
        if self.state.mode == Mode::Skipped {
            // Below a line of no effect there is nothing to type.
            self.state.mode = before.mode;
        }
        Typed::Taken(found)
    }

    /// The candidate read as a file, with everything that only the whole shows.
    #[must_use]
    pub fn checked(&self, file: &str) -> Parsed {
        parse(file, &show(&self.state.config))
    }
}

/// What may follow `line` in the mode with that name in the prompt (`config`, `conf-isa-prof`). The last word is half
/// typed unless a blank follows it. Nothing follows in a mode of an unknown name.
///
/// # Errors
/// A word before the last fits nothing: its column in characters, from 0.
pub fn following(mode: &str, line: &str) -> Result<Following, usize> {
    let Some(mode) = Mode::named(mode) else {
        return Ok(Following::default());
    };
    let words = lexer::words(line);
    let (_, mut rest) = split_negation(&words);
    let half = match rest.split_last() {
        Some((last, before)) if !line.ends_with(lexer::is_blank) => {
            rest = before;
            Some(last.text.as_str())
        }
        _ => None,
    };
    let next = |patterns: Patterns| grammar::following(patterns.into_iter(), rest, line);
    let sub = mode.patterns();
    let found = match sub.is_empty() {
        true => next(global_patterns()),
        // As in IOS, `?` in a sub-mode lists its own lines; others are still understood.
        false => next(sub).or_else(|_| next(global_patterns())),
    };
    let (mut words, may_end) = found.map_err(|miss| {
        let word = rest.get(miss.at).or_else(|| words.last());
        word.map_or(0, |word| word.column.saturating_sub(1))
    })?;
    if let Some(half) = half {
        words.retain(|word| grammar::is_prefix(half, word));
    }
    let may_end = may_end && half.is_none();
    Ok(Following { words, may_end })
}
