//! HTTP/1 for SCEP, revocation lists, OCSP and hash-and-URL objects: one request, one reply, both
//! bounded in octets and time. `hyper` speaks it; what is asked for and what the answer means is
//! decided in `ike-pki`.

mod client;
mod server;
mod url;

pub use client::{Client, Destination};
pub use server::{Handler, serve, serve_with};
pub use url::parts;
