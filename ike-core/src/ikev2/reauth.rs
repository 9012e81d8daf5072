//! Reauthentication: an IKE SA made from scratch takes the place of one whose proofs are old, make before
//! break (RFC 7296 2.8.3, RFC 4478; extensions that IOS 15.3T lacks).
//!
//! The side that started the first IKE SA starts this one too: without INITIAL_CONTACT, with a child SA for
//! each of the old one's; when they are there it deletes the old IKE SA. A responder says how long it
//! believes a proof, and ends what is older.

use std::time::Duration;

use ike_wire::v2::{Chain, NotifyType, Payload};

use super::context::{Context, FollowUp};
use super::established::{Established, Request, Wish, Work};
use super::notify::{self, notify};
use super::shell::Shell;
use crate::sa::SaId;
use crate::time::Timestamp;
use crate::trace::Ikev2Trace;

/// The shortest lifetime of a proof that is obeyed (H14).
const SHORTEST: u32 = 60;
/// An attempt that failed is followed by the next one after that time.
const RETRY: Duration = Duration::from_secs(30);

/// How long both sides' proofs count; handed on when the IKE SA is rekeyed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    /// The IKE SA in which they were given.
    pub lineage: SaId,
    /// We started that one.
    ours: bool,
    /// The end of every IKE SA that rests on them.
    until: Option<Timestamp>,
    /// When we start anew.
    next: Option<Timestamp>,
}

/// What an IKE SA takes the place of.
#[derive(Clone, Debug)]
pub struct Replaces {
    /// The IKE SA in which the old proofs were given.
    pub(super) lineage: SaId,
    /// Protections whose child SAs it needs.
    pub(super) protections: Vec<String>,
}

impl Validity {
    /// After IKE_AUTH: as long as the profile says, for an initiator at most as long as the responder does.
    pub(super) fn agreed(shell: &Shell, ctx: &mut Context<'_>, answer: Option<&Chain>) -> Self {
        let configured = shell.profile(ctx.config).and_then(|p| p.reauth);
        let ours = shell.record.initiator;
        let announced = answer.filter(|_| ours).and_then(auth_lifetime);
        let mut validity = Self {
            lineage: shell.id,
            ours,
            until: None,
            next: None,
        };
        validity.limit(ctx.now.mono, configured);
        if let Some(seconds) = announced {
            tell(shell, ctx, seconds);
            validity.limit(ctx.now.mono, Some(seconds));
        }
        validity
    }

    /// Never longer than before: a tenth of the time, at most a minute, is for the new IKE SA.
    fn limit(&mut self, now: Timestamp, seconds: Option<u32>) {
        let Some(seconds) = seconds else { return };
        let lifetime = Duration::from_secs(seconds.max(SHORTEST).into());
        let until = now + lifetime;
        if self.until.is_some_and(|known| known <= until) {
            return;
        }
        self.until = Some(until);
        let margin = (lifetime / 10).min(Duration::from_secs(60));
        self.next = self.ours.then(|| until - margin);
    }

    /// The next moment something is due.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        [self.until, self.next].into_iter().flatten().min()
    }
}

/// RFC 4478 3: the responder says in its IKE_AUTH response how many seconds it believes the initiator.
pub(super) fn lifetime_notify(shell: &Shell, ctx: &Context<'_>) -> Option<Payload> {
    let seconds = shell.profile(ctx.config)?.reauth?;
    let data = seconds.to_be_bytes().to_vec();
    Some(notify(NotifyType::AUTH_LIFETIME, data))
}

fn auth_lifetime(chain: &Chain) -> Option<u32> {
    let data = &notify::find(chain, NotifyType::AUTH_LIFETIME)?.data;
    data.as_ref().try_into().ok().map(u32::from_be_bytes)
}

fn tell(shell: &Shell, ctx: &mut Context<'_>, seconds: u32) {
    let told = format!("AUTH_LIFETIME, {seconds} seconds");
    shell.trace(ctx, Ikev2Trace::ReceivedNotify(told));
}

/// RFC 4478 3: a responder may say so later, in an exchange of its own.
pub(super) fn informed(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    request: &Chain,
) {
    let Some(seconds) = auth_lifetime(request).filter(|_| sa.proofs.validity.ours) else {
        return;
    };
    tell(shell, ctx, seconds);
    sa.proofs.validity.limit(ctx.now.mono, Some(seconds));
}

/// Starts the new IKE SA in time, and ends what is left when time is up.
pub(super) fn due(shell: &Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    let now = ctx.now.mono;
    let validity = &mut sa.proofs.validity;
    if validity.until.is_some_and(|at| now >= at) {
        validity.until = None;
        validity.next = None;
        if !sa.is_ending() {
            let reason = "authentication lifetime expired".to_owned();
            sa.wish(ctx, Wish::DeleteIke(reason));
        }
    } else if validity.next.is_some_and(|at| now >= at) {
        validity.next = Some(now + RETRY);
        if !sa.is_ending() {
            ctx.follow_ups.push(FollowUp::Reauthenticate(shell.id));
        }
    }
}

/// The new IKE SA is there: it makes the child SAs that IKE_AUTH did not.
pub(super) fn established(shell: &Shell, ctx: &Context<'_>, sa: &mut Established) {
    let names = shell.replaces.iter().flat_map(|r| &r.protections);
    for name in names
        .filter(|name| !sa.is_ending() && !sa.serves(name))
        .cloned()
        .collect::<Vec<_>>()
    {
        sa.wish(ctx, Wish::NewChild(name));
    }
}

/// Once the new IKE SA has its child SAs the old one goes.
pub(super) fn settled(shell: &mut Shell, ctx: &mut Context<'_>, sa: &Established) {
    let offered = |r: &Request| matches!(r, Request::Child(_));
    let wanted = |w: &Wish| matches!(w, Wish::NewChild(_));
    let working = |w: &Work| matches!(w, Work::PrepareChild(_) | Work::FinishChild(..));
    let busy = sa.requests.values().any(offered)
        || sa.wishes.iter().any(|(_, w)| wanted(w))
        || sa.jobs.values().any(working);
    if busy || sa.is_ending() {
        return;
    }
    if let Some(Replaces { lineage, .. }) = shell.replaces.take() {
        ctx.follow_ups.push(FollowUp::Reauthenticated(lineage));
    }
}
