//! The store as a set of files, and back (P-006, P-008).
//!
//! `index.json` says what there is, in which order, and the SHA-256 of every
//! file; `nvram/<IOS name>` are DER certificates, `crl/<hash of the issuer>-<n>.crl`
//! DER lists. Private keys are files `private/<label>.p8` that the daemon keeps;
//! the index knows their labels, hashes and public keys ([`KeyTable`]).

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{
    certificate::Certificate,
    crl_image,
    index::{self, Index, IndexPool, IndexRecord, VERSION, WITHOUT_POOL},
    key_table::{KeyTable, sha256_hex as digest},
    store::{Record, RecordKind, Store},
    trustpool::PoolCa,
};

/// Relative path of a file and its content.
pub type Image = BTreeMap<String, Vec<u8>>;

/// Path of the index.
pub const INDEX: &str = "index.json";

/// Damage to one file of a stored image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Relative path.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
    /// What the operator can do.
    pub remedy: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.file, self.problem, self.remedy)
    }
}

/// A stored image that is not whole: what is damaged, and the store with
/// everything that is intact.
#[derive(Clone, Debug)]
pub struct StoreError {
    /// Each damaged file.
    pub damage: Vec<Damage>,
    /// What could be loaded. Empty when the index itself is damaged.
    pub intact: Box<Store>,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.damage.iter().map(Damage::to_string).collect();
        write!(f, "certificate store is damaged: {}", lines.join(" | "))
    }
}

impl std::error::Error for StoreError {}

impl Store {
    /// [`Store::image_with`] without any key pair.
    pub fn image(&self) -> Image {
        self.image_with(&KeyTable::default(), None)
    }

    /// Every file of the store by relative path except the private keys, which
    /// the index lists only; `index.json` last when they are written in order
    /// of importance. `previous` is the SHA-256 of the index that this one
    /// replaces, lower-case hex.
    pub fn image_with(&self, keys: &KeyTable, previous: Option<&str>) -> Image {
        let mut image = Image::new();
        let records = self
            .listing()
            .into_iter()
            .map(|record| index_record(record, &mut image));
        let records = records.collect();
        let crls = crl_image::write(&self.crls, &mut image);
        let pool = self.pool.iter().map(|ca| (None, ca));
        let next = self.next_cas.iter().map(|(name, ca)| (Some(name), ca));
        let pool: Vec<_> = pool
            .chain(next)
            .map(|(name, ca)| index_pool(name, ca, &mut image))
            .collect();
        let index = Index {
            version: if pool.is_empty() {
                WITHOUT_POOL
            } else {
                VERSION
            },
            sequence: self.sequence,
            self_signed: self.self_signed,
            trustpool_clean: self.trustpool_clean,
            records,
            crls,
            pending: self.pending.iter().map(index::pending).collect(),
            keys: Some(keys.keys.values().cloned().collect()),
            protection: keys.protection.clone(),
            previous: previous.map(str::to_owned),
            pool,
        };
        // Strings and numbers only: cannot fail.
        let text = serde_json::to_vec_pretty(&index).unwrap_or_default();
        image.insert(INDEX.to_owned(), text);
        image
    }

    /// Reads an image. No index means an empty store.
    ///
    /// # Errors
    /// What is damaged, with everything that is intact.
    pub fn from_image(image: &Image) -> Result<Self, StoreError> {
        let Some(text) = image.get(INDEX) else {
            return without_index(image);
        };
        let index: Index = serde_json::from_slice(text).map_err(|error| {
            let problem = format!("cannot be read ({error})");
            whole(
                INDEX,
                problem,
                "restore it from a backup, or move the store away and enroll again",
            )
        })?;
        if index.version > VERSION {
            let problem = format!(
                "has format version {}, this program knows {VERSION}",
                index.version
            );
            return Err(whole(INDEX, problem, "use the program that wrote it"));
        }
        let mut damage = Vec::new();
        let store = load(&index, image, &mut damage);
        match damage.is_empty() {
            true => Ok(store),
            false => Err(StoreError {
                damage,
                intact: Box::new(store),
            }),
        }
    }
}

fn index_record(record: &Record, image: &mut Image) -> IndexRecord {
    let file = format!("nvram/{}", record.file_name);
    image.insert(file.clone(), record.certificate.der().to_vec());
    IndexRecord {
        sequence: record.sequence,
        installed_at: record.installed_at,
        trustpoint: record.trustpoint.clone(),
        kind: kind_text(record.kind).to_owned(),
        key_label: record.key_label.clone(),
        file,
        sha256: digest(record.certificate.der()),
        saved: record.saved,
    }
}

fn index_pool(trustpoint: Option<&String>, ca: &PoolCa, image: &mut Image) -> IndexPool {
    let file = format!("nvram/{}", ca.file_name);
    image.insert(file.clone(), ca.certificate.der().to_vec());
    IndexPool {
        trustpoint: trustpoint.cloned(),
        installed_at: ca.installed_at,
        sha256: digest(ca.certificate.der()),
        file,
    }
}

fn without_index(image: &Image) -> Result<Store, StoreError> {
    match image.keys().find(|path| path.starts_with("nvram/")) {
        None => Ok(Store::default()),
        Some(_) => Err(whole(
            INDEX,
            "is missing though certificates are there".to_owned(),
            "restore it from a backup, or move the store away and enroll again",
        )),
    }
}

fn whole(file: &str, problem: String, remedy: &str) -> StoreError {
    let damage = vec![Damage {
        file: file.to_owned(),
        problem,
        remedy: remedy.to_owned(),
    }];
    StoreError {
        damage,
        intact: Box::default(),
    }
}

fn load(index: &Index, image: &Image, damage: &mut Vec<Damage>) -> Store {
    let highest = index
        .records
        .iter()
        .map(|record| record.sequence)
        .max()
        .unwrap_or(0);
    let mut store = Store {
        sequence: index.sequence.max(highest),
        self_signed: index.self_signed,
        trustpool_clean: index.trustpool_clean,
        ..Store::default()
    };
    for record in &index.records {
        match load_record(record, image, &store) {
            Ok(record) => store.records.push(record),
            Err(problem) => damage.push(Damage {
                file: record.file.clone(),
                problem,
                remedy: format!(
                    "authenticate or enroll trustpoint {} again",
                    record.trustpoint
                ),
            }),
        }
    }
    store.records.sort_by_key(|record| record.sequence);
    for entry in &index.pending {
        match index::request(entry) {
            Ok(request) => store.set_pending(request),
            Err(problem) => damage.push(Damage {
                file: INDEX.to_owned(),
                problem: format!("has a pending request that {problem}"),
                remedy: format!("enroll trustpoint {} again", entry.trustpoint),
            }),
        }
    }
    load_pool(&index.pool, image, &mut store, damage);
    store.crls = crl_image::load(&index.crls, image, damage);
    store
}

fn load_pool(pool: &[IndexPool], image: &Image, store: &mut Store, damage: &mut Vec<Damage>) {
    for entry in pool {
        match load_certificate(&entry.file, &entry.sha256, image) {
            Ok((file_name, certificate)) => {
                let ca = PoolCa {
                    installed_at: entry.installed_at,
                    certificate: Arc::new(certificate),
                    file_name,
                };
                match &entry.trustpoint {
                    Some(name) => drop(store.next_cas.insert(name.clone(), ca)),
                    None => store.pool.push(ca),
                }
            }
            Err(problem) => damage.push(Damage {
                file: entry.file.clone(),
                problem,
                remedy: match &entry.trustpoint {
                    // The router asks for it again by itself.
                    Some(name) => format!("nothing: the next CA of {name} is asked for again"),
                    None => "import the CA certificate into the trustpool again".to_owned(),
                },
            }),
        }
    }
}

fn load_record(record: &IndexRecord, image: &Image, store: &Store) -> Result<Record, String> {
    let kind = match record.kind.as_str() {
        "ca" => RecordKind::Ca,
        "identity" => RecordKind::Identity,
        "self-signed" => RecordKind::SelfSigned,
        other => return Err(format!("is of unknown kind {}", other.escape_default())),
    };
    let (file_name, certificate) = load_certificate(&record.file, &record.sha256, image)?;
    // One certificate of two trustpoints is kept once (P-005).
    let shared = store
        .records
        .iter()
        .find(|known| *known.certificate == certificate);
    Ok(Record {
        sequence: record.sequence,
        installed_at: record.installed_at,
        trustpoint: record.trustpoint.clone(),
        kind,
        certificate: shared
            .map_or_else(|| Arc::new(certificate), |known| known.certificate.clone()),
        key_label: record.key_label.clone(),
        file_name,
        saved: record.saved,
    })
}

/// A certificate and the name of its file in `nvram/`.
fn load_certificate(
    file: &str,
    sha256: &str,
    image: &Image,
) -> Result<(String, Certificate), String> {
    // The name becomes a path again when the store is saved.
    let name = file
        .strip_prefix("nvram/")
        .filter(|name| !name.contains(['/', '\\', '\0']));
    let name = name
        .filter(|name| !["", ".", ".."].contains(name))
        .ok_or("is not a file in nvram/")?;
    let der = intact(file, sha256, image)?;
    let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), certificate))
}

pub(crate) fn intact(file: &str, sha256: &str, image: &Image) -> Result<Vec<u8>, String> {
    let octets = image.get(file).ok_or("is missing")?;
    match digest(octets) == sha256 {
        true => Ok(octets.clone()),
        false => Err(format!("does not have the SHA-256 that {INDEX} says")),
    }
}

fn kind_text(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Ca => "ca",
        RecordKind::Identity => "identity",
        RecordKind::SelfSigned => "self-signed",
    }
}
