//! A case in the simulator: the same routers, faults and NAT, in invented time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ike_core::sa::action::Transmit;
use ike_core::sa::natt::IKE_PORT;
use ike_core::sa::retransmit::Timers;
use ike_core::sim::{Datagram, Fate, Network, Router, Simulation, Translation};
use ike_core::verdict::Ping;

use super::case::Case;
use super::enrol::{Keys, Ring, enrol, now};
use super::error::LabError;
use super::file::{Fault, FaultAction};
use super::key_hashes::KeyHashes;
use super::outcome::Outcome;
use super::strangers;

/// Added to source ports by the simulated NAT.
const PORT_OFFSET: u16 = 20_000;
/// How much later than the next datagram an overtaken one comes.
const OVERTAKEN: Duration = Duration::from_millis(50);
/// Invented time in which the other router hears of an end.
const AFTERMATH: Duration = Duration::from_millis(20);

/// Runs a case; equal seeds and keys give equal runs.
///
/// # Errors
/// Keys or certificates cannot be made.
pub fn simulate(case: &Case, keys: &Keys, seed: u64) -> Result<Outcome, LabError> {
    let enrolled = enrol(case, keys)?;
    let cas = KeyHashes::of(enrolled.iter().map(|e| &e.store));
    let mut enrolled = enrolled.into_iter();
    let routers = case.routers.each_ref().map(|router| {
        let mine = enrolled.next();
        let (store, keys) = mine.map_or_else(Default::default, |e| (e.store, e.keys));
        Router {
            name: router.name.clone(),
            config: Arc::new(router.config.clone()),
            store: Arc::new(store),
            keys: Arc::new(Ring::new(keys)),
        }
    });
    let mut sim = Simulation::with_timers(
        routers,
        network(case),
        case.retransmit.map(Timers::with_interval),
        seed,
        now(),
    );
    call(case, &mut sim)?;
    sim.up(case.initiator, None);
    sim.run_until(case.patience(), Simulation::certain);
    let milliseconds = sim.verdict().milliseconds;
    linger(case, &mut sim);
    let (i, r) = (case.initiator, 1 - case.initiator);
    let mut outcome = Outcome::new(case, sim.record(i).as_ref(), sim.record(r).as_ref());
    outcome.verdict.ping = ping(case, sim.verdict().ping);
    outcome.verdict.milliseconds = milliseconds;
    outcome.ip_lengths = on_port_500(&sim).map(ip_length).collect();
    outcome.asked = cas.asked(on_port_500(&sim).map(|d| d.bytes.clone()));
    for (n, router) in case.routers.iter().enumerate() {
        let log = sim
            .node(n)
            .traces
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        outcome.logs.insert(router.name.clone(), log);
    }
    Ok(outcome)
}

/// Lets the stranger of the case call the responder, if there is one.
fn call(case: &Case, sim: &mut Simulation) -> Result<(), LabError> {
    let (Some(from), Some(to)) = (strangers::address(case), case.responder().ike_address()) else {
        return Ok(());
    };
    for bytes in strangers::first_messages(case)? {
        let transmit = Transmit {
            local: SocketAddr::new(from, IKE_PORT),
            remote: SocketAddr::new(to, IKE_PORT),
            bytes,
        };
        sim.inject(1 - case.initiator, transmit);
        sim.settle(AFTERMATH);
    }
    Ok(())
}

/// Goes on after the verdict as far as the case wants.
fn linger(case: &Case, sim: &mut Simulation) {
    sim.settle(AFTERMATH);
    if let Some(wanted) = case.stop_when.ike_datagrams {
        sim.run_until(case.patience(), |sim| on_port_500(sim).count() >= wanted);
    }
    if case.until_given_up {
        let ended = |sim: &Simulation| (0..2).all(|n| sim.record(n).is_none_or(|r| r.certain()));
        sim.run_until(case.patience(), ended);
    }
}

/// One ping stands for those of every family.
fn ping(case: &Case, one: Ping) -> Ping {
    let families = u32::try_from(case.ping_addresses().len().max(1)).unwrap_or(1);
    Ping {
        sent: one.sent * families,
        received: one.received * families,
    }
}

fn on_port_500(sim: &Simulation) -> impl Iterator<Item = &Datagram> {
    let datagrams = sim.datagrams().iter();
    datagrams.filter(|d| d.from.port() == 500 || d.to.port() == 500)
}

/// With the headers of UDP and IP.
fn ip_length(datagram: &Datagram) -> usize {
    let header = if datagram.from.is_ipv4() { 20 } else { 40 };
    header + 8 + datagram.bytes.len()
}

fn network(case: &Case) -> Network {
    let nat = case.nat.as_ref().and_then(|nat| {
        let inside = case.routers.iter().position(|r| r.name == nat.router)?;
        let inside_address = case.routers[inside].ike_address()?;
        Some(Translation {
            inside,
            inside_address,
            outside_address: nat.outside.address.into(),
            port_offset: PORT_OFFSET,
        })
    });
    let (faults, initiator) = (case.faults.clone(), case.initiator);
    let mut sent = [0_u64; 2];
    Network {
        latency: Duration::from_millis(u64::from(case.latency).max(1)),
        faults: Box::new(move |_, datagram| {
            let from_initiator = datagram.sender == initiator;
            let count = &mut sent[datagram.sender];
            *count += 1;
            let nth = *count - 1;
            let hit = faults
                .iter()
                .find(|f| f.message.nth() == nth && f.message.by_initiator() == from_initiator);
            hit.map_or_else(Fate::delivered, fate)
        }),
        nat,
        ..Network::default()
    }
}

fn fate(fault: &Fault) -> Fate {
    match fault.action {
        FaultAction::Drop => Fate::lost(),
        FaultAction::Duplicate => Fate::doubled(Duration::from_millis(1)),
        FaultAction::Delay => Fate::delayed(Duration::from_millis(fault.milliseconds.into())),
        FaultAction::Reorder => Fate::delayed(OVERTAKEN),
    }
}
