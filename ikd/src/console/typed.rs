//! A session at a terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, EventHandler, KeyEvent};

use super::keys::{Key, Keywords, Leave, Question, Shared, What};
use super::{execute, history, mode_of};
use crate::ask::unreachable;
use crate::cli::{complain, print};
use crate::control::{self, ControlError, Operator, Request};
use crate::exec::{self, Console};
use crate::terminal::Terminal;

/// Lines of the history.
const LINES: usize = 500;
/// Time for the name in the prompt.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line as it was ended.
enum Line {
    /// Enter.
    Text(String),
    /// `?`, with the line before and behind it.
    Help(String, String),
    /// Ctrl-Z.
    End,
    /// Ctrl-C: the line counts for nothing.
    Dropped,
    /// Ctrl-D, or a terminal that is gone.
    Over,
}

struct Session {
    shared: Arc<Shared>,
    editor: Editor<Keywords, DefaultHistory>,
    file: Option<PathBuf>,
    /// What the next line begins with: the one that `?` was asked in.
    initial: (String, String),
}

/// Runs until `exit` or the end of the terminal.
pub(super) fn run(path: &Path) -> ExitCode {
    match Session::new(path).and_then(|mut session| session.serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(End::Daemon(e)) => unreachable(&e),
        Err(End::Terminal(e)) => {
            complain(&format!("the terminal: {e}"));
            ExitCode::from(5)
        }
    }
}

/// Why a session cannot go on.
enum End {
    Daemon(ControlError),
    Terminal(ReadlineError),
}

impl From<ReadlineError> for End {
    fn from(error: ReadlineError) -> Self {
        Self::Terminal(error)
    }
}

impl Session {
    fn new(path: &Path) -> Result<Self, End> {
        let config = Config::builder()
            .max_history_size(LINES)?
            .completion_type(CompletionType::List)
            .build();
        let shared = Shared::new(path.to_owned());
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Keywords(shared.clone())));
        let bind = |handler| EventHandler::Conditional(handler);
        let question = bind(Box::new(Question(shared.clone())));
        editor.bind_sequence(KeyEvent::from('?'), question);
        let leave = bind(Box::new(Leave(shared.clone())));
        editor.bind_sequence(KeyEvent::ctrl('z'), leave);
        let file = history::file().filter(|file| history::prepare(file).is_ok());
        if let Some(file) = &file {
            // The first session has none yet.
            let _ = editor.load_history(file);
        }
        Ok(Self {
            shared,
            editor,
            file,
            initial: Default::default(),
        })
    }

    fn serve(&mut self) -> Result<(), End> {
        loop {
            let name = control::request(&self.shared.path, &Request::Hostname, PATIENCE);
            let prompt = format!("{}#", name.map_err(End::Daemon)?.text);
            match self.line(&prompt, What::Exec)? {
                Line::Text(line) => {
                    self.remember(&line);
                    if !self.exec(&prompt, &line) {
                        return Ok(());
                    }
                }
                Line::Help(before, behind) => {
                    self.exec(&prompt, &format!("{before}?"));
                    self.initial = (before, behind);
                }
                Line::End | Line::Dropped => {}
                Line::Over => return Ok(()),
            }
        }
    }

    /// An exec line; false when it ends the session.
    fn exec(&mut self, prompt: &str, line: &str) -> bool {
        match exec::console(line) {
            Some(Console::Leave) => return false,
            Some(Console::History) => self.show_history(),
            Some(Console::Nothing) => {}
            None => {
                let path = self.shared.path.clone();
                let response = execute(&path, line, self);
                // The line is on the screen: the marker stands under it.
                let repeated = format!("{prompt}{}\n", line.trim_end());
                let text = response.text.strip_prefix(&repeated);
                print(text.unwrap_or(&response.text));
            }
        }
        true
    }

    fn show_history(&self) {
        let lines = self.editor.history();
        print(
            &lines
                .iter()
                .map(|line| format!("  {line}\n"))
                .collect::<String>(),
        );
    }

    /// Keeps a line, here and for later sessions.
    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || !history::may_keep(line) {
            return;
        }
        let added = self.editor.add_history_entry(line).unwrap_or(false);
        if let Some(file) = self.file.as_ref().filter(|_| added) {
            // A history that cannot be written is none; the session goes on.
            let _ = self.editor.append_history(file);
        }
    }

    fn line(&mut self, prompt: &str, what: What) -> Result<Line, ReadlineError> {
        self.shared.begin(what);
        let (before, behind) = std::mem::take(&mut self.initial);
        let read = self
            .editor
            .readline_with_initial(prompt, (&before, &behind));
        Ok(match (read, self.shared.key()) {
            (Ok(_), Some(Key::Help(before, behind))) => Line::Help(before, behind),
            (Ok(_), Some(Key::End)) => Line::End,
            (Ok(line), None) => Line::Text(line),
            (Err(ReadlineError::Interrupted), _) => Line::Dropped,
            (Err(ReadlineError::Eof), _) => Line::Over,
            (Err(e), _) => return Err(e),
        })
    }

    /// A line of configuration mode, as the daemon is to get it.
    fn configuration(&mut self, prompt: &str, mode: &str) -> Option<String> {
        match self
            .line(prompt, What::Configuration(mode.to_owned()))
            .ok()?
        {
            Line::Text(line) => {
                self.remember(&line);
                Some(line)
            }
            Line::Help(before, behind) => {
                let asked = format!("{before}?");
                self.initial = (before, behind);
                Some(asked)
            }
            Line::End => Some("end".to_owned()),
            Line::Dropped => Some(String::new()),
            Line::Over => None,
        }
    }
}

impl Operator for Session {
    fn say(&mut self, text: &str) {
        Terminal.say(text);
    }

    fn ask(&mut self, prompt: &str, secret: bool) -> Option<String> {
        if let Some(mode) = mode_of(prompt) {
            return self.configuration(prompt, mode);
        }
        if secret {
            return Terminal.ask(prompt, secret);
        }
        match self.line(prompt, What::Answer).ok()? {
            Line::Text(answer) => Some(answer),
            _ => None,
        }
    }

    fn store(&mut self, path: &str, octets: &[u8]) -> Result<(), String> {
        Terminal.store(path, octets)
    }
}
