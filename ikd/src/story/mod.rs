//! A negotiation as it is told: the messages in order, each with its payloads in the clear and with what either
//! router decided at it, the verdict, and the lines of the configurations that it goes back to.
//!
//! A story is data. It comes from the simulator (`simulated`), from a lab that runs or from a daemon (`recorded`);
//! `report` prints it, `replay` runs it again. As JSON it is the trace of a negotiation: configurations are in it
//! with names in place of their secrets, and neither keys nor octets.

mod label;
mod messages;
mod names;
mod party;
mod recorded;
mod safe;
mod simulated;
#[cfg(test)]
mod tests;

pub(crate) use messages::{Sent, messages};
pub(crate) use names::Names;
pub(crate) use recorded::{Daemon, of_daemon, of_lab};
pub(crate) use safe::json;
pub(crate) use simulated::simulated;

use ike_core::sa::record::Explained;
use ike_core::verdict::Verdict;
use serde::{Deserialize, Serialize};

use crate::decode;
use crate::lab::{Case, Fault, Nat};
use crate::predict::Line;

/// The form of the JSON.
pub const SCHEMA: u32 = 1;

/// A negotiation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Story {
    /// [`SCHEMA`].
    pub schema: u32,
    /// One line.
    pub title: String,
    /// `simulator`, `lab` or `daemon`.
    pub source: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The router on which it ended.
    pub decided_on: Option<String>,
    /// The lines of the configuration at fault.
    pub at_fault: Vec<Line>,
    /// What led to a failure, the first cause first.
    pub causes: Vec<Remark>,
    /// The routers: the initiator, then the responder.
    pub parties: Vec<Party>,
    /// What is between them.
    #[serde(default)]
    pub wire: Wire,
    /// The messages in the order of sending.
    pub messages: Vec<Message>,
}

/// The path between two routers of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// A NAT before one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nat: Option<Nat>,
    /// What becomes of which message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    /// Time of flight in milliseconds.
    latency: u32,
    /// Operators or CAs did something that is not in the trace: revoked, renewed, restarted.
    #[serde(default)]
    pub played: bool,
}

/// A router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Hostname.
    pub name: String,
    /// Its file, as it was named.
    pub file: String,
    /// Its configuration, secrets replaced by names; equal ones have equal names.
    pub config: String,
    /// Its trustpoints, newest first.
    pub order: Vec<String>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Microseconds since the first one.
    pub at: u64,
    /// The sender, by its place among the parties; none: a stranger.
    pub from: Option<usize>,
    /// Ends, as the wire has them.
    pub source: String,
    /// The receiver's.
    pub destination: String,
    /// `MM4`, `QM1`, `IKE_AUTH request`.
    pub label: String,
    /// Octets on the wire, of the IKE message.
    pub octets: usize,
    /// It was encrypted.
    pub sealed: bool,
    /// The first message with the same octets, by its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<usize>,
    /// The header, if there is one.
    pub header: Option<decode::Head>,
    /// Payloads in the clear.
    pub payloads: Vec<decode::Line>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What either router decided at it, in order.
    pub remarks: Vec<Remark>,
}

/// What a router decided or said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The router, by its place among the parties.
    pub party: usize,
    /// A decision with its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Explained>,
    /// A syslog message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The lines of the configuration behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

impl Story {
    /// `UP` or where it ended.
    pub fn outcome(&self) -> String {
        match (self.verdict.up, &self.verdict.stopped_at, &self.decided_on) {
            (true, ..) => "UP".to_owned(),
            (false, Some(at), Some(on)) => format!("FAILS at {at} on {on}"),
            (false, Some(at), None) => format!("FAILS at {at}"),
            (false, None, _) => "no verdict".to_owned(),
        }
    }
}

impl Wire {
    /// That of a case.
    fn of(case: &Case) -> Self {
        Self {
            nat: case.nat.clone(),
            faults: case.faults.clone(),
            latency: case.latency,
            played: case.is_played(),
        }
    }

    /// Gives a case the same.
    pub(crate) fn put(&self, case: &mut Case) {
        case.nat.clone_from(&self.nat);
        case.faults.clone_from(&self.faults);
        case.latency = self.latency;
    }
}

impl Remark {
    /// The sentence of it.
    pub fn text(&self) -> String {
        match (&self.decision, &self.said) {
            (Some(why), _) => format!("{} [{}: {}]", why.decision, why.rule, why.because),
            (None, Some(said)) => said.clone(),
            (None, None) => String::new(),
        }
    }
}
