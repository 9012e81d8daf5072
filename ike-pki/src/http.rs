//! Requests and replies of HTTP as plain values: what SCEP (RFC 8894 section 4), CRL and OCSP
//! (RFC 6960 appendix A) exchange. Who sends them is the host's business.

use bytes::Bytes;

/// Method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A request, without the host it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Path and query, from the first slash.
    pub target: String,
    /// Content-Type, for a body.
    pub content_type: Option<String>,
    /// Body, empty for GET.
    pub body: Bytes,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// Status code.
    pub status: u16,
    /// Content-Type, empty when there was none.
    pub content_type: String,
    /// Body.
    pub body: Bytes,
}
