//! What a case leaves behind: capture, Wireshark key tables, logs and the verdict.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use ike_core::verdict::Verdict;

use super::error::{LabError, at};
use super::live::Lab;
use super::router::Router;

/// Wireshark's names; that of IKEv2 is there so that a script finds the same set every time.
const TABLES: [&str; 3] = ["ikev1_decryption_table", "ikev2_decryption_table", "esp_sa"];

/// Copies everything of a stopped lab into `out`, which is made if need be.
///
/// # Errors
/// A file cannot be read or written; the text names it.
pub(super) fn save(lab: &Lab, verdict: &Verdict, out: &Path) -> Result<(), LabError> {
    fs::create_dir_all(out).map_err(at(out))?;
    let to = out.join("capture.pcapng");
    fs::copy(lab.capture(), &to).map_err(at(&to))?;
    for router in &lab.routers {
        let to = out.join(format!("{}.log", router.name()));
        fs::copy(router.log(), &to).map_err(at(&to))?;
    }
    keys(lab, &out.join("keys"))?;
    save_verdict(verdict, out)
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
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(at(folder))?;
    for table in TABLES {
        let mut lines = BTreeSet::new();
        for tables in lab.routers.iter().filter_map(Router::key_tables) {
            let text = fs::read_to_string(tables.join(table)).unwrap_or_default();
            lines.extend(text.lines().map(str::to_owned));
        }
        let path = folder.join(table);
        let mut open = OpenOptions::new();
        let mut file = open
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        lines
            .iter()
            .try_for_each(|line| writeln!(file, "{line}"))
            .map_err(at(&path))?;
    }
    Ok(())
}
