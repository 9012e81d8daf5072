//! The file operations of a store, one by one behind a trait, so that a test
//! can stop after any of them and forget what was not synced (J8).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use zeroize::Zeroizing;

/// Largest file that is read, octets; a revocation list may be long.
const MAX_FILE: u64 = 64 << 20;

/// Operations that change a folder.
pub(super) trait Disk: Send {
    /// Makes a folder of mode 0700 unless it is there.
    fn folder(&mut self, path: &Path) -> io::Result<()>;
    /// Makes an empty file of mode 0600; one that is there, or a link, is an error (J2).
    fn create(&mut self, path: &Path) -> io::Result<()>;
    /// Writes the content of a file just created.
    fn write(&mut self, path: &Path, octets: &[u8]) -> io::Result<()>;
    /// Waits until the content of a file is on disk.
    fn sync(&mut self, path: &Path) -> io::Result<()>;
    /// Renames within the store; what had the name before is gone.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; none there is fine.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Waits until the names in a folder are on disk.
    fn sync_folder(&mut self, path: &Path) -> io::Result<()>;
}

/// The real one.
#[derive(Debug, Default)]
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.custom_flags(O_NOFOLLOW).open(path).map(drop)
    }

    fn write(&mut self, path: &Path, octets: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(O_NOFOLLOW);
        options.open(path)?.write_all(octets)
    }

    fn sync(&mut self, path: &Path) -> io::Result<()> {
        OpenOptions::new()
            .read(true)
            .custom_flags(O_NOFOLLOW)
            .open(path)?
            .sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// A new file with this content, on disk when this returns; its name is not
/// until the folder is synced.
pub(super) fn put(disk: &mut dyn Disk, path: &Path, octets: &[u8]) -> io::Result<()> {
    disk.remove(path)?;
    disk.create(path)?;
    disk.write(path, octets)?;
    disk.sync(path)
}

/// The content of a plain file, never through a link (J2); `None` = not there.
/// Cleared after use: it may be a key.
pub(super) fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let data = file.metadata()?;
    if !data.is_file() || data.len() > MAX_FILE {
        let text = format!("not a plain file of at most {MAX_FILE} octets");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    // As large as needed at once: a buffer that grows leaves copies behind (K6).
    let mut octets = Zeroizing::new(Vec::with_capacity(data.len() as usize + 1));
    file.take(MAX_FILE).read_to_end(&mut octets)?;
    Ok(Some(octets))
}
