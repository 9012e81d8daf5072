//! Lines from a pipe or a file: answers to questions are lines too, and prompts are not printed.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use super::execute;
use crate::cli::{complain, print};
use crate::control::Operator;
use crate::exec::{Console, console};
use crate::terminal::Terminal;

/// Runs every line; the exit code is that of the last one that failed.
pub(super) fn run(path: &Path) -> ExitCode {
    let mut code = 0;
    while let Some(line) = next() {
        if line.trim_start().starts_with('!') {
            continue;
        }
        match console(&line) {
            Some(Console::Leave) => break,
            Some(Console::History | Console::Nothing) => {}
            None => {
                let response = execute(path, &line, &mut Piped);
                match response.code {
                    0 => print(&response.text),
                    failed => {
                        complain(&response.text);
                        code = failed;
                    }
                }
            }
        }
    }
    ExitCode::from(code)
}

/// The next line of standard input.
fn next() -> Option<String> {
    let mut line = String::new();
    let count = std::io::stdin().lock().read_line(&mut line).ok()?;
    (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Whoever wrote the lines.
struct Piped;

impl Operator for Piped {
    fn say(&mut self, text: &str) {
        Terminal.say(text);
    }

    fn ask(&mut self, _: &str, _: bool) -> Option<String> {
        next()
    }

    fn store(&mut self, path: &str, octets: &[u8]) -> Result<(), String> {
        Terminal.store(path, octets)
    }
}
