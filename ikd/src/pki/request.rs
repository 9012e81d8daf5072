//! An enrolment under way: key pair, request, the CA's answer, and the polls of one that an
//! administrator has to grant (P-022..P-024).

use std::sync::Arc;

use ike_core::config::{Enrollment, RunningConfig, TrustpointConfig};
use ike_core::policy::enrolment::Wish;
use ike_core::policy::renewal;
use ike_crypto::Hash;
use ike_pki::scep::{Algorithms, Answer, CaCertificates, Capabilities, Transaction};
use ike_pki::{Certificate, Csr, CsrSpec, Pending};
use zeroize::Zeroizing;

use super::ca::Ca;
use super::key_rollover::{self, Signed};
use super::signer::Signing;
use super::{Pki, PkiError};
use crate::control::Talk;
use crate::system::random;

/// What is applied for.
pub(super) struct Application {
    pub(super) trustpoint: String,
    pub(super) wish: Wish,
    pub(super) challenge: Zeroizing<String>,
    /// A new key pair, though there is one.
    pub(super) regenerate: bool,
    /// The certificate that is there vouches for the request, where the CA can take that.
    pub(super) renewal: bool,
}

impl Pki {
    /// Applies at the CA of the trustpoint, in the way its `enrollment` says.
    pub(super) async fn apply(
        self: &Arc<Self>,
        config: &RunningConfig,
        tp: &TrustpointConfig,
        application: Application,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let signed = self.signed(&application, talk).await?;
        match &tp.enrollment {
            Some(Enrollment::SelfSigned) => self.sign_for_itself(signed, &application.wish).await,
            Some(Enrollment::Terminal) => self.show_request(signed, talk).await,
            _ => {
                let renewal = application.renewal;
                self.send_request(config, tp, signed, renewal, talk).await
            }
        }
    }

    /// The request with its key pair (P-023).
    async fn signed(&self, application: &Application, talk: &Talk) -> Result<Signed, PkiError> {
        let wish = &application.wish;
        let mut key_label = wish.key_label.clone();
        if application.regenerate {
            let store = &self.keystore.lock().await.store;
            key_label = key_rollover::label_for(store, &application.trustpoint, &key_label);
        }
        let (key, keeping) = self
            .key_pair(&key_label, wish.key, application.regenerate, talk)
            .await?;
        let mut spec = CsrSpec::new(wish.subject.clone(), wish.hash);
        spec.dns_names.clone_from(&wish.dns_names);
        let challenge = application.challenge.as_str();
        spec.challenge_password = Some(challenge).filter(|c| !c.is_empty());
        let request = Csr::build(&spec, &key)
            .map_err(|e| PkiError::new(format!("% No request was made: {e}")))?;
        let exportable = self.exportable(&wish.key_label).await;
        Ok(Signed {
            trustpoint: application.trustpoint.clone(),
            key_label,
            key,
            keeping,
            exportable,
            request,
        })
    }

    async fn send_request(
        self: &Arc<Self>,
        config: &RunningConfig,
        tp: &TrustpointConfig,
        signed: Signed,
        renewal: bool,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let mut ca = Ca::of(self, config, tp)?;
        let (certificates, capabilities) = self.known_ca(&mut ca, &tp.name).await?;
        let algorithms = Algorithms::by(&capabilities);
        let existing = match renewal && capabilities.renewal {
            true => self.own(&tp.name).await,
            false => None,
        };
        let at = self.now();
        let request = signed.request.clone();
        let (mut transaction, signing) = match existing {
            Some(own) => {
                let old = own.as_signer().certificate;
                let transaction = Transaction::renew(request, old, &certificates, algorithms);
                (transaction, own)
            }
            None => (
                Transaction::enrol(request, &certificates, algorithms),
                Signing::temporary(config, &signed.key, at).await?,
            ),
        };
        let message = transaction
            .message(&signing.as_signer(), at, &mut random)
            .map_err(|e| ca.failed(&e))?;
        self.announce(&signed.request, &tp.name, talk).await;
        let reply = ca.operation(&message, &capabilities).await?;
        let answer = transaction
            // What a CA makes when it is asked is younger than the question.
            .answer(&reply, &signing.as_signer(), &certificates, self.now())
            .map_err(|e| ca.failed(&e))?;
        self.settle(tp, signed, &transaction, answer, Some(talk))
            .await
    }

    /// The CA as it is now, and what it can do. It must be the one that was authenticated.
    pub(super) async fn known_ca(
        &self,
        ca: &mut Ca<'_>,
        trustpoint: &str,
    ) -> Result<(CaCertificates, Capabilities), PkiError> {
        let certificates = ca.certificates().await?;
        let keystore = self.keystore.lock().await;
        let known = keystore.store.ca(trustpoint);
        let same = known.is_some_and(|record| *record.certificate == certificates.ca);
        let next = keystore.store.next_ca(trustpoint);
        let rolled = next.is_some_and(|next| **next == certificates.ca);
        drop(keystore);
        if rolled && !same {
            // The CA went over to it before its time.
            self.roll_over(trustpoint).await?;
        } else if !same {
            return Err(ca.failed(
                &"GetCACert: the CA has another certificate than the one that was authenticated; if that is right, `no crypto pki trustpoint` and authenticate again",
            ));
        }
        Ok((certificates, ca.capabilities().await?))
    }

    /// Stores what the CA's answer amounts to.
    pub(super) async fn settle(
        self: &Arc<Self>,
        tp: &TrustpointConfig,
        signed: Signed,
        transaction: &Transaction,
        answer: Answer,
        talk: Option<&Talk>,
    ) -> Result<String, PkiError> {
        self.trace_answer(&answer);
        match answer {
            Answer::Granted(certificates) => self.granted(signed, certificates, talk).await,
            Answer::Pending => self.pending(tp, signed, transaction).await,
            Answer::Rejected { fail_info, text } => {
                self.rejected(&signed, fail_info, text, talk).await
            }
        }
    }

    /// P-003, P-024: the new certificate is the newest, and its key goes with it in one step.
    async fn granted(
        &self,
        signed: Signed,
        certificates: Vec<Certificate>,
        talk: Option<&Talk>,
    ) -> Result<String, PkiError> {
        let Some(own) = certificates.into_iter().next() else {
            return Err(PkiError::new("% The CA granted no certificate."));
        };
        let at = self.now();
        let Signed {
            trustpoint,
            key_label,
            ..
        } = &signed;
        self.commit(signed.granted(at), |store| {
            store.take_pending(trustpoint);
            store.enroll(trustpoint, own, key_label, at);
        })
        .await?;
        let text = "%PKI-6-CERTRET: Certificate received from Certificate Authority";
        self.tell(talk, text).await;
        Ok(String::new())
    }

    /// P-024: the administrator of the CA decides; polls ask for it (`poll`).
    async fn pending(
        self: &Arc<Self>,
        tp: &TrustpointConfig,
        signed: Signed,
        transaction: &Transaction,
    ) -> Result<String, PkiError> {
        let now = self.now();
        let known = self.keystore.lock().await.store.pending(&tp.name).cloned();
        let polls = known.as_ref().map_or(0, |pending| pending.polls + 1);
        let (key_label, keys) = signed.pending(now);
        let pending = Pending {
            trustpoint: tp.name.clone(),
            subject: signed.request.subject().clone(),
            request_der: signed.request.der().to_vec(),
            key_label,
            transaction: transaction.to_bytes(),
            polls,
            requested_at: known.map_or(now, |pending| pending.requested_at),
            next_poll_at: now + self.poll_interval(tp),
        };
        self.commit(keys, |store| store.set_pending(pending))
            .await?;
        if polls >= renewal::polls(tp) {
            (self.log)(&format!(
                "% Trustpoint {}: the CA has not decided after {polls} polls and is asked no more; 'crypto pki enroll {}' asks again.",
                tp.name, tp.name
            ));
        }
        Ok(format!(
            "% The request of trustpoint {} is pending: the administrator of the CA has to grant it.",
            tp.name
        ))
    }

    /// T-87: nothing changes but the request that is over.
    async fn rejected(
        &self,
        signed: &Signed,
        fail_info: ike_pki::scep::FailInfo,
        text: Option<String>,
        talk: Option<&Talk>,
    ) -> Result<String, PkiError> {
        let trustpoint = signed.trustpoint.as_str();
        let was_pending = self
            .keystore
            .lock()
            .await
            .store
            .pending(trustpoint)
            .is_some();
        if was_pending {
            self.commit(signed.rejected(), |store| {
                store.take_pending(trustpoint);
            })
            .await?;
        }
        let line = format!(
            "%PKI-6-CERTREJECT: Certificate enrollment request was rejected by Certificate Authority for Trustpoint {trustpoint}"
        );
        self.tell(talk, &line).await;
        let words = text.map_or_else(String::new, |text| format!(": {text}"));
        Err(PkiError::new(format!(
            "% PKIOperation: the CA answered {fail_info}{words}"
        )))
    }

    /// Seconds between polls: `enrollment retry period`.
    pub(super) fn poll_interval(&self, tp: &TrustpointConfig) -> i64 {
        i64::from(tp.enrollment_retry_period.unwrap_or(1)) * 60
    }
}

impl Pki {
    /// P-031, P-032: what IOS prints when a request goes out, and O-084 what it logs.
    async fn announce(&self, request: &Csr, trustpoint: &str, talk: &Talk) {
        let print = |hash| request.fingerprint(hash);
        let (md5, sha1) = (print(Hash::Md5), print(Hash::Sha1));
        (self.log)(&format!(
            "%PKI-6-CSR_FINGERPRINT: \n CSR Fingerprint MD5 : {}\n CSR Fingerprint SHA1: {}",
            md5.replace(' ', ""),
            sha1.replace(' ', "")
        ));
        for line in [
            "% Certificate request sent to Certificate Authority".to_owned(),
            format!(
                "% The 'show crypto pki certificate verbose {trustpoint}' commandwill show the fingerprint."
            ),
            String::new(),
            format!("CRYPTO_PKI:  Certificate Request Fingerprint MD5: {md5} "),
            format!("CRYPTO_PKI:  Certificate Request Fingerprint SHA1: {sha1} "),
            String::new(),
        ] {
            talk.say(line).await;
        }
    }
}
