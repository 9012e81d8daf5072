//! One full negotiation of the seed's R1 and R2 in the simulator: Main Mode with RSA-1024
//! certificates and Quick Mode, both engines, every job in line.
//!
//! Run: `cargo bench -p ike-core`.

#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    divan::main();
}

/// Both routers, from `up` to the child SA. Parsing and enrolment are set up outside.
#[divan::bench]
fn r1_initiates_and_is_up(bencher: divan::Bencher) {
    bencher
        .with_inputs(|| support::seed_routers().start())
        .bench_local_values(|mut sim| {
            sim.up(0, None);
            sim.run_until(
                std::time::Duration::from_secs(60),
                ike_core::sim::Simulation::certain,
            );
            assert!(sim.verdict().up);
        });
}

/// The seed's R1 configuration, text to values.
#[divan::bench]
fn read_the_seeds_configuration() -> usize {
    ike_core::config::parse("r1.cfg", divan::black_box(support::R1))
        .config
        .interfaces
        .len()
}
