//! CREATE_CHILD_SA for the IKE SA itself, both ways (RFC 7296 1.3.2, 2.8, 2.8.2, 2.18, 2.25.2).

use std::time::Duration;

use bytes::Bytes;
use ike_crypto::{Group, Secret};
use ike_wire::Spi;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Chain, KeyExchange, NotifyType, Payload, SecurityAssociation};

use super::child::GRACE;
use super::collision::{self, ANSWER_FIRST, Survivor};
use super::context::{Context, FollowUp};
use super::established::{Established, Request, Served, Wish, Work};
use super::ike_sa::IkeSa;
use super::init;
use super::keymat::{self, Contributions, Keys};
use super::notify::{self, notify};
use super::pump;
use super::shell::Shell;
use super::sk::Sk;
use super::table;
use crate::config::Ikev2Proposal;
use crate::policy::ikev2;
use crate::policy::ikev2::proposal::{self, Chosen};
use crate::sa::job::Job;
use crate::sa::{Role, SaId};
use crate::trace::Ikev2Trace;

/// Our offer of a new IKE SA.
pub(super) struct IkeOffer {
    proposals: Vec<Ikev2Proposal>,
    /// SPIi of the new SA.
    spi: Spi,
    nonce: Bytes,
    group: Group,
    private: Secret,
}

/// What the peer's exchange made in a collision.
#[derive(Clone, Debug)]
pub(super) struct IkeTwin {
    /// The new SA.
    pub id: SaId,
    /// The lower nonce of its exchange.
    pub lowest: Bytes,
}

/// What may be offered and taken: no additional key exchange, which would need an exchange of its own
/// (IKE_FOLLOWUP_KE, RFC 9370 2.2.4).
fn proposals(shell: &Shell, ctx: &Context<'_>) -> Vec<Ikev2Proposal> {
    let configured = ikev2::proposals::for_local(ctx.config, shell.local.ip());
    proposal::without_additional(configured.value)
}

/// Starts the exchange.
pub(super) fn start(shell: &mut Shell, ctx: &mut Context<'_>, sa: &mut Established) {
    let proposals = proposals(shell, ctx);
    // The group in use first: the peer has shown that it does it.
    let groups = proposal::groups(&proposals);
    let current = groups.iter().find(|g| **g == sa.sk.suite.group);
    match current.or(groups.first()).copied() {
        Some(group) => prepare(shell, ctx, sa, proposals, group),
        // The configuration offers nothing any more: the SA ends by age.
        None => sa.wish_at(ctx.now.mono + GRACE, Wish::RekeyIke),
    }
}

fn prepare(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    proposals: Vec<Ikev2Proposal>,
    group: Group,
) {
    let offer = IkeOffer {
        proposals,
        spi: ctx.entropy.cookie(),
        nonce: ctx.entropy.bytes(pump::NONCE).into(),
        group,
        private: ctx.entropy.secret(group.private_len()),
    };
    let job = Job::Public {
        group,
        private: offer.private.clone(),
    };
    let job = ctx.run(shell.id, job);
    sa.jobs.insert(job, Work::PrepareIke(Box::new(offer)));
}

/// Sends `SA Ni KE`.
pub(super) fn send(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: IkeOffer,
    public: Bytes,
) {
    let payloads: [Payload; 3] = [
        Body::Sa(proposal::offer(&offer.proposals, Some(offer.spi))).into(),
        Body::Nonce(offer.nonce.clone()).into(),
        Body::KeyExchange(KeyExchange::new(offer.group.iana(), public)).into(),
    ];
    let exchange = ExchangeType::CREATE_CHILD_SA;
    if let Some(id) = shell.request(ctx, &mut sa.sk, exchange, &payloads) {
        sa.requests.insert(id, Request::RekeyIke(Box::new(offer)));
    }
}

/// The answer to our offer.
pub(super) fn answered(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: IkeOffer,
    chain: &Chain,
) {
    if let Some(error) = notify::error(chain) {
        return refused(shell, ctx, sa, offer, error.ty, &error.data);
    }
    match read(chain, &offer) {
        Ok((chosen, nonce, peer)) => {
            let job = Job::Agree {
                group: offer.group,
                private: offer.private.clone(),
                peer,
            };
            let job = ctx.run(shell.id, job);
            sa.jobs.insert(
                job,
                Work::FinishIke(Box::new(offer), Box::new(chosen), nonce),
            );
        }
        Err(why) => {
            // The peer believes in a new SA that we cannot use: a fresh start is all that is left.
            shell.trace(ctx, Ikev2Trace::NegotiationFailed(why.clone()));
            sa.wish(ctx, Wish::DeleteIke(why));
        }
    }
}

fn read(chain: &Chain, offer: &IkeOffer) -> Result<(Chosen, Bytes, Bytes), String> {
    table::check(table::Message::RekeyIke, chain)?;
    let answer = init::security_association(chain).ok_or("no SA payload")?;
    let chosen = proposal::check_answer(answer, &offer.proposals)
        .ok_or("the answer is not a choice from our proposals")?;
    spi(&chosen)?;
    let exchange = init::key_exchange(chain).ok_or("no KE payload")?;
    if exchange.group != offer.group.iana() || chosen.suite.group != offer.group {
        return Err("the answer is for another group than our KE payload".to_owned());
    }
    let nonce = notify::nonce(chain).ok_or("no nonce")?.clone();
    Ok((chosen, nonce, exchange.data.clone()))
}

/// The peer's SPI of the new SA.
fn spi(chosen: &Chosen) -> Result<Spi, String> {
    let octets: Result<[u8; 8], _> = chosen.answer.spi.as_ref().try_into();
    match octets.map(Spi) {
        Ok(spi) if !spi.is_zero() => Ok(spi),
        _ => Err("the SPI of the new IKE SA is not eight octets".to_owned()),
    }
}

fn refused(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: IkeOffer,
    ty: NotifyType,
    data: &[u8],
) {
    shell.trace(ctx, Ikev2Trace::ReceivedNotify(ty.to_string()));
    if let Some(twin) = sa.twin.take() {
        // 2.8.2: the peer did not see the collision; its new SA is the successor.
        return succeeded_by(ctx, sa, twin.id);
    }
    let wanted = <[u8; 2]>::try_from(data).ok().map(u16::from_be_bytes);
    let group = wanted
        .and_then(Group::from_iana)
        .filter(|g| *g != offer.group && proposal::groups(&offer.proposals).contains(g));
    match (ty, group) {
        (NotifyType::INVALID_KE_PAYLOAD, Some(group)) => {
            prepare(shell, ctx, sa, offer.proposals, group);
        }
        (NotifyType::TEMPORARY_FAILURE, _) => pump::later(ctx, sa, Wish::RekeyIke),
        // Tried again at the next chance; the SA ends by age at last.
        _ => sa.wish_at(ctx.now.mono + GRACE, Wish::RekeyIke),
    }
}

/// Our exchange is complete: the new SA is made; 2.8.2 says what becomes of the others.
pub(super) fn finish(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    offer: &IkeOffer,
    chosen: &Chosen,
    nonce_r: &Bytes,
    shared: &Secret,
) {
    let Ok(spi_r) = spi(chosen) else { return };
    let spis = (offer.spi, spi_r);
    let nonces = (&offer.nonce, nonce_r);
    let id = adopt(
        shell,
        ctx,
        sa,
        Role::Initiator,
        chosen,
        spis,
        nonces,
        shared,
    );
    if sa.superseded.is_some() || shell.is_over() {
        // The peer has seen both exchanges to their end before us, and kept its own: 2.8.1 leaves ours to us.
        return ctx.follow_ups.push(FollowUp::Delete(id));
    }
    let lowest = collision::lowest(&offer.nonce, nonce_r);
    match sa.twin.take() {
        Some(twin) if collision::survivor(lowest, &twin.lowest) == Survivor::Theirs => {
            ctx.follow_ups.push(FollowUp::Delete(id));
            succeeded_by(ctx, sa, twin.id);
        }
        twin => {
            let wait = twin.as_ref().map_or(Duration::ZERO, |_| ANSWER_FIRST);
            let (lost, old) = (twin.map(|t| t.id), shell.id);
            ctx.follow_ups
                .extend(lost.map(|lost| FollowUp::ExpectDeletion { lost, old }));
            succeeded_by(ctx, sa, id);
            sa.wish_at(ctx.now.mono + wait, Wish::DeleteIke("rekeyed".to_owned()));
        }
    }
}

/// Child SAs go to the successor; the old SA waits for its deletion.
pub(super) fn succeeded_by(ctx: &mut Context<'_>, sa: &mut Established, to: SaId) {
    sa.superseded = Some(ctx.now.mono + GRACE);
    let (children, wishes) = (sa.children.take(), sa.take_child_wishes());
    ctx.follow_ups.push(FollowUp::Inherit {
        children,
        wishes,
        to,
    });
}

/// A request of the peer.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    served: Served<'_>,
) {
    match consider(shell, ctx, sa, served.chain) {
        Ok((chosen, nonce, peer)) => {
            let group = chosen.suite.group;
            let job = Job::PublicAndAgree {
                group,
                private: ctx.entropy.secret(group.private_len()),
                peer,
            };
            let job = ctx.run(shell.id, job);
            sa.jobs
                .insert(job, Work::ServeIke(served.id, Box::new(chosen), nonce));
        }
        Err(refusal) => {
            let exchange = (ExchangeType::CREATE_CHILD_SA, served.id);
            shell.respond(ctx, &mut sa.sk, exchange, &[refusal]);
        }
    }
}

fn consider(
    shell: &Shell,
    ctx: &Context<'_>,
    sa: &Established,
    chain: &Chain,
) -> Result<(Chosen, Bytes, Bytes), Payload> {
    let simple = |ty| notify(ty, Bytes::new());
    let syntax = |_| simple(NotifyType::INVALID_SYNTAX);
    table::check(table::Message::RekeyIke, chain).map_err(syntax)?;
    collision::rekey_ike_request(sa.situation()).map_err(simple)?;
    let parts = init::security_association(chain)
        .zip(init::key_exchange(chain))
        .zip(notify::nonce(chain));
    let ((offered, exchange), nonce) = parts.ok_or_else(|| simple(NotifyType::INVALID_SYNTAX))?;
    let ours = proposals(shell, ctx);
    let chosen = proposal::choose(offered, &ours, Some(exchange.group))
        .ok_or_else(|| simple(NotifyType::NO_PROPOSAL_CHOSEN))?
        .value;
    spi(&chosen).map_err(|_| simple(NotifyType::INVALID_SYNTAX))?;
    let group = chosen.suite.group;
    if exchange.group != group.iana() {
        let data = group.iana().to_be_bytes().to_vec();
        return Err(notify(NotifyType::INVALID_KE_PAYLOAD, data));
    }
    Ok((chosen, nonce.clone(), exchange.data.clone()))
}

/// The answer `SA Nr KE` to a request whose shared secret is there.
pub(super) fn serve_finish(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    sa: &mut Established,
    (id, chosen, nonce_i): (u32, &Chosen, &Bytes),
    public: Bytes,
    shared: &Secret,
) {
    if sa.superseded.is_some() {
        // 2.25.2: while this was computed our own rekeying came to its end. The peer has answered that one:
        // it knows the successor, and this refusal tells it that there is no other (2.8.2).
        let refusal = notify(NotifyType::TEMPORARY_FAILURE, Bytes::new());
        let exchange = (ExchangeType::CREATE_CHILD_SA, id);
        return shell.respond(ctx, &mut sa.sk, exchange, &[refusal]);
    }
    let Ok(spi_i) = spi(chosen) else { return };
    let spi_r = ctx.entropy.cookie();
    let nonce_r: Bytes = ctx.entropy.bytes(pump::NONCE).into();
    let mut answer = chosen.answer.clone();
    answer.spi = spi_r.0.to_vec().into();
    let payloads: [Payload; 3] = [
        Body::Sa(SecurityAssociation::new(vec![answer])).into(),
        Body::Nonce(nonce_r.clone()).into(),
        Body::KeyExchange(KeyExchange::new(chosen.suite.group.iana(), public)).into(),
    ];
    let nonces = (nonce_i, &nonce_r);
    let new = adopt(
        shell,
        ctx,
        sa,
        Role::Responder,
        chosen,
        (spi_i, spi_r),
        nonces,
        shared,
    );
    shell.respond(
        ctx,
        &mut sa.sk,
        (ExchangeType::CREATE_CHILD_SA, id),
        &payloads,
    );
    sa.jobs
        .retain(|_, work| !matches!(work, Work::PrepareIke(_)));
    let finishing = sa.jobs.values().any(|w| matches!(w, Work::FinishIke(..)));
    if sa.situation().rekeying || finishing {
        // Our own request is out, or its answer is worked on: that decides (2.8.2).
        let lowest = Bytes::copy_from_slice(collision::lowest(nonce_i, &nonce_r));
        sa.twin = Some(IkeTwin { id: new, lowest });
    } else {
        succeeded_by(ctx, sa, new);
    }
}

/// Makes the new SA and hands it to the table.
#[expect(
    clippy::too_many_arguments,
    reason = "both sides' parts of one exchange"
)]
fn adopt(
    shell: &Shell,
    ctx: &mut Context<'_>,
    sa: &Established,
    role: Role,
    chosen: &Chosen,
    (spi_i, spi_r): (Spi, Spi),
    (nonce_i, nonce_r): (&Bytes, &Bytes),
    shared: &Secret,
) -> SaId {
    let old = &sa.sk;
    let seed = keymat::skeyseed_rekeyed(old.suite.prf, &old.keys.d, nonce_i, nonce_r, shared);
    let from = Contributions {
        nonce_i,
        nonce_r,
        spi_i,
        spi_r,
    };
    let suite = chosen.suite;
    let sk = Sk::new(suite, Keys::derive(&suite, &seed, from), role);
    let new = IkeSa::successor(shell, ctx, sa, role, (spi_i, spi_r), sk);
    let id = new.shell.id;
    ctx.follow_ups.push(FollowUp::Adopt(Box::new(new)));
    id
}
