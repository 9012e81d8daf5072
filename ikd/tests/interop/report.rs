//! What came of the rows: a file for each, and the page `docs/interop.md` made of all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Failed;
use serde::{Deserialize, Serialize};

/// The folder of everything that is made.
pub(crate) fn target() -> PathBuf {
    let tmp = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().map(Path::to_owned).unwrap_or(tmp)
}

/// Where the rows keep what they leave behind.
pub(crate) fn folder() -> PathBuf {
    target().join("interop")
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Row and role, e.g. `05-I`.
    pub row: String,
    /// What it proves.
    pub title: String,
    /// `pass`, `fail` or `skip`.
    pub result: String,
    /// Why, unless it passed.
    pub why: String,
    /// Version of the peer.
    pub peer: String,
    /// UTC date of the run.
    pub date: String,
    /// How long it took.
    pub seconds: f64,
    /// Runs in a row, and how many of them failed.
    pub rounds: (u32, u32),
}

impl Outcome {
    /// Writes it beside the capture.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), Failed> {
        Ok(std::fs::write(
            dir.join("result.json"),
            serde_json::to_string_pretty(self)?,
        )?)
    }

    /// The time, rounded.
    pub(crate) fn took(time: Duration) -> f64 {
        (time.as_secs_f64() * 10.0).round() / 10.0
    }
}

/// The date of today, UTC.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
