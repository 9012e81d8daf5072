//! Predictions against `ikd lab run --simulate`: enrolment over SCEP, the daemon's own stores, other chance.

use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use ikd::lab::{Case, Keys, Overrides, simulate_both};
use ikd::predict::{Direction, Prediction, predict};
use ike_core::verdict::Verdict;
use libtest_mimic::Failed;

use super::generator::Pair;
use super::variety::Variety;

/// Bits of RSA keys, as those of the tech note's captures.
pub(crate) const KEY_BITS: u32 = 512;
/// Threads; each has a world of its own.
const THREADS: u64 = 2;
/// Disagreements that are shown.
const SHOWN: usize = 3;

/// Each pair in both directions.
pub(crate) fn agree(count: u64, seed: u64) -> Result<(), Failed> {
    let started = Instant::now();
    let keys = Keys::default();
    let results = thread::scope(|scope| {
        let work = |first: u64| {
            let keys = &keys;
            scope.spawn(move || {
                let numbers = (first..count).step_by(THREADS as usize);
                share(numbers.map(|n| seed + n), keys)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(work).collect();
        threads
            .into_iter()
            .map(|t| t.join().map_err(|_| Failed::from("a thread died"))?)
            .collect::<Result<Vec<_>, Failed>>()
    })?;
    let (mut variety, mut wrong) = (Variety::default(), Vec::new());
    for (part, disagreements) in results {
        variety.add(part);
        wrong.extend(disagreements);
    }
    let (seconds, text) = (started.elapsed().as_secs(), variety.text());
    eprintln!(
        "{count} pairs from seed {seed} in the simulator, both directions, {seconds} s: {text}"
    );
    if !wrong.is_empty() {
        let shown = wrong.iter().take(SHOWN).cloned().collect::<String>();
        return Err(format!("{} disagree:\n{shown}", wrong.len()).into());
    }
    variety.suffices()
}

/// What came of some pairs, and what came otherwise than predicted.
fn share(seeds: impl Iterator<Item = u64>, keys: &Keys) -> Result<(Variety, Vec<String>), Failed> {
    let dir = tempfile::tempdir()?;
    let (mut variety, mut wrong) = (Variety::default(), Vec::new());
    for seed in seeds {
        let pair = Pair::new(seed);
        let case = case(&pair, &files(&pair, dir.path())?)?;
        let predicted = predict(&case, keys).map_err(|e| told(&pair, &e.to_string()))?;
        // Other cookies, SPIs and keys than those of the prediction.
        let outcomes = simulate_both(&case, keys, seed ^ 0x5EED);
        let outcomes = outcomes.map_err(|e| told(&pair, &e.to_string()))?;
        for (direction, outcome) in predicted.directions.iter().zip(outcomes) {
            variety.count(&pair, &outcome.verdict);
            let came = of(&outcome.verdict, outcome.decided_on.as_deref());
            let said = of(&direction.verdict, direction.decided_on.as_deref());
            if said != came {
                wrong.push(told(&pair, &format!("predicted {said}\ncame      {came}")));
            }
        }
    }
    Ok((variety, wrong))
}

/// The configurations as files.
pub(crate) fn files(pair: &Pair, dir: &std::path::Path) -> Result<[PathBuf; 2], Failed> {
    let paths = ["R1.cfg", "R2.cfg"].map(|name| dir.join(name));
    for (path, text) in paths.iter().zip(&pair.configs) {
        std::fs::write(path, text)?;
    }
    Ok(paths)
}

pub(crate) fn case(pair: &Pair, files: &[PathBuf; 2]) -> Result<Case, Failed> {
    let mut case = Case::from_configs(files).map_err(|e| told(pair, &e.to_string()))?;
    case.apply(&Overrides {
        order: pair.orders.clone(),
        below: pair.below.clone(),
        key_bits: Some(KEY_BITS),
        ..Overrides::default()
    })?;
    case.initiator = pair.initiator;
    Ok(case)
}

/// The predicted direction in which the pair is run.
pub(crate) fn direction<'a>(found: &'a Prediction, pair: &Pair) -> Result<&'a Direction, Failed> {
    let mut directions = found.directions.iter();
    let wanted = format!("R{}", pair.initiator + 1);
    let found = directions.find(|d| d.verdict.initiator == wanted);
    found.ok_or_else(|| "a direction is missing".into())
}

/// Everything that can be seen from outside.
fn of(verdict: &Verdict, decided_on: Option<&str>) -> String {
    let Verdict {
        version,
        initiator,
        up,
        stopped_at,
        reason,
        certreq,
        signed_with,
        profile,
        ..
    } = verdict;
    format!(
        "{version} {initiator} up {up} {stopped_at:?} on {decided_on:?} {reason:?} {certreq:?} {signed_with:?} {profile:?}"
    )
}

/// A pair that disagrees.
pub(crate) fn told(pair: &Pair, what: &str) -> String {
    let Pair {
        seed,
        configs: [first, second],
        orders,
        below,
        ..
    } = pair;
    format!(
        "seed {seed} (IKD_PAIRS_SEED={seed} IKD_PAIRS=1): orders {orders:?} below {below:?}\n{what}\n--- R1.cfg\n{first}--- R2.cfg\n{second}"
    )
}
