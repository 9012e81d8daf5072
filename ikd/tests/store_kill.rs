//! J8: a process that changes a store all the time is killed a hundred times, and the store
//! is whole every time: what was reported as done is there, keys belong to their certificates, the order only moves forward.
//!
//! The program is its own victim: started with a folder in `IKD_STORE_VICTIM` it commits
//! until it is killed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ikd::keystore::{Access, KeyChange, Keystore};
use ike_crypto::{KeySpec, PrivateKey};
use ike_pki::{CertRequestSpec, LabCa, Name, Store};
use libtest_mimic::{Arguments, Failed, Trial};

const VICTIM: &str = "IKD_STORE_VICTIM";
const ROUNDS: u32 = 100;
const NAMES: [&str; 2] = ["IOSCA1", "IOSCA2"];

fn main() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        return victim(Path::new(&dir));
    }
    let trial = Trial::test("a_store_survives_a_hundred_kills", survives);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}

/// Renews one trustpoint after the other with a new key, until killed.
fn victim(dir: &Path) {
    let key = || PrivateKey::generate(KeySpec::EcP256).unwrap();
    let name = Name::from_subject_name("cn=CA").unwrap();
    let mut ca = LabCa::new(&name, key(), 1, 0, i64::from(u32::MAX)).unwrap();
    let mut keystore = Keystore::open(dir, Access::Write, None).unwrap();
    for trustpoint in NAMES.iter().cycle() {
        let own = Arc::new(key());
        let public = own.public();
        let request = CertRequestSpec::router(name.clone(), &public, 0, i64::from(u32::MAX));
        let certificate = ca.issue(&request).unwrap();
        let mut store = keystore.store.clone();
        store.authenticate(trustpoint, ca.certificate().clone(), 0);
        store.enroll(trustpoint, certificate, trustpoint, 0);
        let label = (*trustpoint).to_owned();
        let change = KeyChange::Put {
            label,
            key: own,
            exportable: false,
            at: 0,
        };
        keystore.commit(&store, &[change]).unwrap();
        println!("committed");
    }
}

fn survives() -> Result<(), Failed> {
    let work = tempfile::tempdir()?;
    let dir = work.path().join("store");
    let (mut last, mut interrupted) = (0, 0);
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe()?)
            .env(VICTIM, &dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // One or two commits are done, the next one is at any point.
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let seen = lines.by_ref().take(1 + round as usize % 2).count();
        std::thread::sleep(Duration::from_micros(u64::from(round * 7919 % 61) * 500));
        child.kill()?;
        let output = child.wait_with_output()?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if !complaint.is_empty() {
            return Err(format!("round {round}: the victim failed by itself: {complaint}").into());
        }
        interrupted += u32::from(has_new(&dir));
        let opened = Keystore::open(&dir, Access::Write, None)?;
        if !opened.warnings.is_empty() {
            return Err(format!("round {round}: {:?}", opened.warnings).into());
        }
        let now = newest(&opened.store);
        if seen == 0
            || now < last + 2 * seen as u64
            || !opened.store.identities().iter().all(|r| opened.can_sign(r))
        {
            let told = format!("round {round}: sequence {now} after {last}, {seen} commits told");
            return Err(told.into());
        }
        last = now;
    }
    println!("{ROUNDS} kills, {interrupted} in the middle of a commit");
    Ok(())
}

fn newest(store: &Store) -> u64 {
    store.listing().first().map_or(0, |record| record.sequence)
}

/// Whether the kill came between the first file of a commit and its end.
fn has_new(dir: &Path) -> bool {
    let folders = ["", "nvram", "private"].map(|name| dir.join(name));
    let mut entries = folders
        .iter()
        .flat_map(|f| std::fs::read_dir(f).into_iter().flatten());
    entries.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().ends_with(".new")))
}
