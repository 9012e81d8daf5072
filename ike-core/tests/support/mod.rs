//! Two routers of the seed, enrolled in memory.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part"
)]

pub mod forge;
pub mod forge_v1;
pub mod pki;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ike_core::config::{RunningConfig, Severity, parse};
use ike_core::sa::job::PrivateKeys;
use ike_core::sa::retransmit::Timers;
use ike_core::sim::enrol::{Enrollee, LabCas};
use ike_core::sim::{Datagram, Fate, Network, Router, Simulation};
use ike_crypto::{KeySpec, PrivateKey};

pub const R1: &str = include_str!("../../../config/labs/t-01/r1.cfg");
pub const R2: &str = include_str!("../../../config/labs/t-01/r2.cfg");
pub const R1_V2: &str = include_str!("../../../config/labs/t-50/r1.cfg");
pub const R2_V2: &str = include_str!("../../../config/labs/t-50/r2.cfg");
/// 17 June 2013, the day of the seed's first trace.
pub const WALL: i64 = 1_371_470_000;

/// Key pairs made once for all tests of a file.
pub fn keys() -> &'static [Arc<PrivateKey>] {
    static KEYS: OnceLock<Vec<Arc<PrivateKey>>> = OnceLock::new();
    KEYS.get_or_init(|| {
        (0..4)
            .map(|_| Arc::new(PrivateKey::generate(KeySpec::Rsa { bits: 1024 }).unwrap()))
            .collect()
    })
}

/// A ring of one key.
pub struct Ring(BTreeMap<String, Arc<PrivateKey>>);

impl Ring {
    pub fn of(label: &str, key: Arc<PrivateKey>) -> Self {
        Self(BTreeMap::from([(label.to_owned(), key)]))
    }

    /// With one more key.
    pub fn and(mut self, label: &str, key: Arc<PrivateKey>) -> Self {
        self.0.insert(label.to_owned(), key);
        self
    }
}

impl PrivateKeys for Ring {
    fn key(&self, label: &str) -> Option<Arc<PrivateKey>> {
        self.0.get(label).cloned()
    }
}

/// A story about to be told.
pub struct Story {
    pub configs: [String; 2],
    pub orders: [Option<Vec<String>>; 2],
    pub network: Network,
    pub timers: Timers,
    pub seed: u64,
    /// Other keys than [`keys`].
    pub keys: Option<[Arc<PrivateKey>; 2]>,
}

/// The seed's routers: R1 enrolled IOSCA2 last, R2 IOSCA1 (S-020).
pub fn seed_routers() -> Story {
    Story {
        configs: [R1.to_owned(), R2.to_owned()],
        orders: [order(&["IOSCA2", "IOSCA1"]), order(&["IOSCA1", "IOSCA2"])],
        network: Network::default(),
        timers: Timers::default(),
        seed: 1,
        keys: None,
    }
}

/// The routers of the tech note's IKEv2 half, enrolled in the same order.
pub fn ikev2_routers() -> Story {
    Story {
        configs: [R1_V2.to_owned(), R2_V2.to_owned()],
        orders: [order(&["TP2", "TP1"]), order(&["TP1", "TP2"])],
        ..seed_routers()
    }
}

/// The same two with pre-shared keys, AES and P-256: quick enough for thousands of runs.
pub fn ikev2_psk_routers() -> Story {
    let mut story = ikev2_routers();
    for text in &mut story.configs {
        *text = text
            .replace("  pki trustpoint TP1\n", "  lifetime 3600\n")
            .replace(
                "remote rsa-sig",
                "remote pre-share key cisco123cisco123cisco1",
            )
            .replace(
                "local rsa-sig",
                "local pre-share key cisco123cisco123cisco1",
            )
            .replace("encryption 3des", "encryption aes-cbc-128")
            .replace("integrity md5", "integrity sha256")
            .replace("group 2\n", "group 19\n");
        let (_, after) = text.split_once("crypto ikev2 proposal").unwrap();
        let host = text.lines().next().unwrap();
        *text = format!("{host}\ncrypto ikev2 proposal{after}");
    }
    Story {
        orders: [None, None],
        ..story
    }
}

pub fn order(newest_first: &[&str]) -> Option<Vec<String>> {
    Some(newest_first.iter().map(|s| (*s).to_owned()).collect())
}

pub fn read(text: &str) -> RunningConfig {
    let parsed = parse("test.cfg", text);
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    parsed.config
}

impl Story {
    /// The datagrams of these numbers (from 0) have that fate.
    pub fn with_fault(self, victims: Range<usize>, fate: Fate) -> Self {
        let faults = move |n: usize, _: &Datagram| match victims.contains(&n) {
            true => fate.clone(),
            false => Fate::delivered(),
        };
        let network = Network {
            faults: Box::new(faults),
            ..Network::default()
        };
        Self { network, ..self }
    }

    /// Replaces text in a router's configuration; it must be there.
    pub fn edit(mut self, router: usize, from: &str, to: &str) -> Self {
        assert!(
            self.configs[router].contains(from),
            "{from} is not in the configuration"
        );
        self.configs[router] = self.configs[router].replace(from, to);
        self
    }

    pub fn order(mut self, router: usize, newest_first: &[&str]) -> Self {
        self.orders[router] = order(newest_first);
        self
    }

    pub fn start(self) -> Simulation {
        let configs = self.configs.each_ref().map(|text| read(text));
        let mut cas = LabCas::default();
        for (index, url) in LabCas::urls(&[&configs[0], &configs[1]]).iter().enumerate() {
            let key =
                PrivateKey::from_pkcs8_der(keys()[index].to_pkcs8_der().unwrap().expose()).unwrap();
            cas.add(url, index + 1, key, WALL).unwrap();
        }
        let mut number = 0;
        let routers = configs.map(|config| {
            let own = self.keys.as_ref().map(|k| k[number].clone());
            let key = own.unwrap_or_else(|| keys()[2 + number].clone());
            let label = config.fqdn();
            let public = key.public();
            let serial = (100 + number).to_string();
            let enrollee = Enrollee {
                config: &config,
                serial: &serial,
                public: &public,
                key_label: &label,
                order: self.orders[number].as_deref(),
                at: WALL,
            };
            let store = cas.enrol(&enrollee).unwrap();
            number += 1;
            Router {
                name: config.hostname.clone().unwrap(),
                store: Arc::new(store),
                keys: Arc::new(Ring(BTreeMap::from([(label, key)]))),
                config: Arc::new(config),
            }
        });
        Simulation::new(routers, self.network, self.timers, self.seed, WALL)
    }

    /// Starts `initiator` and runs until the verdict is certain.
    pub fn negotiate(self, initiator: usize) -> Simulation {
        let mut sim = self.start();
        sim.up(initiator, None);
        sim.run_until(Duration::from_secs(300), Simulation::certain);
        sim
    }
}

/// IP lengths of every datagram so far: ISAKMP plus 28 (IOS-FACTS 2.1).
pub fn ip_lengths(sim: &Simulation) -> Vec<usize> {
    sim.datagrams().iter().map(|d| d.bytes.len() + 28).collect()
}

/// Router 0 is about to send IKE_AUTH: its true message is opened with its own keys, changed, and sealed
/// again for router 1.
pub fn seal_instead(sim: &mut Simulation, change: impl Fn(&mut Vec<ike_wire::v2::Payload>)) {
    use ike_core::ikev2::{keymat::Keys, sk::Sk};
    sim.hold();
    sim.run_until(Duration::from_secs(5), |s| s.datagrams().len() > 2);
    let real = sim.datagrams()[2].clone();
    let keys = sim.node(0).engine.ikev2_keys().remove(0);
    let none = || ike_crypto::Secret::from(Vec::new());
    let role = |role| {
        let material = Keys {
            d: none(),
            ai: keys.ai.clone(),
            ar: keys.ar.clone(),
            ei: keys.ei.clone(),
            er: keys.er.clone(),
            pi: none(),
            pr: none(),
        };
        Sk::new(keys.suite, material, role)
    };
    let message = ike_wire::v2::Message::decode(real.bytes.clone()).unwrap();
    let opened = role(ike_core::sa::Role::Responder)
        .open(&real.bytes, &message)
        .unwrap();
    let mut payloads = opened.chain().unwrap().payloads;
    change(&mut payloads);
    let mut entropy = ike_core::entropy::Entropy::new([9; 32]);
    let sealed = role(ike_core::sa::Role::Initiator)
        .seal(&mut entropy, &message.header, &payloads, None)
        .unwrap();
    sim.inject(
        1,
        ike_core::sa::action::Transmit {
            local: real.from,
            remote: real.to,
            bytes: sealed[0].clone(),
        },
    );
    sim.finish_jobs();
}
