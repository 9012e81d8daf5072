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
    /// The own certificate of a trustpoint with its key, if both are there, count, and can decrypt.
    pub(super) async fn own(&self, trustpoint: &str) -> Option<Signing> {
        let keystore = self.keystore.lock().await;
        let record = keystore.store.identity(trustpoint)?;
        let counts = record.certificate.not_after() >= self.now();
        let record = Some(record).filter(|_| counts)?;
        let key = keystore.keys.key(record.key_label.as_deref()?)?;
        Signing::with((*record.certificate).clone(), key)
    }
}

/// Octets of the system's generator for nonces and content keys (D16).
pub(super) fn random(out: &mut [u8]) {
    if ike_crypto::fill_random(out).is_err() {
        // Without entropy there is no key and no nonce worth sending.
        std::process::abort();
    }
}
