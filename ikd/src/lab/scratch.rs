//! The folder of a lab that is run and gone within seconds: in memory where there is memory for files. Stores
//! and CAs write through to their disk at every change, which would be most of a lab's time, and private keys
//! stay off the disk.

use std::path::Path;

use tempfile::TempDir;

use super::error::LabError;

/// Where Linux has files in memory.
const MEMORY: &str = "/dev/shm";

/// How long a lab lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Until its verdict.
    Short,
    /// Until somebody ends it: its capture may grow, and belongs on a disk.
    Long,
}

/// A new folder; it goes with the value.
///
/// # Errors
/// None can be made.
pub(super) fn folder(life: Life) -> Result<TempDir, LabError> {
    let mut named = tempfile::Builder::new();
    named.prefix("ikd-lab-");
    let in_memory = (life == Life::Short && Path::new(MEMORY).is_dir())
        .then(|| named.tempdir_in(MEMORY).ok())
        .flatten();
    match in_memory {
        Some(dir) => Ok(dir),
        None => named
            .tempdir()
            .map_err(|e| LabError::internal(format!("temporary folder: {e}"))),
    }
}
