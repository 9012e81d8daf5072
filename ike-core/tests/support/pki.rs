//! Routers with authorities of the test's own making: chains, certificates that should be refused, lists
//! that are missing.

use std::sync::Arc;
use std::time::Duration;

use ike_core::sim::{Network, Router, Simulation};
use ike_crypto::{Hash, KeySpec, PrivateKey, PublicKey};
use ike_pki::{CertRequestSpec, Certificate, LabCa, Name, Store};

use super::{Ring, Story, WALL, ikev2_routers, keys, read};

pub const YEAR: i64 = 365 * 86_400;

/// Both versions and both directions: what a scenario about certificates is run for.
pub const RUNS: [(u8, usize); 4] = [(1, 0), (1, 1), (2, 0), (2, 1)];

pub fn name(text: &str) -> Name {
    Name::from_subject_name(text).unwrap()
}

/// A root CA, `CN=<cn>,O=cisco`.
pub fn root(cn: &str) -> LabCa {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    LabCa::new(&ca_name(cn), key, 1, WALL - YEAR, WALL + 40 * YEAR).unwrap()
}

/// A CA below another one.
pub fn below(parent: &mut LabCa, cn: &str, path_len: Option<u8>) -> LabCa {
    let key = PrivateKey::generate(KeySpec::EcP256).unwrap();
    let certificate = cross(parent, cn, &key, path_len);
    LabCa::with_certificate(certificate, key, 1)
}

/// The certificate of a CA of that name and key, made by another CA.
pub fn cross(parent: &mut LabCa, cn: &str, key: &PrivateKey, path_len: Option<u8>) -> Certificate {
    let public = key.public();
    let (from, to) = (WALL - YEAR, WALL + 20 * YEAR);
    let mut request = CertRequestSpec::router(ca_name(cn), &public, from, to);
    request.ca = Some(path_len);
    request.hash = Hash::Sha256;
    parent.issue(&request).unwrap()
}

/// The same key once more.
pub fn again(key: &PrivateKey) -> PrivateKey {
    PrivateKey::from_pkcs8_der(key.to_pkcs8_der().unwrap().expose()).unwrap()
}

fn ca_name(cn: &str) -> Name {
    name(&format!("CN={cn},O=cisco"))
}

/// A router's certificate, for the subject of the seed.
pub fn leaf(ca: &mut LabCa, router: usize) -> Certificate {
    leaf_with(ca, router, |_| ())
}

/// The same with something else in it.
pub fn leaf_with(
    ca: &mut LabCa,
    router: usize,
    change: impl FnOnce(&mut CertRequestSpec<'_>),
) -> Certificate {
    leaf_of(ca, router, &keys()[2 + router].public(), change)
}

/// The same for another key.
pub fn leaf_of(
    ca: &mut LabCa,
    router: usize,
    public: &PublicKey,
    change: impl FnOnce(&mut CertRequestSpec<'_>),
) -> Certificate {
    let host = host(router);
    let (text, fqdn) = (format!("CN={host},O=cisco"), format!("{host}.cisco.com"));
    let address = std::net::Ipv4Addr::from([192, 168, 0, [1, 2][router]]);
    let subject = Name::router_subject(&text, None, Some(address), Some(&fqdn)).unwrap();
    let mut request = CertRequestSpec::router(subject, public, WALL - 60, WALL + YEAR);
    request.hash = Hash::Sha256;
    change(&mut request);
    ca.issue(&request).unwrap()
}

/// A current list of a CA.
pub fn crl(ca: &mut LabCa) -> ike_pki::Crl {
    ca.crl(WALL - 60, WALL + YEAR).unwrap()
}

pub fn host(router: usize) -> &'static str {
    ["R1", "R2"][router]
}

/// A router and its trustpoints.
#[derive(Clone)]
pub struct Party {
    router: usize,
    pub store: Store,
    /// Name and `revocation-check`.
    trustpoints: Vec<(String, &'static str)>,
    /// Those of its profile, with what they are for.
    listed: Vec<(String, &'static str)>,
}

impl Party {
    pub fn new(router: usize) -> Self {
        Self {
            router,
            store: Store::default(),
            trustpoints: Vec::new(),
            listed: Vec::new(),
        }
    }

    /// The trustpoint that its profile signs and verifies with; `check` is its `revocation-check`.
    pub fn enrolled(
        self,
        tp: &str,
        ca: &Certificate,
        own: Certificate,
        check: &'static str,
    ) -> Self {
        let mut party = self.holds(tp, ca, check);
        party.store.enroll(tp, own, "key", WALL);
        party.listed.push((tp.to_owned(), ""));
        party
    }

    /// A trustpoint that its profile signs with.
    pub fn signs(self, tp: &str, ca: &Certificate, own: Certificate) -> Self {
        let mut party = self.enrolled(tp, ca, own, "none");
        party.listed.pop();
        party.listed.push((tp.to_owned(), " sign"));
        party
    }

    /// A trustpoint that its profile verifies with.
    pub fn trusts(self, tp: &str, ca: &Certificate, check: &'static str) -> Self {
        let mut party = self.holds(tp, ca, check);
        party.listed.push((tp.to_owned(), " verify"));
        party
    }

    /// A trustpoint that the profile does not name.
    pub fn holds(mut self, trustpoint: &str, ca: &Certificate, check: &'static str) -> Self {
        self.store.authenticate(trustpoint, ca.clone(), WALL);
        self.trustpoints.push((trustpoint.to_owned(), check));
        self
    }

    /// A list that was fetched some time.
    pub fn with_crl(mut self, label: &str, crl: ike_pki::Crl) -> Self {
        self.store.set_crl(label, crl);
        self
    }

    /// The configuration: one tunnel between the routers of the seed, one profile.
    pub fn config(&self, version: u8) -> String {
        let (own, peer) = ([1, 2][self.router], [2, 1][self.router]);
        let trustpoint = |(name, check): &(String, &str)| {
            format!("crypto pki trustpoint {name}\n  revocation-check {check}\n!\n")
        };
        let trustpoints: String = self.trustpoints.iter().map(trustpoint).collect();
        let (ike, set) = match version {
            1 => (self.isakmp(peer), "isakmp-profile"),
            _ => (self.ikev2(own, peer), "ikev2-profile"),
        };
        format!(
            "hostname R{own}\nip domain name cisco.com\n!\n{trustpoints}{ike}!\n\
             crypto ipsec transform-set TS esp-aes esp-sha256-hmac\n  mode tunnel\n!\n\
             crypto ipsec profile ipsec1\n  set transform-set TS\n  set {set} prof1\n!\n\
             interface Tunnel1\n  ip address 10.0.0.{own} 255.255.255.0\n  tunnel source Ethernet0/0\n  \
             tunnel destination 192.168.0.{peer}\n  tunnel protection ipsec profile ipsec1\n!\n\
             interface Ethernet0/0\n  ip address 192.168.0.{own} 255.255.255.0\n"
        )
    }

    /// `ca trust-point` stands for both uses.
    fn isakmp(&self, peer: u8) -> String {
        let line = |(tp, _): &(String, &str)| format!("  ca trust-point {tp}\n");
        let listed: String = self.listed.iter().map(line).collect();
        format!(
            "crypto isakmp policy 10\n  encr aes\n  hash sha256\n  group 19\n!\n\
             crypto isakmp profile prof1\n  self-identity fqdn\n{listed}  \
             match identity host R{peer}.cisco.com\n"
        )
    }

    fn ikev2(&self, own: u8, peer: u8) -> String {
        let line = |(tp, usage): &(String, &str)| format!("  pki trustpoint {tp}{usage}\n");
        let listed: String = self.listed.iter().map(line).collect();
        format!(
            "crypto ikev2 proposal prop-1\n  encryption aes-cbc-128\n  integrity sha256\n  group 19\n!\n\
             crypto ikev2 policy pol-1\n  match fvrf any\n  proposal prop-1\n!\n\
             crypto ikev2 profile prof1\n  \
             match identity remote address 192.168.0.{peer} 255.255.255.255\n  \
             identity local address 192.168.0.{own}\n  authentication remote rsa-sig\n  \
             authentication local rsa-sig\n{listed}"
        )
    }
}

/// Two routers with these configurations and stores.
pub fn meet(texts: [String; 2], stores: [Store; 2], network: Network) -> Simulation {
    let mut number = 0;
    let routers = texts.map(|text| {
        let router = Router {
            name: host(number).to_owned(),
            store: Arc::new(stores[number].clone()),
            // "other" is the key of the lab's second CA, which has no part here.
            keys: Arc::new(
                Ring::of("key", keys()[2 + number].clone()).and("other", keys()[number].clone()),
            ),
            config: Arc::new(read(&text)),
        };
        number += 1;
        router
    });
    let Story { timers, seed, .. } = ikev2_routers();
    Simulation::new(routers, network, timers, seed, WALL)
}

/// Runs one negotiation of two parties to its verdict.
pub fn negotiate(parties: &[Party; 2], (version, initiator): (u8, usize)) -> Simulation {
    let texts = [0, 1].map(|n| parties[n].config(version));
    let stores = [0, 1].map(|n| parties[n].store.clone());
    let mut sim = meet(texts, stores, Network::default());
    sim.up(initiator, None);
    sim.run_until(Duration::from_secs(300), Simulation::certain);
    sim
}

/// The tunnel is up at both ends and carries traffic.
pub fn assert_up(sim: &Simulation, story: &str) {
    let verdict = sim.verdict();
    assert!(verdict.up && sim.carries(), "{story}: {verdict:?}");
}

/// The judging router refuses the other's certificate: for this reason, by the rule about who may vouch,
/// and with what its version says on the wire: AUTHENTICATION_FAILED alone (S-078), or in IKEv1 not a
/// word (S-054).
pub fn assert_refused(sim: &mut Simulation, version: u8, judge: usize, because: &str) {
    let record = sim.record(judge).unwrap();
    let reason = record.reason.clone().unwrap_or_default();
    assert!(
        reason.contains(because),
        "IKEv{version}, {reason:?} is not {because:?}"
    );
    let rule = if version == 1 { "S-050" } else { "S-076" };
    let decided = record.decisions.iter().any(|d| d.rule == rule);
    assert!(decided, "{:?}", record.decisions);
    let said = |text: &str| sim.node(judge).traces.iter().any(|t| t.contains(text));
    match version {
        1 => assert!(said("%CRYPTO-5-IKMP_INVALID_CERT") && !said("sending notify")),
        _ => assert!(said("Payload contents: \n NOTIFY(AUTHENTICATION_FAILED)")),
    }
    sim.settle(Duration::from_secs(700));
    for node in [0, 1] {
        // A responder that has sent MM6 never hears that it was refused.
        let unaware = version == 1 && node != judge && record.initiator;
        let left = (sim.isakmp_sas(node), sim.ikev2_sas(node));
        assert!(unaware || left.0.is_empty(), "{:#?}", left.0);
        assert!(left.1.is_empty(), "{:#?}", left.1);
        assert!(sim.node(node).installed.inbound.is_empty());
    }
}
