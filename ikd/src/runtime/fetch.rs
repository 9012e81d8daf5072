//! Fetching what a hash-and-URL certificate names (RFC 7296 3.6): one GET, one answer of at most
//! 64 kB, five seconds for all of it (B15, B16, F7, F8).
//!
//! Which URLs may be fetched is the engine's to say; what comes is judged there by its hash.

use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::action::JobId;
use ike_core::sa::job::{FETCH_LIMIT, FetchError, JobOutcome};
use ike_pki::http::{HttpRequest, Method};
use tokio::sync::mpsc;

use crate::http::{Client, Destination, parts};

/// Time for everything: name, connection, question, answer, and the wait for a place.
const TIME: Duration = Duration::from_secs(5);

/// Fetches beside the engine.
#[derive(Clone)]
pub(super) struct Fetcher(Client);

impl Default for Fetcher {
    fn default() -> Self {
        Self(Client::new(TIME))
    }
}

impl Fetcher {
    /// Starts a fetch; what becomes of it is a job's outcome.
    pub(super) fn start(
        &self,
        id: JobId,
        url: String,
        jobs: mpsc::UnboundedSender<(JobId, JobOutcome)>,
    ) {
        let fetcher = self.clone();
        tokio::spawn(async move {
            let outcome = JobOutcome::Fetched(fetcher.fetch(&url).await);
            // The engine is gone when nobody receives.
            let _ = jobs.send((id, outcome));
        });
    }

    async fn fetch(&self, url: &str) -> Result<Bytes, FetchError> {
        let (host, port, path) =
            parts(url).ok_or_else(|| FetchError("not a URL of HTTP".to_owned()))?;
        let to = Destination {
            host,
            port,
            source: None,
            // The operator named the host and the path in `crypto ikev2 http-url`.
            allowed: &|_| true,
        };
        let request = HttpRequest {
            method: Method::Get,
            target: path.to_owned(),
            content_type: None,
            body: Bytes::new(),
        };
        match self.0.send(to, &request, FETCH_LIMIT).await {
            Ok(reply) if reply.status == 200 => Ok(reply.body),
            Ok(reply) => Err(FetchError(format!("the answer is {}", reply.status))),
            Err(why) => Err(FetchError(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::net::TcpListener;

    use crate::http::serve;
    use ike_pki::http::HttpReply;

    /// A server that says the same to everyone, and its URL.
    async fn server(status: u16, body: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let reply = HttpReply {
            status,
            content_type: String::new(),
            body: body.into(),
        };
        tokio::spawn(serve(listener, Arc::new(move |_| reply.clone())));
        format!("http://127.0.0.1:{port}/a.cer")
    }

    /// F7: what the URL names comes as it is; any other answer is an error that says which.
    #[tokio::test]
    async fn what_a_url_names_is_fetched_and_nothing_else() {
        let fetcher = Fetcher::default();
        let good = server(200, b"certificate".to_vec()).await;
        let body = Bytes::from_static(b"certificate");
        assert_eq!(fetcher.fetch(&good).await, Ok(body));
        let large = vec![0; FETCH_LIMIT + 1];
        for (status, body, expected) in [
            (302, Vec::new(), "302"),
            (404, Vec::new(), "404"),
            (200, large, "more than"),
        ] {
            let url = server(status, body).await;
            let error = fetcher.fetch(&url).await.unwrap_err().0;
            assert!(error.contains(expected), "{error}");
        }
        for url in ["https://127.0.0.1/", "http:///a.cer", "http://127.0.0.1:x/"] {
            assert!(fetcher.fetch(url).await.is_err(), "{url}");
        }
    }
}
