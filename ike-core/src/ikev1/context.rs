//! What a step of an exchange may see and use besides its own SA.

use ike_pki::{ChainPolicy, Store};

use super::children::Children;
use crate::config::RunningConfig;
use crate::entropy::Entropy;
use crate::policy::protection::Protection;
use crate::sa::SaId;
use crate::sa::action::{Action, JobId, Outbox};
use crate::sa::job::Job;
use crate::sa::numbers::Numbers;
use crate::sa::retransmit::Timers;
use crate::time::Now;

/// Everything around the SA for one event.
pub struct Context<'a> {
    /// The time of the event.
    pub now: Now,
    /// The configuration in force.
    pub config: &'a RunningConfig,
    /// The trustpoint store.
    pub store: &'a Store,
    /// The configuration's protections, compiled.
    pub protections: &'a [Protection],
    /// Limits on certificates.
    pub chain_policy: &'a ChainPolicy,
    /// The generator.
    pub entropy: &'a mut Entropy,
    /// The engine's timers.
    pub timers: Timers,
    /// Numbers to hand out.
    pub numbers: &'a mut Numbers,
    /// ESP SA pairs.
    pub children: &'a mut Children,
    /// Where actions go.
    pub out: &'a mut Outbox,
}

impl Context<'_> {
    /// Sends dear work away for an SA.
    pub fn run(&mut self, sa: SaId, job: Job) -> JobId {
        let id = self.numbers.job(sa);
        self.out.push(Action::Run(id, job));
        id
    }

    /// The protection of that name.
    #[must_use]
    pub fn protection(&self, name: &str) -> Option<&Protection> {
        self.protections.iter().find(|p| p.name == name)
    }
}
