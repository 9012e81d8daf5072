//! Fixes that were tried: changes of one line or two after which the failing direction comes up in the simulator and the
//! other one still does.
//!
//! `edit` is a change and says itself, `side` is a router as the makers of candidates look at it; `trust`, `identity`,
//! `agree`, `keys` and `reach` make them, `candidates` puts the likely ones first, `trial` runs them.

mod agree;
mod candidates;
mod edit;
mod identity;
mod keys;
mod reach;
mod side;
mod trial;
mod trust;

#[cfg(test)]
mod tests;

pub use edit::Step;
pub(super) use trial::fixes;

use serde::Serialize;

/// A fix that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// It in one line, with file and line.
    pub text: String,
    /// Change by change.
    pub steps: Vec<Step>,
    /// With it the other direction comes up too.
    pub both: bool,
    /// The renewals after which the direction fails again: router and trustpoint.
    pub until: Vec<Renewal>,
    /// It changes an order of enrolment and nothing else.
    pub order_only: bool,
}

/// A trustpoint that is enrolled again, and is the newest from then on (P-003).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renewal {
    /// The router.
    pub router: String,
    /// Its trustpoint.
    pub trustpoint: String,
}

impl Fix {
    /// What there is to know before one takes it, for people.
    pub(super) fn caveat(&self) -> String {
        let renewals = self.until.iter();
        let renewals: Vec<_> = renewals
            .map(|r| format!("{} renews {}", r.router, r.trustpoint))
            .collect();
        let holds = match (self.order_only, renewals.is_empty()) {
            (_, true) => None,
            (true, false) => Some("order only; breaks again at the next renewal".to_owned()),
            (false, false) => Some(format!("breaks when {}", renewals.join(" or "))),
        };
        let one_way = (!self.both).then(|| "this direction only".to_owned());
        let said: Vec<String> = [one_way, holds].into_iter().flatten().collect();
        if said.is_empty() {
            return String::new();
        }
        format!(" ({})", said.join("; "))
    }
}
