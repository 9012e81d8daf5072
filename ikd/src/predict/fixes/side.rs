//! One router as the makers of candidates look at it: its lines, and the other router.

use std::net::IpAddr;

use ike_core::config::Place;

use super::edit::{Change, Edit, Written, remove, replace};
use crate::lab::{Case, RouterCase};

/// How the first lines of profiles of phase 1 begin.
pub(super) const ISAKMP_PROFILE: &str = "crypto isakmp profile ";
/// The same of IKEv2.
pub(super) const IKEV2_PROFILE: &str = "crypto ikev2 profile ";

/// A router and its peer.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    /// Index of the router in its case.
    pub index: usize,
    /// The router.
    pub router: &'a RouterCase,
    /// The other one.
    pub peer: &'a RouterCase,
}

impl<'a> Side<'a> {
    /// Both routers of a case.
    pub(super) fn both(case: &'a Case) -> [Self; 2] {
        [0, 1].map(|index| Self {
            index,
            router: &case.routers[index],
            peer: &case.routers[1 - index],
        })
    }

    /// As the peer looks at it.
    pub(super) fn turned(self) -> Self {
        Self {
            index: 1 - self.index,
            router: self.peer,
            peer: self.router,
        }
    }

    /// The first lines of blocks that begin so.
    pub(super) fn headers(self, prefix: &str) -> Vec<&'a Place> {
        let all = self.router.places.iter();
        all.filter(|p| p.block.is_empty() && p.command.starts_with(prefix))
            .collect()
    }

    /// The lines of a block that begin so.
    pub(super) fn lines(self, header: &Place, prefix: &str) -> Vec<&'a Place> {
        let all = self.router.places.iter();
        all.filter(|p| p.block == header.command && begins(&p.command, prefix))
            .collect()
    }

    /// Profiles of phase 1 or IKEv2: first those that a tunnel or crypto map names.
    pub(super) fn profiles(self, prefix: &str) -> Vec<&'a Place> {
        let used = self.used(prefix);
        let mut headers = self.headers(prefix);
        headers.sort_by_key(|header| !used.contains(&name(header)));
        headers
    }

    /// Names that `set isakmp-profile` or the like give, by the prefix of what they name.
    fn used(self, prefix: &str) -> Vec<&'a str> {
        let word = match prefix {
            ISAKMP_PROFILE => "isakmp-profile ",
            _ => "ikev2-profile ",
        };
        let named = |p: &'a Place| p.command.split_once(word).map(|(_, name)| name.trim());
        self.router.places.iter().filter_map(named).collect()
    }

    /// Where it is reached by its peer: the end of its first tunnel, else its first address.
    pub(super) fn address(self) -> Option<IpAddr> {
        let physical = || self.router.physical().into_iter().flatten().next();
        let own = physical().map(|(address, _)| address);
        self.router.ike_address().or(own)
    }

    /// `file:line` of one of its lines.
    pub(super) fn at(self, place: &Place) -> String {
        format!("{}:{}", self.router.file, place.line)
    }

    /// New text at the end of a block.
    pub(super) fn add(self, header: &Place, text: impl Into<String>) -> Change {
        self.add_written(header, Written::plain(text))
    }

    /// The same for text that is not shown as it is.
    pub(super) fn add_written(self, header: &Place, written: Written) -> Change {
        let nested = format!("{} ", header.command);
        let inside = |p: &&Place| p.block == header.command || p.block.starts_with(&nested);
        let direct = self.router.places.iter().rev();
        let last = direct
            .clone()
            .find(|p| inside(p) && p.line > header.line)
            .map_or(header.line, |p| p.line);
        Change::Add {
            router: self.index,
            at: header.line,
            after: last,
            written,
            under: header.command.clone(),
        }
    }

    /// New text of its own, behind everything there is.
    pub(super) fn append(self, written: Written) -> Change {
        let last = self.router.places.last().map_or(0, |place| place.line);
        Change::Add {
            router: self.index,
            at: last,
            after: self.router.text.lines().count(),
            written,
            under: String::new(),
        }
    }

    /// A line goes.
    pub(super) fn remove(self, place: &Place) -> Edit {
        Edit::one(remove(self.index, place))
    }

    /// A line changes.
    pub(super) fn replace(self, place: &Place, with: impl Into<String>) -> Edit {
        Edit::one(replace(self.index, place, with))
    }

    /// What makes the lines that begin with `prefix` those of the peer's block; none where they are alike.
    pub(super) fn align(self, mine: &Place, theirs: &Place, prefix: &str) -> Option<Change> {
        let own = self.lines(mine, prefix).last().copied();
        let other = self.turned().lines(theirs, prefix).last().copied();
        match (own, other) {
            (Some(own), Some(other)) if own.command == other.command => None,
            (Some(own), Some(other)) => Some(replace(self.index, own, &other.command)),
            (Some(own), None) => Some(remove(self.index, own)),
            (None, Some(other)) => Some(self.add(mine, &other.command)),
            (None, None) => None,
        }
    }
}

/// The last word of a line that names something.
pub(super) fn name(place: &Place) -> &str {
    place.command.rsplit(' ').next().unwrap_or_default()
}

/// Whether a command starts with these whole words.
pub(super) fn begins(command: &str, prefix: &str) -> bool {
    let rest = command.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || prefix.ends_with(' ') || rest.starts_with(' '))
}
