//! What a translation has to say about lines of the configuration.

use std::fmt;

use ike_core::config::Place;
use serde::Serialize;

use crate::secrets::censored;

/// What it means that a line is not translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// charon behaves otherwise, or does not do it at all.
    Lost,
    /// charon has no need of it.
    Unneeded,
}

/// A line that charon is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The file as named by the caller.
    pub file: String,
    /// Line, from 1; 0 for what no line says.
    pub line: usize,
    /// The command with keywords in full; a secret in it is not shown.
    pub command: String,
    /// What it means.
    pub effect: Effect,
    /// Why, and the way out where there is one.
    pub reason: String,
}

impl fmt::Display for Remark {
    /// `r2.cfg:12: mode transport: kernel-libipsec has no transport mode`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.effect {
            Effect::Lost => "",
            Effect::Unneeded => "not needed by charon: ",
        };
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}: {what}{}", self.command, self.reason)
    }
}

/// Collects remarks and finds their lines.
pub(super) struct Remarks<'a> {
    file: &'a str,
    places: &'a [Place],
    found: Vec<Remark>,
}

impl<'a> Remarks<'a> {
    pub(super) fn new(file: &'a str, places: &'a [Place]) -> Self {
        Self {
            file,
            places,
            found: Vec::new(),
        }
    }

    /// Something is lost that the last line of `block` says which begins with `command`; without
    /// such a line the one that opens the block is named.
    pub(super) fn lost(&mut self, block: &str, command: &str, reason: impl Into<String>) {
        self.add(block, command, Effect::Lost, reason.into());
    }

    /// The same for something that is not needed.
    pub(super) fn unneeded(&mut self, block: &str, command: &str, reason: impl Into<String>) {
        self.add(block, command, Effect::Unneeded, reason.into());
    }

    fn add(&mut self, block: &str, command: &str, effect: Effect, reason: String) {
        let find = |block: &str, command: &str| {
            let mut lines = self.places.iter().rev();
            lines.find(|p| p.block == block && starts_with(&p.command, command))
        };
        let inside = Some(command).filter(|c| !c.is_empty());
        let place = inside.and_then(|c| find(block, c));
        let place = place.or_else(|| find("", block));
        let remark = match place {
            Some(place) => self.remark(place, effect, reason),
            None => Remark {
                file: self.file.to_owned(),
                line: 0,
                command: format!("{block} {command}").trim().to_owned(),
                effect,
                reason,
            },
        };
        self.found.push(remark);
    }

    /// Says it about one line.
    pub(super) fn about(&mut self, place: &Place, effect: Effect, reason: &str) {
        let remark = self.remark(place, effect, reason.to_owned());
        self.found.push(remark);
    }

    fn remark(&self, place: &Place, effect: Effect, reason: String) -> Remark {
        Remark {
            file: self.file.to_owned(),
            line: place.line,
            command: censored(&place.command),
            effect,
            reason,
        }
    }

    /// In the order of the lines, each once.
    pub(super) fn finish(mut self) -> Vec<Remark> {
        self.found.sort_by_key(|remark| remark.line);
        self.found.dedup();
        self.found
    }
}

/// By whole words: `group 2` does not begin `group 24`.
pub(super) fn starts_with(command: &str, beginning: &str) -> bool {
    let rest = command.strip_prefix(beginning);
    beginning.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_with_whole_words() {
        assert!(starts_with("group 2", "group 2") && starts_with("group 2 x", "group 2"));
        assert!(!starts_with("group 24", "group 2") && starts_with("group 24", ""));
    }
}
