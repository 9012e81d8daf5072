//! The listener of `ikd run --metrics ADDR`. A scrape is a question to the engine's task like any other.
//!
//! Whoever reaches the port may scrape as often as they like: the engine is asked once at a time and at most once a
//! second, and those who wait hold no thread (B18, K4).

use std::sync::Arc;
use std::time::Duration;

use ike_pki::http::{HttpReply, HttpRequest, Method};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

use super::CONTENT_TYPE;
use crate::control::{Pending, Request, Talk};
use crate::http;

/// How long a page is good for.
const FRESH: Duration = Duration::from_secs(1);

/// Answers `GET /metrics` until the daemon ends.
pub(crate) async fn serve(listener: TcpListener, questions: mpsc::Sender<Pending>) {
    let scrapes = Arc::new(Scrapes {
        questions,
        newest: Mutex::default(),
    });
    let handler = move |request| {
        let scrapes = scrapes.clone();
        async move { scrapes.answer(&request).await }
    };
    http::serve_with(listener, handler).await;
}

/// What all connections share.
struct Scrapes {
    questions: mpsc::Sender<Pending>,
    /// The newest page and when it was made; locked while the engine is asked.
    newest: Mutex<Option<(Instant, String)>>,
}

impl Scrapes {
    async fn answer(&self, request: &HttpRequest) -> HttpReply {
        if request.method != Method::Get || request.target != "/metrics" {
            return reply(404, "text/plain", "metrics are at /metrics\n".to_owned());
        }
        match self.page().await {
            Some(page) => reply(200, CONTENT_TYPE, page),
            None => reply(503, "text/plain", "the daemon is ending\n".to_owned()),
        }
    }

    /// The newest page, or a new one where that is too old; `None` when nobody answers any more.
    async fn page(&self) -> Option<String> {
        let mut newest = self.newest.lock().await;
        if let Some((made, page)) = &*newest
            && made.elapsed() < FRESH
            && !self.questions.is_closed()
        {
            return Some(page.clone());
        }
        let (answer, metrics) = oneshot::channel();
        let question = Pending {
            request: Request::Metrics,
            answer,
            talk: Talk::with_nobody(),
        };
        self.questions.send(question).await.ok()?;
        let page = metrics.await.ok()?.text;
        *newest = Some((Instant::now(), page.clone()));
        Some(page)
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

    /// K4, B18: many who scrape are one question, and the thread that DH needs is free, though nobody answers yet.
    #[test]
    fn a_flood_of_scrapes_holds_no_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let (questions, mut asked) = mpsc::channel::<Pending>(16);
            tokio::spawn(serve(listener, questions));
            let scrapes: Vec<_> = (0..20)
                .map(|_| tokio::spawn(get(port, "/metrics")))
                .collect();
            let first = asked.recv().await.unwrap();
            let work = tokio::task::spawn_blocking(|| "a shared secret");
            assert_eq!(work.await.unwrap(), "a shared secret");
            assert!(asked.try_recv().is_err(), "more than one question");
            let _ = first.answer.send(Response::ok("# EOF\n"));
            // A slow machine may ask anew after a second.
            let engine = tokio::spawn(async move {
                while let Some(pending) = asked.recv().await {
                    let _ = pending.answer.send(Response::ok("# EOF\n"));
                }
            });
            for scrape in scrapes {
                assert_eq!(scrape.await.unwrap().status, 200);
            }
            engine.abort();
        });
    }
}
