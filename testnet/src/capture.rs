//! A capture shared by switches, routers and whoever has something to remark.
//!
//! Packets are written at once, so that a run that fails leaves a readable file.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Doing, Result};
use crate::pcapng::{LINKTYPE_RAW, Writer};

/// A pcapng file being written. Clones write to the same file.
#[derive(Clone)]
pub struct Capture {
    writer: Arc<Mutex<Writer<Box<dyn Write + Send>>>>,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capture")
    }
}

impl Capture {
    /// A capture into the file `path`, which is created or cut to nothing.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn to_file(path: &Path) -> Result<Self> {
        let doing = || format!("create capture {}", path.display());
        let file = File::create(path).doing(doing)?;
        Self::to_writer(file).doing(doing)
    }

    /// A capture into any writer.
    ///
    /// # Errors
    /// When the section header cannot be written.
    pub fn to_writer(to: impl Write + Send + 'static) -> io::Result<Self> {
        let writer = Writer::new(Box::new(to) as Box<dyn Write + Send>)?;
        Ok(Self {
            writer: Arc::new(Mutex::new(writer)),
        })
    }

    /// Adds an interface (LINKTYPE_RAW) and gives its number.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn interface(&self, name: &str) -> io::Result<u32> {
        self.lock().interface(name, LINKTYPE_RAW)
    }

    /// Records an IP packet as seen now on the interface with this number.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn packet(&self, interface: u32, packet: &[u8], comment: Option<&str>) -> io::Result<()> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut writer = self.lock();
        writer.packet(interface, now.as_micros() as u64, packet, comment)?;
        writer.flush()
    }

    fn lock(&self) -> MutexGuard<'_, Writer<Box<dyn Write + Send>>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_two_interfaces_are_in_the_file_at_once() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.pcapng");
        let capture = Capture::to_file(&path).expect("created");
        let inside = capture.interface("inside").expect("written");
        let outside = capture.clone().interface("outside").expect("written");
        capture.packet(outside, &[0x45, 0], None).expect("written");
        capture
            .packet(inside, &[0x45, 1], Some("why"))
            .expect("written");
        let records = crate::pcapng::read(&std::fs::read(&path).expect("file")).expect("sound");
        assert_eq!(records[0].interface, "outside");
        assert_eq!(records[1].comment.as_deref(), Some("why"));
        assert!(records[0].microseconds > 1_600_000_000_000_000);
    }
}
