//! strongSwan in the place of the second router: `ikd lab up --peer strongswan`.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use testnet::pcapng;

use super::{ikd, ikd_command, labs, skipped, text};

/// A way to prove oneself, as lines of both routers. `ME`, `PEER`, `OWN` and `OTHER` stand for the
/// addresses and names.
#[derive(Debug)]
pub(crate) struct Proof {
    /// For people.
    pub(crate) title: &'static str,
    lines: &'static str,
    /// The line of the IPsec profile that names the profile.
    set: &'static str,
}

/// One for each version and kind of secret.
pub(crate) const PROOFS: &[Proof] = &[
    Proof {
        title: "IKEv2 with a pre-shared key",
        lines: "crypto ikev2 keyring K
 peer OTHER
  address PEER
  pre-shared-key a-secret-that-is-long-enough
crypto ikev2 profile V2
 match identity remote address PEER 255.255.255.255
 identity local address ME
 authentication remote pre-share
 authentication local pre-share
 keyring local K
",
        set: " set ikev2-profile V2\n",
    },
    Proof {
        title: "IKEv2 with RSA signatures",
        lines: "crypto ikev2 profile V2
 match identity remote fqdn OTHER.cisco.com
 identity local fqdn OWN.cisco.com
 authentication remote rsa-sig
 authentication local rsa-sig
 pki trustpoint TP1
",
        set: " set ikev2-profile V2\n",
    },
    Proof {
        title: "IKEv1 with a pre-shared key",
        lines: "crypto isakmp policy 10
 encr aes 256
 hash sha256
 authentication pre-share
 group 14
crypto isakmp key a-secret-that-is-long-enough address PEER
",
        set: "",
    },
    Proof {
        title: "IKEv1 with RSA signatures",
        lines: "crypto isakmp policy 10
 encr 3des
 hash md5
 group 2
crypto isakmp profile V1
 self-identity fqdn
 ca trust-point TP1
 match identity host OTHER.cisco.com
",
        set: " set isakmp-profile V1\n",
    },
];

/// What every pair has: a trustpoint, a virtual tunnel interface and a network behind each router.
const COMMON: &str = "hostname OWN
ip domain name cisco.com
crypto pki trustpoint TP1
 enrollment url http://192.168.0.9:80
 serial-number
 fqdn OWN.cisco.com
 ip-address ME
 subject-name CN=OWN,O=cisco
 revocation-check crl
LINES
crypto ipsec transform-set TS esp-aes esp-sha256-hmac
 mode tunnel
crypto ipsec profile P
 set transform-set TS
SET
interface Loopback0
 ip address 192.168.NUMBER00.1 255.255.255.0
interface Tunnel1
 ip address 10.0.0.NUMBER 255.255.255.0
 tunnel mode ipsec ipv4
 tunnel source Ethernet0/0
 tunnel destination PEER
 tunnel protection ipsec profile P
interface Ethernet0/0
 ip address ME 255.255.255.0
ip route 0.0.0.0 128.0.0.0 10.0.0.THEIRS
ip route 128.0.0.0 128.0.0.0 10.0.0.THEIRS
";

/// A lab of its own: configurations, sockets and temporary files in one folder.
struct Pair {
    dir: TempDir,
}

impl Pair {
    fn new(proof: &Proof) -> Result<Self, Failed> {
        let dir = tempfile::tempdir()?;
        for folder in ["sockets", "tmp"] {
            std::fs::create_dir(dir.path().join(folder))?;
        }
        for (number, theirs) in [(1, 2), (2, 1)] {
            let text = COMMON
                .replace("LINES\n", proof.lines)
                .replace("SET\n", proof.set)
                .replace("NUMBER", &number.to_string())
                .replace("THEIRS", &theirs.to_string())
                .replace("OWN", &format!("R{number}"))
                .replace("OTHER.", &format!("R{theirs}."))
                .replace("PEER", &format!("192.168.0.{theirs}"))
                .replace("ME", &format!("192.168.0.{number}"));
            std::fs::write(dir.path().join(format!("r{number}.cfg")), text)?;
        }
        Ok(Self { dir })
    }

    fn tmp(&self) -> PathBuf {
        self.dir.path().join("tmp")
    }

    fn ikd(&self, arguments: &[&str]) -> Result<Output, Failed> {
        let mut command = ikd_command(&self.dir.path().join("sockets"));
        command
            .env("TMPDIR", self.tmp())
            .current_dir(self.dir.path());
        Ok(command.args(arguments).output()?)
    }

    /// Does it and wants `part` in what it says.
    fn told(&self, arguments: &[&str], part: &str) -> Result<String, Failed> {
        let output = self.ikd(arguments)?;
        let said = text(&output.stdout) + &text(&output.stderr);
        match output.status.success() && said.contains(part) {
            true => Ok(said),
            false => Err(format!("{arguments:?}, no `{part}`: {said}").into()),
        }
    }

    /// Processes that were started with this folder in their environment or arguments.
    fn processes(&self) -> Vec<i32> {
        let own = self.dir.path().display().to_string();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|e| e.file_name().to_string_lossy().parse().ok());
        pids.filter(|pid: &i32| {
            let read =
                |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            [read("environ"), read("cmdline")]
                .iter()
                .any(|octets| text(octets).contains(&own))
        })
        .collect()
    }

    /// Nothing of the lab is left, neither process nor folder, within a moment.
    fn nothing_left(&self) -> Result<(), Failed> {
        let mut left = String::new();
        for _ in 0..100 {
            let folders: Vec<_> = std::fs::read_dir(self.tmp())?
                .flatten()
                .map(|e| e.path())
                .collect();
            let processes = self.processes();
            if folders.is_empty() && processes.is_empty() {
                return Ok(());
            }
            left = format!("left: {folders:?} {processes:?}");
            thread::sleep(Duration::from_millis(20));
        }
        Err(left.into())
    }
}

const UP: [&str; 6] = ["lab", "up", "--peer", "strongswan", "r1.cfg", "r2.cfg"];

/// Up from either end, pings both ways, `status`, `exec` and `capture`, and nothing left.
pub(crate) fn strongswan(proof: &Proof) -> Result<(), Failed> {
    let pair = Pair::new(proof)?;
    let output = pair.ikd(&UP)?;
    if skipped(&output)? {
        return Ok(());
    }
    let used = match text(&output.stdout) {
        said if said.contains("ikd lab exec R2 -- swanctl --initiate --child Tunnel1") => {
            use_pair(&pair)
        }
        said => Err(format!("no hint at swanctl: {said}{}", text(&output.stderr)).into()),
    };
    let down = pair.ikd(&["lab", "down"])?;
    used?;
    assert!(down.status.success(), "{}", text(&down.stderr));
    pair.nothing_left()
}

fn use_pair(pair: &Pair) -> Result<(), Failed> {
    let pings = || -> Result<(), Failed> {
        pair.told(&["lab", "ping", "R1", "R2", "-c", "2"], "2 of 2 answered")?;
        pair.told(&["lab", "ping", "R2", "R1", "-c", "2"], "2 of 2 answered")
            .map(drop)
    };
    pair.told(&["up", "-d", "R1", "Tunnel1"], "Tunnel1 is up")?;
    pings()?;
    let status = pair.told(&["lab", "status"], "R2 is up as strongSwan")?;
    if status.matches("1 ESP SA pairs").count() != 2 {
        return Err(status.into());
    }
    pair.told(&["down", "-d", "R1", "Tunnel1"], "")?;
    let swanctl = |arguments: &[&str], part: &str| {
        let exec = ["lab", "exec", "R2", "--", "swanctl"];
        pair.told(&[&exec, arguments].concat(), part)
    };
    // Whatever R1's `down` left of the IKE SA goes; none is left to terminate where all of it went.
    pair.ikd(&[
        "lab",
        "exec",
        "R2",
        "--",
        "swanctl",
        "--terminate",
        "--ike",
        "Tunnel1",
    ])?;
    swanctl(
        &["--initiate", "--child", "Tunnel1"],
        "initiate completed successfully",
    )?;
    swanctl(&["--list-sas"], "INSTALLED, TUNNEL-in-UDP")?;
    pings()?;
    pair.told(&["lab", "capture", "-o", "lab.pcapng"], "octets")?;
    let records = pcapng::read(&std::fs::read(pair.dir.path().join("lab.pcapng"))?)?;
    match records.len() {
        few @ ..16 => Err(format!("{few} packets in the capture").into()),
        _ => Ok(()),
    }
}

/// The supervisor takes charon and its folder with it when a signal ends it.
pub(crate) fn ended_by_a_signal() -> Result<(), Failed> {
    let pair = Pair::new(&PROOFS[0])?;
    if skipped(&pair.ikd(&UP)?)? {
        return Ok(());
    }
    let supervisor = pair.processes().into_iter().find(|pid| {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        text(&arguments).contains("--supervise")
    });
    let supervisor = supervisor.ok_or("a lab that is up has a supervisor")?;
    kill(Pid::from_raw(supervisor), Signal::SIGTERM)?;
    pair.nothing_left()
}

/// Exit code 3 with file, line and reason where nothing is left; and the simulator has no strongSwan.
/// `lab run` takes the option as well, with either router as the one that starts.
pub(crate) fn untranslatable() -> Result<(), Failed> {
    let folder = labs().join("ipv6-gre-v1");
    let run = ["lab", "run", "--peer", "strongswan"];
    let output = ikd(&run, &[&folder])?;
    if skipped(&output)? {
        return Ok(());
    }
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("r2.cfg:32: mode transport: kernel-libipsec"),
        "{said}"
    );
    let output = ikd(&[&run[..], &["--simulate"]].concat(), &[&folder])?;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let files = |pair: &Pair| [1, 2].map(|n| pair.dir.path().join(format!("r{n}.cfg")));
    let pair = Pair::new(&PROOFS[2])?;
    let [a, b] = files(&pair);
    let paths: [&Path; 2] = [&a, &b];
    let output = ikd(&[&run[..], &["--initiate", "R2"]].concat(), &paths)?;
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("R2 is strongSwan, connection Tunnel1"),
        "{said}"
    );
    Ok(())
}
