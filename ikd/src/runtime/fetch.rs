//! Fetching what a URL names: one GET of HTTP/1.0, one answer of at most 64 kB, five seconds for all of
//! it, no redirects, two at once (B15, B16, F7, F8).
//!
//! Which URLs may be fetched is the engine's to say; what comes is judged there by its hash.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ike_core::sa::action::JobId;
use ike_core::sa::job::{FETCH_LIMIT, FetchError, JobOutcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Time for everything: name, connection, question, answer, and the wait for a place.
const TIME: Duration = Duration::from_secs(5);
/// Fetches under way at once.
const PLACES: usize = 2;
/// Octets of an answer's head.
const HEAD_LIMIT: usize = 8_192;

/// Fetches beside the engine.
#[derive(Clone)]
pub(super) struct Fetcher {
    places: Arc<Semaphore>,
    time: Duration,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            time: TIME,
        }
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
        let work = async {
            // The semaphore is never closed.
            let _place = self.places.acquire().await;
            get(url).await
        };
        match timeout(self.time, work).await {
            Ok(result) => result.map_err(FetchError),
            Err(_) => Err(FetchError(format!(
                "not done after {} seconds",
                self.time.as_secs()
            ))),
        }
    }
}

/// Host, port and path of a URL.
fn parts(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    (!host.is_empty()).then_some((host, port, path))
}

async fn get(url: &str) -> Result<Bytes, String> {
    let (host, port, path) = parts(url).ok_or("not a URL of HTTP")?;
    let failed = |e: std::io::Error| e.to_string();
    let mut stream = TcpStream::connect((host, port)).await.map_err(failed)?;
    let authority = url.split('/').nth(2).unwrap_or(host);
    let request = format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    let (body, length) = loop {
        if let Some(end) = end_of_head(&answer) {
            break (end, content_length(answer.get(..end).unwrap_or_default())?);
        }
        if answer.len() > HEAD_LIMIT || !more(&mut stream, &mut answer).await? {
            return Err("no answer of HTTP".to_owned());
        }
    };
    let wanted = length.unwrap_or(FETCH_LIMIT + 1);
    while answer.len() - body < wanted && more(&mut stream, &mut answer).await? {}
    answer.drain(..body);
    match length {
        Some(length) if answer.len() < length => Err("the answer is cut".to_owned()),
        Some(length) => {
            answer.truncate(length);
            Ok(answer.into())
        }
        None if answer.len() > FETCH_LIMIT => Err(too_large()),
        None => Ok(answer.into()),
    }
}

fn too_large() -> String {
    format!("more than {FETCH_LIMIT} octets")
}

/// Reads on; false at the end.
async fn more(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<bool, String> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.map_err(|e| e.to_string())?;
    answer.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count > 0)
}

/// Where the body begins.
fn end_of_head(answer: &[u8]) -> Option<usize> {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(at + 4)
}

/// The length of the body, where the head says it.
///
/// # Errors
/// The answer is no success, too large, or in a form that HTTP/1.0 does not have.
fn content_length(head: &[u8]) -> Result<Option<usize>, String> {
    let head = std::str::from_utf8(head).map_err(|_| "a head that is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let code = status.strip_prefix("HTTP/1.").and_then(|s| s.get(2..5));
    if code != Some("200") {
        let told = ike_core::trace::escaped(status);
        return Err(format!("the answer is {told}"));
    }
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("the answer has a transfer encoding".to_owned());
        }
        if name.eq_ignore_ascii_case("content-length") {
            let octets: usize = value.trim().parse().map_err(|_| "a length that is none")?;
            length = Some(octets);
        }
    }
    match length {
        Some(octets) if octets > FETCH_LIMIT => Err(too_large()),
        length => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that gives one answer, piece by piece, to everyone; returns its URL.
    async fn server(pieces: Vec<Vec<u8>>, pause: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let pieces = pieces.clone();
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    let count = stream.read(&mut request).await.unwrap();
                    assert!(
                        request[..count].starts_with(b"GET /a.cer HTTP/1.0\r\nHost: 127.0.0.1:")
                    );
                    for piece in pieces {
                        // The other end may have had enough.
                        if stream.write_all(&piece).await.is_err() {
                            break;
                        }
                        tokio::time::sleep(pause).await;
                    }
                });
            }
        });
        format!("http://127.0.0.1:{port}/a.cer")
    }

    fn fetcher(time: Duration) -> Fetcher {
        Fetcher {
            time,
            ..Fetcher::default()
        }
    }

    async fn fetched(pieces: &[&[u8]]) -> Result<Bytes, FetchError> {
        let pieces = pieces.iter().map(|p| p.to_vec()).collect();
        let url = server(pieces, Duration::from_millis(1)).await;
        fetcher(TIME).fetch(&url).await
    }

    #[tokio::test]
    async fn what_a_url_names_is_fetched_with_and_without_its_length() {
        let body = Bytes::from_static(b"certificate");
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-cert\r\n";
        let length = b"content-length: 11\r\n\r\n";
        let whole = fetched(&[head, length, b"certi", b"ficate"]).await;
        assert_eq!(whole, Ok(body.clone()));
        assert_eq!(
            fetched(&[head, b"\r\n", b"certificate"]).await,
            Ok(body.clone())
        );
        let longer = fetched(&[head, length, b"certificate and more"]).await;
        assert_eq!(longer, Ok(body));
    }

    /// B15, B16: no redirects, no other answers, nothing cut or too large.
    #[tokio::test]
    async fn other_answers_are_errors() {
        let large = vec![b'x'; FETCH_LIMIT + 1];
        let cases: [(&[&[u8]], &str); 9] = [
            (
                &[b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"],
                "302",
            ),
            (&[b"HTTP/1.1 404 Not Found\r\n\r\n"], "404"),
            (&[b"SSH-2.0-x\r\n\r\n"], "SSH"),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"],
                "cut",
            ),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"],
                "more than",
            ),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
                "length",
            ),
            (
                &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
                "encoding",
            ),
            (&[b"HTTP/1.1 200 OK\r\n\r\n", &large], "more than"),
            (&[&large], "no answer"),
        ];
        for (pieces, expected) in cases {
            let error = fetched(pieces).await.unwrap_err().0;
            assert!(error.contains(expected), "{error}");
        }
        for url in ["https://127.0.0.1/", "http:///a.cer", "http://127.0.0.1:x/"] {
            assert!(fetcher(TIME).fetch(url).await.is_err(), "{url}");
        }
    }

    /// B15, F8: a server that drips or says nothing costs the time allowed, and holds nobody else up.
    #[tokio::test]
    async fn a_slow_server_is_given_up() {
        let drip = vec![b"H".to_vec(); 100];
        let slow = server(drip, Duration::from_secs(1)).await;
        let body = b"HTTP/1.0 200 OK\r\n\r\nx".to_vec();
        let quick = server(vec![body], Duration::ZERO).await;
        let fetcher = fetcher(Duration::from_millis(300));
        let (late, answered) = tokio::join!(fetcher.fetch(&slow), fetcher.fetch(&quick));
        assert!(late.unwrap_err().0.contains("not done"));
        assert_eq!(answered, Ok(Bytes::from_static(b"x")));
    }

    #[test]
    fn a_url_has_host_port_and_path() {
        let cases = [
            ("http://a.b/c/d", Some(("a.b", 80, "/c/d"))),
            ("http://a.b:8080/c", Some(("a.b", 8080, "/c"))),
            ("http://[2001:db8::1]/c", Some(("2001:db8::1", 80, "/c"))),
            ("http://[2001:db8::1]:81/c", Some(("2001:db8::1", 81, "/c"))),
            ("http://a.b", Some(("a.b", 80, "/"))),
            ("ftp://a.b/", None),
        ];
        for (url, expected) in cases {
            assert_eq!(parts(url), expected, "{url}");
        }
    }
}
