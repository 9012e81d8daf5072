//! One router of a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ike_pki::{ChainPolicy, Store};

use super::told::{Tales, Told};
use crate::config::{Interface, RunningConfig};
use crate::decrypt::Table;
use crate::decrypt::tables::{ikev1_line, ikev2_lines};
use crate::engine::{Engine, Setup};
use crate::sa::action::{DataplaneRequest, Reply};
use crate::sa::child::{ChildKeys, ChildSpec, Direction};
use crate::sa::job::PrivateKeys;
use crate::sa::retransmit::Timers;
use crate::time::Timestamp;

/// What a router is made of.
#[derive(Clone)]
pub struct Router {
    /// Name in the verdict.
    pub name: String,
    /// Configuration.
    pub config: Arc<RunningConfig>,
    /// Trustpoints.
    pub store: Arc<Store>,
    /// Private keys.
    pub keys: Arc<dyn PrivateKeys + Send + Sync>,
}

/// A router at work.
pub struct Node {
    /// Name in the verdict.
    pub name: String,
    /// Its engine.
    pub engine: Engine,
    /// Debug lines so far.
    pub traces: Vec<String>,
    /// When each of them was printed.
    pub traced_at: Vec<Timestamp>,
    pub(super) tales: Tales,
    keys: BTreeSet<(Table, String)>,
    /// Answers to commands.
    pub replies: Vec<Reply>,
    /// Where NAT keepalives went.
    pub keepalives: Vec<SocketAddr>,
    /// How many jobs its engine gave away.
    pub jobs: usize,
    /// Its data plane.
    pub installed: Installed,
    /// Its trustpoints.
    pub store: Arc<Store>,
    timers: Timers,
    pub(super) signers: Arc<dyn PrivateKeys + Send + Sync>,
}

/// ESP SAs of a router.
#[derive(Debug, Default)]
pub struct Installed {
    /// By inbound SPI.
    pub inbound: BTreeMap<u32, ChildSpec>,
    /// Newest last.
    pub outbound: Vec<ChildSpec>,
}

impl Node {
    pub(super) fn new(router: Router, timers: Timers, seed: u64) -> Self {
        Self {
            name: router.name,
            engine: engine(router.config, router.store.clone(), timers, seed),
            traces: Vec::new(),
            traced_at: Vec::new(),
            tales: Tales::default(),
            keys: BTreeSet::new(),
            replies: Vec::new(),
            keepalives: Vec::new(),
            jobs: 0,
            installed: Installed::default(),
            store: router.store,
            timers,
            signers: router.keys,
        }
    }

    pub(super) fn restart(&mut self, seed: u64) {
        let config = Arc::new(self.engine.config().clone());
        self.engine = engine(config, self.store.clone(), self.timers, seed);
        self.installed = Installed::default();
    }

    /// What it is made of by now: another simulation can start from there.
    #[must_use]
    pub fn router(&self) -> Router {
        Router {
            name: self.name.clone(),
            config: Arc::new(self.engine.config().clone()),
            store: Arc::clone(&self.store),
            keys: Arc::clone(&self.signers),
        }
    }

    /// What it told of its decisions, in order.
    #[must_use]
    pub fn told(&self) -> &[Told] {
        self.tales.all()
    }

    /// The keys of every IKE SA that it had, as lines of key tables, if they were to be kept.
    pub fn key_lines(&self) -> impl Iterator<Item = (Table, &str)> {
        self.keys
            .iter()
            .map(|(table, line)| (*table, line.as_str()))
    }

    /// An event is over: what it brought is noted.
    pub(super) fn settle(&mut self, keep_keys: bool) {
        self.tales.settle();
        if !keep_keys {
            return;
        }
        let isakmp = self.engine.keys().into_iter();
        self.keys
            .extend(isakmp.map(|key| (Table::Ikev1, ikev1_line(&key))));
        let ikev2 = self.engine.ikev2_keys().into_iter();
        self.keys.extend(ikev2.flat_map(|key| ikev2_lines(&key)));
    }

    pub(super) fn owns(&self, address: IpAddr) -> bool {
        let config = self.engine.config();
        let mut addresses = config.interfaces.iter().flat_map(Interface::addresses);
        addresses.any(|(own, _)| own == address)
    }

    pub(super) fn dataplane(&mut self, request: DataplaneRequest) {
        match request {
            DataplaneRequest::Install(Direction::Inbound, spec) => {
                self.installed.inbound.insert(spec.spi_in, *spec);
            }
            DataplaneRequest::Install(Direction::Outbound, spec) => {
                self.installed.outbound.push(*spec)
            }
            DataplaneRequest::Move {
                spi_in,
                local,
                remote,
                encapsulation,
                ..
            } => {
                let outbound = self.installed.outbound.iter_mut();
                let pair = outbound.filter(|s| s.spi_in == spi_in);
                for spec in pair.chain(self.installed.inbound.get_mut(&spi_in)) {
                    (spec.local, spec.remote) = (local, remote);
                    spec.encapsulation = encapsulation;
                }
            }
            DataplaneRequest::Remove { spi_in, .. } => {
                self.installed.inbound.remove(&spi_in);
                self.installed.outbound.retain(|s| s.spi_in != spi_in);
            }
        }
    }

    /// Our newest outbound SA is one the other has, with the same suite and keys.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        let Some(out) = self.installed.outbound.last() else {
            return false;
        };
        other
            .installed
            .inbound
            .get(&out.spi_out)
            .is_some_and(|inbound| {
                inbound.suite == out.suite
                    && same(&inbound.keys_in, &out.keys_out)
                    && inbound.local_selector == out.remote_selector
                    && inbound.remote_selector == out.local_selector
            })
    }
}

fn same(a: &ChildKeys, b: &ChildKeys) -> bool {
    a.cipher.expose() == b.cipher.expose() && a.integrity.expose() == b.integrity.expose()
}

fn engine(config: Arc<RunningConfig>, store: Arc<Store>, timers: Timers, seed: u64) -> Engine {
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&seed.to_be_bytes());
    Engine::new(Setup {
        config,
        store,
        seed: octets,
        timers,
        chain_policy: ChainPolicy::ios_15_3t(),
        port: 500,
    })
}
