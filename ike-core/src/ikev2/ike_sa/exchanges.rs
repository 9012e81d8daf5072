//! The exchanges of an established SA: which module a request, an answer or a finished computation belongs
//! to.

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Chain, NotifyType, ProtocolId};

use super::super::context::Context;
use super::super::established::{Established, Request, Served, Wish, Work};
use super::super::notify::notify;
use super::super::shell::Shell;
use super::super::{create_child, informational, init, mobike, pump, rekey_ike, serve_child};
use crate::sa::job::JobOutcome;
use crate::trace::Ikev2Trace;

/// A request of an authenticated peer.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    exchange: ExchangeType,
    served: Served<'_>,
) {
    if exchange == ExchangeType::V2_INFORMATIONAL {
        return informational::serve(shell, ctx, sa, served);
    }
    let about_ike = init::security_association(served.chain)
        .and_then(|offer| offer.proposals.first())
        .is_some_and(|p| p.protocol == ProtocolId::IKE);
    match about_ike {
        true => rekey_ike::serve(shell, ctx, sa, served),
        false => serve_child::serve(shell, ctx, sa, served),
    }
}

/// The answer to one of our requests.
pub(super) fn answered(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    chain: Result<Chain, String>,
) {
    let Some(request) = sa.requests.remove(&id) else {
        return;
    };
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => {
            // RFC 7296 2.21.3: an answer we cannot read ends the SA.
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why.clone()));
            return shell.kill(ctx, &why);
        }
    };
    match request {
        Request::Child(offer) => create_child::answered(shell, ctx, sa, *offer, &chain),
        Request::RekeyIke(offer) => rekey_ike::answered(shell, ctx, sa, *offer, &chain),
        Request::DeleteChildren(spis) => {
            informational::children_deleted(shell, ctx, sa, &spis);
        }
        Request::DeleteIke => shell.kill(ctx, "deleted"),
        Request::CheckPath(check) => mobike::checked(shell, ctx, sa, &check, &chain),
        Request::Liveness => informational::tell_errors(shell, ctx, &chain),
    }
}

/// A computation of an exchange is done.
pub(super) fn computed(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    work: Work,
    outcome: JobOutcome,
) {
    match (work, outcome) {
        (Work::PrepareIke(_), JobOutcome::Public(Ok(_))) if !pump::may_rekey_ike(sa) => {
            // Something else began meanwhile (RFC 7296 2.25): it goes first.
            sa.wish(ctx, Wish::RekeyIke);
        }
        (Work::PrepareChild(offer), JobOutcome::Public(Ok(_))) if !pump::may_offer_child(sa) => {
            create_child::put_off(ctx, sa, &offer);
        }
        (Work::PrepareChild(offer), JobOutcome::Public(Ok(public))) => {
            create_child::send(shell, ctx, sa, *offer, Some(public));
        }
        (Work::PrepareIke(offer), JobOutcome::Public(Ok(public))) => {
            rekey_ike::send(shell, ctx, sa, *offer, public);
        }
        (Work::FinishChild(offer, agreement, nonce), JobOutcome::Shared(Ok(shared))) => {
            create_child::finish(shell, ctx, sa, *offer, *agreement, &nonce, Some(&shared));
        }
        (Work::FinishIke(offer, chosen, nonce), JobOutcome::Shared(Ok(shared))) => {
            rekey_ike::finish(shell, ctx, sa, &offer, &chosen, &nonce, &shared);
        }
        (
            Work::ServeChild(id, agreement, nonce, rekeyed),
            JobOutcome::PublicAndShared(Ok((public, shared))),
        ) => {
            let shared = Some((public, Some(&shared)));
            serve_child::finish(shell, ctx, sa, id, *agreement, &nonce, rekeyed, shared);
        }
        (Work::ServeIke(id, chosen, nonce), JobOutcome::PublicAndShared(Ok((public, shared)))) => {
            let asked = (id, &*chosen, &nonce);
            rekey_ike::serve_finish(shell, ctx, sa, asked, public, &shared);
        }
        (Work::ServeChild(id, ..) | Work::ServeIke(id, ..), _) => {
            // D1: a public value that is none.
            let refusal = notify(NotifyType::INVALID_SYNTAX, Bytes::new());
            let exchange = (ExchangeType::CREATE_CHILD_SA, id);
            shell.respond(ctx, &mut sa.sk, exchange, &[refusal]);
        }
        (_, outcome) => {
            let why = format!("a computation failed: {outcome:?}");
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why.clone()));
            sa.wish(ctx, Wish::DeleteIke(why));
        }
    }
}
