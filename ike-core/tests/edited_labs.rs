//! Every configuration of `config/labs` and `config/broken`, typed line by line, and each of its lines taken out again.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ike_core::config::{Editor, RunningConfig, Typed, parse, show};

/// The configurations without errors, each meaning once.
fn configurations() -> Vec<(PathBuf, RunningConfig)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let folders = ["labs", "broken"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let folders = folders
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let inside = folders
        .filter(|path| path.is_dir())
        .flat_map(|path| fs::read_dir(path).unwrap());
    let files = inside.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "cfg"))
        .collect();
    files.sort();
    let mut seen = BTreeSet::new();
    let read = |path: PathBuf| {
        let read = parse("lab", &fs::read_to_string(&path).unwrap());
        (!read.has_errors()).then_some((path, read.config))
    };
    let mut all: Vec<_> = files.into_iter().filter_map(read).collect();
    all.retain(|(_, config)| seen.insert(show(config)));
    all
}

fn typed(editor: &mut Editor, line: &str, path: &Path) {
    let answer = editor.line(line);
    let path = path.display();
    assert!(
        matches!(answer, Typed::Taken(_)),
        "{path}: {line}: {answer:?}"
    );
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines that open the sub-modes a line stands in, outermost first.
fn around<'a>(lines: &[&'a str], index: usize) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    let mut inner = depth(lines[index]);
    for above in lines[..index].iter().rev().filter(|line| **line != "!") {
        if depth(above) < inner {
            inner = depth(above);
            found.push(above);
        }
    }
    found.reverse();
    found
}

/// G-033: typing what `show running-config` prints makes the same configuration, from nothing.
#[test]
fn a_typed_configuration_is_the_same_as_a_read_one() {
    let all = configurations();
    assert!(all.len() > 50, "{}", all.len());
    for (path, config) in all {
        let mut editor = Editor::new(RunningConfig::default());
        for line in show(&config).lines() {
            match line {
                "!" | "end" => editor.leave_all(),
                line => typed(&mut editor, line.trim_start(), &path),
            }
        }
        assert_eq!(editor.checked("again").config, config, "{}", path.display());
    }
}

/// Every line that is shown has its `no`, after which it is shown once less.
#[test]
fn no_takes_each_line_out_again() {
    let mut tried = BTreeSet::new();
    for (path, config) in configurations() {
        let text = show(&config);
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let words = line.trim_start();
            let around = around(&lines, index);
            // Digits of a certificate are no lines; what is a `no` already has none.
            let digits = around
                .iter()
                .any(|open| open.trim_start().starts_with("certificate "));
            if matches!(words, "!" | "end") || words.starts_with("no ") || digits {
                continue;
            }
            if !tried.insert(format!("{around:?} {words}")) {
                continue;
            }
            let mut editor = Editor::new(config.clone());
            around
                .iter()
                .for_each(|open| typed(&mut editor, open.trim_start(), &path));
            typed(&mut editor, &format!("no {words}"), &path);
            let after = show(editor.config());
            let count = |text: &str| text.lines().filter(|other| other == line).count();
            let path = path.display();
            assert_eq!(
                count(&after),
                count(&text) - 1,
                "{path}: no {line}:\n{after}"
            );
        }
    }
    assert!(tried.len() > 300, "{}", tried.len());
}
