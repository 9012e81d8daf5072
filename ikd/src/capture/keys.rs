//! Folders of key tables beside a capture: read, and written for their owner alone (I6).

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use ike_core::decrypt::{Table, Tables};
use ike_crypto::Hash;
use zeroize::Zeroizing;

use super::private;
use crate::cli::complain;

/// Most octets that are read of a table.
const MAX_TABLE: u64 = 64 << 20;

/// Lines of tables, by table; cleared when dropped.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Vec<(Table, Zeroizing<String>)>,
    /// Digests of those that are there.
    seen: BTreeSet<Vec<u8>>,
}

impl Lines {
    /// Adds a line, once.
    pub(crate) fn add(&mut self, table: Table, line: impl Into<String>) {
        let line = Zeroizing::new(line.into());
        let name = table.file().as_bytes();
        if self
            .seen
            .insert(Hash::Sha256.digest(&[name, line.as_bytes()]))
        {
            self.lines.push((table, line));
        }
    }

    /// Every line with its table.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Table, &str)> {
        self.lines
            .iter()
            .map(|(table, line)| (*table, line.as_str()))
    }

    /// Adds the lines of a folder of tables, as far as there are any.
    pub(crate) fn add_folder(&mut self, folder: &Path) {
        for table in Table::ALL {
            let text = text(folder, table).ok().flatten().unwrap_or_default();
            text.lines().for_each(|line| self.add(table, line));
        }
    }

    /// As tables that open messages.
    pub(crate) fn tables(&self) -> Tables {
        let mut tables = Tables::default();
        for (table, line) in &self.lines {
            // Our own lines are sound; a foreign one that is not opens nothing.
            let _ = tables.line(*table, line);
        }
        tables
    }

    /// Writes every table into a folder of mode 0700, which is made if need be.
    ///
    /// # Errors
    /// The folder or a file is a link or somebody else's, or cannot be written; the text names it.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), String> {
        make_folder(folder)?;
        for table in Table::ALL {
            let lines = self.lines.iter().filter(|(of, _)| *of == table);
            let mut text = Zeroizing::new(Vec::new());
            for (_, line) in lines {
                text.extend_from_slice(line.as_bytes());
                text.push(b'\n');
            }
            private::write(&folder.join(table.file()), &text)?;
        }
        Ok(())
    }
}

/// Reads the tables of a folder; lines that are none are told and passed over.
///
/// # Errors
/// There is no table in it, or one cannot be read; the text names it.
pub(crate) fn read(folder: &Path) -> Result<Tables, String> {
    let mut tables = Tables::default();
    let mut found = false;
    for table in Table::ALL {
        let Some(text) = text(folder, table)? else {
            continue;
        };
        found = true;
        for wrong in tables.read(table, &text) {
            complain(&format!(
                "{}/{wrong}; the line is passed over",
                folder.display()
            ));
        }
    }
    match found {
        true => Ok(tables),
        false => Err(format!(
            "{}: no key table in it; give the folder with {}",
            folder.display(),
            Table::Ikev1.file()
        )),
    }
}

/// The text of a table, as far as it is read; `None` when it is not there.
fn text(folder: &Path, table: Table) -> Result<Option<Zeroizing<String>>, String> {
    let path = folder.join(table.file());
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let file = match File::open(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(told)?,
    };
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_TABLE)
        .read_to_string(&mut text)
        .map_err(told)?;
    Ok(Some(text))
}

/// The folder of a capture that is about to be written: `FILE.keys`.
pub(crate) fn folder_of(capture: &Path) -> PathBuf {
    let mut name = capture.as_os_str().to_owned();
    name.push(".keys");
    PathBuf::from(name)
}

/// Tables beside a capture: `FILE.keys`, or `keys` in its folder as a lab leaves them.
pub(crate) fn beside(capture: &Path) -> Option<PathBuf> {
    let neighbour = capture.parent().map(|folder| folder.join("keys"));
    let candidates = [Some(folder_of(capture)), neighbour];
    let has_tables = |folder: &PathBuf| Table::ALL.iter().any(|t| folder.join(t.file()).is_file());
    candidates.into_iter().flatten().find(has_tables)
}

fn make_folder(folder: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("{}: {e}", folder.display());
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(told(e)),
    }
    let found = fs::symlink_metadata(folder).map_err(told)?;
    let ours = found.is_dir() && found.uid() == nix::unistd::geteuid().as_raw();
    match ours && found.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(format!(
            "{}: it must be a folder of yours with mode 0700; remove it or choose another name",
            folder.display()
        )),
    }
}
