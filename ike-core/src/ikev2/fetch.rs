//! Certificates that a peer names by hash and URL (RFC 7296 3.6, encodings 12 and 13; F7, B15, B16): one
//! fetch in an exchange, of an allowed URL alone, and what comes must have the hash.

use bytes::Bytes;
use ike_crypto::{Hash, ct_eq};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{AuthMethod, Body, CertEncoding, Certificate, Chain, Payload};

use super::context::Context;
use super::judge;
use super::shell::Shell;
use crate::policy::ikev2::fetching::may_fetch;
use crate::sa::action::JobId;
use crate::sa::job::{FETCH_LIMIT, Job, JobOutcome};
use crate::trace::Ikev2Trace;

/// Octets of the hash in front of the URL.
const HASH: usize = 20;

/// A certificate that is being fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    hash: [u8; HASH],
    bundle: bool,
    job: JobId,
}

impl Fetch {
    /// The job.
    pub(super) fn job(&self) -> JobId {
        self.job
    }
}

/// Starts the fetch of the peer's own certificate, the first one, if it is named by hash and URL and a
/// signature is to be checked with it.
///
/// # Errors
/// AUTHENTICATION_FAILED: its URL may not be fetched.
pub(super) fn begin(
    shell: &Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
) -> Result<Option<Fetch>, String> {
    let signed = |method| method != AuthMethod::SHARED_KEY;
    if !judge::auth(chain).is_some_and(|auth| signed(auth.method)) {
        return Ok(None);
    }
    let Some((_, Body::Cert(certificate))) = chain.find(PayloadType::V2_CERT) else {
        return Ok(None);
    };
    if !is_url(certificate) {
        return Ok(None);
    }
    let cut = certificate.data.split_first_chunk::<HASH>();
    let (hash, url) = cut.ok_or("a certificate is named by less than a hash")?;
    let url = std::str::from_utf8(url).map_err(|_| "a certificate's URL is no text")?;
    if !may_fetch(&ctx.config.ikev2.http_url_fetch, url) {
        let url = crate::trace::escaped(url);
        return Err(format!(
            "the peer's certificate is at {url}, and `crypto ikev2 http-url fetch` does not allow that"
        ));
    }
    shell.trace(ctx, Ikev2Trace::Fetching(url.to_owned()));
    let job = Job::Fetch {
        url: url.to_owned(),
    };
    Ok(Some(Fetch {
        hash: *hash,
        bundle: certificate.encoding == CertEncoding::HASH_AND_URL_BUNDLE,
        job: ctx.run(shell.id, job),
    }))
}

fn is_url(certificate: &Certificate) -> bool {
    matches!(
        certificate.encoding,
        CertEncoding::HASH_AND_URL | CertEncoding::HASH_AND_URL_BUNDLE
    )
}

/// Puts what was fetched in the place of its hash and URL; others of that kind are not fetched and go.
///
/// # Errors
/// AUTHENTICATION_FAILED: nothing came, or something else.
pub(super) fn finish(fetch: &Fetch, outcome: JobOutcome, chain: &mut Chain) -> Result<(), String> {
    let JobOutcome::Fetched(result) = outcome else {
        return Err("a job of another kind came back".to_owned());
    };
    let octets = result.map_err(|e| format!("the peer's certificate was not fetched: {e}"))?;
    if octets.len() > FETCH_LIMIT || !ct_eq(&Hash::Sha1.digest(&[&octets]), &fetch.hash) {
        return Err("what was fetched is not the certificate the peer means".to_owned());
    }
    let fetched = match fetch.bundle {
        true => ike_pki::certificates_of_bundle(&octets)
            .map_err(|e| format!("the peer's bundle does not decode: {e}"))?,
        false => vec![octets],
    };
    replace(chain, fetched);
    Ok(())
}

fn replace(chain: &mut Chain, fetched: Vec<Bytes>) {
    let named = |p: &Payload| matches!(&p.body, Body::Cert(c) if is_url(c));
    let at = chain.payloads.iter().position(named).unwrap_or(0);
    chain.payloads.retain(|p| !named(p));
    let fetched = fetched.into_iter();
    let payloads = fetched.map(|der| Payload::from(Body::Cert(Certificate::x509(der))));
    let at = at.min(chain.payloads.len());
    chain.payloads.splice(at..at, payloads);
}
