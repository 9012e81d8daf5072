//! Commits: the only code that changes a store.
//!
//! New files stand beside the old ones as `NAME.new`, synced, when the new index
//! takes the place of the old one: that rename is the commit. What follows
//! (bringing files into place, removing old ones, the copy of the index) is
//! finished by whoever opens the store next, if need be.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use ike_pki::{INDEX, Manifest, sha256_hex};
use zeroize::Zeroizing;

use super::contents::{COPY, Contents, FOLDERS, NEW};
use super::disk::{Disk, put};
use super::error::{KeystoreError, at};
use super::lock::Lock;

/// Files by relative path.
pub(super) type Files = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// A store that is open for writing.
pub(super) struct Writer {
    dir: PathBuf,
    pub(super) disk: Box<dyn Disk>,
    /// `None` until there is a folder.
    lock: Option<Lock>,
    /// SHA-256 of the index in force.
    index: Option<String>,
    /// What is on disk and whole, by the index in force.
    manifest: Manifest,
    /// The end of the last commit failed.
    unsettled: bool,
}

impl Writer {
    /// Takes the lock of a folder that is there.
    pub(super) fn new(dir: &Path, disk: Box<dyn Disk>) -> Result<Self, KeystoreError> {
        let lock = match dir.exists() {
            true => Some(Lock::take(dir)?),
            false => None,
        };
        Ok(Self {
            dir: dir.to_owned(),
            disk,
            lock,
            index: None,
            manifest: Manifest::default(),
            unsettled: false,
        })
    }

    /// Finishes or takes back what a crash left, and goes on from there.
    pub(super) fn settle(&mut self, contents: &Contents) -> Result<(), KeystoreError> {
        let copy = contents.index.as_deref().filter(|_| !contents.copied);
        let nothing = contents.waiting.is_empty() && contents.leftover.is_empty();
        if copy.is_some() || !nothing {
            self.finish(&contents.waiting, &contents.leftover, copy)?;
        }
        self.index = contents.index.as_deref().map(sha256_hex);
        self.manifest = contents.manifest.clone();
        let whole = |file: &String, _: &mut String| contents.files.contains_key(file);
        self.manifest.files.retain(whole);
        self.unsettled = false;
        Ok(())
    }

    /// SHA-256 of the index in force, for the one that replaces it.
    pub(super) fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// Makes `files` and the new `index` the store, in one step. Files that
    /// are there already are not written again. An error after that step is
    /// no error of the commit: it is returned as a warning.
    pub(super) fn replace(
        &mut self,
        index: &[u8],
        mut files: Files,
    ) -> Result<Option<String>, KeystoreError> {
        self.prepare()?;
        let manifest = Manifest::read(index).map_err(super::contents::damaged(&self.dir))?;
        let known = self.manifest.files.clone();
        files.retain(|file, _| known.get(file) != manifest.files.get(file));
        self.write_beside(index, &files)?;
        let path = self.dir.join(INDEX);
        let new = self.dir.join(format!("{INDEX}{NEW}"));
        self.disk.rename(&new, &path).map_err(at(&path))?;
        // The commit is done.
        let gone = known.into_keys();
        let gone = gone.filter(|f| !manifest.files.contains_key(f)).collect();
        self.index = Some(sha256_hex(index));
        self.manifest = manifest;
        let waiting = files.into_keys().collect();
        let dir = self.dir.clone();
        let synced = self.disk.sync_folder(&dir).map_err(at(&dir));
        let end = synced.and_then(|()| self.finish(&waiting, &gone, Some(index)));
        self.unsettled = end.is_err();
        Ok(end
            .err()
            .map(|e| format!("the store is changed, but its files are not all in place yet: {e}")))
    }

    /// Folders and lock; the end of the last commit, if it failed.
    fn prepare(&mut self) -> Result<(), KeystoreError> {
        let dir = self.dir.clone();
        let folders = FOLDERS.iter().map(|name| dir.join(name));
        for path in std::iter::once(dir.clone()).chain(folders) {
            self.disk.folder(&path).map_err(at(&path))?;
        }
        if self.lock.is_none() {
            self.lock = Some(Lock::take(&dir)?);
            let contents = Contents::read(&dir)?;
            if contents.index.is_some() {
                let problem = "was made by another process meanwhile; start again".to_owned();
                return Err(KeystoreError::Unsafe { path: dir, problem });
            }
        }
        if self.unsettled {
            let contents = Contents::read(&dir)?;
            self.settle(&contents)?;
        }
        Ok(())
    }

    fn write_beside(&mut self, index: &[u8], files: &Files) -> Result<(), KeystoreError> {
        for (file, octets) in files {
            let path = self.dir.join(format!("{file}{NEW}"));
            put(&mut *self.disk, &path, octets).map_err(at(&path))?;
        }
        let path = self.dir.join(format!("{INDEX}{NEW}"));
        put(&mut *self.disk, &path, index).map_err(at(&path))?;
        // The folders' own names, too: a new store.
        let touched: BTreeSet<String> = files.keys().cloned().collect();
        let dir = self.dir.clone();
        self.disk.sync_folder(&dir).map_err(at(&dir))?;
        self.sync(&touched)
    }

    /// Brings files into place, removes old ones, then writes the copy of the
    /// index: while that is the old one, the old files are known by it.
    fn finish(
        &mut self,
        waiting: &BTreeSet<String>,
        gone: &BTreeSet<String>,
        index: Option<&[u8]>,
    ) -> Result<(), KeystoreError> {
        for file in waiting {
            let path = self.dir.join(file);
            let new = self.dir.join(format!("{file}{NEW}"));
            self.disk.rename(&new, &path).map_err(at(&path))?;
        }
        self.sync(waiting)?;
        for file in gone {
            let path = self.dir.join(file);
            self.disk.remove(&path).map_err(at(&path))?;
        }
        self.sync(gone)?;
        match index {
            Some(index) => self.copy(index).map_err(at(&self.dir.join(COPY))),
            None => Ok(()),
        }
    }

    fn copy(&mut self, index: &[u8]) -> io::Result<()> {
        let new = self.dir.join(format!("{COPY}{NEW}"));
        put(&mut *self.disk, &new, index)?;
        self.disk.rename(&new, &self.dir.join(COPY))?;
        self.disk.sync_folder(&self.dir)
    }

    /// Syncs the folders of these files.
    fn sync(&mut self, files: &BTreeSet<String>) -> Result<(), KeystoreError> {
        let folders = files
            .iter()
            .filter_map(|f| f.split_once('/'))
            .map(|(f, _)| f);
        for folder in folders.collect::<BTreeSet<_>>() {
            let path = self.dir.join(folder);
            self.disk.sync_folder(&path).map_err(at(&path))?;
        }
        Ok(())
    }
}
