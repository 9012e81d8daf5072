//! Hosts, switches, faults and NAT in real namespaces, as root or not.
//!
//! `isolate` needs a process with one thread, so this test has a `main` of its own;
//! libtest-mimic speaks the command line of `cargo test` and `cargo nextest`. Where
//! namespaces or /dev/net/tun are not to be had, the reason is printed and nothing
//! runs; with TESTNET_REQUIRE=1 in the environment that is a failure.

use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use testnet::{
    Capture, Fate, FaultPlan, Host, Match, NatConfig, NatRouter, Scripted, Switch, netlink, pcapng,
    tun,
};

type Outcome = Result<(), Box<dyn Error>>;
type Named = (&'static str, fn() -> Outcome);

const A: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
const SECOND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [Named; 14] = [
        (
            "two_hosts_ping_through_the_switch",
            two_hosts_ping_through_the_switch,
        ),
        (
            "a_host_is_alone_until_it_is_attached",
            a_host_is_alone_until_it_is_attached,
        ),
        (
            "the_nth_datagram_is_lost_and_no_other",
            the_nth_datagram_is_lost_and_no_other,
        ),
        ("duplicates_arrive_twice", duplicates_arrive_twice),
        (
            "a_reordered_datagram_comes_second",
            a_reordered_datagram_comes_second,
        ),
        (
            "a_delayed_datagram_comes_late",
            a_delayed_datagram_comes_late,
        ),
        ("damage_reaches_the_receiver", damage_reaches_the_receiver),
        (
            "nat_changes_the_source_port_and_finds_back",
            nat_changes_the_source_port_and_finds_back,
        ),
        (
            "nat_carries_fragments_and_pings",
            nat_carries_fragments_and_pings,
        ),
        ("a_capture_is_readable", a_capture_is_readable),
        (
            "a_child_process_sees_only_its_host",
            a_child_process_sees_only_its_host,
        ),
        ("netlink_says_why", netlink_says_why),
        (
            "ipv6_hosts_find_each_other_on_a_wire_that_loses_everything_else",
            ipv6_hosts_find_each_other,
        ),
        (
            "a_device_without_link_local_address_is_silent",
            a_device_without_link_local_address_is_silent,
        ),
    ];
    if let Some(why) = (!arguments.list).then(obstacle).flatten() {
        eprintln!("skipped: {why}");
        return ExitCode::from(u8::from(std::env::var_os("TESTNET_REQUIRE").is_some()));
    }
    let trial = |(name, test): Named| {
        Trial::test(name, move || {
            test().map_err(|error| error.to_string().into())
        })
    };
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit_code()
}

/// Enters namespaces; why that, or a TAP device, is impossible here.
fn obstacle() -> Option<String> {
    let isolated = testnet::isolate().map_err(|error| error.to_string());
    let device = isolated.and_then(|()| tun::open_tap("probe").map_err(|error| error.to_string()));
    device.err()
}

/// Two hosts on one wire.
fn pair() -> Result<(Switch, Host, Host), Box<dyn Error>> {
    let switch = Switch::new("lan")?;
    let (a, b) = (Host::new("R1")?, Host::new("R2")?);
    a.attach(&switch, "eth0", &[(A.into(), 24)])?;
    b.attach(&switch, "eth0", &[(B.into(), 24)])?;
    Ok((switch, a, b))
}

/// UDP sockets on port 500 of two hosts; the second gives up after half a second.
fn sockets(a: &Host, b: &Host) -> Result<(UdpSocket, UdpSocket), Box<dyn Error>> {
    let from = a.run(|| UdpSocket::bind((A, 500)))??;
    let to = b.run(|| UdpSocket::bind((B, 500)))??;
    to.set_read_timeout(Some(SECOND / 2))?;
    Ok((from, to))
}

/// Sends numbered datagrams and gives what arrived, in order.
fn carry(plan: FaultPlan, count: u8) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let (switch, a, b) = pair()?;
    let (from, to) = sockets(&a, &b)?;
    switch.set_faults(plan);
    for number in 0..count {
        from.send_to(&[number; 4], (B, 500))?;
    }
    let mut buffer = [0; 64];
    Ok(std::iter::from_fn(|| {
        to.recv(&mut buffer)
            .ok()
            .map(|length| buffer[..length].to_vec())
    })
    .collect())
}

fn scripted(nth: u64, action: Fate) -> FaultPlan {
    let matching = Match::udp(&[500, 4500]).from(A);
    FaultPlan {
        script: vec![Scripted {
            nth,
            matching,
            action,
        }],
        ..FaultPlan::default()
    }
}

fn two_hosts_ping_through_the_switch() -> Outcome {
    let (switch, a, _b) = pair()?;
    let report = a.ping(A, B, 3, SECOND)?;
    assert_eq!((report.sent, report.received, report.rtts.len()), (3, 3, 3));
    assert!(switch.counters().frames >= 6);
    Ok(())
}

fn a_host_is_alone_until_it_is_attached() -> Outcome {
    let host = Host::new("alone")?;
    let loopback = Ipv4Addr::LOCALHOST;
    assert_eq!(host.ping(loopback, loopback, 1, SECOND)?.received, 1);
    assert_eq!(
        host.ping(loopback, B, 1, SECOND / 5)
            .map(|report| report.received)
            .unwrap_or(0),
        0
    );
    Ok(())
}

fn the_nth_datagram_is_lost_and_no_other() -> Outcome {
    let arrived = carry(scripted(1, Fate::Drop), 4)?;
    assert_eq!(arrived, [[0; 4], [2; 4], [3; 4]]);
    Ok(())
}

fn duplicates_arrive_twice() -> Outcome {
    let arrived = carry(scripted(0, Fate::Duplicate), 2)?;
    assert_eq!(arrived, [[0; 4], [0; 4], [1; 4]]);
    Ok(())
}

fn a_reordered_datagram_comes_second() -> Outcome {
    assert_eq!(
        carry(scripted(0, Fate::Reorder), 3)?,
        [[1; 4], [0; 4], [2; 4]]
    );
    assert_eq!(
        carry(scripted(2, Fate::Reorder), 3)?,
        [[0; 4], [1; 4], [2; 4]],
        "late when nothing overtakes it"
    );
    Ok(())
}

fn a_delayed_datagram_comes_late() -> Outcome {
    let started = Instant::now();
    assert_eq!(carry(scripted(0, Fate::Delay(150)), 2)?, [[1; 4], [0; 4]]);
    assert!(started.elapsed() >= Duration::from_millis(150));
    Ok(())
}

fn damage_reaches_the_receiver() -> Outcome {
    assert_eq!(
        carry(scripted(0, Fate::Corrupt { offset: 2 }), 1)?,
        [[0, 0, 0xff, 0]]
    );
    Ok(())
}

const INNER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const INNER_GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

struct Behind {
    _switches: [Switch; 2],
    router: NatRouter,
    inside: Host,
    outside: Host,
}

/// R1 behind a NAT that shows 192.168.0.1, and R2 in the open.
fn behind_nat() -> Result<Behind, Box<dyn Error>> {
    let switches = [Switch::new("inside")?, Switch::new("outside")?];
    let config = NatConfig {
        inside: (INNER_GATEWAY, 24),
        outside: (A, 24),
        gateway: None,
        lifetime: 30 * SECOND,
    };
    let router = NatRouter::new(&switches[0], &switches[1], &config)?;
    let (inside, outside) = (Host::new("R1")?, Host::new("R2")?);
    inside.attach(&switches[0], "eth0", &[(INNER.into(), 24)])?;
    outside.attach(&switches[1], "eth0", &[(B.into(), 24)])?;
    inside
        .run(|| netlink::add_route(Ipv4Addr::UNSPECIFIED, 0, Some(INNER_GATEWAY.into()), None))??;
    Ok(Behind {
        _switches: switches,
        router,
        inside,
        outside,
    })
}

fn nat_changes_the_source_port_and_finds_back() -> Outcome {
    let net = behind_nat()?;
    let inner = net.inside.run(|| UdpSocket::bind((INNER, 500)))??;
    let outer = net.outside.run(|| UdpSocket::bind((B, 500)))??;
    inner.set_read_timeout(Some(SECOND))?;
    outer.set_read_timeout(Some(SECOND))?;
    inner.send_to(b"request", (B, 500))?;
    let mut buffer = [0; 64];
    let (length, seen) = outer.recv_from(&mut buffer)?;
    assert_eq!((&buffer[..length], seen.ip()), (&b"request"[..], A.into()));
    assert_eq!(net.router.port_of(17, INNER, 500), Some(seen.port()));
    assert_ne!(seen.port(), 500);
    outer.send_to(b"answer", seen)?;
    assert_eq!(inner.recv(&mut buffer)?, 6);
    net.router.forget_mappings();
    inner.send_to(b"request", (B, 500))?;
    assert_ne!(
        outer.recv_from(&mut buffer)?.1,
        seen,
        "another port after a restart of the router"
    );
    Ok(())
}

fn nat_carries_fragments_and_pings() -> Outcome {
    let net = behind_nat()?;
    assert_eq!(net.inside.ping(INNER, B, 2, SECOND)?.received, 2);
    let inner = net.inside.run(|| UdpSocket::bind((INNER, 500)))??;
    let outer = net.outside.run(|| UdpSocket::bind((B, 500)))??;
    outer.set_read_timeout(Some(SECOND))?;
    let large: Vec<u8> = (0..3000_u32).map(|octet| octet as u8).collect();
    inner.send_to(&large, (B, 500))?;
    let mut buffer = [0; 4000];
    let (length, seen) = outer.recv_from(&mut buffer)?;
    assert_eq!((&buffer[..length], seen.ip()), (&large[..], A.into()));
    Ok(())
}

fn a_capture_is_readable() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("lan.pcapng");
    let (switch, a, b) = pair()?;
    switch.capture(&Capture::to_file(&path)?)?;
    switch.set_faults(scripted(0, Fate::Drop));
    let (from, to) = sockets(&a, &b)?;
    from.send_to(b"lost", (B, 500))?;
    from.send_to(b"arrives", (B, 500))?;
    to.recv(&mut [0; 64])?;
    drop(switch);
    let records = pcapng::read(&std::fs::read(&path)?)?;
    let comments: Vec<_> = records
        .iter()
        .map(|record| record.comment.as_deref())
        .collect();
    assert_eq!(comments, [Some("lost by the wire"), None]);
    assert!(
        records
            .iter()
            .all(|record| record.interface == "lan" && record.packet[0] == 0x45)
    );
    dissect(&path)
}

/// tshark, where it is installed, must read the file and find nothing malformed.
fn dissect(path: &std::path::Path) -> Outcome {
    let fields = [
        "-T",
        "fields",
        "-e",
        "ip.src",
        "-e",
        "udp.dstport",
        "-e",
        "frame.comment",
        "-e",
        "_ws.malformed",
    ];
    let home = path.parent().ok_or("a file is in a folder")?;
    let Ok(output) = Command::new("tshark")
        .env("HOME", home)
        .env("WIRESHARK_CONFIG_DIR", home)
        .arg("-r")
        .arg(path)
        .args(fields)
        .output()
    else {
        println!("skipped: tshark is not installed");
        return Ok(());
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.starts_with("192.168.0.1\t500\tlost by the wire"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 2, "{text}");
    Ok(())
}

fn a_child_process_sees_only_its_host() -> Outcome {
    let (_switch, a, _b) = pair()?;
    let mut command = Command::new("/bin/cat");
    command.arg("/proc/self/net/dev");
    a.enter_in_child(&mut command);
    let devices = String::from_utf8(command.output()?.stdout)?;
    assert!(
        devices.contains("eth0:") && devices.contains("lo:"),
        "{devices}"
    );
    assert_eq!(devices.lines().count(), 4, "{devices}");
    Ok(())
}

fn netlink_says_why() -> Outcome {
    let host = Host::new("alone")?;
    let error = host
        .run(|| netlink::add_route(B, 32, Some(A.into()), None))?
        .expect_err("unreachable next hop");
    assert!(
        error.to_string().contains("192.168.0.2/32 via 192.168.0.1"),
        "{error}"
    );
    assert!(
        error.to_string().to_lowercase().contains("unreachable"),
        "{error}"
    );
    host.run(|| -> testnet::Result<()> {
        let tun = tun::open_tun("Tunnel1")?;
        netlink::set_mtu("Tunnel1", 1400)?;
        netlink::add_address("Tunnel1", A, 24)?;
        netlink::add_address("Tunnel1", A, 24)?;
        netlink::link_up("Tunnel1")?;
        netlink::add_route(Ipv4Addr::new(10, 0, 0, 0), 8, None, Some("Tunnel1"))?;
        netlink::delete_route(Ipv4Addr::new(10, 0, 0, 0), 8, None, Some("Tunnel1"))?;
        netlink::delete_address("Tunnel1", A, 24)?;
        netlink::link_down("Tunnel1")?;
        netlink::delete_link("Tunnel1")?;
        drop(tun);
        Ok(())
    })??;
    Ok(())
}

const A6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const B6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

fn ipv6_hosts_find_each_other() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("lan.pcapng");
    let switch = Switch::new("lan")?;
    switch.capture(&Capture::to_file(&path)?)?;
    let lost = Scripted {
        nth: 0,
        matching: Match::any().from(A6),
        action: Fate::Drop,
    };
    switch.set_faults(FaultPlan {
        script: vec![lost],
        ..FaultPlan::default()
    });
    let (a, b) = (Host::new("R1")?, Host::new("R2")?);
    // Both families on one wire; the first addresses are usable at once.
    a.attach(&switch, "eth0", &[(A.into(), 24), (A6.into(), 64)])?;
    b.attach(&switch, "eth0", &[(B.into(), 24), (B6.into(), 64)])?;
    let report = a.ping(A6, B6, 3, SECOND / 2)?;
    assert_eq!((report.sent, report.received, report.rtts.len()), (3, 2, 2));
    assert_eq!(a.ping(A, B, 1, SECOND)?.received, 1);
    drop(switch);
    let records = pcapng::read(&std::fs::read(&path)?)?;
    let versions: Vec<u8> = records.iter().map(|record| record.packet[0] >> 4).collect();
    assert_eq!(versions, [6, 6, 6, 6, 6, 4, 4], "echoes and nothing else");
    Ok(())
}

fn a_device_without_link_local_address_is_silent() -> Outcome {
    let host = Host::new("alone")?;
    let tun = host.run(|| -> testnet::Result<_> {
        let tun = tun::open_tun("Tunnel1")?;
        netlink::no_link_local("Tunnel1")?;
        netlink::add_address("Tunnel1", A6, 64)?;
        netlink::link_up("Tunnel1")?;
        netlink::add_route(
            Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 0),
            48,
            Some(B6.into()),
            None,
        )?;
        Ok(tun)
    })??;
    // The kernel solicits routers within the first second.
    std::thread::sleep(SECOND * 3 / 2);
    let mut buffer = [0; 2000];
    let silent = nix::unistd::read(&tun, &mut buffer);
    assert_eq!(silent, Err(nix::errno::Errno::EAGAIN));
    let far = Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 1);
    host.ping(A6, far, 1, SECOND / 10)?;
    let length = nix::unistd::read(&tun, &mut buffer)?;
    assert_eq!(
        (buffer[0] >> 4, length),
        (6, 104),
        "the echo and nothing else"
    );
    Ok(())
}
