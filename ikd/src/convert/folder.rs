//! A translation as the files of a strongSwan: what `/etc/swanctl` holds, and a `strongswan.conf` to include.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use testnet::charon::{CredentialKind, Description};

use super::Translation;

/// The file of connections, secrets and pools.
const SWANCTL: &str = "swanctl.conf";
/// The file of the daemon's settings.
const DAEMON: &str = "strongswan.conf";
/// The list of what charon is not told.
const LOSSES: &str = "not-converted.txt";

/// Writes everything into a new folder; whatever is written, only the owner reads (J2). The names of the files.
///
/// # Errors
/// The folder is there and not empty, or a file cannot be written; the text names it. Nothing half-done stays.
pub(super) fn write(dir: &Path, translation: &Translation) -> Result<Vec<PathBuf>, String> {
    let made = make(dir)?;
    let mut written = Vec::new();
    for (name, octets) in files(&translation.description, translation.losses()) {
        if let Err(why) = put(&dir.join(&name), &octets) {
            take_back(dir, &written, made);
            return Err(why);
        }
        written.push(name);
    }
    Ok(written)
}

/// What was written goes, and the folder if it was not there before: secrets are in it.
fn take_back(dir: &Path, written: &[PathBuf], made: bool) {
    // The first error is the one to be told.
    for name in written {
        let _ = std::fs::remove_file(dir.join(name));
    }
    if made {
        let _ = std::fs::remove_dir_all(dir);
    }
}

/// Makes the folder; whether it was not there.
fn make(dir: &Path) -> Result<bool, String> {
    let failed = |e: io::Error| format!("{}: {e}", dir.display());
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => Err(format!(
                "{}: there is something in it; name a new folder",
                dir.display()
            )),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            builder.mode(0o700).recursive(true);
            builder.create(dir).map_err(failed)?;
            Ok(true)
        }
        Err(e) => Err(failed(e)),
    }
}

fn files(description: &Description, losses: String) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = vec![
        (
            PathBuf::from(SWANCTL),
            description.swanctl_conf().into_bytes(),
        ),
        (
            PathBuf::from(DAEMON),
            description.daemon_conf().into_bytes(),
        ),
    ];
    if !losses.is_empty() {
        out.push((PathBuf::from(LOSSES), losses.into_bytes()));
    }
    let credentials = description.credentials.iter();
    out.extend(credentials.map(|credential| {
        let folder = Path::new(credential.kind.folder());
        (folder.join(&credential.name), credential.octets.clone())
    }));
    out
}

/// J2: a new file, never through a link.
fn put(path: &Path, octets: &[u8]) -> Result<(), String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.mode(0o700).recursive(true);
        builder.create(folder).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let opened = options.custom_flags(nix::libc::O_NOFOLLOW).open(path);
    opened
        .and_then(|mut file| file.write_all(octets))
        .map_err(failed)
}

/// What a translation holds, for people.
pub(super) fn summary(description: &Description) -> String {
    let count = |kind| {
        let all = description.credentials.iter();
        all.filter(|c| c.kind == kind).count()
    };
    let children = description.connections.iter().map(|c| c.children.len());
    format!(
        "{} connections with {} children, {} shared secrets, {} own certificates, {} CA certificates",
        description.connections.len(),
        children.sum::<usize>(),
        description.secrets.len(),
        count(CredentialKind::Certificate),
        count(CredentialKind::Ca),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn translation() -> Translation {
        Translation {
            description: Description::default(),
            remarks: Vec::new(),
        }
    }

    /// I6: secrets are in it.
    #[test]
    fn only_the_owner_reads_what_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("out");
        assert_eq!(
            write(&folder, &translation()).unwrap(),
            [PathBuf::from(SWANCTL), PathBuf::from(DAEMON)]
        );
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(SWANCTL)), 0o600);
    }

    /// A folder that was there is empty again when a file could not be written: two credentials of one name.
    #[test]
    fn nothing_half_done_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut translation = translation();
        let credential = testnet::charon::Credential {
            kind: CredentialKind::Ca,
            name: "ca.der".to_owned(),
            octets: vec![1],
        };
        translation.description.credentials = vec![credential.clone(), credential];
        let refused = write(dir.path(), &translation).unwrap_err();
        assert!(refused.contains("ca.der"), "{refused}");
        assert!(!dir.path().join(SWANCTL).exists());
        let folder = dir.path().join(CredentialKind::Ca.folder());
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
    }

    #[test]
    fn what_is_in_a_folder_stays() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine"), "x").unwrap();
        let refused = write(dir.path(), &translation()).unwrap_err();
        assert!(refused.contains("name a new folder"), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
