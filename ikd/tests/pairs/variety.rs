//! What came of many pairs: a generator that makes everything fail, or everything work, shows nothing.

use std::collections::BTreeMap;

use ike_core::verdict::Verdict;
use libtest_mimic::Failed;

use super::generator::Pair;

/// How many ended how.
#[derive(Default)]
pub(crate) struct Variety {
    ends: BTreeMap<(String, String), u64>,
    /// Directions of pairs with a sub-CA: up, not up.
    sub_ca: (u64, u64),
}

impl Variety {
    /// One direction of a pair.
    pub(crate) fn count(&mut self, pair: &Pair, verdict: &Verdict) {
        if !pair.below.is_empty() {
            self.sub_ca.0 += u64::from(verdict.up);
            self.sub_ca.1 += u64::from(!verdict.up);
        }
        let end = match (&verdict.stopped_at, verdict.up) {
            (_, true) => "up".to_owned(),
            (Some(message), false) => message.clone(),
            (None, false) => "no verdict".to_owned(),
        };
        *self.ends.entry((verdict.version.clone(), end)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (key, count) in other.ends {
            *self.ends.entry(key).or_default() += count;
        }
        self.sub_ca.0 += other.sub_ca.0;
        self.sub_ca.1 += other.sub_ca.1;
    }

    /// For people: `20000 directions: ikev1 MM5 812, ikev1 up 3127, ikev2 ...; with a sub-CA up 400, not 230`.
    pub(crate) fn text(&self) -> String {
        let ends = self.ends.iter();
        let ends: Vec<_> = ends.map(|((v, end), n)| format!("{v} {end} {n}")).collect();
        let (all, (up, not)) = (self.ends.values().sum::<u64>(), self.sub_ca);
        format!(
            "{all} directions: {}; with a sub-CA up {up}, not {not}",
            ends.join(", ")
        )
    }

    /// Of each version at least a quarter comes up and a tenth fails, and failures are at several messages.
    pub(crate) fn suffices(&self) -> Result<(), Failed> {
        for version in ["ikev1", "ikev2"] {
            let of = self.ends.iter().filter(|((v, _), _)| v == version);
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
