//! The answering side: each connection is a task, each question goes to the engine's task.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::protocol::{Answer, Frame, MAX_LINE, Request, Response};
use super::talk::{Line, Talk};

/// A question that waits for its answer.
pub struct Pending {
    /// The question.
    pub request: Request,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Response>,
    /// What may be said and asked before it.
    pub talk: Talk,
}

/// Questions that wait for whoever answers; those who ask more wait themselves.
const QUESTIONS: usize = 16;

/// Where questions go, and where they come out.
pub fn channel() -> (mpsc::Sender<Pending>, mpsc::Receiver<Pending>) {
    mpsc::channel(QUESTIONS)
}

/// Listens at `path`; questions go to `questions`.
///
/// # Errors
/// The socket cannot be made, or a daemon already answers there.
pub fn listen(path: &Path, questions: mpsc::Sender<Pending>) -> std::io::Result<()> {
    if let Some(dir) = path.parent().filter(|d| !d.exists()) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(dir)?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        let text = format!("a daemon already answers at {}", path.display());
        return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, text));
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    tokio::spawn(accept(listener, questions));
    Ok(())
}

async fn accept(listener: UnixListener, questions: mpsc::Sender<Pending>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, questions.clone()));
    }
}

/// Serves one connection until it ends or talks nonsense.
async fn serve(stream: UnixStream, questions: mpsc::Sender<Pending>) {
    let (reader, writer) = stream.into_split();
    let mut wire = Wire {
        reader: BufReader::new(reader),
        writer,
    };
    while let Some(request) = wire.read().await {
        let (talk, mut line) = Talk::new();
        let done = match request {
            Ok(request) => ask((request, talk), &questions, &mut wire, &mut line).await,
            Err(e) => Some(Response::failed(2, format!("not a request: {e}"))),
        };
        let Some(response) = done else { return };
        if wire.write(&Frame::Done(response)).await.is_none() {
            return;
        }
        // The line ends after the answer: a daemon that ends waits for that.
        drop(line);
    }
}

/// Carries a question and its dialogue; `None` when the connection is lost.
async fn ask(
    (request, talk): (Request, Talk),
    questions: &mpsc::Sender<Pending>,
    wire: &mut Wire,
    line: &mut Line,
) -> Option<Response> {
    let (answer, mut response) = oneshot::channel();
    let gone = || Response::failed(4, "the daemon is ending");
    let pending = Pending {
        request,
        answer,
        talk,
    };
    if questions.send(pending).await.is_err() {
        return Some(gone());
    }
    loop {
        tokio::select! {
            // What was said comes before the end.
            biased;
            Some(frame) = line.frames.recv() => wire.carry(frame, line).await?,
            response = &mut response => return Some(response.unwrap_or_else(|_| gone())),
        }
    }
}

/// A connection as lines of JSON.
struct Wire {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Wire {
    /// The next object; `None` at the end, or when a line is too long.
    async fn read<T: DeserializeOwned>(&mut self) -> Option<serde_json::Result<T>> {
        let mut line = zeroize::Zeroizing::new(Vec::new());
        let cap = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        match (&mut self.reader)
            .take(cap)
            .read_until(b'\n', &mut line)
            .await
        {
            Ok(n) if n > 0 && line.ends_with(b"\n") => Some(serde_json::from_slice(&line)),
            _ => None,
        }
    }

    async fn write(&mut self, value: &impl Serialize) -> Option<()> {
        // A capture with its keys goes this way too.
        let mut text = zeroize::Zeroizing::new(serde_json::to_vec(value).ok()?);
        text.push(b'\n');
        self.writer.write_all(&text).await.ok()
    }

    /// A frame to the operator, and what comes back on a question.
    async fn carry(&mut self, frame: Frame, line: &Line) -> Option<()> {
        self.write(&frame).await?;
        if matches!(frame, Frame::Ask { .. }) {
            let answer: Answer = self.read().await?.ok()?;
            // The dialogue may have been given up.
            let _ = line.answers.send(answer).await;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::{ControlError, Operator, converse, request};

    /// A daemon that asks for a name and a password and greets.
    fn daemon(path: &Path) -> tokio::task::JoinHandle<()> {
        let (sender, mut questions) = channel();
        listen(path, sender).unwrap();
        tokio::spawn(async move {
            while let Some(mut pending) = questions.recv().await {
                tokio::spawn(async move {
                    pending.talk.say("% Hello").await;
                    let name = pending.talk.ask("Name: ").await;
                    let response = match name {
                        Ok(name) => {
                            let password = pending.talk.ask_secret("Password: ").await.unwrap();
                            Response::ok(format!("{name} has {} letters", password.len()))
                        }
                        Err(e) => Response::failed(7, e.to_string()),
                    };
                    let _ = pending.answer.send(response);
                });
            }
        })
    }

    struct Script(Vec<&'static str>, Vec<String>);

    impl Operator for Script {
        fn say(&mut self, text: &str) {
            self.1.push(text.to_owned());
        }

        fn ask(&mut self, prompt: &str, secret: bool) -> Option<String> {
            self.1.push(format!("{prompt}{secret}"));
            (!self.0.is_empty()).then(|| self.0.remove(0).to_owned())
        }
    }

    fn time() -> Duration {
        Duration::from_secs(10)
    }

    /// P-030: lines and questions come in their order, then the end.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_dialogue_is_carried_both_ways() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r1.sock");
        let _daemon = daemon(&path);
        let dialogue = tokio::task::spawn_blocking(move || {
            let mut script = Script(vec!["R1", "secret"], Vec::new());
            let response = converse(&path, &Request::Status, time(), &mut script);
            (response.unwrap(), script.1)
        });
        let (response, said) = dialogue.await.unwrap();
        assert_eq!(response, Response::ok("R1 has 6 letters"));
        assert_eq!(said, ["% Hello", "Name: false", "Password: true"]);
    }

    /// P-033: where nobody answers, the end says so and what to do; what was said is in the text.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_script_without_answers_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r1.sock");
        let _daemon = daemon(&path);
        let asked = tokio::task::spawn_blocking(move || request(&path, &Request::Status, time()));
        let response = asked.await.unwrap().unwrap();
        assert_eq!(response.code, 7);
        assert!(response.text.starts_with("% Hello\n"), "{}", response.text);
        assert!(response.text.contains("asks nothing"), "{}", response.text);
    }

    /// J1: a line that never ends, and one that is no request.
    #[tokio::test(flavor = "multi_thread")]
    async fn nonsense_is_answered_or_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r1.sock");
        let _daemon = daemon(&path);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(b"nonsense\n").await.unwrap();
        let mut answer = String::new();
        let mut reader = BufReader::new(&mut stream);
        reader.read_line(&mut answer).await.unwrap();
        assert!(answer.contains("not a request"), "{answer}");
        let endless = vec![b'x'; MAX_LINE + 1];
        let _ = stream.write_all(&endless).await;
        let mut rest = Vec::new();
        let end = stream.read_to_end(&mut rest).await;
        assert!(end.is_err() || rest.is_empty());
        assert!(matches!(
            request(&dir.path().join("nobody.sock"), &Request::Status, time()),
            Err(ControlError::Unreachable { .. })
        ));
    }
}
