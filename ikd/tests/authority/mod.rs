//! A CA of ours at work in a host, and its administrator: `ikd pki ca` as a person types it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libtest_mimic::Failed;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde_json::Value;
use testnet::Host;

/// A CA that serves. Dropping it kills it.
pub(crate) struct Authority {
    dir: PathBuf,
    process: Child,
    /// `http://ADDRESS:PORT`.
    pub(crate) url: String,
    /// What `init` said: its name and fingerprints.
    pub(crate) introduction: String,
}

impl Authority {
    /// Makes a CA `CN=CA1,O=lab` in `dir` and lets it serve at `address`. `options` are those of
    /// `ikd pki ca init`, in which `{url}` is where it serves.
    pub(crate) fn start(
        host: &Host,
        dir: &Path,
        address: &str,
        options: &[&str],
    ) -> Result<Self, Failed> {
        let url = format!("http://{address}");
        let filled: Vec<String> = options.iter().map(|o| o.replace("{url}", &url)).collect();
        let mut arguments = vec!["--name", "CN=CA1,O=lab"];
        arguments.extend(filled.iter().map(String::as_str));
        let said = ask(dir, "init", &arguments)?;
        let mut serving = Self::serve(host, dir, address)?;
        serving.introduction = said;
        Ok(serving)
    }

    /// Lets the CA in `dir` serve.
    pub(crate) fn serve(host: &Host, dir: &Path, address: &str) -> Result<Self, Failed> {
        let mut command = ikd();
        command
            .args(["pki", "ca", "serve"])
            .arg(dir)
            .args(["--listen", address])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        host.enter_in_child(&mut command);
        end_with_the_test(&mut command);
        let mut process = command.spawn()?;
        // It says that it listens; when it cannot, it ends.
        let mut said = String::new();
        if let Some(out) = process.stdout.take() {
            BufReader::new(out).read_line(&mut said)?;
        }
        let mut serving = Self {
            dir: dir.to_owned(),
            process,
            url: String::new(),
            introduction: String::new(),
        };
        match said.trim().split_once("listening at ") {
            Some((_, url)) => url.clone_into(&mut serving.url),
            None => return Err(format!("the CA does not serve at {address}: {said}").into()),
        }
        Ok(serving)
    }

    /// An order such as `grant`, with its arguments; what was said.
    pub(crate) fn told(&self, order: &str, arguments: &[&str]) -> Result<String, Failed> {
        ask(&self.dir, order, arguments)
    }

    /// Its requests and certificates.
    pub(crate) fn list(&self) -> Result<Value, Failed> {
        Ok(serde_json::from_str(&self.told("list", &["--json"])?)?)
    }

    /// States of its requests, oldest first.
    pub(crate) fn requests(&self) -> Result<Vec<String>, Failed> {
        states(&self.list()?, "requests")
    }

    /// States of what it issued, oldest first.
    pub(crate) fn certificates(&self) -> Result<Vec<String>, Failed> {
        states(&self.list()?, "certificates")
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn states(list: &Value, of: &str) -> Result<Vec<String>, Failed> {
    let all = list[of].as_array().ok_or("no list")?;
    let state = |one: &Value| one["state"].as_str().unwrap_or_default().to_owned();
    Ok(all.iter().map(state).collect())
}

fn ask(dir: &Path, order: &str, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = ikd();
    command.args(["pki", "ca", order]).arg(dir).args(arguments);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("ikd pki ca {order} {arguments:?}: {complaint}").into())
}

/// The program under test.
pub(crate) fn ikd() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ikd"))
}

/// A test that is killed leaves no process behind.
#[allow(unsafe_code)]
pub(crate) fn end_with_the_test(command: &mut Command) {
    // SAFETY: one system call between fork and exec.
    unsafe { command.pre_exec(|| Ok(set_pdeathsig(Signal::SIGKILL)?)) };
}
