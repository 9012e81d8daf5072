//! Key pairs: made where they are needed, off the engine's thread.

use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::Store;

use super::key_rollover::Keeping;
use super::{Pki, PkiError};
use crate::control::Talk;
use crate::keystore::KeyChange;

impl Pki {
    /// The pair of that label; it is made when it is missing (D2) or when another is wanted
    /// (`regenerate`).
    pub(super) async fn key_pair(
        &self,
        label: &str,
        spec: KeySpec,
        regenerate: bool,
        talk: &Talk,
    ) -> Result<(Arc<PrivateKey>, Keeping), PkiError> {
        let known = self.keystore.lock().await.keys.key(label);
        let keeping = match known {
            Some(_) => Keeping::Waiting,
            None => Keeping::Fresh,
        };
        match known.filter(|_| !regenerate) {
            Some(key) => Ok((key, Keeping::Stored)),
            None => {
                let key = generate(spec).await?;
                self.tell(
                    Some(talk),
                    &format!("%CRYPTO-6-AUTOGEN: Generated new {} key pair", bits(spec)),
                )
                .await;
                Ok((Arc::new(key), keeping))
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
        let users = self.users_of(&label).await;
        let put = KeyChange::Put {
            label,
            key,
            exportable,
            at: self.now(),
        };
        self.commit(vec![put], |store| without(store, &users))
            .await?;
        Ok("[OK]".to_owned())
    }

    /// `crypto key zeroize` (G-060): certificates of the pair go with it.
    pub(super) async fn zeroize_keys(
        &self,
        label: String,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        if self.keystore.lock().await.keys.key(&label).is_none() {
            return Err(PkiError::new(format!(
                "% There is no key pair {}.",
                ike_core::trace::escaped(&label)
            )));
        }
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
        let users = self.users_of(&label).await;
        self.commit(vec![KeyChange::Remove { label }], |store| {
            without(store, &users);
        })
        .await?;
        Ok(String::new())
    }

    /// Whether the pair of that label may leave the router.
    pub(super) async fn exportable(&self, label: &str) -> bool {
        let keystore = self.keystore.lock().await;
        let known = keystore.key_table().keys.get(label);
        known.is_some_and(|known| known.exportable)
    }

    /// The trustpoints whose own certificate belongs to that pair.
    async fn users_of(&self, label: &str) -> Vec<String> {
        let keystore = self.keystore.lock().await;
        let own = keystore.store.identities().into_iter();
        let users = own.filter(|record| record.key_label.as_deref() == Some(label));
        users.map(|record| record.trustpoint.clone()).collect()
    }
}

/// Takes the own certificates of these trustpoints out.
fn without(store: &mut Store, users: &[String]) {
    users
        .iter()
        .for_each(|trustpoint| store.remove_identity(trustpoint));
}
