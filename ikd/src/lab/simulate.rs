//! A case in the simulator: the same routers, faults and NAT, in invented time.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ike_core::decrypt::Table;
use ike_core::sa::action::Transmit;
use ike_core::sa::natt::IKE_PORT;
use ike_core::sim::{Datagram, Fate, Network, Simulation, Told, Translation};

use super::case::Case;
use super::enrol::{Before, Keys, one_pair_will_do, prepare, prepare_at_once};
use super::error::LabError;
use super::file::{Fault, FaultAction};
#[cfg(test)]
use super::invented;
use super::leftovers;
use super::outcome::Outcome;
use super::scratch::{self, Life};
use super::steps;
use super::strangers;
use super::world::{World, on_port_500};

/// Added to source ports by the simulated NAT.
const PORT_OFFSET: u16 = 20_000;
/// How much later than the next datagram an overtaken one comes.
const OVERTAKEN: Duration = Duration::from_millis(50);
/// Invented time in which the other router hears of an end.
const AFTERMATH: Duration = Duration::from_millis(20);

/// Runs a case; equal seeds and keys give equal runs.
///
/// # Errors
/// Keys or certificates cannot be made, or a CA refuses.
pub fn simulate(case: &Case, keys: &Keys, seed: u64) -> Result<Outcome, LabError> {
    let dir = scratch::folder(Life::Short)?;
    leftovers::folder(dir.path());
    let mut world = World::new(case, prepare(case, keys, dir.path())?, seed, dir.path())?;
    let missteps = steps::play(case, &case.before, &mut world)?;
    if !missteps.is_empty() || !case.negotiates {
        let mut outcome = world.outcome(0);
        outcome.missteps = missteps;
        return world.finish(outcome);
    }
    negotiate(case, world)
}

/// Runs the negotiation of a case alone, with routers that are enrolled in the process: for many runs in a row. Its
/// steps and CAs do not count.
///
/// # Errors
/// Keys or certificates cannot be made, or a CA refuses.
pub fn rehearse(case: &Case, keys: &Keys, seed: u64) -> Result<Outcome, LabError> {
    if !one_pair_will_do(case) {
        return simulate(case, keys, seed);
    }
    // Files are of CAs at work, and here are none.
    let world = World::new(case, prepare_at_once(case, keys)?, seed, Path::new(""))?;
    negotiate(case, world)
}

/// As [`rehearse`] in both directions with the same certificates: the first router starts, then the second.
///
/// # Errors
/// As [`rehearse`].
pub fn rehearse_both(case: &Case, keys: &Keys, seed: u64) -> Result<[Outcome; 2], LabError> {
    if !one_pair_will_do(case) {
        return simulate_both(case, keys, seed);
    }
    both(case, prepare_at_once(case, keys)?, seed, Path::new(""))
}

/// The negotiation of a case alone in both directions, with CAs at work and routers that enrol with them once. Each
/// direction begins with engines that know nothing of the other; the first router starts, then the second.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_both(case: &Case, keys: &Keys, seed: u64) -> Result<[Outcome; 2], LabError> {
    let dir = scratch::folder(Life::Short)?;
    leftovers::folder(dir.path());
    both(case, prepare(case, keys, dir.path())?, seed, dir.path())
}

fn both(case: &Case, before: Before, seed: u64, dir: &Path) -> Result<[Outcome; 2], LabError> {
    let [first, second] = [0, 1].map(|initiator| Case {
        initiator,
        ..case.clone()
    });
    let mut world = World::new(&first, before, seed, dir)?;
    let mut again = world.again(&second, seed);
    Ok([decided(&first, &mut world)?, decided(&second, &mut again)?])
}

/// A negotiation with everything that was sent and told.
pub(crate) struct Recount {
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// Every datagram, in the order of sending.
    pub(crate) datagrams: Vec<Datagram>,
    /// What each router told, in the order of the case.
    pub(crate) told: [Vec<Told>; 2],
    /// The keys of both, as lines of key tables.
    pub(crate) keys: Vec<(Table, String)>,
}

/// As [`rehearse`], with everything that was sent and told. A negotiation that goes through steps is played with
/// them.
///
/// # Errors
/// As [`simulate`].
pub(crate) fn recount(case: &Case, keys: &Keys, seed: u64) -> Result<Recount, LabError> {
    let dir = scratch::folder(Life::Short)?;
    leftovers::folder(dir.path());
    let before = match one_pair_will_do(case) {
        true => prepare_at_once(case, keys)?,
        false => prepare(case, keys, dir.path())?,
    };
    let mut world = World::new(case, before, seed, dir.path())?;
    world.sim.keep_keys = true;
    let outcome = decided(case, &mut world)?;
    let node = |n: usize| world.sim.node(n);
    let lines = [0, 1].into_iter().flat_map(|n| node(n).key_lines());
    Ok(Recount {
        datagrams: world.sim.datagrams().to_vec(),
        told: [0, 1].map(|n| node(n).told().to_vec()),
        keys: lines
            .map(|(table, line)| (table, line.to_owned()))
            .collect(),
        outcome,
    })
}

fn negotiate(case: &Case, mut world: World<'_>) -> Result<Outcome, LabError> {
    let outcome = decided(case, &mut world)?;
    world.finish(outcome)
}

/// The negotiation to its verdict, and as far beyond as the case wants.
fn decided(case: &Case, world: &mut World<'_>) -> Result<Outcome, LabError> {
    call(case, &mut world.sim)?;
    world.sim.up(case.initiator, None);
    world.sim.run_until(case.patience(), Simulation::certain);
    let milliseconds = world.sim.verdict().milliseconds;
    linger(case, &mut world.sim);
    Ok(world.outcome(milliseconds))
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

pub(super) fn network(case: &Case) -> Network {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// P-025: certificates and lists that a CA makes when it is asked are younger than the question, and none
    /// is refused for that.
    #[test]
    fn what_a_slow_ca_makes_is_not_too_young() {
        let mut case = Case::embedded("t-01").unwrap();
        case.key_bits = 512;
        case.expect.as_mut().unwrap().ip_lengths.clear();
        invented::set_flight(1);
        let outcome = simulate(&case, &Keys::default(), 1);
        invented::set_flight(0);
        assert_eq!(outcome.unwrap().differences(&case), Vec::<String>::new());
    }

    /// T-30, T-84: a step that comes otherwise is told, with what was said.
    #[test]
    fn a_step_that_comes_otherwise_is_a_difference() {
        let mut case = Case::embedded("t-84").unwrap();
        case.key_bits = 512;
        case.before.remove(1);
        let outcome = simulate(&case, &Keys::default(), 1).unwrap();
        let differences = outcome.differences(&case);
        let told = differences
            .iter()
            .any(|d| d.contains("`Storage: nvram:CA2#2.cer` is not there"));
        assert!(told && differences.len() == 1, "{differences:?}");
    }
}
