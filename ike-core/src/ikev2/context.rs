//! What a step of an exchange may see and use besides its own IKE SA, and what it leaves for the table
//! of SAs to do.

use std::net::IpAddr;
use std::time::Duration;

use ike_pki::{ChainPolicy, Store};

use super::child::Children;
use super::established::Wish;
use super::ike_sa::IkeSa;
use super::leases::Leases;
use super::outgoing::Repetition;
use super::tally::Tally;
use crate::config::RunningConfig;
use crate::entropy::Entropy;
use crate::policy::identity::Identity;
use crate::policy::protection::Protection;
use crate::sa::SaId;
use crate::sa::action::{Action, JobId, Outbox};
use crate::sa::job::Job;
use crate::sa::numbers::Numbers;
use crate::sa::retransmit::Timers;
use crate::time::Now;

/// Everything around an IKE SA for one event.
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
    /// Addresses that peers hold.
    pub leases: &'a mut Leases,
    /// Where actions go.
    pub out: &'a mut Outbox,
    /// What concerns more than one IKE SA.
    pub follow_ups: &'a mut Vec<FollowUp>,
    /// Messages by exchange, of all SAs.
    pub tally: &'a mut Tally,
}

/// Something an IKE SA cannot do alone.
pub enum FollowUp {
    /// Take a new IKE SA into the table: the result of rekeying.
    Adopt(Box<IkeSa>),
    /// An IKE SA inherits the child SAs of the one it replaces (RFC 7296 2.8).
    Inherit {
        /// The child SAs.
        children: Children,
        /// What was wanted for them.
        wishes: Vec<Wish>,
        /// The successor.
        to: SaId,
    },
    /// Delete an IKE SA of ours that lost a collision (RFC 7296 2.8.2).
    Delete(SaId),
    /// The peer is to delete this one, which lost a collision; at last we do. Then the old SA may go.
    ExpectDeletion {
        /// The one that lost.
        lost: SaId,
        /// The one that both replaced.
        old: SaId,
    },
    /// What was to be deleted later may go now.
    DeleteNow(SaId),
    /// The peer says that it knows no other SA with us (RFC 7296 2.4): its older ones go.
    InitialContact {
        /// The SA that says so.
        id: SaId,
        /// The proven identity of the peer.
        peer: Identity,
    },
    /// Negotiate this protection again, with a new IKE SA.
    Initiate(String),
    /// Negotiate with another gateway (RFC 5685).
    Redirect {
        /// The SA that was redirected.
        from: SaId,
        /// Where to.
        to: IpAddr,
    },
    /// Make an IKE SA from scratch that takes the place of this one (RFC 7296 2.8.3).
    Reauthenticate(SaId),
    /// It is there: what rests on the proofs given in that older IKE SA goes.
    Reauthenticated(SaId),
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

    /// W-075: about two seconds, doubling; a fifth of IKEv1's interval, so that both scale together.
    #[must_use]
    pub fn repetition(&self) -> Repetition {
        repetition(&self.timers)
    }
}

/// How requests are repeated under these timers (W-075).
#[must_use]
pub(super) fn repetition(timers: &Timers) -> Repetition {
    Repetition {
        first: (timers.retransmit / 5).max(Duration::from_millis(1)),
        attempts: timers.attempts,
    }
}
