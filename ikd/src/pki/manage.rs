//! What changes the store without a CA: `write memory`, the trustpool, and what a configuration
//! brings and takes away.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ike_core::config::RunningConfig;

use super::prompts::{End, certificates_of_text, lines};
use super::{Pki, PkiError};
use crate::control::Talk;
use crate::keystore::{Keystore, KeystoreError};
use crate::transfer;

impl Pki {
    /// `write memory`: certificates get their `Storage:` line (T-84).
    pub(super) async fn save(&self) -> Result<String, PkiError> {
        self.commit(Vec::new(), ike_pki::Store::mark_saved).await?;
        Ok("Building configuration...\n[OK]".to_owned())
    }

    /// `crypto pki trustpool clean` (G-064).
    pub(super) async fn clean_trustpool(&self) -> Result<String, PkiError> {
        self.commit(Vec::new(), ike_pki::Store::clean_trustpool)
            .await?;
        Ok(String::new())
    }

    /// `crypto pki trustpool import terminal` (G-064).
    pub(super) async fn import_trustpool(&self, talk: &mut Talk) -> Result<String, PkiError> {
        talk.say("% Enter PEM-formatted CA certificate.").await;
        talk.say("% End with \"quit\" on a line by itself.").await;
        let text = lines(talk, End::Quit).await?;
        let certificates = certificates_of_text(&text)?;
        let (at, mut done) = (self.now(), ike_pki::PoolImported::default());
        self.commit(Vec::new(), |store| {
            done = store.import_trustpool(certificates, at);
        })
        .await?;
        if done.refused > 0 {
            let refused = done.refused;
            talk.say(format!(
                "% {refused} passed over: no CA certificate, or the pool has {} already.",
                ike_pki::MAX_TRUSTPOOL
            ))
            .await;
        }
        match done.taken + done.known {
            0 => Err(PkiError::new(
                "% No CA certificate in the text; nothing was changed.",
            )),
            _ => Ok(format!(
                "% PEM files import succeeded: {} new, {} known.",
                done.taken, done.known
            )),
        }
    }

    /// A configuration came in the place of another: trustpoints that are gone lose their
    /// certificates (P-003), and blocks of new ones bring theirs (G-063). Their key pairs stay.
    pub async fn follow(
        &self,
        before: Arc<RunningConfig>,
        after: Arc<RunningConfig>,
        beside: &Path,
    ) {
        let gone = gone(&before, &after);
        let at = self.now();
        let followed = self.commit_planned(|keystore| {
            let mut told = Vec::new();
            let mut store = keystore.store.clone();
            for name in &gone {
                let has = store.listing().into_iter().any(|r| r.trustpoint == *name);
                if has || store.pending(name).is_some() {
                    told.push(format!(
                        "% Trustpoint {name} is gone from the configuration: its certificates are deleted, its key pair is kept."
                    ));
                }
                store.remove_trustpoint(name);
            }
            let restored = restored(keystore, &after, beside, at, &store);
            if let Some((with, lines)) = restored {
                store = with;
                told.extend(lines);
            }
            Ok((store, Vec::new(), told))
        });
        match followed.await {
            Ok(told) => told.iter().for_each(|line| (self.log)(line)),
            Err(e) => (self.log)(&e.to_string()),
        }
    }
}

/// Certificates that a configuration carries and the store lacks, before the engine starts
/// (G-063: IOS restores them at boot); the lines tell what was done and what was not.
///
/// # Errors
/// They cannot be written.
pub fn restore(
    keystore: &mut Keystore,
    config: &RunningConfig,
    beside: &Path,
    at: i64,
) -> Result<Vec<String>, KeystoreError> {
    let store = keystore.store.clone();
    let Some((store, told)) = restored(keystore, config, beside, at, &store) else {
        return Ok(Vec::new());
    };
    keystore.commit(&store, &[])?;
    Ok(told)
}

/// `store` with what the blocks bring to trustpoints that have nothing in it.
fn restored(
    keystore: &Keystore,
    config: &RunningConfig,
    beside: &Path,
    at: i64,
    store: &ike_pki::Store,
) -> Option<(ike_pki::Store, Vec<String>)> {
    let missing = transfer::missing(config, store);
    if missing.is_empty() {
        return None;
    }
    let wanted = |name: &str| missing.contains(&name);
    let restored = transfer::of_config(keystore, store, config, (beside, at), wanted);
    let mut told = Vec::new();
    if restored.count > 0 {
        told.push(format!(
            "{} certificates of `crypto pki certificate chain` are taken into the store: {}",
            restored.count,
            missing.join(", ")
        ));
    }
    told.extend(restored.problems.into_iter().map(|problem| {
        format!("{problem}; it is not taken: bring what is missing, then `ikd pki import-config`")
    }));
    Some((restored.store, told))
}

/// Trustpoints of `before` that `after` has no more.
fn gone(before: &RunningConfig, after: &RunningConfig) -> BTreeSet<String> {
    let names = |config: &RunningConfig| -> BTreeSet<String> {
        config
            .trustpoints
            .iter()
            .map(|tp| tp.name.clone())
            .collect()
    };
    names(before).difference(&names(after)).cloned().collect()
}
