//! CREATE_CHILD_SA for a child SA, as the side that starts it (RFC 7296 1.3.1, 1.3.3, 2.8, 2.8.1, 2.25).

use std::time::Duration;

use bytes::Bytes;
use ike_crypto::{Group, Secret};
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Chain, KeyExchange, NotifyType, Payload};

use super::child::{Agreement, GRACE, Life};
use super::child_offer;
use super::collision::{self, ANSWER_FIRST, Survivor};
use super::context::Context;
use super::established::{Established, Request, Shared, Wish, Work};
use super::init;
use super::notify::{self, about_esp};
use super::pump;
use super::shell::Shell;
use super::table;
use crate::policy::Decision;
use crate::policy::ikev2::esp;
use crate::policy::protection::Protection;
use crate::sa::job::Job;
use crate::trace::Ikev2Trace;

/// Our offer of a child SA.
pub(super) struct ChildOffer {
    /// The protection; its selectors are those of the child SA that is rekeyed.
    pub protection: Protection,
    /// Our inbound SPI.
    pub spi: u32,
    /// Ni.
    pub nonce: Bytes,
    /// Group and private value of the exchange's own Diffie-Hellman (PFS).
    pub private: Option<(Group, Secret)>,
    /// Inbound SPI of the child SA that it replaces.
    pub rekeys: Option<u32>,
    /// The peer has replaced the same child SA while our request was out.
    pub twin: Option<Twin>,
}

/// What the peer's exchange made in a collision.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    /// Our inbound SPI of it.
    pub spi: u32,
    /// The lower nonce of its exchange.
    pub lowest: Bytes,
}

/// Starts an exchange for a protection that has no child SA yet.
pub(super) fn start_new(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    name: &str,
) {
    if sa.children.of_protection(name).is_some() {
        return;
    }
    if let Some(protection) = ctx.protection(name).cloned() {
        start(shell, ctx, sa, protection, None);
    }
}

/// Starts the exchange that replaces a child SA.
pub(super) fn start_rekey(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    old: u32,
) {
    let Some(child) = sa.children.get_mut(old).filter(|c| c.state == Life::Live) else {
        return;
    };
    let Some(configured) = ctx.protection(&child.spec.protection) else {
        // The configuration has it no more: it ends by age.
        child.retry_at = child.expires();
        return;
    };
    let protection = Protection {
        local_selector: child.spec.local_selector,
        remote_selector: child.spec.remote_selector,
        ..configured.clone()
    };
    child.state = Life::Rekeying;
    start(shell, ctx, sa, protection, Some(old));
}

fn start(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    protection: Protection,
    rekeys: Option<u32>,
) {
    let group = protection.pfs.and_then(Group::from_iana);
    let private = group.map(|g| (g, ctx.entropy.secret(g.private_len())));
    let offer = ChildOffer {
        spi: sa.children.fresh_spi(ctx),
        nonce: ctx.entropy.bytes(pump::NONCE).into(),
        protection,
        private,
        rekeys,
        twin: None,
    };
    match offer.private.clone() {
        Some((group, private)) => {
            let job = ctx.run(shell.id, Job::Public { group, private });
            sa.jobs.insert(job, Work::PrepareChild(Box::new(offer)));
        }
        None => send(shell, ctx, sa, offer, None),
    }
}

/// Sends the offer: `[N(REKEY_SA)] SA Ni [KE] TSi TSr N...`.
pub(super) fn send(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: ChildOffer,
    public: Option<Bytes>,
) {
    let mut payloads: Vec<Payload> = Vec::new();
    // RFC 7296 1.3.3: the SPI is the one the sender of the notify receives with.
    payloads.extend(offer.rekeys.map(|spi| about_esp(NotifyType::REKEY_SA, spi)));
    let (proposals, selectors) = child_offer::offer(shell, ctx, &offer.protection, offer.spi, true);
    payloads.push(proposals);
    payloads.push(Body::Nonce(offer.nonce.clone()).into());
    if let Some(((group, _), public)) = offer.private.as_ref().zip(public) {
        payloads.push(Body::KeyExchange(KeyExchange::new(group.iana(), public)).into());
    }
    payloads.extend(selectors);
    payloads.extend(child_offer::child_notifies(esp::wants_transport(
        &offer.protection,
    )));
    let exchange = ExchangeType::CREATE_CHILD_SA;
    if let Some(id) = shell.request(ctx, &mut sa.sk, exchange, &payloads) {
        sa.requests.insert(id, Request::Child(Box::new(offer)));
    }
}

/// The answer to our offer.
pub(super) fn answered(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: ChildOffer,
    chain: &Chain,
) {
    if let Some(error) = notify::error(chain) {
        let ty = error.ty;
        return refused(shell, ctx, sa, &offer, ty);
    }
    match read(chain, &offer) {
        Ok((agreement, nonce, peer)) => match offer.private.clone().zip(peer) {
            Some(((group, private), peer)) => {
                let job = Job::Agree {
                    group,
                    private,
                    peer,
                };
                let job = ctx.run(shell.id, job);
                sa.jobs.insert(
                    job,
                    Work::FinishChild(Box::new(offer), Box::new(agreement), nonce),
                );
            }
            None => finish(shell, ctx, sa, offer, agreement, &nonce, None),
        },
        Err(why) => {
            // The peer has made the SA: it is taken back (RFC 7296 2.21.3).
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why));
            back_to_life(ctx, sa, &offer);
            sa.wish(ctx, Wish::DeleteChildren(vec![offer.spi]));
        }
    }
}

fn read(chain: &Chain, offer: &ChildOffer) -> Result<(Agreement, Bytes, Option<Bytes>), String> {
    table::check(table::Message::Child, chain)?;
    let agreement = child_offer::accept(chain, &offer.protection, offer.spi, true)?;
    let nonce = notify::nonce(chain).ok_or("no nonce")?.clone();
    let peer = match (&agreement.chosen.group, init::key_exchange(chain)) {
        (None, _) => None,
        (Some(group), Some(ke)) if ke.group == group.iana() => Some(ke.data.clone()),
        (Some(_), _) => return Err("the KE payload is missing or of another group".to_owned()),
    };
    Ok((agreement, nonce, peer))
}

/// The peer answered with an error.
fn refused(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: &ChildOffer,
    ty: NotifyType,
) {
    shell.trace(ctx, Ikev2Trace::ReceivedNotify(ty.to_string()));
    if offer.twin.is_some() {
        // The peer has replaced the child SA itself and saw no collision (RFC 7296 2.8.1).
        supersede(ctx, sa, offer.rekeys);
        return;
    }
    back_to_life(ctx, sa, offer);
    match (ty, offer.rekeys) {
        (NotifyType::TEMPORARY_FAILURE, Some(old)) => {
            pump::later(ctx, sa, Wish::RekeyChild(old));
        }
        (NotifyType::TEMPORARY_FAILURE, None) => {
            pump::later(ctx, sa, Wish::NewChild(offer.protection.name.clone()));
        }
        (NotifyType::CHILD_SA_NOT_FOUND, Some(old)) if awaits_peer(sa, old) => {
            // We made it by an answer that the peer may not have yet: it will ask for that again.
            pump::later(ctx, sa, Wish::RekeyChild(old));
        }
        (NotifyType::CHILD_SA_NOT_FOUND, Some(old)) => {
            // RFC 7296 2.25: the peer has it no more: it goes here too, and a new one is made.
            let gone = sa.children.remove(ctx, shell.tunnel, old).is_some();
            if gone && sa.children.of_protection(&offer.protection.name).is_none() {
                sa.wish(ctx, Wish::NewChild(offer.protection.name.clone()));
            }
        }
        _ => {
            let why = format!("the peer answers {ty}");
            let about = child_offer::subjects(&offer.protection);
            let ended = Decision::new((), "W-069", why).about(about);
            shell.ends(ctx, "CREATE_CHILD_SA", ended);
        }
    }
}

/// A child SA of which the peer has shown no sign yet.
fn awaits_peer(sa: &Established, spi: u32) -> bool {
    sa.children.get(spi).is_some_and(|child| !child.complete)
}

/// An offer that may not be made any more: wanted again, to be started when there is room.
pub(super) fn put_off(ctx: &Context<'_>, sa: &mut Established, offer: &ChildOffer) {
    match offer.rekeys {
        Some(old) => {
            back_to_life(ctx, sa, offer);
            sa.wish(ctx, Wish::RekeyChild(old));
        }
        None => sa.wish(ctx, Wish::NewChild(offer.protection.name.clone())),
    }
}

/// Early deletions are kept as long as an offer of ours is out.
fn forget_early(sa: &mut Established) {
    if !sa.offers_child() {
        sa.deleted_early.clear();
    }
}

/// The child SA that was to be replaced is in use again.
fn back_to_life(ctx: &Context<'_>, sa: &mut Established, offer: &ChildOffer) {
    let old = offer.rekeys.and_then(|spi| sa.children.get_mut(spi));
    if let Some(old) = old.filter(|c| c.state == Life::Rekeying) {
        old.state = Life::Live;
        old.retry_at = ctx.now.mono + GRACE;
    }
}

/// The peer is to delete this child SA.
pub(super) fn supersede(ctx: &Context<'_>, sa: &mut Established, spi: Option<u32>) {
    let child = spi.and_then(|spi| sa.children.get_mut(spi));
    if let Some(child) = child.filter(|c| c.state != Life::Deleting) {
        child.state = Life::Superseded(ctx.now.mono + GRACE);
    }
}

/// The new child SA is there; what it replaces goes (RFC 7296 2.8, 2.8.1).
pub(super) fn finish(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: ChildOffer,
    agreement: Agreement,
    nonce_r: &Bytes,
    shared: Shared<'_>,
) {
    let theirs = agreement.chosen.peer_spi;
    if sa.deleted_early.contains(&theirs) {
        // The peer has deleted it already: there is nothing to install, and nothing was replaced.
        back_to_life(ctx, sa, &offer);
        return forget_early(sa);
    }
    let nonces = (&offer.nonce, nonce_r);
    let child = agreement.child(shell, ctx, &sa.sk, true, nonces, shared);
    let lowest = collision::lowest(&offer.nonce, nonce_r);
    let ours = offer
        .twin
        .as_ref()
        .map(|t| collision::survivor(lowest, &t.lowest));
    if ours == Some(Survivor::Theirs) {
        // Ours is redundant: installed just long enough for the peer's half to be deleted properly.
        let spi = child.spec.spi_in;
        sa.children.install_inbound(ctx, shell.tunnel, child);
        pump::delete_child(ctx, sa, spi);
        return supersede(ctx, sa, offer.rekeys);
    }
    sa.install(shell, ctx, child);
    let wait = offer.twin.as_ref().map_or(Duration::ZERO, |_| ANSWER_FIRST);
    supersede(ctx, sa, offer.twin.map(|t| t.spi));
    if let Some(old) = offer.rekeys {
        pump::delete_child_after(ctx, sa, old, wait);
    }
    forget_early(sa);
}
