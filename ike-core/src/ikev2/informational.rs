//! INFORMATIONAL: deletion, liveness, errors told afterwards (RFC 7296 1.4, 1.4.1, 2.25; C14, C15).

use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v2::{Body, Chain, Delete, NotifyType, Payload, ProtocolId};

use super::child::Life;
use super::configuration;
use super::context::{Context, FollowUp};
use super::established::{Established, Served, Wish};
use super::mobike;
use super::notify;
use super::reauth;
use super::redirect;
use super::rekey_ike;
use super::shell::Shell;
use super::table;
use crate::policy::Decision;
use crate::trace::Ikev2Trace;

/// SPIs kept that were deleted before their exchange was complete here.
const MAX_EARLY: usize = 64;

/// A request of the peer: it is answered whatever it says.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    served: Served<'_>,
) {
    let Served { id, chain } = served;
    let exchange = (ExchangeType::V2_INFORMATIONAL, id);
    if table::check(table::Message::Informational, chain).is_err() {
        let refusal = notify::notify(NotifyType::INVALID_SYNTAX, Vec::new());
        return shell.respond(ctx, &mut sa.sk, exchange, &[refusal]);
    }
    for n in notify::notifies(chain).filter(|n| n.ty.is_error()) {
        shell.trace(ctx, Ikev2Trace::ReceivedNotify(n.ty.to_string()));
    }
    let deletes: Vec<&Delete> = chain
        .all(PayloadType::V2_DELETE)
        .filter_map(|(_, body)| match body {
            Body::Delete(delete) => Some(delete),
            _ => None,
        })
        .collect();
    reauth::informed(shell, ctx, sa, chain);
    redirect::informed(shell, ctx, sa, chain);
    // RFC 7296 2.21.2: an initiator that refuses our AUTH says so here.
    let refused = notify::find(chain, NotifyType::AUTHENTICATION_FAILED).is_some();
    if refused || deletes.iter().any(|d| d.protocol == ProtocolId::IKE) {
        return end(shell, ctx, sa, exchange, refused);
    }
    let mut answer: Vec<u32> = Vec::new();
    for delete in deletes.iter().filter(|d| d.protocol == ProtocolId::ESP) {
        answer.extend(delete_children(shell, ctx, sa, delete));
    }
    let mut payloads: Vec<Payload> = match answer.is_empty() {
        true => Vec::new(),
        false => vec![Body::Delete(Delete::ipsec(ProtocolId::ESP, &answer)).into()],
    };
    let certificate = sa.proofs.validated_by().is_some();
    payloads.extend(configuration::inform(shell, ctx, certificate, chain));
    payloads.extend(mobike::serve(shell, ctx, sa, id, chain));
    shell.respond(ctx, &mut sa.sk, exchange, &payloads);
}

/// The peer deletes the IKE SA: an empty answer, and it is gone with its child SAs (1.4.1). If the peer
/// has rekeyed it while our own attempt was out, it did not see the collision, and ours is forgotten
/// (2.8.2).
fn end(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    exchange: (ExchangeType, u32),
    refused: bool,
) {
    shell.respond(ctx, &mut sa.sk, exchange, &[]);
    if let Some(old) = sa.waited_for_by.take() {
        ctx.follow_ups.push(FollowUp::DeleteNow(old));
    }
    match sa.twin.take() {
        Some(twin) => {
            rekey_ike::succeeded_by(ctx, sa, twin.id);
        }
        None => sa.children.clear(ctx, shell.tunnel),
    }
    let reason = match refused {
        true => "the peer answers AUTHENTICATION_FAILED",
        false => "deleted by the peer",
    };
    if refused {
        shell.record.up = false;
        shell.ends(ctx, "IKE_AUTH", Decision::new((), "E-5", reason));
    }
    shell.kill(ctx, reason);
}

/// The peer deletes its inbound SAs; ours go with them and are told, except those we have asked to delete
/// ourselves (1.4.1) and those that are not there (2.25.1, C15).
fn delete_children(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    delete: &Delete,
) -> Vec<u32> {
    let mut answer = Vec::new();
    for octets in &delete.spis {
        let Ok(octets) = <[u8; 4]>::try_from(octets.as_ref()) else {
            continue;
        };
        let theirs = u32::from_be_bytes(octets);
        let found = sa.children.by_peer_spi(theirs);
        let Some(child) = found.map(|c| (c.spec.spi_in, c.state, c.spec.protection.clone())) else {
            if sa.offers_child() && sa.deleted_early.len() < MAX_EARLY {
                sa.deleted_early.push(theirs);
            }
            continue;
        };
        let (spi, state, protection) = child;
        sa.children.remove(ctx, shell.tunnel, spi);
        if matches!(state, Life::Superseded(_)) {
            // What lost a collision is gone: what both replaced may go too.
            sa.hasten(ctx, |wish| matches!(wish, Wish::DeleteChildren(_)));
        }
        if state != Life::Deleting {
            answer.push(spi);
        }
        // RFC 7296 2.8: the peer is ready for what replaces it.
        for new in sa.children.incomplete(&protection) {
            sa.children.install_outbound(ctx, shell.tunnel, new);
        }
    }
    answer
}

/// The answer to our deletion of child SAs: they are gone on both sides, whatever it says.
pub(super) fn children_deleted(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    spis: &[u32],
) {
    for spi in spis {
        sa.children.remove(ctx, shell.tunnel, *spi);
    }
}

/// Errors in answers to our INFORMATIONAL are told and change nothing.
pub(super) fn tell_errors(shell: &Shell, ctx: &mut Context<'_>, chain: &Chain) {
    for n in notify::notifies(chain).filter(|n| n.ty.is_error()) {
        shell.trace(ctx, Ikev2Trace::ReceivedNotify(n.ty.to_string()));
    }
}
