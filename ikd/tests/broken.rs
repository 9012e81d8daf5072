//! Pairs of configurations with a mistake each (`config/broken`): `ikd predict` names the line at fault within its first ten
//! lines, and says what `expect.txt` has.
//!
//! `harness = false`: one test for each folder. `IKD_UPDATE=1` writes `expect.txt` and the table of README.md anew; the lines
//! at fault are in `case.toml` and are never written.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;

/// Lines of output in which the cause has to be.
const SOON: usize = 10;
/// Pairs there have to be.
const PAIRS: usize = 40;

/// `case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is broken.
    title: String,
    /// Where such a mistake was seen: USERS-ASK, or rules and cases of IOS-FACTS.
    source: String,
    /// The lines at fault, `R1.cfg:27`; none where nothing is.
    at: Vec<String>,
    /// What `ikd predict` exits with.
    exit: i32,
    /// Options of `ikd predict`.
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = folders()
        .into_iter()
        .map(|folder| {
            let name = name(&folder);
            Trial::test(name, move || holds(&folder))
        })
        .collect();
    trials.push(Trial::test(
        "the table has every pair",
        the_table_has_every_pair,
    ));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/broken")
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root()).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn case(folder: &Path) -> Result<Case, Failed> {
    let text = std::fs::read_to_string(folder.join("case.toml"))?;
    Ok(toml::from_str(&text)?)
}

/// Key identifiers are those of keys made a moment ago.
fn without_identifiers(text: &str) -> Result<String, Failed> {
    let identifier = regex_lite::Regex::new("[0-9A-F]{40}")?;
    Ok(identifier.replace_all(text, "X".repeat(40)).into_owned())
}

/// Exit code and output, errors after everything else.
fn predict(folder: &Path, case: &Case) -> Result<(Option<i32>, String), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_ikd"))
        .args(["predict", "R1.cfg", "R2.cfg"])
        .args(&case.arguments)
        .current_dir(folder)
        .output()?;
    let (said, complained) = (&output.stdout, &output.stderr);
    let text = [said, complained].map(|octets| String::from_utf8_lossy(octets));
    Ok((output.status.code(), without_identifiers(&text.concat())?))
}

fn holds(folder: &Path) -> Result<(), Failed> {
    let case = case(folder)?;
    let (code, text) = predict(folder, &case)?;
    if code != Some(case.exit) {
        return Err(format!("exit {code:?}, not {}:\n{text}", case.exit).into());
    }
    let soon: Vec<&str> = text.lines().take(SOON).collect();
    for at in &case.at {
        // 1:2 is not in 11:2, nor 1 in 12.
        let exact = regex_lite::Regex::new(&format!(r"(^|\W){}\b", at.replace('.', r"\.")))?;
        if !soon.iter().any(|line| exact.is_match(line)) {
            return Err(format!("{at} is not in the first {SOON} lines:\n{text}").into());
        }
    }
    same(&folder.join("expect.txt"), &text)
}

fn same(path: &Path, text: &str) -> Result<(), Failed> {
    if std::env::var_os("IKD_UPDATE").is_some() {
        return Ok(std::fs::write(path, text)?);
    }
    let expected = std::fs::read_to_string(path)?;
    if expected == text {
        return Ok(());
    }
    let path = path.display();
    Err(format!("{path} has\n{expected}\nand it says\n{text}\nIKD_UPDATE=1 writes it anew").into())
}

fn the_table_has_every_pair() -> Result<(), Failed> {
    let folders = folders();
    if folders.len() < PAIRS {
        return Err(format!("only {} pairs", folders.len()).into());
    }
    let mut table = String::from(INTRODUCTION);
    for folder in &folders {
        let case = case(folder)?;
        let at = match case.at.as_slice() {
            [] => "none".to_owned(),
            lines => lines.join(", "),
        };
        let name = name(folder);
        let Case {
            title,
            source,
            exit,
            ..
        } = case;
        writeln!(
            table,
            "| [{name}]({name}) | {title} | {at} | {source} | {exit} |"
        )?;
    }
    same(&root().join("README.md"), &table)
}

const INTRODUCTION: &str = "# Broken pairs

Two configurations each with one mistake that engineers make; `expect.txt` is what `ikd predict R1.cfg R2.cfg` says of it. The
line at fault is in the first ten lines of that. Exit codes: 8 = a direction does not come up, 3 = the configuration is invalid,
0 = it comes up, and `ikd check` has the finding where there is one. `ikd/tests/broken.rs` runs all of them;
`IKD_UPDATE=1 cargo test -p ikd --test broken` writes this table and the texts anew.

Two configurations do not say everything. `ikd predict` invents stores whose certificates are valid and whose CAs answer, so it cannot
know of a certificate that has expired or was revoked, of a list that cannot be fetched, or of a key that is too short: `ikd pki verify`
looks into a real store, and labs play such CAs (`t-28-r1`, `t-29`, `t-30`). It does know a list that a CA never has (53). Which CA stands below
which is in neither file: `--below CA1=CA2` says it.

| pair | what is broken | line at fault | seen in | exit |
|---|---|---|---|---|
";
