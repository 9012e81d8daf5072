//! A verification as a host drives it: round after round until nothing more is wanted.

use std::sync::Arc;

use ike_pki::{Crl, CrlCache, Evidence, Source, Store};

use super::Simulation;
use crate::sa::action::Event;
use crate::sa::job::{self, JobOutcome, Verification, VerifyJob};

/// Verifies a peer for the router of that index.
pub type Verifier = Box<dyn FnMut(usize, Box<VerifyJob>) -> Verified>;

/// What became of a verification by a host's own PKI.
pub struct Verified {
    /// For the engine.
    pub outcome: JobOutcome,
    /// The store, where it changed: a list was kept.
    pub store: Option<Arc<Store>>,
    /// What the host said in its log.
    pub said: Vec<String>,
}

impl Simulation {
    /// Verifies a peer by the host's PKI, or with the web of the simulation.
    pub(super) fn verify(&mut self, node: usize, job: Box<VerifyJob>) -> JobOutcome {
        let Some(verifier) = &mut self.verifier else {
            return self.verify_by_web(node, &job);
        };
        let Verified {
            outcome,
            store,
            said,
        } = verifier(node, job);
        said.into_iter().for_each(|line| self.note(node, line));
        if let Some(store) = store {
            self.nodes[node].store = Arc::clone(&store);
            self.deliver(node, Event::Certificates(store));
        }
        outcome
    }

    /// Verifies a peer, asking the web about revocation until there is a verdict.
    fn verify_by_web(&mut self, node: usize, job: &VerifyJob) -> JobOutcome {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.next.to_be_bytes());
        let (mut evidence, now) = (Evidence::new(seed), self.now().wall);
        let mut cache = self.nodes[node].store.crls.clone();
        loop {
            match job::verify(job, &evidence) {
                Verification::Done { outcome, believed } => {
                    self.keep(node, cache, believed);
                    return outcome;
                }
                Verification::Wanted(sources) => {
                    for source in sources {
                        self.web.ask(node, source, &mut cache, &mut evidence, now);
                    }
                }
            }
        }
    }

    /// Keeps the lists that proved good and the sources that failed; the engine gets the store with
    /// them, as from a host.
    fn keep(&mut self, node: usize, mut cache: CrlCache, believed: Vec<(Source, Arc<Crl>)>) {
        let now = self.now().wall;
        for (source, crl) in believed {
            if let Some(origin) = source.origin() {
                cache.put(origin, crl, now);
            }
        }
        if cache == self.nodes[node].store.crls {
            return;
        }
        let mut store = Store::clone(&self.nodes[node].store);
        store.crls = cache;
        self.nodes[node].store = Arc::new(store);
        let store = Arc::clone(&self.nodes[node].store);
        self.deliver(node, Event::Certificates(store));
    }
}
