//! A new configuration under SAs that are up: what keeps its keys, what is torn down and why.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use ike_core::sa::action::Command;
use ike_core::sim::Simulation;
use support::{Story, ikev2_routers, read, seed_routers};

/// Both versions, up, with R1's text.
fn up() -> Vec<(Simulation, String)> {
    let stories: [fn() -> Story; 2] = [seed_routers, ikev2_routers];
    let start = |story: fn() -> Story| {
        let text = story().configs[0].clone();
        let sim = story().negotiate(0);
        assert!(sim.verdict().up);
        (sim, text)
    };
    stories.into_iter().map(start).collect()
}

/// R1 gets its text with an edit; what follows is waited for.
fn edited(sim: &mut Simulation, text: &str, from: &str, to: &str) {
    assert!(text.contains(from), "{from} is not in the configuration");
    sim.configure(0, read(&text.replace(from, to)));
    sim.settle(Duration::from_secs(2));
}

/// Inbound SPIs of a router.
fn spis(sim: &Simulation, node: usize) -> Vec<u32> {
    let pairs = sim.node(node).engine.child_sas(sim.now().mono);
    pairs.iter().map(|pair| pair.spi_in).collect()
}

fn living(sim: &Simulation, node: usize) -> usize {
    let isakmp = sim.isakmp_sas(node);
    let isakmp = isakmp.iter().filter(|sa| sa.status == "ACTIVE").count();
    let ikev2 = sim.ikev2_sas(node);
    isakmp + ikev2.iter().filter(|sa| sa.status == "READY").count()
}

/// An unrelated change leaves every SA on both sides as it was; they can still be rekeyed.
#[test]
fn an_unrelated_change_keeps_the_sas() {
    for (mut sim, text) in up() {
        let before = [spis(&sim, 0), spis(&sim, 1)];
        assert_eq!(before.each_ref().map(Vec::len), [1, 1]);
        edited(
            &mut sim,
            &text,
            "hostname R1\n",
            "hostname R1\nip route 10.9.0.0 255.255.0.0 Tunnel1\n",
        );
        assert_eq!([spis(&sim, 0), spis(&sim, 1)], before);
        assert_eq!([living(&sim, 0), living(&sim, 1)], [1, 1]);
        let rekey = Command::Rekey("Tunnel1".into(), ike_core::sa::action::Rekey::Child);
        sim.command(0, rekey);
        sim.settle(Duration::from_secs(60));
        assert!(!spis(&sim, 0).is_empty());
        assert_ne!(
            spis(&sim, 0),
            before[0],
            "new keys under the new configuration"
        );
    }
}

/// A lifetime counts from the next negotiation on.
#[test]
fn a_lifetime_waits_for_the_next_negotiation() {
    for (mut sim, text) in up() {
        let before = spis(&sim, 0);
        let longer = "crypto ipsec security-association lifetime seconds 7200\nhostname R1\n";
        edited(&mut sim, &text, "hostname R1\n", longer);
        assert_eq!(spis(&sim, 0), before);
    }
}

/// What the SAs hang on changes, or is gone: they are deleted on both sides, and debug says why.
#[test]
fn a_changed_protection_ends_its_sas() {
    let edits = [
        (
            " tunnel destination 192.168.0.2\n",
            " tunnel destination 192.168.0.77\n",
            "the peer's address",
        ),
        (
            "interface Tunnel1\n",
            "interface Tunnel1\n shutdown\n",
            "nothing protects it any more",
        ),
    ];
    for (from, to, why) in edits {
        for (mut sim, text) in up() {
            edited(&mut sim, &text, from, to);
            assert_eq!(
                [spis(&sim, 0), spis(&sim, 1)],
                [[], []] as [[u32; 0]; 2],
                "{to}"
            );
            assert_eq!([living(&sim, 0), living(&sim, 1)], [0, 0], "{to}");
            let told = sim.node(0).traces.join("\n");
            let reason = format!("configuration changed: {why}");
            assert!(told.contains(&reason), "{to}: {told}");
        }
    }
}

/// After the change the tunnel comes up with what the new configuration says.
#[test]
fn new_transforms_are_negotiated_at_the_next_packet() {
    let (mut sim, text) = up().remove(0);
    let other = read(
        &support::seed_routers().configs[1]
            .replace("esp-aes esp-sha256-hmac", "esp-aes 256 esp-sha256-hmac"),
    );
    edited(
        &mut sim,
        &text,
        "esp-aes esp-sha256-hmac",
        "esp-aes 256 esp-sha256-hmac",
    );
    assert!(spis(&sim, 0).is_empty());
    sim.configure(1, other);
    sim.up(0, Some("Tunnel1"));
    sim.settle(Duration::from_secs(60));
    let pairs = sim.node(0).engine.child_sas(sim.now().mono);
    assert_eq!(pairs.first().and_then(|pair| pair.key_bits), Some(256));
}
