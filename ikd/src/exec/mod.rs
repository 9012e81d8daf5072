//! Exec mode: IOS exec lines (`show`, `debug`, `undebug`, `clear`) against a snapshot of the
//! daemon. Nothing here touches the engine: a line yields text or something to do.
//!
//! `node` is what a command tree is made of, `tree` is the tree itself, `parse` finds a line
//! in it and says where a line goes wrong, `help` answers `?`, `filter` does what follows
//! `|`, `show` holds one file per command.

mod filter;
mod help;
mod node;
mod parse;
mod pki;
mod show;
mod tree;
mod tree_pki;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use ike_core::config::RunningConfig;
use ike_core::engine::Counters;
use ike_core::engine::view::{ChildView, IsakmpSaView};
use ike_core::engine::view_ikev2::Ikev2SaView;
use ike_core::ikev2::{Stats, Tally};
use ike_core::policy::protection::Protection;
use ike_core::sa::action::{Clear, Command};
use ike_core::sa::record::Record;
use ike_pki::Store;

use crate::keystore::KeyView;
use crate::log::Switch;
use crate::pki::Counts;
use filter::Filter;
use node::{Action, By, Clearing};
use parse::Failure;

/// Everything `show` can show, at one moment.
pub struct Snapshot<'a> {
    /// Configuration in force.
    pub config: &'a RunningConfig,
    /// Its protections.
    pub protections: &'a [Protection],
    /// Trustpoints.
    pub store: &'a Store,
    /// Key pairs.
    pub keys: &'a [KeyView],
    /// Counters of the PKI.
    pub pki: Counts,
    /// ISAKMP SAs, oldest first.
    pub isakmp: Vec<IsakmpSaView>,
    /// IKE SAs of IKEv2, oldest first.
    pub ikev2: Vec<Ikev2SaView>,
    /// Counters of IKEv2.
    pub ikev2_stats: Stats,
    /// Messages of IKEv2 by exchange.
    pub ikev2_tally: Tally,
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
#[derive(Debug)]
pub enum Outcome {
    /// Text or JSON to print.
    Text(String),
    /// Something for the engine.
    Act(Command),
    /// Something for the PKI.
    Pki(crate::pki::Action),
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
    /// What a terminal shows: for invalid input the line behind its prompt, the marker under
    /// it, and the message.
    pub text: String,
}

/// Runs an exec line. `json` gives the values of a `show` in place of its text; it has no
/// effect on other lines.
///
/// # Errors
/// The line is unknown, ambiguous or incomplete.
pub fn run(line: &str, json: bool, snapshot: &Snapshot<'_>) -> Result<Outcome, ExecError> {
    let hostname = snapshot.config.hostname.as_deref().unwrap_or("Router");
    let line = line.trim_end();
    if let Some(asked) = line.strip_suffix('?') {
        return match help::help(tree::EXEC, asked) {
            Ok(text) => Ok(Outcome::Text(text)),
            Err(failure) => Err(failure.shown(hostname, line)),
        };
    }
    execute(line, json, snapshot).map_err(|failure| failure.shown(hostname, line))
}

fn execute(line: &str, json: bool, snapshot: &Snapshot<'_>) -> Result<Outcome, Failure> {
    let (command, filter) = filter::split(line);
    let matched = parse::parse(tree::EXEC, command)?;
    let filter = filter.map(|f| Filter::parse(line, f)).transpose()?;
    match matched.action {
        Action::Nothing => Ok(Outcome::Text(String::new())),
        Action::Show(page) => {
            if let (true, Some(filter)) = (json, &filter) {
                // A filter works on lines and would leave broken JSON behind.
                return Err(Failure::Invalid {
                    column: filter.column,
                });
            }
            let page = show::page(page, matched.name(), snapshot);
            let text = if json { page.json() } else { page.text() };
            Ok(Outcome::Text(
                filter.map_or_else(|| text.clone(), |f| f.apply(&text)),
            ))
        }
        Action::Clear(which) => Ok(Outcome::Act(Command::Clear(clear(which, matched.name())))),
        Action::ClearStatistics => Ok(Outcome::Act(Command::ClearStatistics)),
        Action::Debug(switch, words) => Ok(debug(switch, words, !matched.negated)),
        Action::Pki(what) => Ok(Outcome::Pki(pki::action(what, &matched))),
    }
}

/// What a `clear` means with the name in its line, which the tree has checked.
fn clear(which: Clearing, name: Option<&str>) -> Clear {
    let address = name.and_then(|n| n.parse().ok());
    let number = name.and_then(|n| n.parse().ok());
    let by = |by| which.by == by;
    Clear {
        version: which.version,
        remote: address.filter(|_| by(By::Remote)),
        local: address.filter(|_| by(By::Local)),
        number: number.filter(|_| by(By::Number)),
        what: which.what,
        silent: which.silent,
    }
}

/// `debug` and its opposites; `words` name a single switch (O-080).
fn debug(switch: Option<Switch>, words: &str, on: bool) -> Outcome {
    let state = if on { "on" } else { "off" };
    let text = match switch {
        Some(_) => format!("{words} debugging is {state}"),
        None => format!("All possible debugging has been turned {state}"),
    };
    Outcome::Debug { switch, on, text }
}
