//! Atomic, fsynced files for the store's image.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ike_pki::Image;

use super::{KeystoreError, at};

/// Folders of the image, besides the top one that holds the index.
const FOLDERS: [&str; 2] = ["nvram", "crl"];
const INDEX: &str = "index.json";
const NEW: &str = ".new";

/// What is on disk.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files under their names.
    pub(super) plain: Image,
    /// Files that wait under `NAME.new`, under their final names.
    pub(super) new: Image,
}

/// Reads everything that belongs to an image.
pub(super) fn read(dir: &Path) -> Result<Found, KeystoreError> {
    let mut found = Found::default();
    take(dir, INDEX, &mut found)?;
    take(dir, &format!("{INDEX}{NEW}"), &mut found)?;
    for folder in FOLDERS {
        let path = dir.join(folder);
        if !path.exists() {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(at(&path))? {
            let entry = entry.map_err(at(&path))?;
            if let Some(name) = entry.file_name().to_str() {
                take(dir, &format!("{folder}/{name}"), &mut found)?;
            }
        }
    }
    // An index that never came into place is not part of anything.
    found.new.remove(INDEX);
    Ok(found)
}

fn take(dir: &Path, relative: &str, found: &mut Found) -> Result<(), KeystoreError> {
    let path = dir.join(relative);
    let octets = match fs::read(&path) {
        Ok(octets) => octets,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(at(&path)(e)),
    };
    match relative.strip_suffix(NEW) {
        Some(name) => found.new.insert(name.to_owned(), octets),
        None => found.plain.insert(relative.to_owned(), octets),
    };
    Ok(())
}

/// Writes an image: changed files beside the old ones, then the index, then the renames.
pub(super) fn write(dir: &Path, image: &Image) -> Result<(), KeystoreError> {
    folder(dir)?;
    for name in FOLDERS {
        folder(&dir.join(name))?;
    }
    let old = read(dir)?;
    let changed: Vec<&String> = image
        .iter()
        .filter(|(name, octets)| old.plain.get(*name) != Some(octets))
        .map(|(name, _)| name)
        .collect();
    for name in &changed {
        if let Some(octets) = image.get(*name) {
            put(&dir.join(format!("{name}{NEW}")), octets)?;
        }
    }
    sync_all(dir)?;
    // The commit point.
    if changed.iter().any(|name| *name == INDEX) {
        rename(dir, INDEX)?;
        sync(dir)?;
    }
    for name in changed.iter().filter(|name| **name != INDEX) {
        rename(dir, name)?;
    }
    for name in old.plain.keys().filter(|name| !image.contains_key(*name)) {
        remove(&dir.join(name))?;
    }
    sync_all(dir)
}

/// Brings waiting files into place.
pub(super) fn promote(dir: &Path, found: &Found) -> Result<(), KeystoreError> {
    found.new.keys().try_for_each(|name| rename(dir, name))?;
    sync_all(dir)
}

/// Takes waiting files away: they belong to a change that never was.
pub(super) fn discard(dir: &Path, found: &Found) -> Result<(), KeystoreError> {
    found
        .new
        .keys()
        .try_for_each(|name| remove(&dir.join(format!("{name}{NEW}"))))
}

/// A folder of mode 0700.
pub(super) fn folder(path: &Path) -> Result<(), KeystoreError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(at(path))
}

/// A file of mode 0600, made anew and never through a link (J2), on disk when this returns.
pub(super) fn put(path: &Path, octets: &[u8]) -> Result<(), KeystoreError> {
    remove(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))?;
    file.write_all(octets)
        .and_then(|()| file.sync_all())
        .map_err(at(path))
}

fn rename(dir: &Path, name: &str) -> Result<(), KeystoreError> {
    let to = dir.join(name);
    fs::rename(dir.join(format!("{name}{NEW}")), &to).map_err(at(&to))
}

fn remove(path: &Path) -> Result<(), KeystoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(at(path)(e)),
        _ => Ok(()),
    }
}

fn sync_all(dir: &Path) -> Result<(), KeystoreError> {
    let folders = FOLDERS.iter().map(|name| dir.join(name));
    folders
        .chain([PathBuf::from(dir)])
        .try_for_each(|path| sync(&path))
}

pub(super) fn sync(dir: &Path) -> Result<(), KeystoreError> {
    File::open(dir).and_then(|f| f.sync_all()).map_err(at(dir))
}
