//! Who signs a message to a CA and decrypts its reply: the router's key under a temporary certificate
//! (P-022), or the certificate that is renewed.

use std::sync::Arc;

use ike_core::config::RunningConfig;
use ike_core::sa::job::PrivateKeys;
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::Certificate;
use ike_pki::scep::{Signer, temporary_certificate};

use super::key::generate;
use super::{Pki, PkiError};

/// Bits of the pair that decrypts in place of an EC key, as long as one conversation.
const TEMPORARY: KeySpec = KeySpec::Rsa { bits: 2048 };

/// A certificate and its RSA key.
pub(super) struct Signing {
    certificate: Certificate,
    key: Arc<PrivateKey>,
}

impl Signing {
    /// With a temporary certificate; an EC key cannot decrypt and gets a temporary RSA pair beside it.
    pub(super) async fn temporary(
        config: &RunningConfig,
        key: &Arc<PrivateKey>,
        at: i64,
    ) -> Result<Self, PkiError> {
        let key = match key.public().kind() {
            KeySpec::Rsa { .. } => key.clone(),
            _ => Arc::new(generate(TEMPORARY).await?),
        };
        let certificate = temporary_certificate(&config.fqdn(), &key, at)
            .map_err(|e| PkiError::new(format!("% {e}")))?;
        Ok(Self { certificate, key })
    }

    /// With a certificate and its RSA key.
    pub(super) fn with(certificate: Certificate, key: Arc<PrivateKey>) -> Option<Self> {
        let rsa = matches!(key.public().kind(), KeySpec::Rsa { .. });
        rsa.then_some(Self { certificate, key })
    }

    /// As `ike_pki` takes it.
    pub(super) fn as_signer(&self) -> Signer<'_> {
        Signer {
            certificate: &self.certificate,
            key: &self.key,
        }
    }
}

impl Pki {
    /// The own certificate of a trustpoint with its key, if both are there and can decrypt. One that is not
    /// valid now vouches for nothing: a CA would refuse what it signs.
    pub(super) async fn own(&self, trustpoint: &str) -> Option<Signing> {
        let keystore = self.keystore.lock().await;
        let record = keystore.store.identity(trustpoint)?;
        let validity = record.certificate.not_before()..=record.certificate.not_after();
        if !validity.contains(&self.now()) {
            return None;
        }
        let key = keystore.keys.key(record.key_label.as_deref()?)?;
        Signing::with((*record.certificate).clone(), key)
    }
}
