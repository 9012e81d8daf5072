//! `ikd cli`: a session with a daemon as at the console of a router.
//!
//! At a terminal there is a line editor (`typed`) with `?` and tab (`keys`) and a history (`history`); lines from a pipe
//! or a file (`piped`) are run one by one, without prompts.

mod history;
mod keys;
mod piped;
mod typed;

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::ask::{EXEC, exit_code};
use crate::control::{self, Operator, Request, Response};

/// Runs a session until its lines end.
pub(crate) fn run(path: &Path) -> ExitCode {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        typed::run(path)
    } else {
        piped::run(path)
    }
}

/// An exec line, with an operator who answers; a daemon that is gone is an answer too.
fn execute(path: &Path, line: &str, operator: &mut dyn Operator) -> Response {
    let request = Request::Exec {
        line: line.to_owned(),
        json: false,
    };
    let answer = control::converse(path, &request, Duration::from_secs(EXEC), operator);
    answer.unwrap_or_else(|e| Response::failed(exit_code(&e), e.to_string()))
}

/// The configuration mode that a prompt names: `R1(config-if)#`.
fn mode_of(prompt: &str) -> Option<&str> {
    let (_, mode) = prompt.strip_suffix(")#")?.rsplit_once('(')?;
    Some(mode)
}

#[cfg(test)]
mod tests {
    use super::mode_of;

    #[test]
    fn the_prompt_says_the_mode() {
        assert_eq!(mode_of("R1(conf-isa-prof)#"), Some("conf-isa-prof"));
        assert_eq!(mode_of("R(1)(config)#"), Some("config"));
        assert_eq!(mode_of("R1#"), None);
        assert_eq!(mode_of("Password: "), None);
    }
}
