//! `docs/ios-rules.md` and `docs/scenarios.md` name only what exists: each function, test and lab folder
//! in them is looked up in the sources by text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_function_the_rules_name_exists() {
    let text = document();
    let paths: BTreeSet<&str> = quoted(&text).filter(|q| q.contains("::")).collect();
    assert!(paths.len() > 150, "{} paths are too few", paths.len());
    let missing: Vec<_> = paths.into_iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "not in the sources: {missing:#?}");
}

#[test]
fn every_lab_the_rules_name_exists_and_every_lab_is_named() {
    let text = document();
    let lab = |q: &&str| {
        ["t-", "ipv6-", "renewal-", "sub-ca"]
            .iter()
            .any(|start| q.starts_with(start))
    };
    let named: BTreeSet<&str> = quoted(&text).filter(lab).collect();
    let folders = fs::read_dir(root().join("config/labs"))
        .into_iter()
        .flatten()
        .flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let names: BTreeSet<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let missing: Vec<_> = named.iter().filter(|lab| !names.contains(**lab)).collect();
    assert!(missing.is_empty(), "no such folder: {missing:?}");
    let unnamed: Vec<_> = names
        .iter()
        .filter(|lab| !named.contains(lab.as_str()))
        .collect();
    assert!(unnamed.is_empty(), "no rule names {unnamed:?}");
}

#[test]
fn every_numbered_rule_has_a_row() {
    let text = document();
    let firsts = || {
        text.lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
    };
    let rows: BTreeSet<String> = firsts().flat_map(expand).collect();
    let series = [
        ("S", 10..=15),
        ("S", 30..=34),
        ("S", 40..=43),
        ("S", 50..=54),
        ("S", 60..=64),
        ("S", 94..=98),
    ];
    let more = [
        ("W", 1..=7),
        ("W", 10..=24),
        ("W", 30..=34),
        ("W", 40..=47),
        ("W", 50..=55),
        ("P", 1..=8),
        ("U", 1..=20),
    ];
    for (letter, numbers) in series.into_iter().chain(more) {
        for number in numbers {
            let width = if letter == "U" { 1 } else { 3 };
            let rule = format!("{letter}-{number:0width$}");
            assert!(rows.contains(&rule), "no row for {rule}");
        }
    }
}

/// The rows are 1 to 50 in order; each names a test or a lab in its fourth column, or says in its fifth
/// that there is none.
/// The sources of the rows with strongSwan.
fn rows_of_interop() -> String {
    let folder = root().join("ikd/tests/interop/rows");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .collect()
}

#[test]
fn every_scenario_has_a_row_that_holds() {
    let text = read("docs/scenarios.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<String> = (1..=50).map(|n: u32| n.to_string()).collect();
    assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), numbers);
    let interop: String = rows_of_interop();
    let mut covered = 0;
    for row in &rows {
        let [_, number, _, _, here, remark, strongswan, ..] = row[..] else {
            panic!("a row without its columns: {row:?}");
        };
        let named: Vec<&str> = quoted(here).collect();
        let also = quoted(remark).filter(|name| name.contains("::"));
        covered += usize::from(!named.is_empty());
        let without = named.is_empty() && !remark.starts_with("not ");
        assert!(!without, "scenario {number} names nothing");
        for name in named.into_iter().chain(also) {
            let lab = root().join("config/labs").join(name).is_dir();
            assert!(exists(name) || lab, "scenario {number}: no {name}");
        }
        for name in quoted(strongswan) {
            let row = interop.contains(&format!("\"{name}\""));
            assert!(row, "scenario {number}: no row {name} with strongSwan");
        }
    }
    assert!(covered >= 45, "{covered} of 50");
}

#[test]
fn a_name_that_is_gone_is_found() {
    assert!(exists("ike_core::policy::certreq::to_send"));
    assert!(exists(
        "ike_core::tests::rules_doc::a_name_that_is_gone_is_found"
    ));
    assert!(!exists("ike_core::policy::certreq::to_sen"));
    assert!(!exists("ike_core::policy::nowhere::to_send"));
    assert!(!exists("nowhere::policy::certreq::to_send"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document() -> String {
    read("docs/ios-rules.md")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// What stands in backticks in the tables and the text before them.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let quotes = text
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    quotes.filter(|quote| !quote.starts_with("crate::"))
}

/// `P-020 to P-026` and `U-2, U-3` as single rules.
fn expand(cell: &str) -> Vec<String> {
    let Some((from, to)) = cell.split_once(" to ") else {
        return cell.split(", ").map(str::to_owned).collect();
    };
    let number = |rule: &str| {
        rule.split_once('-')
            .and_then(|(_, n)| n.parse::<u32>().ok())
    };
    let letter = from.split('-').next().unwrap_or_default();
    let range = number(from).zip(number(to)).map(|(from, to)| from..=to);
    range
        .into_iter()
        .flatten()
        .map(|n| format!("{letter}-{n:03}"))
        .collect()
}

/// Whether `crate::module::[Type::]function` is in the file of that module, or of a module around
/// it when it is written inline.
fn exists(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let [krate, modules @ .., function] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &&&str| part.starts_with(|c: char| c.is_ascii_lowercase());
    let modules: Vec<&str> = modules.iter().filter(lower).copied().collect();
    let home = root().join(krate.replace('_', "-"));
    if modules.first() == Some(&"tests") {
        return defines(&home.join(modules.join("/")).with_extension("rs"), function);
    }
    // An inline `mod tests` lies in the file of its parent.
    let inline = match modules.split_last() {
        Some((&"tests", around)) => around.to_vec(),
        _ => modules.clone(),
    };
    [modules, inline].iter().any(|modules| {
        let stem = home.join("src").join(modules.join("/"));
        [stem.with_extension("rs"), stem.join("mod.rs")]
            .iter()
            .any(|file| defines(file, function))
    })
}

fn defines(file: &Path, function: &str) -> bool {
    let Ok(text) = fs::read_to_string(file) else {
        return false;
    };
    [format!("fn {function}("), format!("fn {function}<")]
        .iter()
        .any(|start| text.contains(start))
}
