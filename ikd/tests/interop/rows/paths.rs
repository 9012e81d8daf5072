//! Rows 21, 22, 29 and MOBIKE: NAT, IPv6, and a peer that moves.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use testnet::netlink;

use super::{Bench, Row, both, initiator, responder};
use crate::network::{WIRE, Wiring};
use crate::one_ca::OneCa;
use crate::pair::{Pair, Setup};
use crate::peer::Peer;
use crate::pki::RSA;
use crate::router::Router;
use crate::states::eventually;

pub(super) fn rows() -> Vec<Vec<Row>> {
    vec![
        initiator(
            "21",
            "RSA, we are behind a masquerade: port 4500, keepalives",
            nat_before_us,
        ),
        responder(
            "22",
            "RSA, charon is behind a masquerade that forgets its port",
            nat_before_peer,
        ),
        both("29", "RSA over IPv6, IPv4 and IPv6 inside", ipv6),
        responder(
            "mobike",
            "charon moves to another address three times (RFC 4555)",
            mobike,
        ),
    ]
}

/// One CA, certificates for the addresses of the wires.
fn certificates(wiring: Wiring) -> Result<Setup, Failed> {
    OneCa::with(RSA, wiring)?.setup("rsa-sig", "")
}

/// RFC 7296 2.23, RFC 3948 4: IKE floats to 4500; the mapping is kept alive.
fn nat_before_us(bench: &Bench) -> Result<(), Failed> {
    let mut setup = certificates(Wiring::NatBeforeOurs)?;
    setup.router = setup.router.profile("nat keepalive 5");
    let pair = Pair::start(bench, &setup)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    thread::sleep(Duration::from_millis(5500));
    pair.ping(10)?;
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    let traffic = pair.end()?;
    traffic.all_opened()?;
    match traffic.keepalives() {
        0 => Err("no NAT keepalive was sent".into()),
        _ => Ok(()),
    }
}

/// RFC 7296 2.23: answers go where the last authentic packet came from.
fn nat_before_peer(bench: &Bench) -> Result<(), Failed> {
    let setup = certificates(Wiring::NatBeforePeer)?;
    let pair = Pair::start(bench, &setup)?;
    pair.up(bench.role.starter())?;
    pair.pings()?;
    for _ in 0..3 {
        let nat = pair.network.nat.as_ref().ok_or("there is a NAT")?;
        nat.forget_mappings();
        // What charon sends makes the new mapping; then both ways go on.
        pair.ping_from_peer(1)?;
        pair.ping(20)?;
    }
    pair.delete(bench.role.starter())?;
    pair.nothing_left()?;
    pair.end()?.all_opened()
}

fn ipv6(bench: &Bench) -> Result<(), Failed> {
    bench.passes(&certificates(Wiring::Ipv6)?)?;
    bench.passes(&certificates(Wiring::Ipv4OverIpv6)?).map(drop)
}

/// RFC 4555 3.5: UPDATE_SA_ADDRESSES; the SPIs stay.
fn mobike(bench: &Bench) -> Result<(), Failed> {
    let router = Router::ikev2().global("crypto ikev2 mobike");
    let peer = Peer::ikev2().connection("mobike", "yes").anywhere();
    let check = |pair: &mut Pair| {
        let before = spis(pair)?;
        let mut old = Ipv4Addr::new(192, 168, 0, 2);
        for last in 10..13 {
            let new = Ipv4Addr::new(192, 168, 0, last);
            move_peer(pair, old, new)?;
            eventually(|| at(pair, new.into()))?;
            // A packet on its way to the old address is lost.
            eventually(|| pair.ping(1))?;
            pair.ping(20)?;
            old = new;
        }
        if spis(pair)? == before {
            Ok(())
        } else {
            Err("the SPIs changed".into())
        }
    };
    let traffic = bench.passes_with(&Setup::new(router, peer), check)?;
    traffic.peer_sent_a("INFORMATIONAL", "NOTIFY(UPDATE_SA_ADDRESSES)")
}

fn move_peer(pair: &Pair, old: Ipv4Addr, new: Ipv4Addr) -> Result<(), Failed> {
    pair.network.peer.run(|| {
        // Otherwise the first address of a network takes the others along.
        let promote = format!("/proc/sys/net/ipv4/conf/{WIRE}/promote_secondaries");
        std::fs::write(&promote, "1").map_err(|e| testnet::Error::new(promote, e))?;
        netlink::add_address(WIRE, new, 24)?;
        netlink::delete_address(WIRE, old, 24)
    })??;
    Ok(())
}

fn spis(pair: &Pair) -> Result<Vec<String>, Failed> {
    let sas = pair.charon.sas()?;
    Ok(sas
        .iter()
        .map(|sa| format!("{} {}", sa.get("initiator-spi"), sa.get("responder-spi")))
        .collect())
}

/// Our daemon has the peer at this address.
fn at(pair: &Pair, address: IpAddr) -> Result<(), Failed> {
    let shown = pair.ours.show("show crypto ikev2 sa")?;
    let remote = shown["ikev2_sas"][0]["remote"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if remote.starts_with(&format!("{address}:")) {
        return Ok(());
    }
    Err(format!("the peer is at {remote}, not at {address}").into())
}
