//! The routers of a story.

use super::{Names, Party};
use crate::lab::{Case, RouterCase};

/// The initiator, then the responder; the names of their secrets are shared.
pub(super) fn of(case: &Case) -> Vec<Party> {
    let mut names = Names::default();
    let party = |router: &RouterCase| Party {
        name: router.name.clone(),
        file: router.file.clone(),
        config: names.hide(&router.text),
        order: router.order.clone(),
    };
    [case.initiator(), case.responder()].map(party).into()
}
