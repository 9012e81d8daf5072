//! A decision never travels without the rule it follows.

use std::fmt;

use super::candidate::{Candidate, MAX_CANDIDATES};
use super::subject::Subject;

/// The number of a rule in IOS-FACTS, e.g. `S-030`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub &'static str);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Objects of the configuration that one decision names.
pub const MAX_SUBJECTS: usize = 16;

/// A value and why it is that value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<T> {
    /// What was decided.
    pub value: T,
    /// The rule that decided.
    pub rule: Rule,
    /// One sentence for people: the facts the rule was applied to.
    pub because: String,
    /// What of the configuration it goes back to, the most telling first.
    pub about: Vec<Subject>,
    /// What was considered, in the order of the rule.
    pub candidates: Vec<Candidate>,
}

impl<T> Decision<T> {
    /// A decision by `rule`, explained by `because`.
    pub fn new(value: T, rule: &'static str, because: impl Into<String>) -> Self {
        Self {
            value,
            rule: Rule(rule),
            because: because.into(),
            about: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// The same decision with what of the configuration it goes back to, each once; the first 16 are
    /// kept.
    #[must_use]
    pub fn about(mut self, about: impl IntoIterator<Item = Subject>) -> Self {
        for subject in about {
            if self.about.len() < MAX_SUBJECTS && !self.about.contains(&subject) {
                self.about.push(subject);
            }
        }
        self
    }

    /// The same decision, with these objects where it names none.
    #[must_use]
    pub fn or_about(self, about: impl FnOnce() -> Vec<Subject>) -> Self {
        match self.about.is_empty() {
            true => self.about(about()),
            false => self,
        }
    }

    /// The same decision with what was considered; the first [`MAX_CANDIDATES`] are kept.
    #[must_use]
    pub fn among(mut self, candidates: impl IntoIterator<Item = Candidate>) -> Self {
        let room = MAX_CANDIDATES.saturating_sub(self.candidates.len());
        self.candidates.extend(candidates.into_iter().take(room));
        self
    }

    /// The same reason for a value made from this one.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Decision<U> {
        Decision {
            value: f(self.value),
            rule: self.rule,
            because: self.because,
            about: self.about,
            candidates: self.candidates,
        }
    }

    /// What tests look at of each candidate: its name, whether it was chosen, why it was rejected.
    #[cfg(test)]
    pub(crate) fn told(&self) -> Vec<(&str, bool, Option<&str>)> {
        fn told(one: &Candidate) -> (&str, bool, Option<&str>) {
            let because = one.rejected.as_ref().map(|no| no.because.as_str());
            (&one.name, one.chosen, because)
        }
        self.candidates.iter().map(told).collect()
    }
}
