//! `crypto pki authenticate`: the CA's certificate, its fingerprints, and the operator's word
//! (P-030).

use std::sync::Arc;

use ike_core::config::{Enrollment, TrustpointConfig};
use ike_crypto::{Hash, ct_eq};
use ike_pki::{Certificate, fingerprint};

use super::ca::Ca;
use super::prompts::{End, certificates_of_text, lines};
use super::{Pki, PkiError, trustpoint};
use crate::control::Talk;

impl Pki {
    pub(super) async fn authenticate(
        self: &Arc<Self>,
        name: &str,
        confirm: bool,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let config = self.config();
        let tp = trustpoint(&config, name)?;
        if self.keystore.lock().await.store.ca(name).is_some() {
            return Err(PkiError::new(
                "% Please delete your existing CA certificate first.\n% You must use 'no crypto pki trustpoint <trustpoint-name>' to delete the CA certificate.",
            ));
        }
        let certificate = match &tp.enrollment {
            Some(Enrollment::Terminal) => pasted(talk).await?,
            _ => Ca::of(self, &config, tp)?.certificates().await?.ca,
        };
        accept(tp, &certificate, confirm, talk).await?;
        let at = self.now();
        self.commit(Vec::new(), |store| {
            store.authenticate(name, certificate, at)
        })
        .await?;
        Ok("Trustpoint CA certificate accepted.".to_owned())
    }
}

/// P-030: with `fingerprint` there is no question, and another certificate is refused (T-85).
async fn accept(
    tp: &TrustpointConfig,
    certificate: &Certificate,
    confirm: bool,
    talk: &mut Talk,
) -> Result<(), PkiError> {
    let print = |hash| fingerprint(hash, certificate.der());
    talk.say("Certificate has the following attributes:").await;
    talk.say(format!("       Fingerprint MD5: {} ", print(Hash::Md5)))
        .await;
    talk.say(format!("      Fingerprint SHA1: {} ", print(Hash::Sha1)))
        .await;
    talk.say("").await;
    if let Some(expected) = &tp.fingerprint {
        return fingerprint_matches(expected, certificate, talk).await;
    }
    if confirm
        && !talk
            .confirm("% Do you accept this certificate? [yes/no]: ", None)
            .await?
    {
        return Err(PkiError::new(
            "% Certificate not accepted: nothing was installed.",
        ));
    }
    Ok(())
}

/// G-061: `fingerprint` in MD5, SHA-1 or SHA-256, told apart by length.
async fn fingerprint_matches(
    expected: &str,
    certificate: &Certificate,
    talk: &Talk,
) -> Result<(), PkiError> {
    let expected: String = expected.split_whitespace().collect();
    let expected = expected.to_ascii_uppercase();
    let hash = match expected.len() {
        32 => Hash::Md5,
        40 => Hash::Sha1,
        _ => Hash::Sha256,
    };
    let own: String = fingerprint(hash, certificate.der())
        .split_whitespace()
        .collect();
    talk.say(format!("Trustpoint Fingerprint: {}", grouped(&expected)))
        .await;
    if ct_eq(own.as_bytes(), expected.as_bytes()) {
        talk.say("Certificate validated - fingerprints matched.")
            .await;
        return Ok(());
    }
    Err(PkiError::new(format!(
        "% Fingerprints do not match: the CA sent a certificate with {}, `fingerprint` says {}. Nothing was installed; check that the URL leads to the right CA.",
        grouped(&own),
        grouped(&expected)
    )))
}

/// In groups of eight digits.
fn grouped(digits: &str) -> String {
    let groups: Vec<String> = digits
        .as_bytes()
        .chunks(8)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(" ")
}

/// `enrollment terminal`: the operator pastes the certificate.
pub(super) async fn pasted(talk: &mut Talk) -> Result<Certificate, PkiError> {
    talk.say("").await;
    talk.say("Enter the base 64 encoded CA certificate.").await;
    talk.say("End with a blank line or the word \"quit\" on a line by itself")
        .await;
    talk.say("").await;
    let text = lines(talk, End::Blank).await?;
    let certificates = certificates_of_text(&text)?;
    // A container may hold more than the CA (P-021).
    let found = certificates.iter().find(|certificate| certificate.is_ca());
    let found = found.or_else(|| certificates.first()).cloned();
    found.ok_or_else(|| PkiError::new("% There is no certificate in the text."))
}
