//! The lines of a configuration that a decision goes back to.

use std::collections::BTreeSet;

use ike_core::config::Place;
use ike_core::sa::record::Explained;
use serde::{Deserialize, Serialize};

use crate::lab::RouterCase;
use crate::secrets::censored;

/// How lines begin that open a block with a name that decisions mention.
const BLOCKS: [&str; 3] = [
    "crypto isakmp profile ",
    "crypto ikev2 profile ",
    "crypto pki trustpoint ",
];
/// How lines of a profile begin that name a trustpoint.
const CHOICES: [&str; 2] = ["ca trust-point ", "pki trustpoint "];

/// A line of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The command in full.
    pub command: String,
}

/// Where that stands which a decision is about; where it does not say, what its words name.
pub(crate) fn lines(router: &RouterCase, explained: &Explained) -> Vec<Line> {
    let subjects = explained.about.iter();
    let mut found: Vec<&Place> = subjects.flat_map(|s| s.places(&router.places)).collect();
    if found.is_empty() {
        found = by_words(router, explained);
    }
    found.into_iter().map(|place| line(router, place)).collect()
}

/// A line for people and programs.
fn line(router: &RouterCase, place: &Place) -> Line {
    Line {
        file: router.file.clone(),
        line: place.line,
        column: place.column,
        // I6: it is printed and mailed.
        command: censored(&place.command),
    }
}

/// Where the profiles and trustpoints stand that a decision names: a line by which a named profile chooses a named
/// trustpoint says more than the blocks of both, and a profile more than its trustpoints.
fn by_words<'a>(router: &'a RouterCase, explained: &Explained) -> Vec<&'a Place> {
    let named = names(explained);
    let choices = |p: &&Place| named_in(&p.block, &named) && chooses(&p.command, &named);
    let opens = |p: &&Place| p.block.is_empty() && named_in(&p.command, &named);
    let places = router.places.iter();
    let mut found: Vec<&Place> = places.clone().filter(choices).collect();
    if found.is_empty() {
        found = places.filter(opens).collect();
        if found.iter().any(|p| is_profile(p)) {
            found.retain(|p| is_profile(p));
        }
    }
    found
}

fn is_profile(place: &Place) -> bool {
    place.command.contains(" profile ")
}

/// The words of decision and reason.
fn names(explained: &Explained) -> BTreeSet<&str> {
    let texts = [&explained.decision, &explained.because];
    let words = texts.into_iter().flat_map(|t| t.split_whitespace());
    words
        .map(|word| word.trim_matches(|c: char| ",;:.()`".contains(c)))
        .collect()
}

fn named_in(opening: &str, names: &BTreeSet<&str>) -> bool {
    let name = BLOCKS.iter().find_map(|b| opening.strip_prefix(b));
    name.is_some_and(|name| names.contains(name))
}

fn chooses(command: &str, names: &BTreeSet<&str>) -> bool {
    let rest = CHOICES.iter().find_map(|c| command.strip_prefix(c));
    let trustpoint = rest.and_then(|rest| rest.split(' ').next());
    trustpoint.is_some_and(|trustpoint| names.contains(trustpoint))
}

#[cfg(test)]
mod tests {
    use ike_core::policy::Subject;

    use super::*;
    use crate::lab::Case;

    /// What a decision is about goes before what its words name.
    #[test]
    fn a_subject_has_the_lines_of_its_object() {
        let case = Case::embedded("t-01").unwrap();
        let mut explained = Explained::new("S-010", "asks for CA1", "prof1 names IOSCA1");
        explained.about.push(Subject::Block {
            command: "crypto isakmp policy".to_owned(),
        });
        let found = lines(&case.routers[0], &explained);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].command, "crypto isakmp policy 10");
    }
}
