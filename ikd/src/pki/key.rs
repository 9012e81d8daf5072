//! Key pairs: made where they are needed, off the engine's thread.

use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::{KeySpec, PrivateKey};

use super::{Pki, PkiError};
use crate::control::Talk;
use crate::keystore::KeyChange;

/// A key pair for a request.
pub(super) struct KeyPair {
    pub(super) key: Arc<PrivateKey>,
    /// It was made now and is not stored yet.
    pub(super) fresh: bool,
}

impl Pki {
    /// The pair of that label; it is made when it is missing (D2) or when another is wanted
    /// (`regenerate`).
    pub(super) async fn key_pair(
        &self,
        label: &str,
        spec: KeySpec,
        regenerate: bool,
        talk: &Talk,
    ) -> Result<KeyPair, PkiError> {
        let known = self.keystore.lock().await.keys.key(label);
        match known.filter(|_| !regenerate) {
            Some(key) => Ok(KeyPair { key, fresh: false }),
            None => {
                let key = generate(spec).await?;
                self.tell(
                    Some(talk),
                    &format!("%CRYPTO-6-AUTOGEN: Generated new {} key pair", bits(spec)),
                )
                .await;
                Ok(KeyPair {
                    key: Arc::new(key),
                    fresh: true,
                })
            }
        }
    }
}

/// Takes up to seconds of a core: not on a thread of the runtime (K4).
pub(super) async fn generate(spec: KeySpec) -> Result<PrivateKey, PkiError> {
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(spec)).await;
    match made {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(e)) => Err(PkiError::new(format!(
            "% No key pair of {}: {e}",
            bits(spec)
        ))),
        Err(e) => Err(PkiError::new(format!(
            "% No key pair of {}: {e}",
            bits(spec)
        ))),
    }
}

/// `2048 bit RSA`.
fn bits(spec: KeySpec) -> String {
    match spec {
        KeySpec::Rsa { bits } => format!("{bits} bit RSA"),
        KeySpec::EcP256 => "256 bit EC".to_owned(),
        KeySpec::EcP384 => "384 bit EC".to_owned(),
        KeySpec::EcP521 => "521 bit EC".to_owned(),
        KeySpec::Ed25519 => "Ed25519".to_owned(),
    }
}

impl Pki {
    /// `crypto key generate` (G-060).
    pub(super) async fn generate_keys(
        &self,
        label: Option<String>,
        spec: KeySpec,
        exportable: bool,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let label = label.unwrap_or_else(|| self.config().fqdn());
        if let KeySpec::Rsa { bits } = spec
            && !(360..=8192).contains(&bits)
        {
            return Err(PkiError::new(
                "% Please choose a modulus from 360 to 8192 bits.",
            ));
        }
        if self.keystore.lock().await.keys.key(&label).is_some() {
            let kind = match spec {
                KeySpec::Rsa { .. } => "RSA",
                _ => "EC",
            };
            talk.say(format!(
                "% You already have {kind} keys defined named {label}."
            ))
            .await;
            let replace = "% Do you really want to replace them? [yes/no]: ";
            if !talk.confirm(replace, None).await? {
                return Err(PkiError::new("% The keys stay as they are."));
            }
        }
        talk.say(format!("The name for the keys will be: {label}"))
            .await;
        let may = if exportable {
            "exportable"
        } else {
            "non-exportable"
        };
        talk.say(format!(
            "% Generating {} keys, keys will be {may}...",
            bits(spec)
        ))
        .await;
        let key = Arc::new(generate(spec).await?);
        let put = KeyChange::Put {
            label,
            key,
            exportable,
            at: self.now(),
        };
        self.commit(vec![put], |_| {}).await?;
        Ok("[OK]".to_owned())
    }

    /// `crypto key zeroize` (G-060): certificates of the pair go with it.
    pub(super) async fn zeroize_keys(
        &self,
        label: String,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        let keystore = self.keystore.lock().await;
        if keystore.keys.key(&label).is_none() {
            return Err(PkiError::new(format!(
                "% There is no key pair {}.",
                ike_core::trace::escaped(&label)
            )));
        }
        let labelled = |r: &&ike_pki::Record| r.key_label.as_deref() == Some(label.as_str());
        let users = keystore.store.listing().into_iter().filter(labelled);
        let users: Vec<String> = users.map(|r| r.trustpoint.clone()).collect();
        drop(keystore);
        talk.say(format!("% Keys to be removed are named '{label}'."))
            .await;
        talk.say("% All router certs issued using these keys will also be removed.")
            .await;
        if !talk
            .confirm(
                "% Do you really want to remove these keys? [yes/no]: ",
                None,
            )
            .await?
        {
            return Err(PkiError::new("% The keys stay as they are."));
        }
        self.commit(vec![KeyChange::Remove { label }], |store| {
            users
                .iter()
                .for_each(|trustpoint| store.remove_identity(trustpoint));
        })
        .await?;
        Ok(String::new())
    }
}
