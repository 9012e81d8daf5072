//! Lists and OCSP answers that a validation wants (P-025, P-041): fetched beside the engine, bounded
//! in octets and time, only from where policy allows (B15, B16), kept on disk until they are old.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ike_core::config::{Enrollment, RunningConfig};
use ike_core::sa::job::{self, JobOutcome, PrivateKeys, Verification, VerifyJob};
use ike_pki::http::{HttpReply, HttpRequest};
use ike_pki::scep::{Algorithms, crl_answer, get_crl};
use ike_pki::{
    Crl, CrlOrigin, Evidence, FetchPolicy, Name, OcspResponse, Source, address_allowed, may_fetch,
};

use tokio::time::{Instant, timeout_at};

use super::ca::Ca;
use super::counters::Count;
use super::signer::Signing;
use super::{Pki, PkiError, trustpoint};
use crate::http::{Destination, parts};
use crate::system::random;

/// Time for everything that one verification asks for (F8).
const TIME: Duration = Duration::from_secs(8);
/// Octets of a revocation list.
const CRL_LIMIT: usize = ike_pki::MAX_CRL;
/// Octets of an OCSP answer.
const OCSP_LIMIT: usize = 65_536;

impl Pki {
    /// Verifies a peer, with as many rounds as its revocation takes. It ends before the peer gives up
    /// (F8), and no packet waits for it.
    pub async fn verify(&self, job: Box<VerifyJob>) -> JobOutcome {
        self.counters.add(Count::Started);
        let outcome = self.verified(job).await;
        self.counters.add(Count::Ended);
        self.counters.add(match &outcome {
            JobOutcome::Verified(Ok(_)) => Count::Successful,
            _ => Count::Failed,
        });
        outcome
    }

    async fn verified(&self, job: Box<VerifyJob>) -> JobOutcome {
        let mut seed = [0; 32];
        random(&mut seed);
        let (mut job, mut evidence) = (job, Evidence::new(seed));
        let until = Instant::now() + TIME;
        loop {
            // A list that is made on demand is younger than the job.
            job.at = self.now();
            let verification;
            (job, evidence, verification) = round(job, evidence).await;
            match verification {
                Verification::Done { outcome, believed } => {
                    self.keep(believed).await;
                    return outcome;
                }
                Verification::Wanted(sources) => {
                    let gathered = timeout_at(until, self.gather(sources, &mut evidence)).await;
                    if gathered.is_err() {
                        evidence.close("there was no answer in time");
                    }
                }
            }
        }
    }

    /// Lists that proved good go to the store (P-002: that changes no order).
    async fn keep(&self, believed: Vec<(Source, Arc<Crl>)>) {
        if believed.is_empty() {
            return;
        }
        believed
            .iter()
            .for_each(|_| self.counters.add(Count::CrlChecked));
        let now = self.now();
        let stored = self.commit(Vec::new(), |store| {
            for (source, crl) in believed {
                if let Some(origin) = source.origin() {
                    store.crls.put(origin, crl, now);
                }
            }
        });
        if let Err(e) = stored.await {
            // They have served this validation all the same.
            (self.log)(&e.to_string());
        }
    }

    /// Asks every source that a validation wants and adds what comes of it.
    async fn gather(&self, wanted: Vec<Source>, evidence: &mut Evidence) {
        let config = self.config();
        for source in wanted {
            match &source {
                Source::Ocsp { url, request } => {
                    self.counters.add(Count::OcspAsked);
                    match self.ocsp(&config, url, request.to_der()).await {
                        Ok(response) => evidence.add_ocsp(source, response),
                        Err(why) => {
                            self.counters.add(Count::OcspFailed);
                            evidence.failed(source, why);
                        }
                    }
                }
                _ => match self.list(&config, &source).await {
                    Ok(crl) => evidence.add_crl(source, crl),
                    Err(why) => evidence.failed(source, why),
                },
            }
        }
    }

    /// A list by its source, unless that failed a moment ago.
    async fn list(&self, config: &RunningConfig, source: &Source) -> Result<Crl, String> {
        let origin = match source {
            Source::Crl { url } => CrlOrigin::Url(url.clone()),
            Source::ScepCrl { trustpoint, .. } => CrlOrigin::Scep(trustpoint.clone()),
            Source::Ocsp { .. } => return Err("no list".to_owned()),
        };
        let now = self.now();
        let resting = |store: &ike_pki::Store| store.crls.failure(&origin, now).map(str::to_owned);
        if let Some(why) = resting(&self.keystore.lock().await.store) {
            self.counters.add(Count::CrlRested);
            return Err(format!("{why} (asked a moment ago)"));
        }
        let fetched = self.fetch_list(config, source).await;
        if let Err(why) = &fetched {
            let mut keystore = self.keystore.lock().await;
            keystore.store.crls.failed(origin, why.clone(), now);
        }
        fetched
    }

    async fn fetch_list(&self, config: &RunningConfig, source: &Source) -> Result<Crl, String> {
        self.counters.add(Count::CrlAsked);
        let fetched = self.fetched(config, source).await;
        if fetched.is_err() {
            self.counters.add(Count::CrlFailed);
        }
        fetched
    }

    async fn fetched(&self, config: &RunningConfig, source: &Source) -> Result<Crl, String> {
        match source {
            Source::Crl { url } => {
                let request = |target: &str| HttpRequest::get(target);
                let reply = self.get(config, url, request, CRL_LIMIT).await?;
                Crl::from_der(reply.body).map_err(|e| format!("{}: {e}", shown(url)))
            }
            Source::ScepCrl {
                trustpoint,
                issuer,
                serial,
            } => {
                let asked = self.list_by_scep(config, trustpoint, issuer, serial);
                asked.await.map_err(|e| e.to_string())
            }
            Source::Ocsp { .. } => Err("no list".to_owned()),
        }
    }

    /// GetCRL (P-025), signed with the own certificate where there is one.
    async fn list_by_scep(
        &self,
        config: &RunningConfig,
        name: &str,
        issuer: &Name,
        serial: &[u8],
    ) -> Result<Crl, PkiError> {
        let tp = trustpoint(config, name)?;
        let mut ca = Ca::of(self, config, tp)?;
        let at = self.now();
        let signing = match self.own(name).await {
            Some(own) => own,
            None => {
                let (label, spec) = ike_core::policy::enrolment::key(config, tp);
                let known = self.keystore.lock().await.keys.key(&label);
                let key = match known {
                    Some(key) => key,
                    None => std::sync::Arc::new(super::key::generate(spec).await?),
                };
                Signing::temporary(config, &key, at).await?
            }
        };
        let (certificates, capabilities) = self.known_ca(&mut ca, name).await?;
        let algorithms = Algorithms::by(&capabilities);
        let signer = signing.as_signer();
        let query = get_crl(
            &signer,
            &certificates,
            issuer,
            serial,
            algorithms,
            at,
            &mut random,
        )
        .map_err(|e| ca.failed(&e))?;
        let reply = ca.operation(query.message(), &capabilities).await?;
        // What a CA makes when it is asked is younger than the question.
        crl_answer(&query, &reply, &signer, &certificates, self.now()).map_err(|e| ca.failed(&e))
    }

    /// OCSP by POST (RFC 6960 appendix A).
    async fn ocsp(
        &self,
        config: &RunningConfig,
        url: &str,
        question: Vec<u8>,
    ) -> Result<OcspResponse, String> {
        let post = |target: &str| HttpRequest::post(target, "application/ocsp-request", question);
        let reply = self.get(config, url, post, OCSP_LIMIT).await?;
        OcspResponse::from_der(reply.body).map_err(|e| format!("{}: {e}", shown(url)))
    }

    /// One request to a URL that policy allows.
    async fn get(
        &self,
        config: &RunningConfig,
        url: &str,
        request: impl FnOnce(&str) -> HttpRequest,
        limit: usize,
    ) -> Result<HttpReply, String> {
        let policy = policy(config);
        may_fetch(url, &policy)?;
        let (host, port, path) = parts(url).ok_or_else(|| format!("{}: no URL", shown(url)))?;
        let allowed = |address: IpAddr| address_allowed(address, &policy);
        let to = Destination {
            host,
            port,
            source: None,
            allowed: &allowed,
        };
        let reply = self.transport.send(to, &request(path), limit).await?;
        match reply.status {
            200 => Ok(reply),
            status => Err(format!("{}: the answer is {status}", shown(url))),
        }
    }

    /// `crypto pki crl request TP`: the list of the trustpoint's CA, now.
    pub(super) async fn request_crl(&self, name: &str) -> Result<String, PkiError> {
        let config = self.config();
        let tp = trustpoint(&config, name)?;
        let keystore = self.keystore.lock().await;
        let Some(ca) = keystore
            .store
            .ca(name)
            .map(|record| record.certificate.clone())
        else {
            return Err(PkiError::new(
                "% You must authenticate the Certificate Authority before you can request its CRL.",
            ));
        };
        let own = keystore.store.identity(name).map(|r| r.certificate.clone());
        drop(keystore);
        let subject = own.as_ref().unwrap_or(&ca);
        let url = tp.crl_query.clone();
        let url = url.or_else(|| subject.crl_distribution_points().into_iter().next());
        let (source, origin) = match url {
            Some(url) => (Source::Crl { url: url.clone() }, CrlOrigin::Url(url)),
            None => (
                Source::ScepCrl {
                    trustpoint: name.to_owned(),
                    issuer: ca.subject().clone(),
                    serial: subject.serial().to_vec(),
                },
                CrlOrigin::Scep(name.to_owned()),
            ),
        };
        let crl = self.fetch_list(&config, &source).await;
        let crl = crl.map_err(|why| PkiError::new(format!("%PKI-3-CRL_FETCH_FAIL: {why}")))?;
        let key = ca
            .public_key()
            .map_err(|e| PkiError::new(format!("% {e}")))?;
        if crl.verify(&key).is_err() {
            return Err(PkiError::new(format!(
                "% The list that came is not signed by the CA of trustpoint {name}; it is not kept."
            )));
        }
        let at = self.now();
        let mut newest = true;
        self.commit(Vec::new(), |store| newest = store.crls.put(origin, crl, at))
            .await?;
        Ok(match newest {
            true => format!("% CRL of trustpoint {name} received."),
            // F4.
            false => {
                format!("% The CRL that came is older than the one kept for trustpoint {name}.")
            }
        })
    }

    /// `clear crypto pki crls` (O-086).
    pub(super) async fn clear_crls(&self) -> Result<String, PkiError> {
        self.commit(Vec::new(), ike_pki::Store::clear_crls).await?;
        Ok(String::new())
    }
}

/// One round, off the runtime's threads (K4).
async fn round(
    job: Box<VerifyJob>,
    evidence: Evidence,
) -> (Box<VerifyJob>, Evidence, Verification) {
    let work = move || {
        let verification = job::verify(&job, &evidence);
        (job, evidence, verification)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // A verification does not panic; if one does, so does the daemon (K1).
        Err(e) => std::panic::resume_unwind(e.into_panic()),
    }
}

/// What the operator configured may be asked wherever it is.
fn policy(config: &RunningConfig) -> FetchPolicy {
    let mut policy = FetchPolicy::default();
    for tp in &config.trustpoints {
        let enrollment = match &tp.enrollment {
            Some(Enrollment::Url(url)) => Some(url),
            _ => None,
        };
        let urls = [enrollment, tp.crl_query.as_ref(), tp.ocsp_url.as_ref()];
        urls.into_iter()
            .flatten()
            .for_each(|url| policy.allow_url(url));
    }
    policy
}

/// A peer's text for people.
fn shown(url: &str) -> String {
    ike_core::trace::escaped(url).to_string()
}
