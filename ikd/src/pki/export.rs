//! `crypto pki export TP {pem|pkcs12} terminal` (O-087), in the words of IOS.

use ike_pki::{Pkcs12Form, Record, RecordKind};

use super::prompts::base64_lines;
use super::{Form, Pki, PkiError, trustpoint};
use crate::keystore::Keystore;
use crate::transfer::{exportable_key, key_pem, of_trustpoint, pkcs12};

impl Pki {
    pub(super) async fn export(&self, name: &str, form: Form) -> Result<String, PkiError> {
        let config = self.config();
        trustpoint(&config, name)?;
        let keystore = self.keystore.lock().await;
        match form {
            Form::Pem(passphrase) => pem(&keystore, name, passphrase.as_ref().map(|p| p.as_str())),
            Form::Pkcs12(passphrase) => {
                exportable_key(&keystore, name).map_err(|e| marked(&e.to_string()))?;
                // Three derivations at most of 2048 rounds: no work for a thread of its own.
                let file = pkcs12(&keystore, name, &passphrase, Pkcs12Form::Legacy);
                let file = file.map_err(|e| marked(&e))?;
                Ok(format!(
                    "Exported pkcs12 follows:\n\n{}\n\n---End - This line not part of the pkcs12---\n\nCRYPTO_PKI: Exported PKCS12 file successfully.",
                    base64_lines(&file)
                ))
            }
        }
    }
}

/// The CA, the key under its passphrase if there is one to write it with, the certificate.
fn pem(keystore: &Keystore, name: &str, passphrase: Option<&str>) -> Result<String, PkiError> {
    let records = of_trustpoint(keystore, name).map_err(|e| marked(&e))?;
    let (authorities, own): (Vec<&Record>, Vec<&Record>) =
        records.into_iter().partition(|r| r.kind == RecordKind::Ca);
    let mut out = String::new();
    for record in authorities {
        out += &format!("% CA certificate:\n{}\n", record.certificate.to_pem());
    }
    if let Some(passphrase) = passphrase {
        exportable_key(keystore, name).map_err(|e| marked(&e.to_string()))?;
        let key = key_pem(keystore, name, passphrase).map_err(|e| marked(&e))?;
        let label = keystore
            .store
            .identity(name)
            .and_then(|r| r.key_label.as_deref());
        let label = ike_core::trace::escaped(label.unwrap_or_default());
        out += &format!("% Key name: {label}\n   Usage: General Purpose Key\n{key}\n");
    }
    for record in own {
        let pem = record.certificate.to_pem();
        out += &format!("% General Purpose Certificate:\n{pem}\n");
    }
    Ok(out.trim_end().to_owned())
}

/// With the mark of IOS's messages.
fn marked(text: &str) -> PkiError {
    match text.starts_with('%') {
        true => PkiError::new(text),
        false => PkiError::new(format!("% {text}.")),
    }
}
