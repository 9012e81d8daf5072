//! What IKEv1 and IKEv2 share: roles, actions, jobs, child SAs and the record of a negotiation.

pub mod action;
pub mod child;
pub mod job;
pub mod liveness;
pub mod natt;
pub mod numbers;
pub mod record;
pub mod retransmit;

use std::fmt;

/// Who started the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sent the first message.
    Initiator,
    /// Answered it.
    Responder,
}

impl fmt::Display for Role {
    /// `I` or `R`, as IOS prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiator => "I",
            Self::Responder => "R",
        })
    }
}

/// The engine's own number of an SA; never reused, never on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaId(pub u64);
