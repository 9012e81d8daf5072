//! Steps of a case: what operators of routers and CAs do, and what they must see. `Stage` is what the steps
//! act on: `live` has real daemons, `world` routers of the simulator.

use std::collections::VecDeque;
use std::time::Duration;

use super::case::Case;
use super::error::LabError;
use crate::authority::Order;
use crate::control::{Operator, Response};

/// Most attempts of a step that waits until it holds.
const ATTEMPTS: u32 = 150;

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
    pub(super) router: usize,
    pub(super) line: String,
    pub(super) answers: Vec<String>,
    pub(super) fails: bool,
    pub(super) shows: Vec<String>,
    pub(super) hides: Vec<String>,
    pub(super) eventually: bool,
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
}
