//! Exec mode: IOS exec lines (`show`, `debug`, `undebug`, `clear`) against a snapshot of the
//! daemon. Nothing here touches the engine: a line yields text or something to do.
//!
//! `node` is what a command tree is made of, `tree` is the tree itself, `parse` finds a line
//! in it and says where a line goes wrong, `help` answers `?`, `filter` does what follows
//! `|`, `show` holds one file per command.

mod filter;
mod help;
mod monitor;
mod node;
mod parse;
mod pki;
mod show;
mod tree;
mod tree_monitor;
mod tree_pki;
mod tree_session;

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

use crate::capture::{Monitor, Ring};
use crate::keystore::KeyView;
use crate::log::Switch;
use crate::pki::Counts;
use filter::Filter;
pub use node::Console;
use node::{Action, By, Clearing};
use parse::Failure;

/// Everything `show` can show, at one moment.
pub struct Snapshot<'a> {
    /// Configuration in force.
    pub config: &'a RunningConfig,
    /// Configuration of the next start.
    pub startup: &'a RunningConfig,
    /// Protections of the configuration in force.
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
    /// Capture buffers, and the packets in them; none in the simulator.
    pub capture: Option<(&'a Monitor, &'a Ring)>,
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
    /// Something for the capture.
    Monitor(crate::capture::Order),
    /// Open the candidate configuration.
    Configure,
    /// Write the running configuration to the startup one.
    Save,
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
        return match help::help_line(asked) {
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
            let page = show::page(page, matched.name(), snapshot);
            Ok(Outcome::Text(match filter {
                None if json => page.json(),
                None => page.text(),
                Some(filter) if filter.is_json() => page.json(),
                // A filter works on lines and would leave broken JSON behind.
                Some(filter) if json => {
                    return Err(Failure::Invalid {
                        column: filter.column,
                    });
                }
                Some(filter) => filter.apply(&page.text()),
            }))
        }
        Action::Clear(which) => Ok(Outcome::Act(Command::Clear(clear(which, matched.name())))),
        Action::ClearStatistics => Ok(Outcome::Act(Command::ClearStatistics)),
        Action::Debug(switch, words) => Ok(debug(switch, words, !matched.negated)),
        Action::Monitor(what) => Ok(match monitor::order(what, &matched, snapshot.config) {
            Ok(order) => Outcome::Monitor(order),
            Err(text) => Outcome::Text(text),
        }),
        Action::Pki(what) => Ok(Outcome::Pki(pki::action(what, &matched))),
        Action::Configure => Ok(Outcome::Configure),
        Action::Save => Ok(Outcome::Save),
        Action::Console(Console::History) => Ok(Outcome::Text(NO_CONSOLE.to_owned())),
        Action::Console(_) => Ok(Outcome::Text(String::new())),
    }
}

/// `show history` where nothing was typed.
const NO_CONSOLE: &str = "% The history is kept by the console: ikd cli";

/// What a line asks of the console that it was typed at; `None` for lines that go to the daemon.
#[must_use]
pub fn console(line: &str) -> Option<Console> {
    match parse::parse(tree::EXEC, line).ok()?.action {
        Action::Console(what) => Some(what),
        _ => None,
    }
}

/// The line is one of exec mode.
#[must_use]
pub(crate) fn knows(line: &str) -> bool {
    let (command, _) = filter::split(line);
    parse::parse(tree::EXEC, command).is_ok_and(|found| found.action != Action::Nothing)
}

/// The keywords that the last word of a line may stand for, in full; every keyword that may follow when a blank ends
/// the line. None where the line goes wrong before.
#[must_use]
pub fn complete(line: &str) -> Vec<String> {
    let found = help::keywords(line).unwrap_or_default();
    found.into_iter().map(str::to_owned).collect()
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
