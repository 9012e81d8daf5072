//! `ikd convert`: a router's configuration for another daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ike_core::config::{Parsed, parse};
use ike_core::sa::job::PrivateKeys;
use ike_crypto::Secret;
use serde::Serialize;

use super::{Effect, Remark, Source, Translation, folder, to_charon};
use crate::cli::{complain, print};
use crate::keystore::{Access, Keystore, Passphrase};

/// Exit codes: the configuration has errors, or nothing in it can be negotiated; the store is not to be read.
const INVALID: u8 = 3;
const FORBIDDEN: u8 = 5;
const STORE: u8 = 7;

const EXAMPLES: &str = "Examples:
  ikd convert R2.cfg --to swanctl                          swanctl.conf, and what it cannot say on standard error
  ikd convert R2.cfg --to swanctl -d R2 --out swanctl      a folder with certificates and keys of R2's store
  SWANCTL_DIR=$PWD/swanctl swanctl --load-all              what charon then loads; its settings are in
                                                           swanctl/strongswan.conf, to be included
A tunnel interface becomes a child from any to any: give charon's device the tunnel's addresses and routes.
Only the owner reads what is written: pre-shared keys are in it, and private keys where a store is given.

Exit code: 0 converted, 2 usage, 3 the configuration has errors or nothing in it can be negotiated,
5 the folder cannot be written, 7 the store cannot be read.";

/// `ikd convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ConvertArgs {
    /// IOS configuration.
    #[arg(value_name = "A.cfg")]
    file: PathBuf,
    /// Whose configuration is written.
    #[arg(long, value_enum)]
    to: Target,
    /// A new folder for everything [default: the configuration alone, on standard output].
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The device whose store has the certificates and keys.
    #[arg(short, long, value_name = "NAME", conflicts_with = "state")]
    device: Option<String>,
    /// Its folder, if not the usual one.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// File with the passphrase of encrypted private keys (mode 0600).
    #[arg(long, value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
    /// The result and the remarks as JSON; secrets are in the former.
    #[arg(long)]
    json: bool,
}

/// Whose configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Target {
    /// strongSwan's swanctl.conf, for charon 5.9 and later.
    Swanctl,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Where it was written; none: nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a Path>,
    /// The files in it.
    files: Vec<PathBuf>,
    /// swanctl.conf, where it is in no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    swanctl_conf: Option<String>,
    /// What charon is not told.
    remarks: &'a [Remark],
}

/// A text for people and the exit code.
type Failure = (u8, String);

/// Does it and says what came of it.
pub fn run(args: &ConvertArgs) -> ExitCode {
    match convert(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            complain(&text);
            ExitCode::from(code)
        }
    }
}

fn convert(args: &ConvertArgs) -> Result<(), Failure> {
    let Target::Swanctl = args.to;
    let file = args.file.display().to_string();
    let parsed = read(&args.file)?;
    let keystore = store(args)?;
    let keys = keystore.as_ref().map(keys).unwrap_or_default();
    let empty = ike_pki::Store::default();
    let translation = to_charon(&Source {
        file: &file,
        config: &parsed.config,
        places: &parsed.places,
        store: keystore.as_ref().map_or(&empty, |k| &k.store),
        keys: &keys,
    });
    if !translation.is_useful() {
        let losses = translation.losses();
        return Err((
            INVALID,
            format!("{file}: nothing in it can be negotiated by charon:\n{losses}"),
        ));
    }
    if keystore.is_none() && !parsed.config.trustpoints.is_empty() {
        complain(
            "note: no certificate is at hand; name the store of the router: -d NAME, or --state DIR",
        );
    }
    tell(args, &translation)
}

fn tell(args: &ConvertArgs, translation: &Translation) -> Result<(), Failure> {
    let out = args.out.as_deref();
    let files = match out {
        Some(dir) => folder::write(dir, translation).map_err(|text| (FORBIDDEN, text))?,
        None => Vec::new(),
    };
    let text = || translation.description.swanctl_conf();
    if args.json {
        let report = Report {
            folder: out,
            files,
            swanctl_conf: out.is_none().then(text),
            remarks: &translation.remarks,
        };
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
        return Ok(());
    }
    match out {
        Some(dir) => {
            let summary = folder::summary(&translation.description);
            print(&format!("{}: {summary}", dir.display()));
        }
        None => print(&text()),
    }
    let lost = |remark: &&Remark| remark.effect == Effect::Lost;
    match translation.remarks.iter().filter(lost).count() {
        0 => {}
        1 => complain(&format!(
            "One line is not converted:\n{}",
            translation.losses()
        )),
        n => complain(&format!(
            "{n} lines are not converted:\n{}",
            translation.losses()
        )),
    }
    Ok(())
}

fn read(path: &Path) -> Result<Parsed, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let path = path.display();
        (
            INVALID,
            format!("{path}: {e}; give an IOS configuration as text"),
        )
    })?;
    let parsed = parse(&path.display().to_string(), &text);
    match parsed.has_errors() {
        false => Ok(parsed),
        true => Err((INVALID, crate::check::text(&parsed.diagnostics, false))),
    }
}

fn store(args: &ConvertArgs) -> Result<Option<Keystore>, Failure> {
    let usual = |name: &String| Path::new("/var/lib/ikd").join(name);
    let named = args.device.as_ref().map(usual);
    let Some(dir) = args.state.clone().or(named) else {
        return Ok(None);
    };
    if !dir.exists() {
        let dir = dir.display();
        return Err((
            STORE,
            format!("{dir}: no such store; name the device (-d NAME) or its folder (--state DIR)"),
        ));
    }
    let passphrase = Passphrase::find(args.key_passphrase_file.as_deref());
    let opened = passphrase.and_then(|found| Keystore::open(&dir, Access::Read, found.as_ref()));
    let keystore = opened.map_err(|e| (STORE, e.to_string()))?;
    keystore
        .warnings
        .iter()
        .for_each(|warning| complain(warning));
    if keystore.is_locked() {
        let dir = dir.display();
        return Err((
            STORE,
            format!("{dir}: its keys are encrypted; give --key-passphrase-file FILE"),
        ));
    }
    Ok(Some(keystore))
}

/// The keys that may leave the store, as PKCS#8; those that may not are told.
fn keys(keystore: &Keystore) -> Vec<(String, Secret)> {
    let mut out = Vec::new();
    for label in keystore.keys.labels() {
        let entry = keystore.key_table().keys.get(label);
        if entry.is_some_and(|entry| !entry.exportable) {
            complain(&format!(
                "note: key pair {label} is not exportable and stays; charon cannot sign with it"
            ));
            continue;
        }
        let der = keystore
            .keys
            .key(label)
            .and_then(|key| key.to_pkcs8_der().ok());
        out.extend(der.map(|der| (label.to_owned(), der)));
    }
    out
}
