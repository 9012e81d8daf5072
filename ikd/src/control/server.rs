//! The answering side: each connection is a task, each question goes to the engine's task.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::protocol::{MAX_LINE, Request, Response};

/// A question that waits for its answer.
pub struct Pending {
    /// The question.
    pub request: Request,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Response>,
}

/// Listens at `path`; questions come out of the receiver.
///
/// # Errors
/// The socket cannot be made, or a daemon already answers there.
pub fn listen(path: &Path) -> std::io::Result<mpsc::Receiver<Pending>> {
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
    let (questions, receiver) = mpsc::channel(16);
    tokio::spawn(accept(listener, questions));
    Ok(receiver)
}

async fn accept(listener: UnixListener, questions: mpsc::Sender<Pending>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, questions.clone()));
    }
}

/// Serves one connection until it ends or talks nonsense.
async fn serve(stream: UnixStream, questions: mpsc::Sender<Pending>) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let cap = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        match (&mut reader).take(cap).read_until(b'\n', &mut line).await {
            Ok(n) if n > 0 && line.ends_with(b"\n") => {}
            _ => return,
        }
        let response = match serde_json::from_slice(&line) {
            Ok(request) => ask(request, &questions).await,
            Err(e) => Response::failed(2, format!("not a request: {e}")),
        };
        let Ok(mut text) = serde_json::to_string(&response) else {
            return;
        };
        text.push('\n');
        if writer.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn ask(request: Request, questions: &mpsc::Sender<Pending>) -> Response {
    let (answer, response) = oneshot::channel();
    let gone = || Response::failed(4, "the daemon is ending");
    if questions.send(Pending { request, answer }).await.is_err() {
        return gone();
    }
    response.await.unwrap_or_else(|_| gone())
}
