//! What is on disk, resolved against the index: a file counts when it has the
//! SHA-256 that the index says, under its name or still under `NAME.new`.
//!
//! So every moment of a commit reads as the old store or the new one (J8):
//! the index alone decides, and what it names is there in one of two places.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ike_pki::{INDEX, Image, Manifest, sha256_hex};
use zeroize::Zeroizing;

use super::disk;
use super::error::{KeystoreError, at};
use super::keyring;

/// Folders of the image, besides the top one that holds the index.
pub(super) const FOLDERS: [&str; 3] = ["nvram", "crl", "private"];
/// Ending of a file that waits for its index.
pub(super) const NEW: &str = ".new";
/// The same index once more, against damage to the first.
pub(super) const COPY: &str = "index.json.copy";

/// A file the index lists and that is not as it says.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// Relative path.
    pub(super) file: String,
    /// What is wrong.
    pub(super) problem: String,
    /// Whether there is a file at all.
    pub(super) there: bool,
}

/// A store as it lies on disk.
#[derive(Default)]
pub(super) struct Contents {
    /// Text of the index.
    pub(super) index: Option<Vec<u8>>,
    /// What it vouches for.
    pub(super) manifest: Manifest,
    /// Every file that is as the index says; key files of a store of version 1.
    pub(super) files: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Those of `files` that wait under `NAME.new`.
    pub(super) waiting: BTreeSet<String>,
    /// Files of a change that never was, and of the store before this one.
    pub(super) leftover: BTreeSet<String>,
    /// Files that are not as the index says.
    pub(super) broken: Vec<Broken>,
    /// Key files that no index lists.
    pub(super) strays: Vec<String>,
    /// Whether the copy of the index is the index.
    pub(super) copied: bool,
}

impl Contents {
    /// Reads a store; changes nothing.
    pub(super) fn read(dir: &Path) -> Result<Self, KeystoreError> {
        let mut contents = Self::default();
        let index = load(dir, INDEX)?;
        let copy = load(dir, COPY)?;
        contents.copied = index.is_some() && index == copy;
        let names = names(dir)?;
        match &index {
            Some(text) => contents.manifest = Manifest::read(text).map_err(damaged(dir))?,
            None => without_index(dir, copy.is_some(), &names)?,
        }
        contents.index = index.map(|text| text.to_vec());
        for (file, sha256) in contents.manifest.files.clone() {
            contents.resolve(dir, file, &sha256)?;
        }
        contents.leave_over(dir, copy.as_deref().map(Vec::as_slice), &names)?;
        contents.keys_without_index(dir, &names)?;
        Ok(contents)
    }

    /// The image for `Store::from_image`.
    pub(super) fn image(&self) -> Image {
        let public = self
            .files
            .iter()
            .filter(|(f, _)| !f.starts_with("private/"));
        let mut image: Image = public
            .map(|(f, octets)| (f.clone(), octets.to_vec()))
            .collect();
        if let Some(text) = &self.index {
            image.insert(INDEX.to_owned(), text.clone());
        }
        image
    }

    /// Finds a listed file in one of its two places.
    fn resolve(&mut self, dir: &Path, file: String, sha256: &str) -> Result<(), KeystoreError> {
        let settled = load(dir, &file)?;
        let there = settled.is_some();
        let right = |octets: &Zeroizing<Vec<u8>>| sha256_hex(octets) == sha256;
        if let Some(octets) = settled.filter(right) {
            self.files.insert(file, octets);
            return Ok(());
        }
        if let Some(octets) = load(dir, &format!("{file}{NEW}"))?.filter(right) {
            self.waiting.insert(file.clone());
            self.files.insert(file, octets);
            return Ok(());
        }
        let problem = match there {
            true => format!("does not have the SHA-256 that {INDEX} says"),
            false => missing(dir, &file),
        };
        self.broken.push(Broken {
            file,
            problem,
            there,
        });
        Ok(())
    }

    /// `NAME.new` without use, and what only the store before this one lists:
    /// the copy of the index tells, if it is the one this index replaced.
    fn leave_over(
        &mut self,
        dir: &Path,
        copy: Option<&[u8]>,
        names: &BTreeSet<String>,
    ) -> Result<(), KeystoreError> {
        let unused = |name: &&String| {
            let plain = name.strip_suffix(NEW);
            plain.is_some_and(|plain| !self.waiting.contains(plain))
        };
        self.leftover = names.iter().filter(unused).cloned().collect();
        let before = copy.filter(|text| Some(sha256_hex(text)) == self.manifest.previous);
        let Some(Ok(before)) = before.map(Manifest::read) else {
            return Ok(());
        };
        for (file, sha256) in before.files {
            let listed = self.manifest.files.contains_key(&file);
            if !listed && load(dir, &file)?.is_some_and(|octets| sha256_hex(&octets) == sha256) {
                self.leftover.insert(file);
            }
        }
        Ok(())
    }

    /// Version 1 counts every key file; later ones those of the index only.
    fn keys_without_index(
        &mut self,
        dir: &Path,
        names: &BTreeSet<String>,
    ) -> Result<(), KeystoreError> {
        for name in names.iter().filter(|name| is_key(name)) {
            if self.manifest.files.contains_key(name) || self.leftover.contains(name) {
                continue;
            }
            if self.manifest.keys.is_some() {
                self.strays.push(name.clone());
            } else if let Some(octets) = load(dir, name)? {
                self.files.insert(name.clone(), octets);
            }
        }
        Ok(())
    }
}

/// The label of a key file by its path.
pub(super) fn label_of(file: &str) -> Option<String> {
    keyring::label_of(file.strip_prefix("private/")?)
}

/// The text of a file of the store, `None` = not there.
pub(super) fn load(dir: &Path, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
    let path = dir.join(file);
    disk::read(&path).map_err(at(&path))
}

/// The index is damaged: what to do.
pub(super) fn damaged(dir: &Path) -> impl Fn(String) -> KeystoreError + '_ {
    move |problem| KeystoreError::Index {
        path: dir.join(INDEX),
        dir: dir.to_owned(),
        problem: format!("cannot be read ({problem})"),
    }
}

fn is_key(name: &str) -> bool {
    label_of(name).is_some()
}

/// A store before its first index has no certificate and no copy.
fn without_index(dir: &Path, copy: bool, names: &BTreeSet<String>) -> Result<(), KeystoreError> {
    let certificate = |n: &String| n.starts_with("nvram/") && !n.ends_with(NEW);
    if !copy && !names.iter().any(certificate) {
        return Ok(());
    }
    Err(KeystoreError::Index {
        path: dir.join(INDEX),
        dir: dir.to_owned(),
        problem: "is missing though certificates are there".to_owned(),
    })
}

fn missing(dir: &Path, file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    let kept = dir.join("quarantine").join(format!("{name}.1"));
    match kept.exists() {
        true => format!("is missing; a damaged one is kept in {}", kept.display()),
        false => "is missing".to_owned(),
    }
}

/// Relative paths of everything in the folders of the image, and of `NAME.new`
/// beside the index. A folder that is a link is refused (J2).
fn names(dir: &Path) -> Result<BTreeSet<String>, KeystoreError> {
    let mut names: BTreeSet<String> = [INDEX, COPY]
        .iter()
        .map(|name| format!("{name}{NEW}"))
        .filter(|name| dir.join(name).exists())
        .collect();
    for folder in FOLDERS {
        let path = dir.join(folder);
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => {}
            Ok(_) => {
                let problem = "must be a folder, not a link or a file".to_owned();
                return Err(KeystoreError::Unsafe { path, problem });
            }
            Err(_) => continue,
        }
        for entry in fs::read_dir(&path).map_err(at(&path))? {
            let entry = entry.map_err(at(&path))?;
            if let Some(name) = entry.file_name().to_str() {
                names.insert(format!("{folder}/{name}"));
            }
        }
    }
    Ok(names)
}
