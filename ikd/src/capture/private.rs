//! Files for their owner alone: written beside their name, then renamed, so that no link is followed
//! and nobody reads half of one (I6, J2).

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Writes a file of mode 0600, in place of one of ours with that name.
///
/// # Errors
/// What is there is no file, or not ours; or the folder cannot be written. The text names it.
pub(crate) fn write(path: &Path, octets: &[u8]) -> Result<(), String> {
    refuse_foreign(path)?;
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let beside = temporary(path);
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside);
    let written = file
        .and_then(|mut file| file.write_all(octets))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|e| {
        let _ = fs::remove_file(&beside);
        told(e)
    })
}

/// A file that belongs to somebody else, a link and a device are not replaced.
fn refuse_foreign(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.uid() == nix::unistd::geteuid().as_raw() => Ok(()),
        Ok(_) => Err(format!(
            "{}: what is there is not a file of yours; choose another name",
            path.display()
        )),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("{}: {e}", path.display())),
    }
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut salt = [0; 8];
    crate::system::random(&mut salt);
    let salt = u64::from_ne_bytes(salt);
    path.with_file_name(format!(".{name}.{salt:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// J2: a link that waits under the name is neither followed nor replaced.
    #[test]
    fn no_link_is_followed_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, name) = (dir.path().join("victim"), dir.path().join("cap"));
        fs::write(&victim, "keep").unwrap();
        std::os::unix::fs::symlink(&victim, &name).unwrap();
        let said = write(&name, b"keys").unwrap_err();
        assert!(said.contains("not a file of yours"), "{said}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "keep");
        fs::remove_file(&name).unwrap();
        for text in ["one", "two"] {
            write(&name, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&name).unwrap(), text);
        }
        let mode = fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
