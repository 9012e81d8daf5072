//! Privileges, namespaces, devices, ports, the kernel and the clock.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;

use super::Finding;
use super::probe::Probe;
use crate::control::runtime_dir;
use crate::system::wall;

/// Capabilities that a daemon needs, with their bits (capabilities(7)).
const CAPABILITIES: [(&str, u32); 3] =
    [("NET_BIND_SERVICE", 10), ("NET_ADMIN", 12), ("NET_RAW", 13)];
/// The ports of IKE, here and behind a NAT.
const PORTS: [u16; 2] = [500, 4500];
/// 2026-01-01: a clock before that has never been set.
const BUILT_AFTER: i64 = 1_767_225_600;

/// Everything about this machine.
pub(super) fn findings() -> Vec<Finding> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut out = vec![privileges(&status), namespaces(), tun(), tun_here()];
    out.extend(PORTS.map(port));
    out.extend([
        kernel_esp(),
        clock(wall(), synchronised()),
        sockets(&runtime_dir()),
    ]);
    out
}

/// Which capabilities the process has, by `/proc/self/status`.
pub(super) fn privileges(status: &str) -> Finding {
    let about = "privileges";
    let line = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    let effective = line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    let has = |bit: u32| effective.unwrap_or(0) >> bit & 1 == 1;
    let missing: Vec<String> = CAPABILITIES
        .iter()
        .filter(|(_, bit)| !has(*bit))
        .map(|(name, _)| format!("CAP_{name}"))
        .collect();
    if missing.is_empty() {
        return Finding::good(about, "everything that `ikd run` needs");
    }
    let wanted = CAPABILITIES.map(|(name, _)| format!("cap_{}", name.to_lowercase()));
    Finding::note(
        about,
        format!("`ikd run` lacks {}; a lab needs none", missing.join(", ")),
        format!(
            "sudo setcap {}=ep $(command -v ikd)    or start it by its unit, or with sudo",
            wanted.join(",")
        ),
    )
}

fn namespaces() -> Finding {
    match Probe::Namespaces.elsewhere() {
        Ok(()) => Finding::good("namespaces", "a lab can make its own, without root"),
        Err(why) => Finding::bad(
            "namespaces",
            why,
            "the way out stands there; without it: ikd predict, ikd lab run --simulate",
        ),
    }
}

fn tun() -> Finding {
    tunnels("tunnels (lab)", Probe::Tun, Finding::bad)
}

fn tun_here() -> Finding {
    tunnels("tunnels (run)", Probe::TunHere, Finding::note)
}

fn tunnels(about: &str, probe: Probe, otherwise: fn(&str, String, String) -> Finding) -> Finding {
    if !Path::new("/dev/net/tun").exists() {
        let remedy = "sudo modprobe tun    in a container: --device /dev/net/tun";
        return Finding::bad(about, "/dev/net/tun is not there", remedy);
    }
    match probe.elsewhere() {
        Ok(()) => Finding::good(about, "TUN devices can be made"),
        Err(why) => otherwise(
            about,
            why,
            "CAP_NET_ADMIN is needed, or --dataplane none: IKE without traffic".to_owned(),
        ),
    }
}

/// Whether a port of IKE can be had on every address.
fn port(port: u16) -> Finding {
    let tried = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).map(drop);
    port_found(port, tried)
}

pub(super) fn port_found(port: u16, tried: io::Result<()>) -> Finding {
    let about = format!("UDP port {port}");
    match tried {
        Ok(()) => Finding::good(&about, "free"),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Finding::note(
            &about,
            "only for privileged programs; a lab has its own",
            "sudo setcap cap_net_bind_service=ep $(command -v ikd)    or: sudo sysctl net.ipv4.ip_unprivileged_port_start=500",
        ),
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => Finding::note(
            &about,
            "another program has it; a lab has its own",
            format!(
                "sudo ss -lunp 'sport = :{port}'    shows which; for strongSwan: sudo systemctl stop strongswan"
            ),
        ),
        Err(e) => Finding::bad(&about, e.to_string(), "see the kernel's log: sudo dmesg"),
    }
}

/// ESP is ours; the kernel's is told because people ask.
fn kernel_esp() -> Finding {
    let about = "ESP";
    match Path::new("/proc/net/xfrm_stat").exists() {
        true => Finding::good(
            about,
            "in userspace over TUN; the kernel's XFRM is there and not used",
        ),
        false => Finding::good(
            about,
            "in userspace over TUN; the kernel has no XFRM, none is needed",
        ),
    }
}

/// What systemd-timesyncd leaves when it has heard a server.
fn synchronised() -> bool {
    Path::new("/run/systemd/timesync/synchronized").exists()
}

/// Certificates and revocation lists are judged by this clock.
pub(super) fn clock(now: i64, synchronised: bool) -> Finding {
    let about = "clock";
    let shown = ike_pki::IosTime(now).to_string();
    if now < BUILT_AFTER {
        let remedy = "sudo timedatectl set-ntp true    certificates look not yet valid until then";
        return Finding::bad(
            about,
            format!("{shown} is before this program was made"),
            remedy,
        );
    }
    match synchronised {
        true => Finding::good(about, format!("{shown}, synchronised")),
        false => Finding::note(
            about,
            format!("{shown}; no time service of systemd has set it"),
            "timedatectl    if it is wrong: sudo timedatectl set-ntp true",
        ),
    }
}

/// The folder of control sockets.
pub(super) fn sockets(dir: &Path) -> Finding {
    let about = "control sockets";
    let near = dir
        .ancestors()
        .find(|d| d.exists())
        .unwrap_or(Path::new("/"));
    match nix::unistd::access(near, nix::unistd::AccessFlags::W_OK) {
        Ok(()) => Finding::good(about, format!("in {}", dir.display())),
        Err(e) => Finding::bad(
            about,
            format!("{}: {e}", dir.display()),
            "export IKD_RUNTIME_DIR=$HOME/.ikd    or run it as root",
        ),
    }
}
