//! `ikd support-bundle`: everything that somebody else needs to understand a daemon, without its secrets, as a new
//! folder of files that can be read before they are mailed.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::ask::{Device, answer};
use crate::capture::private;
use crate::cli::{complain, print};
use crate::control::Request;
use crate::report::{Format, story_of};
use crate::secrets::censored;

const EXAMPLES: &str = "Examples:
  ikd support-bundle -d R1 -o r1-bundle       a new folder; read it, then: tar czf r1-bundle.tar.gz r1-bundle
Keys and passwords are left out: those of the configuration are replaced, private and session keys are never asked for.
Names, addresses and certificates are in it.

Exit code: 0 written, 4 the daemon does not answer, 5 the folder cannot be written.";

/// `ikd support-bundle`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct BundleArgs {
    #[command(flatten)]
    device: Device,
    /// A new folder.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

/// The folder cannot be written.
const FORBIDDEN: u8 = 5;
/// Pages, by the name of their file.
const PAGES: [(&str, &str); 14] = [
    ("version.txt", "show version"),
    ("isakmp-sa.txt", "show crypto isakmp sa detail"),
    ("isakmp-policy.txt", "show crypto isakmp policy"),
    ("isakmp-profile.txt", "show crypto isakmp profile"),
    ("ikev2-sa.txt", "show crypto ikev2 sa detailed"),
    ("ikev2-profile.txt", "show crypto ikev2 profile"),
    ("ikev2-errors.txt", "show crypto ikev2 diagnose error"),
    ("ipsec-sa.txt", "show crypto ipsec sa detail"),
    ("session.txt", "show crypto session detail"),
    ("certificates.txt", "show crypto pki certificates verbose"),
    ("trustpoints.txt", "show crypto pki trustpoints status"),
    ("counters.txt", "show crypto counters"),
    ("explain.txt", "show crypto explain"),
    ("logging.txt", "show logging"),
];

/// A text for people and the exit code.
type Failure = (u8, String);

/// Collects and writes.
pub fn run(args: &BundleArgs) -> ExitCode {
    match bundle(args) {
        Ok(count) => {
            print(&format!("{}: {count} files", args.out.display()));
            ExitCode::SUCCESS
        }
        Err((code, text)) => {
            complain(&text);
            ExitCode::from(code)
        }
    }
}

fn bundle(args: &BundleArgs) -> Result<usize, Failure> {
    let socket = args.device.path();
    // A daemon that does not answer leaves no folder behind.
    let files = collected(&socket)?;
    make(&args.out)?;
    for (name, text) in &files {
        let path = args.out.join(name);
        private::write(&path, text.as_bytes()).map_err(|text| (FORBIDDEN, text))?;
    }
    Ok(files.len())
}

fn collected(socket: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut out = vec![("status.txt", answer(socket, &Request::Status)?)];
    for (name, line) in PAGES {
        out.push((name, exec(socket, line)?));
    }
    let config = exec(socket, "show running-config")?;
    out.push(("running-config.txt", without_secrets(&config)));
    out.push(("records.json", answer(socket, &Request::Records)?));
    out.push(("metrics.txt", answer(socket, &Request::Metrics)?));
    out.push(("doctor.txt", crate::doctor::about_the_machine()));
    // Where nothing was negotiated there is nothing to report.
    if let Ok(story) = story_of(socket, "last") {
        out.push(("report.html", Format::Html.page(&story)));
        out.push(("trace.json", Format::Json.page(&story)));
    }
    Ok(out)
}

/// I6: every line goes through the one place that knows where secrets stand; indentation stays.
fn without_secrets(config: &str) -> String {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        format!("{}{}\n", " ".repeat(indent), censored(line))
    };
    config.lines().map(line).collect()
}

fn make(dir: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().mode(0o700).create(dir);
    made.map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => (
            FORBIDDEN,
            format!("{}: is there already; name a new folder", dir.display()),
        ),
        _ => (FORBIDDEN, format!("{}: {e}", dir.display())),
    })
}

fn exec(socket: &Path, line: &str) -> Result<String, Failure> {
    let (line, json) = (line.to_owned(), false);
    answer(socket, &Request::Exec { line, json })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: indentation stays, so that blocks are still blocks.
    #[test]
    fn a_configuration_goes_without_its_secrets() {
        let text = "crypto isakmp key hunter2 address 10.0.0.1\ncrypto ikev2 keyring K\n peer P\n  pre-shared-key hunter2\n";
        assert_eq!(
            without_secrets(text),
            "crypto isakmp key <removed> address 10.0.0.1\ncrypto ikev2 keyring K\n peer P\n  pre-shared-key <removed>\n"
        );
    }
}
