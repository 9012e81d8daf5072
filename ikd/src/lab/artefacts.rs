//! What a case leaves behind: capture with what was encrypted in the clear, Wireshark key tables, logs and
//! the verdict.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ike_core::verdict::Verdict;

use super::error::{LabError, at};
use super::live::Lab;
use super::outcome::Outcome;
use super::router::Router;
use super::told::{self, Told};
use crate::capture::{Packet, private};
use crate::report::write_as;
use crate::story::{Story, of_lab};

/// Wireshark's table of ESP SAs.
const ESP: &str = "esp_sa";

/// Copies everything of a stopped lab into `out`, which is made if need be.
///
/// # Errors
/// A file cannot be read or written; the text names it.
pub(super) fn save(
    lab: &Lab,
    captured: [Vec<Packet>; 2],
    outcome: &Outcome,
    out: &Path,
) -> Result<(), LabError> {
    fs::create_dir_all(out).map_err(at(out))?;
    let (told, lines) = (Told::of(lab, &captured), told::keys(lab));
    let octets = told::capture(&lab.capture(), told, Some(&lines))?;
    private::write(&out.join("capture.pcapng"), &octets).map_err(LabError::forbidden)?;
    for router in &lab.routers {
        let to = out.join(format!("{}.log", router.name()));
        fs::copy(router.log(), &to).map_err(at(&to))?;
    }
    keys(lab, &out.join("keys"))?;
    let story = of_lab(&lab.case, outcome, captured, &lines);
    save_story(&story, out)?;
    save_verdict(&outcome.verdict, out)
}

/// Writes `trace.json` and `report.html` into `out`, which is made if need be.
///
/// # Errors
/// A file cannot be written; the text names it.
pub(super) fn save_story(story: &Story, out: &Path) -> Result<(), LabError> {
    fs::create_dir_all(out).map_err(at(out))?;
    for name in ["trace.json", "report.html"] {
        write_as(&out.join(name), story)?;
    }
    Ok(())
}

/// Writes `verdict.json` into `out`, which is made if need be.
///
/// # Errors
/// It cannot be written; the text names it.
pub(super) fn save_verdict(verdict: &Verdict, out: &Path) -> Result<(), LabError> {
    fs::create_dir_all(out).map_err(at(out))?;
    let path = out.join("verdict.json");
    fs::write(&path, json(verdict) + "\n").map_err(at(&path))
}

/// The verdict in its stable form.
pub(super) fn json(verdict: &Verdict) -> String {
    // A struct of strings and numbers always has a JSON form.
    serde_json::to_string(verdict).unwrap_or_default()
}

/// One table of each kind from both routers, readable by nobody else (I6).
fn keys(lab: &Lab, folder: &Path) -> Result<(), LabError> {
    let lines = told::keys(lab);
    lines.write(folder).map_err(LabError::forbidden)?;
    let mut esp = BTreeSet::new();
    for tables in lab.routers.iter().filter_map(Router::key_tables) {
        let text = fs::read_to_string(tables.join(ESP)).unwrap_or_default();
        esp.extend(text.lines().map(|line| format!("{line}\n")));
    }
    let esp: String = esp.into_iter().collect();
    private::write(&folder.join(ESP), esp.as_bytes()).map_err(LabError::forbidden)
}
