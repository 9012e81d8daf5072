//! The startup file: what `write memory` writes and the next start reads.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ike_core::config::{Parsed, RunningConfig, codes, parse, show};

/// Permissions of a file that was not there: it may hold keys.
const MODE: u32 = 0o600;

/// The startup file and what it means.
pub(crate) struct Startup {
    path: PathBuf,
    config: Mutex<Arc<RunningConfig>>,
}

impl Startup {
    /// The file that a daemon was started with.
    pub(crate) fn new(path: PathBuf, config: Arc<RunningConfig>) -> Self {
        let config = Mutex::new(config);
        Self { path, config }
    }

    /// What the next start reads, as far as it is known here.
    pub(crate) fn config(&self) -> Arc<RunningConfig> {
        let known = self.config.lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file has been read and means this.
    pub(crate) fn is(&self, config: Arc<RunningConfig>) {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Writes the file as `show running-config` prints it, unless it means that already: then its comments stay.
    /// What there is to say comes back, empty as a rule.
    ///
    /// # Errors
    /// The file cannot be written, and is as it was; the text names it.
    pub(crate) fn save(&self, running: &Arc<RunningConfig>) -> Result<String, String> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let before = fs::read_to_string(&path).ok();
        let read = before.as_deref().map(|text| parse("startup", text));
        let mut remark = String::new();
        if read.as_ref().is_none_or(|read| read.config != **running) {
            let lost = before.as_deref().zip(read.as_ref());
            if lost.is_some_and(|(text, read)| loses(text, read)) {
                remark = keep(&path)?;
            }
            replace(&path, &show(running)).map_err(|e| told(&path, &e))?;
        }
        self.is(running.clone());
        Ok(remark)
    }
}

/// The file has comments, or lines that mean nothing here: they would not be written back.
pub(crate) fn loses(text: &str, read: &Parsed) -> bool {
    let comment = |line: &str| {
        line.trim_start()
            .strip_prefix('!')
            .is_some_and(|c| !c.trim().is_empty())
    };
    let lost = [codes::IGNORED_LINE, codes::NO_EFFECT];
    text.lines().any(comment) || read.diagnostics.iter().any(|d| lost.contains(&d.code))
}

/// Keeps the file beside itself, the first time.
fn keep(path: &Path) -> Result<String, String> {
    let mut kept = path.as_os_str().to_owned();
    kept.push(".orig");
    let kept = PathBuf::from(kept);
    let text = "Comments, and lines that mean nothing here, are not written";
    if kept.exists() {
        return Ok(format!("% {text}."));
    }
    let octets = fs::read(path).map_err(|e| told(path, &e))?;
    write(&kept, &octets, mode(path)).map_err(|e| told(&kept, &e))?;
    Ok(format!(
        "% {text}: the file as it was is {}.",
        kept.display()
    ))
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    write(path, text.as_bytes(), mode(path))
}

/// The permissions that the file has.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).map_or(MODE, |found| found.permissions().mode() & 0o777)
}

/// The old file or the new one, whenever the power fails.
fn write(path: &Path, octets: &[u8], mode: u32) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(octets)?;
    let permissions = fs::Permissions::from_mode(mode);
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()
}

fn told(path: &Path, error: &std::io::Error) -> String {
    let hint = match error.kind() {
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
            "; the daemon has to be allowed to write its folder (under systemd: ReadWritePaths=)"
        }
        _ => "",
    };
    format!(
        "% {}: {error}{hint}. The file is as it was.",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Arc<RunningConfig> {
        Arc::new(parse("R1.cfg", text).config)
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf, Startup) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("startup-config");
        fs::write(&path, text).unwrap();
        let startup = Startup::new(path.clone(), read(text));
        (dir, path, startup)
    }

    /// A file that means what is in force stays as it is, comments and all.
    #[test]
    fn a_file_that_means_the_same_is_left_alone() {
        let text = "! the first router\nhostname   R1\n";
        let (_dir, path, startup) = file(text);
        assert_eq!(startup.save(&read("hostname R1")), Ok(String::new()));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    /// The mode stays, the text is that of the running configuration, and lost comments are said and kept once.
    #[test]
    fn the_running_configuration_takes_the_place_of_the_file() {
        let (_dir, path, startup) = file("! the first router\nhostname R1\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let running = read("hostname R2");
        let said = startup.save(&running).unwrap();
        assert!(said.contains("startup-config.orig"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), show(&running));
        assert_eq!(mode(&path), 0o640);
        assert_eq!(startup.config(), running);
        let kept = path.with_file_name("startup-config.orig");
        assert!(
            fs::read_to_string(&kept)
                .unwrap()
                .starts_with("! the first")
        );
        assert_eq!(mode(&kept), 0o640);
        assert_eq!(startup.save(&read("hostname R3")), Ok(String::new()));
    }

    /// A link is followed to the file it names.
    #[test]
    fn a_link_stays_a_link() {
        let (dir, path, _) = file("hostname R1\n");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let startup = Startup::new(link.clone(), read("hostname R1"));
        startup.save(&read("hostname R2")).unwrap();
        assert!(link.is_symlink());
        assert!(fs::read_to_string(&path).unwrap().contains("hostname R2"));
    }

    /// Where it cannot be written, the text says where and the old one counts.
    #[test]
    fn a_file_that_cannot_be_written_is_told() {
        let (dir, _, _) = file("hostname R1\n");
        let nowhere = dir.path().join("none/startup-config");
        let startup = Startup::new(nowhere, read("hostname R1"));
        let said = startup.save(&read("hostname R2")).unwrap_err();
        assert!(said.contains("none/startup-config"), "{said}");
        assert_eq!(startup.config(), read("hostname R1"));
    }
}
