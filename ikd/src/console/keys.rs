//! Keys that a router's console has and a shell has not: `?` at once, tab for keywords, Ctrl-Z.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, RepeatCount};

use crate::control::{self, Request};

/// A key that ends the line without Enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `?`, with the line before and behind the cursor.
    Help(String, String),
    /// Ctrl-Z.
    End,
}

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An exec line.
    Exec,
    /// A line of that configuration mode.
    Configuration(String),
    /// An answer: keys have no meaning of ours.
    Answer,
}

/// What the keys and the session share.
pub(super) struct Shared {
    /// The daemon that knows the keywords.
    pub(super) path: PathBuf,
    what: Mutex<What>,
    key: Mutex<Option<Key>>,
}

impl Shared {
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            what: Mutex::new(What::Exec),
            key: Mutex::default(),
        })
    }

    /// From here on this is typed.
    pub(super) fn begin(&self, what: What) {
        *self.what.lock().unwrap_or_else(PoisonError::into_inner) = what;
        self.key
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// The key that ended the line.
    pub(super) fn key(&self) -> Option<Key> {
        self.key
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn what(&self) -> What {
        self.what
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn pressed(&self, key: Key) -> Option<Cmd> {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Some(Cmd::AcceptLine)
    }
}

/// `?`: help for what stands before the cursor. After Ctrl-V it is a character.
pub(super) struct Question(pub(super) Arc<Shared>);

impl ConditionalEventHandler for Question {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        if self.0.what() == What::Answer {
            return None;
        }
        let (before, behind) = ctx.line().split_at_checked(ctx.pos())?;
        self.0
            .pressed(Key::Help(before.to_owned(), behind.to_owned()))
    }
}

/// Ctrl-Z: leaves configuration mode.
pub(super) struct Leave(pub(super) Arc<Shared>);

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        match self.0.what() {
            What::Configuration(_) => self.0.pressed(Key::End),
            What::Exec | What::Answer => Some(Cmd::Noop),
        }
    }
}

/// Tab.
pub(super) struct Keywords(pub(super) Arc<Shared>);

/// Time for a list of keywords.
const PATIENCE: Duration = Duration::from_secs(2);

impl Completer for Keywords {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..pos).unwrap_or(line);
        let start = before.rfind([' ', '\t', '|']).map_or(0, |at| at + 1);
        let mode = match self.0.what() {
            What::Exec => None,
            What::Configuration(mode) => Some(mode),
            What::Answer => return Ok((pos, Vec::new())),
        };
        let asked = Request::Complete {
            line: before.to_owned(),
            mode,
        };
        // Without an answer there is nothing to offer; the line itself will say what is wrong.
        let answer = control::request(&self.0.path, &asked, PATIENCE);
        let words: Option<Vec<String>> =
            answer.ok().and_then(|a| serde_json::from_str(&a.text).ok());
        let mut words = words.unwrap_or_default();
        if let [only] = words.as_mut_slice() {
            // As on IOS, a word that is complete has its blank.
            only.push(' ');
        }
        Ok((start, words))
    }
}

impl Hinter for Keywords {
    type Hint = String;
}
impl Highlighter for Keywords {}
impl Validator for Keywords {}
impl Helper for Keywords {}
