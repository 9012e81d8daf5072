//! One writer: `flock` on `<state>/lock`, held by a daemon or by an offline
//! `ikd pki` command for as long as it has the store open.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::{KeystoreError, at};

/// The lock; given up when dropped, or when the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock(File);

/// `flock` belongs to the open file, not to this descriptor of it: a child that is just being started has a copy
/// until it executes its program, and closing ours would leave it locked for so long.
impl Drop for Lock {
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when it is closed.
        let _ = self.0.unlock();
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// J8: who opens a store right after somebody else has closed it gets it, whatever was started meanwhile.
    #[test]
    fn a_lock_that_was_given_up_is_free_although_a_child_has_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path()).unwrap();
        let copy_of_a_child = lock.0.try_clone().unwrap();
        let refused = Lock::take(dir.path()).unwrap_err();
        assert!(matches!(refused, KeystoreError::Locked { .. }), "{refused}");
        drop(lock);
        Lock::take(dir.path()).unwrap();
        drop(copy_of_a_child);
    }
}
