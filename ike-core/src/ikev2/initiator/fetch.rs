//! The responder names its certificate by hash and URL: fetched before its proof is judged (RFC 7296 3.6).

use ike_wire::v2::Chain;

use super::auth::{AuthSent, refuse};
use super::{Initiator, Step};
use crate::ikev2::context::Context;
use crate::ikev2::fetch::{self, Fetch};
use crate::ikev2::shell::Shell;
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;

/// An answer that waits for its certificate.
pub(crate) struct Fetching {
    sent: AuthSent,
    answer: Chain,
    fetch: Fetch,
}

/// Fetches what has to be fetched, then goes on.
pub(super) fn begin(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sent: AuthSent,
    answer: Chain,
) -> Step {
    match fetch::begin(shell, ctx, &answer) {
        Ok(Some(fetch)) => Step::Stay(Initiator::Fetching(Box::new(Fetching {
            sent,
            answer,
            fetch,
        }))),
        Ok(None) => sent.judged(shell, ctx, &answer),
        Err(why) => refuse(shell, ctx, sent, &why),
    }
}

impl Fetching {
    /// The fetch under way.
    pub(super) fn job(&self) -> JobId {
        self.fetch.job()
    }

    /// Something came, or nothing.
    pub(super) fn fetched(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        match fetch::finish(&self.fetch, outcome, &mut self.answer) {
            Ok(()) => self.sent.judged(shell, ctx, &self.answer),
            Err(why) => refuse(shell, ctx, self.sent, &why),
        }
    }
}
