//! The operator at a terminal, or a script that feeds answers on standard input.

use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::control::Operator;

/// Prints to standard output and reads answers from standard input.
pub(crate) struct Terminal;

impl Operator for Terminal {
    fn say(&mut self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    fn store(&mut self, path: &str, octets: &[u8]) -> Result<(), String> {
        crate::capture::private::write(std::path::Path::new(path), octets)
    }

    fn ask(&mut self, prompt: &str, secret: bool) -> Option<String> {
        let mut out = std::io::stdout();
        let _ = write!(out, "{prompt}").and_then(|()| out.flush());
        let hidden = (secret && std::io::stdin().is_terminal()).then(Hidden::new);
        let mut line = String::new();
        let count = std::io::stdin().read_line(&mut line).ok()?;
        let seen = hidden.is_none() && std::io::stdin().is_terminal();
        if !seen && !prompt.is_empty() {
            // Nobody typed the end of this line where the prompt stands.
            let _ = writeln!(out);
        }
        (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// A terminal that does not echo, until this is dropped.
struct Hidden(Option<Termios>);

impl Hidden {
    fn new() -> Self {
        let stdin = std::io::stdin();
        let before = tcgetattr(stdin.as_fd()).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_flags.remove(LocalFlags::ECHO);
            let _ = tcsetattr(stdin.as_fd(), SetArg::TCSANOW, &quiet);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(std::io::stdin().as_fd(), SetArg::TCSANOW, before);
        }
    }
}
