//! `ikd pki import`: certificates and a key from a file, or from the blocks of a
//! configuration; everything is checked first, and it is one commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use ike_core::config::RunningConfig;
use ike_pki::{Certificate, Import, KeyForm, Pkcs12, certificates_of_pkcs7, private_key_from_der};

use super::{Answer, Outcome, StoreArgs, file, plain, reordered, wanted};
use crate::check;
use crate::keystore::{Access, Passphrase};
use crate::system::wall;
use crate::transfer::{self, Plan, Wanted};

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

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// PEM: certificates, PKCS#7, a private key (PKCS#8, encrypted or not, PKCS#1, SEC1).
    #[default]
    Pem,
    /// DER: one certificate or one private key.
    Der,
    /// PKCS#12.
    Pkcs12,
    /// PKCS#7 of certificates alone, DER.
    Pkcs7,
}

pub(super) fn run(args: &ImportArgs) -> Outcome {
    if let Some(path) = &args.config {
        defined(&check::load(path)?, &args.trustpoint)?;
    }
    let import = read(args)?;
    let mut keystore = args.store.open(Access::Write)?;
    let name = &args.trustpoint;
    let wanted = Wanted {
        trustpoint: name,
        label: args.label.as_deref(),
        exportable: args.exportable,
        at: wall(),
    };
    let planned = transfer::plan(&keystore, &import, &wanted);
    let Plan { store, keys, done } =
        planned.map_err(|e| format!("{}: {e}; nothing was changed", args.file.display()))?;
    let before = keystore.store.certificate_request_order();
    keystore.commit(&store, &keys).map_err(|e| e.to_string())?;
    let mut text = reordered(&before, &store.certificate_request_order());
    for (happened, what) in [
        (done.authenticated, "CA certificate"),
        (done.enrolled, "own certificate"),
        (!keys.is_empty(), "key pair"),
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
/// and beside the configuration. All of it or nothing.
pub(super) fn run_config(args: &ConfigArgs) -> Outcome {
    let config = check::load(&args.file)?;
    let mut keystore = args.store.open(Access::Write)?;
    let before = keystore.store.certificate_request_order();
    let wanted = |name: &str| args.trustpoint.as_ref().is_none_or(|only| only == name);
    let chains = config.certificate_chains.iter().map(|c| &c.trustpoint);
    for name in chains.filter(|name| wanted(name)) {
        defined(&config, name)?;
    }
    let beside = args.file.parent().unwrap_or(Path::new("."));
    let restored = transfer::of_config(
        &keystore,
        &keystore.store,
        &config,
        (beside, wall()),
        wanted,
    );
    if let Some(problem) = restored.problems.first() {
        return Err(format!("{problem}; nothing was changed"));
    }
    if restored.count == 0 {
        let shown = args.file.display();
        return Err(format!("{shown}: no certificate in it to import"));
    }
    let store = restored.store;
    keystore.commit(&store, &[]).map_err(|e| e.to_string())?;
    let text = reordered(&before, &store.certificate_request_order());
    let count = restored.count;
    Ok(Answer::well(format!("{text}{count} certificates imported")))
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
        ImportFormat::Pkcs7 => {
            let read = certificates_of_pkcs7(&octets.to_vec().into());
            Ok(Import {
                key: None,
                certificates: read.map_err(|e| failed(&e))?,
            })
        }
    }
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
