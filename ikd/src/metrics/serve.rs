//! The listener of `ikd run --metrics ADDR`. A scrape is a question to the engine's task like any other.

use std::sync::Arc;

use ike_pki::http::{HttpReply, HttpRequest, Method};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::CONTENT_TYPE;
use crate::control::{Pending, Request, Talk};
use crate::http;

/// Answers `GET /metrics` until the daemon ends.
pub(crate) async fn serve(listener: TcpListener, questions: mpsc::Sender<Pending>) {
    let handler: http::Handler = Arc::new(move |request| answer(&request, &questions));
    http::serve(listener, handler).await;
}

/// Runs on a thread that may wait.
fn answer(request: &HttpRequest, questions: &mpsc::Sender<Pending>) -> HttpReply {
    if request.method != Method::Get || request.target != "/metrics" {
        return reply(404, "text/plain", "metrics are at /metrics\n".to_owned());
    }
    let (answer, metrics) = oneshot::channel();
    let question = Pending {
        request: Request::Metrics,
        answer,
        talk: Talk::with_nobody(),
    };
    let asked = questions.blocking_send(question).ok();
    match asked.and_then(|()| metrics.blocking_recv().ok()) {
        Some(response) => reply(200, CONTENT_TYPE, response.text),
        None => reply(503, "text/plain", "the daemon is ending\n".to_owned()),
    }
}

fn reply(status: u16, content_type: &str, text: String) -> HttpReply {
    HttpReply {
        status,
        content_type: content_type.to_owned(),
        body: text.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::Response;
    use crate::http::{Client, Destination};

    async fn get(port: u16, target: &str) -> HttpReply {
        let to = Destination {
            host: "127.0.0.1",
            port,
            source: None,
            allowed: &|_| true,
        };
        let request = HttpRequest {
            method: Method::Get,
            target: target.to_owned(),
            content_type: None,
            body: Default::default(),
        };
        let client = Client::new(Duration::from_secs(5));
        client.send(to, &request, 100_000).await.unwrap()
    }

    /// The engine's task makes the page; another path is not found; an end is told.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_scrape_is_a_question() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (questions, mut asked) = mpsc::channel::<Pending>(4);
        tokio::spawn(serve(listener, questions));
        let engine = tokio::spawn(async move {
            let pending = asked.recv().await.unwrap();
            assert_eq!(pending.request, Request::Metrics);
            let _ = pending.answer.send(Response::ok("# EOF\n"));
        });
        let reply = get(port, "/metrics").await;
        assert_eq!((reply.status, &reply.body[..]), (200, &b"# EOF\n"[..]));
        assert_eq!(get(port, "/").await.status, 404);
        engine.await.unwrap();
        assert_eq!(get(port, "/metrics").await.status, 503);
    }
}
