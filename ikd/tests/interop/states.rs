//! What our daemon has in its own words, and waiting for it.

use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::ours::Ours;

/// How long a state may take to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(10);

/// Our daemon's SAs in its own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    /// IKE SAs that are up.
    pub established: usize,
    /// IKE SAs that are not up yet.
    pub negotiating: usize,
    /// Child SAs.
    pub children: usize,
}

impl States {
    pub(crate) fn of(ours: &Ours) -> Result<Self, Failed> {
        let (v1, v2) = (
            ours.show("show crypto isakmp sa")?,
            ours.show("show crypto ikev2 sa")?,
        );
        let children = ours.show("show crypto ipsec sa")?;
        let of = |value: &Value, key: &str, field: &str| -> Vec<String> {
            let list = value[key].as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|sa| sa[field].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        let isakmp = of(&v1, "isakmp_sas", "state");
        let deleted = of(&v1, "isakmp_sas", "status");
        let isakmp: Vec<&String> = isakmp
            .iter()
            .zip(&deleted)
            .filter(|(_, s)| *s == "ACTIVE")
            .map(|(s, _)| s)
            .collect();
        let ikev2 = of(&v2, "ikev2_sas", "status");
        let up = isakmp.iter().filter(|s| **s == "QM_IDLE").count()
            + ikev2.iter().filter(|s| *s == "READY").count();
        Ok(Self {
            established: up,
            negotiating: isakmp.len() + ikev2.len() - up,
            children: pairs(&children),
        })
    }
}

/// SAs in use for sending in `show crypto ipsec sa`.
fn pairs(shown: &Value) -> usize {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let flows = list(shown, "interfaces")
        .into_iter()
        .flat_map(|interface| list(&interface, "flows"));
    flows.map(|flow| list(&flow, "outbound").len()).sum()
}

/// Looks until it is so, or says why it is not.
pub(crate) fn eventually(look: impl Fn() -> Result<(), Failed>) -> Result<(), Failed> {
    within(PATIENCE, look)
}

/// As [`eventually`], with a limit.
pub(crate) fn within(limit: Duration, look: impl Fn() -> Result<(), Failed>) -> Result<(), Failed> {
    let until = Instant::now() + limit;
    loop {
        match look() {
            Err(_) if Instant::now() < until => thread::sleep(LOOK),
            done => return done,
        }
    }
}
