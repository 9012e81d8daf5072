//! The index of a stored image: its text, and which files it vouches for.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::{
    crl_image::IndexCrl,
    key_table::{KeyEntry, KeyTable, Protection},
    name::Name,
    pending::Pending,
};

/// Version of the format; a reader refuses a newer one. 2 added key pairs,
/// pending requests and where lists came from, 3 imported CAs of the
/// trustpool and next certificates of CAs.
pub(crate) const VERSION: u32 = 3;
/// Version of a store without such CAs: the program before this one reads it.
pub(crate) const WITHOUT_POOL: u32 = 2;
/// Folders of an image, none below another.
const FOLDERS: [&str; 3] = ["nvram", "crl", "private"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Index {
    pub(crate) version: u32,
    pub(crate) sequence: u64,
    pub(crate) self_signed: u64,
    pub(crate) trustpool_clean: bool,
    pub(crate) records: Vec<IndexRecord>,
    pub(crate) crls: Vec<IndexCrl>,
    #[serde(default)]
    pub(crate) pending: Vec<IndexPending>,
    /// Not there in version 1, where every `private/<label>.p8` counts.
    #[serde(default)]
    pub(crate) keys: Option<Vec<KeyEntry>>,
    #[serde(default)]
    pub(crate) protection: Option<Protection>,
    #[serde(default)]
    pub(crate) previous: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pool: Vec<IndexPool>,
}

/// An imported CA of the trustpool, or the next certificate of a trustpoint's CA.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexPool {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trustpoint: Option<String>,
    pub(crate) installed_at: i64,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexRecord {
    pub(crate) sequence: u64,
    pub(crate) installed_at: i64,
    pub(crate) trustpoint: String,
    pub(crate) kind: String,
    pub(crate) key_label: Option<String>,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) saved: bool,
}

/// A request; its octets as base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexPending {
    pub(crate) trustpoint: String,
    pub(crate) subject: String,
    pub(crate) request: String,
    pub(crate) key_label: String,
    pub(crate) transaction: String,
    pub(crate) polls: u32,
    pub(crate) requested_at: i64,
    pub(crate) next_poll_at: i64,
}

/// What an index vouches for, before any of its files is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// SHA-256 of every file, lower-case hex, by relative path; private keys
    /// included, the index itself not.
    pub files: BTreeMap<String, String>,
    /// The key pairs; `None` in an index of version 1, where every file
    /// `private/<label>.p8` is one.
    pub keys: Option<KeyTable>,
    /// SHA-256 of the index that this one replaced, lower-case hex.
    pub previous: Option<String>,
}

impl Manifest {
    /// Reads the text of an index.
    ///
    /// # Errors
    /// What is wrong with it: no index, a newer version, or a path that leaves
    /// its folder.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let index: Index = serde_json::from_slice(text).map_err(|e| e.to_string())?;
        if index.version > VERSION {
            let version = index.version;
            return Err(format!(
                "format version {version}, this program knows {VERSION}"
            ));
        }
        let records = index.records.into_iter().map(|r| (r.file, r.sha256));
        let crls = index.crls.into_iter().map(|c| (c.file, c.sha256));
        let pool = index.pool.into_iter().map(|ca| (ca.file, ca.sha256));
        let mut files: BTreeMap<String, String> = records.chain(crls).chain(pool).collect();
        let keys = index.keys.map(|keys| KeyTable {
            keys: keys.into_iter().map(|k| (k.label.clone(), k)).collect(),
            protection: index.protection,
        });
        for entry in keys.iter().flat_map(|table| table.keys.values()) {
            files.insert(entry.file.clone(), entry.sha256.clone());
        }
        match files.keys().find(|path| !is_within(path)) {
            Some(path) => Err(format!(
                "file {} is in no folder of it",
                path.escape_debug()
            )),
            None => Ok(Self {
                files,
                keys,
                previous: index.previous,
            }),
        }
    }
}

/// One of our folders and a plain name in it (J3).
fn is_within(path: &str) -> bool {
    let Some((folder, name)) = path.split_once('/') else {
        return false;
    };
    FOLDERS.contains(&folder)
        && !["", ".", ".."].contains(&name)
        && !name.contains(['/', '\\', '\0'])
}

pub(crate) fn pending(request: &Pending) -> IndexPending {
    IndexPending {
        trustpoint: request.trustpoint.clone(),
        subject: BASE64.encode(request.subject.der()),
        request: BASE64.encode(&request.request_der),
        key_label: request.key_label.clone(),
        transaction: BASE64.encode(&request.transaction),
        polls: request.polls,
        requested_at: request.requested_at,
        next_poll_at: request.next_poll_at,
    }
}

pub(crate) fn request(entry: &IndexPending) -> Result<Pending, String> {
    let octets = |text: &str| {
        let decoded = BASE64.decode(text.as_bytes());
        decoded.map_err(|error| format!("is no base64 ({error})"))
    };
    Ok(Pending {
        trustpoint: entry.trustpoint.clone(),
        subject: Name::from_der(octets(&entry.subject)?).map_err(|e| e.to_string())?,
        request_der: octets(&entry.request)?,
        key_label: entry.key_label.clone(),
        transaction: octets(&entry.transaction)?,
        polls: entry.polls,
        requested_at: entry.requested_at,
        next_poll_at: entry.next_poll_at,
    })
}
