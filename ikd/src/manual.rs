//! `ikd completions` and `ikd man`: made of the same arguments as `--help`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, complain, print};

/// A page cannot be written.
const FORBIDDEN: u8 = 5;

/// `ikd man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write a page for every command into this folder [default: the page of ikd, on standard output].
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub fn completions(shell: Shell) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ikd", &mut text);
    print(&String::from_utf8_lossy(&text));
    ExitCode::SUCCESS
}

/// Prints the manual page, or writes all of them.
pub fn man(args: &ManArgs) -> ExitCode {
    let written = match &args.out {
        Some(dir) => clap_mangen::generate_to(Cli::command(), dir).map_err(|e| at(dir, &e)),
        None => page()
            .map(|text| print(&String::from_utf8_lossy(&text)))
            .map_err(|e| e.to_string()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            complain(&text);
            ExitCode::from(FORBIDDEN)
        }
    }
}

fn at(dir: &Path, e: &std::io::Error) -> String {
    format!("{}: {e}; name a folder that is there", dir.display())
}

fn page() -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    text.flush()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command has its page and its completion, and every argument its help.
    #[test]
    fn every_command_is_described() {
        let dir = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), dir.path()).unwrap();
        let mut command = Cli::command();
        command.build();
        undescribed(&command, "ikd", dir.path());
    }

    fn undescribed(command: &clap::Command, path: &str, dir: &Path) {
        assert!(command.get_about().is_some(), "{path} has no help");
        let page = dir.join(format!("{path}.1"));
        assert!(page.exists(), "{}", page.display());
        for argument in command.get_arguments().filter(|a| !a.is_hide_set()) {
            let name = argument.get_id();
            assert!(argument.get_help().is_some(), "{path} {name} has no help");
        }
        let inner = command.get_subcommands().filter(|c| c.get_name() != "help");
        inner.for_each(|c| undescribed(c, &format!("{path}-{}", c.get_name()), dir));
    }

    #[test]
    fn completions_know_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ikd", &mut text);
            let text = String::from_utf8(text).unwrap();
            assert!(
                text.contains("predict") && text.contains("doctor"),
                "{shell}"
            );
        }
    }
}
