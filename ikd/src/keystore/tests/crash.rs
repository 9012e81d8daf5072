//! J8: a store is stopped after every single operation of every kind of change, with and
//! without what had not been synced, and opens as exactly the old or the new one.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use ike_pki::{KeyEntry, Name, Pending};

use super::lab::{Lab, NOW, scratch};
use super::*;
use crate::keystore::disk::{Disk, RealDisk};

/// One operation, with paths relative to the store.
#[derive(Clone, Debug)]
enum Op {
    Folder(PathBuf),
    Create(PathBuf),
    Write(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncFolder(PathBuf),
}

/// Does the real thing and remembers it.
struct Recorder {
    root: PathBuf,
    log: Arc<Mutex<Vec<Op>>>,
}

impl Recorder {
    fn note(&self, op: impl FnOnce(&dyn Fn(&Path) -> PathBuf) -> Op) {
        let relative = |path: &Path| path.strip_prefix(&self.root).unwrap().to_owned();
        self.log.lock().unwrap().push(op(&relative));
    }
}

impl Disk for Recorder {
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        self.note(|of| Op::Folder(of(path)));
        RealDisk.folder(path)
    }
    fn create(&mut self, path: &Path) -> io::Result<()> {
        self.note(|of| Op::Create(of(path)));
        RealDisk.create(path)
    }
    fn write(&mut self, path: &Path, octets: &[u8]) -> io::Result<()> {
        self.note(|of| Op::Write(of(path), octets.to_vec()));
        RealDisk.write(path, octets)
    }
    fn sync(&mut self, path: &Path) -> io::Result<()> {
        self.note(|of| Op::Sync(of(path)));
        RealDisk.sync(path)
    }
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(|of| Op::Rename(of(from), of(to)));
        RealDisk.rename(from, to)
    }
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.note(|of| Op::Remove(of(path)));
        RealDisk.remove(path)
    }
    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        self.note(|of| Op::SyncFolder(of(path)));
        RealDisk.sync_folder(path)
    }
}

/// What happens to operations that no sync has made sure of.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The process died, the machine did not: all of them are there.
    Nothing,
    /// As `Nothing`, and the last write is half there.
    HalfWritten,
    /// The machine died: none of them is there.
    Everything,
    /// Names are there, content is not.
    Content,
    /// Some of them are, by this seed.
    Some(u64),
}

/// Whether a later operation up to the cut makes sure of this one.
fn is_sure(ops: &[Op], at: usize) -> bool {
    let later = &ops[at + 1..];
    let folder = |path: &Path| {
        let parent = path.parent().unwrap_or(Path::new(""));
        later
            .iter()
            .any(|op| matches!(op, Op::SyncFolder(f) if f == parent))
    };
    match &ops[at] {
        // The state folder itself is the installation's matter.
        Op::Folder(path) => path == Path::new("") || folder(path),
        Op::Create(path) | Op::Remove(path) | Op::Rename(_, path) => folder(path),
        Op::Write(path, _) => later
            .iter()
            .any(|op| matches!(op, Op::Sync(p) if p == path)),
        Op::Sync(_) | Op::SyncFolder(_) => true,
    }
}

/// Does the operations again in `dir`, with their loss.
fn replay(dir: &Path, ops: &[Op], loss: Loss) {
    let mut seed = match loss {
        Loss::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        _ => 0,
    };
    let mut coin = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed & 1 == 1
    };
    for (at, op) in ops.iter().enumerate() {
        let is_write = matches!(op, Op::Write(..));
        let kept = match loss {
            Loss::Nothing | Loss::HalfWritten => true,
            Loss::Everything => is_sure(ops, at),
            Loss::Content => !is_write || is_sure(ops, at),
            Loss::Some(_) => is_sure(ops, at) || coin(),
        };
        let half = matches!(loss, Loss::HalfWritten) && at + 1 == ops.len();
        if kept {
            perform(dir, op, half);
        }
    }
}

/// What depends on something that was lost is lost with it.
fn perform(dir: &Path, op: &Op, half: bool) {
    match op {
        Op::Folder(path) => fs::create_dir_all(dir.join(path)).unwrap(),
        Op::Create(path) => drop(fs::write(dir.join(path), b"")),
        Op::Write(path, octets) if dir.join(path).exists() => {
            let len = if half { octets.len() / 2 } else { octets.len() };
            fs::write(dir.join(path), &octets[..len]).unwrap();
        }
        Op::Rename(from, to) => drop(fs::rename(dir.join(from), dir.join(to))),
        Op::Remove(path) => drop(fs::remove_file(dir.join(path))),
        Op::Write(..) | Op::Sync(_) | Op::SyncFolder(_) => {}
    }
    for path in [dir.to_owned()].into_iter().chain(all_files(dir)) {
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let nested = |path: PathBuf| match path.is_dir() {
        true => [vec![path.clone()], all_files(&path)].concat(),
        false => vec![path],
    };
    entries.flat_map(nested).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in all_files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        match path.is_dir() {
            true => fs::create_dir_all(target).unwrap(),
            false => drop(fs::copy(path, target).unwrap()),
        }
    }
}

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

const CHANGES: [(&str, Change); 11] = [
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
    let losses = losses.into_iter().chain((1..=4).map(Loss::Some));
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
