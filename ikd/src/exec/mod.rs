//! Exec mode: IOS exec lines (`show`, `debug`, `undebug`, `clear`) against a snapshot of the
//! daemon. Nothing here touches the engine: a line yields text or something to do.

use ike_core::config::RunningConfig;
use ike_core::engine::Counters;
use ike_core::engine::view::{ChildView, IsakmpSaView};
use ike_core::policy::protection::Protection;
use ike_core::sa::action::Command;
use ike_core::sa::record::Record;
use ike_pki::Store;

use crate::log::Switch;

/// Everything `show` can show, at one moment.
pub struct Snapshot<'a> {
    /// Configuration in force.
    pub config: &'a RunningConfig,
    /// Its protections.
    pub protections: &'a [Protection],
    /// Trustpoints.
    pub store: &'a Store,
    /// ISAKMP SAs, oldest first.
    pub isakmp: Vec<IsakmpSaView>,
    /// ESP SA pairs.
    pub children: Vec<ChildView>,
    /// Negotiations, newest last.
    pub records: Vec<Record>,
    /// Drop counters.
    pub counters: Counters,
    /// Traffic counters, with a data plane.
    pub traffic: Option<crate::dataplane::counters::Counters>,
    /// Buffered log.
    pub logging: String,
    /// Seconds since 1970 UTC.
    pub wall: i64,
}

/// What a line leads to.
pub enum Outcome {
    /// Text or JSON to print.
    Text(String),
    /// Something for the engine.
    Act(Command),
    /// A switch to turn; `None` = all of them.
    Debug {
        /// Which.
        switch: Option<Switch>,
        /// On or off.
        on: bool,
        /// What IOS says.
        text: String,
    },
}

/// A line that is no command: where and why, as IOS marks it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct ExecError {
    /// Marker line and message.
    pub text: String,
}

/// Runs an exec line.
///
/// # Errors
/// The line is unknown, ambiguous or incomplete.
pub fn run(line: &str, _json: bool, _snapshot: &Snapshot<'_>) -> Result<Outcome, ExecError> {
    Err(ExecError { text: format!("% Invalid input detected: {line}") })
}
