//! The lint on every lab of `config/labs`: what it says of them is true, and nothing else is said.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use ike_core::config::{Parsed, Severity, check_pair, parse};

/// Warnings of all labs, a line for each: lab, file, line, code, message.
fn warnings() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config/labs");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    let mut all = String::new();
    for folder in folders {
        let lab = folder.file_name().unwrap().to_string_lossy().into_owned();
        let [first, second] = ["r1.cfg", "r2.cfg"].map(|file| router(&folder, file));
        let pair = check_pair(("r1.cfg", &first), ("r2.cfg", &second));
        let own = first.diagnostics.iter().chain(&second.diagnostics);
        for found in own.chain(&pair).filter(|f| f.severity == Severity::Warning) {
            let (file, line, code) = (&found.file, found.line, found.code);
            writeln!(all, "{lab} {file}:{line} {code} {}", found.message).unwrap();
        }
    }
    all
}

fn router(folder: &std::path::Path, file: &str) -> Parsed {
    parse(file, &fs::read_to_string(folder.join(file)).unwrap())
}

/// A lab that is new or changed says what the lint makes of it in `lint_labs.txt`.
#[test]
fn the_labs_give_the_warnings_that_are_true_of_them() {
    let golden = include_str!("lint_labs.txt");
    let found = warnings();
    let told: Vec<&str> = found.lines().collect();
    let known: Vec<&str> = golden.lines().collect();
    let more: Vec<_> = told.iter().filter(|line| !known.contains(line)).collect();
    let less: Vec<_> = known.iter().filter(|line| !told.contains(line)).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "new: {more:#?}\ngone: {less:#?}"
    );
    assert!(told.len() > 30, "the labs were read");
}

/// S-060, S-079: what is called certain of a pair is what its lab ends with when that router starts.
#[test]
fn no_lab_that_comes_up_is_called_hopeless() {
    let mut seen = 0;
    for line in warnings().lines().filter(|line| line.contains(" W0113 ")) {
        let lab = line.split(' ').next().unwrap();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config/labs");
        let story = fs::read_to_string(root.join(lab).join("lab.toml")).unwrap();
        let starter = line.split("when ").nth(1).unwrap().get(..2).unwrap();
        let certain = !line.contains("it may sign");
        if certain && story.contains(&format!("initiator = \"{starter}\"")) {
            assert!(story.contains("up = false"), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 2, "T-65 and T-89");
}
