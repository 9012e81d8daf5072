//! A decision never travels without the rule it follows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a rule in IOS-FACTS, e.g. `S-030`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub &'static str);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

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

/// An object of the configuration, as its line names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// `crypto isakmp profile NAME`.
    IsakmpProfile {
        /// Its name.
        name: String,
    },
    /// `crypto ikev2 profile NAME`.
    Ikev2Profile {
        /// Its name.
        name: String,
    },
    /// `crypto pki trustpoint NAME`.
    Trustpoint {
        /// Its name.
        name: String,
    },
    /// A line below another object: `ca trust-point IOSCA1` of a profile.
    Line {
        /// The block it stands in, as its first line in full: `crypto isakmp profile prof1`.
        block: String,
        /// How the line begins, in full words.
        command: String,
    },
    /// An object that is one line, or a block without a kind of its own, by its first line in full.
    Block {
        /// How it begins: `crypto isakmp policy 10`.
        command: String,
    },
}

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

    /// The same decision with what of the configuration it goes back to.
    #[must_use]
    pub fn about(mut self, about: impl IntoIterator<Item = Subject>) -> Self {
        self.about.extend(about);
        self
    }

    /// The same decision with what was considered.
    #[must_use]
    pub fn among(mut self, candidates: impl IntoIterator<Item = Candidate>) -> Self {
        self.candidates.extend(candidates);
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
}

impl Candidate {
    /// One that nothing was said about yet.
    #[must_use]
    pub fn new(name: impl Into<String>, subject: Option<Subject>) -> Self {
        Self {
            name: name.into(),
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
            because: because.into(),
        });
        self
    }

    /// The same with one more thing that was looked at.
    #[must_use]
    pub fn step(mut self, what: impl Into<String>, passed: bool) -> Self {
        self.steps.push(Step {
            what: what.into(),
            passed,
        });
        self
    }
}
