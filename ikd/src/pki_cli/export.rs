//! `ikd pki export`: certificates, or a trustpoint with its key, to a file of mode 0600.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use ike_core::config::{
    CertificateChain, ChainCertificate, ChainCertificateKind, ChainCertificateSource,
    RunningConfig, show,
};
use ike_core::sa::job::PrivateKeys;
use ike_crypto::{PrivateKey, fill_random};
use ike_pki::{
    PKCS12_RANDOM, Pkcs12, Pkcs12Form, Record, RecordKind, encrypted_key_to_pem,
    encrypted_private_key,
};

use super::{Answer, Outcome, StoreArgs, plain, wanted};
use crate::keystore::{Access, Keystore};

/// Iterations of each derivation in what is written.
const ITERATIONS: u32 = 100_000;
/// IOS is slow: what its own exports have.
const LEGACY_ITERATIONS: u32 = 2048;

/// Arguments of `ikd pki export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The trustpoint.
    trustpoint: String,
    #[command(flatten)]
    store: StoreArgs,
    /// pem: own certificate and CA; der: own certificate; pkcs12: with the key; chain: for a
    /// configuration.
    #[arg(long, value_enum, default_value_t)]
    format: ExportFormat,
    /// The private key, too, encrypted (pem).
    #[arg(long)]
    with_key: bool,
    /// 3DES and SHA-1, which IOS 15.3T reads (pkcs12).
    #[arg(long)]
    legacy: bool,
    /// File with the passphrase of what is written (mode 0600).
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// New file of mode 0600 [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// PEM.
    #[default]
    Pem,
    /// DER of the own certificate, or of the CA's.
    Der,
    /// PKCS#12.
    Pkcs12,
    /// `crypto pki certificate chain` blocks (G-063).
    Chain,
}

pub(super) fn run(args: &ExportArgs) -> Outcome {
    let keystore = args.store.open(Access::Read)?;
    let octets = exported(&keystore, args)?;
    match &args.out {
        Some(path) => {
            create(path, &octets)?;
            let len = octets.len();
            Ok(Answer::well(format!("{}: {len} octets", path.display())))
        }
        None => {
            let binary = matches!(args.format, ExportFormat::Der | ExportFormat::Pkcs12);
            if binary && io::stdout().is_terminal() {
                return Err("not to a terminal: these are octets, not text; add --out FILE".into());
            }
            io::stdout().write_all(&octets).map_err(|e| e.to_string())?;
            Ok(Answer::well(""))
        }
    }
}

fn exported(keystore: &Keystore, args: &ExportArgs) -> Result<Vec<u8>, String> {
    let records = of_trustpoint(keystore, &args.trustpoint)?;
    match args.format {
        ExportFormat::Chain => Ok(chain(&args.trustpoint, &records).into_bytes()),
        ExportFormat::Der => {
            let first = records.first().map(|r| r.certificate.der().to_vec());
            Ok(first.unwrap_or_default())
        }
        ExportFormat::Pem => {
            let mut text: String = records.iter().map(|r| r.certificate.to_pem()).collect();
            if args.with_key {
                text = key_pem(keystore, args)? + &text;
            }
            Ok(text.into_bytes())
        }
        ExportFormat::Pkcs12 => pkcs12(keystore, args),
    }
}

/// Own certificate first.
fn of_trustpoint<'a>(keystore: &'a Keystore, name: &str) -> Result<Vec<&'a Record>, String> {
    let all = keystore.store.listing().into_iter();
    let mut records: Vec<&Record> = all.filter(|r| r.trustpoint == name).collect();
    records.sort_by_key(|record| record.kind == RecordKind::Ca);
    match records.is_empty() {
        false => Ok(records),
        true => Err(format!(
            "trustpoint {} has no certificate in this store; see ikd pki list",
            plain(name)
        )),
    }
}

/// G-063, as `show running-config` prints it.
pub(super) fn chain(trustpoint: &str, records: &[&Record]) -> String {
    let certificates = records.iter().map(|record| ChainCertificate {
        kind: match record.kind {
            RecordKind::Ca => ChainCertificateKind::Ca,
            RecordKind::Identity => ChainCertificateKind::Router,
            RecordKind::SelfSigned => ChainCertificateKind::SelfSigned,
        },
        serial: record.certificate.serial_hex(),
        source: ChainCertificateSource::Der(record.certificate.der().to_vec()),
    });
    let config = RunningConfig {
        certificate_chains: vec![CertificateChain {
            trustpoint: trustpoint.to_owned(),
            certificates: certificates.collect(),
        }],
        ..RunningConfig::default()
    };
    let text = show(&config);
    let start = text.find("crypto pki certificate chain").unwrap_or(0);
    let block = text.get(start..).unwrap_or_default();
    // The block ends where the next line stands at the margin.
    let ours = |(n, line): &(usize, &str)| *n == 0 || line.starts_with(' ');
    let lines = block.lines().enumerate().take_while(ours);
    lines.map(|(_, line)| format!("{line}\n")).collect()
}

fn key_pem(keystore: &Keystore, args: &ExportArgs) -> Result<String, String> {
    let key = key(keystore, &args.trustpoint)?;
    let passphrase = wanted(args.passphrase_file.as_deref(), "--passphrase-file")?;
    let mut random = [0; 32];
    fill_random(&mut random).map_err(|e| e.to_string())?;
    let der = encrypted_private_key(&key, passphrase.expose(), ITERATIONS, &random);
    Ok(encrypted_key_to_pem(&der.map_err(|e| e.to_string())?))
}

fn pkcs12(keystore: &Keystore, args: &ExportArgs) -> Result<Vec<u8>, String> {
    let name = &args.trustpoint;
    let key = key(keystore, name)?;
    let passphrase = wanted(args.passphrase_file.as_deref(), "--passphrase-file")?;
    let store = &keystore.store;
    let own = store.identity(name).ok_or("no certificate of its own")?;
    // The subordinate CAs above it, then the trustpoint's CA (P-005).
    let mut authorities: Vec<_> = store.chain(name).into_iter().skip(1).cloned().collect();
    let ca = store.ca(name).map(|record| (*record.certificate).clone());
    authorities.extend(ca.filter(|ca| !authorities.contains(ca)));
    let file = Pkcs12 {
        key,
        certificate: (*own.certificate).clone(),
        authorities,
        name: Some(name.clone()),
    };
    let (form, iterations) = match args.legacy {
        true => (Pkcs12Form::Legacy, LEGACY_ITERATIONS),
        false => (Pkcs12Form::Modern, ITERATIONS),
    };
    let mut random = [0; PKCS12_RANDOM];
    fill_random(&mut random).map_err(|e| e.to_string())?;
    file.write(passphrase.expose(), form, iterations, &random)
        .map_err(|e| e.to_string())
}

/// The key of a trustpoint, if it may leave the store.
fn key(keystore: &Keystore, trustpoint: &str) -> Result<Arc<PrivateKey>, String> {
    let record = keystore.store.identity(trustpoint);
    let label = record.and_then(|record| record.key_label.as_deref());
    let label = label.ok_or_else(|| {
        let shown = plain(trustpoint);
        format!("trustpoint {shown} has no certificate of its own, hence no key to export")
    })?;
    let shown = plain(label);
    if keystore.is_locked() {
        return Err(format!(
            "key pair {shown} is encrypted; give --key-passphrase-file FILE"
        ));
    }
    let entry = keystore.key_table().keys.get(label);
    if entry.is_some_and(|entry| !entry.exportable) {
        return Err(format!(
            "% Key pair {shown} is not exportable; make one that is \
             (crypto key generate rsa exportable) and enroll again"
        ));
    }
    let key = keystore.keys.key(label);
    key.ok_or_else(|| format!("key pair {shown} is not in the store; see ikd pki verify"))
}

/// J2: a new file of mode 0600, never through a link, never over another file.
fn create(path: &Path, octets: &[u8]) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let opened = options.custom_flags(nix::libc::O_NOFOLLOW).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(octets)?;
        file.sync_all()
    });
    written.map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{}: is there already; choose another name", path.display())
        }
        _ => format!("{}: {e}", path.display()),
    })
}
