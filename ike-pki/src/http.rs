//! HTTP as plain data: what is asked and what came back. Sockets, headers and
//! their limits are the host's.

use bytes::Bytes;

/// Method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST, with a body.
    Post,
}

/// A request to be sent, or one that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Path and query, `/cgi-bin/pkiclient.exe?operation=GetCACaps`.
    pub target: String,
    /// Content-Type of the body.
    pub content_type: Option<String>,
    /// The body; empty for GET.
    pub body: Bytes,
}

impl HttpRequest {
    /// A GET request.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            target: target.into(),
            content_type: None,
            body: Bytes::new(),
        }
    }

    /// A POST request.
    pub fn post(target: impl Into<String>, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::Post,
            target: target.into(),
            content_type: Some(content_type.to_owned()),
            body: body.into(),
        }
    }
}

/// A reply that came, or one to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// Status code, 200 for success.
    pub status: u16,
    /// Content-Type, parameters included; empty when there was none.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl HttpReply {
    /// A reply with status 200.
    pub fn ok(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            content_type: content_type.to_owned(),
            body: body.into(),
        }
    }

    /// A refusal with a line of text.
    pub fn refusal(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain".to_owned(),
            body: Bytes::from(format!("{text}\n")),
        }
    }

    /// The media type in lower case, without parameters.
    pub fn media_type(&self) -> String {
        let kind = self.content_type.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_has_no_parameters_and_one_case() {
        let reply = HttpReply::ok("Application/X-PKI-Message; charset=x", Bytes::new());
        assert_eq!(reply.media_type(), "application/x-pki-message");
    }
}
