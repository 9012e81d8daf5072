//! `ikd pki export`: certificates, or a trustpoint with its key, to a file of mode 0600.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ike_pki::Pkcs12Form;

use super::{Answer, Outcome, StoreArgs, wanted};
use crate::keystore::{Access, Keystore};
use crate::transfer::{blocks, chain_of, key_pem, of_trustpoint, pkcs7, pkcs12};

/// Arguments of `ikd pki export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The trustpoint.
    trustpoint: String,
    #[command(flatten)]
    store: StoreArgs,
    /// pem, pkcs7: own certificate and CA; der: own certificate; pkcs12: with the key; chain:
    /// for a configuration.
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
    /// PKCS#7 of certificates alone, DER.
    Pkcs7,
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
            let binary = matches!(
                args.format,
                ExportFormat::Der | ExportFormat::Pkcs12 | ExportFormat::Pkcs7
            );
            if binary && io::stdout().is_terminal() {
                return Err("not to a terminal: these are octets, not text; add --out FILE".into());
            }
            io::stdout().write_all(&octets).map_err(|e| e.to_string())?;
            Ok(Answer::well(""))
        }
    }
}

fn exported(keystore: &Keystore, args: &ExportArgs) -> Result<Vec<u8>, String> {
    let name = &args.trustpoint;
    let records = of_trustpoint(keystore, name)?;
    let passphrase = || wanted(args.passphrase_file.as_deref(), "--passphrase-file");
    match args.format {
        ExportFormat::Chain => Ok(blocks(vec![chain_of(name, &records, false)]).into_bytes()),
        ExportFormat::Der => {
            let first = records.first().map(|r| r.certificate.der().to_vec());
            Ok(first.unwrap_or_default())
        }
        ExportFormat::Pem => {
            let mut text: String = records.iter().map(|r| r.certificate.to_pem()).collect();
            if args.with_key {
                text = key_pem(keystore, name, passphrase()?.expose())? + &text;
            }
            Ok(text.into_bytes())
        }
        ExportFormat::Pkcs7 => pkcs7(keystore, name),
        ExportFormat::Pkcs12 => {
            let form = match args.legacy {
                true => Pkcs12Form::Legacy,
                false => Pkcs12Form::Modern,
            };
            pkcs12(keystore, name, passphrase()?.expose(), form)
        }
    }
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
