//! `ikd report`: a negotiation as one file that can be mailed: HTML with everything in it, text, a Mermaid diagram,
//! a picture, or the story as JSON, which `ikd replay` runs again.
//!
//! `source` finds the story, the other files print it.

mod daemon;
mod html;
mod ladder;
mod mermaid;
mod source;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) use daemon::story as story_of;
pub(crate) use source::read;

use crate::cli::{complain, print};
use crate::lab::LabError;
use crate::story::{Story, json};

const EXAMPLES: &str = "Examples:
  ikd report R1.cfg R2.cfg -o case.html                     R1 starts, in the simulator
  ikd report R1.cfg R2.cfg --initiate R2 --format text      the ladder on a terminal
  ikd report config/labs/t-02 -o case.svg                   a lab folder as a picture
  ikd report case.json -o case.html                         a trace that was kept: --format json
  ikd report -d R1 -o last.html                             the newest negotiation of a daemon, from its ring of packets
  ikd report -d R1 --negotiation Tunnel1 -o case.html       another one, named as for ikd explain
The format goes by the ending of the file: html, txt, mmd, svg, json. No key and no secret of a configuration is in
any of them; equal secrets have equal names.

Exit code: 0 the tunnel comes up, 1 it does not, 2 usage, 3 configuration invalid, 5 the file cannot be written.";

/// `ikd report`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    #[command(flatten)]
    what: source::SourceArgs,
    /// Where it goes [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What it is [default: by the ending of the file, else text].
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// What a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One page with everything in it, for any browser, without a network.
    Html,
    /// A ladder of characters.
    Text,
    /// A sequence diagram for Markdown.
    Mermaid,
    /// A picture.
    Svg,
    /// The story, for programs and for `ikd replay`.
    Json,
}

/// Exit code when the tunnel does not come up.
const FAILED: u8 = 1;

/// Does it and says what came of it.
pub fn run(args: &ReportArgs) -> ExitCode {
    match report(args) {
        Ok(up) => ExitCode::from(if up { 0 } else { FAILED }),
        Err(e) => {
            complain(&e.text);
            ExitCode::from(e.code)
        }
    }
}

fn report(args: &ReportArgs) -> Result<bool, LabError> {
    let by_name = args.out.as_deref().and_then(Format::of);
    let format = args.format.or(by_name).unwrap_or(Format::Text);
    let story = args.what.story()?;
    let page = format.page(&story);
    match &args.out {
        None => print(&page),
        Some(path) => write(path, &page)?,
    }
    Ok(story.verdict.up)
}

/// Writes a report in the form that the ending of the file names, else as text.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_as(path: &Path, story: &Story) -> Result<(), LabError> {
    let format = Format::of(path).unwrap_or(Format::Text);
    write(path, &format.page(story))
}

/// Writes a page; a file that is there is replaced.
fn write(path: &Path, page: &str) -> Result<(), LabError> {
    std::fs::write(path, page).map_err(|e| LabError::forbidden(format!("{}: {e}", path.display())))
}

impl Format {
    /// By the ending of a file.
    fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "html" | "htm" => Self::Html,
            "txt" => Self::Text,
            "mmd" | "md" => Self::Mermaid,
            "svg" => Self::Svg,
            "json" => Self::Json,
            _ => return None,
        })
    }

    /// The story in this form; nothing in it speaks to a terminal (J4).
    pub(crate) fn page(self, story: &Story) -> String {
        let print = match self {
            Self::Html => html::html,
            Self::Text => text::text,
            Self::Mermaid => mermaid::mermaid,
            Self::Svg => svg::svg,
            Self::Json => return json(story) + "\n",
        };
        match story.safe() {
            Ok(safe) => print(&safe),
            Err(e) => format!("this story cannot be shown: {e}\n"),
        }
    }
}
