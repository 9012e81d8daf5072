//! `ikd fmt`: a configuration as `show running-config` prints it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ike_core::config::{parse, show};

use crate::changes;
use crate::check;
use crate::cli::{complain, print};
use crate::startup::loses;

/// What to write.
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The file.
    file: PathBuf,
    /// Print nothing but the lines that differ in meaning or form; exit 1 when there are some.
    #[arg(long)]
    check: bool,
}

/// Prints the normalised text, or says whether the file is that.
pub(crate) fn run(args: &FmtArgs) -> ExitCode {
    let name = args.file.display().to_string();
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(e) => {
            complain(&format!("{name}: {e}; give an IOS configuration as text"));
            return ExitCode::from(3);
        }
    };
    let read = parse(&name, &text);
    if read.has_errors() {
        // A line that is not understood would be lost.
        complain(&check::text(&read.diagnostics, false));
        return ExitCode::from(3);
    }
    if loses(&text, &read) {
        complain(&format!(
            "{name}: comments, and lines that mean nothing here, are left out"
        ));
    }
    let normal = show(&read.config);
    if !args.check {
        print(&normal);
        return ExitCode::SUCCESS;
    }
    if normal == text {
        return ExitCode::SUCCESS;
    }
    print(&format!("{name} is not as show running-config prints it:"));
    let difference = changes::of_text(&text, &normal);
    let form = "Only comments, separators or indentation differ.";
    print(if difference.is_empty() {
        form
    } else {
        &difference
    });
    ExitCode::from(1)
}
