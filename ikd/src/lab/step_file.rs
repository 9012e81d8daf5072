//! `[[step]]` of `lab.toml`: what it may say, read into a [`Step`].

use std::time::Duration;

use serde::Deserialize;

use super::case::Case;
use super::error::LabError;
use super::steps::{CaOrder, Exec, Step};
use crate::authority::{Grant, Order};

/// A step as `lab.toml` writes it: one of `exec`, `start`, `order`, `restart`, `wait`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StepFile {
    /// The router whose operator types `exec`.
    router: Option<String>,
    /// An exec line.
    exec: Option<String>,
    /// What the operator answers, in order.
    answers: Vec<String>,
    /// The line, or the start, must fail.
    fails: bool,
    /// Parts of the output, in this order.
    shows: Vec<String>,
    /// What the output must not have.
    hides: Vec<String>,
    /// Tried again until it is as it should be.
    eventually: bool,
    /// The router that starts another negotiation after that of the case.
    start: Option<String>,
    /// The CA that is told `order`.
    ca: Option<String>,
    /// What it is told.
    order: Option<String>,
    /// The router that ends and starts again on its store.
    restart: Option<String>,
    /// Seconds.
    wait: Option<u32>,
    /// Before the negotiation, or after the verdict.
    at: At,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum At {
    #[default]
    Start,
    End,
}

impl StepFile {
    /// The step, and whether it is for the end.
    ///
    /// # Errors
    /// It is none or several, or names what is not there.
    pub(super) fn read(self, case: &Case) -> Result<(bool, Step), LabError> {
        let kinds = [
            self.exec.is_some(),
            self.start.is_some(),
            self.order.is_some(),
            self.restart.is_some(),
            self.wait.is_some(),
        ];
        if kinds.into_iter().filter(|kind| *kind).count() != 1 {
            return Err(LabError::config(
                "[[step]]: give one of `exec`, `start`, `order`, `restart`, `wait`",
            ));
        }
        if self.start.is_some() && self.at == At::Start {
            return Err(LabError::config(
                "[[step]] `start`: the negotiation of the case comes first; add `at = \"end\"`",
            ));
        }
        Ok((self.at == At::End, self.kind(case)?))
    }

    fn kind(self, case: &Case) -> Result<Step, LabError> {
        if let Some(line) = self.exec {
            let router = self.router.as_deref();
            let router = router
                .ok_or_else(|| LabError::config(format!("[[step]] `{line}`: give its `router`")))?;
            return Ok(Step::Exec(Exec {
                router: case.index_of(router)?,
                line,
                answers: self.answers,
                fails: self.fails,
                shows: self.shows,
                hides: self.hides,
                eventually: self.eventually,
            }));
        }
        if let Some(router) = &self.start {
            return Ok(Step::Start {
                router: case.index_of(router)?,
                fails: self.fails,
            });
        }
        if let Some(router) = &self.restart {
            return Ok(Step::Restart(case.index_of(router)?));
        }
        if let Some(seconds) = self.wait {
            return Ok(Step::Wait(Duration::from_secs(seconds.into())));
        }
        let text = self.order.unwrap_or_default();
        let ca = self.ca.filter(|ca| case.has_ca(ca));
        Ok(Step::Order {
            ca: ca.ok_or_else(|| {
                LabError::config(format!("[[step]] `{text}`: give its `ca`, such as CA1"))
            })?,
            order: order(&text)?,
        })
    }
}

/// `grant all`, `reject all`, `revoke R2.cisco.com [REASON]`, `policy auto|manual|reject`, `validity SECONDS`,
/// `stop`: the words of `ikd pki ca`.
fn order(text: &str) -> Result<CaOrder, LabError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let unknown = || {
        LabError::config(format!(
            "[[step]] order `{text}`: there are grant WHICH, reject WHICH, revoke WHICH [REASON], policy auto|manual|reject, validity SECONDS, stop"
        ))
    };
    let order = match words.as_slice() {
        ["stop"] => return Ok(CaOrder::Stop),
        ["grant", which] => Order::Grant {
            which: (*which).to_owned(),
        },
        ["reject", which] => Order::Reject {
            which: (*which).to_owned(),
        },
        ["revoke", which, reason @ ..] if reason.len() < 2 => Order::Revoke {
            which: (*which).to_owned(),
            reason: reason.first().map(|r| (*r).to_owned()),
        },
        ["policy", policy] => Order::Policy {
            grant: <Grant as clap::ValueEnum>::from_str(policy, false).map_err(|_| unknown())?,
        },
        ["validity", seconds] => Order::Validity {
            seconds: seconds.parse().map_err(|_| unknown())?,
        },
        _ => return Err(unknown()),
    };
    Ok(CaOrder::Obey(order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_thing_and_names_what_is_there() {
        let case = Case::embedded("t-01").unwrap();
        let read = |text: &str| {
            let step: StepFile = toml::from_str(text).unwrap();
            step.read(&case).map_err(|e| e.text)
        };
        assert!(matches!(
            read("wait = 1\nat = 'end'"),
            Ok((true, Step::Wait(_)))
        ));
        for (text, why) in [
            ("wait = 1\nrestart = 'R1'", "give one of"),
            ("exec = 'show clock'", "give its `router`"),
            ("restart = 'R9'", "no router R9"),
            ("start = 'R1'", "comes first"),
            ("ca = 'CA7'\norder = 'stop'", "give its `ca`"),
            ("ca = 'CA1'\norder = 'explode'", "there are grant"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    /// RFC 5280 5.3.1: a reason may follow.
    #[test]
    fn orders_are_those_of_the_command_line() {
        for text in [
            "grant all",
            "revoke R2.cisco.com superseded",
            "policy manual",
            "validity 3",
            "stop",
        ] {
            assert!(order(text).is_ok(), "{text}");
        }
        for text in ["", "policy perhaps", "validity soon", "revoke a b c"] {
            assert!(order(text).is_err(), "{text}");
        }
    }
}
