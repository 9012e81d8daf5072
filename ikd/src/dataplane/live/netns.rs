//! Two data planes in two hosts, joined by a real wire: traffic, loss, NAT, silence.
//!
//! Runs in namespaces made by the test itself, as root or not (`harness = false`); see
//! testnet's own test for the conditions.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;

use ikd::dataplane::{
    DataplaneEvent, Direction, EspCipher, EspIntegrity, EspSuite, Mode, SaSpec, TunnelMode,
};
use libtest_mimic::{Arguments, Trial};
use testnet::{
    Capture, Fate, FaultPlan, Host, Match, NatConfig, NatRouter, Scripted, Switch, netlink, packet,
    pcapng,
};

mod router;

use router::{A, A6, B, B6, LOOPBACK, LOOPBACK6, Outcome, Router, SECOND};

type Named = (&'static str, fn() -> Outcome);

const SEED: EspSuite = EspSuite {
    cipher: EspCipher::TripleDesCbc,
    integrity: Some(EspIntegrity::HmacSha1_96),
};
const GCM: EspSuite = EspSuite {
    cipher: EspCipher::Aes128Gcm,
    integrity: None,
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [Named; 10] = [
        (
            "the_seed_pings_from_loopback_to_loopback",
            the_seed_pings_from_loopback_to_loopback,
        ),
        (
            "every_mode_carries_large_packets_of_both_families_over_both",
            every_mode_carries_large_packets,
        ),
        (
            "udp_encapsulation_goes_over_ipv6",
            udp_encapsulation_goes_over_ipv6,
        ),
        (
            "a_tunnel_nobody_uses_asks_for_nothing",
            a_tunnel_nobody_uses_asks_for_nothing,
        ),
        (
            "a_packet_without_an_sa_waits_and_asks_and_nothing_is_in_clear",
            waits_and_asks,
        ),
        (
            "a_rekey_under_traffic_loses_nothing",
            a_rekey_under_traffic_loses_nothing,
        ),
        (
            "a_doubled_packet_is_delivered_once",
            a_doubled_packet_is_delivered_once,
        ),
        (
            "udp_encapsulation_passes_a_nat_and_a_moved_peer_is_told",
            udp_encapsulation_passes_a_nat,
        ),
        (
            "an_sa_ends_in_time_and_a_stranger_is_told",
            an_sa_ends_in_time,
        ),
        (
            "traffic_of_watched_sas_is_told_on_both_sides",
            traffic_is_told,
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

fn obstacle() -> Option<String> {
    let isolated = testnet::isolate().map_err(|error| error.to_string());
    let device =
        isolated.and_then(|()| testnet::tun::open_tap("probe").map_err(|error| error.to_string()));
    device.err()
}

fn hosts() -> Result<(Switch, Host, Host), Box<dyn Error>> {
    let switch = Switch::new("lan")?;
    let (a, b) = (Host::new("R1")?, Host::new("R2")?);
    a.attach(&switch, "eth0", &[(A.into(), 24), (A6.into(), 64)])?;
    b.attach(&switch, "eth0", &[(B.into(), 24), (B6.into(), 64)])?;
    Ok((switch, a, b))
}

fn routers(mode: TunnelMode) -> Result<(Switch, Router, Router), Box<dyn Error>> {
    routers_at([A, B], mode, false)
}

fn routers_at(
    ends: [impl Into<IpAddr> + Copy; 2],
    mode: TunnelMode,
    udp: bool,
) -> Result<(Switch, Router, Router), Box<dyn Error>> {
    let (switch, a, b) = hosts()?;
    let (a, b) = (
        Router::start(a, 0, ends, mode, udp)?,
        Router::start(b, 1, ends, mode, udp)?,
    );
    Ok((switch, a, b))
}

const GRE: TunnelMode = TunnelMode::Gre { key: None };

/// The ping of the seed: from the loopback of R1 to that of R2.
fn ping(a: &Router, count: u32) -> Result<u32, Box<dyn Error>> {
    Ok(a.host
        .ping(LOOPBACK[0], LOOPBACK[1], count, SECOND)?
        .received)
}

fn the_seed_pings_from_loopback_to_loopback() -> Outcome {
    let (_switch, a, b) = routers(GRE)?;
    a.install(0x100, SEED, Mode::Tunnel)?;
    b.install(0x100, SEED, Mode::Tunnel)?;
    assert_eq!(ping(&a, 5)?, 5);
    assert_eq!((a.tunnel().encaps, a.tunnel().decaps), (5, 5));
    assert_eq!((b.tunnel().encaps, b.tunnel().decaps), (5, 5));
    Ok(())
}

/// The loopbacks of the family a tunnel carries; GRE carries both.
fn inside(tunnel: TunnelMode) -> Vec<[IpAddr; 2]> {
    let (v4, v6) = (LOOPBACK.map(IpAddr::V4), LOOPBACK6.map(IpAddr::V6));
    match tunnel {
        TunnelMode::Gre { .. } => vec![v4, v6],
        TunnelMode::IpsecIpv4 => vec![v4],
        TunnelMode::IpsecIpv6 => vec![v6],
    }
}

fn every_mode_carries_large_packets() -> Outcome {
    let outside: [[IpAddr; 2]; 2] = [[A.into(), B.into()], [A6.into(), B6.into()]];
    let key = TunnelMode::Gre { key: Some(7) };
    for tunnel in [GRE, key, TunnelMode::IpsecIpv4, TunnelMode::IpsecIpv6] {
        for (ends, mode) in outside
            .into_iter()
            .flat_map(|ends| [(ends, Mode::Tunnel), (ends, Mode::Transport)])
        {
            let (_switch, a, b) = routers_at(ends, tunnel, false)?;
            a.install(0x100, GCM, mode)?;
            b.install(0x100, GCM, mode)?;
            for loopbacks in inside(tunnel) {
                let case = format!("{tunnel:?} {mode:?} {loopbacks:?} over {ends:?}");
                large_packets(&a, &b, loopbacks).map_err(|error| format!("{case}: {error}"))?;
            }
        }
    }
    Ok(())
}

/// Inner fragments first; then, with an MTU above the wire's, outer ones.
fn large_packets(a: &Router, b: &Router, loopbacks: [IpAddr; 2]) -> Outcome {
    let from = a.host.run(|| UdpSocket::bind((loopbacks[0], 9)))??;
    let to = b.host.run(|| UdpSocket::bind((loopbacks[1], 9)))??;
    to.set_read_timeout(Some(SECOND))?;
    for mtu in [1400, 1500] {
        a.host.run(|| netlink::set_mtu("Tunnel1", mtu))??;
        from.send_to(&[9; 4000], (loopbacks[1], 9))?;
        assert_eq!(to.recv(&mut [0; 5000])?, 4000);
    }
    Ok(())
}

fn udp_encapsulation_goes_over_ipv6() -> Outcome {
    let (_switch, a, b) = routers_at([A6, B6], TunnelMode::IpsecIpv6, true)?;
    for router in [&a, &b] {
        for spec in router.specs(0x100, GCM, Mode::Tunnel) {
            router.handle.install(&SaSpec {
                encap: Some((4500, 4500)),
                ..spec
            })?;
        }
    }
    let report = a.host.ping(LOOPBACK6[0], LOOPBACK6[1], 3, SECOND)?;
    assert_eq!(report.received, 3);
    Ok(())
}

/// The kernel solicits IPv6 routers on a new device unless it is told not to.
fn a_tunnel_nobody_uses_asks_for_nothing() -> Outcome {
    let (_switch, mut a, _b) = routers(GRE)?;
    std::thread::sleep(SECOND * 3 / 2);
    a.host.ping(LOOPBACK6[0], LOOPBACK6[1], 1, SECOND / 10)?;
    let DataplaneEvent::Acquire { source, .. } = a.event()? else {
        return Err("no acquire event".into());
    };
    assert_eq!(source, LOOPBACK6[0]);
    Ok(())
}

fn waits_and_asks() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("lan.pcapng");
    let (switch, mut a, b) = routers(GRE)?;
    // The kernel may reorder what waits for ARP.
    assert_eq!(a.host.ping(A, B, 1, SECOND)?.received, 1);
    switch.capture(&Capture::to_file(&path)?)?;
    let from = a.host.run(|| UdpSocket::bind((LOOPBACK[0], 9)))??;
    let to = b.host.run(|| UdpSocket::bind((LOOPBACK[1], 9)))??;
    to.set_read_timeout(Some(SECOND))?;
    for number in 0..20 {
        from.send_to(&[number], (LOOPBACK[1], 9))?;
    }
    let DataplaneEvent::Acquire {
        tunnel,
        source,
        destination,
        protocol,
    } = a.event()?
    else {
        return Err("no acquire event".into());
    };
    assert_eq!(
        (tunnel.as_str(), source, destination, protocol),
        ("Tunnel1", LOOPBACK[0].into(), LOOPBACK[1].into(), 17)
    );
    std::thread::sleep(SECOND / 4);
    b.install(0x100, SEED, Mode::Tunnel)?;
    a.install(0x100, SEED, Mode::Tunnel)?;
    let mut buffer = [0; 8];
    for number in 0..16 {
        to.recv(&mut buffer)?;
        assert_eq!(buffer[0], number, "what waited arrives in order");
    }
    assert_eq!(a.tunnel().no_sa_drops, 4);
    a.handle.flush("Tunnel1");
    assert_eq!(ping(&a, 1)?, 0);
    drop(switch);
    only_esp(&path)
}

/// Threat I2: whatever the tunnel carried, the wire has seen ESP alone.
fn only_esp(path: &std::path::Path) -> Outcome {
    let records = pcapng::read(&std::fs::read(path)?)?;
    assert!(!records.is_empty());
    for record in records {
        let flow = packet::Flow::of(&record.packet).ok_or("a packet")?;
        assert_eq!(flow.protocol, 50, "{flow:?}");
    }
    Ok(())
}

fn a_rekey_under_traffic_loses_nothing() -> Outcome {
    let (switch, a, b) = routers(GRE)?;
    let late = FaultPlan {
        delay: Some(testnet::Delay {
            per_mille: 500,
            milliseconds: 1..=5,
        }),
        ..FaultPlan::default()
    };
    switch.set_faults(late);
    b.install(0x100, GCM, Mode::Transport)?;
    a.install(0x100, GCM, Mode::Transport)?;
    let pinging = std::thread::scope(|scope| -> Result<u32, Box<dyn Error>> {
        let pings = scope.spawn(|| ping(&a, 200).map_err(|error| error.to_string()));
        for base in [0x200, 0x300, 0x400] {
            std::thread::sleep(SECOND / 10);
            // Both receive before either sends, as IKE does it.
            for router in [&a, &b] {
                router
                    .handle
                    .install(&router.specs(base, SEED, Mode::Tunnel)[0])?;
            }
            for router in [&b, &a] {
                router
                    .handle
                    .install(&router.specs(base, SEED, Mode::Tunnel)[1])?;
            }
        }
        Ok(pings.join().map_err(|_| "panic")??)
    })?;
    assert_eq!(pinging, 200);
    assert_eq!(a.handle.counters().sas.len(), 8);
    Ok(())
}

fn a_doubled_packet_is_delivered_once() -> Outcome {
    let (switch, a, b) = routers(GRE)?;
    a.install(0x100, SEED, Mode::Tunnel)?;
    b.install(0x100, SEED, Mode::Tunnel)?;
    let esp = Match {
        protocol: Some(50),
        ..Match::any()
    }
    .from(A);
    let script = vec![
        Scripted {
            nth: 0,
            matching: esp.clone(),
            action: Fate::Duplicate,
        },
        Scripted {
            nth: 1,
            matching: esp,
            action: Fate::Corrupt { offset: 30 },
        },
    ];
    switch.set_faults(FaultPlan {
        script,
        ..FaultPlan::default()
    });
    assert_eq!(
        a.host
            .ping(LOOPBACK[0], LOOPBACK[1], 3, SECOND / 2)?
            .received,
        2
    );
    let counters = b.tunnel();
    assert_eq!(
        (
            counters.decaps,
            counters.replay_failures,
            counters.auth_failures
        ),
        (2, 1, 1)
    );
    Ok(())
}

const INNER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const INNER_GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

fn udp_encapsulation_passes_a_nat() -> Outcome {
    let (inside, outside) = (Switch::new("inside")?, Switch::new("outside")?);
    let config = NatConfig {
        inside: (INNER_GATEWAY, 24),
        outside: (A, 24),
        gateway: None,
        lifetime: 60 * SECOND,
    };
    let nat = NatRouter::new(&inside, &outside, &config)?;
    let (a, b) = (Host::new("R1")?, Host::new("R2")?);
    a.attach(&inside, "eth0", &[(INNER.into(), 24)])?;
    b.attach(&outside, "eth0", &[(B.into(), 24)])?;
    a.run(|| netlink::add_route(Ipv4Addr::UNSPECIFIED, 0, Some(INNER_GATEWAY.into()), None))??;
    // Plain IPv4 in tunnel mode: GRE would show the inner address R2 does not expect.
    let a = Router::start(a, 0, [INNER, B], TunnelMode::IpsecIpv4, true)?;
    let mut b = Router::start(b, 1, [A, B], TunnelMode::IpsecIpv4, true)?;
    for router in [&a, &b] {
        for spec in router.specs(0x100, GCM, Mode::Tunnel) {
            router.handle.install(&SaSpec {
                encap: Some((4500, 4500)),
                ..spec
            })?;
        }
    }
    // R2 learns the NAT's port from the first packet.
    a.host.ping(LOOPBACK[0], LOOPBACK[1], 1, SECOND / 2)?;
    for _ in 0..2 {
        let DataplaneEvent::PeerMoved { from, .. } = b.event()? else {
            return Err("no event about the moved peer".into());
        };
        assert_eq!(Some(from.port()), nat.port_of(17, INNER, 4500));
        b.handle
            .set_endpoint("Tunnel1", A.into(), Some(from.port()));
        assert_eq!(ping(&a, 2)?, 2);
        std::thread::sleep(SECOND);
        nat.forget_mappings();
        a.host.ping(LOOPBACK[0], LOOPBACK[1], 1, SECOND / 2)?;
    }
    Ok(())
}

fn an_sa_ends_in_time() -> Outcome {
    let (_switch, mut a, mut b) = routers(GRE)?;
    for spec in a.specs(0x100, SEED, Mode::Tunnel) {
        a.handle.install(&SaSpec {
            lifetime_seconds: Some(2),
            ..spec
        })?;
    }
    assert_eq!(ping(&a, 1)?, 0, "R2 has no SA");
    assert!(
        matches!(b.event()?, DataplaneEvent::InvalidSpi { spi: 0x100, from } if from == SocketAddr::from((A, 0)))
    );
    let kinds = [a.event()?, a.event()?, a.event()?, a.event()?].map(|event| match event {
        DataplaneEvent::SoftExpire(expired) => (false, expired.direction),
        DataplaneEvent::HardExpire(expired) => (true, expired.direction),
        other => panic!("{other:?}"),
    });
    let (inbound, outbound) = (Direction::Inbound, Direction::Outbound);
    assert_eq!(
        kinds,
        [
            (false, inbound),
            (false, outbound),
            (true, inbound),
            (true, outbound)
        ]
    );
    assert!(a.handle.counters().sas.is_empty());
    Ok(())
}

/// RFC 7296 2.4, 2.8: the first packet that came, and of watched SAs what goes and comes, once a second.
fn traffic_is_told() -> Outcome {
    let (_switch, mut a, mut b) = routers(GRE)?;
    for router in [&a, &b] {
        for spec in router.specs(0x100, SEED, Mode::Tunnel) {
            let watched = router.me == 0;
            router.handle.install(&SaSpec { watched, ..spec })?;
        }
    }
    assert_eq!(ping(&a, 3)?, 3);
    std::thread::sleep(SECOND);
    assert_eq!(ping(&a, 3)?, 3);
    let alive = |spi| DataplaneEvent::Alive { spi };
    let sent = DataplaneEvent::Sent {
        tunnel: "Tunnel1".to_owned(),
        spi: 0x100,
    };
    for expected in [&sent, &alive(0x101), &sent, &alive(0x101)] {
        assert_eq!(a.traffic()?, *expected);
    }
    assert_eq!(b.traffic()?, alive(0x100));
    assert!(b.events.try_recv().is_err(), "R2 watches nothing");
    Ok(())
}
