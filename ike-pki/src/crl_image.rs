//! The kept lists as files `crl/<hash of the issuer>-<n>.crl` and their
//! entries in the index of the store. No word of a peer is in a path (F5).

use std::sync::Arc;

use data_encoding::HEXLOWER;
use ike_crypto::Hash;
use serde::{Deserialize, Serialize};

use crate::{
    crl::Crl,
    crl_cache::{CachedCrl, CrlCache, CrlOrigin},
    image::{Damage, Image, intact},
    key_table::sha256_hex as digest,
    name::Name,
};

/// Octets of the issuer's hash in a file name.
const PREFIX: usize = 8;

/// A list in the index. Version 1 of the format had a trustpoint, file and
/// hash alone: those lists were put there by hand.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexCrl {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trustpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    scep: bool,
    #[serde(default)]
    retrieved_at: i64,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

/// Writes the lists into an image.
pub(crate) fn write(cache: &CrlCache, image: &mut Image) -> Vec<IndexCrl> {
    let mut entries = Vec::new();
    let kept: Vec<&CachedCrl> = cache.entries().collect();
    for (number, cached) in kept.into_iter().rev().enumerate() {
        let file = format!("crl/{}-{number}.crl", issuer_hash(cached.crl.issuer()));
        image.insert(file.clone(), cached.crl.der().to_vec());
        let url = match &cached.origin {
            CrlOrigin::Url(url) => Some(url.clone()),
            _ => None,
        };
        entries.push(IndexCrl {
            trustpoint: cached.origin.trustpoint().map(str::to_owned),
            url,
            scep: matches!(cached.origin, CrlOrigin::Scep(_)),
            retrieved_at: cached.retrieved_at,
            sha256: digest(cached.crl.der()),
            file,
        });
    }
    entries
}

/// Reads the lists of an index; what is damaged is told and left out.
pub(crate) fn load(entries: &[IndexCrl], image: &Image, damage: &mut Vec<Damage>) -> CrlCache {
    let mut cache = CrlCache::default();
    for entry in entries {
        match cached(entry, image) {
            Ok(cached) => cache.restore(cached),
            Err(problem) => damage.push(Damage {
                file: entry.file.clone(),
                problem,
                remedy: remedy(entry),
            }),
        }
    }
    cache
}

fn cached(entry: &IndexCrl, image: &Image) -> Result<CachedCrl, String> {
    let origin = match (&entry.url, &entry.trustpoint) {
        (Some(url), None) => CrlOrigin::Url(url.clone()),
        (None, Some(trustpoint)) if entry.scep => CrlOrigin::Scep(trustpoint.clone()),
        (None, Some(trustpoint)) => CrlOrigin::Installed(trustpoint.clone()),
        _ => return Err("has neither a trustpoint nor a URL".to_owned()),
    };
    let der = intact(&entry.file, &entry.sha256, image)?;
    let crl = Crl::from_der(der).map_err(|error| error.to_string())?;
    Ok(CachedCrl {
        origin,
        retrieved_at: entry.retrieved_at,
        crl: Arc::new(crl),
    })
}

fn remedy(entry: &IndexCrl) -> String {
    match &entry.trustpoint {
        Some(trustpoint) => format!("crypto pki crl request {trustpoint}"),
        None => "nothing is to be done: it is fetched again when it is needed".to_owned(),
    }
}

fn issuer_hash(issuer: &Name) -> String {
    let hash = Hash::Sha256.digest(&[issuer.der()]);
    HEXLOWER.encode(hash.get(..PREFIX).unwrap_or_default())
}
