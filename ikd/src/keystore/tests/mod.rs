//! Stories of a store that lives through crashes, damage and careless modes.

mod crash;
pub(crate) mod lab;
mod replay;
mod trust;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ike_core::config::parse;
use ike_core::sim::enrol::{Enrollee, LabCas};
use ike_crypto::{KeySpec, PrivateKey};

use super::*;

/// A store opened for writing, as a daemon opens it.
fn open(dir: &Path, passphrase: Option<&Passphrase>) -> Result<Keystore, KeystoreError> {
    Keystore::open(dir, Access::Write, passphrase)
}

const CONFIG: &str = "hostname R1\nip domain name cisco.com\ncrypto pki trustpoint IOSCA1\n enrollment url http://192.168.0.3:80\n subject-name CN=R1,O=cisco\ncrypto pki trustpoint IOSCA2\n enrollment url http://192.168.0.4:80\n subject-name CN=R1,O=cisco\n";

fn key() -> PrivateKey {
    PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap()
}

/// A store with both trustpoints, and its key.
fn enrolled() -> (Store, (String, PrivateKey)) {
    let config = parse("r1.cfg", CONFIG).config;
    let mut cas = LabCas::default();
    for (number, url) in LabCas::urls(&[&config]).iter().enumerate() {
        cas.add(url, number + 1, key(), 1_371_470_000).unwrap();
    }
    let own = key();
    let public = own.public();
    let who = Enrollee {
        config: &config,
        serial: "100",
        public: &public,
        key_label: "R1.cisco.com",
        order: None,
        at: 1_371_470_000,
    };
    (cas.enrol(&who).unwrap(), ("R1.cisco.com".to_owned(), own))
}

fn order(store: &Store) -> Vec<String> {
    store
        .listing()
        .iter()
        .map(|r| r.file_name.clone())
        .collect()
}

/// P-006, T-82: what comes back is what was written, in the same order.
#[test]
fn a_restart_keeps_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = enrolled();
    create(dir.path(), &store, &[key]).unwrap();
    let opened = open(dir.path(), None).unwrap();
    assert_eq!(order(&opened.store), order(&store));
    assert!(opened.warnings.is_empty(), "{:?}", opened.warnings);
    let mode = |p: &str| {
        fs::metadata(dir.path().join(p))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (
            mode("index.json"),
            mode("nvram"),
            mode("private/R1.cisco.com.p8")
        ),
        (0o600, 0o700, 0o600)
    );
}

/// J8: a crash before the new index leaves the old store.
#[test]
fn a_crash_before_the_index_leaves_the_old_store() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = enrolled();
    create(dir.path(), &store, &[key]).unwrap();
    fs::write(dir.path().join("nvram/CA1#2.cer.new"), b"half").unwrap();
    let opened = open(dir.path(), None).unwrap();
    assert_eq!(order(&opened.store), order(&store));
    assert!(!dir.path().join("nvram/CA1#2.cer.new").exists());
}

/// J8: a crash after the new index and before the renames is finished on opening.
#[test]
fn a_crash_after_the_index_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = enrolled();
    create(dir.path(), &store, &[key]).unwrap();
    let path = dir.path().join("nvram/CA1#2.cer");
    fs::rename(&path, path.with_extension("cer.new")).unwrap();
    let opened = open(dir.path(), None).unwrap();
    assert_eq!(order(&opened.store), order(&store));
    assert!(opened.warnings.is_empty() && path.exists());
}

/// A damaged file is named with a way out; the rest of the store works and stays on disk.
#[test]
fn damage_is_named_and_the_rest_works() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = enrolled();
    create(dir.path(), &store, &[key]).unwrap();
    let path = dir.path().join("nvram/CA1#2.cer");
    let mut octets = fs::read(&path).unwrap();
    octets[40] ^= 1;
    fs::write(&path, &octets).unwrap();
    let opened = open(dir.path(), None).unwrap();
    assert!(
        opened.warnings.iter().any(|w| w.contains("CA1#2.cer")),
        "{:?}",
        opened.warnings
    );
    assert!(opened.store.identity("IOSCA2").is_some());
    let kept = dir.path().join("quarantine/CA1#2.cer.1");
    assert_eq!(fs::read(&kept).unwrap(), octets, "nothing is overwritten");
    assert!(!path.exists());
}

/// J2: a key that others can read is refused, with the command that mends it.
#[test]
fn an_open_private_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, key) = enrolled();
    create(dir.path(), &store, &[key]).unwrap();
    let path = dir.path().join("private/R1.cisco.com.p8");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let text = open(dir.path(), None).err().unwrap().to_string();
    assert!(text.contains("chmod 600"), "{text}");
}

/// A key that belongs to another certificate is told, not used silently.
#[test]
fn a_foreign_key_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (store, (label, _)) = enrolled();
    create(dir.path(), &store, &[(label, key())]).unwrap();
    let opened = open(dir.path(), None).unwrap();
    assert!(
        opened
            .warnings
            .iter()
            .any(|w| w.contains("does not belong")),
        "{:?}",
        opened.warnings
    );
}
