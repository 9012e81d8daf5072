//! What a capture had in it, and whether all of it could be read.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::message::{Message, Sealed};

/// The count of everything.
#[derive(Clone, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Tally {
    /// Packets in the file.
    pub packets: u64,
    /// IKE messages, malformed ones too.
    pub messages: u64,
    /// Messages that cannot be read to their end.
    pub malformed: u64,
    /// Messages that stay encrypted.
    pub encrypted: u64,
    /// Messages that keys opened.
    pub opened: u64,
    /// NAT keepalives.
    pub keepalives: u64,
    /// ESP packets in UDP.
    pub esp: u64,
    /// Fragments of IP, passed over.
    pub fragments: u64,
    /// Packets that end or contradict themselves before they say what they are.
    pub unreadable: u64,
    /// Packets of other protocols and ports.
    pub others: u64,
    /// Packets by link type that is not known here.
    pub unknown_links: BTreeMap<u16, u64>,
    /// Why the file was not read to its end.
    pub file_error: Option<String>,
}

impl Tally {
    /// Nothing was malformed.
    #[must_use]
    pub fn all_readable(&self) -> bool {
        self.malformed == 0
            && self.unreadable == 0
            && self.unknown_links.is_empty()
            && self.file_error.is_none()
    }

    pub(super) fn count(&mut self, message: &Message) {
        self.messages += 1;
        self.malformed += u64::from(message.error.is_some());
        self.encrypted += u64::from(message.sealed == Some(Sealed::Closed));
        self.opened += u64::from(message.sealed == Some(Sealed::Opened));
    }

    pub(super) fn unknown_link(&mut self, link: u16) {
        *self.unknown_links.entry(link).or_default() += 1;
    }

    pub(super) fn text(&self) -> String {
        let Self {
            packets,
            messages,
            malformed,
            encrypted,
            opened,
            keepalives,
            esp,
            fragments,
            unreadable,
            others,
            ..
        } = self;
        let mut out = format!(
            "{packets} packets: {messages} IKE messages ({malformed} malformed, {encrypted} encrypted, {opened} opened), \
             {keepalives} keepalives, \
             {esp} ESP in UDP, {fragments} IP fragments, {unreadable} unreadable, {others} others\n"
        );
        for (link, count) in &self.unknown_links {
            let _ = writeln!(
                out,
                "{count} packets of link type {link}, which is not known here"
            );
        }
        if let Some(error) = &self.file_error {
            let _ = writeln!(out, "stopped: {error}");
        }
        out
    }
}
