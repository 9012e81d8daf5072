//! How each trustpoint judged a chain: what a refusal is explained with. Nothing is checked for it that the search
//! does not check anyway.

use crate::{
    anchor::{Anchor, RevocationMethod},
    link::Path,
    name::Name,
    refusal::ValidationError,
};

/// Judgements of one validation that are kept.
pub const MAX_JUDGEMENTS: usize = 32;

/// How one trustpoint judged a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The trustpoint.
    pub trustpoint: String,
    /// Subject of its CA certificate.
    pub ca: Name,
    /// Its `revocation-check`, in order.
    pub revocation: Vec<RevocationMethod>,
    /// Subjects of the certificates that lead to it, leaf first; empty where none does.
    pub path: Vec<Name>,
    /// What it says.
    pub opinion: Opinion,
}

/// What a trustpoint says of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// It was not asked: one before it believes the chain.
    NotAsked,
    /// No certificate of the chain names its CA as the issuer.
    NotIssuer,
    /// A path leads to its CA, and a check failed.
    Refused(ValidationError),
    /// It believes the chain.
    Believed,
}

impl Judgement {
    fn new(anchor: &Anchor, opinion: Opinion) -> Self {
        Self {
            trustpoint: anchor.trustpoint.clone(),
            ca: anchor.certificate.subject().clone(),
            revocation: anchor.revocation.clone(),
            path: Vec::new(),
            opinion,
        }
    }
}

/// What trustpoints said so far.
#[derive(Default)]
pub(crate) struct Judgements {
    said: Vec<Judgement>,
}

impl Judgements {
    /// A trustpoint has spoken about a path; of several paths the last counts.
    pub(crate) fn say(&mut self, anchor: &Anchor, path: &Path<'_>, opinion: Opinion) {
        self.said.retain(|s| s.trustpoint != anchor.trustpoint);
        if self.said.len() < MAX_JUDGEMENTS {
            let names = path.certificates.iter().map(|c| c.subject().clone());
            let path = names.collect();
            self.said.push(Judgement {
                path,
                ..Judgement::new(anchor, opinion)
            });
        }
    }

    /// One for each trustpoint, in their order.
    pub(crate) fn of(self, anchors: &[Anchor]) -> Vec<Judgement> {
        let mut said = self.said;
        let believed = said.iter().any(|s| s.opinion == Opinion::Believed);
        let silent = || match believed {
            true => Opinion::NotAsked,
            false => Opinion::NotIssuer,
        };
        let one = |anchor: &Anchor| {
            let spoken = said
                .iter()
                .position(|s| s.trustpoint == anchor.trustpoint)
                .map(|index| said.swap_remove(index));
            spoken.unwrap_or_else(|| Judgement::new(anchor, silent()))
        };
        anchors.iter().take(MAX_JUDGEMENTS).map(one).collect()
    }
}
