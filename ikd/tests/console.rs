//! `ikd cli`, `ikd exec 'configure terminal'`, `ikd reload` and `ikd fmt` against a daemon that has nothing but a
//! configuration: lines from a pipe, and keys at a terminal.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const CONFIG: &str = "! the first router
hostname R1
crypto isakmp policy 10
 encr aes
crypto isakmp profile prof1
 match identity host R2.cisco.com
crypto isakmp key hunter2 address 192.168.0.2
";

/// How long something may take before it counts as not coming.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon; dropped, it ends.
struct Daemon {
    dir: TempDir,
    child: Child,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("R1.cfg"), CONFIG).unwrap();
        let path = |name: &str| dir.path().join(name);
        let child = Command::new(env!("CARGO_BIN_EXE_ikd"))
            .args(["run", "--dataplane", "none", "--name", "R1"])
            .arg("--config")
            .arg(path("R1.cfg"))
            .arg("--state")
            .arg(path("state"))
            .arg("--socket")
            .arg(path("R1.sock"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(path("log")).unwrap())
            .spawn()
            .unwrap();
        let daemon = Self { dir, child };
        daemon.until("its socket", || {
            daemon.run(&["status"], "").status.success()
        });
        daemon
    }

    /// Waits for something that the daemon does by itself.
    fn until(&self, what: &str, done: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done() {
            let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(Instant::now() < end, "no {what}: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
        command
            .arg(arguments[0])
            .arg("--socket")
            .arg(self.path("R1.sock"))
            .args(&arguments[1..])
            .env("XDG_STATE_HOME", self.path("xdg"));
        command
    }

    /// A command with that on its standard input.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// `ikd cli` with lines: exit code, standard output and standard error.
    fn cli(&self, lines: &str) -> (Option<i32>, String, String) {
        let output = self.run(&["cli"], lines);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

/// Pages, abbreviations and filters, without prompts; the code is that of the last line that failed.
#[test]
fn lines_from_a_pipe_are_run_one_by_one() {
    let daemon = Daemon::start();
    let (code, out, err) =
        daemon.cli("sh run | inc hostname\nenable\nterminal length 0\nshow history\n");
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "hostname R1\n", "")
    );
    let (code, out, err) =
        daemon.cli("show nonsense\nsh run | sec isakmp policy\nexit\nshow version\n");
    assert_eq!(code, Some(2));
    assert_eq!(out, "crypto isakmp policy 10\n encr aes\n");
    assert!(err.contains("% Invalid input detected"), "{err}");
    let (_, out, _) = daemon.cli("sh cry isa pol | json\n");
    assert!(
        serde_json::from_str::<serde_json::Value>(&out).is_ok(),
        "{out}"
    );
}

/// A candidate takes effect as a whole and is printed as a difference without keys; `write memory` writes it.
#[test]
fn a_configuration_is_edited_swapped_and_written() {
    let daemon = Daemon::start();
    let lines = "conf t
crypto isakmp policy 10
encr 3des
exit
no crypto isakmp key hunter2 address 192.168.0.2
crypto isakmp key hunter3 address 192.168.0.2
do show run | inc encr
end
show run | inc encr
show startup-config | inc encr
";
    let (code, out, err) = daemon.cli(lines);
    assert_eq!(code, Some(0), "{err}");
    let told = "Enter configuration commands, one per line.  End with CNTL/Z.
 encr aes
 crypto isakmp policy 10
- encr aes
+ encr 3des
-crypto isakmp key <removed> address 192.168.0.2
+crypto isakmp key <removed> address 192.168.0.2
 encr 3des
 encr aes
";
    assert_eq!(out, told);
    let (code, out, err) = daemon.cli("copy run start\nshow startup-config | inc encr\n");
    assert_eq!(code, Some(0), "{err}");
    let told = format!(
        "% Comments, and lines that mean nothing here, are not written: the file as it was is {}.
Building configuration...\n[OK]\n encr 3des\n",
        daemon.path("R1.cfg.orig").canonicalize().unwrap().display()
    );
    assert_eq!(out, told);
    let written = fs::read_to_string(daemon.path("R1.cfg")).unwrap();
    assert!(written.contains("key hunter3 address"), "{written}");
    assert_eq!(
        fs::read_to_string(daemon.path("R1.cfg.orig")).unwrap(),
        CONFIG
    );
}

/// A refused line is told and fails the whole in the end, although the others count; a candidate with errors
/// changes nothing.
#[test]
fn wrong_lines_and_wrong_candidates_are_told() {
    let daemon = Daemon::start();
    let wrong = daemon.run(
        &["exec", "configure", "terminal"],
        "crypto isakmp polcy 20\nhostname R9\nend\n",
    );
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("did you mean `policy`?"), "{said}");
    let (code, out, err) = daemon.cli("conf t\ncrypto ipsec profile P\nset transform-set NONE\nend\nshow run | inc hostname|ipsec\nconf t\nabort\n");
    assert_eq!(code, Some(3));
    assert!(
        err.contains("E0232") && err.contains("Nothing is changed"),
        "{err}"
    );
    assert!(out.contains("\nhostname R9\nEnter"), "{out}");
    assert!(out.contains("These changes of last time wait"), "{out}");
}

/// `ikd reload` prints what the file changes; a bad file keeps the old one.
#[test]
fn a_reload_prints_what_changes() {
    let daemon = Daemon::start();
    let reload = || {
        let output = daemon.run(&["reload"], "");
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text.into_owned())
    };
    assert!(reload().1.ends_with("Nothing changes.\n"));
    fs::write(
        daemon.path("R1.cfg"),
        CONFIG.replace("encr aes", "encr 3des"),
    )
    .unwrap();
    let (code, text) = reload();
    assert_eq!(code, Some(0));
    assert!(
        text.ends_with(" crypto isakmp policy 10\n- encr aes\n+ encr 3des\n"),
        "{text}"
    );
    fs::write(
        daemon.path("R1.cfg"),
        CONFIG.replace("encr aes", "encr rot13"),
    )
    .unwrap();
    let (code, text) = reload();
    assert_eq!(code, Some(3));
    assert!(text.contains("rot13"), "{text}");
    assert_eq!(daemon.cli("sh run | inc encr\n").1, " encr 3des\n");
}

/// `ikd fmt` prints what is shown; what it prints needs no change.
#[test]
fn fmt_prints_the_normal_form() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("R1.cfg");
    fs::write(&path, CONFIG.replace("isakmp policy", "isa pol")).unwrap();
    let fmt = |arguments: &[&str]| fmt(&path, arguments);
    let (code, normal) = fmt(&[]);
    assert_eq!(code, Some(0));
    assert!(
        normal.contains("\ncrypto isakmp policy 10\n encr aes\n"),
        "{normal}"
    );
    let (code, difference) = fmt(&["--check"]);
    assert_eq!(code, Some(1));
    assert!(
        difference.contains("-crypto isa pol 10\n- encr aes\n-crypto isakmp profile"),
        "{difference}"
    );
    assert!(!difference.contains("hunter2"), "{difference}");
    fs::write(&path, normal).unwrap();
    assert_eq!(fmt(&["--check"]), (Some(0), String::new()));
}

fn fmt(path: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    let output = command
        .arg("fmt")
        .arg(path)
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// A terminal with `ikd cli` in it, and everything that it showed so far.
struct Terminal {
    master: fs::File,
    /// What is shown, as it comes.
    screen: mpsc::Receiver<String>,
    child: Child,
    shown: String,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Terminal {
    fn open(daemon: &Daemon) -> Self {
        let pty = nix::pty::openpty(None, None).unwrap();
        let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let child = daemon
            .command(&["cli"])
            .env("TERM", "xterm")
            .stdin(end(&pty.slave))
            .stdout(end(&pty.slave))
            .stderr(end(&pty.slave))
            .spawn()
            .unwrap();
        let master = fs::File::from(pty.master);
        let (sender, screen) = mpsc::channel();
        let mut reader = master.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut octets = [0; 1024];
            while let Ok(count @ 1..) = reader.read(&mut octets) {
                let text = String::from_utf8_lossy(&octets[..count]).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
        Self {
            master,
            screen,
            child,
            shown: String::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads until `text` is shown after everything that was waited for before.
    fn until(&mut self, text: &str) {
        loop {
            if let Some((_, rest)) = self.shown.split_once(text) {
                self.shown = rest.to_owned();
                return;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(more) => self.shown += &more,
                Err(_) => panic!("no {text:?} in {:?}", self.shown),
            }
        }
    }
}

/// `?` answers without Enter and keeps the line, tab completes, abbreviations run; configuration mode has its
/// prompts, and Ctrl-Z leaves it.
#[test]
fn a_terminal_is_a_console() {
    let daemon = Daemon::start();
    let mut terminal = Terminal::open(&daemon);
    terminal.until("R1#");
    terminal.press("sh cry isa?");
    terminal.until("isakmp");
    terminal.until("sh cry isa");
    terminal.press("\t");
    terminal.until("isakmp ");
    terminal.press("pol\r");
    terminal.until("Global IKE policy");
    terminal.until("R1#");
    terminal.press("sh xyz\r");
    terminal.until("\n      ^\r\n% Invalid input");
    terminal.press("conf t\r");
    terminal.until("R1(config)#");
    terminal.press("cry isa prof\t");
    terminal.until("cry isa profile ");
    terminal.press("prof1\r");
    terminal.until("R1(conf-isa-prof)#");
    terminal.press("match identity ?");
    terminal.until("address");
    terminal.until("R1(conf-isa-prof)#match identity ");
    terminal.press("hots x\r");
    terminal.until("% Invalid input detected at '^' marker.");
    terminal.until("R1(conf-isa-prof)#");
    terminal.press("keyring default\r");
    terminal.until("R1(conf-isa-prof)#");
    terminal.press("\x1a");
    terminal.until("+ keyring default");
    terminal.until("R1#");
    terminal.press("crypto isakmp key hunter4 address 1.2.3.4\r");
    terminal.until("R1#");
    terminal.press("exit\r");
    assert!(terminal.child.wait().unwrap().success());
    let history = fs::read_to_string(daemon.path("xdg/ikd/history")).unwrap();
    assert!(
        history.contains("keyring default") && !history.contains("hunter4"),
        "{history}"
    );
}
