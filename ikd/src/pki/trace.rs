//! `debug crypto pki transactions` and `messages` (O-080): a conversation with a CA in the words of
//! IOS where they are known (P-020, P-021, P-024). A challenge password travels inside the request,
//! so no request is printed: sizes and fingerprints are.

use ike_pki::http::{HttpReply, HttpRequest, Method};
use ike_pki::scep::{Answer, Capabilities};

use super::Pki;
use super::counters::Count;
use crate::log::Switch;

/// Characters of a GET's target that are shown; behind them only base64 follows.
const TARGET: usize = 160;

impl Pki {
    /// A step of a conversation.
    pub(super) fn transaction(&self, text: &str) {
        (self.debug)(Switch::PkiTransactions, &format!("CRYPTO_PKI: {text}"));
    }

    /// What was sent or came.
    pub(super) fn message(&self, text: &str) {
        (self.debug)(Switch::PkiMessages, &format!("CRYPTO_PKI: {text}"));
    }

    /// P-020: the request as it goes out.
    pub(super) fn trace_request(&self, step: &str, host: &str, request: &HttpRequest) {
        let what = match step {
            "GetCACert" => "CA Certificate Request",
            "GetCACaps" => "CA Capabilities Request",
            _ => "Certificate Request",
        };
        let target: String = request.target.chars().take(TARGET).collect();
        let rest = if target.len() < request.target.len() {
            "..."
        } else {
            ""
        };
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        self.transaction(&format!(
            "Sending {what}: \n{method} {target}{rest} HTTP/1.0"
        ));
        self.transaction(&format!("http connection to {host} opened"));
        if !request.body.is_empty() {
            self.message(&format!("{step}: {} octets are posted", request.body.len()));
        }
    }

    /// What came back.
    pub(super) fn trace_reply(&self, step: &str, reply: &HttpReply) {
        let media = ike_core::trace::escaped(&reply.content_type);
        self.transaction(&format!(
            "Reply HTTP header:\nHTTP {}\nContent-Type: {media}",
            reply.status
        ));
        self.message(&format!("received msg of {} bytes", reply.body.len()));
        self.transaction(&format!("transaction {step} completed"));
    }

    /// P-021, with IOS's spelling.
    pub(super) fn trace_capabilities(&self, capabilities: &Capabilities) {
        self.transaction(&format!("Capabilites already obtained {capabilities}"));
    }

    /// P-024: status and what it means, counted.
    pub(super) fn trace_answer(&self, answer: &Answer) {
        let (count, text) = match answer {
            Answer::Granted(_) => (Count::Granted, "status = 100: certificate is granted"),
            Answer::Pending => (Count::Pending, "status = 102: certificate request pending"),
            Answer::Rejected { .. } => (
                Count::Rejected,
                "status = 101: certificate request is rejected",
            ),
        };
        self.counters.add(count);
        self.transaction(text);
    }
}
