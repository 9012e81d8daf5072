//! `crypto pki certificate chain` blocks of a configuration (G-063), both ways.

use std::path::Path;

use ike_core::config::{
    CertificateChain, ChainCertificate, ChainCertificateKind, ChainCertificateSource,
    RunningConfig, show,
};
use ike_pki::{Certificate, Import, Record, RecordKind, Store};

use super::{label_by_key, plain};
use crate::keystore::Keystore;

/// What is taken from the blocks of a configuration.
pub(crate) struct Restored {
    /// The store as it will be.
    pub(crate) store: Store,
    /// Certificates that the blocks hold.
    pub(crate) count: usize,
    /// What could not be taken, with the way out.
    pub(crate) problems: Vec<String>,
}

/// The blocks of these trustpoints, in the order of the text; within a block the CA's
/// certificate came earlier in life (P-004). File names are looked for in the store's
/// `nvram/` and in the folder `beside`; `at` is the time of the installation, seconds since
/// 1970-01-01T00:00:00Z.
pub(crate) fn of_config(
    keystore: &Keystore,
    store: &Store,
    config: &RunningConfig,
    (beside, at): (&Path, i64),
    wanted: impl Fn(&str) -> bool,
) -> Restored {
    let mut out = Restored {
        store: store.clone(),
        count: 0,
        problems: Vec::new(),
    };
    let chains = config.certificate_chains.iter();
    for chain in chains.filter(|chain| wanted(&chain.trustpoint)) {
        let mut certificates: Vec<&ChainCertificate> = chain.certificates.iter().collect();
        certificates.sort_by_key(|c| c.kind != ChainCertificateKind::Ca);
        for certificate in certificates {
            let name = &chain.trustpoint;
            let taken = certificate_of(&certificate.source, keystore, beside)
                .and_then(|read| take(&mut out.store, keystore, name, read, at));
            match taken {
                Ok(()) => out.count += 1,
                Err(e) => {
                    let serial = plain(&certificate.serial);
                    let name = plain(name);
                    out.problems
                        .push(format!("certificate {name} {serial}: {e}"));
                }
            }
        }
    }
    out
}

/// The trustpoints with a block whose certificates the store lacks altogether: what IOS
/// restores at boot (G-063).
pub(crate) fn missing<'a>(config: &'a RunningConfig, store: &Store) -> Vec<&'a str> {
    let known: Vec<String> = store
        .listing()
        .into_iter()
        .map(|record| record.trustpoint.clone())
        .collect();
    let defined = |name: &&str| config.trustpoints.iter().any(|tp| tp.name == *name);
    let blocks = config.certificate_chains.iter();
    blocks
        .filter(|chain| !chain.certificates.is_empty())
        .map(|chain| chain.trustpoint.as_str())
        .filter(|name| !known.iter().any(|known| known == name))
        .filter(defined)
        .collect()
}

/// One certificate of a chain block; its key must be in the store. One that is there
/// already keeps its place.
fn take(
    store: &mut Store,
    keystore: &Keystore,
    trustpoint: &str,
    certificate: Certificate,
    at: i64,
) -> Result<(), String> {
    let mut known = store.listing().into_iter();
    if known.any(|r| r.trustpoint == trustpoint && *r.certificate == certificate) {
        return Ok(());
    }
    let label = label_by_key(keystore, &certificate).unwrap_or_default();
    let public = certificate.spki_der().to_vec();
    let import = Import {
        key: None,
        certificates: vec![certificate],
    };
    let known = (!label.is_empty()).then_some(public.as_slice());
    let done = store.import(trustpoint, &import, &label, known, at);
    done.map(drop).map_err(|e| e.to_string())
}

fn certificate_of(
    source: &ChainCertificateSource,
    keystore: &Keystore,
    beside: &Path,
) -> Result<Certificate, String> {
    let der = match source {
        ChainCertificateSource::Der(der) => der.clone(),
        ChainCertificateSource::File(name) => {
            let name = name.strip_prefix("nvram:").unwrap_or(name);
            // A name in a configuration is no path (J3).
            let bare = Path::new(name).file_name().filter(|bare| *bare == name);
            let bare = bare.ok_or_else(|| format!("{}: not a file name", plain(name)))?;
            let places = [keystore.dir().join("nvram"), beside.to_owned()];
            let found = places.iter().map(|dir| dir.join(bare)).find(|p| p.exists());
            let path = found.ok_or_else(|| {
                format!(
                    "{}: neither in nvram/ nor beside the configuration",
                    plain(name)
                )
            })?;
            std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?
        }
    };
    Certificate::from_der(der).map_err(|e| e.to_string())
}

/// The block of a trustpoint: what was saved by its file name if `files`, the rest as hex
/// (G-063: running-config shows hex, startup-config names).
pub(crate) fn chain_of(trustpoint: &str, records: &[&Record], files: bool) -> CertificateChain {
    let certificates = records.iter().map(|record| ChainCertificate {
        kind: match record.kind {
            RecordKind::Ca => ChainCertificateKind::Ca,
            RecordKind::Identity => ChainCertificateKind::Router,
            RecordKind::SelfSigned => ChainCertificateKind::SelfSigned,
        },
        serial: record.certificate.serial_hex(),
        source: match files && record.saved {
            true => ChainCertificateSource::File(format!("nvram:{}", record.file_name)),
            false => ChainCertificateSource::Der(record.certificate.der().to_vec()),
        },
    });
    CertificateChain {
        trustpoint: trustpoint.to_owned(),
        certificates: certificates.collect(),
    }
}

/// Blocks as a configuration shows them, and nothing around them.
pub(crate) fn blocks(chains: Vec<CertificateChain>) -> String {
    let config = RunningConfig {
        certificate_chains: chains,
        ..RunningConfig::default()
    };
    let text = show(&config);
    let mut inside = false;
    let ours = |line: &&str| {
        inside = line.starts_with("crypto pki certificate chain")
            || inside && line.starts_with([' ', '\t']);
        inside
    };
    let lines = text.lines().filter(ours);
    lines.map(|line| format!("{line}\n")).collect()
}
