//! CREATE_CHILD_SA for a child SA, as the side that is asked (RFC 7296 1.3.1, 1.3.3, 2.8, 2.25; C20, H13).

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Chain, KeyExchange, NotifyType, Payload, ProtocolId};

use super::child::Agreement;
use super::child_offer;
use super::collision;
use super::context::Context;
use super::create_child::{Twin, supersede};
use super::established::{Established, Request, Served, Shared, Wish, Work};
use super::init;
use super::notify::{self, about_esp, notify};
use super::pump;
use super::shell::Shell;
use super::table;
use crate::sa::job::Job;

/// Child SAs of one IKE SA (H13).
const MAX_CHILDREN: usize = 64;

/// A request for a new child SA or for the replacement of one.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    served: Served<'_>,
) {
    let Served { id, chain } = served;
    match consider(shell, ctx, sa, chain) {
        Ok((agreement, nonce, rekeyed)) => {
            match (agreement.chosen.group, init::key_exchange(chain)) {
                (Some(group), Some(exchange)) => {
                    let job = Job::PublicAndAgree {
                        group,
                        private: ctx.entropy.secret(group.private_len()),
                        peer: exchange.data.clone(),
                    };
                    let job = ctx.run(shell.id, job);
                    sa.jobs.insert(
                        job,
                        Work::ServeChild(id, Box::new(agreement), nonce, rekeyed),
                    );
                }
                _ => finish(shell, ctx, sa, id, agreement, &nonce, rekeyed, None),
            }
        }
        Err(refusal) => respond(shell, ctx, sa, id, &[refusal]),
    }
}

/// What can be agreed, Ni, and the inbound SPI of the child SA that is rekeyed.
fn consider(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    chain: &Chain,
) -> Result<(Agreement, Bytes, Option<u32>), Payload> {
    let simple = |ty| notify(ty, Bytes::new());
    table::check(table::Message::Child, chain).map_err(|_| simple(NotifyType::INVALID_SYNTAX))?;
    let nonce = notify::nonce(chain)
        .cloned()
        .ok_or_else(|| simple(NotifyType::INVALID_SYNTAX))?;
    let rekeyed = rekeyed(sa, chain)?;
    let child = rekeyed.map(|(_, spi)| spi.and_then(|spi| sa.children.get(spi)));
    let life = child.map(|c| c.map(|c| c.state));
    let name = child.flatten().map(|c| c.spec.protection.clone());
    collision::child_request(sa.situation(), life).map_err(|ty| match (ty, rekeyed) {
        // The SA may be the one our own offer is just making.
        (NotifyType::CHILD_SA_NOT_FOUND, _) if sa.offers_child() => {
            simple(NotifyType::TEMPORARY_FAILURE)
        }
        (NotifyType::CHILD_SA_NOT_FOUND, Some((theirs, _))) => about_esp(ty, theirs),
        _ => simple(ty),
    })?;
    if sa.children.len() >= MAX_CHILDREN {
        return Err(simple(NotifyType::NO_ADDITIONAL_SAS));
    }
    let agreement = child_offer::consider(shell, ctx, chain, &sa.children, true, name.as_deref())
        .map_err(|refusal| notify(refusal.notify, refusal.data))?;
    Ok((agreement, nonce, rekeyed.and_then(|(_, spi)| spi)))
}

/// N(REKEY_SA): the peer's SPI in it and our inbound one of the same child SA, if there is one. The
/// protocol must be ESP (C20).
fn rekeyed(sa: &Established, chain: &Chain) -> Result<Option<(u32, Option<u32>)>, Payload> {
    let Some(rekey) = notify::find(chain, NotifyType::REKEY_SA) else {
        return Ok(None);
    };
    let syntax = || notify(NotifyType::INVALID_SYNTAX, Bytes::new());
    let spi: [u8; 4] = rekey.spi.as_ref().try_into().map_err(|_| syntax())?;
    if rekey.protocol != ProtocolId::ESP {
        return Err(syntax());
    }
    let theirs = u32::from_be_bytes(spi);
    let ours = sa.children.by_peer_spi(theirs).map(|c| c.spec.spi_in);
    Ok(Some((theirs, ours)))
}

/// The answer to a request whose shared secret, if any, is there.
#[expect(
    clippy::too_many_arguments,
    reason = "what one request carries through its computation"
)]
pub(super) fn finish(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    agreement: Agreement,
    nonce_i: &Bytes,
    rekeyed: Option<u32>,
    shared: Option<(Bytes, Shared<'_>)>,
) {
    // While the secret was computed the child SA may have gone, or been replaced by us.
    let life = rekeyed.map(|spi| sa.children.get(spi).map(|c| c.state));
    let mut now = sa.situation();
    now.child_exchange = false;
    if let Err(ty) = collision::child_request(now, life) {
        return respond(shell, ctx, sa, id, &[notify(ty, Bytes::new())]);
    }
    let nonce_r: Bytes = ctx.entropy.bytes(pump::NONCE).into();
    let payloads = answer(
        &agreement,
        &nonce_r,
        shared.as_ref().map(|(public, _)| public),
    );
    let secret = shared.as_ref().and_then(|(_, secret)| *secret);
    let child = agreement.child(shell, ctx, &sa.sk, false, (nonce_i, &nonce_r), secret);
    let spi = child.spec.spi_in;
    match rekeyed {
        None => sa.install(shell, ctx, child),
        Some(old) => {
            // RFC 7296 2.8: we send on the old one until the peer is known to be ready.
            sa.children.install_inbound(ctx, shell.tunnel, child);
            pump::outbound_later(ctx, sa, spi);
            let lowest = Bytes::copy_from_slice(collision::lowest(nonce_i, &nonce_r));
            replaced(ctx, sa, old, Twin { spi, lowest });
        }
    }
    respond(shell, ctx, sa, id, &payloads);
}

/// `SA Nr [KE] TSi TSr N...`.
fn answer(agreement: &Agreement, nonce: &Bytes, public: Option<&Bytes>) -> Vec<Payload> {
    let [proposals, ours, theirs] = child_offer::answer(agreement);
    let mut out = vec![proposals, Body::Nonce(nonce.clone()).into()];
    if let Some((group, public)) = agreement.chosen.group.zip(public) {
        out.push(Body::KeyExchange(KeyExchange::new(group.iana(), public.clone())).into());
    }
    out.extend([ours, theirs]);
    out.extend(child_offer::child_notifies(agreement.transport));
    out
}

/// The peer has replaced a child SA. If our own request to do so is out, both are noted and the nonces
/// decide when its answer comes (2.8.1); a request that is not out yet is dropped.
fn replaced(ctx: &mut Context<'_>, sa: &mut Established, old: u32, twin: Twin) {
    sa.wishes.retain(|(_, w)| *w != Wish::RekeyChild(old));
    sa.jobs
        .retain(|_, w| !matches!(w, Work::PrepareChild(o) if o.rekeys == Some(old)));
    let requested = sa.requests.values_mut().find_map(|request| match request {
        Request::Child(offer) if offer.rekeys == Some(old) => Some(offer),
        _ => None,
    });
    // Its answer may have come already, and be worked on.
    let own = requested.or_else(|| {
        sa.jobs.values_mut().find_map(|work| match work {
            Work::FinishChild(offer, ..) if offer.rekeys == Some(old) => Some(offer),
            _ => None,
        })
    });
    match own {
        Some(offer) => offer.twin = Some(twin),
        None => supersede(ctx, sa, Some(old)),
    }
}

fn respond(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    id: u32,
    payloads: &[Payload],
) {
    let exchange = (ExchangeType::CREATE_CHILD_SA, id);
    shell.respond(ctx, &mut sa.sk, exchange, payloads);
}
