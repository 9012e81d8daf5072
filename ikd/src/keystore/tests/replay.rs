//! File operations of a store, remembered and done again with losses: a process that dies, a
//! machine that loses power.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::keystore::disk::{Disk, RealDisk};

/// One operation, with paths relative to the store.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Folder(PathBuf),
    Create(PathBuf),
    Write(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncFolder(PathBuf),
}

/// Does the real thing and remembers it.
pub(super) struct Recorder {
    pub(super) root: PathBuf,
    pub(super) log: Arc<Mutex<Vec<Op>>>,
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
pub(super) enum Loss {
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
pub(super) fn replay(dir: &Path, ops: &[Op], loss: Loss) {
    let mut seed = match loss {
        Loss::Some(seed) => (seed + ops.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
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
    if dir.exists() {
        close(dir);
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
}

/// Modes as the store makes them.
fn close(dir: &Path) {
    for path in all_files(dir) {
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

pub(super) fn all_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let nested = |path: PathBuf| match path.is_dir() {
        true => [vec![path.clone()], all_files(&path)].concat(),
        false => vec![path],
    };
    entries.flat_map(nested).collect()
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in all_files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        match path.is_dir() {
            true => fs::create_dir_all(target).unwrap(),
            false => drop(fs::copy(path, target).unwrap()),
        }
    }
    close(to);
}
