//! The web of a simulation: what URLs lead to.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::sa::job::{FetchError, JobOutcome};

/// Pages by URL, and who asked for what.
#[derive(Debug, Default)]
pub struct Web {
    pages: BTreeMap<String, Bytes>,
    /// URLs that were fetched, in order.
    pub fetched: Vec<String>,
}

impl Web {
    /// Puts something where a URL leads.
    pub fn publish(&mut self, url: &str, body: impl Into<Bytes>) {
        self.pages.insert(url.to_owned(), body.into());
    }

    pub(super) fn fetch(&mut self, url: String) -> JobOutcome {
        let body = self.pages.get(&url).cloned();
        self.fetched.push(url);
        JobOutcome::Fetched(body.ok_or_else(|| FetchError("404 Not Found".to_owned())))
    }
}
