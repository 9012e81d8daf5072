//! Where a strongSwan is: that of the machine, or another version unpacked into a folder.

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MsFlags, mount};

use super::own_mounts;
use crate::error::{Doing, Error, Result};

/// Where strongSwan looks for its plugins, as Debian builds it.
const PLUGINS: &str = "/usr/lib/ipsec";

/// Where Debian has pki: whoever runs charon may do without.
const PKI: &str = "/usr/bin/pki";

/// Debian's AppArmor profile of charon.
const PROFILE: &str = "/etc/apparmor.d/usr.sbin.charon-systemd";

/// A strongSwan that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    daemon: PathBuf,
    swanctl: PathBuf,
    pki: PathBuf,
    root: Option<Root>,
}

/// Packages unpacked into a folder: run by their own loader, with their own libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    loader: PathBuf,
    libraries: OsString,
    plugins: CString,
}

impl Installation {
    /// The one of this machine; the folders of root's programs are looked into as well.
    ///
    /// # Errors
    /// A program is missing; the text names Debian's package.
    pub fn find() -> Result<Self> {
        let program = |name: &str, package: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
            let mut found = folders
                .map(|folder| folder.join(name))
                .filter(|path| path.is_file());
            found.next().ok_or_else(|| {
                Error::because(
                    format!("find {name}"),
                    format!("not installed; on Debian: apt-get install {package} libcharon-extra-plugins libstrongswan-extra-plugins"),
                )
            })
        };
        Ok(Self {
            daemon: program("charon-systemd", "charon-systemd")?,
            swanctl: program("swanctl", "strongswan-swanctl")?,
            pki: PathBuf::from(PKI),
            root: None,
        })
    }

    /// Debian packages of another version, with those they need, unpacked into the folder `root`. The
    /// machine needs a folder /usr/lib/ipsec, over which theirs is laid for each process.
    ///
    /// # Errors
    /// A program is not there.
    pub fn unpacked(root: &Path) -> Result<Self> {
        let file = |path: &str| {
            let path = root.join(path);
            path.canonicalize()
                .doing(|| format!("find {}", path.display()))
        };
        if !Path::new(PLUGINS).is_dir() {
            return Err(Error::because(
                format!("find {PLUGINS}"),
                "not there: install libstrongswan",
            ));
        }
        let plugins = file("usr/lib/ipsec")?;
        let libraries = file("usr/lib/x86_64-linux-gnu")?;
        let mut path = OsString::from(&libraries);
        path.push(":");
        path.push(&plugins);
        let plugins = CString::new(plugins.as_os_str().as_bytes()).map_err(io::Error::other);
        Ok(Self {
            daemon: file("usr/sbin/charon-systemd")?,
            swanctl: file("usr/sbin/swanctl")?,
            pki: root.join("usr/bin/pki"),
            root: Some(Root {
                loader: libraries.join("ld-linux-x86-64.so.2"),
                libraries: path,
                plugins: plugins.doing(|| format!("use {}", root.display()))?,
            }),
        })
    }

    /// Its version, e.g. `5.9.8`.
    ///
    /// # Errors
    /// swanctl cannot be run.
    pub fn version(&self) -> Result<String> {
        // It wants to ask a daemon; without one it prints how it is used, with its version.
        let mut command = self.swanctl();
        command.args(["--version", "--uri", "unix:///dev/null"]);
        let output = command.output();
        let output = output.doing(|| format!("run {}", self.swanctl.display()))?;
        let text = [output.stdout, output.stderr].concat();
        Ok(version_in(&String::from_utf8_lossy(&text)))
    }

    /// charon; in a mount namespace of its own already when it is unpacked.
    pub(super) fn daemon(&self) -> Command {
        self.program(&self.daemon)
    }

    /// `swanctl`, without arguments.
    pub fn swanctl(&self) -> Command {
        self.program(&self.swanctl)
    }

    /// `pki`, which makes keys and certificates and speaks SCEP, without arguments.
    ///
    /// # Errors
    /// It is not there; the text names Debian's package.
    pub fn pki(&self) -> Result<Command> {
        if self.pki.is_file() {
            return Ok(self.program(&self.pki));
        }
        Err(Error::because(
            format!("find {}", self.pki.display()),
            "not there; on Debian: apt-get install strongswan-pki",
        ))
    }

    fn program(&self, program: &Path) -> Command {
        let Some(root) = &self.root else {
            return Command::new(program);
        };
        let mut command = Command::new(&root.loader);
        command
            .arg("--library-path")
            .arg(&root.libraries)
            .arg(program);
        lay_plugins(&mut command, root.plugins.clone());
        command
    }
}

/// The word after `strongSwan`.
fn version_in(text: &str) -> String {
    let mut words = text.split_whitespace();
    let version = words
        .find(|word| *word == "strongSwan")
        .and_then(|_| words.next());
    version.unwrap_or("unknown").to_owned()
}

/// What stands in charon's way where AppArmor is on: Debian's profile lets it read /etc alone. With the way
/// out.
pub(super) fn confinement() -> Option<String> {
    let enabled = std::fs::read_to_string("/sys/module/apparmor/parameters/enabled").ok()?;
    let confined = enabled.trim() == "Y" && Path::new(PROFILE).is_file();
    confined.then(|| {
        format!("AppArmor may confine it to /etc: run `sudo apparmor_parser -R {PROFILE}` while it is a peer here")
    })
}

/// Lets the process alone see these plugins in place of the machine's.
#[allow(unsafe_code)]
fn lay_plugins(command: &mut Command, plugins: CString) {
    let lay = move || {
        own_mounts()?;
        mount(
            Some(plugins.as_c_str()),
            PLUGINS,
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls with arguments made before; it
    // allocates nothing and takes no lock.
    unsafe { command.pre_exec(lay) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swanctls_version_is_read_from_what_it_says() {
        let said = "connecting to 'unix:///dev/null' failed\nstrongSwan 5.9.8 swanctl\nusage:\n";
        assert_eq!(version_in(said), "5.9.8");
        assert_eq!(version_in("strongSwan"), "unknown");
    }
}
