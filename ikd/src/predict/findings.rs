//! What `ikd check` finds in the two configurations, each alone and both together: the simulator does not see everything, and
//! a mistake has a line there even where no decision was taken.

use ike_core::config::{Diagnostic, Severity, check_pair, parse};
use serde::Serialize;

use crate::lab::Case;

/// A finding of `ikd check` that is no note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `E0213`: `ikd errors CODE` says more.
    pub code: &'static str,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// Only both files together show it.
    pub pair: bool,
}

/// Both together first: they say why the two do not agree.
pub(super) fn of(case: &Case) -> Vec<Finding> {
    let parsed = case.routers.each_ref().map(|r| parse(&r.file, &r.text));
    let [a, b] = &case.routers;
    let [first, second] = &parsed;
    let together = check_pair((&a.file, first), (&b.file, second));
    let together = together.iter().map(|d| finding(d, true));
    let alone = parsed.iter().flat_map(|p| &p.diagnostics);
    let alone = alone.filter(|d| d.severity != Severity::Note);
    together.chain(alone.map(|d| finding(d, false))).collect()
}

fn finding(diagnostic: &Diagnostic, pair: bool) -> Finding {
    Finding {
        code: diagnostic.code,
        file: diagnostic.file.clone(),
        line: diagnostic.line,
        column: diagnostic.column,
        message: diagnostic.message.clone(),
        pair,
    }
}
