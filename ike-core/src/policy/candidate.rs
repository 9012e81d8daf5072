//! What a decision chose from: each candidate with the first rule that rejected it.

use serde::{Deserialize, Serialize};

use super::subject::Subject;

/// Candidates of one decision that are kept.
pub const MAX_CANDIDATES: usize = 32;
/// Steps of one candidate that are kept.
pub const MAX_STEPS: usize = 16;
/// Characters of one text that are kept: it may be a peer's.
pub(crate) const MAX_TEXT: usize = 240;

/// Something that a decision chose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What it is, for people: `profile prof1`.
    pub name: String,
    /// Where it stands in the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The first rule that rejected it; none: it was chosen, or never looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejected>,
    /// It is the one.
    pub chosen: bool,
    /// What was looked at, step by step, where there is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// Why a candidate was not it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The rule.
    pub rule: String,
    /// The facts it was applied to.
    pub because: String,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub what: String,
    /// It was as it has to be.
    pub passed: bool,
}

impl Candidate {
    /// One that nothing was said about yet.
    #[must_use]
    pub fn new(name: impl Into<String>, subject: Option<Subject>) -> Self {
        Self {
            name: clipped(name.into(), MAX_TEXT),
            subject,
            rejected: None,
            chosen: false,
            steps: Vec::new(),
        }
    }

    /// The one that was chosen.
    #[must_use]
    pub fn chosen(mut self) -> Self {
        self.chosen = true;
        self
    }

    /// One that `rule` rejects.
    #[must_use]
    pub fn rejected(mut self, rule: &str, because: impl Into<String>) -> Self {
        self.rejected = Some(Rejected {
            rule: rule.to_owned(),
            because: clipped(because.into(), MAX_TEXT),
        });
        self
    }

    /// Octets of its text.
    pub(crate) fn weight(&self) -> usize {
        let rejected = self.rejected.as_ref().map_or(0, |r| r.because.len());
        let steps: usize = self.steps.iter().map(|step| step.what.len()).sum();
        self.name.len() + rejected + steps
    }

    /// The same with one more thing that was looked at.
    #[must_use]
    pub fn step(mut self, what: impl Into<String>, passed: bool) -> Self {
        if self.steps.len() < MAX_STEPS {
            let what = clipped(what.into(), MAX_TEXT);
            self.steps.push(Step { what, passed });
        }
        self
    }
}

/// The first `most` characters, with a mark where some are left out.
pub(crate) fn clipped(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Candidate, MAX_STEPS};
    use crate::policy::{Decision, MAX_CANDIDATES};

    /// A peer may name what it likes, as often as it likes.
    #[test]
    fn what_is_kept_of_candidates_is_bounded() {
        let long = "ü".repeat(5_000);
        let mut one = Candidate::new(long.as_str(), None).rejected("S-041", long.as_str());
        for _ in 0..100 {
            one = one.step(long.as_str(), false);
        }
        assert_eq!(one.name.chars().count(), 241);
        assert!(one.name.ends_with('…'));
        assert_eq!(one.steps.len(), MAX_STEPS);
        assert!(
            one.steps
                .iter()
                .all(|step| step.what.chars().count() == 241)
        );
        let many = std::iter::repeat_n(one, 1_000);
        let decision = Decision::new((), "S-041", "").among(many);
        assert_eq!(decision.candidates.len(), MAX_CANDIDATES);
    }
}
