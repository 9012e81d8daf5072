//! One writer: `flock` on `<state>/lock`, held by a daemon or by an offline
//! `ikd pki` command for as long as it has the store open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::{KeystoreError, at};

/// The lock; given up when dropped, or when the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    /// Takes it at once or says who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, KeystoreError> {
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
        let mut file = options.open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = (&file).take(32).read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "(unknown)".to_owned(),
                    pid => pid.to_owned(),
                };
                return Err(KeystoreError::Locked { path, holder });
            }
            Err(TryLockError::Error(e)) => return Err(at(&path)(e)),
        }
        let pid = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(at(&path))?;
        Ok(Self(file))
    }
}
