//! `configure terminal`: a dialogue that takes lines into a candidate, which takes effect as a whole.
//!
//! `end`, `exit` of the global mode and `commit` hand the candidate to the daemon as `Request::Configure`; a candidate
//! with errors changes nothing and is kept for the next `configure terminal`. `marks` says what is wrong with a line,
//! and what may follow.

mod marks;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ike_core::config::{Editor, RunningConfig, Typed, following, show};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};

use crate::changes::{NOTHING, difference};
use crate::control::{Configuration, Pending, Request, Response, Talk};
use crate::exec;

/// A candidate that is worked on, and what it started from.
#[derive(Clone)]
pub(crate) struct Draft {
    editor: Editor,
    /// The running configuration of then.
    base: Arc<RunningConfig>,
}

/// The place of the one candidate of a daemon; whoever edits holds it.
pub(crate) type Desk = Arc<Mutex<Option<Draft>>>;

/// What the second one who wants to edit is told.
const TAKEN: &str =
    "% Somebody else is in configuration mode; what they change takes effect when they leave it.";

/// What a lost line leads to.
const DROPPED: &str = "% The lines ended before end, exit or commit: nothing is changed.";

/// The exit code where lines were refused and the others are in force.
const REFUSED: u8 = 2;

/// What follows the errors of a candidate.
const KEPT: &str = "
% Nothing is changed. The lines are kept: configure terminal goes on with them, abort there drops them.";

/// Who edits, and what.
pub(crate) struct Session {
    draft: Draft,
    desk: OwnedMutexGuard<Option<Draft>>,
    host: mpsc::Sender<Pending>,
    talk: Talk,
    /// A line was refused: the exit code of the whole says so.
    refused: bool,
}

/// What a line leads to.
enum Next {
    Goes,
    /// Over, with that answer.
    Over(Response),
}

/// Takes the desk.
///
/// # Errors
/// Somebody else has it: the answer for the second one.
pub(crate) fn sit_down(
    desk: &Desk,
    running: Arc<RunningConfig>,
    host: mpsc::Sender<Pending>,
    talk: Talk,
) -> Result<Session, Response> {
    let desk = desk.clone().try_lock_owned();
    let mut desk = desk.map_err(|_| Response::failed(1, TAKEN))?;
    let new = || Draft {
        editor: Editor::new(RunningConfig::clone(&running)),
        base: running.clone(),
    };
    Ok(Session {
        draft: desk.take().unwrap_or_else(new),
        desk,
        host,
        talk,
        refused: false,
    })
}

impl Session {
    /// The dialogue to its end.
    pub(crate) async fn run(mut self) -> Response {
        let waiting = self.changes();
        let text = "Enter configuration commands, one per line.  End with CNTL/Z.";
        self.talk.say(text).await;
        if !waiting.is_empty() {
            let text = "% These changes of last time wait; abort drops them:";
            self.talk
                .say(format!("{text}\n{}", waiting.trim_end()))
                .await;
        }
        loop {
            let prompt = self.prompt();
            let Ok(line) = self.talk.ask_line(&prompt).await else {
                return Response::failed(3, DROPPED);
            };
            if let Next::Over(response) = self.line(&prompt, &line).await {
                return response;
            }
        }
    }

    fn prompt(&self) -> String {
        let host = self.draft.base.hostname.as_deref().unwrap_or("Router");
        format!("{host}({})#", self.draft.editor.mode())
    }

    async fn line(&mut self, prompt: &str, line: &str) -> Next {
        let editor = &mut self.draft.editor;
        let words = line.trim();
        if let Some(asked) = line
            .trim_end()
            .strip_suffix('?')
            .filter(|_| !editor.in_certificate())
        {
            let found = following(editor.mode(), asked);
            self.talk.say(marks::help(prompt, asked, found)).await;
            return Next::Goes;
        }
        match words.to_ascii_lowercase().as_str() {
            "end" | "\u{1a}" => return Next::Over(self.leave().await),
            "exit" if editor.is_global() => return Next::Over(self.leave().await),
            "exit" if !editor.in_certificate() => editor.leave(),
            "abort" => {
                return Next::Over(Response::ok(
                    "% The candidate is dropped: nothing is changed.",
                ));
            }
            "commit" => {
                let response = self.commit().await;
                self.talk.say(response.text).await;
            }
            "show" => {
                let changes = self.changes();
                let text = if changes.is_empty() {
                    NOTHING
                } else {
                    changes.trim_end()
                };
                self.talk.say(text).await;
            }
            lower if lower.starts_with("do ") => self.exec(&words["do ".len()..]).await,
            _ => self.typed(prompt, line).await,
        }
        Next::Goes
    }

    /// A line of the configuration.
    async fn typed(&mut self, prompt: &str, line: &str) {
        let said = match self.draft.editor.line(line) {
            Typed::Refused(_) if exec::knows(line) => {
                self.refused = true;
                format!(
                    "% This is an exec line: leave configuration mode, or type do {}",
                    line.trim()
                )
            }
            Typed::Refused(why) => {
                self.refused = true;
                marks::refusal(prompt, line, &why)
            }
            Typed::Taken(remarks) => marks::remarks(&remarks),
        };
        if !said.is_empty() {
            self.talk.say(said).await;
        }
    }

    /// `do LINE`: an exec line in between.
    async fn exec(&mut self, line: &str) {
        let line = line.trim().to_owned();
        let response = self.ask(Request::Exec { line, json: false }).await;
        self.talk.say(response.text.trim_end()).await;
    }

    /// The candidate takes effect, or is kept for the next time.
    async fn leave(&mut self) -> Response {
        let mut response = self.commit().await;
        if response.code != 0 {
            *self.desk = Some(self.draft.clone());
            response.text.push_str(KEPT);
        } else if self.refused {
            response.code = REFUSED;
        }
        response
    }

    async fn commit(&mut self) -> Response {
        self.draft.editor.leave_all();
        let text = Configuration(show(self.draft.editor.config()));
        let base = Some(Configuration(show(&self.draft.base)));
        let response = self.ask(Request::Configure { text, base }).await;
        if response.code == 0 {
            self.draft.base = Arc::new(self.draft.editor.config().clone());
        }
        response
    }

    fn changes(&self) -> String {
        difference(&self.draft.base, self.draft.editor.config())
    }

    /// Asks the daemon, whose task goes on meanwhile.
    async fn ask(&self, request: Request) -> Response {
        let (answer, response) = oneshot::channel();
        let talk = Talk::with_nobody();
        let pending = Pending {
            request,
            answer,
            talk,
        };
        let gone = || Response::failed(4, "the daemon is ending");
        if self.host.send(pending).await.is_err() {
            return gone();
        }
        response.await.unwrap_or_else(|_| gone())
    }
}
