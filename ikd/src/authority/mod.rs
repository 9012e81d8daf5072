//! `ikd pki ca`: a small CA for labs, with the responder that routers enrol at (SCEP, CRL, OCSP,
//! hash-and-URL objects). What it answers is decided in `ike_pki::CaServer`; here are its folder, its
//! sockets and its commands.
//!
//! A folder is `options.json`, the files of the CA's image, and `keys/`, a store like a router's with
//! the CA's key alone. Whoever works on it holds the lock of `keys/`; while `serve` runs, the other
//! commands ask it over `ca.sock`.

mod arguments;
mod folder;
mod order;
mod serve;

pub use arguments::{CaCommand, run};
pub(crate) use folder::{Grant, HashName, Settings};
pub(crate) use order::Order;
pub(crate) use serve::SOCKET;

use std::path::PathBuf;

use ike_pki::ca_server::{CaServer, CaServerError};
use ike_pki::http::{HttpReply, HttpRequest};

use crate::keystore::{Keystore, KeystoreError};
use crate::system::random;

/// A CA and where it is kept.
pub(crate) struct Authority {
    pub(crate) server: CaServer,
    dir: PathBuf,
    /// Held: its lock keeps other writers out.
    _keys: Keystore,
    /// Changes of the server that are on disk.
    saved: u64,
    /// Damage that was worked around.
    pub(crate) warnings: Vec<String>,
    /// Seconds since 1970 UTC.
    pub(crate) clock: fn() -> i64,
}

/// Why a CA does not do what it is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaFailure {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The folder of keys.
    #[error(transparent)]
    Keys(#[from] KeystoreError),
    /// The CA itself.
    #[error("{0}")]
    Server(CaServerError),
    /// Anything else: what, where, and the way out.
    #[error("{0}")]
    Other(String),
}

impl CaFailure {
    fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }
}

impl Authority {
    /// Answers a request; what it changes is on disk before the reply leaves.
    pub(crate) fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        let reply = self.server.handle(request, (self.clock)(), &mut random);
        match self.save() {
            Ok(()) => reply,
            Err(e) => {
                crate::log::notice(&format!("nothing was stored: {e}"));
                HttpReply::refusal(500, "the CA cannot store what it decided")
            }
        }
    }
}

#[cfg(test)]
mod tests;
