//! `ikd check`: reads configuration and says what is wrong with it, with file, line, column.

use std::path::Path;

use ike_core::config::{Diagnostic, Parsed, RunningConfig, Severity, parse};

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
        self.diagnostics
            .iter()
            .filter(|d| notes || d.severity != Severity::Note)
            .map(|d| format!("{d}\n"))
            .collect()
    }
}

/// Reads and checks a file.
///
/// # Errors
/// The file cannot be read; the text names it.
pub fn file(path: &Path) -> Result<Checked, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("{}: {e}; give an IOS configuration as text", path.display()))?;
    let Parsed {
        config,
        diagnostics,
        ..
    } = parse(&path.display().to_string(), &text);
    Ok(Checked {
        config,
        diagnostics,
    })
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
