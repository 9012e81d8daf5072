//! Enrolment without a server: the request goes to the terminal and the certificate comes back from
//! there (`enrollment terminal`), or the router signs for itself (`enrollment selfsigned`).

use ike_core::policy::enrolment::Wish;
use ike_pki::{CertRequestSpec, Certificate, LabCa, Pending};

use super::key_rollover::Signed;
use super::prompts::{End, base64_lines, certificates_of_text, lines};
use super::{Pki, PkiError, trustpoint};
use crate::control::Talk;

/// Validity of a self-signed certificate, seconds: until 2020 in IOS, ten years here.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

impl Pki {
    /// The request as base64, and a pending entry until its certificate is imported.
    pub(super) async fn show_request(
        &self,
        signed: Signed,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let now = self.now();
        let (key_label, keys) = signed.pending(now);
        let pending = Pending {
            trustpoint: signed.trustpoint.clone(),
            subject: signed.request.subject().clone(),
            request_der: signed.request.der().to_vec(),
            key_label,
            transaction: Vec::new(),
            polls: 0,
            requested_at: now,
            next_poll_at: now,
        };
        self.commit(keys, |store| store.set_pending(pending))
            .await?;
        talk.say("Certificate Request follows:\n").await;
        talk.say(base64_lines(signed.request.der())).await;
        talk.say("---End - This line not part of the certificate request---\n")
            .await;
        Ok(format!(
            "% Bring the certificate with 'crypto pki import {} certificate'.",
            signed.trustpoint
        ))
    }

    /// `crypto pki import TP certificate`: the certificate of a pending request.
    pub(super) async fn import_certificate(
        &self,
        name: &str,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let config = self.config();
        trustpoint(&config, name)?;
        let pending = self.keystore.lock().await.store.pending(name).cloned();
        let Some(pending) = pending else {
            return Err(PkiError::new(format!(
                "% There is no pending request of trustpoint {name}; 'crypto pki enroll {name}' makes one."
            )));
        };
        talk.say("\nEnter the base 64 encoded certificate.").await;
        talk.say("End with a blank line or the word \"quit\" on a line by itself\n")
            .await;
        let text = lines(talk, End::Blank).await?;
        let certificates = certificates_of_text(&text)?;
        let certificate = self.check_import(name, &pending, certificates).await?;
        let at = self.now();
        self.commit(Vec::new(), |store| {
            store.take_pending(name);
            store.enroll(name, certificate, &pending.key_label, at);
        })
        .await?;
        Ok("% Router Certificate successfully imported".to_owned())
    }

    /// The one that has our key, if it has the CA's signature.
    async fn check_import(
        &self,
        name: &str,
        pending: &Pending,
        certificates: Vec<Certificate>,
    ) -> Result<Certificate, PkiError> {
        let keystore = self.keystore.lock().await;
        let ours = |c: &Certificate| keystore.keys.matches(&pending.key_label, c);
        let Some(certificate) = certificates.into_iter().find(ours) else {
            return Err(PkiError::new(format!(
                "% The certificate is for another key pair than {}; nothing was installed. Sign the request that 'crypto pki enroll {name}' printed.",
                pending.key_label
            )));
        };
        let ca = keystore
            .store
            .ca(name)
            .map(|record| record.certificate.clone());
        let signed = ca.and_then(|ca| Some(certificate.verify(&ca.public_key().ok()?).is_ok()));
        match signed {
            Some(true) => Ok(certificate),
            _ => Err(PkiError::new(format!(
                "% The certificate is not signed by the CA of trustpoint {name}; nothing was installed. Authenticate the CA that signed it, or use its trustpoint."
            ))),
        }
    }

    /// `enrollment selfsigned`.
    pub(super) async fn sign_for_itself(
        &self,
        signed: Signed,
        wish: &Wish,
    ) -> Result<String, PkiError> {
        let at = self.now();
        let public = signed.key.public();
        let mut spec =
            CertRequestSpec::router(wish.subject.clone(), &public, at - 60, at + TEN_YEARS);
        spec.hash = wish.hash;
        let certificate = LabCa::self_signed(&spec, &signed.key)
            .map_err(|e| PkiError::new(format!("% No certificate was made: {e}")))?;
        self.commit(signed.granted(at), |store| {
            store.enroll(&signed.trustpoint, certificate, &signed.key_label, at);
        })
        .await?;
        Ok("Router Self Signed Certificate successfully created".to_owned())
    }
}
