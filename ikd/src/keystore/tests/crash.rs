//! J8: a store is stopped after every single operation of every kind of change, with and
//! without what had not been synced, and opens as exactly the old or the new one.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use ike_pki::{KeyEntry, Name, Pending};

use super::lab::{Lab, NOW, scratch};
use super::replay::{Loss, Op, Recorder, all_files, copy, replay};
use super::*;
use crate::keystore::disk::{Disk, RealDisk};

/// Everything that must be as before or as after.
#[derive(Clone, Debug, PartialEq)]
struct State {
    store: Store,
    keys: Vec<(String, Vec<u8>)>,
    /// Without the hash of the file: encryption is not repeated.
    table: BTreeMap<String, KeyEntry>,
    protected: bool,
}

fn state(keystore: &Keystore) -> State {
    let keys = keystore.keys.all();
    let mut table = keystore.key_table().keys.clone();
    table.values_mut().for_each(|entry| entry.sha256.clear());
    State {
        store: keystore.store.clone(),
        keys: keys
            .map(|(l, k)| (l.clone(), k.public().spki_der().to_vec()))
            .collect(),
        table,
        protected: keystore.key_table().protection.is_some(),
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse").unwrap()
}

type Change = fn(&mut Keystore, &mut Lab);

const CHANGES: [(&str, Change); 12] = [
    ("enrol another trustpoint", |keystore, lab| {
        let mut store = keystore.store.clone();
        let key = lab.enrol(&mut store, "IOSCA3", "third");
        keystore.commit(&store, &[key]).unwrap();
    }),
    ("renew with the same key", |keystore, lab| {
        let mut store = keystore.store.clone();
        lab.renew(&mut store, "IOSCA1");
        keystore.commit(&store, &[]).unwrap();
    }),
    ("renew with a new key", |keystore, lab| {
        let mut store = keystore.store.clone();
        let key = lab.enrol(&mut store, "IOSCA1", "first");
        keystore.commit(&store, &[key]).unwrap();
    }),
    ("reorder", |keystore, _| {
        let mut store = keystore.store.clone();
        store.set_order(&["IOSCA1", "IOSCA2"]);
        keystore.commit(&store, &[]).unwrap();
    }),
    ("delete a trustpoint with its key", |keystore, _| {
        let mut store = keystore.store.clone();
        store.remove_trustpoint("IOSCA2");
        let label = "second".to_owned();
        keystore
            .commit(&store, &[KeyChange::Remove { label }])
            .unwrap();
    }),
    ("send a request", |keystore, lab| {
        let mut store = keystore.store.clone();
        store.set_pending(request("IOSCA1"));
        let key = lab.key("fresh");
        keystore.commit(&store, &[key]).unwrap();
    }),
    ("give a request up", |keystore, _| {
        let mut store = keystore.store.clone();
        store.take_pending("IOSCA2").unwrap();
        keystore.commit(&store, &[]).unwrap();
    }),
    ("fetch a revocation list", |keystore, lab| {
        let mut store = keystore.store.clone();
        store.set_crl("IOSCA1", lab.crl("IOSCA1"));
        keystore.commit(&store, &[]).unwrap();
    }),
    ("make a key", |keystore, lab| {
        let store = keystore.store.clone();
        let key = lab.key("fresh");
        keystore.commit(&store, &[key]).unwrap();
    }),
    ("encrypt the keys", |keystore, _| {
        keystore.protect(&passphrase(), 10).unwrap();
    }),
    (
        "a key that waited takes the place of the old one",
        |keystore, lab| {
            let mut store = keystore.store.clone();
            let put = lab.rename("waiting", "second");
            lab.renew(&mut store, "IOSCA2");
            let label = "waiting".to_owned();
            keystore
                .commit(&store, &[put, KeyChange::Remove { label }])
                .unwrap();
            assert_eq!(keystore.store.pending("IOSCA2"), None);
            assert!(keystore.can_sign(keystore.store.identity("IOSCA2").unwrap()));
        },
    ),
    ("delete everything", |keystore, _| {
        let remove = |label: &str| KeyChange::Remove {
            label: label.to_owned(),
        };
        let changes = [remove("first"), remove("second"), remove("waiting")];
        keystore.commit(&Store::default(), &changes).unwrap();
    }),
];

fn request(trustpoint: &str) -> Pending {
    Pending {
        trustpoint: trustpoint.to_owned(),
        subject: Name::from_subject_name("cn=R1").unwrap(),
        request_der: vec![0x30, 0],
        key_label: "waiting".to_owned(),
        transaction: vec![1, 2, 3],
        polls: 0,
        requested_at: NOW,
        next_poll_at: NOW + 60,
    }
}

/// Two trustpoints, a request that waits, a revocation list.
fn before(dir: &Path, lab: &mut Lab) {
    let mut store = Store::default();
    let mut keys = vec![
        lab.enrol(&mut store, "IOSCA1", "first"),
        lab.enrol(&mut store, "IOSCA2", "second"),
    ];
    keys.push(lab.key("waiting"));
    store.set_pending(request("IOSCA2"));
    store.set_crl("IOSCA1", lab.crl("IOSCA1"));
    let mut keystore = open(dir, None).unwrap();
    keystore.commit(&store, &keys).unwrap();
}

/// Runs a change on a copy of `dir`; what it did and what came out.
fn record(dir: &Path, change: impl FnOnce(&mut Keystore)) -> (Vec<Op>, State) {
    let work = scratch();
    let root = work.path().join("store");
    if dir.exists() {
        copy(dir, &root);
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let disk = Recorder {
        root: root.clone(),
        log: log.clone(),
    };
    let mut keystore = Keystore::open_on(Box::new(disk), &root, Access::Write, None).unwrap();
    change(&mut keystore);
    drop(keystore);
    let after = state(&open(&root, Some(&passphrase())).unwrap());
    let ops = log.lock().unwrap().clone();
    (ops, after)
}

/// Every cut, every loss: old or new, without a warning, and able to go on.
fn assert_survives(what: &str, dir: &Path, ops: &[Op], old: &State, new: &State) -> [usize; 2] {
    let losses = [
        Loss::Nothing,
        Loss::HalfWritten,
        Loss::Everything,
        Loss::Content,
    ];
    let losses = losses.into_iter().chain((1..=2).map(Loss::Some));
    let mut seen = [0; 2];
    for (cut, loss) in (0..=ops.len()).flat_map(|cut| losses.clone().map(move |l| (cut, l))) {
        let work = scratch();
        let root = work.path().join("store");
        if dir.exists() {
            copy(dir, &root);
        }
        replay(&root, &ops[..cut], loss);
        let story = format!("{what}, cut after {cut} of {}, {loss:?}", ops.len());
        let looked = Keystore::open(&root, Access::Read, Some(&passphrase()));
        let looked = state(&looked.unwrap_or_else(|e| panic!("{story}: {e}")));
        let mut opened = open(&root, Some(&passphrase())).unwrap();
        let found = state(&opened);
        assert_eq!(looked, found, "{story}: a reader sees what a writer sees");
        assert!(
            found == *old || found == *new,
            "{story}: neither old nor new"
        );
        let tolerated = |w: &String| w.contains("no certificate store yet");
        assert!(
            opened.warnings.iter().all(tolerated),
            "{story}: {:?}",
            opened.warnings
        );
        if !matches!(loss, Loss::Nothing | Loss::Everything) {
            seen[usize::from(found == *new)] += 1;
            continue;
        }
        // It goes on, and nothing of the crash comes back.
        let mut store = opened.store.clone();
        store.set_trustpool_clean(true);
        opened.commit(&store, &[]).unwrap();
        drop(opened);
        let again = state(&open(&root, Some(&passphrase())).unwrap());
        assert_eq!(
            (&again.store, &again.keys),
            (&store, &found.keys),
            "{story}"
        );
        let rest = all_files(&root);
        assert!(
            rest.iter().all(|p| !p.to_string_lossy().ends_with(".new")),
            "{story}"
        );
        seen[usize::from(found == *new)] += 1;
    }
    seen
}

/// kill -9 and power loss at every point of every change.
#[test]
fn every_cut_leaves_the_old_store_or_the_new_one() {
    for (what, change) in CHANGES {
        let work = scratch();
        let dir = work.path().join("store");
        let mut lab = Lab::default();
        before(&dir, &mut lab);
        let old = state(&open(&dir, None).unwrap());
        let (ops, new) = record(&dir, |keystore| change(keystore, &mut lab));
        assert_ne!(old, new, "{what} changes something");
        let [olds, news] = assert_survives(what, &dir, &ops, &old, &new);
        assert!(
            olds > 20 && news > 20,
            "{what}: both sides of the commit are reached"
        );
    }
}

/// The first commit makes folders, index and all.
#[test]
fn the_first_commit_is_as_safe() {
    let work = scratch();
    let dir = work.path().join("none");
    let mut lab = Lab::default();
    let mut store = Store::default();
    let key = lab.enrol(&mut store, "IOSCA1", "first");
    let (ops, new) = record(&dir, |keystore| keystore.commit(&store, &[key]).unwrap());
    let old = state(&Keystore::open(&dir, Access::Read, None).unwrap());
    assert_survives("first commit", &dir, &ops, &old, &new);
}

/// The end of a commit that could not be finished is finished by the next one.
#[test]
fn a_full_disk_after_the_commit_is_only_a_warning() {
    struct Full(RealDisk, bool);
    impl Disk for Full {
        fn folder(&mut self, path: &Path) -> io::Result<()> {
            self.0.folder(path)
        }
        fn create(&mut self, path: &Path) -> io::Result<()> {
            self.0.create(path)
        }
        fn write(&mut self, path: &Path, octets: &[u8]) -> io::Result<()> {
            self.0.write(path, octets)
        }
        fn sync(&mut self, path: &Path) -> io::Result<()> {
            self.0.sync(path)
        }
        fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
            if !to.ends_with("index.json") && !std::mem::replace(&mut self.1, true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.rename(from, to)
        }
        fn remove(&mut self, path: &Path) -> io::Result<()> {
            self.0.remove(path)
        }
        fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
            self.0.sync_folder(path)
        }
    }
    let work = scratch();
    let (mut lab, mut store) = (Lab::default(), Store::default());
    let key = lab.enrol(&mut store, "IOSCA1", "first");
    let disk = Box::new(Full(RealDisk, false));
    let mut keystore = Keystore::open_on(disk, work.path(), Access::Write, None).unwrap();
    keystore.commit(&store, &[key]).unwrap();
    assert!(
        keystore
            .warnings
            .iter()
            .any(|w| w.contains("not all in place"))
    );
    let key = lab.enrol(&mut store, "IOSCA2", "second");
    keystore.commit(&store, &[key]).unwrap();
    drop(keystore);
    let opened = open(work.path(), None).unwrap();
    assert_eq!((&opened.store, opened.warnings.len()), (&store, 0));
}
