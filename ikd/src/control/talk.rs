//! The daemon's end of a dialogue with an operator.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::client::Operator;
use super::protocol::{Answer, Frame};

/// Time for the answer to the one who ends a daemon.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Lines and questions to the operator of one request.
pub struct Talk {
    frames: mpsc::Sender<Frame>,
    answers: mpsc::Receiver<Answer>,
}

/// Nobody answered a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody answered \"{}\"; run it at a terminal, feed the answers on standard input, or use the form that asks nothing", .0.trim())]
pub struct Unanswered(pub String);

/// The other end: what the connection carries.
pub(super) struct Line {
    pub(super) frames: mpsc::Receiver<Frame>,
    pub(super) answers: mpsc::Sender<Answer>,
}

/// Does work that talks with an operator of this process, without a connection between them.
pub(crate) async fn with_operator<T>(
    operator: &mut dyn Operator,
    work: impl AsyncFnOnce(&mut Talk) -> T,
) -> T {
    let (mut talk, mut line) = Talk::new();
    let work = async move { work(&mut talk).await };
    let carry = async {
        while let Some(frame) = line.frames.recv().await {
            match frame {
                Frame::Say { text } => operator.say(&text),
                Frame::Ask { prompt, secret } => {
                    let answer = operator.ask(&prompt, secret);
                    // The dialogue may have been given up.
                    let _ = line.answers.send(Answer { answer }).await;
                }
                Frame::Store { path, .. } => {
                    let answer = Some(format!("{path}: there is no connection to write it"));
                    let _ = line.answers.send(Answer { answer }).await;
                }
                Frame::Done(_) => {}
            }
        }
    };
    tokio::join!(work, carry).0
}

impl Talk {
    /// A talk and its line.
    pub(super) fn new() -> (Self, Line) {
        let (frames, to_operator) = mpsc::channel(64);
        let (from_operator, answers) = mpsc::channel(1);
        let line = Line {
            frames: to_operator,
            answers: from_operator,
        };
        (Self { frames, answers }, line)
    }

    /// A talk with nobody: lines go nowhere, questions stay unanswered.
    #[must_use]
    pub fn with_nobody() -> Self {
        Self::new().0
    }

    /// A line for the operator. One who has left misses it.
    pub async fn say(&self, text: impl Into<String>) {
        let _ = self.frames.send(Frame::Say { text: text.into() }).await;
    }

    /// Lets the operator's end write a file, with its rights.
    ///
    /// # Errors
    /// It is not written; the text says why.
    pub async fn store(&mut self, path: &str, octets: &[u8]) -> Result<(), String> {
        let store = Frame::Store {
            path: path.to_owned(),
            octets: data_encoding::BASE64.encode(octets),
        };
        let left = || format!("{path}: whoever asked has left");
        self.frames.send(store).await.map_err(|_| left())?;
        match self.answers.recv().await.ok_or_else(left)?.answer {
            None => Ok(()),
            Some(why) => Err(why),
        }
    }

    /// Waits until the operator has the answer or has left; one who does not read is waited for half
    /// a second.
    pub async fn ended(&self) {
        let _ = timeout(LAST_WORDS, self.frames.closed()).await;
    }

    /// Asks; what is typed is shown while typing.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn ask(&mut self, prompt: &str) -> Result<String, Unanswered> {
        let answer = self.question(prompt, false).await?;
        Ok(answer.trim().to_owned())
    }

    /// As [`ask`](Self::ask), with the blanks at its beginning: columns count.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn ask_line(&mut self, prompt: &str) -> Result<String, Unanswered> {
        let answer = self.question(prompt, false).await?;
        Ok(answer.trim_end().to_owned())
    }

    /// Asks for a password.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn ask_secret(&mut self, prompt: &str) -> Result<Zeroizing<String>, Unanswered> {
        Ok(Zeroizing::new(self.question(prompt, true).await?))
    }

    /// Asks until the answer is yes or no; an empty one is `default`, if there is one. IOS takes any
    /// beginning of either word.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn confirm(
        &mut self,
        prompt: &str,
        default: Option<bool>,
    ) -> Result<bool, Unanswered> {
        loop {
            let answer = self.ask(prompt).await?.to_ascii_lowercase();
            match (answer.as_str(), default) {
                ("", Some(default)) => return Ok(default),
                ("", None) => {}
                (text, _) if "yes".starts_with(text) => return Ok(true),
                (text, _) if "no".starts_with(text) => return Ok(false),
                _ => {}
            }
            self.say("% Please answer 'yes' or 'no'.").await;
        }
    }

    /// A talk with somebody who types these answers; the task ends with all that was said.
    #[cfg(test)]
    pub(crate) fn with_script(answers: &[&str]) -> (Self, tokio::task::JoinHandle<String>) {
        let (talk, mut line) = Self::new();
        let mut answers: std::collections::VecDeque<String> =
            answers.iter().map(|&answer| answer.to_owned()).collect();
        let told = tokio::spawn(async move {
            let mut told = String::new();
            while let Some(frame) = line.frames.recv().await {
                match frame {
                    Frame::Say { text } => told.push_str(&(text + "\n")),
                    Frame::Ask { prompt, secret } => {
                        let answer = answers.pop_front();
                        let shown = answer.as_deref().filter(|_| !secret);
                        told.push_str(&format!("{prompt}{}\n", shown.unwrap_or_default()));
                        let _ = line.answers.send(Answer { answer }).await;
                    }
                    Frame::Store { .. } => {
                        let _ = line.answers.send(Answer::default()).await;
                    }
                    Frame::Done(_) => {}
                }
            }
            told
        });
        (talk, told)
    }

    async fn question(&mut self, prompt: &str, secret: bool) -> Result<String, Unanswered> {
        let nobody = || Unanswered(prompt.to_owned());
        let ask = Frame::Ask {
            prompt: prompt.to_owned(),
            secret,
        };
        self.frames.send(ask).await.map_err(|_| nobody())?;
        let answer = self.answers.recv().await.and_then(|a| a.answer);
        answer.ok_or_else(nobody)
    }
}
