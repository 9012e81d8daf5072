//! Starting what an established SA wants as soon as its window and its other exchanges allow it, and
//! what is due by time (RFC 7296 2.3, 2.4, 2.8, 2.25).

use std::time::Duration;

use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Delete, Payload, ProtocolId};

use super::child::Life;
use super::context::Context;
use super::established::{Established, Request, Wish, Work};
use super::shell::Shell;
use super::{create_child, mobike, reauth, rekey_ike};
use crate::policy::Subject;
use crate::sa::action::Action;
use crate::time::Timestamp;
use crate::trace::Ikev2Trace;

/// Octets of a nonce of CREATE_CHILD_SA: enough for every PRF (RFC 7296 2.10).
pub(super) const NONCE: usize = 32;
/// After TEMPORARY_FAILURE (RFC 7296 2.25): long enough for the other exchange to end.
const RETRY: Duration = Duration::from_secs(3);
/// How long a responder of a rekeying sends on the old child SA when it hears nothing on the new one.
const OUTBOUND: Duration = Duration::from_secs(5);

/// Starts every wish that may start now.
pub(super) fn pump(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    let mut waiting = std::mem::take(&mut sa.wishes);
    // Whoever rekeys the IKE SA has to see which child SAs are about to go.
    let last = |(_, wish): &(Timestamp, Wish)| !matches!(wish, Wish::DeleteChildren(_));
    waiting.make_contiguous().sort_by_key(last);
    while let Some((at, wish)) = waiting.pop_front() {
        if at <= ctx.now.mono && shell.dead.is_none() && may_start(shell, sa, &wish) {
            start(shell, ctx, sa, wish);
        } else {
            sa.wish_at(at, wish);
        }
    }
}

/// What stands in a wish's way: no room in the peer's window, or an exchange it must not meet (RFC 7296
/// 2.25: we do not start what the peer would have to refuse).
fn may_start(shell: &Shell, sa: &Established, wish: &Wish) -> bool {
    if *wish == Wish::Liveness && !sa.requests.is_empty() {
        return true;
    }
    let now = sa.situation();
    let preparing = |w: &Work| matches!(w, Work::PrepareChild(_) | Work::PrepareIke(_));
    let preparing = sa.jobs.values().any(preparing);
    let closing = sa
        .requests
        .values()
        .any(|r| matches!(r, Request::DeleteIke));
    if !shell.outgoing.may_send() || preparing || closing {
        return false;
    }
    match wish {
        Wish::DeleteIke(_) => !(now.rekeying || now.child_exchange),
        Wish::Liveness | Wish::CheckPath => true,
        // While a successor is made the child SAs are about to leave for it; this goes with them.
        Wish::DeleteChildren(_) => !(now.rekeying || now.superseded),
        Wish::NewChild(_) | Wish::RekeyChild(_) => may_offer_child(sa),
        Wish::RekeyIke => may_rekey_ike(sa),
    }
}

/// RFC 7296 2.25.2: not while the IKE SA is rekeyed or closed.
pub(super) fn may_offer_child(sa: &Established) -> bool {
    let now = sa.situation();
    !(now.rekeying || now.superseded || now.closing)
}

/// RFC 7296 2.25.1: not while a child SA is created, rekeyed or closed, or is about to be closed.
pub(super) fn may_rekey_ike(sa: &Established) -> bool {
    let deletes = |w: &Wish| matches!(w, Wish::DeleteChildren(_));
    may_offer_child(sa)
        && !sa.situation().child_exchange
        && !sa.wishes.iter().any(|(_, w)| deletes(w))
}

fn start(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established, wish: Wish) {
    match wish {
        Wish::NewChild(name) => create_child::start_new(shell, ctx, sa, &name),
        Wish::RekeyChild(spi) => create_child::start_rekey(shell, ctx, sa, spi),
        Wish::RekeyIke => rekey_ike::start(shell, ctx, sa),
        Wish::DeleteChildren(spis) => {
            let delete = Body::Delete(Delete::ipsec(ProtocolId::ESP, &spis));
            inform(
                shell,
                ctx,
                sa,
                &[delete.into()],
                Request::DeleteChildren(spis),
            );
        }
        Wish::DeleteIke(reason) => {
            shell.trace(ctx, Ikev2Trace::QueueingDelete(reason));
            let delete: Payload = Body::Delete(Delete::ike()).into();
            inform(shell, ctx, sa, &[delete], Request::DeleteIke);
            // RFC 7296 1.4.1: with the IKE SA its child SAs go.
            sa.children.clear(ctx, shell.tunnel);
        }
        Wish::CheckPath => {
            let (cookie, check) = mobike::check(shell, ctx);
            inform(shell, ctx, sa, &[cookie], Request::CheckPath(check));
        }
        Wish::Liveness => {
            check(shell, ctx, sa);
        }
    }
}

/// Any request of ours that is out asks for a sign of life already, and is taken for the check when there
/// was none for long (RFC 7296 2.4).
fn check(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    let now = ctx.now.mono;
    let Some(checks) = sa.liveness.checks().filter(|_| sa.liveness.checking()) else {
        return;
    };
    if sa.requests.is_empty() {
        shell.trace(ctx, Ikev2Trace::Liveness);
        inform(shell, ctx, sa, &[], Request::Liveness);
    } else if !sa.liveness.silent(now) {
        return sa.liveness.forgo();
    }
    shell.outgoing.check(now, checks.retry);
}

fn inform(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    payloads: &[Payload],
    request: Request,
) {
    let exchange = ExchangeType::V2_INFORMATIONAL;
    if let Some(id) = shell.request(ctx, &mut sa.sk, exchange, payloads) {
        sa.requests.insert(id, request);
    }
}

/// Wants the same again after TEMPORARY_FAILURE; a random part keeps both ends from meeting again.
pub(super) fn later(ctx: &mut Context<'_>, sa: &mut Established, wish: Wish) {
    let part = u32::from(ctx.entropy.octets8()[0]);
    sa.wish_at(ctx.now.mono + RETRY + RETRY * part / 256, wish);
}

/// Deletes a child SA: from now on it is not rekeyed any more.
pub(super) fn delete_child(ctx: &Context<'_>, sa: &mut Established, spi: u32) {
    delete_child_after(ctx, sa, spi, Duration::ZERO);
}

/// The same with a wait before the peer is told.
pub(super) fn delete_child_after(
    ctx: &Context<'_>,
    sa: &mut Established,
    spi: u32,
    wait: Duration,
) {
    if let Some(child) = sa.children.get_mut(spi) {
        child.state = Life::Deleting;
        sa.wish_at(ctx.now.mono + wait, Wish::DeleteChildren(vec![spi]));
    }
}

/// The outbound half of a child SA is installed when the peer is known to be ready, at last after a
/// while (RFC 7296 2.8).
pub(super) fn outbound_later(ctx: &Context<'_>, sa: &mut Established, spi: u32) {
    if let Some(child) = sa.children.get_mut(spi) {
        child.outbound_at = Some(ctx.now.mono + OUTBOUND);
    }
}

/// What is due by time.
pub(super) fn due(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    let now = ctx.now.mono;
    for spi in sa
        .children
        .iter()
        .map(|c| c.spec.spi_in)
        .collect::<Vec<_>>()
    {
        child_due(shell, ctx, sa, spi);
    }
    let quiet = sa.is_ending();
    if !quiet && now >= sa.rekey_at(shell.role) && !sa.wants_rekey() {
        sa.wish(ctx, Wish::RekeyIke);
    }
    if now >= sa.expires() || sa.superseded.is_some_and(|at| now >= at) {
        // A second wish would only repeat the first.
        if !sa.situation().closing {
            sa.wish(ctx, Wish::DeleteIke("lifetime expired".to_owned()));
        }
    }
    if !quiet && sa.liveness.poll(now) {
        sa.wish(ctx, Wish::Liveness);
    }
    reauth::due(shell, ctx, sa);
    keepalive(shell, ctx, sa);
}

fn child_due(shell: &Shell, ctx: &mut Context<'_>, sa: &mut Established, spi: u32) {
    let now = ctx.now.mono;
    let Some(child) = sa.children.get(spi) else {
        return;
    };
    let (state, expired) = (child.state, now >= child.expires());
    let rekey = state == Life::Live && now >= child.rekey_at();
    if child.outbound_at.is_some_and(|at| now >= at) {
        sa.children.install_outbound(ctx, shell.tunnel, spi);
    }
    match state {
        _ if expired => {
            // RFC 7296 2.8: an SA that ends by age is deleted, not left to the peer.
            sa.children.remove(ctx, shell.tunnel, spi);
            sa.wish(ctx, Wish::DeleteChildren(vec![spi]));
        }
        Life::Superseded(at) if now >= at => delete_child(ctx, sa, spi),
        Life::Live if rekey && !sa.is_ending() => sa.wish(ctx, Wish::RekeyChild(spi)),
        _ => {}
    }
}

/// G-044: only the end behind the NAT keeps the mapping alive (RFC 3948 4).
fn keepalive(shell: &Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    if sa.keepalive_at.is_some_and(|at| ctx.now.mono >= at) {
        sa.keepalive_at = next_keepalive(shell, ctx);
        ctx.out.push(Action::Keepalive {
            local: shell.local,
            remote: shell.remote,
        });
    }
}

/// When the next one is due, if any are configured.
pub(super) fn next_keepalive(shell: &Shell, ctx: &Context<'_>) -> Option<Timestamp> {
    let interval = shell
        .profile(ctx.config)
        .and_then(|p| p.nat_keepalive)
        .or(ctx.config.ikev2.nat_keepalive)?;
    Some(ctx.now.mono + Duration::from_secs(interval.into()))
}

/// A request was never answered: the peer is gone, and the SA with it (RFC 7296 2.4).
pub(super) fn gone(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    shell.trace(ctx, Ikev2Trace::RetransmissionsExhausted);
    lost(shell, ctx, sa, "Maximum number of retransmissions reached");
}

/// The same by a liveness check (G-044).
pub(super) fn silent(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    shell.trace(ctx, Ikev2Trace::RetransmissionsExhausted);
    if let Some(checks) = sa.liveness.checks() {
        let profile = shell.profile(ctx.config).filter(|p| p.dpd.is_some());
        let about = match profile {
            Some(profile) => Subject::ikev2_profile(&profile.name).line("dpd"),
            None => Subject::block("crypto ikev2 dpd"),
        };
        shell.why(ctx, "liveness", &checks.dead("G-044").about([about]));
    }
    lost(shell, ctx, sa, "Peers lost (DPD)");
}

fn lost(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established, why: &str) {
    if let Some(twin) = sa.twin.take() {
        rekey_ike::succeeded_by(ctx, sa, twin.id);
    }
    shell.kill(ctx, why);
}
