//! What leaves a store: certificates, and keys that may.

use std::fmt;
use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::{KeySpec, PrivateKey, fill_random};
use ike_pki::{
    Certificate, PKCS12_RANDOM, Pkcs12, Pkcs12Form, Record, RecordKind, encrypted_key_to_pem,
    encrypted_private_key, pkcs7_of,
};

use super::plain;
use crate::keystore::Keystore;

/// Iterations of each derivation in what is written.
const ITERATIONS: u32 = 100_000;
/// IOS is slow: what its own exports have.
const LEGACY_ITERATIONS: u32 = 2048;

/// Why a key stays in its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyProblem {
    /// The trustpoint has no certificate of its own.
    NoCertificate(String),
    /// The keys are encrypted and were not opened: the label.
    Locked(String),
    /// It was not made or imported as exportable: its label and type.
    NotExportable(String, &'static str),
    /// It is not there: the label.
    Missing(String),
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate(name) => write!(
                f,
                "trustpoint {} has no certificate of its own, hence no key to export",
                plain(name)
            ),
            Self::Locked(label) => write!(
                f,
                "key pair {} is encrypted; give --key-passphrase-file FILE",
                plain(label)
            ),
            // IOS says so; the way out is ours.
            Self::NotExportable(label, kind) => write!(
                f,
                "% {kind} keypair '{}' is not exportable.\n\
                 % Make one that is (crypto key generate ... exportable) and enroll again.",
                plain(label)
            ),
            Self::Missing(label) => write!(
                f,
                "key pair {} is not in the store; see ikd pki verify",
                plain(label)
            ),
        }
    }
}

/// The certificates of a trustpoint, its own first.
///
/// # Errors
/// There is none.
pub(crate) fn of_trustpoint<'a>(
    keystore: &'a Keystore,
    name: &str,
) -> Result<Vec<&'a Record>, String> {
    let all = keystore.store.listing().into_iter();
    let mut records: Vec<&Record> = all.filter(|r| r.trustpoint == name).collect();
    records.sort_by_key(|record| record.kind == RecordKind::Ca);
    match records.is_empty() {
        false => Ok(records),
        true => Err(format!(
            "trustpoint {} has no certificate in this store; see ikd pki list",
            plain(name)
        )),
    }
}

/// The key of a trustpoint, if it may leave the store.
///
/// # Errors
/// Why it may not, or is not there.
pub(crate) fn exportable_key(
    keystore: &Keystore,
    trustpoint: &str,
) -> Result<Arc<PrivateKey>, KeyProblem> {
    let record = keystore.store.identity(trustpoint);
    let label = record.and_then(|record| record.key_label.clone());
    let label = label.ok_or_else(|| KeyProblem::NoCertificate(trustpoint.to_owned()))?;
    if keystore.is_locked() {
        return Err(KeyProblem::Locked(label));
    }
    let key = keystore.keys.key(&label);
    let entry = keystore.key_table().keys.get(&label);
    if entry.is_some_and(|entry| !entry.exportable) {
        let kind = key.map_or("RSA", |key| kind(&key));
        return Err(KeyProblem::NotExportable(label, kind));
    }
    key.ok_or(KeyProblem::Missing(label))
}

/// `RSA` or `EC`.
fn kind(key: &PrivateKey) -> &'static str {
    match key.public().kind() {
        KeySpec::Rsa { .. } => "RSA",
        _ => "EC",
    }
}

/// The key as an encrypted PEM section.
///
/// # Errors
/// It may not leave the store, or cannot be encoded.
pub(crate) fn key_pem(
    keystore: &Keystore,
    trustpoint: &str,
    passphrase: &str,
) -> Result<String, String> {
    let key = exportable_key(keystore, trustpoint).map_err(|e| e.to_string())?;
    let mut random = [0; 32];
    fill_random(&mut random).map_err(|e| e.to_string())?;
    let der = encrypted_private_key(&key, passphrase, ITERATIONS, &random);
    Ok(encrypted_key_to_pem(&der.map_err(|e| e.to_string())?))
}

/// Key, certificate and the CAs above it (P-005).
///
/// # Errors
/// As [`key_pem`].
pub(crate) fn pkcs12(
    keystore: &Keystore,
    trustpoint: &str,
    passphrase: &str,
    form: Pkcs12Form,
) -> Result<Vec<u8>, String> {
    let key = exportable_key(keystore, trustpoint).map_err(|e| e.to_string())?;
    let store = &keystore.store;
    let own = store.identity(trustpoint);
    let own = own.ok_or_else(|| KeyProblem::NoCertificate(trustpoint.to_owned()).to_string())?;
    let file = Pkcs12 {
        key,
        certificate: (*own.certificate).clone(),
        authorities: authorities(keystore, trustpoint),
        name: Some(trustpoint.to_owned()),
    };
    let iterations = match form {
        Pkcs12Form::Legacy => LEGACY_ITERATIONS,
        Pkcs12Form::Modern => ITERATIONS,
    };
    let mut random = [0; PKCS12_RANDOM];
    fill_random(&mut random).map_err(|e| e.to_string())?;
    file.write(passphrase, form, iterations, &random)
        .map_err(|e| e.to_string())
}

/// Every certificate of the trustpoint in a container without signer, its own first.
///
/// # Errors
/// There is none.
pub(crate) fn pkcs7(keystore: &Keystore, trustpoint: &str) -> Result<Vec<u8>, String> {
    let records = of_trustpoint(keystore, trustpoint)?;
    let own = records.iter().filter(|r| r.kind != RecordKind::Ca);
    let mut all: Vec<Certificate> = own.map(|r| (*r.certificate).clone()).collect();
    all.extend(authorities(keystore, trustpoint));
    Ok(pkcs7_of(&all.iter().collect::<Vec<_>>()))
}

/// The subordinate CAs above a trustpoint's certificate, then its CA (P-005).
fn authorities(keystore: &Keystore, trustpoint: &str) -> Vec<Certificate> {
    let store = &keystore.store;
    let chain = store.chain(trustpoint).into_iter().skip(1);
    let mut authorities: Vec<Certificate> = chain.cloned().collect();
    let ca = store.ca(trustpoint);
    let ca = ca.map(|record| (*record.certificate).clone());
    authorities.extend(ca.filter(|ca| !authorities.contains(ca)));
    authorities
}
