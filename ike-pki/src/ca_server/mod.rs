//! A CA that answers over HTTP: SCEP (RFC 8894), its revocation list, and
//! certificates by the hash of their DER (RFC 7296 3.6). Pure: a request and
//! the time in, a reply out; [`CaServer::changes`] says when to save the image.
//!
//! Whoever asks is a stranger: a request is bounded, what is not signed by its
//! own sender or cannot be decrypted leaves no trace, and at most
//! [`MAX_PENDING`] requests wait for the operator.

mod error;
mod image;
mod ledger;
mod options;
mod policy;
mod scep;
mod target;

pub use error::CaServerError;
pub use ledger::{Issued, MAX_PENDING, Request, RequestState};
pub use options::{CaOptions, GrantPolicy};

use std::fmt;

use ike_crypto::{KeySpec, PrivateKey};

use crate::{
    ca::LabCa,
    ca_crl::RevocationReason,
    certificate::Certificate,
    crl::Crl,
    http::{HttpReply, HttpRequest, Method},
};
use ledger::Ledger;
use target::Target;

/// Longest request that is read, target and body, octets.
pub const MAX_CA_REQUEST: usize = 65_536;

/// A CA with what it remembers.
pub struct CaServer {
    ca: LabCa,
    key_label: String,
    options: CaOptions,
    ra: Option<Ra>,
    chain: Vec<Certificate>,
    next_ca: Option<Certificate>,
    ledger: Ledger,
    crl: Option<Crl>,
    changes: u64,
}

/// An RA in front of the CA: it signs and decrypts in its place.
struct Ra {
    certificate: Certificate,
    key: PrivateKey,
    key_label: String,
}

impl CaServer {
    /// A CA that answers by itself; `key_label` is the name its key is kept by.
    ///
    /// # Errors
    /// The key is not RSA: it cannot decrypt requests. Give it an RA
    /// ([`CaServer::with_ra`]).
    pub fn new(ca: LabCa, key_label: &str, options: CaOptions) -> Result<Self, CaServerError> {
        decrypts(ca.key())?;
        Ok(Self::of(ca, key_label, options, None))
    }

    /// A CA with an RA, whose certificate it issued and whose key is RSA.
    ///
    /// # Errors
    /// The RA's key is not RSA, not that of the certificate, or the CA did not
    /// issue it.
    pub fn with_ra(
        ca: LabCa,
        key_label: &str,
        options: CaOptions,
        certificate: Certificate,
        key: PrivateKey,
        ra_key_label: &str,
    ) -> Result<Self, CaServerError> {
        decrypts(&key)?;
        let ours = crate::scep::issued(ca.certificate(), &certificate);
        if !ours || key.public().spki_der() != certificate.spki_der() {
            return Err(CaServerError::WrongRa);
        }
        let ra = Ra {
            certificate,
            key,
            key_label: ra_key_label.to_owned(),
        };
        Ok(Self::of(ca, key_label, options, Some(ra)))
    }

    fn of(ca: LabCa, key_label: &str, options: CaOptions, ra: Option<Ra>) -> Self {
        Self {
            ca,
            key_label: key_label.to_owned(),
            options,
            ra,
            chain: Vec::new(),
            next_ca: None,
            ledger: Ledger::default(),
            crl: None,
            changes: 0,
        }
    }

    /// Certificates of the CAs above, the nearest first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Certificates of the CAs above, which GetCACert sends along.
    pub fn set_chain(&mut self, chain: Vec<Certificate>) {
        self.chain = chain;
        self.changes += 1;
    }

    /// The certificate that GetNextCACert shows, `None` before a rollover.
    pub fn set_next_ca(&mut self, next: Option<Certificate>) {
        self.next_ca = next;
        self.changes += 1;
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &Certificate {
        self.ca.certificate()
    }

    /// How the CA behaves.
    pub fn options(&self) -> &CaOptions {
        &self.options
    }

    /// Changes how the CA behaves, from the next request on.
    pub fn set_options(&mut self, options: CaOptions) {
        self.options = options;
        self.crl = None;
    }

    /// Counts what must be stored: when it differs from the count of the last
    /// save, the image is to be saved before the reply is sent.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Answers one request. `now` is in seconds since 1970-01-01T00:00:00Z.
    pub fn handle(
        &mut self,
        request: &HttpRequest,
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> HttpReply {
        if request.target.len() + request.body.len() > MAX_CA_REQUEST {
            return HttpReply::refusal(413, "a request of more than 64 kB");
        }
        let Some(target) = Target::read(&request.target) else {
            return HttpReply::refusal(400, "the target of the request cannot be read");
        };
        match (target.operation.as_deref(), request.method) {
            (Some(operation), _) => self.operation(operation, &target, request, now, random),
            (None, _) if is_ocsp(&target, request) => self.ocsp(&target, request, now),
            (None, Method::Get) => self.file(&target.path, now),
            (None, Method::Post) => HttpReply::refusal(405, "nothing is posted here"),
        }
    }

    /// Answers an OCSP request with the CA's own key (RFC 6960 4.2.2.2); the
    /// answer is good as long as a revocation list.
    fn ocsp(&self, target: &Target, request: &HttpRequest, now: i64) -> HttpReply {
        let question = match request.method {
            Method::Post => Some(request.body.to_vec()),
            // RFC 6960 A.1: the request as base64 at the end of the path.
            Method::Get => target.path_octets("/ocsp/"),
        };
        let question = question.unwrap_or_default();
        let lifetime = self.options.crl_lifetime;
        let answer = self.ca.answer_ocsp(&question, Some(lifetime), now);
        HttpReply::ok("application/ocsp-response", answer)
    }

    /// `/NAME.crl`, `/ca.cer`, `/SHA1.cer`.
    fn file(&mut self, path: &str, now: i64) -> HttpReply {
        const CERTIFICATE: &str = "application/pkix-cert";
        let name = path.rsplit('/').next().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".crl") {
            return match self.current_crl(now) {
                Ok(crl) => HttpReply::ok("application/pkix-crl", crl.der().clone()),
                Err(error) => HttpReply::refusal(500, &error.to_string()),
            };
        }
        let found = match lower.strip_suffix(".cer") {
            Some("ca") => Some(self.certificate()),
            Some(sha1) => self.by_sha1(sha1),
            None => None,
        };
        match found {
            Some(certificate) => HttpReply::ok(CERTIFICATE, certificate.der().clone()),
            None => HttpReply::refusal(404, "no such object"),
        }
    }

    /// A certificate by the SHA-1 of its DER in hex (RFC 7296 3.6).
    fn by_sha1(&self, hex: &str) -> Option<&Certificate> {
        let own = [
            Some(self.certificate()),
            self.ra.as_ref().map(|ra| &ra.certificate),
        ];
        let mut own = own.into_iter().flatten().chain(&self.chain);
        own.find(|certificate| ledger::sha1(certificate) == hex)
            .or_else(|| self.ledger.by_sha1(hex))
    }

    /// The revocation list: the last one until something is revoked or three
    /// quarters of its life are over, so that asking costs no signature.
    ///
    /// # Errors
    /// The key cannot sign with the hash of the options.
    pub fn current_crl(&mut self, now: i64) -> Result<Crl, CaServerError> {
        let lifetime = self.options.crl_lifetime.max(1);
        let fresh = |crl: &&Crl| {
            let age = now.saturating_sub(crl.this_update());
            (0..=lifetime - lifetime / 4).contains(&age)
        };
        if let Some(crl) = self.crl.as_ref().filter(fresh) {
            return Ok(crl.clone());
        }
        let next = now.saturating_add(lifetime);
        let crl = self.ca.crl_with(self.options.hash, now, next)?;
        self.crl = Some(crl.clone());
        self.changes += 1;
        Ok(crl)
    }

    /// The requests that wait for the operator, oldest first.
    pub fn pending(&self) -> Vec<&Request> {
        let pending = |request: &&Request| request.state == RequestState::Pending;
        self.ledger.requests().filter(pending).collect()
    }

    /// Every request that is remembered, oldest first.
    pub fn requests(&self) -> Vec<&Request> {
        self.ledger.requests().collect()
    }

    /// Every certificate that was issued over SCEP, by serial number.
    pub fn issued(&self) -> Vec<&Issued> {
        self.ledger.issued().collect()
    }

    /// Issues what a pending request asks for.
    ///
    /// # Errors
    /// No such request, not pending, or the CA cannot issue it.
    pub fn grant(&mut self, id: u64, now: i64) -> Result<Certificate, CaServerError> {
        let request = self.ledger.pending(id)?.request.clone();
        let certificate = self.issue(&request, now)?;
        self.ledger.granted(id, certificate.clone());
        self.changes += 1;
        Ok(certificate)
    }

    /// Refuses a pending request; the router is told when it polls (T-87).
    ///
    /// # Errors
    /// No such request, or not pending.
    pub fn reject(&mut self, id: u64) -> Result<(), CaServerError> {
        self.ledger.pending(id)?;
        self.ledger.rejected(id);
        self.changes += 1;
        Ok(())
    }

    /// Forgets a request that is not pending, so that the router may ask
    /// again; its certificate stays.
    ///
    /// # Errors
    /// No such request, or it is pending.
    pub fn forget(&mut self, id: u64) -> Result<(), CaServerError> {
        self.ledger.forget(id)?;
        self.changes += 1;
        Ok(())
    }

    /// Revokes a certificate by its serial number (content octets); the next
    /// list has it.
    ///
    /// # Errors
    /// Not issued here, or revoked already.
    pub fn revoke(
        &mut self,
        serial: &[u8],
        at: i64,
        reason: Option<RevocationReason>,
    ) -> Result<(), CaServerError> {
        self.ledger.revoke(serial, at, reason)?;
        self.ca.revoke_serial(serial, at, reason);
        self.crl = None;
        self.changes += 1;
        Ok(())
    }
}

impl fmt::Debug for CaServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaServer({:?})", self.ca.certificate())
    }
}

/// RFC 6960 A.1: posted with its media type, or a GET below `/ocsp`.
fn is_ocsp(target: &Target, request: &HttpRequest) -> bool {
    let kind = request.content_type.as_deref().unwrap_or_default();
    target.path.starts_with("/ocsp") || kind.eq_ignore_ascii_case("application/ocsp-request")
}

fn decrypts(key: &PrivateKey) -> Result<(), CaServerError> {
    match key.public().kind() {
        KeySpec::Rsa { .. } => Ok(()),
        _ => Err(CaServerError::KeyCannotDecrypt),
    }
}

#[cfg(test)]
mod tests;
