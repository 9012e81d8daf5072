//! Where a story comes from: a trace that was kept, or a case that is run in the simulator.

use std::path::{Path, PathBuf};

use ike_core::trace::escaped;

use super::daemon;
use crate::control;
use crate::lab::{Case, Keys, LabError, Overrides, StoreArgs};
use crate::predict::KEY_BITS;
use crate::story::{SCHEMA, Story, simulated};

/// Octets of a trace that are read at most.
const MOST: u64 = 64 << 20;

/// What is told.
#[derive(Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// A trace, a lab folder, or the configurations of two routers.
    #[arg(value_name = "TRACE | FOLDER | A.cfg B.cfg", num_args = 0..=2, required_unless_present = "device")]
    paths: Vec<PathBuf>,
    /// A running daemon.
    #[arg(short, long, value_name = "NAME", conflicts_with = "paths")]
    device: Option<String>,
    /// Its control socket, if not the usual one.
    #[arg(long, env = "IKD_SOCKET", requires = "device")]
    socket: Option<PathBuf>,
    /// Which of its negotiations.
    #[arg(long, value_name = "NAME", default_value = "last")]
    negotiation: String,
    /// The router that starts [default: the folder's, or the first file's].
    #[arg(long, value_name = "HOST")]
    initiate: Option<String>,
    #[command(flatten)]
    stores: StoreArgs,
}

impl SourceArgs {
    /// The story of it.
    ///
    /// # Errors
    /// A file cannot be read, or a configuration has errors; the text names it.
    pub(super) fn story(&self) -> Result<Story, LabError> {
        if let Some(device) = &self.device {
            let usual = || control::socket_path(device);
            return daemon::story(
                &self.socket.clone().unwrap_or_else(usual),
                &self.negotiation,
            );
        }
        let mut case = match self.paths.as_slice() {
            [one] if one.is_dir() => Case::open(one)?,
            [one] => return read(one),
            [a, b, ..] => Case::from_configs(&[a.clone(), b.clone()])?,
            [] => {
                return Err(LabError::usage(
                    "give a trace, a lab folder, or two configurations",
                ));
            }
        };
        case.apply(&Overrides {
            initiate: self.initiate.clone(),
            key_bits: Some(KEY_BITS),
            ..self.stores.overrides()
        })?;
        simulated(&case, &Keys::default())
    }
}

/// A trace that was kept.
pub(crate) fn read(path: &Path) -> Result<Story, LabError> {
    use std::io::Read;
    let wrong = |what: String| {
        LabError::usage(format!(
            "{}: {}; `ikd report --format json` writes traces",
            path.display(),
            // It may be in the words of whoever wrote the file.
            escaped(&what)
        ))
    };
    let file = std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut text = String::new();
    let mut bounded = file.take(MOST);
    bounded
        .read_to_string(&mut text)
        .map_err(|e| wrong(e.to_string()))?;
    let story: Story =
        serde_json::from_str(&text).map_err(|e| wrong(format!("not a trace: {e}")))?;
    match story.schema {
        SCHEMA => Ok(story),
        other => Err(wrong(format!(
            "its form is {other}, this program reads {SCHEMA}"
        ))),
    }
}
