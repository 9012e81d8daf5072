//! Prediction = reality: generated pairs of configurations and stores come out as `ikd predict` says, in the simulated
//! negotiation with enrolment and CAs, and some of them on real packets.
//!
//! `harness = false`. `IKD_PAIRS` sets how many pairs are simulated, `IKD_PAIRS_REAL` how many are real, `IKD_PAIRS_SEED` the
//! first seed: pair n has seed + n. A pair that disagrees prints its seed and both configurations.

mod dice;
mod generator;
mod plan;
mod profiles;
mod reality;
mod simulated;
mod variety;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Seed of the first pair, unless said.
const SEED: u64 = 6_000_000;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test(
            "predictions are what the simulated negotiation gives",
            || simulated::agree(number("IKD_PAIRS", 10_000), number("IKD_PAIRS_SEED", SEED)),
        ),
        Trial::test("predictions are what real packets give", || {
            // Other pairs than the simulated ones.
            let seed = number("IKD_PAIRS_SEED", SEED + 1_000_000_000);
            reality::agree(number("IKD_PAIRS_REAL", 300), seed)
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A number in the environment.
fn number(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(usual)
}
