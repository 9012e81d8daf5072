//! `ikd check`: reads configuration and says what is wrong with it, with file, line, column.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ike_core::config::{Diagnostic, Parsed, RunningConfig, Severity, check_pair, parse};

use crate::cli::{complain, print};

/// What a check found.
pub struct Checked {
    /// The configuration as far as it was understood.
    pub config: RunningConfig,
    /// Findings in order of lines.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// At least one finding is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error)
    }

    /// The findings as text; notes only when asked for.
    pub fn report(&self, notes: bool) -> String {
        text(&self.diagnostics, notes)
    }
}

/// Reads and checks a file.
///
/// # Errors
/// The file cannot be read; the text names it.
pub fn file(path: &Path) -> Result<Checked, String> {
    let Parsed {
        config,
        diagnostics,
        ..
    } = read(path)?;
    Ok(Checked {
        config,
        diagnostics,
    })
}

fn read(path: &Path) -> Result<Parsed, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("{}: {e}; give an IOS configuration as text", path.display()))?;
    Ok(parse(&path.display().to_string(), &text))
}

/// The configuration of a file that has no errors.
///
/// # Errors
/// The file cannot be read, or the report of its errors.
pub fn load(path: &Path) -> Result<RunningConfig, String> {
    let checked = file(path)?;
    if checked.has_errors() {
        return Err(checked.report(false));
    }
    Ok(checked.config)
}

/// `ikd check`: each file, and each pair of them that has a tunnel between them.
pub(crate) fn run(files: &[PathBuf], verbose: bool, json: bool) -> ExitCode {
    let (mut failed, mut routers) = (false, Vec::new());
    for path in files {
        match read(path) {
            Ok(parsed) => routers.push((path.display().to_string(), parsed)),
            Err(text) => {
                failed = true;
                complain(&text);
            }
        }
    }
    failed |= routers.iter().any(|(_, parsed)| parsed.has_errors());
    let between = pairs(&routers);
    if json {
        let own = routers.iter().flat_map(|(_, parsed)| &parsed.diagnostics);
        let all: Vec<&Diagnostic> = own.chain(&between).collect();
        print(&serde_json::to_string_pretty(&all).unwrap_or_default());
    } else {
        for (name, parsed) in &routers {
            print(&text(&parsed.diagnostics, verbose));
            if !parsed.has_errors() {
                print(&format!("{name}: no errors"));
            }
        }
        print(&text(&between, verbose));
    }
    ExitCode::from(if failed { 3 } else { 0 })
}

/// S-063, S-080: what only two files together show.
fn pairs(routers: &[(String, Parsed)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, (name, router)) in routers.iter().enumerate() {
        for (other_name, other) in routers.iter().skip(index + 1) {
            found.extend(check_pair((name, router), (other_name, other)));
        }
    }
    found
}

/// Findings as text; notes only when asked for.
pub(crate) fn text(diagnostics: &[Diagnostic], notes: bool) -> String {
    let shown = diagnostics
        .iter()
        .filter(|d| notes || d.severity != Severity::Note);
    shown.map(|d| format!("{d}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(case: &str) -> Vec<(String, Parsed)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/labs");
        let files = ["r1.cfg", "r2.cfg"].map(|file| folder.join(case).join(file));
        let named = |path: PathBuf| (path.display().to_string(), read(&path).unwrap());
        files.into_iter().map(named).collect()
    }

    /// S-060: T-01 and T-02 are one pair of files; R1 believes IOSCA1 alone.
    #[test]
    fn the_two_files_of_the_tech_note_show_what_neither_shows_alone() {
        let found = pairs(&lab("t-02"));
        let [only] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(only.code, "W0113");
        assert!(only.file.ends_with("t-02/r1.cfg"), "{}", only.file);
        assert!(only.message.contains("R2 starts, it may sign with IOSCA2"));
    }

    /// S-062: no list on either side.
    #[test]
    fn routers_that_believe_the_same_are_not_told_anything() {
        assert_eq!(pairs(&lab("t-06")), []);
    }
}
