//! Revocation by OCSP: which responder is asked about a certificate, and who
//! may sign its answer (RFC 6960 4.2.2.2, F3).

use crate::{
    certificate::Certificate,
    evidence::{Source, Word},
    ocsp::{Answer, CertId, CertStatus, OcspRequest, is_delegate, judge},
    refusal::Refusal,
    revocation::{Revocation, Status, is_http},
};

impl Revocation<'_, '_> {
    /// Asks the responders in order until one gives a verdict; `unknown` is
    /// none.
    pub(crate) fn by_ocsp(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Status, Refusal> {
        let mut status = Status::unknown("the certificate names no OCSP responder");
        let before = self.search.wanted.len();
        let request = self.request(certificate, issuer);
        for url in self.responders(certificate) {
            let source = Source::Ocsp {
                url,
                request: request.clone(),
            };
            match self.ask(&source) {
                Word::Ask => {
                    self.search.wanted.push(source);
                    break;
                }
                Word::Failed(why) => status = self.done_without(&source, &why),
                Word::List => {}
                Word::Answer(response) => {
                    let (now, policy) = (self.search.now, self.search.policy);
                    let found = judge(&response, &request, now, policy);
                    status = match found {
                        Ok(answer) => self.weigh(&answer, issuer)?,
                        Err(why) => Status::unknown(why),
                    };
                    match &status {
                        // A delegate has to be looked up first.
                        Status::Unknown(_) if self.search.wanted.len() > before => break,
                        Status::Unknown(why) => drop(self.done_without(&source, why)),
                        _ => break,
                    }
                }
            }
        }
        Ok(status)
    }

    fn request(&self, certificate: &Certificate, issuer: &Certificate) -> OcspRequest {
        let cert_id = CertId::new(certificate, issuer);
        let evidence = self.search.evidence;
        let nonce = evidence.map(|evidence| evidence.nonce(&cert_id));
        OcspRequest {
            nonce: nonce.filter(|_| !self.anchor.asks.without_nonce),
            cert_id,
        }
    }

    /// `ocsp url`, else those the certificate names.
    fn responders(&self, certificate: &Certificate) -> Vec<String> {
        let own = self.anchor.asks.ocsp_url.iter();
        let named = certificate.ocsp_responders().iter();
        let named = named.filter(|url| is_http(url) && self.anchor.asks.ocsp_url.is_none());
        own.chain(named).cloned().collect()
    }

    /// What an answer says, if the issuer or a delegate of it signed it.
    fn weigh(&mut self, answer: &Answer<'_>, issuer: &Certificate) -> Result<Status, Refusal> {
        for signer in answer.signers(issuer) {
            self.search.spend()?;
            if !answer.is_signed_by(signer) {
                continue;
            }
            if signer != issuer && !self.may_answer(signer, issuer)? {
                continue;
            }
            return Ok(match answer.status {
                CertStatus::Good => Status::Good,
                CertStatus::Revoked { .. } => Status::Revoked,
                CertStatus::Unknown => {
                    Status::unknown("the OCSP responder does not know the certificate")
                }
            });
        }
        Ok(Status::unknown(
            "the OCSP answer is not signed by the issuer or a delegate of it",
        ))
    }

    /// RFC 6960 4.2.2.2: a delegate was certified by the issuer itself for
    /// this, now, and is not revoked. That is asked once, of lists alone: by
    /// OCSP it would ask itself.
    fn may_answer(
        &mut self,
        delegate: &Certificate,
        issuer: &Certificate,
    ) -> Result<bool, Refusal> {
        let named = delegate.issuer().matches(issuer.subject());
        let fit = is_delegate(delegate)
            && named
            && self.search.check_dates(delegate).is_ok()
            && self.search.check_form(delegate).is_ok();
        if !fit {
            return Ok(false);
        }
        match self.search.signature(delegate, issuer) {
            Ok(()) if delegate.extensions.ocsp_no_check => return Ok(true),
            Ok(()) => {}
            Err(Refusal::TooMuchWork) => return Err(Refusal::TooMuchWork),
            Err(_) => return Ok(false),
        }
        let has_points = !delegate.extensions.distribution_points.is_empty();
        // 4.2.2.2.1: a delegate that names no way to check it is up to the
        // verifier; lists at hand still count.
        Ok(match self.by_crl(delegate, issuer)? {
            Status::Good => true,
            Status::Revoked => false,
            Status::Unknown(_) => !has_points && self.search.wanted.is_empty(),
        })
    }
}
