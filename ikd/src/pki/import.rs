//! `crypto pki import TP {pem|pkcs12} terminal` (O-087), with the prompts of IOS.

use data_encoding::BASE64_MIME_PERMISSIVE;
use ike_pki::{Import, Pkcs12};
use zeroize::Zeroizing;

use super::prompts::{End, armoured, lines, secret_lines};
use super::{Form, Pki, PkiError, trustpoint};
use crate::control::Talk;
use crate::transfer::{self, Plan, Wanted, plain};

impl Pki {
    pub(super) async fn import(
        &self,
        name: &str,
        form: Form,
        exportable: bool,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let config = self.config();
        trustpoint(&config, name)?;
        let (import, done) = match form {
            Form::Pem(passphrase) => {
                let import = ask_pem(passphrase, talk).await?;
                (import, "% PEM files import succeeded.")
            }
            Form::Pkcs12(passphrase) => {
                let import = ask_pkcs12(&passphrase, talk).await?;
                (import, "CRYPTO_PKI: Imported PKCS12 file successfully.")
            }
        };
        self.take(name, &import, exportable, talk).await?;
        Ok(done.to_owned())
    }

    /// One commit for key, certificate and CA (P-002).
    async fn take(
        &self,
        name: &str,
        import: &Import,
        exportable: bool,
        talk: &Talk,
    ) -> Result<(), PkiError> {
        let wanted = Wanted {
            trustpoint: name,
            label: None,
            exportable,
            at: self.now(),
        };
        let planned = self.commit_planned(|keystore| {
            let before = keystore.store.certificate_request_order();
            let plan = transfer::plan(keystore, import, &wanted).map_err(|e| {
                PkiError::new(format!("% Import failed: {e}; nothing was changed."))
            })?;
            let Plan { store, keys, done } = plan;
            let after = store.certificate_request_order();
            Ok((store, keys, (done, before, after)))
        });
        let (done, before, after) = planned.await?;
        for subject in done.passed_over {
            let subject = plain(&subject);
            talk.say(format!("% Not needed and passed over: {subject}"))
                .await;
        }
        if before != after {
            super::enroll::tell_order(talk, &before, &after).await;
        }
        Ok(())
    }
}

/// CA, key and certificate, each of which may be left out.
async fn ask_pem(
    passphrase: Option<Zeroizing<String>>,
    talk: &mut Talk,
) -> Result<Import, PkiError> {
    const BLANK: &str = "% End with a blank line or \"quit\" on a line by itself.";
    talk.say("% Enter PEM-formatted CA certificate.").await;
    talk.say(BLANK).await;
    let ca = lines(talk, End::Blank).await?;
    talk.say("% Enter PEM-formatted encrypted private General Purpose key.")
        .await;
    talk.say("% End with \"quit\" on a line by itself.").await;
    let key = secret_lines(talk).await?;
    talk.say("% Enter PEM-formatted General Purpose certificate.")
        .await;
    talk.say(BLANK).await;
    let own = lines(talk, End::Blank).await?;
    let passphrase = match passphrase {
        None if key.contains("ENCRYPTED") => Some(talk.ask_secret("Passphrase: ").await?),
        known => known,
    };
    let text = Zeroizing::new([&armoured(&ca), key.as_str(), &armoured(&own)].concat());
    Import::from_pem(&text, passphrase.as_ref().map(|p| p.as_str())).map_err(|e| {
        PkiError::new(format!(
            "% PEM files import failed: {e}; nothing was changed."
        ))
    })
}

async fn ask_pkcs12(passphrase: &str, talk: &mut Talk) -> Result<Import, PkiError> {
    talk.say("\nEnter the base 64 encoded pkcs12.").await;
    talk.say("End with a blank line or the word \"quit\" on a line by itself:")
        .await;
    let text = Zeroizing::new(lines(talk, End::Blank).await?);
    let failed = |why: &dyn std::fmt::Display| {
        PkiError::new(format!(
            "CRYPTO_PKI: Import PKCS12 operation failed: {why}; nothing was changed."
        ))
    };
    let base64 = BASE64_MIME_PERMISSIVE.decode(text.trim().as_bytes());
    let octets = Zeroizing::new(base64.map_err(|e| failed(&format!("no base64 ({e})")))?);
    let read = Pkcs12::read(&octets, passphrase);
    read.map(Import::from).map_err(|e| failed(&e))
}
