//! `ikd pki`: the certificate store of a device, without its daemon. Looking works while a
//! daemon runs; what changes the store needs it stopped.
//!
//! Exit code 0, or 7 when the store or a file in it is not as it should be.

#[cfg(test)]
mod bench;
mod export;
mod import;
mod list;
mod maintain;
mod order;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use verify::certificates as about_certificates;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::authority::{self, CaCommand};
use crate::cli::{complain, print};
use crate::keystore::{Access, Keystore, Passphrase};
use crate::transfer::plain;

const EXAMPLES: &str = "Examples:
  ikd pki list -d R1                              what there is, newest first
  ikd pki order -d R1 --set IOSCA1,IOSCA2         what peers would be asked for; nothing changes
  ikd pki import IOSCA1 r1.p12 --format pkcs12 --passphrase-file pw -d R1
  ikd pki export IOSCA1 --format pkcs12 --legacy --passphrase-file pw --out r1.p12 -d R1
  ikd pki verify --repair -d R1                   after damage
  ikd pki protect --new-passphrase-file pw -d R1  private keys encrypted from now on";

/// The certificate store of a device.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum PkiCommand {
    /// List certificates, keys and pending requests, newest first.
    List(list::ListArgs),
    /// Check every file against the index, keys, modes, validity, chain and revocation lists.
    Verify(verify::VerifyArgs),
    /// Show the order of certificate requests, or what another order would change.
    Order(order::OrderArgs),
    /// Write certificates, or a trustpoint with its key, to a file.
    Export(export::ExportArgs),
    /// Take certificates and a key from a file into a trustpoint.
    Import(import::ImportArgs),
    /// Take the `crypto pki certificate chain` blocks of a configuration.
    ImportConfig(import::ConfigArgs),
    /// Encrypt the private keys under a passphrase, or change it.
    Protect(maintain::ProtectArgs),
    /// Write the private keys without passphrase.
    Unprotect(maintain::UnprotectArgs),
    /// Delete a trustpoint: its certificates, its list, its request.
    Delete(maintain::DeleteArgs),
    /// A CA for labs: SCEP, revocation lists, OCSP, hash-and-URL objects.
    #[command(subcommand)]
    Ca(CaCommand),
}

/// Which store, and how its keys are opened.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Name of the daemon whose store it is.
    #[arg(short, long, default_value = "ikd")]
    device: String,
    /// Folder of trustpoints and keys [default: /var/lib/ikd/NAME].
    #[arg(long, env = "IKD_STATE_DIR", value_name = "DIR")]
    state: Option<PathBuf>,
    /// File with the passphrase of encrypted private keys (mode 0600).
    #[arg(long, value_name = "FILE")]
    key_passphrase_file: Option<PathBuf>,
}

/// What a command prints, and whether all is well.
#[derive(Debug)]
struct Answer {
    text: String,
    well: bool,
}

impl Answer {
    fn well(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            well: true,
        }
    }

    /// Values in place of text, if wanted.
    fn of(json: bool, values: &impl Serialize, text: impl FnOnce() -> String) -> Self {
        Self::well(match json {
            true => serde_json::to_string_pretty(values).unwrap_or_default(),
            false => text(),
        })
    }
}

/// The text of what went wrong, with the way out.
type Outcome = Result<Answer, String>;

/// Does what the command says.
pub fn run(command: PkiCommand) -> ExitCode {
    match outcome(command) {
        Ok(answer) => {
            print(&answer.text);
            ExitCode::from(if answer.well { 0 } else { PKI_FAILURE })
        }
        Err(text) => {
            complain(&text);
            ExitCode::from(PKI_FAILURE)
        }
    }
}

const PKI_FAILURE: u8 = 7;

fn outcome(command: PkiCommand) -> Outcome {
    match command {
        PkiCommand::List(args) => list::run(&args),
        PkiCommand::Verify(args) => verify::run(&args),
        PkiCommand::Order(args) => order::run(&args),
        PkiCommand::Export(args) => export::run(&args),
        PkiCommand::Import(args) => import::run(&args),
        PkiCommand::ImportConfig(args) => import::run_config(&args),
        PkiCommand::Protect(args) => maintain::protect(&args),
        PkiCommand::Unprotect(args) => maintain::unprotect(&args),
        PkiCommand::Delete(args) => maintain::delete(&args),
        PkiCommand::Ca(command) => authority::run(&command).map(Answer::well),
    }
}

impl StoreArgs {
    fn dir(&self) -> PathBuf {
        let usual = || Path::new("/var/lib/ikd").join(&self.device);
        self.state.clone().unwrap_or_else(usual)
    }

    fn passphrase(&self) -> Result<Option<Passphrase>, String> {
        Passphrase::find(self.key_passphrase_file.as_deref()).map_err(|e| e.to_string())
    }

    /// The folder of a store that must be there.
    fn existing(&self) -> Result<PathBuf, String> {
        let dir = self.dir();
        match dir.exists() {
            true => Ok(dir),
            false => Err(format!(
                "{}: no such store; name the device (-d NAME) or its folder (--state DIR)",
                dir.display()
            )),
        }
    }

    /// Opens the store; one that is only looked at must be there.
    fn open(&self, access: Access) -> Result<Keystore, String> {
        let dir = match access {
            Access::Read => self.existing()?,
            Access::Write => self.dir(),
        };
        let opened = Keystore::open(&dir, access, self.passphrase()?.as_ref());
        let keystore = opened.map_err(|e| e.to_string())?;
        // A store that this very command makes is nothing to hear of.
        let warnings = keystore.warnings.iter().filter(|_| dir.exists());
        warnings.for_each(|warning| complain(warning));
        Ok(keystore)
    }
}

/// A passphrase that a command cannot do without.
fn wanted(file: Option<&Path>, option: &str) -> Result<Passphrase, String> {
    let file = file.ok_or_else(|| format!("a passphrase is needed: {option} FILE (mode 0600)"))?;
    Passphrase::from_file(file).map_err(|e| e.to_string())
}

/// The octets of a file, which may be a key.
fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let octets = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(Zeroizing::new(octets))
}

/// A numbered list, the first asked for first.
fn numbered(names: &[String]) -> String {
    if names.is_empty() {
        return "  (nobody)\n".to_owned();
    }
    let lines = names.iter().enumerate();
    lines
        .map(|(n, name)| format!("  {}. {}\n", n + 1, plain(name)))
        .collect()
}

/// The note about an order that changed (P-003), nothing if it did not.
fn reordered(before: &[String], after: &[String]) -> String {
    match before == after {
        true => String::new(),
        false => format!(
            "The order of certificate requests changes, from\n{}to\n{}\
             peers see it in MM3, MM4 and IKE_SA_INIT.\n",
            numbered(before),
            numbered(after)
        ),
    }
}
