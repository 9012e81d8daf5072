//! Talking to the CA of a trustpoint by SCEP (P-020..P-022): requests out, replies in, both read in
//! `ike_pki::scep`.

use std::net::IpAddr;

use ike_core::config::{Enrollment, RunningConfig, TrustpointConfig};
use ike_pki::Certificate;
use ike_pki::http::{HttpReply, HttpRequest};
use ike_pki::scep::{
    CaCertificates, Capabilities, PkiOperation, ScepUrl, get_ca_caps, get_ca_cert, get_next_ca_cert,
};

use super::counters::Count;
use super::{Pki, PkiError};
use crate::http::Destination;

/// Octets of a reply: a chain, or a revocation list.
const LIMIT: usize = 4 << 20;

/// The CA of a trustpoint.
pub(super) struct Ca<'a> {
    pki: &'a Pki,
    pub(super) url: ScepUrl,
    source: Option<IpAddr>,
    /// Goes into `message=` of GetCACert (P-020).
    trustpoint: &'a str,
}

impl<'a> Ca<'a> {
    /// The CA behind `enrollment url`.
    pub(super) fn of(
        pki: &'a Pki,
        config: &RunningConfig,
        tp: &'a TrustpointConfig,
    ) -> Result<Self, PkiError> {
        let Some(Enrollment::Url(url)) = &tp.enrollment else {
            return Err(PkiError::new(format!(
                "% Trustpoint {} has no `enrollment url`: add one, or use `enrollment terminal`.",
                tp.name
            )));
        };
        let url = ScepUrl::parse(url).map_err(|e| {
            PkiError::new(format!("% `enrollment url` of trustpoint {}: {e}", tp.name))
        })?;
        Ok(Self {
            pki,
            url,
            source: pki.source(config, tp),
            trustpoint: &tp.name,
        })
    }

    /// GetCACert. A server that has no `pkiclient.exe` (P-020) is asked at the path itself, then and
    /// later in this conversation.
    pub(super) async fn certificates(&mut self) -> Result<CaCertificates, PkiError> {
        let request = get_ca_cert(&self.url, self.trustpoint);
        let mut reply = self.send("GetCACert", &request).await?;
        if reply.status == 404 && !self.url.bare {
            self.url.bare = true;
            let request = get_ca_cert(&self.url, self.trustpoint);
            reply = self.send("GetCACert", &request).await?;
        }
        CaCertificates::from_reply(&reply).map_err(|e| self.failed(&e))
    }

    /// GetCACaps; a CA that does not know the question can do what 15.3T expects of any (P-026).
    pub(super) async fn capabilities(&self) -> Result<Capabilities, PkiError> {
        let request = get_ca_caps(&self.url, self.trustpoint);
        let reply = self.send("GetCACaps", &request).await?;
        let capabilities = Capabilities::from_reply(&reply);
        self.pki.trace_capabilities(&capabilities);
        Ok(capabilities)
    }

    /// GetNextCACert (RFC 8894 4.7); the CA of now has signed the reply.
    pub(super) async fn next_certificate(
        &self,
        now: &CaCertificates,
    ) -> Result<Certificate, PkiError> {
        let request = get_next_ca_cert(&self.url, self.trustpoint);
        let reply = self.send("GetNextCACert", &request).await?;
        let next = now.next_from_reply(&reply);
        Ok(next.map_err(|e| self.failed(&e))?.ca)
    }

    /// PKIOperation.
    pub(super) async fn operation(
        &self,
        message: &PkiOperation,
        capabilities: &Capabilities,
    ) -> Result<HttpReply, PkiError> {
        let request = message.request(&self.url, capabilities);
        self.send("PKIOperation", &request).await
    }

    /// One request and its reply.
    pub(super) async fn send(
        &self,
        step: &str,
        request: &HttpRequest,
    ) -> Result<HttpReply, PkiError> {
        let to = Destination {
            host: &self.url.host,
            port: self.url.port,
            source: self.source,
            // The operator named this server in the configuration.
            allowed: &|_| true,
        };
        self.pki.counters.add(Count::ScepSent);
        self.pki.trace_request(step, &self.url.host, request);
        match self.pki.transport.send(to, request, LIMIT).await {
            Ok(reply) => {
                self.pki.trace_reply(step, &reply);
                Ok(reply)
            }
            Err(why) => {
                self.pki.counters.add(Count::ScepFailed);
                self.pki.transaction(&format!("{step} failed: {why}"));
                Err(self.failed(&format!("{step}: {why}")))
            }
        }
    }

    /// A failure with the trustpoint it belongs to.
    pub(super) fn failed(&self, why: &dyn std::fmt::Display) -> PkiError {
        PkiError::new(format!(
            "% Trustpoint {} ({}): {why}",
            self.trustpoint,
            self.url.authority()
        ))
    }
}
