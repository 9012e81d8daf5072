//! The command line of `ikd pki ca`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ike_pki::Name;

use super::folder::{Grant, HashName, Settings, new_key};
use super::order::Order;
use super::serve::{SOCKET, serve};
use super::{Authority, CaFailure};
use crate::cli::complain;
use crate::control::{self, Request};

/// `ikd pki ca ...`.
#[derive(Debug, clap::Subcommand)]
pub enum CaCommand {
    /// Make a CA: its key, its certificate, its folder.
    #[command(
        after_help = "Examples:\n  ikd pki ca init CA1 --name 'CN=CA1,O=cisco,O=com' --grant manual\n  ikd pki ca init CA2 --name 'CN=CA2,O=cisco,O=com' --below CA1"
    )]
    Init(InitArgs),
    /// Answer routers by HTTP: SCEP at any path, /ca.crl, /ocsp, /ca.cer, /SHA1.cer.
    #[command(after_help = "Example:\n  ikd pki ca serve CA1 --listen 192.168.0.3:80")]
    Serve {
        /// Folder of the CA.
        dir: PathBuf,
        /// Address and port, 0 = any that is free; repeat it for more. The first lines say where it listens.
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
        listen: Vec<SocketAddr>,
    },
    /// Requests and certificates.
    List {
        /// Folder of the CA.
        dir: PathBuf,
        /// JSON in place of text.
        #[arg(long)]
        json: bool,
    },
    /// Grant pending requests.
    Grant {
        /// Folder of the CA.
        dir: PathBuf,
        /// Number of the request, a part of its subject such as R1.cisco.com, or `all`.
        which: String,
    },
    /// Refuse pending requests.
    Reject {
        /// Folder of the CA.
        dir: PathBuf,
        /// Number of the request, a part of its subject such as R1.cisco.com, or `all`.
        which: String,
    },
    /// Revoke certificates: the next list has them.
    Revoke {
        /// Folder of the CA.
        dir: PathBuf,
        /// Serial number in hex, or a part of the subject such as R1.cisco.com.
        which: String,
        /// keyCompromise, superseded, ... (RFC 5280 5.3.1).
        #[arg(long)]
        reason: Option<String>,
    },
    /// Change what happens to requests from now on.
    Policy {
        /// Folder of the CA.
        dir: PathBuf,
        /// What.
        #[arg(value_enum)]
        grant: Grant,
    },
    /// Change how long certificates that are issued from now on are valid.
    Validity {
        /// Folder of the CA.
        dir: PathBuf,
        /// Seconds.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        seconds: i64,
    },
    /// End a CA that serves.
    Stop {
        /// Folder of the CA.
        dir: PathBuf,
    },
}

/// `ikd pki ca init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Folder of the CA; made if it is not there.
    dir: PathBuf,
    /// Its name as IOS writes one: the last RDN first.
    #[arg(long, default_value = "CN=CA,O=ikd")]
    name: String,
    /// Folder of the CA above, which issues its certificate; a CA of its own without.
    #[arg(long, value_name = "DIR")]
    below: Option<PathBuf>,
    /// Bits of its RSA key.
    #[arg(long, default_value_t = 2048)]
    key_bits: u32,
    /// Hash of certificates and lists.
    #[arg(long, value_enum, default_value_t = HashName::Sha256)]
    hash: HashName,
    /// What happens to requests.
    #[arg(long, value_enum, default_value_t = Grant::Auto)]
    grant: Grant,
    /// Seconds that an issued certificate is valid.
    #[arg(long, default_value_t = 365 * 86_400, value_parser = clap::value_parser!(i64).range(1..))]
    validity: i64,
    /// Seconds from one revocation list to the next.
    #[arg(long, default_value_t = 7 * 86_400, value_parser = clap::value_parser!(i64).range(1..))]
    crl_lifetime: i64,
    /// URL of the list, named in every certificate; without it routers ask by SCEP.
    #[arg(long)]
    crl_url: Option<String>,
    /// URL of the OCSP responder, named in every certificate.
    #[arg(long)]
    ocsp_url: Option<String>,
    /// File with the challenge password that a first enrolment must know.
    #[arg(long, value_name = "FILE")]
    challenge_file: Option<PathBuf>,
    /// Take MD5, DES and RSA keys below 1024 bits.
    #[arg(long)]
    allow_weak: bool,
}

/// Does what the command says and gives the text to print.
///
/// # Errors
/// What went wrong, with the way out.
pub fn run(command: &CaCommand) -> Result<String, String> {
    let done = match command {
        CaCommand::Init(args) => init(args),
        CaCommand::Serve { dir, listen } => serve_here(dir, listen),
        CaCommand::List { dir, json } => tell(dir, &Order::List { json: *json }),
        CaCommand::Grant { dir, which } => tell(
            dir,
            &Order::Grant {
                which: which.clone(),
            },
        ),
        CaCommand::Reject { dir, which } => tell(
            dir,
            &Order::Reject {
                which: which.clone(),
            },
        ),
        CaCommand::Revoke { dir, which, reason } => tell(
            dir,
            &Order::Revoke {
                which: which.clone(),
                reason: reason.clone(),
            },
        ),
        CaCommand::Policy { dir, grant } => tell(dir, &Order::Policy { grant: *grant }),
        CaCommand::Validity { dir, seconds } => tell(dir, &Order::Validity { seconds: *seconds }),
        CaCommand::Stop { dir } => ask(dir, &Request::Stop),
    };
    done.map_err(|e| e.to_string())
}

fn init(args: &InitArgs) -> Result<String, CaFailure> {
    let name = Name::from_subject_name(&args.name)
        .map_err(|e| CaFailure::other(format!("--name {}: {e}", args.name)))?;
    let challenge = args.challenge_file.as_deref().map(first_line).transpose()?;
    let settings = Settings {
        grant: args.grant,
        hash: args.hash,
        validity: args.validity,
        crl_lifetime: args.crl_lifetime,
        crl_url: args.crl_url.clone(),
        ocsp_url: args.ocsp_url.clone(),
        challenge,
        allow_weak: args.allow_weak,
        critical: None,
    };
    let mut above = args.below.as_deref().map(Authority::open).transpose()?;
    let key = new_key(args.key_bits)?;
    let made = Authority::init(&args.dir, &name, key, &settings, above.as_mut())?;
    let own = made.server.certificate();
    let print = |hash| ike_pki::fingerprint(hash, own.der());
    Ok(format!(
        "{}: {name}\nFingerprint MD5: {}\nFingerprint SHA1: {}",
        args.dir.display(),
        print(ike_crypto::Hash::Md5),
        print(ike_crypto::Hash::Sha1)
    ))
}

fn first_line(path: &Path) -> Result<String, CaFailure> {
    let text = std::fs::read_to_string(path).map_err(|source| CaFailure::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn serve_here(dir: &Path, listen: &[SocketAddr]) -> Result<String, CaFailure> {
    let authority = Authority::open(dir)?;
    authority.warnings.iter().for_each(|w| complain(w));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .map_err(|e| CaFailure::other(format!("no runtime: {e}")))?;
    runtime.block_on(serve(authority, dir, listen))?;
    Ok(String::new())
}

/// Tells a CA: the one that serves, or else the folder.
fn tell(dir: &Path, order: &Order) -> Result<String, CaFailure> {
    if dir.join(SOCKET).exists() {
        let line = serde_json::to_string(order).unwrap_or_default();
        match ask(dir, &Request::Exec { line, json: false }) {
            Err(CaFailure::Other(text)) if text.contains("no daemon answers") => {}
            answer => return answer,
        }
    }
    let mut authority = Authority::open(dir)?;
    authority.warnings.iter().for_each(|w| complain(w));
    authority.obey(order)
}

fn ask(dir: &Path, request: &Request) -> Result<String, CaFailure> {
    let answer = control::request(&dir.join(SOCKET), request, Duration::from_secs(10));
    let response = answer.map_err(|e| CaFailure::other(e.to_string()))?;
    match response.code {
        0 => Ok(response.text),
        _ => Err(CaFailure::other(response.text)),
    }
}
