//! The CA at work: HTTP for routers, a socket for its administrator.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::order::Order;
use super::{Authority, CaFailure};
use crate::cli::print;
use crate::control::{self, Pending, Request, Response, Talk};
use crate::http::{self, Handler};

/// Name of the socket in a CA's folder.
pub(crate) const SOCKET: &str = "ca.sock";

/// Time for an answer to leave before the process ends.
const LAST_ANSWER: Duration = Duration::from_millis(50);

type Shared = Arc<Mutex<Authority>>;

/// Serves until a signal or `stop` ends it.
///
/// # Errors
/// An address or the socket is not to be had.
pub(super) async fn serve(
    authority: Authority,
    dir: &Path,
    addresses: &[SocketAddr],
) -> Result<(), CaFailure> {
    let authority: Shared = Arc::new(Mutex::new(authority));
    let listeners = listeners(addresses).await?;
    let socket = dir.join(SOCKET);
    let (questions_in, mut questions) = control::channel();
    control::listen(&socket, questions_in)
        .map_err(|e| CaFailure::other(format!("{}: {e}", socket.display())))?;
    for (address, listener) in listeners {
        let shared = authority.clone();
        let handler: Handler = Arc::new(move |request| locked(&shared).answer(&request));
        tokio::spawn(http::serve(listener, handler));
        print(&format!("{}: listening at http://{address}", dir.display()));
    }
    let broken = |e: std::io::Error| CaFailure::other(format!("signals: {e}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;
    loop {
        tokio::select! {
            Some(pending) = questions.recv() => if let Some(talk) = answered(pending, &authority) {
                talk.ended().await;
                break;
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    let _ = std::fs::remove_file(&socket);
    // The last answer is on its way to whoever said stop.
    tokio::time::sleep(LAST_ANSWER).await;
    Ok(())
}

/// Listeners with the addresses that they got: of port 0 the system makes one that is free.
async fn listeners(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, CaFailure> {
    let mut listeners = Vec::new();
    for address in addresses {
        let told = |e: std::io::Error| {
            CaFailure::other(format!(
                "{address}: {e}; is the address yours and the port free?"
            ))
        };
        let listener = TcpListener::bind(address).await.map_err(told)?;
        listeners.push((listener.local_addr().map_err(told)?, listener));
    }
    Ok(listeners)
}

/// Answers a question; after the last one there is somebody to wait for.
fn answered(pending: Pending, authority: &Shared) -> Option<Talk> {
    let (response, last) = match pending.request {
        Request::Exec { line, .. } => (ordered(&line, authority), false),
        Request::Status => (Response::ok("serving"), false),
        Request::Stop => (Response::ok("stopping"), true),
        _ => (Response::failed(2, "a CA does not do that"), false),
    };
    // Whoever asked may be gone.
    let _ = pending.answer.send(response);
    last.then_some(pending.talk)
}

fn ordered(line: &str, authority: &Shared) -> Response {
    let order: Order = match serde_json::from_str(line) {
        Ok(order) => order,
        Err(e) => return Response::failed(2, format!("not an order: {e}")),
    };
    match locked(authority).obey(&order) {
        Ok(text) => Response::ok(text),
        Err(e) => Response::failed(7, e.to_string()),
    }
}

fn locked(authority: &Shared) -> MutexGuard<'_, Authority> {
    authority.lock().unwrap_or_else(PoisonError::into_inner)
}
