//! A decision never travels without the rule it follows.

use std::fmt;

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
}

impl<T> Decision<T> {
    /// A decision by `rule`, explained by `because`.
    pub fn new(value: T, rule: &'static str, because: impl Into<String>) -> Self {
        Self {
            value,
            rule: Rule(rule),
            because: because.into(),
        }
    }

    /// The same reason for a value made from this one.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Decision<U> {
        Decision {
            value: f(self.value),
            rule: self.rule,
            because: self.because,
        }
    }
}
