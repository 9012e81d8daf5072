//! A daemon as its surroundings see it: what systemd hears, what Prometheus scrapes, what a log collector reads.
//!
//! `harness = false`: the process enters namespaces of its own, since a daemon wants the ports of IKE. Where those are
//! not to be had the reason is printed, and it is a failure with IKD_REQUIRE_ALL in the environment.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const METRICS: &str = "127.0.0.1:9430";
const PATIENCE: Duration = Duration::from_secs(20);

const CONFIG: &str = "hostname R1
crypto isakmp policy 10
 encryption aes
 authentication pre-share
 group 14
crypto isakmp key 0 a-secret-that-is-long address 192.0.2.2
crypto ipsec transform-set ts esp-aes esp-sha-hmac
crypto ipsec profile ipp
 set transform-set ts
interface Loopback0
 ip address 127.0.0.1 255.255.255.255
interface Tunnel1
 ip address 10.0.0.1 255.255.255.0
 tunnel source 127.0.0.1
 tunnel destination 192.0.2.2
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile ipp
";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(why) = testnet::isolate()
    {
        eprintln!("skipped: {why}");
        return ExitCode::from(u8::from(std::env::var_os("IKD_REQUIRE_ALL").is_some()));
    }
    let trials = vec![Trial::test(
        "systemd, Prometheus and a log collector get what they expect",
        surroundings,
    )];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A daemon; dropping it kills it.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn surroundings() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (config, log) = (dir.path().join("R1.cfg"), dir.path().join("R1.log"));
    std::fs::write(&config, CONFIG)?;
    let systemd = UnixDatagram::bind(dir.path().join("notify"))?;
    systemd.set_read_timeout(Some(PATIENCE))?;
    let mut daemon = Daemon(start(dir.path(), &config, &log)?);
    told(&systemd, "READY=1")?;
    // Two in a row: the engine's task feeds the watchdog, again and again.
    told(&systemd, "WATCHDOG=1")?;
    told(&systemd, "WATCHDOG=1")?;
    scraped(
        "ikd_tunnel_up{tunnel=\"Tunnel1\",interface=\"Tunnel1\",peer=\"192.0.2.2\",ike=\"1\",profile=\"\"} 0\n",
    )?;
    scraped("ikd_build{version=")?;
    std::fs::write(
        &config,
        format!("{CONFIG}interface Loopback1\n ip address 10.9.9.9 255.255.255.255\n"),
    )?;
    asked(dir.path(), &["reload"])?;
    told(&systemd, "RELOADING=1")?;
    told(&systemd, "READY=1")?;
    // A bad file is refused, and systemd hears that the daemon goes on.
    std::fs::write(&config, "crypto isakmp policy 10\n encryptoin aes\n")?;
    let refused = ask(dir.path(), &["reload"])?;
    assert_eq!(refused.status.code(), Some(3));
    told(&systemd, "RELOADING=1")?;
    told(&systemd, "READY=1")?;
    // Nobody answers at 192.0.2.2: the SA that asks leaves lines with its number.
    let up = ask(dir.path(), &["up", "Tunnel1", "--wait", "1"])?;
    assert!(!up.status.success());
    asked(dir.path(), &["stop"])?;
    told(&systemd, "STOPPING=1")?;
    assert!(ended(&mut daemon)?);
    logged(&log)
}

fn start(dir: &Path, config: &Path, log: &Path) -> Result<Child, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    command.args([
        "run",
        "--debug",
        "--log-format",
        "json",
        "--dataplane",
        "none",
    ]);
    command
        .args(["--name", "R1", "--metrics", METRICS, "--config"])
        .arg(config);
    command.arg("--state").arg(dir.join("state"));
    command.arg("--socket").arg(dir.join("R1.sock"));
    command.env("NOTIFY_SOCKET", dir.join("notify"));
    command.env("WATCHDOG_USEC", "200000");
    command
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(log)?);
    Ok(command.spawn()?)
}

fn ask(dir: &Path, words: &[&str]) -> Result<std::process::Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikd"));
    let (first, rest) = words.split_first().ok_or("no words")?;
    command.arg(first).arg("--socket").arg(dir.join("R1.sock"));
    Ok(command.args(rest).output()?)
}

fn asked(dir: &Path, words: &[&str]) -> Result<(), Failed> {
    let output = ask(dir, words)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// Waits until systemd has heard that.
fn told(systemd: &UnixDatagram, wanted: &str) -> Result<(), Failed> {
    let until = Instant::now() + PATIENCE;
    let mut octets = [0; 4096];
    while Instant::now() < until {
        let count = systemd
            .recv(&mut octets)
            .map_err(|e| format!("{wanted} was not heard: {e}"))?;
        let text = String::from_utf8_lossy(&octets[..count]);
        if text.lines().any(|line| line == wanted) {
            return Ok(());
        }
    }
    Err(format!("{wanted} was not heard").into())
}

/// The page of metrics has that.
fn scraped(line: &str) -> Result<(), Failed> {
    let address: SocketAddr = METRICS.parse()?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    match page.contains(line) && page.contains("application/openmetrics-text") {
        true => Ok(()),
        false => Err(format!("`{line}` is not in\n{page}").into()),
    }
}

fn ended(daemon: &mut Daemon) -> Result<bool, Failed> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = daemon.0.try_wait()? {
            return Ok(status.success());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}

/// Every line is an object; those of the negotiation have one number, and no secret is in any.
fn logged(log: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(log)?;
    assert!(!text.contains("a-secret-that-is-long"), "{text}");
    let objects = text.lines().filter(|line| line.starts_with('{'));
    let objects: Vec<Value> = objects
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let of_sa = objects
        .iter()
        .filter(|o| o["target"] == "isakmp" && !o["sa"].is_null());
    let numbers: std::collections::BTreeSet<u64> = of_sa.filter_map(|o| o["sa"].as_u64()).collect();
    assert_eq!(numbers.len(), 1, "{text}");
    let codes = objects.iter().filter_map(|o| o["code"].as_str());
    let on = codes.filter(|code| *code == "CRYPTO-6-ISAKMP_ON_OFF");
    assert_eq!(on.count(), 1, "{text}");
    Ok(())
}
