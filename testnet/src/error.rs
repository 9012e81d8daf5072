//! The one error of this crate: what was being done, and why the kernel refused.

use std::io;

/// An operation the kernel refused: `doing` says what was asked, `source` why it failed.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct Error {
    doing: String,
    #[source]
    source: io::Error,
}

/// Result of the operations of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error saying what was `doing` and why it failed.
    pub fn new(doing: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self {
            doing: doing.into(),
            source: source.into(),
        }
    }

    /// An error whose reason is a text, not a number of the kernel.
    pub(crate) fn because(doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(doing, io::Error::other(why.into()))
    }

    /// The reason alone.
    pub fn reason(&self) -> &io::Error {
        &self.source
    }
}

/// Adds "what was being done" to a bare error of the operating system.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Doing<T> for std::result::Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::new(what(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_and_why() {
        let error = Error::new("add route 10.0.0.0/8", nix::errno::Errno::EPERM);
        let text = error.to_string();
        assert!(text.starts_with("add route 10.0.0.0/8: "), "{text}");
        assert!(text.contains("not permitted"), "{text}");
    }
}
