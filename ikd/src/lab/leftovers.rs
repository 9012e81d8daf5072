//! What a lab leaves behind when a signal ends it: nothing. Daemons and folders are noted while
//! they exist; on a signal they are killed and removed, since folders hold private keys.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use super::error::LabError;

/// Exit code of a process that a signal ended, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

static NOTED: Mutex<Noted> = Mutex::new(Noted {
    processes: Vec::new(),
    folders: Vec::new(),
});

struct Noted {
    processes: Vec<i32>,
    folders: Vec<PathBuf>,
}

fn noted() -> MutexGuard<'static, Noted> {
    NOTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a child process.
pub(super) fn process(id: u32) {
    noted().processes.extend(i32::try_from(id));
}

/// The child process has been waited for: its number may be another's soon.
pub(super) fn process_ended(id: u32) {
    noted().processes.retain(|p| u32::try_from(*p) != Ok(id));
}

/// Notes a folder.
pub(super) fn folder(path: &Path) {
    noted().folders.push(path.to_owned());
}

/// Keeps the signals that end a program for one thread. Child processes start with none blocked.
/// Call it before any thread is started.
///
/// # Errors
/// The kernel refuses.
pub(super) fn block_signals() -> Result<SigSet, LabError> {
    let mut signals = SigSet::empty();
    let ends = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
    ends.into_iter().for_each(|s| signals.add(s));
    signals
        .thread_block()
        .map_err(|e| LabError::internal(format!("block signals: {e}")))?;
    Ok(signals)
}

/// From now on a signal removes everything noted and ends this process.
pub(super) fn clean_on(signals: SigSet) {
    thread::spawn(move || {
        if signals.wait().is_ok() {
            clean();
            std::process::exit(INTERRUPTED);
        }
    });
}

fn clean() {
    let noted = noted();
    for process in &noted.processes {
        // It may have ended by the same signal.
        let _ = kill(Pid::from_raw(*process), Signal::SIGKILL);
    }
    for folder in &noted.folders {
        let _ = std::fs::remove_dir_all(folder);
    }
}
