//! The web of a simulation: what URLs lead to, and the CAs behind SCEP and OCSP.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use ike_pki::{Crl, CrlCache, Evidence, Name, OcspResponse, Source};

use crate::sa::job::{FetchError, JobOutcome};

/// Answers a DER OCSPRequest with a DER OCSPResponse.
type Responder = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// Answers a router (by index) that asks by its trustpoint for the list of an issuer, in DER, or says why not.
type Lists = Box<dyn Fn(usize, &str, &Name) -> Result<Bytes, String>>;

/// Pages by URL, and who asked for what.
#[derive(Default)]
pub struct Web {
    pages: BTreeMap<String, Bytes>,
    lists: BTreeMap<String, Bytes>,
    responders: BTreeMap<String, Responder>,
    cas: Option<Lists>,
    /// URLs that were fetched, in order; SCEP of a trustpoint is `scep:NAME`.
    pub fetched: Vec<String>,
}

impl Web {
    /// Puts something where a URL leads.
    pub fn publish(&mut self, url: &str, body: impl Into<Bytes>) {
        self.pages.insert(url.to_owned(), body.into());
    }

    /// Takes it away again.
    pub fn withdraw(&mut self, url: &str) {
        self.pages.remove(url);
    }

    /// The CA of a trustpoint answers GetCRL with this DER list.
    pub fn publish_scep_crl(&mut self, trustpoint: &str, list: impl Into<Bytes>) {
        self.lists.insert(trustpoint.to_owned(), list.into());
    }

    /// CAs answer GetCRL: asked by a router (by index) and its trustpoint for the list of an issuer, in DER, they
    /// give it or say why not. What is published goes before.
    pub fn answer_scep_crls(
        &mut self,
        cas: impl Fn(usize, &str, &Name) -> Result<Bytes, String> + 'static,
    ) {
        self.cas = Some(Box::new(cas));
    }

    /// A responder listens at a URL.
    pub fn listen(&mut self, url: &str, responder: impl Fn(&[u8]) -> Vec<u8> + 'static) {
        self.responders.insert(url.to_owned(), Box::new(responder));
    }

    pub(super) fn fetch(&mut self, url: String) -> JobOutcome {
        let body = self.get(url);
        JobOutcome::Fetched(body.map_err(FetchError))
    }

    fn get(&mut self, url: String) -> Result<Bytes, String> {
        let body = self.pages.get(&url).cloned();
        self.fetched.push(url);
        body.ok_or_else(|| "404 Not Found".to_owned())
    }

    /// Asks a source for a verification. What failed a while ago is not asked (B15); what fails is
    /// remembered.
    pub(super) fn ask(
        &mut self,
        node: usize,
        source: Source,
        cache: &mut CrlCache,
        evidence: &mut Evidence,
        now: i64,
    ) {
        let origin = source.origin();
        let paused = origin
            .as_ref()
            .and_then(|origin| cache.failure(origin, now));
        let answer = match paused {
            Some(why) => Err(why.to_owned()),
            None => self.answer(node, &source),
        };
        match answer {
            Ok(Answer::List(crl)) => evidence.add_crl(source, crl),
            Ok(Answer::Ocsp(response)) => evidence.add_ocsp(source, response),
            Err(why) => {
                if let Some(origin) = origin.filter(|origin| cache.failure(origin, now).is_none()) {
                    cache.failed(origin, why.clone(), now);
                }
                evidence.failed(source, why);
            }
        }
    }

    fn answer(&mut self, node: usize, source: &Source) -> Result<Answer, String> {
        let list = |der: Bytes| Crl::from_der(der).map_err(|error| error.to_string());
        match source {
            Source::Crl { url } => list(self.get(url.clone())?).map(Answer::List),
            Source::ScepCrl {
                trustpoint, issuer, ..
            } => {
                self.fetched.push(format!("scep:{trustpoint}"));
                let der = match (self.lists.get(trustpoint), &self.cas) {
                    (Some(published), _) => published.clone(),
                    (None, Some(cas)) => cas(node, trustpoint, issuer)?,
                    (None, None) => return Err("the CA does not answer".to_owned()),
                };
                list(der).map(Answer::List)
            }
            Source::Ocsp { url, request } => {
                self.fetched.push(url.clone());
                let responder = self.responders.get(url);
                let responder = responder.ok_or("the responder does not answer")?;
                let response = OcspResponse::from_der(responder(&request.to_der()));
                let response = response.map_err(|error| error.to_string())?;
                Ok(Answer::Ocsp(response))
            }
        }
    }
}

enum Answer {
    List(Crl),
    Ocsp(OcspResponse),
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Web({} pages, {:?})", self.pages.len(), self.fetched)
    }
}
