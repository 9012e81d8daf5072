//! `ikd pki verify`: every file against the index, and what can be mended.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ike_pki::{INDEX, Manifest};
use serde::Serialize;

use super::contents::{COPY, Contents, FOLDERS, NEW, load};
use super::disk::{Disk, RealDisk, put};
use super::error::{KeystoreError, at};
use super::lock::Lock;
use super::{Access, Keystore, Passphrase, keys, quarantine};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which file, relative to the store, or trustpoint.
    pub about: String,
    /// What is wrong.
    pub problem: String,
    /// What helps.
    pub remedy: String,
}

/// Looks at every file of a store; changes nothing.
///
/// # Errors
/// The store cannot be read at all, its index is damaged, or the passphrase is another one.
pub fn inspect(
    dir: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<(Keystore, Vec<Finding>), KeystoreError> {
    let mut findings = modes(dir);
    // Open keys are a finding, not the end of the inspection.
    let opened = match Keystore::open(dir, Access::Read, passphrase) {
        Err(KeystoreError::Readable { .. }) => without_keys(dir)?,
        other => other?,
    };
    let contents = super::calm(dir)?;
    let broken = contents.broken.iter().map(|b| Finding {
        about: b.file.clone(),
        problem: b.problem.clone(),
        remedy: "restore it from a backup, or enroll again".to_owned(),
    });
    findings.extend(broken);
    let strays = contents.strays.iter().map(|file| Finding {
        about: file.clone(),
        problem: format!("{INDEX} does not list it"),
        remedy: "take it in with ikd pki import, or remove it".to_owned(),
    });
    findings.extend(strays);
    Ok((opened, findings))
}

/// Mends what can be mended: modes; a damaged index from its copy. What is damaged is moved
/// into `quarantine/`. Without index and copy nothing tells trustpoints and order: keys stay,
/// certificates are set aside for `ikd pki import`. Returns what was done.
///
/// # Errors
/// Another process writes, or a file cannot be moved.
pub fn repair(dir: &Path, passphrase: Option<&Passphrase>) -> Result<Vec<String>, KeystoreError> {
    let mut done = mend_modes(dir)?;
    if let Err(KeystoreError::Index { problem, .. }) = Contents::read(dir) {
        let _lock = Lock::take(dir)?;
        done.extend(mend_index(dir, &problem)?);
    }
    let opened = Keystore::open(dir, Access::Write, passphrase)?;
    done.extend(opened.warnings);
    Ok(done)
}

fn mend_index(dir: &Path, problem: &str) -> Result<Vec<String>, KeystoreError> {
    let mut disk = RealDisk;
    let mut done = Vec::new();
    if dir.join(INDEX).symlink_metadata().is_ok() {
        let kept = quarantine::set_aside(&mut disk, dir, INDEX, problem)?;
        done.push(format!("{INDEX} {problem}; it is kept as {kept}"));
    }
    let copy = load(dir, COPY)?;
    match copy.filter(|text| Manifest::read(text).is_ok()) {
        Some(text) => {
            let new = dir.join(format!("{INDEX}{NEW}"));
            put(&mut disk, &new, &text).map_err(at(&new))?;
            disk.rename(&new, &dir.join(INDEX)).map_err(at(&new))?;
            disk.sync_folder(dir).map_err(at(dir))?;
            done.push(format!("{INDEX} restored from {COPY}"));
        }
        None => done.extend(give_up_order(&mut disk, dir)?),
    }
    Ok(done)
}

/// No index and no copy: certificates wait for an import, keys go by their file names.
fn give_up_order(disk: &mut RealDisk, dir: &Path) -> Result<Vec<String>, KeystoreError> {
    let mut done = Vec::new();
    if dir.join(COPY).symlink_metadata().is_ok() {
        let kept = quarantine::set_aside(disk, dir, COPY, "cannot be read")?;
        done.push(format!("{COPY} cannot be read; it is kept as {kept}"));
    }
    let folder = dir.join("nvram");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| e.file_name().into_string().ok());
    for name in names.filter(|name| !name.ends_with(NEW)) {
        let why = "no index tells its trustpoint; ikd pki import TRUSTPOINT --format der FILE";
        let kept = quarantine::set_aside(disk, dir, &format!("nvram/{name}"), why)?;
        done.push(format!("nvram/{name} is kept as {kept}: {why}"));
    }
    Ok(done)
}

/// A store whose keys are not looked at.
fn without_keys(dir: &Path) -> Result<Keystore, KeystoreError> {
    let contents = super::calm(dir)?;
    let (store, _) = keys::store(&contents);
    Ok(Keystore {
        store,
        keys: super::PrivateKeyring::default(),
        warnings: Vec::new(),
        dir: dir.to_owned(),
        table: contents.manifest.keys.unwrap_or_default(),
        store_key: None,
        writer: None,
    })
}

/// Folders and files that others may read or that are links.
fn modes(dir: &Path) -> Vec<Finding> {
    let finding = |(path, mode, right): (String, u32, u32)| Finding {
        remedy: format!("chmod {right:o} {}", dir.join(&path).display()),
        problem: format!("mode {mode:04o} lets others in"),
        about: path,
    };
    open_to_others(dir).into_iter().map(finding).collect()
}

/// The same as warnings.
pub(super) fn loose(dir: &Path) -> Vec<String> {
    let lines = modes(dir).into_iter();
    lines
        .map(|f| {
            format!(
                "{}: {}; run: {}",
                dir.join(&f.about).display(),
                f.problem,
                f.remedy
            )
        })
        .collect()
}

fn mend_modes(dir: &Path) -> Result<Vec<String>, KeystoreError> {
    let mend = |(path, mode, right): (String, u32, u32)| {
        let full = dir.join(&path);
        fs::set_permissions(&full, Permissions::from_mode(right)).map_err(at(&full))?;
        Ok(format!("{path}: mode {mode:04o} is now {right:04o}"))
    };
    open_to_others(dir).into_iter().map(mend).collect()
}

/// Relative path, mode, and the mode it should have. Links are not followed.
fn open_to_others(dir: &Path) -> Vec<(String, u32, u32)> {
    let mut paths: Vec<String> = [INDEX, COPY].map(str::to_owned).to_vec();
    for folder in FOLDERS {
        paths.push(folder.to_owned());
        let entries = fs::read_dir(dir.join(folder)).into_iter().flatten();
        let names = entries
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok());
        paths.extend(names.map(|name| format!("{folder}/{name}")));
    }
    let open = paths.into_iter().filter_map(|path| {
        let data = fs::symlink_metadata(dir.join(&path)).ok()?;
        let mode = data.permissions().mode() & 0o7777;
        let right = if data.is_dir() { 0o700 } else { 0o600 };
        let loose = mode & 0o077 != 0 && !data.file_type().is_symlink();
        loose.then_some((path, mode, right))
    });
    open.collect()
}
