//! The asking side: no redirects, no cookies, no compression, a few requests at once (B15, B16).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use ike_pki::http::{HttpReply, HttpRequest, Method};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Requests under way at once.
const PLACES: usize = 4;
/// What IOS calls itself (P-020).
const AGENT: &str = "Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)";

/// Where a request goes.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// Name or address of the server.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// `source interface`: the address to ask from.
    pub source: Option<IpAddr>,
    /// Whether an address that the name leads to may be asked (B16).
    pub allowed: &'a (dyn Fn(IpAddr) -> bool + Sync),
}

/// Sends requests. Clones share their places.
#[derive(Clone, Debug)]
pub struct Client {
    places: Arc<Semaphore>,
    time: Duration,
}

impl Client {
    /// A client that gives up a request after `time`: name, connection, question, answer and the
    /// wait for a place together.
    #[must_use]
    pub fn new(time: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            time,
        }
    }

    /// Sends a request and returns the reply, whatever its status; its body has at most `limit`
    /// octets.
    ///
    /// # Errors
    /// No answer in time, or one that is not HTTP, or too large.
    pub async fn send(
        &self,
        to: Destination<'_>,
        request: &HttpRequest,
        limit: usize,
    ) -> Result<HttpReply, String> {
        let work = async {
            // The semaphore is never closed.
            let _place = self.places.acquire().await;
            exchange(connect(to).await?, to, request, limit).await
        };
        match timeout(self.time, work).await {
            Ok(result) => result,
            Err(_) => Err(format!(
                "{} port {} gave no answer in {} seconds",
                to.host,
                to.port,
                self.time.as_secs_f32()
            )),
        }
    }
}

/// A connection to the first address that answers.
async fn connect(to: Destination<'_>) -> Result<TcpStream, String> {
    let told = |e: std::io::Error| format!("{} port {}: {e}", to.host, to.port);
    let mut why = format!("{}: no address", to.host);
    for address in lookup_host((to.host, to.port)).await.map_err(told)? {
        if !(to.allowed)(address.ip()) {
            why = format!("{} is not an address that may be asked", address.ip());
            continue;
        }
        match connect_from(to.source, address).await {
            Ok(stream) => return Ok(stream),
            Err(e) => why = told(e),
        }
    }
    Err(why)
}

async fn connect_from(source: Option<IpAddr>, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(to).await
}

async fn exchange(
    stream: TcpStream,
    to: Destination<'_>,
    request: &HttpRequest,
    limit: usize,
) -> Result<HttpReply, String> {
    let broken = |e: hyper::Error| format!("{} port {}: {}", to.host, to.port, told(&e));
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .max_buf_size(65_536)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // Ends with the connection, which ends when `sender` is dropped.
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(prepared(to, request)?).await;
    let reply = match answer {
        Ok(answer) => read(answer, limit).await,
        Err(e) => Err(broken(e)),
    };
    driver.abort();
    reply
}

/// HTTP/1.0 with the headers of IOS (P-020).
fn prepared(to: Destination<'_>, request: &HttpRequest) -> Result<Request<Full<Bytes>>, String> {
    let host = match to.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => to.host.to_owned(),
    };
    let host = match to.port {
        80 => host,
        port => format!("{host}:{port}"),
    };
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(request.target.as_str())
        .version(Version::HTTP_10)
        .header(USER_AGENT, AGENT)
        .header(HOST, host);
    if let Some(kind) = &request.content_type {
        builder = builder.header(CONTENT_TYPE, kind);
    }
    builder
        .body(Full::new(request.body.clone()))
        .map_err(|e| format!("not a request of HTTP: {e}"))
}

async fn read(answer: Response<hyper::body::Incoming>, limit: usize) -> Result<HttpReply, String> {
    let status = answer.status().as_u16();
    let content_type = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let too_large = || format!("more than {limit} octets");
    let announced = answer.body().size_hint().lower();
    if usize::try_from(announced).map_or(true, |octets| octets > limit) {
        return Err(too_large());
    }
    let body = Limited::new(answer.into_body(), limit).collect().await;
    let body = body.map_err(|e| match e.downcast_ref::<hyper::Error>() {
        Some(e) => told(e),
        None => too_large(),
    })?;
    Ok(HttpReply {
        status,
        content_type,
        body: body.to_bytes(),
    })
}

/// The library's error with its cause.
fn told(error: &hyper::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that gives one answer, piece by piece, to everyone, and its port; what it was asked
    /// must begin as `asked`.
    async fn server(asked: &'static str, pieces: Vec<Vec<u8>>, pause: Duration) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let pieces = pieces.clone();
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    let count = stream.read(&mut request).await.unwrap();
                    let text = String::from_utf8_lossy(&request[..count]).into_owned();
                    assert!(text.starts_with(asked), "{text}");
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
        port
    }

    fn get(target: &str) -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            target: target.to_owned(),
            content_type: None,
            body: Bytes::new(),
        }
    }

    fn local(port: u16) -> Destination<'static> {
        Destination {
            host: "127.0.0.1",
            port,
            source: None,
            allowed: &|_| true,
        }
    }

    async fn fetched(pieces: &[&[u8]]) -> Result<HttpReply, String> {
        let pieces = pieces.iter().map(|p| p.to_vec()).collect();
        let asked = "GET /a.cer HTTP/1.0\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)\r\nHost: 127.0.0.1:";
        let port = server(asked, pieces, Duration::from_millis(1)).await;
        let client = Client::new(Duration::from_secs(5));
        client.send(local(port), &get("/a.cer"), 65_536).await
    }

    /// P-020: the request is IOS's; the body comes with and without its length.
    #[tokio::test]
    async fn a_request_looks_like_that_of_ios() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-cert\r\n";
        let length = b"content-length: 11\r\n\r\n";
        let whole = fetched(&[head, length, b"certi", b"ficate"]).await.unwrap();
        assert_eq!((whole.status, &whole.body[..]), (200, &b"certificate"[..]));
        assert_eq!(whole.content_type, "application/pkix-cert");
        let open = fetched(&[head, b"\r\n", b"certificate"]).await.unwrap();
        assert_eq!(&open.body[..], b"certificate");
    }

    #[tokio::test]
    async fn a_body_is_posted_with_its_type() {
        let answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let port = server("POST /x HTTP/1.0\r\n", vec![answer], Duration::ZERO).await;
        let request = HttpRequest {
            method: Method::Post,
            content_type: Some("application/x-pki-message".to_owned()),
            body: Bytes::from_static(b"message"),
            ..get("/x")
        };
        let client = Client::new(Duration::from_secs(5));
        let reply = client.send(local(port), &request, 10).await.unwrap();
        assert_eq!(reply.status, 200);
    }

    /// B15, B16: no redirects, nothing that is no HTTP, nothing cut or too large.
    #[tokio::test]
    async fn other_answers_are_told_or_errors() {
        let moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n";
        assert_eq!(fetched(&[moved]).await.unwrap().status, 302);
        let large = vec![b'x'; 65_537];
        let cases: [(&[&[u8]], &str); 6] = [
            (&[b"SSH-2.0-x\r\n\r\n"], "invalid HTTP"),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"],
                "end of file",
            ),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"],
                "more than",
            ),
            (
                &[b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
                "invalid",
            ),
            (&[b"HTTP/1.1 200 OK\r\n\r\n", &large], "more than"),
            (&[&large], "invalid HTTP"),
        ];
        for (pieces, expected) in cases {
            let error = fetched(pieces).await.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    /// B15, F8: a server that drips costs the time allowed, and holds nobody else up.
    #[tokio::test]
    async fn a_slow_server_is_given_up() {
        let drip = vec![b"H".to_vec(); 100];
        let slow = server("GET", drip, Duration::from_secs(1)).await;
        let body = b"HTTP/1.0 200 OK\r\n\r\nx".to_vec();
        let quick = server("GET", vec![body], Duration::ZERO).await;
        let client = Client::new(Duration::from_millis(300));
        let request = get("/");
        let (late, answered) = tokio::join!(
            client.send(local(slow), &request, 10),
            client.send(local(quick), &request, 10)
        );
        assert!(late.unwrap_err().contains("no answer in"));
        assert_eq!(&answered.unwrap().body[..], b"x");
    }

    /// B16: the address that a name leads to decides, and nothing is sent to another.
    #[tokio::test]
    async fn an_address_that_is_not_allowed_is_not_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Destination {
            host: "localhost",
            allowed: &|address| !address.is_loopback(),
            ..local(port)
        };
        let client = Client::new(Duration::from_secs(5));
        let error = client.send(to, &get("/"), 10).await.unwrap_err();
        assert!(
            error.contains("not an address that may be asked"),
            "{error}"
        );
        let nobody = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
    }
}
