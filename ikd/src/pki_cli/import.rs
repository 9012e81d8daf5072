//! `ikd pki import`: certificates and a key from a file, or from the blocks of a
//! configuration; everything is checked first, and it is one commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use ike_core::config::{
    ChainCertificate, ChainCertificateKind, ChainCertificateSource, RunningConfig,
};
use ike_core::sa::job::PrivateKeys;
use ike_pki::{Certificate, Import, KeyForm, Pkcs12, Store, private_key_from_der, sha256_hex};

use super::{Answer, Outcome, StoreArgs, file, now, plain, reordered, wanted};
use crate::check;
use crate::keystore::{Access, KeyChange, Keystore, Passphrase};

/// Arguments of `ikd pki import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The trustpoint.
    trustpoint: String,
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// What the file is.
    #[arg(long, value_enum, default_value_t)]
    format: ImportFormat,
    /// File with the passphrase of the file (mode 0600).
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Label of the key pair [default: the trustpoint's own label, else its name].
    #[arg(long)]
    label: Option<String>,
    /// The key may leave the store again.
    #[arg(long)]
    exportable: bool,
    /// Configuration that must define the trustpoint.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Arguments of `ikd pki import-config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Configuration with `crypto pki certificate chain` blocks.
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Only this trustpoint.
    #[arg(long)]
    trustpoint: Option<String>,
}

/// What a file is. PKCS#7 joins here when its reader is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// PEM: certificates, a private key (PKCS#8, encrypted or not, PKCS#1, SEC1).
    #[default]
    Pem,
    /// DER: one certificate or one private key.
    Der,
    /// PKCS#12.
    Pkcs12,
}

pub(super) fn run(args: &ImportArgs) -> Outcome {
    if let Some(path) = &args.config {
        defined(&check::load(path)?, &args.trustpoint)?;
    }
    let import = read(args)?;
    let mut keystore = args.store.open(Access::Write)?;
    let name = &args.trustpoint;
    let label = label(&keystore, args, &import);
    let known = keystore.keys.key(&label).map(|key| key.public());
    let known = known.as_ref().map(|public| public.spki_der());
    let mut store = keystore.store.clone();
    let done = store.import(name, &import, &label, known, now());
    let done = done.map_err(|e| format!("{}: {e}; nothing was changed", args.file.display()))?;
    let changes = key_change(&store, args, &import, &label)?;
    let before = keystore.store.certificate_request_order();
    keystore
        .commit(&store, &changes)
        .map_err(|e| e.to_string())?;
    let mut text = reordered(&before, &store.certificate_request_order());
    for (happened, what) in [
        (done.authenticated, "CA certificate"),
        (done.enrolled, "own certificate"),
        (!changes.is_empty(), "key pair"),
    ] {
        if happened {
            text += &format!("{}: {what} imported\n", plain(name));
        }
    }
    for subject in done.passed_over {
        text += &format!("passed over: {}\n", plain(&subject));
    }
    Ok(Answer::well(text))
}

/// G-063: what a configuration carries. File names are looked for in the store's `nvram/`
/// and beside the configuration.
pub(super) fn run_config(args: &ConfigArgs) -> Outcome {
    let config = check::load(&args.file)?;
    let mut keystore = args.store.open(Access::Write)?;
    let mut store = keystore.store.clone();
    let before = store.certificate_request_order();
    let mut count = 0;
    let chains = config.certificate_chains.iter();
    let wanted = |name: &String| args.trustpoint.as_ref().is_none_or(|only| only == name);
    for chain in chains.filter(|chain| wanted(&chain.trustpoint)) {
        defined(&config, &chain.trustpoint)?;
        // The CA's certificate came earlier in life (P-004).
        let mut certificates: Vec<&ChainCertificate> = chain.certificates.iter().collect();
        certificates.sort_by_key(|c| c.kind != ChainCertificateKind::Ca);
        for certificate in certificates {
            let place = format!(
                "{} {}",
                plain(&chain.trustpoint),
                plain(&certificate.serial)
            );
            let read = certificate_of(&certificate.source, &keystore, &args.file);
            let read = read.map_err(|e| format!("certificate {place}: {e}"))?;
            let done = take(&mut store, &keystore, &chain.trustpoint, read);
            done.map_err(|e| format!("certificate {place}: {e}; nothing was changed"))?;
            count += 1;
        }
    }
    if count == 0 {
        let shown = args.file.display();
        return Err(format!("{shown}: no certificate in it to import"));
    }
    keystore.commit(&store, &[]).map_err(|e| e.to_string())?;
    let text = reordered(&before, &store.certificate_request_order());
    Ok(Answer::well(format!("{text}{count} certificates imported")))
}

/// One certificate of a chain block; its key must be in the store. One that is there
/// already keeps its place.
fn take(
    store: &mut Store,
    keystore: &Keystore,
    trustpoint: &str,
    certificate: Certificate,
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
    let done = store.import(trustpoint, &import, &label, known, now());
    done.map(drop).map_err(|e| e.to_string())
}

fn certificate_of(
    source: &ChainCertificateSource,
    keystore: &Keystore,
    config: &Path,
) -> Result<Certificate, String> {
    let der = match source {
        ChainCertificateSource::Der(der) => der.clone(),
        ChainCertificateSource::File(name) => {
            let name = name.strip_prefix("nvram:").unwrap_or(name);
            // A name in a configuration is no path (J3).
            let bare = Path::new(name).file_name().filter(|bare| *bare == name);
            let bare = bare.ok_or_else(|| format!("{}: not a file name", plain(name)))?;
            let beside = config.parent().unwrap_or(Path::new("."));
            let places = [keystore.dir().join("nvram"), beside.to_owned()];
            let found = places.iter().map(|dir| dir.join(bare)).find(|p| p.exists());
            let path = found.ok_or_else(|| {
                format!(
                    "{}: neither in nvram/ nor beside the configuration",
                    plain(name)
                )
            })?;
            file(&path)?.to_vec()
        }
    };
    Certificate::from_der(der).map_err(|e| e.to_string())
}

fn read(args: &ImportArgs) -> Result<Import, String> {
    let octets = file(&args.file)?;
    let shown = args.file.display();
    let passphrase = args.passphrase_file.as_deref().map(Passphrase::from_file);
    let passphrase = passphrase.transpose().map_err(|e| e.to_string())?;
    let passphrase = passphrase.as_ref().map(Passphrase::expose);
    let failed = |e: &dyn std::fmt::Display| format!("{shown}: {e}; nothing was changed");
    match args.format {
        ImportFormat::Pem => {
            let text = std::str::from_utf8(&octets);
            let text = text.map_err(|_| format!("{shown}: no text; try --format der or pkcs12"))?;
            Import::from_pem(text, passphrase).map_err(|e| failed(&e))
        }
        ImportFormat::Der
            if KeyForm::of(&octets).is_ok_and(|f| f != KeyForm::Encrypted)
                || Certificate::from_der(octets.to_vec()).is_err() =>
        {
            let key = private_key_from_der(&octets, passphrase).map_err(|e| failed(&e))?;
            Ok(Import {
                key: Some(Arc::new(key)),
                certificates: Vec::new(),
            })
        }
        ImportFormat::Der => {
            let certificate = Certificate::from_der(octets.to_vec()).map_err(|e| failed(&e))?;
            Ok(Import {
                key: None,
                certificates: vec![certificate],
            })
        }
        ImportFormat::Pkcs12 => {
            let passphrase = wanted(args.passphrase_file.as_deref(), "--passphrase-file")?;
            let read = Pkcs12::read(&octets, passphrase.expose());
            read.map(Import::from).map_err(|e| failed(&e))
        }
    }
}

/// The wanted label, else that of a key the certificate belongs to, else the trustpoint's.
fn label(keystore: &Keystore, args: &ImportArgs, import: &Import) -> String {
    let name = &args.trustpoint;
    let store = &keystore.store;
    let there = || {
        let mut labels = import.certificates.iter();
        let found = labels.find_map(|certificate| label_by_key(keystore, certificate));
        found.filter(|_| import.key.is_none())
    };
    let own = || store.identity(name).and_then(|r| r.key_label.clone());
    let pending = || store.pending(name).map(|r| r.key_label.clone());
    let found = args.label.clone().or_else(there).or_else(own);
    found.or_else(pending).unwrap_or_else(|| name.clone())
}

fn label_by_key(keystore: &Keystore, certificate: &Certificate) -> Option<String> {
    let hash = sha256_hex(certificate.spki_der());
    let mut entries = keystore.key_table().keys.values();
    let entry = entries.find(|entry| entry.spki_sha256 == hash);
    entry.map(|entry| entry.label.clone())
}

/// The key of the file under its label, unless a certificate with another key has that label.
fn key_change(
    after: &Store,
    args: &ImportArgs,
    import: &Import,
    label: &str,
) -> Result<Vec<KeyChange>, String> {
    let Some(key) = &import.key else {
        return Ok(Vec::new());
    };
    let public = key.public();
    let robbed = after.identities().into_iter().find(|record| {
        record.key_label.as_deref() == Some(label)
            && record.certificate.spki_der() != public.spki_der()
    });
    if let Some(record) = robbed {
        return Err(format!(
            "key pair {} belongs to the certificate of trustpoint {}; give --label another name",
            plain(label),
            plain(&record.trustpoint)
        ));
    }
    Ok(vec![KeyChange::Put {
        label: label.to_owned(),
        key: key.clone(),
        exportable: args.exportable,
        at: now(),
    }])
}

fn defined(config: &RunningConfig, trustpoint: &str) -> Result<(), String> {
    let names = config.trustpoints.iter().map(|tp| tp.name.as_str());
    let names: Vec<&str> = names.collect();
    match names.contains(&trustpoint) {
        true => Ok(()),
        false => Err(format!(
            "trustpoint {} is not in the configuration; there are: {}",
            plain(trustpoint),
            plain(&names.join(", "))
        )),
    }
}
