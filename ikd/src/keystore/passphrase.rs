//! The passphrase of a store's private keys: from a file or a systemd
//! credential, never from an argument or the environment, which others can read.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ike_crypto::Secret;

use super::disk;
use super::error::{KeystoreError, at};

/// Octets of the longest passphrase.
const MAX: usize = 1024;
/// Name of the systemd credential.
const CREDENTIAL: &str = "ikd-key-passphrase";

/// A passphrase. Cleared on drop, never shown.
pub struct Passphrase(Secret);

impl Passphrase {
    /// The text, without the line end of its file.
    ///
    /// # Errors
    /// The text is empty, longer than 1024 octets, or has control characters.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches(['\n', '\r']);
        match text.len() {
            0 => Err("is empty; put the passphrase into its first line".to_owned()),
            1..=MAX if !text.contains(char::is_control) => Ok(Self(Secret::from(text.as_bytes()))),
            _ => Err(format!("must be one line of text of at most {MAX} octets")),
        }
    }

    /// Reads a file that nobody else may read (J2).
    ///
    /// # Errors
    /// It cannot be read, is open to others, or holds no passphrase.
    pub fn from_file(path: &Path) -> Result<Self, KeystoreError> {
        let mode = fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let shown = path.display();
            return Err(problem(
                path,
                format!("mode {mode:04o} lets others read this passphrase; run: chmod 600 {shown}"),
            ));
        }
        Self::read(path)
    }

    /// The one of this file, else of the credential that systemd hands over,
    /// else none.
    ///
    /// # Errors
    /// As [`Passphrase::from_file`].
    pub fn find(file: Option<&Path>) -> Result<Option<Self>, KeystoreError> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        match file {
            Some(path) => Self::from_file(path).map(Some),
            None => Self::of_credentials(credentials.as_deref()),
        }
    }

    /// Its mode is systemd's matter: access lists show as group bits.
    pub(super) fn of_credentials(dir: Option<&Path>) -> Result<Option<Self>, KeystoreError> {
        let Some(path) = dir.map(|dir| dir.join(CREDENTIAL)) else {
            return Ok(None);
        };
        match path.exists() {
            true => Self::read(&path).map(Some),
            false => Ok(None),
        }
    }

    /// The text itself, for derivations only.
    pub fn expose(&self) -> &str {
        // Made from a &str.
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }

    fn read(path: &Path) -> Result<Self, KeystoreError> {
        let octets = disk::read(path).map_err(at(path))?;
        let octets = octets.ok_or_else(|| problem(path, "is not there".to_owned()))?;
        let text = std::str::from_utf8(&octets)
            .map_err(|_| problem(path, "is no UTF-8 text".to_owned()))?;
        Self::new(text).map_err(|why| problem(path, why))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

fn problem(path: &Path, problem: String) -> KeystoreError {
    KeystoreError::Unsafe {
        path: path.to_owned(),
        problem,
    }
}
