//! What to try, the likely and small first.

use super::edit::{Change, Edit};
use super::side::Side;
use super::{agree, identity, keys, reach, trust};
use crate::lab::Case;

/// Where a negotiation ended, as far as it tells what may be at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing came, or nothing could be sent.
    Reach,
    /// Policies or proposals.
    Offer,
    /// Keys, certificates, identities.
    Proof,
    /// The child SA, or whose profile it was.
    Child,
}

impl Stage {
    /// That of a message; IKE_AUTH is both proof and child.
    pub(super) fn of(message: Option<&str>) -> &'static [Self] {
        match message {
            None => &[Self::Reach, Self::Offer],
            Some("MM1" | "MM2" | "IKE_SA_INIT") => &[Self::Offer, Self::Reach],
            Some("IKE_AUTH") => &[Self::Proof, Self::Child],
            Some(m) if m.starts_with("MM") => &[Self::Proof],
            Some(_) => &[Self::Child],
        }
    }
}

/// Everything that may help in a case whose failing direction ended at that message: what fits the message goes first, and
/// among that the smaller edit.
pub(super) fn candidates(case: &Case, message: Option<&str>) -> Vec<Edit> {
    let stages = Stage::of(message);
    let mut ranked: Vec<(usize, usize, Edit)> = Vec::new();
    for side in Side::both(case) {
        for (fits, edits) in groups(side) {
            let rank = stages.iter().position(|s| fits.contains(s));
            let rank = rank.unwrap_or(stages.len());
            ranked.extend(edits.into_iter().map(|edit| (rank, cost(&edit), edit)));
        }
    }
    ranked.sort_by_key(|(rank, cost, _)| (*rank, *cost));
    let mut found: Vec<Edit> = Vec::new();
    for (_, _, edit) in ranked {
        if !found.contains(&edit) {
            found.push(edit);
        }
    }
    found
}

/// Edits of every kind, and the stages where they may help.
fn groups(side: Side<'_>) -> [(&'static [Stage], Vec<Edit>); 8] {
    use Stage::{Child, Offer, Proof, Reach};
    [
        (&[Proof], keys::edits(side)),
        (&[Proof], trust::edits(side)),
        (&[Proof], agree::methods(side)),
        (&[Reach, Child], reach::edits(side)),
        (&[Child, Proof], identity::bindings(side)),
        (&[Child], agree::children(side)),
        (&[Proof, Child], identity::edits(side)),
        (&[Offer], agree::offers(side)),
    ]
}

/// Lines that it touches; what only takes something away or changes an order comes after what says something.
fn cost(edit: &Edit) -> usize {
    let of = |change: &Change| match change {
        Change::Replace { .. } => 2,
        Change::Add { .. } => 2,
        Change::Renew { .. } => 3,
        Change::Remove { .. } => 4,
    };
    edit.0.iter().map(of).sum()
}
