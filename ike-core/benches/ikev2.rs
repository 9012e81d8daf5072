//! IKE_SA_INIT and IKE_AUTH of both engines in the simulator, by suite and by method of proof; every job in
//! line.
//!
//! Run: `cargo bench -p ike-core --bench ikev2`.

#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use ike_core::sim::Simulation;
use support::{Story, ikev2_psk_routers, ikev2_routers};

fn main() {
    divan::main();
}

/// Encryption, integrity or PRF, and group, as a proposal's lines name them.
const SUITES: [&str; 7] = [
    "3des, integrity md5, 2",
    "aes-cbc-128, integrity sha1, 14",
    "aes-cbc-256, integrity sha256, 14",
    "aes-cbc-256, integrity sha256, 19",
    "aes-gcm-256, prf sha384, 20",
    "aes-gcm-128, prf sha256, 31",
    "chacha20-poly1305, prf sha256, 31",
];

fn with_suite(mut story: Story, suite: &str) -> Story {
    let parts: Vec<&str> = suite.split(", ").collect();
    let [encryption, integrity, group] = parts.try_into().unwrap();
    for text in &mut story.configs {
        let (head, rest) = text.split_once("crypto ikev2 proposal prop-1\n").unwrap();
        let (_, tail) = rest.split_once("!\n").unwrap();
        *text = format!(
            "{head}crypto ikev2 proposal prop-1\n  encryption {encryption}\n  {integrity}\n  group {group}\n!\n{tail}"
        );
    }
    story
}

fn negotiate(mut sim: Simulation) {
    sim.up(0, None);
    sim.run_until(Duration::from_secs(60), Simulation::certain);
    assert!(sim.verdict().up);
}

/// Both routers, from `up` to the child SA, with pre-shared keys.
#[divan::bench(args = SUITES)]
fn pre_shared_key(bencher: divan::Bencher, suite: &str) {
    bencher
        .with_inputs(|| with_suite(ikev2_psk_routers(), suite).start())
        .bench_local_values(negotiate);
}

/// The same with RSA-1024 certificates of the seed's CAs.
#[divan::bench(args = SUITES)]
fn rsa_certificates(bencher: divan::Bencher, suite: &str) {
    bencher
        .with_inputs(|| with_suite(ikev2_routers(), suite).start())
        .bench_local_values(negotiate);
}
