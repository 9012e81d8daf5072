//! Damaged files are moved aside, never overwritten or deleted, each with a
//! line that says why and what helps.

use std::path::{Path, PathBuf};

use super::disk::{Disk, put};
use super::error::{KeystoreError, at};

/// Name of the folder.
pub(super) const FOLDER: &str = "quarantine";

/// Moves a file of the store to `quarantine/<name>.<n>` and writes
/// `<name>.<n>.why` beside it; returns the relative path.
pub(super) fn set_aside(
    disk: &mut dyn Disk,
    dir: &Path,
    file: &str,
    why: &str,
) -> Result<String, KeystoreError> {
    let folder = dir.join(FOLDER);
    disk.folder(&folder).map_err(at(&folder))?;
    let name = file.rsplit('/').next().unwrap_or(file);
    let mut free = (1..).map(|n| format!("{FOLDER}/{name}.{n}"));
    let taken = |kept: &String| {
        let path = dir.join(kept);
        path.symlink_metadata().is_ok() || reason(&path).exists()
    };
    let kept = free.find(|kept| !taken(kept)).unwrap_or_default();
    let (from, to) = (dir.join(file), dir.join(&kept));
    let text = format!("{file}: {why}\n");
    let reason = reason(&to);
    put(disk, &reason, text.as_bytes()).map_err(at(&reason))?;
    disk.rename(&from, &to).map_err(at(&from))?;
    disk.sync_folder(&folder).map_err(at(&folder))?;
    let left = from.parent().unwrap_or(dir);
    disk.sync_folder(left).map_err(at(left))?;
    Ok(kept)
}

/// `NAME.why`.
fn reason(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".why");
    name.into()
}
