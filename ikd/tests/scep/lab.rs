//! Where a story is told: a folder, a host with a loopback, and the CA of ours that serves there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use testnet::Host;

use crate::authority::{Authority, end_with_the_test};
use crate::ours::Ours;

/// Where the CA serves.
pub(crate) const CA: &str = "127.0.0.1:8080";
/// What the CA names in its certificates, as options of `ikd pki ca init`.
pub(crate) const CRL: [&str; 2] = ["--crl-url", "{url}/ca.crl"];
pub(crate) const OCSP: [&str; 2] = ["--ocsp-url", "{url}/ocsp"];
/// How long something may take that is under way.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// A folder and a host; both go with it.
pub(crate) struct Lab {
    pub(crate) host: Host,
    dir: tempfile::TempDir,
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) ok: bool,
    pub(crate) out: Vec<u8>,
    /// Output and complaints.
    pub(crate) text: String,
}

impl Lab {
    pub(crate) fn new() -> Result<Self, Failed> {
        Ok(Self {
            host: Host::new("lab")?,
            dir: tempfile::tempdir()?,
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, octets: impl AsRef<[u8]>) -> Result<(), Failed> {
        Ok(std::fs::write(self.path(name), octets)?)
    }

    /// A CA of ours with these options of `ikd pki ca init`.
    pub(crate) fn authority(&self, options: &[&str]) -> Result<Authority, Failed> {
        Authority::start(&self.host, &self.path("CA1"), CA, options)
    }

    /// A router of ours with this configuration and an empty store, which polls every half a second.
    pub(crate) fn router(&self, config: &str) -> Result<Ours, Failed> {
        self.write("R1.cfg", config)?;
        let options = ["--dataplane", "none", "--serial", "100"];
        let polls = ["--poll-interval", "0.5"];
        let options = [&options[..], &polls].concat();
        let options: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
        Ours::run(&self.host, self.dir(), &options)
    }

    /// A program in the host, with the folder as its own; not started.
    pub(crate) fn prepared(&self, mut command: Command) -> Command {
        command.current_dir(self.dir()).stdin(Stdio::null());
        self.host.enter_in_child(&mut command);
        end_with_the_test(&mut command);
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, command: Command) -> Result<Said, Failed> {
        let mut command = self.prepared(command);
        let output = command.output();
        let output = output.map_err(|e| format!("{}: {e}", command.get_program().display()))?;
        let text = [&output.stdout[..], &output.stderr].concat();
        Ok(Said {
            ok: output.status.success(),
            out: output.stdout,
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}

impl Said {
    /// It went well.
    pub(crate) fn well(self) -> Result<Self, Failed> {
        match self.ok {
            true => Ok(self),
            false => Err(format!("it failed: {}", self.text).into()),
        }
    }

    /// It failed.
    pub(crate) fn badly(self) -> Result<Self, Failed> {
        match self.ok {
            false => Ok(self),
            true => Err(format!("it went well: {}", self.text).into()),
        }
    }

    /// It said this.
    pub(crate) fn saying(self, part: &str) -> Result<Self, Failed> {
        says(&self.text, part)?;
        Ok(self)
    }
}

/// A text has a part.
pub(crate) fn says(text: &str, part: &str) -> Result<(), Failed> {
    match text.contains(part) {
        true => Ok(()),
        false => Err(format!("not said: `{part}` in: {text}").into()),
    }
}

/// Both are the same.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(got: T, wanted: T) -> Result<(), Failed> {
    match got == wanted {
        true => Ok(()),
        false => Err(format!("{got:?}, wanted {wanted:?}").into()),
    }
}

/// Looks again and again until it is so.
pub(crate) fn eventually(look: impl Fn() -> Result<(), Failed>) -> Result<(), Failed> {
    let until = Instant::now() + PATIENCE;
    loop {
        match look() {
            Err(_) if Instant::now() < until => thread::sleep(LOOK),
            done => return done,
        }
    }
}
