//! What came of the rows: a file for each, and the page `docs/interop.md` made of all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Failed;
use serde::{Deserialize, Serialize};

use crate::rows::SKIPPED;

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

/// Whether the page is wanted in place of the rows; writes it then.
pub(crate) fn page_wanted() -> Option<Result<(), Failed>> {
    let path = std::env::var_os("IKD_INTEROP_PAGE")?;
    let written = page().and_then(|text| Ok(std::fs::write(path, text)?));
    Some(written)
}

/// `docs/interop.md` of the results that there are.
fn page() -> Result<String, Failed> {
    let mut outcomes = Vec::new();
    for entry in std::fs::read_dir(folder())? {
        let file = entry?.path().join("result.json");
        let kept = file
            .parent()
            .is_some_and(|dir| dir.to_string_lossy().contains(".failed-"));
        if file.is_file() && !kept {
            outcomes.push(serde_json::from_str::<Outcome>(&std::fs::read_to_string(
                file,
            )?)?);
        }
    }
    outcomes.sort_by(|a, b| a.row.cmp(&b.row));
    let passed = outcomes.iter().filter(|o| o.result == "pass").count();
    let skipped = skips(&outcomes);
    let mut page = include_str!("page.md")
        .replace("{passed}", &passed.to_string())
        .replace("{failed}", &(outcomes.len() - passed).to_string())
        .replace("{skipped}", &skipped.len().to_string())
        .replace("{version}", env!("CARGO_PKG_VERSION"));
    for outcome in outcomes.iter().chain(&skipped) {
        page.push_str(&line(outcome));
    }
    Ok(page)
}

/// Rows of the matrix without a result.
fn skips(outcomes: &[Outcome]) -> Vec<Outcome> {
    let missing = SKIPPED.iter().filter(|(id, ..)| {
        let prefix = format!("{id}-");
        !outcomes.iter().any(|o| o.row.starts_with(&prefix))
    });
    let skip = |(id, title, why): &(&str, &str, &str)| Outcome {
        row: (*id).to_owned(),
        title: (*title).to_owned(),
        result: "skip".to_owned(),
        why: (*why).to_owned(),
        peer: "-".to_owned(),
        date: today(),
        seconds: 0.0,
        rounds: (0, 0),
    };
    missing.map(skip).collect()
}

fn line(outcome: &Outcome) -> String {
    let Outcome {
        row,
        title,
        peer,
        date,
        seconds,
        ..
    } = outcome;
    let (rounds, failures) = outcome.rounds;
    let result = match outcome.result.as_str() {
        "pass" if rounds > 1 => format!("pass {rounds}/{rounds}"),
        "pass" => "pass".to_owned(),
        "skip" => format!("skip: {}", outcome.why),
        _ => format!("**fail** {failures}/{rounds}"),
    };
    let capture = match rounds {
        0 => "-".to_owned(),
        _ => format!("[capture](../target/interop/{row}/capture.pcapng)"),
    };
    format!("| {row} | {title} | {peer} | {date} | {result} | {seconds:.1} s | {capture} |\n")
}

/// The date of today, UTC.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
