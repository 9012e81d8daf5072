//! The answering side: a bounded number of connections, a bounded request, a bounded time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use ike_pki::http::{HttpReply, HttpRequest, Method};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections at once; more wait.
const CONNECTIONS: usize = 64;
/// Octets of a request's body.
const BODY: usize = 65_536;
/// Time of a connection, all in all.
const TIME: Duration = Duration::from_secs(10);

/// Answers a request; runs on a thread that may be busy.
pub type Handler = Arc<dyn Fn(HttpRequest) -> HttpReply + Send + Sync>;

/// Answers everyone who connects, until the listener breaks.
pub async fn serve(listener: TcpListener, handler: Handler) {
    let answer = move |request| {
        let handler = handler.clone();
        async move {
            let busy = tokio::task::spawn_blocking(move || handler(request));
            busy.await
                .unwrap_or_else(|_| refusal(500, "the server failed"))
        }
    };
    serve_with(listener, answer).await;
}

/// As [`serve`], for answers that are waited for and need no thread: those that wait hold none of the few that DH and
/// signatures are computed on (K4).
pub async fn serve_with<A>(
    listener: TcpListener,
    handler: impl Fn(HttpRequest) -> A + Clone + Send + Sync + 'static,
) where
    A: Future<Output = HttpReply> + Send,
{
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let handler = handler.clone();
                tokio::spawn(async move {
                    // A connection that is late is dropped, whatever it does.
                    let _ = timeout(TIME, connection(stream, handler)).await;
                    drop(place);
                });
            }
            // Out of descriptors, or a connection that is gone already.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection<A: Future<Output = HttpReply>>(
    stream: TcpStream,
    handler: impl Fn(HttpRequest) -> A,
) {
    let service = service_fn(|request| answer(request, &handler));
    // Peers that end in the middle are no news.
    let _ = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(2 * BODY)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<A: Future<Output = HttpReply>>(
    request: Request<Incoming>,
    handler: &impl Fn(HttpRequest) -> A,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let reply = match plain(request).await {
        Ok(request) => handler(request).await,
        Err(refusal) => refusal,
    };
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(kind) = reply.content_type.parse() {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    Ok(response)
}

async fn plain(request: Request<Incoming>) -> Result<HttpRequest, HttpReply> {
    let method = match request.method().as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        _ => return Err(refusal(405, "GET or POST")),
    };
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .to_owned();
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = Limited::new(request.into_body(), BODY).collect().await;
    let body = body.map_err(|_| refusal(413, "a body of at most 64 kB"))?;
    Ok(HttpRequest {
        method,
        target,
        content_type,
        body: body.to_bytes(),
    })
}

fn refusal(status: u16, text: &'static str) -> HttpReply {
    HttpReply {
        status,
        content_type: "text/plain".to_owned(),
        body: Bytes::from_static(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Client, Destination};

    /// A server that answers with what it was asked.
    async fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let handler: Handler = Arc::new(|request| HttpReply {
            status: 200,
            content_type: request.content_type.unwrap_or_default(),
            body: [request.target.as_bytes(), b" ", &request.body]
                .concat()
                .into(),
        });
        tokio::spawn(serve(listener, handler));
        port
    }

    async fn ask(port: u16, request: HttpRequest) -> Result<HttpReply, String> {
        let to = Destination {
            host: "127.0.0.1",
            port,
            source: None,
            allowed: &|_| true,
        };
        let client = Client::new(Duration::from_secs(5));
        client.send(to, &request, 200_000).await
    }

    fn post(body: Vec<u8>) -> HttpRequest {
        HttpRequest {
            method: Method::Post,
            target: "/pkiclient.exe?operation=PKIOperation".to_owned(),
            content_type: Some("application/x-pki-message".to_owned()),
            body: body.into(),
        }
    }

    #[tokio::test]
    async fn requests_reach_the_handler_whole() {
        let port = echo().await;
        let reply = ask(port, post(b"body".to_vec())).await.unwrap();
        assert_eq!(
            &reply.body[..],
            b"/pkiclient.exe?operation=PKIOperation body"
        );
        assert_eq!(reply.content_type, "application/x-pki-message");
    }

    /// A body above the limit is refused, and the server answers the next request.
    #[tokio::test]
    async fn a_large_body_is_refused() {
        let port = echo().await;
        match ask(port, post(vec![0; BODY + 1])).await {
            Ok(reply) => assert_eq!(reply.status, 413),
            // The server may close before everything was sent.
            Err(why) => assert!(!why.is_empty()),
        }
        assert_eq!(ask(port, post(Vec::new())).await.unwrap().status, 200);
    }

    /// Hostile connections cost a place for a while, nothing more.
    #[tokio::test]
    async fn junk_does_not_stop_the_server() {
        use tokio::io::AsyncWriteExt;
        let port = echo().await;
        for junk in [
            &b"\0\0\0"[..],
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.write_all(junk).await.unwrap();
        }
        assert_eq!(ask(port, post(Vec::new())).await.unwrap().status, 200);
    }
}
