//! What came of many pairs: a generator that makes everything fail, or everything work, shows nothing.

use std::collections::BTreeMap;

use ike_core::verdict::Verdict;
use libtest_mimic::Failed;

/// How many ended how.
#[derive(Default)]
pub(crate) struct Variety(BTreeMap<(String, String), u64>);

impl Variety {
    pub(crate) fn count(&mut self, verdict: &Verdict) {
        let end = match (&verdict.stopped_at, verdict.up) {
            (_, true) => "up".to_owned(),
            (Some(message), false) => message.clone(),
            (None, false) => "no verdict".to_owned(),
        };
        *self.0.entry((verdict.version.clone(), end)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// For people: `ikev1 up 3127, MM5 812; ikev2 ...`.
    pub(crate) fn text(&self) -> String {
        let ends = self.0.iter();
        let ends: Vec<_> = ends.map(|((v, end), n)| format!("{v} {end} {n}")).collect();
        ends.join(", ")
    }

    /// Of each version at least a quarter comes up and a tenth fails, and failures are at several messages.
    pub(crate) fn suffices(&self) -> Result<(), Failed> {
        for version in ["ikev1", "ikev2"] {
            let of = self.0.iter().filter(|((v, _), _)| v == version);
            let (mut up, mut failed, mut messages) = (0, 0, 0);
            for ((_, end), count) in of {
                if end == "up" {
                    up += count;
                } else {
                    failed += count;
                    messages += 1;
                }
            }
            let all = up + failed;
            let least = if version == "ikev1" { 4 } else { 2 };
            if up * 4 < all || failed * 10 < all || messages < least || all == 0 {
                return Err(format!("too little variety of {version}: {}", self.text()).into());
            }
        }
        Ok(())
    }
}
