//! The story that a running daemon tells: its ring of packets, their keys, its records.

use std::path::Path;

use serde_json::Value;

use crate::ask::{answer, records};
use crate::capture::fetch;
use crate::control::Request;
use crate::explain::{numbered, select};
use crate::lab::LabError;
use crate::story::{Daemon, Story, of_daemon};

/// The story of a negotiation: `last`, or any of its names as for `ikd explain`.
///
/// # Errors
/// The daemon does not answer, or has no such negotiation.
pub(crate) fn story(socket: &Path, which: &str) -> Result<Story, LabError> {
    let negotiations = numbered(&records(socket).map_err(failed)?);
    let found = select(&negotiations, which).map_err(LabError::usage)?;
    // Without keys the encrypted messages stay closed, and say so.
    let fetched = fetch(socket, true).or_else(|_| fetch(socket, false));
    let fetched = fetched.map_err(failed)?;
    let version = json(socket, "show version")?;
    Ok(of_daemon(Daemon {
        name: version["hostname"].as_str().unwrap_or("Router").to_owned(),
        config: exec(socket, "show running-config", false)?,
        order: order(&json(socket, "show crypto pki certificates")?),
        packets: fetched.packets,
        keys: fetched.keys,
        record: found.record.clone(),
    }))
}

/// Trustpoints with a certificate of their own, newest first (S-020).
fn order(shown: &Value) -> Vec<String> {
    let certificates = shown["certificates"].as_array().into_iter().flatten();
    let own = certificates.filter(|c| c["title"] == "Certificate");
    let named = own.filter_map(|c| c["trustpoints"][0].as_str());
    let mut out: Vec<String> = Vec::new();
    for name in named {
        if !out.iter().any(|known| known == name) {
            out.push(name.to_owned());
        }
    }
    out
}

fn json(socket: &Path, line: &str) -> Result<Value, LabError> {
    let text = exec(socket, line, true)?;
    serde_json::from_str(&text).map_err(|e| LabError::internal(format!("`{line}`: {e}")))
}

fn exec(socket: &Path, line: &str, json: bool) -> Result<String, LabError> {
    let line = line.to_owned();
    answer(socket, &Request::Exec { line, json }).map_err(failed)
}

fn failed((code, text): (u8, String)) -> LabError {
    LabError { code, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::fixture::{R1, json};

    /// S-020: one name for each certificate of its own, and none for a CA's.
    #[test]
    fn the_order_is_that_of_the_routers_own_certificates() {
        let mut world = R1::enrolled();
        let shown = |world: &R1| json("show crypto pki certificates", &world.snapshot());
        assert_eq!(order(&shown(&world)), ["IOSCA2", "IOSCA1"]);
        let ca = (*world.store.ca("IOSCA1").unwrap().certificate).clone();
        world.store.authenticate("ONLYCA", ca, 0);
        assert_eq!(order(&shown(&world)), ["IOSCA2", "IOSCA1"]);
    }
}
