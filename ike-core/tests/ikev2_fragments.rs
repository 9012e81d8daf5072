//! IKE fragments under a small MTU, with a chain of three certificates, lost and reordered (RFC 7383; B7 to
//! B9, H8).

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use ike_core::sim::{Datagram, Fate, Network, Router, Simulation};
use ike_crypto::{Hash, PrivateKey};
use ike_pki::{CertRequestSpec, LabCa, Name, Store};
use ike_wire::registry::PayloadType;
use support::{Ring, Story, WALL, ikev2_routers, keys, read};

/// Octets of the largest IP packet on the path.
const MTU: usize = 576;
const YEAR: i64 = 365 * 86_400;

fn name(text: &str) -> Name {
    Name::from_subject_name(text).unwrap()
}

fn key(index: usize) -> PrivateKey {
    let der = keys()[index].to_pkcs8_der().unwrap();
    PrivateKey::from_pkcs8_der(der.expose()).unwrap()
}

/// Root CA, its subordinate, and a router's certificate under that.
fn store(router: usize) -> Store {
    let mut root = LabCa::new(&name("CN=Root,O=cisco"), key(0), 1, WALL - 60, WALL + YEAR).unwrap();
    let subordinate_key = key(1).public();
    let mut request = CertRequestSpec::router(
        name("CN=Subordinate,O=cisco"),
        &subordinate_key,
        WALL - 60,
        WALL + YEAR,
    );
    request.ca = Some(None);
    request.hash = Hash::Sha256;
    let subordinate = root.issue(&request).unwrap();
    let mut issuer = LabCa::with_certificate(subordinate.clone(), key(1), 1);
    let public = keys()[2 + router].public();
    let mut request = CertRequestSpec::router(
        name(&format!("CN=R{},O=cisco", router + 1)),
        &public,
        WALL - 60,
        WALL + YEAR,
    );
    request.hash = Hash::Sha256;
    let identity = issuer.issue(&request).unwrap();
    let mut store = Store::default();
    store.authenticate("ROOT", root.certificate().clone(), WALL);
    store.authenticate("TP1", subordinate, WALL);
    store.enroll("TP1", identity, "key", WALL);
    store
}

/// Two routers that prove themselves with TP1 and believe ROOT alone.
fn start(network: Network) -> Simulation {
    let routers = [0, 1].map(|n| {
        let text = ikev2_routers().configs[n]
            .replace("  pki trustpoint TP1\n", "  pki trustpoint TP1 sign\n  pki trustpoint ROOT verify\n")
            .replace("encryption 3des", "encryption aes-cbc-256")
            .replace("integrity md5", "integrity sha256")
            .replace("group 2\n", "group 19\n");
        let text = format!(
            "{text}\ncrypto ikev2 fragmentation mtu {MTU}\ncrypto pki trustpoint ROOT\n  revocation-check none\n"
        );
        Router {
            name: format!("R{}", n + 1),
            store: Arc::new(store(n)),
            keys: Arc::new(Ring::of("key", keys()[2 + n].clone())),
            config: Arc::new(read(&text)),
        }
    });
    let Story { timers, seed, .. } = ikev2_routers();
    Simulation::new(routers, network, timers, seed, WALL)
}

fn fits(datagram: &Datagram) -> bool {
    datagram.bytes.len() + 28 <= MTU
}

/// The path drops what is too large, loses one datagram in ten and reorders others.
fn path(seed: u64) -> Network {
    let mut state = seed;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    Network {
        faults: Box::new(move |_, datagram| match random() % 10 {
            _ if !fits(datagram) => Fate::lost(),
            0 if seed > 0 => Fate::lost(),
            1..=4 if seed > 0 => Fate::delayed(Duration::from_millis(random() % 900)),
            5 if seed > 0 => Fate::doubled(Duration::from_millis(random() % 900)),
            _ => Fate::delivered(),
        }),
        ..Network::default()
    }
}

#[test]
fn a_chain_of_three_goes_through_a_small_mtu() {
    let mut sim = start(path(0));
    sim.up(0, None);
    sim.run_until(Duration::from_secs(20), Simulation::certain);
    assert!(sim.verdict().up && sim.carries(), "{:?}", sim.verdict());
    assert!(sim.datagrams().iter().all(fits), "every datagram fits");
    let fragment = |d: &&Datagram| d.bytes[16] == PayloadType::V2_ENCRYPTED_FRAGMENT.0;
    let fragments = sim.datagrams().iter().filter(fragment).count();
    assert!(fragments >= 7, "{fragments} fragments");
}

/// A seed that fails is named; each loses, doubles and reorders other fragments.
#[test]
fn lost_and_reordered_fragments_come_through_in_the_end() {
    for seed in 1..=60 {
        let mut sim = start(path(seed));
        sim.up(0, None);
        sim.run_until(Duration::from_secs(300), Simulation::certain);
        sim.settle(Duration::from_secs(100));
        assert!(
            sim.verdict().up && sim.carries(),
            "seed {seed}: {:?}",
            sim.verdict()
        );
        assert!(sim.datagrams().iter().all(fits));
    }
}

/// Without the agreement on fragments the large message never arrives, and that is told.
#[test]
fn without_fragments_a_large_message_does_not_arrive() {
    let mut sim = start(Network {
        faults: Box::new(|_, d| {
            if fits(d) {
                Fate::delivered()
            } else {
                Fate::lost()
            }
        }),
        ..Network::default()
    });
    let mut config = sim.node(1).engine.config().clone();
    config.ikev2.fragmentation = None;
    sim.configure(1, config);
    sim.up(0, None);
    sim.run_until(Duration::from_secs(300), Simulation::certain);
    assert_eq!(sim.verdict().stopped_at.as_deref(), Some("IKE_AUTH"));
}
