//! What `ikd check` finds in the two configurations, each alone and both together: the simulator does not see everything, and
//! a mistake has a line there even where no decision was taken.

use ike_core::config::{Diagnostic, Severity, check_pair, codes, parse};
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

impl Finding {
    /// It tells how things are, or how a name was read, and is no reason for a failure.
    pub(super) fn is_background(&self) -> bool {
        [codes::NOT_IN_MM4, codes::LETTER_L].contains(&self.code)
    }

    /// It tells of interfaces, routes or packet sizes, which the simulator does not have.
    pub(super) fn is_beyond_simulation(&self) -> bool {
        let codes = [
            codes::BAD_INTERFACE,
            codes::BAD_ROUTE,
            codes::REQUESTS_TOO_LONG,
        ];
        codes.contains(&self.code)
    }
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
