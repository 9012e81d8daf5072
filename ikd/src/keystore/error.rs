//! Why a store cannot be used: each names the file and the way out.

use std::io;
use std::path::{Path, PathBuf};

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// A private key that others may read (J2).
    #[error("{path}: mode {mode:04o} lets others read this private key; run: chmod 600 {path}")]
    Readable {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Something that is not what it must be: a link, a passphrase file open to others.
    #[error("{path}: {problem}")]
    Unsafe {
        /// Which.
        path: PathBuf,
        /// What is wrong, and the way out.
        problem: String,
    },
    /// The index is damaged: without it nothing tells certificates and order.
    #[error(
        "{path}: the index of the store {problem}; nothing was changed; \
         run: ikd pki verify --repair --state {dir}"
    )]
    Index {
        /// The index.
        path: PathBuf,
        /// The store.
        dir: PathBuf,
        /// Cause.
        problem: String,
    },
    /// Another process has the store open for writing.
    #[error(
        "{path}: the store is in use by process {holder}; \
         stop it (ikd stop), or use its own commands (ikd exec)"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as far as it says.
        holder: String,
    },
    /// The private keys are encrypted and no passphrase was given.
    #[error(
        "{0}: the private keys are encrypted; give --key-passphrase-file FILE \
         (or the systemd credential ikd-key-passphrase)"
    )]
    NeedPassphrase(PathBuf),
    /// The passphrase is another one.
    #[error("{0}: wrong passphrase for the private keys; nothing was changed")]
    WrongPassphrase(PathBuf),
    /// The key cannot be encoded.
    #[error("key pair {0} cannot be encoded")]
    Encode(String),
    /// No key can be derived from the passphrase.
    #[error("the key of the store: {0}")]
    Derive(String),
    /// The store was opened for reading.
    #[error("{0}: opened for reading only")]
    ReadOnly(PathBuf),
    /// No randomness (D16).
    #[error("no randomness: {0}")]
    Entropy(String),
}

/// Names the path of an I/O error; a link that was refused is said to be one.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> KeystoreError + '_ {
    move |source| match source.raw_os_error() {
        Some(nix::libc::ELOOP) => KeystoreError::Unsafe {
            path: path.to_owned(),
            problem: "is a symbolic link, which is refused; put the file itself there".to_owned(),
        },
        _ => KeystoreError::Io {
            path: path.to_owned(),
            source,
        },
    }
}
