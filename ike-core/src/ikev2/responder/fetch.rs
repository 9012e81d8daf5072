//! The initiator names its certificate by hash and URL: fetched before its IKE_AUTH request is worked on
//! (RFC 7296 3.6).

use ike_wire::v2::NotifyType;

use super::auth::{Asked, identified, refuse};
use super::{Responder, Step};
use crate::ikev2::context::Context;
use crate::ikev2::fetch::{self, Fetch};
use crate::ikev2::shell::Shell;
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;

/// A request that waits for its certificate.
pub(crate) struct Fetching {
    asked: Box<Asked>,
    fetch: Fetch,
}

/// Fetches what has to be fetched, then goes on.
pub(super) fn begin(shell: &mut Shell, ctx: &mut Context<'_>, asked: Asked) -> Step {
    match fetch::begin(shell, ctx, asked.request()) {
        Ok(Some(fetch)) => Step::Stay(Responder::Fetching(Box::new(Fetching {
            asked: Box::new(asked),
            fetch,
        }))),
        Ok(None) => identified(shell, ctx, asked),
        Err(why) => refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why),
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
        match fetch::finish(&self.fetch, outcome, self.asked.request_mut()) {
            Ok(()) => identified(shell, ctx, *self.asked),
            Err(why) => {
                let failed = NotifyType::AUTHENTICATION_FAILED;
                refuse(shell, ctx, *self.asked, failed, &why)
            }
        }
    }
}
