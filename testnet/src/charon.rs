//! strongSwan's charon as a peer in a [`Host`]: Debian's `charon-systemd` with `kernel-libipsec`
//! (ESP in userspace over a TUN device), configured by swanctl, without root.
//!
//! Each charon has its host's network and a mount namespace with an empty /run, so any number
//! run side by side. ESP always goes in UDP: this charon feigns a NAT.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::error::{Doing, Error, Result};
use crate::host::Host;

mod answer;
mod description;
mod installation;
mod render;

pub use answer::{PeerChild, PeerSa};
pub use description::{
    Authentication, Authority, Child, Connection, Credential, CredentialKind, Description,
    IkeVersion, Pool, Secret, SecretKind, Setting,
};
pub use installation::Installation;

/// How long a charon may take to start, and to end.
const START: Duration = Duration::from_secs(20);
const END: Duration = Duration::from_secs(5);
/// How long swanctl may take beyond what it was told to wait.
const ANSWER: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);
/// Its log, in its folder.
const LOG: &str = "charon.log";
/// Octets of a folder that a socket fits in: the kernel takes paths of 107.
const SOCKET_PATH: usize = 80;

/// A running charon. Dropping it kills it.
#[derive(Debug)]
pub struct Charon {
    installation: Installation,
    dir: PathBuf,
    /// SWANCTL_DIR.
    swanctl: PathBuf,
    socket: TempDir,
    process: Process,
}

/// What swanctl said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// It ended with 0.
    pub ok: bool,
    /// Its output and complaints.
    pub text: String,
}

impl Charon {
    /// Starts a charon in `host` and gives it what `description` says. `dir` is created; it keeps
    /// the configuration, `charon.log` and `charon.out` afterwards.
    ///
    /// # Errors
    /// It does not start, or refuses a part of the description; the text is its own.
    pub fn start(
        installation: &Installation,
        host: &Host,
        dir: &Path,
        description: &Description,
    ) -> Result<Self> {
        let doing = || format!("prepare charon in {}", dir.display());
        let socket = folder_for_socket(dir).doing(doing)?;
        prepare(dir, socket.path(), description).doing(doing)?;
        let mut charon = Self::spawned(installation, host, dir, dir, socket)?;
        charon.wait_for_socket()?;
        charon.load(description)?;
        Ok(charon)
    }

    /// Starts a charon in `host` with the files of the folder `swanctl` as they are: its `swanctl.conf`,
    /// credentials, and `strongswan.conf` if there is one. `dir` is created for logs.
    ///
    /// # Errors
    /// It does not start, or `swanctl --load-all` fails; the text is its own.
    pub fn start_with(
        installation: &Installation,
        host: &Host,
        dir: &Path,
        swanctl: &Path,
    ) -> Result<Self> {
        let doing = || format!("prepare charon in {}", dir.display());
        fs::create_dir_all(dir).doing(doing)?;
        let socket = folder_for_socket(dir).doing(doing)?;
        let theirs = Some(swanctl.join("strongswan.conf")).filter(|file| file.exists());
        let text = render::strongswan_conf(
            &Description::default(),
            &dir.join(LOG),
            &socket.path().join("vici"),
            theirs.as_deref(),
        );
        write(&dir.join("strongswan.conf"), text.as_bytes()).doing(doing)?;
        let mut charon = Self::spawned(installation, host, dir, swanctl, socket)?;
        charon.wait_for_socket()?;
        charon.told(&["--load-all", "--noprompt"])?;
        Ok(charon)
    }

    fn spawned(
        installation: &Installation,
        host: &Host,
        dir: &Path,
        swanctl: &Path,
        socket: TempDir,
    ) -> Result<Self> {
        let process = spawn(installation, host, dir).doing(|| "start charon".to_owned())?;
        Ok(Self {
            installation: installation.clone(),
            dir: dir.to_owned(),
            swanctl: swanctl.to_owned(),
            socket,
            process,
        })
    }

    /// Gives the running charon another description; credentials are added to those it has.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn load(&self, description: &Description) -> Result<()> {
        // charon looks at what was loaded last first: one file after the other makes an order.
        for credential in &description.credentials {
            let path = self
                .dir
                .join(credential.kind.folder())
                .join(&credential.name);
            let doing = || format!("write {}", path.display());
            write(&path, &credential.octets).doing(doing)?;
            self.told(&["--load-creds"])?;
        }
        let path = self.dir.join("swanctl.conf");
        let text = render::swanctl_conf(description);
        write(&path, text.as_bytes()).doing(|| format!("write {}", path.display()))?;
        self.told(&["--load-creds"])?;
        self.told(&["--load-authorities"])?;
        self.told(&["--load-pools"])?;
        self.told(&["--load-conns"])
    }

    /// Initiates a child SA by name, with its IKE SA when there is none, and waits for the outcome.
    ///
    /// # Errors
    /// swanctl cannot be run; a failed negotiation is an answer.
    pub fn initiate(&self, child: &str, wait: Duration) -> Result<Said> {
        self.swanctl_within(
            &["--initiate", "--child", child, "--timeout", &seconds(wait)],
            wait,
        )
    }

    /// Initiates an IKE SA by the name of its connection, without a child SA.
    ///
    /// # Errors
    /// As [`initiate`](Self::initiate).
    pub fn initiate_ike(&self, connection: &str, wait: Duration) -> Result<Said> {
        self.swanctl_within(
            &[
                "--initiate",
                "--ike",
                connection,
                "--timeout",
                &seconds(wait),
            ],
            wait,
        )
    }

    /// Runs `swanctl` with arguments, e.g. `["--rekey", "--child", "net"]`.
    ///
    /// # Errors
    /// It cannot be run, or does not end.
    pub fn swanctl(&self, arguments: &[&str]) -> Result<Said> {
        self.swanctl_within(arguments, Duration::ZERO)
    }

    /// Its SAs.
    ///
    /// # Errors
    /// swanctl cannot be run, or charon does not answer.
    pub fn sas(&self) -> Result<Vec<PeerSa>> {
        let said = self.swanctl(&["--list-sas", "--pretty"])?;
        if said.ok {
            Ok(answer::sas(&said.text))
        } else {
            Err(Error::because("list SAs of charon", said.text))
        }
    }

    /// What a `swanctl` needs in its environment to find this charon.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        environment(&self.dir, &self.swanctl)
    }

    /// Number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        let octets = fs::read(self.dir.join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// Whether the process runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Ends it as an operator does: its peers are told.
    pub fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        let until = Instant::now() + END;
        while self.runs() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        self.kill();
    }

    /// Ends it as a crash does: nobody is told.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn signal(&mut self, signal: Signal) {
        if self.runs()
            && let Ok(pid) = i32::try_from(self.process.id())
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn wait_for_socket(&mut self) -> Result<()> {
        let until = Instant::now() + START;
        let path = self.socket.path().join("vici");
        while UnixStream::connect(&path).is_err() {
            if !self.runs() || Instant::now() > until {
                let said = fs::read_to_string(self.dir.join("charon.out")).unwrap_or_default();
                let hint = installation::confinement().unwrap_or_default();
                return Err(Error::because(
                    "start charon",
                    format!("no answer: {said}{}{hint}", self.log()),
                ));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn told(&self, arguments: &[&str]) -> Result<()> {
        match self.swanctl(arguments)? {
            Said { ok: true, .. } => Ok(()),
            Said { text, .. } => Err(Error::because(
                format!("swanctl {}", arguments.join(" ")),
                text,
            )),
        }
    }

    fn swanctl_within(&self, arguments: &[&str], wait: Duration) -> Result<Said> {
        let doing = || format!("run swanctl {}", arguments.join(" "));
        let mut command = self.installation.swanctl();
        command
            .args(arguments)
            .envs(self.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null());
        let process = command.spawn().doing(doing)?;
        output(process, wait + ANSWER).doing(doing)
    }
}

impl Drop for Charon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Output of a process that is killed after `limit`.
fn output(mut process: Process, limit: Duration) -> io::Result<Said> {
    let pid = Pid::from_raw(i32::try_from(process.id()).unwrap_or(i32::MAX));
    let (mut stdout, mut stderr) = (process.stdout.take(), process.stderr.take());
    let mut text = String::new();
    let (ended, watch) = std::sync::mpsc::channel::<()>();
    let status = thread::scope(|scope| {
        scope.spawn(move || {
            if watch.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = kill(pid, Signal::SIGKILL);
            }
        });
        let complaints = scope.spawn(move || read(stderr.as_mut()));
        text = read(stdout.as_mut());
        text.push_str(&complaints.join().unwrap_or_default());
        let status = process.wait();
        drop(ended);
        status
    })?;
    Ok(Said {
        ok: status.success(),
        text,
    })
}

fn read(from: Option<&mut impl Read>) -> String {
    let mut octets = Vec::new();
    if let Some(from) = from {
        let _ = from.read_to_end(&mut octets);
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// A folder inside `dir`, which goes with it; elsewhere where the path would be too long for a socket.
fn folder_for_socket(dir: &Path) -> io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    if dir.as_os_str().len() > SOCKET_PATH {
        return folder.prefix("charon-").tempdir();
    }
    fs::create_dir_all(dir)?;
    folder.prefix("vici-").tempdir_in(dir)
}

fn prepare(dir: &Path, socket: &Path, description: &Description) -> io::Result<()> {
    for kind in [
        CredentialKind::Ca,
        CredentialKind::Certificate,
        CredentialKind::Crl,
        CredentialKind::PrivateKey,
    ] {
        let folder = dir.join(kind.folder());
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
    }
    let text = render::strongswan_conf(description, &dir.join(LOG), &socket.join("vici"), None);
    write(&dir.join("strongswan.conf"), text.as_bytes())
}

/// Only the owner reads secrets and keys.
fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(octets)
}

fn spawn(installation: &Installation, host: &Host, dir: &Path) -> io::Result<Process> {
    let mut command = installation.daemon();
    let out = File::create(dir.join("charon.out"))?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    command.envs(environment(dir, dir));
    host.enter_in_child(&mut command);
    run_of_its_own(&mut command);
    command.spawn()
}

fn environment(dir: &Path, swanctl: &Path) -> [(&'static str, PathBuf); 2] {
    [
        ("STRONGSWAN_CONF", dir.join("strongswan.conf")),
        ("SWANCTL_DIR", swanctl.to_owned()),
    ]
}

/// Gives the process an empty /run that nobody else sees, and the end of the thread that starts it:
/// a test that is killed leaves no charon behind.
#[allow(unsafe_code)]
fn run_of_its_own(command: &mut Command) {
    let isolate = || {
        set_pdeathsig(Signal::SIGKILL)?;
        own_mounts()?;
        mount(
            Some("run"),
            "/run",
            Some("tmpfs"),
            MsFlags::empty(),
            None::<&str>,
        )?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls with constant arguments; it
    // allocates nothing and takes no lock.
    unsafe { command.pre_exec(isolate) };
}

/// Leaves the mounts of the others alone from now on.
fn own_mounts() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
}

fn seconds(wait: Duration) -> String {
    wait.as_secs().max(1).to_string()
}
