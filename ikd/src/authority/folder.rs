//! The folder of a CA.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ike_core::sa::job::PrivateKeys;
use ike_crypto::{Hash, KeySpec, PrivateKey, Secret};
use ike_pki::ca_server::{CaOptions, CaServer, GrantPolicy};
use ike_pki::{Certificate, Image, LabCa, Name, Store};
use serde::{Deserialize, Serialize};

use super::{Authority, CaFailure};
use crate::keystore::{Access, KeyChange, Keystore};
use crate::system::wall;

/// Label of the CA's key pair.
const KEY: &str = "ca";
const INDEX: &str = "index.json";
const OPTIONS: &str = "options.json";
const KEYS: &str = "keys";
/// Folders below that of the CA which belong to its image.
const FOLDERS: [&str; 4] = ["", "chain", "requests", "issued"];
/// Validity of a CA's own certificate, seconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

/// How a CA behaves, as kept in its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// `auto`, `manual` or `reject`.
    pub(crate) grant: Grant,
    /// Hash of certificates and lists.
    pub(crate) hash: HashName,
    /// Validity of what is issued, seconds.
    pub(crate) validity: i64,
    /// Time from one list to the next, seconds.
    pub(crate) crl_lifetime: i64,
    /// Named in every certificate.
    pub(crate) crl_url: Option<String>,
    /// Named in every certificate.
    pub(crate) ocsp_url: Option<String>,
    /// A first enrolment must know it.
    pub(crate) challenge: Option<String>,
    /// Takes MD5, DES and short RSA keys.
    pub(crate) allow_weak: bool,
    /// A critical extension of everything issued, as a dotted OID that no reader knows.
    #[serde(default)]
    pub(crate) critical: Option<String>,
}

/// What happens to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Grant {
    /// Granted at once.
    Auto,
    /// An administrator decides.
    Manual,
    /// Refused.
    Reject,
}

/// Hash of a CA's signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the hashes")]
pub(crate) enum HashName {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl HashName {
    fn hash(self) -> Hash {
        match self {
            Self::Md5 => Hash::Md5,
            Self::Sha1 => Hash::Sha1,
            Self::Sha256 => Hash::Sha256,
            Self::Sha384 => Hash::Sha384,
            Self::Sha512 => Hash::Sha512,
        }
    }
}

impl Grant {
    pub(super) fn policy(self) -> GrantPolicy {
        match self {
            Self::Auto => GrantPolicy::Automatic,
            Self::Manual => GrantPolicy::Manual,
            Self::Reject => GrantPolicy::Reject,
        }
    }
}

impl Settings {
    fn options(&self) -> CaOptions {
        CaOptions {
            policy: self.grant.policy(),
            challenge_password: self.challenge.as_ref().map(|c| Secret::from(c.as_bytes())),
            hash: self.hash.hash(),
            validity: self.validity,
            crl_url: self.crl_url.clone(),
            ocsp_url: self.ocsp_url.clone(),
            crl_lifetime: self.crl_lifetime,
            allow_weak: self.allow_weak,
            critical: self.critical.iter().cloned().collect(),
            ..CaOptions::default()
        }
    }
}

impl Authority {
    /// Makes a CA in a folder that has none: a root, or below another CA, which issues its certificate and
    /// whose chain GetCACert sends along (RFC 8894 4.2.1.2).
    ///
    /// # Errors
    /// There is one already, the CA above has expired, or a file cannot be written.
    pub(crate) fn init(
        dir: &Path,
        name: &Name,
        key: PrivateKey,
        settings: &Settings,
        above: Option<&mut Self>,
    ) -> Result<Self, CaFailure> {
        if dir.join(INDEX).exists() {
            return Err(CaFailure::other(format!(
                "{}: there is a CA already; take another folder, or remove this one",
                dir.display()
            )));
        }
        let mut keys = Keystore::open(&dir.join(KEYS), Access::Write, None)?;
        let copy = key.clone();
        let put = KeyChange::Put {
            label: KEY.to_owned(),
            key: Arc::new(key),
            exportable: false,
            at: wall(),
        };
        keys.commit(&Store::default(), &[put])?;
        let (at, hash) = (wall(), settings.hash.hash());
        let (ca, chain) = match above {
            None => {
                let root = LabCa::with_hash(name, copy, hash, 1, at - 60, at + TEN_YEARS);
                let root = root.map_err(|e| CaFailure::other(e.to_string()))?;
                (root, Vec::new())
            }
            Some(above) => above.below(name, copy, at)?,
        };
        let mut server = CaServer::new(ca, KEY, settings.options()).map_err(CaFailure::Server)?;
        server.set_chain(chain);
        let mut made = Self {
            server,
            dir: dir.to_owned(),
            _keys: keys,
            saved: u64::MAX,
            warnings: Vec::new(),
            clock: wall,
        };
        let text = serde_json::to_vec_pretty(settings).unwrap_or_default();
        write(&dir.join(OPTIONS), &text)?;
        made.save()?;
        Ok(made)
    }

    /// A CA below this one with the certificates above it, the nearest first.
    fn below(
        &mut self,
        name: &Name,
        key: PrivateKey,
        at: i64,
    ) -> Result<(LabCa, Vec<Certificate>), CaFailure> {
        let issued = self
            .server
            .issue_below(name, &key.public(), at, at + TEN_YEARS)
            .map_err(CaFailure::Server)?;
        self.save()?;
        let own = std::iter::once(self.server.certificate());
        let chain = own.chain(self.server.chain()).cloned().collect();
        Ok((LabCa::with_certificate(issued, key, 1), chain))
    }

    /// Opens a CA for the one who changes it.
    ///
    /// # Errors
    /// There is none, somebody else works on it, or it is damaged.
    pub(super) fn open(dir: &Path) -> Result<Self, CaFailure> {
        let image = image(dir)?;
        if !image.contains_key(INDEX) {
            return Err(CaFailure::other(format!(
                "{}: there is no CA; make one with `ikd pki ca init`",
                dir.display()
            )));
        }
        let damaged = |d: ike_pki::Damage| CaFailure::other(format!("{}: {d}", dir.display()));
        let (label, _) = CaServer::key_labels(&image).map_err(damaged)?;
        let keys = Keystore::open(&dir.join(KEYS), Access::Write, None)?;
        let key = keys.keys.key(&label).ok_or_else(|| {
            CaFailure::other(format!(
                "{}: the key of the CA is not there; restore it from a backup",
                dir.join(KEYS).display()
            ))
        })?;
        let options = settings(dir)?.options();
        let (server, lost) = CaServer::from_image(&image, options, PrivateKey::clone(&key), None)
            .map_err(damaged)?;
        Ok(Self {
            saved: server.changes(),
            server,
            dir: dir.to_owned(),
            _keys: keys,
            warnings: lost
                .iter()
                .map(|d| format!("{}: {d}", dir.display()))
                .collect(),
            clock: wall,
        })
    }

    /// Writes what has changed; the index last, so that a crash leaves the old CA or the new one.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn save(&mut self) -> Result<(), CaFailure> {
        if self.saved == self.server.changes() {
            return Ok(());
        }
        let (mut files, before) = (self.server.image(), image(&self.dir)?);
        let index = files.remove(INDEX).unwrap_or_default();
        for (name, octets) in &files {
            if before.get(name) != Some(octets) {
                write(&self.dir.join(name), octets)?;
            }
        }
        write(&self.dir.join(INDEX), &index)?;
        self.saved = self.server.changes();
        Ok(())
    }

    /// Behaves otherwise from now on, on disk too.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(super) fn change(&mut self, what: impl FnOnce(&mut Settings)) -> Result<(), CaFailure> {
        let mut settings = settings(&self.dir)?;
        what(&mut settings);
        let text = serde_json::to_vec_pretty(&settings).unwrap_or_default();
        write(&self.dir.join(OPTIONS), &text)?;
        self.server.set_options(settings.options());
        Ok(())
    }
}

/// RSA of that many bits: a CA decrypts requests (P-022).
///
/// # Errors
/// The library makes none of that size.
pub(super) fn new_key(bits: u32) -> Result<PrivateKey, CaFailure> {
    PrivateKey::generate(KeySpec::Rsa { bits })
        .map_err(|e| CaFailure::other(format!("no RSA key of {bits} bits: {e}")))
}

fn settings(dir: &Path) -> Result<Settings, CaFailure> {
    let path = dir.join(OPTIONS);
    let text = std::fs::read(&path).map_err(at(&path))?;
    serde_json::from_slice(&text)
        .map_err(|e| CaFailure::other(format!("{}: {e}; write it again", path.display())))
}

/// The files of the CA's image.
fn image(dir: &Path) -> Result<Image, CaFailure> {
    let mut image = Image::new();
    for folder in FOLDERS {
        let path = dir.join(folder);
        let Ok(entries) = std::fs::read_dir(&path) else {
            continue;
        };
        for entry in entries {
            let file = entry.map_err(at(&path))?.path();
            let name = file.strip_prefix(dir).unwrap_or(&file);
            let name = name.to_string_lossy().into_owned();
            let wanted = name.ends_with(".cer") || name.ends_with(".csr") || name == INDEX;
            if wanted && file.is_file() {
                image.insert(name, std::fs::read(&file).map_err(at(&file))?);
            }
        }
    }
    Ok(image)
}

/// A file of mode 0600, whole or not at all.
fn write(path: &Path, octets: &[u8]) -> Result<(), CaFailure> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(at(dir))?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(at(dir))?;
    file.write_all(octets)
        .and_then(|()| file.as_file().sync_all())
        .map_err(at(path))?;
    file.persist(path).map_err(|e| at(path)(e.error))?;
    let synced = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(at(dir))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> CaFailure + use<> {
    let path: PathBuf = path.to_owned();
    move |source| CaFailure::Io {
        path: path.clone(),
        source,
    }
}
