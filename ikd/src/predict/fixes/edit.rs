//! Changes of one line each: text in, text out. They say themselves with file and line.

use std::fmt;

use ike_core::config::Place;
use serde::Serialize;

use crate::lab::{Case, LabError, RouterCase};
use crate::secrets::censored;

/// Text of a configuration line. What it shows of itself has no key in it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Written {
    text: String,
    shown: String,
}

impl Written {
    /// Text that shows itself, all but its secret (I6).
    pub(super) fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        let shown = format!("`{}`", censored(&text));
        Self { text, shown }
    }

    /// Text that is described in place of being shown.
    pub(super) fn described(text: impl Into<String>, shown: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            shown: shown.into(),
        }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// One change. Lines count from 1 and are those of the text as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// New lines; `at` is where a reader finds the block, `after` the line that they follow.
    Add {
        router: usize,
        at: usize,
        after: usize,
        written: Written,
        under: String,
    },
    /// A line goes.
    Remove {
        router: usize,
        line: usize,
        was: Written,
    },
    /// A line changes.
    Replace {
        router: usize,
        line: usize,
        was: Written,
        with: Written,
    },
    /// A trustpoint is enrolled again, and is the newest from then on (P-003).
    Renew { router: usize, trustpoint: String },
}

/// Changes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit(pub Vec<Change>);

/// A change for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `add`, `remove`, `replace` or `enrol`.
    pub what: &'static str,
    /// The router.
    pub router: String,
    /// Its file.
    pub file: String,
    /// Line from 1; 0 for an enrolment.
    pub line: usize,
    /// The change in words.
    pub text: String,
}

impl Change {
    /// The router whose file or store it changes.
    pub(super) fn router(&self) -> usize {
        match self {
            Self::Add { router, .. }
            | Self::Remove { router, .. }
            | Self::Replace { router, .. }
            | Self::Renew { router, .. } => *router,
        }
    }

    /// The line that a reader looks at; 0 for an enrolment.
    fn line(&self) -> usize {
        match self {
            Self::Add { at, .. } => *at,
            Self::Remove { line, .. } | Self::Replace { line, .. } => *line,
            Self::Renew { .. } => 0,
        }
    }

    /// The line after which the text changes.
    fn position(&self) -> usize {
        match self {
            Self::Add { after, .. } => *after,
            _ => self.line(),
        }
    }

    fn what(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Remove { .. } => "remove",
            Self::Replace { .. } => "replace",
            Self::Renew { .. } => "enrol",
        }
    }

    fn says(&self, case: &Case) -> String {
        let router = &case.routers[self.router()];
        let at = format!("{}:{}", router.file, self.line());
        match self {
            Self::Add { written, under, .. } if under.is_empty() => {
                format!("{at} add {}", written.shown)
            }
            Self::Add { written, under, .. } => {
                format!("{at} add {} under `{under}`", written.shown)
            }
            Self::Remove { was, .. } => format!("{at} remove {}", was.shown),
            Self::Replace { was, with, .. } => {
                format!("{at} replace {} by {}", was.shown, with.shown)
            }
            Self::Renew { trustpoint, .. } if router.order.contains(trustpoint) => {
                format!("re-enrol {trustpoint} on {}, the newest then", router.name)
            }
            Self::Renew { trustpoint, .. } => format!("enrol {trustpoint} on {}", router.name),
        }
    }
}

impl Edit {
    /// One change.
    pub(super) fn one(change: Change) -> Self {
        Self(vec![change])
    }

    /// Both, without saying one thing twice.
    pub(super) fn and(&self, other: &Self) -> Self {
        let more = other.0.iter().filter(|change| !self.0.contains(change));
        Self(self.0.iter().chain(more).cloned().collect())
    }

    /// All that `other` changes is changed here too.
    pub(super) fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|change| self.0.contains(change))
    }

    /// No line is changed twice.
    pub(super) fn is_sound(&self) -> bool {
        let lines: Vec<_> = self
            .0
            .iter()
            .filter(|c| !matches!(c, Change::Add { .. } | Change::Renew { .. }))
            .map(|c| (c.router(), c.line()))
            .collect();
        let mut distinct = lines.clone();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == lines.len()
    }

    /// It changes an order of enrolment and no text.
    pub(super) fn is_order_only(&self) -> bool {
        let mut changes = self.0.iter();
        changes.all(|change| matches!(change, Change::Renew { .. }))
    }

    /// In one line.
    pub(super) fn says(&self, case: &Case) -> String {
        let said: Vec<_> = self.0.iter().map(|change| change.says(case)).collect();
        said.join(", and ")
    }

    /// For programs.
    pub(super) fn steps(&self, case: &Case) -> Vec<Step> {
        let step = |change: &Change| {
            let router = &case.routers[change.router()];
            Step {
                what: change.what(),
                router: router.name.clone(),
                file: router.file.clone(),
                line: change.line(),
                text: change.says(case),
            }
        };
        self.0.iter().map(step).collect()
    }

    /// The case with these changes.
    ///
    /// # Errors
    /// A changed configuration has an error.
    pub(super) fn applied(&self, case: &Case) -> Result<Case, LabError> {
        let mut changed = case.clone();
        for (index, router) in changed.routers.iter_mut().enumerate() {
            let here: Vec<_> = self.0.iter().filter(|c| c.router() == index).collect();
            if here.iter().any(|c| !matches!(c, Change::Renew { .. })) {
                *router = router.with_text(rewritten(&router.text, &here))?;
            }
            here.iter().for_each(|change| renew(router, change));
        }
        Ok(changed)
    }
}

/// P-003: what is enrolled again is the newest.
fn renew(router: &mut RouterCase, change: &Change) {
    if let Change::Renew { trustpoint, .. } = change {
        router.order.retain(|name| name != trustpoint);
        router.order.insert(0, trustpoint.clone());
    }
}

/// The text with these changes, from the last line to the first.
fn rewritten(text: &str, changes: &[&Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut changes = changes.to_vec();
    changes.sort_by_key(|change| std::cmp::Reverse(change.position()));
    for change in changes {
        match change {
            Change::Add { after, written, .. } => {
                let new = written.text.lines().map(str::to_owned);
                let at = (*after).min(lines.len());
                lines.splice(at..at, new);
            }
            Change::Remove { line, .. } if *line <= lines.len() => {
                lines.remove(line - 1);
            }
            Change::Replace { line, with, .. } => {
                if let Some(old) = lines.get_mut(line - 1) {
                    let blanks = old.len() - old.trim_start().len();
                    *old = format!("{}{}", &old[..blanks], with.text);
                }
            }
            Change::Remove { .. } | Change::Renew { .. } => {}
        }
    }
    lines.join("\n") + "\n"
}

/// A line goes.
pub(super) fn remove(router: usize, place: &Place) -> Change {
    Change::Remove {
        router,
        line: place.line,
        was: Written::plain(&place.command),
    }
}

/// A line changes.
pub(super) fn replace(router: usize, place: &Place, with: impl Into<String>) -> Change {
    Change::Replace {
        router,
        line: place.line,
        was: Written::plain(&place.command),
        with: Written::plain(with),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case::embedded("t-01").unwrap()
    }

    fn line(case: &Case, router: usize, command: &str) -> Place {
        let places = &case.routers[router].places;
        let found = places.iter().find(|p| p.command == command);
        found.unwrap().clone()
    }

    #[test]
    fn a_removed_line_is_gone_and_the_others_stay() {
        let case = case();
        let place = line(&case, 0, "ca trust-point IOSCA1");
        let edit = Edit::one(remove(0, &place));
        let after = edit.applied(&case).unwrap();
        assert!(
            after.routers[0].config.isakmp_profiles[0]
                .trustpoints
                .is_empty()
        );
        assert_eq!(after.routers[1].text, case.routers[1].text);
        let lines = |case: &Case| case.routers[0].text.lines().count();
        assert_eq!(lines(&after) + 1, lines(&case));
        assert_eq!(
            edit.says(&case),
            "t-01/r1.cfg:27 remove `ca trust-point IOSCA1`"
        );
    }

    /// P-003: and nothing in the text changes.
    #[test]
    fn a_renewed_trustpoint_is_the_newest() {
        let case = case();
        let edit = Edit::one(Change::Renew {
            router: 0,
            trustpoint: "IOSCA1".to_owned(),
        });
        let after = edit.applied(&case).unwrap();
        assert_eq!(after.routers[0].order, ["IOSCA1", "IOSCA2"]);
        assert_eq!(after.routers[0].text, case.routers[0].text);
        assert!(edit.is_order_only());
    }

    /// I6: a key is in the new text, and nowhere else.
    #[test]
    fn a_described_text_shows_no_key() {
        let case = case();
        let place = line(&case, 0, "hash md5");
        let change = Change::Replace {
            router: 0,
            line: place.line,
            was: Written::described("hash md5", "the key"),
            with: Written::described("hash sha", "that of r2.cfg:9"),
        };
        let edit = Edit::one(change);
        let said = format!("{edit:?} {}", edit.says(&case));
        assert!(!said.contains("hash"), "{said}");
        let after = edit.applied(&case).unwrap();
        assert!(after.routers[0].text.contains("  hash sha\n"));
    }

    #[test]
    fn an_edit_with_an_error_is_refused() {
        let case = case();
        let place = line(&case, 0, "hash md5");
        let edit = Edit::one(replace(0, &place, "hash nothing"));
        assert_eq!(edit.applied(&case).unwrap_err().code, 3);
        let twice = edit.and(&Edit::one(remove(0, &place)));
        assert!(!twice.is_sound() && edit.is_sound() && twice.contains(&edit));
    }
}
