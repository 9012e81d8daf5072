//! Stories of locks, links, passphrases and damage: nothing is lost, nothing is shown.

use std::os::unix::fs::symlink;

use ike_core::sa::job::PrivateKeys;
use ike_pki::sha256_hex;

use super::lab::{Lab, scratch};
use super::*;

/// Two trustpoints with a key each.
fn two(dir: &Path) -> Lab {
    let mut lab = Lab::default();
    let mut store = Store::default();
    let keys = [
        lab.enrol(&mut store, "IOSCA1", "first"),
        lab.enrol(&mut store, "IOSCA2", "second"),
    ];
    open(dir, None).unwrap().commit(&store, &keys).unwrap();
    lab
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// The error of opening for writing.
fn refusal(dir: &Path, passphrase: Option<&Passphrase>) -> String {
    open(dir, passphrase).err().unwrap().to_string()
}

/// A second writer fails at once and is told whom to ask; readers are let in.
#[test]
fn one_writer_at_a_time_and_readers_any_time() {
    let work = scratch();
    two(work.path());
    let first = open(work.path(), None).unwrap();
    let text = refusal(work.path(), None);
    let pid = std::process::id().to_string();
    assert!(text.contains(&format!("in use by process {pid}")), "{text}");
    assert!(text.contains("ikd stop"), "{text}");
    let mut reader = Keystore::open(work.path(), Access::Read, None).unwrap();
    assert_eq!(reader.store, first.store);
    let denied = reader.commit(&Store::default(), &[]).unwrap_err();
    assert!(matches!(denied, KeystoreError::ReadOnly(_)));
    drop(first);
    open(work.path(), None).unwrap();
}

/// J2: a link in place of a file or folder is refused, not followed.
#[test]
fn links_are_refused() {
    let work = scratch();
    let dir = work.path().join("store");
    two(&dir);
    let key = dir.join("private/first.p8");
    let elsewhere = work.path().join("first.p8");
    fs::rename(&key, &elsewhere).unwrap();
    symlink(&elsewhere, &key).unwrap();
    let text = refusal(&dir, None);
    assert!(text.contains("first.p8: is a symbolic link"), "{text}");
    fs::remove_file(&key).unwrap();
    fs::rename(&elsewhere, &key).unwrap();
    let (folder, away) = (dir.join("nvram"), work.path().join("nvram"));
    fs::rename(&folder, &away).unwrap();
    symlink(&away, &folder).unwrap();
    let text = refusal(&dir, None);
    assert!(text.contains("nvram: must be a folder"), "{text}");
    // A link where a new file is to be made is not written through.
    fs::remove_file(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    let victim = work.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    symlink(&victim, dir.join("index.json.new")).unwrap();
    let mut keystore = open(&dir, None).unwrap();
    let mut store = keystore.store.clone();
    symlink(&victim, dir.join("index.json.new")).unwrap();
    store.set_trustpool_clean(true);
    keystore.commit(&store, &[]).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

/// A damaged key stops its own trustpoint only, and is kept.
#[test]
fn a_damaged_key_is_set_aside_and_the_rest_signs() {
    let work = scratch();
    two(work.path());
    let path = work.path().join("private/first.p8");
    fs::write(&path, b"rubbish").unwrap();
    let looked = Keystore::open(work.path(), Access::Read, None).unwrap();
    assert!(path.exists() && looked.keys.key("second").is_some());
    let opened = open(work.path(), None).unwrap();
    let kept = work.path().join("quarantine/first.p8.1");
    assert_eq!(fs::read(&kept).unwrap(), b"rubbish");
    let why = fs::read_to_string(work.path().join("quarantine/first.p8.1.why")).unwrap();
    assert!(why.contains("ikd pki import"), "{why}");
    let told = |text: &str| opened.warnings.iter().any(|w| w.contains(text));
    assert!(
        told("kept as quarantine/first.p8.1"),
        "{:?}",
        opened.warnings
    );
    assert!(
        told("trustpoint IOSCA1: key pair first"),
        "{:?}",
        opened.warnings
    );
    assert!(opened.keys.key("first").is_none() && opened.keys.key("second").is_some());
    drop(opened);
    // A second one gets a number of its own.
    fs::write(&path, b"more rubbish").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    open(work.path(), None).unwrap();
    assert_eq!(
        fs::read(&kept).unwrap(),
        b"rubbish",
        "nothing is overwritten"
    );
    assert!(work.path().join("quarantine/first.p8.2").exists());
}

/// A damaged index stops the start, is kept, and its copy brings everything back.
#[test]
fn a_damaged_index_is_repaired_from_its_copy() {
    let work = scratch();
    two(work.path());
    let whole = open(work.path(), None).unwrap().store;
    let index = work.path().join("index.json");
    let text = fs::read(&index).unwrap();
    fs::write(&index, &text[..text.len() / 2]).unwrap();
    let error = refusal(work.path(), None);
    assert!(error.contains("ikd pki verify --repair"), "{error}");
    assert_eq!(fs::read(&index).unwrap().len(), text.len() / 2, "untouched");
    let done = repair(work.path(), None).unwrap();
    assert!(
        done.iter()
            .any(|d| d.contains("restored from index.json.copy")),
        "{done:?}"
    );
    let opened = open(work.path(), None).unwrap();
    assert_eq!((&opened.store, opened.warnings.len()), (&whole, 0));
    drop(opened);
    // Without copy: keys stay, certificates wait for an import, all of it said.
    fs::write(&index, b"{").unwrap();
    fs::remove_file(work.path().join("index.json.copy")).unwrap();
    let done = repair(work.path(), None).unwrap().join("\n");
    assert!(done.contains("ikd pki import"), "{done}");
    let opened = open(work.path(), None).unwrap();
    assert_eq!(
        opened.keys.labels().collect::<Vec<_>>(),
        ["first", "second"]
    );
    assert!(work.path().join("quarantine/IOSCA1#1CA.cer.1").exists());
}

/// An older index put back by hand costs no file of the newer store.
#[test]
fn an_index_from_a_backup_removes_nothing() {
    let work = scratch();
    let mut lab = two(work.path());
    let index = work.path().join("index.json");
    let backup = fs::read(&index).unwrap();
    let mut keystore = open(work.path(), None).unwrap();
    let mut store = keystore.store.clone();
    let key = lab.enrol(&mut store, "IOSCA3", "third");
    keystore.commit(&store, &[key]).unwrap();
    drop(keystore);
    fs::write(&index, backup).unwrap();
    let opened = open(work.path(), None).unwrap();
    assert!(work.path().join("private/third.p8").exists());
    let told = opened.warnings.iter().any(|w| w.contains("third.p8"));
    assert!(told, "{:?}", opened.warnings);
}

/// A store of the first format: every key file counts, the next commit lists them.
#[test]
fn a_store_of_version_1_is_taken_over() {
    let work = scratch();
    let mut lab = two(work.path());
    let path = work.path().join("index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for newer in ["pending", "keys", "protection", "previous"] {
        index.as_object_mut().unwrap().remove(newer).unwrap();
    }
    index["version"] = 1.into();
    fs::write(&path, index.to_string()).unwrap();
    fs::remove_file(work.path().join("index.json.copy")).unwrap();
    let mut keystore = open(work.path(), None).unwrap();
    assert!(keystore.warnings.is_empty(), "{:?}", keystore.warnings);
    assert!(!keystore.key_table().keys["first"].exportable);
    let mut store = keystore.store.clone();
    lab.renew(&mut store, "IOSCA1");
    keystore.commit(&store, &[]).unwrap();
    drop(keystore);
    let opened = open(work.path(), None).unwrap();
    assert!(opened.warnings.is_empty() && opened.keys.key("second").is_some());
    assert_eq!(opened.key_table().keys.len(), 2);
}

/// Keys at rest: sealed in one step, opened by the right passphrase only.
#[test]
fn encrypted_keys_open_with_their_passphrase_only() {
    let work = scratch();
    let mut lab = two(work.path());
    let right = passphrase("correct horse");
    open(work.path(), None)
        .unwrap()
        .protect(&right, 10)
        .unwrap();
    let before = files(work.path());
    let text = refusal(work.path(), None);
    assert!(text.contains("--key-passphrase-file"), "{text}");
    let text = refusal(work.path(), Some(&passphrase("wrong")));
    assert!(text.contains("wrong passphrase") && text.contains("nothing was changed"));
    assert_eq!(files(work.path()), before);
    let looked = Keystore::open(work.path(), Access::Read, None).unwrap();
    assert!(
        looked.is_locked() && looked.warnings.is_empty(),
        "{:?}",
        looked.warnings
    );
    // New keys are sealed, too.
    let mut keystore = open(work.path(), Some(&right)).unwrap();
    let mut store = keystore.store.clone();
    let key = lab.enrol(&mut store, "IOSCA1", "first");
    keystore.commit(&store, &[key]).unwrap();
    let public = keystore.keys.key("first").unwrap().public();
    let sealed = fs::read(work.path().join("private/first.p8")).unwrap();
    assert!(PrivateKey::from_pkcs8_der(&sealed).is_err());
    assert_eq!(
        ike_pki::private_key_from_der(&sealed, Some("correct horse"))
            .unwrap()
            .public(),
        public
    );
    keystore.unprotect().unwrap();
    drop(keystore);
    let opened = open(work.path(), None).unwrap();
    assert_eq!(opened.keys.key("first").unwrap().public(), public);
    assert!(opened.warnings.is_empty());
}

/// Relative path and SHA-256 of every file except the lock.
fn files(dir: &Path) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for folder in ["", "nvram", "crl", "private"] {
        for entry in fs::read_dir(dir.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("lock") {
                out.push((
                    path.display().to_string(),
                    sha256_hex(&fs::read(&path).unwrap()),
                ));
            }
        }
    }
    out.sort();
    out
}

/// J2: a passphrase file is for its owner only, and must hold one.
#[test]
fn a_passphrase_file_is_checked_like_a_key() {
    let work = scratch();
    let path = work.path().join("passphrase");
    fs::write(&path, "geheim\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let text = Passphrase::from_file(&path).unwrap_err().to_string();
    assert!(
        text.contains("chmod 600") && !text.contains("geheim"),
        "{text}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(Passphrase::from_file(&path).unwrap().expose(), "geheim");
    fs::write(&path, "\n").unwrap();
    assert!(Passphrase::from_file(&path).is_err());
    // systemd's credential, with the mode systemd gives it.
    let credential = work.path().join("ikd-key-passphrase");
    let found = |dir| Passphrase::of_credentials(dir).unwrap();
    assert!(found(None).is_none() && found(Some(work.path())).is_none());
    fs::write(&credential, "geheim").unwrap();
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o440)).unwrap();
    assert_eq!(found(Some(work.path())).unwrap().expose(), "geheim");
}

/// K6: whatever goes wrong, no octet of a key and no passphrase is in any text.
#[test]
fn no_text_shows_a_secret() {
    let work = scratch();
    let mut lab = two(work.path());
    let secret = passphrase("correct horse battery");
    let mut keystore = open(work.path(), None).unwrap();
    let change = lab.key("third");
    keystore
        .commit(&keystore.store.clone(), std::slice::from_ref(&change))
        .unwrap();
    let mut secrets: Vec<Vec<u8>> = vec![b"correct horse battery".to_vec()];
    secrets.extend(keystore.keys.all().map(|(_, key)| {
        // The private scalar of a P-256 key in PKCS#8.
        key.to_pkcs8_der().unwrap().expose()[36..68].to_vec()
    }));
    keystore.protect(&secret, 10).unwrap();
    let mut texts = vec![
        format!("{change:?} {secret:?} {:?}", keystore.key_table()),
        refusal_while_open(work.path()),
    ];
    drop(keystore);
    texts.push(refusal(work.path(), None));
    texts.push(refusal(work.path(), Some(&passphrase("correct horse"))));
    let path = work.path().join("private/first.p8");
    let plain = &secrets[1];
    fs::write(&path, plain).unwrap();
    texts.extend(open(work.path(), Some(&secret)).unwrap().warnings);
    let (_, findings) = inspect(work.path(), Some(&secret)).unwrap();
    texts.push(serde_json::to_string(&findings).unwrap());
    for entry in ["index.json", "index.json.copy", "quarantine/first.p8.1.why"] {
        texts.push(fs::read_to_string(work.path().join(entry)).unwrap());
    }
    for secret in &secrets {
        let hex: String = secret.iter().map(|o| format!("{o:02x}")).collect();
        let shown = [
            String::from_utf8_lossy(secret).into_owned(),
            data_encoding::BASE64.encode(secret)[..20].to_owned(),
            format!("{secret:?}").trim_matches(['[', ']']).to_owned(),
            hex[..16].to_owned(),
        ];
        for text in &texts {
            let lower = text.to_lowercase();
            assert!(
                !shown.iter().any(|s| text.contains(s) || lower.contains(s)),
                "{text}"
            );
        }
    }
}

fn refusal_while_open(dir: &Path) -> String {
    refusal(dir, None)
}

/// Modes: told by the inspection, mended by the repair.
#[test]
fn loose_modes_are_found_and_mended() {
    let work = scratch();
    two(work.path());
    let path = work.path().join("private/first.p8");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(work.path().join("nvram"), fs::Permissions::from_mode(0o755)).unwrap();
    let (_, findings) = inspect(work.path(), None).unwrap();
    let about: Vec<&str> = findings.iter().map(|f| f.about.as_str()).collect();
    assert_eq!(about, ["nvram", "private/first.p8"]);
    repair(work.path(), None).unwrap();
    let (keystore, findings) = inspect(work.path(), None).unwrap();
    assert!(findings.is_empty() && keystore.keys.key("first").is_some());
}
