//! The PKI of a running router: `crypto pki ...` (O-087), enrolment by SCEP, polling, renewal,
//! and fetching of what validation wants. It owns the store of trustpoints and keys; the engine gets
//! a copy after every change.
//!
//! `ca` talks to a CA by SCEP, `authenticate` and `enroll` are the two dialogues (P-030, P-031),
//! `request` is an enrolment under way with its polls (P-024), `timers` what is done unasked, `revocation`
//! lists and OCSP (P-025, P-041), `key` the key pairs, `import` and `export` what is pasted at a
//! terminal, `manage` what changes the store without a CA, `rollover` the next
//! certificate of a CA, `trace` the debug lines. What requests and replies mean is decided in
//! `ike_pki`, what a trustpoint asks for in `ike_core::policy::enrolment`.

mod authenticate;
mod ca;
mod counters;
mod enroll;
mod error;
mod export;
mod import;
mod key;
mod key_rollover;
mod manage;
mod manual;
mod prompts;
mod request;
mod revocation;
mod rollover;
mod signer;
#[cfg(test)]
mod tests;
mod timers;
mod trace;
mod transport;

pub use counters::Counts;
pub use error::PkiError;
pub use manage::restore;
pub use transport::{Http, Sent, Transport};

use std::net::IpAddr;
use std::sync::{Arc, Mutex as Shelf, PoisonError};
use std::time::Duration;

use ike_core::config::{RunningConfig, TrustpointConfig};
use ike_crypto::KeySpec;
use ike_pki::Store;
use tokio::sync::{Mutex, Notify, mpsc};
use zeroize::Zeroizing;

use crate::control::Talk;
use crate::keystore::{KeyChange, KeyView, Keystore, PrivateKeyring};
use crate::log::Switch;
use counters::Counters;

/// What an operator asks of the PKI (O-087).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `crypto pki authenticate TP [noconfirm]`.
    Authenticate {
        /// The trustpoint.
        trustpoint: String,
        /// Ask before a CA certificate is taken.
        confirm: bool,
    },
    /// `crypto pki enroll TP [noconfirm]`.
    Enroll {
        /// The trustpoint.
        trustpoint: String,
        /// Ask as IOS does.
        confirm: bool,
    },
    /// `crypto pki import TP certificate`.
    ImportCertificate {
        /// The trustpoint.
        trustpoint: String,
    },
    /// `crypto pki import TP {pem|pkcs12} terminal`.
    Import {
        /// The trustpoint.
        trustpoint: String,
        /// In which form.
        form: Form,
        /// The key may leave the store again.
        exportable: bool,
    },
    /// `crypto pki export TP {pem|pkcs12} terminal`.
    Export {
        /// The trustpoint.
        trustpoint: String,
        /// In which form.
        form: Form,
    },
    /// `crypto pki crl request TP`.
    RequestCrl {
        /// The trustpoint.
        trustpoint: String,
    },
    /// `clear crypto pki crls`.
    ClearCrls,
    /// `crypto pki trustpool clean` (G-064).
    CleanTrustpool,
    /// `crypto pki trustpool import terminal` (G-064).
    ImportTrustpool,
    /// `crypto key generate` (G-060).
    GenerateKeys {
        /// Label; `None` = the router's name.
        label: Option<String>,
        /// Type and size.
        spec: KeySpec,
        /// May be exported.
        exportable: bool,
    },
    /// `crypto key zeroize` (G-060).
    ZeroizeKeys {
        /// Label.
        label: String,
    },
    /// `write memory` (T-84).
    Save,
}

/// A form of certificates and keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Form {
    /// PEM (RFC 7468); the passphrase is the key's.
    Pem(Option<Zeroizing<String>>),
    /// PKCS#12 (RFC 7292) under a passphrase.
    Pkcs12(Zeroizing<String>),
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pem(None) => "Pem",
            Self::Pem(Some(_)) => "Pem(<removed>)",
            Self::Pkcs12(_) => "Pkcs12(<removed>)",
        })
    }
}

/// The device itself, as far as certificates name it or tests change it.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Chassis serial number (S-003).
    pub serial: String,
    /// Time between two polls of a pending request; `None` = `enrollment retry period`.
    pub poll: Option<Duration>,
}

/// The store as it is after a change.
pub struct Changed {
    /// Trustpoints.
    pub store: Arc<Store>,
    /// Key pairs.
    pub keys: PrivateKeyring,
    /// What is known of them.
    pub key_views: Arc<Vec<KeyView>>,
}

impl Changed {
    /// A store as it is.
    #[must_use]
    pub fn of(keystore: &Keystore) -> Self {
        Self {
            store: Arc::new(keystore.store.clone()),
            keys: keystore.keys.clone(),
            key_views: Arc::new(keystore.key_views()),
        }
    }
}

/// What the PKI is made of.
pub struct Parts {
    /// The opened store.
    pub keystore: Keystore,
    /// Configuration.
    pub config: Arc<RunningConfig>,
    /// The device.
    pub device: Device,
    /// The way to servers.
    pub transport: Arc<dyn Transport>,
    /// Seconds since 1970 UTC.
    pub clock: fn() -> i64,
    /// Log lines.
    pub log: fn(&str),
    /// Debug lines (O-080).
    pub debug: fn(Switch, &str),
    /// Where changes of the store go.
    pub changes: mpsc::UnboundedSender<Changed>,
}

/// The PKI of one router.
pub struct Pki {
    keystore: Arc<Mutex<Keystore>>,
    config: Shelf<Arc<RunningConfig>>,
    device: Device,
    transport: Arc<dyn Transport>,
    clock: fn() -> i64,
    log: fn(&str),
    debug: fn(Switch, &str),
    counters: Counters,
    changes: mpsc::UnboundedSender<Changed>,
    /// Store or configuration changed: timers may be others.
    woken: Notify,
}

impl Pki {
    /// The PKI of a router; nothing happens yet.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            keystore: Arc::new(Mutex::new(parts.keystore)),
            config: Shelf::new(parts.config),
            device: parts.device,
            transport: parts.transport,
            clock: parts.clock,
            log: parts.log,
            debug: parts.debug,
            counters: Counters::default(),
            changes: parts.changes,
            woken: Notify::new(),
        })
    }

    /// A new configuration is in force.
    pub fn configure(&self, config: Arc<RunningConfig>) {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        self.woken.notify_one();
    }

    /// Does what an operator asks, with a dialogue; the text ends it.
    ///
    /// # Errors
    /// What failed, at which step, and what the other side said.
    pub async fn act(
        self: &Arc<Self>,
        action: Action,
        talk: &mut Talk,
    ) -> Result<String, PkiError> {
        match action {
            Action::Authenticate {
                trustpoint,
                confirm,
            } => self.authenticate(&trustpoint, confirm, talk).await,
            Action::Enroll {
                trustpoint,
                confirm,
            } => self.enroll(&trustpoint, confirm, talk).await,
            Action::ImportCertificate { trustpoint } => {
                self.import_certificate(&trustpoint, talk).await
            }
            Action::RequestCrl { trustpoint } => self.request_crl(&trustpoint).await,
            Action::ClearCrls => self.clear_crls().await,
            Action::CleanTrustpool => self.clean_trustpool().await,
            Action::GenerateKeys {
                label,
                spec,
                exportable,
            } => self.generate_keys(label, spec, exportable, talk).await,
            Action::ZeroizeKeys { label } => self.zeroize_keys(label, talk).await,
            Action::Save => self.save().await,
            Action::Import {
                trustpoint,
                form,
                exportable,
            } => self.import(&trustpoint, form, exportable, talk).await,
            Action::Export { trustpoint, form } => self.export(&trustpoint, form).await,
            Action::ImportTrustpool => self.import_trustpool(talk).await,
        }
    }

    fn config(&self) -> Arc<RunningConfig> {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        config.clone()
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Says it in the log and, where an operator listens, to the operator.
    async fn tell(&self, talk: Option<&Talk>, text: &str) {
        (self.log)(text);
        if let Some(talk) = talk {
            talk.say(text).await;
        }
    }

    /// One change of trustpoints and keys, on disk before anybody hears of it.
    async fn commit(
        &self,
        keys: Vec<KeyChange>,
        change: impl FnOnce(&mut Store),
    ) -> Result<(), PkiError> {
        self.commit_planned(|keystore| {
            let mut store = keystore.store.clone();
            change(&mut store);
            Ok((store, keys, ()))
        })
        .await
    }

    /// The same for a change that depends on what is there.
    async fn commit_planned<T>(
        &self,
        plan: impl FnOnce(&Keystore) -> Result<(Store, Vec<KeyChange>, T), PkiError>,
    ) -> Result<T, PkiError> {
        let mut keystore = self.keystore.clone().lock_owned().await;
        let (store, keys, done) = plan(&keystore)?;
        // Disks are slow, and the threads of the runtime have packets to carry.
        let work = move || (keystore.commit(&store, &keys), keystore);
        let (written, keystore) = match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(e) => return Err(PkiError::new(format!("% Nothing was stored: {e}"))),
        };
        written?;
        // Nobody listens when the daemon is ending.
        let _ = self.changes.send(Changed::of(&keystore));
        self.woken.notify_one();
        Ok(done)
    }

    /// The counters since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counters.now()
    }

    /// The address of `source interface`.
    fn source(&self, config: &RunningConfig, trustpoint: &TrustpointConfig) -> Option<IpAddr> {
        let interface = trustpoint.source_interface.as_deref()?;
        let mut addresses = config.interface(interface)?.addresses();
        addresses.next().map(|(address, _)| address)
    }
}

/// The trustpoint of that name.
fn trustpoint<'a>(config: &'a RunningConfig, name: &str) -> Result<&'a TrustpointConfig, PkiError> {
    let known = config.trustpoints.iter();
    known.clone().find(|t| t.name == name).ok_or_else(|| {
        let names: Vec<&str> = known.map(|t| t.name.as_str()).collect();
        let names = match names.as_slice() {
            [] => "there is none; add `crypto pki trustpoint`".to_owned(),
            names => format!("there is {}", names.join(", ")),
        };
        PkiError::new(format!(
            "% Trustpoint {} is not configured: {names}",
            ike_core::trace::escaped(name)
        ))
    })
}

#[cfg(test)]
mod revocation_tests;
