//! How a request reaches a server of the PKI: over HTTP in the daemon, by a call in simulations.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ike_pki::http::{HttpReply, HttpRequest};

use crate::http::{Client, Destination};

/// Time for one request and its reply (B15, F8).
const TIME: Duration = Duration::from_secs(5);

/// A reply under way.
pub type Sent<'a> = Pin<Box<dyn Future<Output = Result<HttpReply, String>> + Send + 'a>>;

/// Carries requests.
pub trait Transport: Send + Sync {
    /// Sends one and brings the reply, whose body has at most `limit` octets.
    fn send<'a>(&'a self, to: Destination<'a>, request: &'a HttpRequest, limit: usize) -> Sent<'a>;
}

/// Over HTTP.
pub struct Http(Client);

impl Default for Http {
    fn default() -> Self {
        Self(Client::new(TIME))
    }
}

impl Transport for Http {
    fn send<'a>(&'a self, to: Destination<'a>, request: &'a HttpRequest, limit: usize) -> Sent<'a> {
        Box::pin(self.0.send(to, request, limit))
    }
}
