//! Steps of a case: what operators of routers and CAs do, and what they must see. `Stage` is what the steps
//! act on: `live` has real daemons, `invented` routers of the simulator.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;

use super::case::Case;
use super::error::LabError;
use crate::authority::{Grant, Order};
use crate::control::{Operator, Response};

/// Most attempts of a step that waits until it holds.
const ATTEMPTS: u32 = 150;

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

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A line on a router.
    Exec(Exec),
    /// A router starts, and its tunnel comes up or not.
    Start {
        /// Index of the router.
        router: usize,
        /// It must not come up.
        fails: bool,
    },
    /// A CA is told something.
    Order {
        /// Its name.
        ca: String,
        /// What.
        order: CaOrder,
    },
    /// A router ends and starts again.
    Restart(usize),
    /// Time goes by.
    Wait(Duration),
}

/// A line and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Exec {
    router: usize,
    line: String,
    answers: Vec<String>,
    fails: bool,
    shows: Vec<String>,
    hides: Vec<String>,
    eventually: bool,
}

/// What a CA can be told.
#[derive(Clone, Debug)]
pub(crate) enum CaOrder {
    /// By its administrator.
    Obey(Order),
    /// To end.
    Stop,
}

/// What steps act on.
pub(super) trait Stage {
    /// A line at a router, with an operator who answers.
    fn exec(
        &mut self,
        router: usize,
        line: &str,
        operator: &mut Script,
    ) -> Result<Response, LabError>;
    /// A router starts its first protection; true = the tunnel is up, false = it failed.
    fn start(&mut self, router: usize) -> Result<bool, LabError>;
    /// A CA is told something.
    fn order(&mut self, ca: &str, order: &CaOrder) -> Result<(), LabError>;
    /// A router ends and starts again on its store.
    fn restart(&mut self, router: usize) -> Result<(), LabError>;
    /// Time goes by.
    fn wait(&mut self, time: Duration) -> Result<(), LabError>;
    /// A moment, in which routers do something by themselves.
    fn breathe(&mut self) -> Result<(), LabError>;
}

/// Enrols a router over the control socket as an operator would, oldest first, so that its listing has the
/// order of the case (P-001).
///
/// # Errors
/// A CA refuses; the text is the router's.
pub(super) fn enrol(case: &Case, router: usize, stage: &mut impl Stage) -> Result<(), LabError> {
    let name = &case.routers[router].name;
    for trustpoint in case.routers[router].order.iter().rev() {
        for what in ["authenticate", "enroll"] {
            let line = format!("crypto pki {what} {trustpoint} noconfirm");
            let mut script = Script::default();
            let response = stage.exec(router, &line, &mut script)?;
            if response.code != 0 {
                return Err(LabError::pki(format!(
                    "{name}: {line}\n{}{}",
                    script.heard, response.text
                )));
            }
        }
    }
    Ok(())
}

/// Plays the steps; what came otherwise, one sentence each. It ends with the first that does.
///
/// # Errors
/// A router or CA is not to be reached.
pub(super) fn play(
    case: &Case,
    steps: &[Step],
    stage: &mut impl Stage,
) -> Result<Vec<String>, LabError> {
    for step in steps {
        let wrong = match step {
            Step::Exec(exec) => run(case, exec, stage)?,
            Step::Start { router, fails } => {
                let up = stage.start(*router)?;
                let name = &case.routers[*router].name;
                let said = if up { "came up" } else { "failed" };
                (up == *fails).then(|| format!("{name} started again, and it {said}"))
            }
            Step::Order { ca, order } => {
                stage.order(ca, order)?;
                None
            }
            Step::Restart(router) => {
                stage.restart(*router)?;
                None
            }
            Step::Wait(time) => {
                stage.wait(*time)?;
                None
            }
        };
        if let Some(wrong) = wrong {
            return Ok(vec![wrong]);
        }
    }
    Ok(Vec::new())
}

fn run(case: &Case, exec: &Exec, stage: &mut impl Stage) -> Result<Option<String>, LabError> {
    let mut attempts = if exec.eventually { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let mut script = Script::with(&exec.answers);
        let response = stage.exec(exec.router, &exec.line, &mut script)?;
        let text = format!("{}{}", script.heard, response.text);
        let wrong = exec.judge(response.code, &text);
        match wrong {
            None => return Ok(None),
            Some(wrong) if attempts == 0 => {
                let name = &case.routers[exec.router].name;
                return Ok(Some(format!(
                    "{name}, `{}`: {wrong}; it said:\n{text}",
                    exec.line
                )));
            }
            Some(_) => stage.breathe()?,
        }
    }
}

impl Exec {
    fn judge(&self, code: u8, text: &str) -> Option<String> {
        if (code != 0) != self.fails {
            let wanted = if self.fails { "a failure" } else { "success" };
            return Some(format!("expected {wanted}, got exit code {code}"));
        }
        let missing = super::outcome::missing_line(text, &self.shows);
        let missing = missing.map(|part| format!("`{part}` is not there, or too early"));
        let hidden = self.hides.iter().find(|part| text.contains(part.as_str()));
        missing.or_else(|| hidden.map(|part| format!("`{part}` is there")))
    }
}

/// An operator by script.
#[derive(Default)]
pub(super) struct Script {
    answers: VecDeque<String>,
    /// What was said and asked, line by line.
    pub(super) heard: String,
}

impl Script {
    fn with(answers: &[String]) -> Self {
        Self {
            answers: answers.iter().cloned().collect(),
            heard: String::new(),
        }
    }
}

impl Operator for Script {
    fn say(&mut self, text: &str) {
        self.heard.push_str(text);
        self.heard.push('\n');
    }

    fn ask(&mut self, prompt: &str, _: bool) -> Option<String> {
        let answer = self.answers.pop_front();
        self.say(&format!(
            "{prompt}{}",
            answer.as_deref().unwrap_or_default()
        ));
        answer
    }
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

    fn exec(fails: bool, shows: &[&str], hides: &[&str]) -> Exec {
        let list = |parts: &[&str]| parts.iter().map(|p| (*p).to_owned()).collect();
        Exec {
            router: 0,
            line: "show clock".to_owned(),
            answers: Vec::new(),
            fails,
            shows: list(shows),
            hides: list(hides),
            eventually: false,
        }
    }

    #[test]
    fn a_step_says_what_is_missing_and_what_should_not_be_there() {
        assert_eq!(exec(false, &["a", "b"], &["c"]).judge(0, "a b"), None);
        let wrong = |exec: Exec, code| exec.judge(code, "a b").unwrap_or_default();
        assert!(wrong(exec(false, &["b", "a"], &[]), 0).contains("`a` is not there"));
        assert!(wrong(exec(false, &[], &["b"]), 0).contains("`b` is there"));
        assert!(wrong(exec(true, &[], &[]), 0).contains("expected a failure"));
        assert!(wrong(exec(false, &[], &[]), 7).contains("exit code 7"));
    }

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
