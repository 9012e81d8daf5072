//! Quick Mode as responder: QM2 (RFC 2409 5.5; S-094, W-053).

mod exchange;

use bytes::Bytes;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, NotifyType, SecurityAssociation};

use super::cipher;
use super::context::Context;
use super::established::{Established, Quick};
use super::informational;
use super::quick::{self};
use super::quick_initiator::fresh_spi;
use super::shell::Shell;
use super::table::{self, Message};
use crate::policy::Decision;
use crate::policy::ipsec::{self, AgreedChild, Refusal};
use crate::policy::protection::{self, Protection, Selector};
use crate::sa::action::JobId;
use crate::sa::retransmit::Retransmit;
use crate::trace::{IpsecTrace, IsakmpTrace, Syslog, Trace};

/// A Quick Mode the peer started.
pub struct QuickResponder {
    request: Vec<u8>,
    iv: Vec<u8>,
    sent: Option<Retransmit>,
    stage: Stage,
}

enum Stage {
    /// Second public value and secret are in the making (PFS).
    Agreeing(Box<Answer>, JobId),
    /// QM2 sent.
    SentQm2 {
        spi_in: u32,
        nonce_i: Bytes,
        nonce_r: Bytes,
    },
}

/// What QM2 will say.
struct Answer {
    protection: Protection,
    agreed: AgreedChild,
    sa: SecurityAssociation,
    spi_in: u32,
    nonce_i: Bytes,
    nonce_r: Bytes,
    proxies: (Selector, Selector),
}

/// QM1 came with a new message ID.
pub(super) fn accept(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    message_id: u32,
    (first, cipher_text): (PayloadType, &[u8]),
) {
    let iv = established
        .material
        .keys
        .exchange_iv(&established.last_block, message_id);
    let opened = match cipher::open(&established.material.keys, &iv, first, cipher_text) {
        Ok(opened) => opened,
        Err(e) => return shell.dropped(ctx, e.to_string()),
    };
    if !quick::hash_is_right(established, &[&message_id.to_be_bytes()], &opened.chain) {
        return shell.dropped(ctx, "HASH(1) of QM1 is wrong");
    }
    established.dpd.alive(ctx.now.mono);
    shell.trace(ctx, IsakmpTrace::NewNode(message_id));
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "HASH",
            message_id,
        },
    );
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "SA",
            message_id,
        },
    );
    match decide(shell, ctx, established, &opened.chain) {
        Ok((answer, key)) => {
            let quick = QuickResponder {
                request: cipher_text.to_vec(),
                iv: opened.next_iv,
                sent: None,
                stage: Stage::SentQm2 {
                    spi_in: 0,
                    nonce_i: Bytes::new(),
                    nonce_r: Bytes::new(),
                },
            };
            if let Some(quick) = quick.go_on(shell, ctx, established, message_id, answer, key) {
                established
                    .quick
                    .insert(message_id, Quick::Responder(quick));
            }
        }
        Err(refusal) => refuse(shell, ctx, established, message_id, refusal),
    }
}

/// Which protection, which proposal (S-094, W-053).
fn decide(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    chain: &Chain,
) -> Result<(Answer, Option<Bytes>), (Refusal, String)> {
    let syntax = |reason: String| (Refusal::Transforms, reason);
    table::check(Message::Quick, chain).map_err(syntax)?;
    let (nonce_i, key) = quick::nonce_and_key(chain)
        .ok_or_else(|| syntax("nonce of QM1 out of bounds".to_owned()))?;
    let (theirs, ours) = quick::proxies(shell, chain).ok_or_else(|| {
        (
            Refusal::ProxyIdentities,
            "proxy identities of an unusable type".to_owned(),
        )
    })?;
    let protection = find_protection(shell, ctx, ours, theirs)?;
    let Some((_, Body::Sa(offer))) = chain.find(PayloadType::SA) else {
        return Err(syntax("no SA payload".to_owned()));
    };
    let spi_in = fresh_spi(ctx);
    shell.trace(ctx, IsakmpTrace::CheckingIpsecProposal { number: 1 });
    let (sa, agreed) = ipsec::choose(offer, &protection, established.material.nat.found(), spi_in)
        .map_err(|refusal| {
            ctx.out.trace(
                Some(shell.id),
                shell.connection,
                Trace::Ipsec(IpsecTrace::TransformNotSupported),
            );
            let decision = ipsec::refusal(offer, &protection, established.material.nat.found());
            shell.why(ctx, "no transform set fits", &decision);
            (refusal, decision.because)
        })?;
    if key.is_some() != agreed.pfs.is_some() {
        return Err(syntax("group without KE, or KE without group".to_owned()));
    }
    shell.trace(ctx, IsakmpTrace::AttsAcceptable { next: 0 });
    let nonce_r = Bytes::from(ctx.entropy.bytes(super::common::NONCE_LEN));
    Ok((
        Answer {
            protection,
            agreed,
            sa,
            spi_in,
            nonce_i,
            nonce_r,
            proxies: (theirs, ours),
        },
        key,
    ))
}

fn find_protection(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    ours: Selector,
    theirs: Selector,
) -> Result<Protection, (Refusal, String)> {
    let endpoints = (shell.local.ip(), shell.remote.ip());
    let found = protection::for_selectors(
        ctx.protections,
        shell.profile.as_deref(),
        endpoints,
        ours,
        theirs,
    )
    .map(|decision| decision.map(Clone::clone));
    match found {
        Ok(decision) => {
            let Decision { value, .. } = &decision;
            shell.record.protection.get_or_insert(value.name.clone());
            shell.why(
                ctx,
                format!("the child SA is for {}", value.name),
                &decision,
            );
            Ok(decision.value)
        }
        Err(refusal) => {
            let mut lines = vec![IpsecTrace::NoMatchingMap, IpsecTrace::ProxyNotSupported];
            if refusal.profile_did_not_match {
                lines.insert(0, IpsecTrace::ProfileDidNotMatch);
            }
            for line in lines {
                ctx.out
                    .trace(Some(shell.id), shell.connection, Trace::Ipsec(line));
            }
            let decision = refusal.decision;
            shell.why(ctx, "no protection fits the proxy identities", &decision);
            Err((Refusal::ProxyIdentities, decision.because))
        }
    }
}

/// W-053: error 32 or 256, then a protected NO-PROPOSAL-CHOSEN for ESP.
fn refuse(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    message_id: u32,
    (refusal, reason): (Refusal, String),
) {
    let (local, remote) = (shell.local.ip(), shell.remote.ip());
    shell.trace(
        ctx,
        IsakmpTrace::IpsecPolicyInvalidated {
            error: refusal.number(),
        },
    );
    shell.trace(
        ctx,
        IsakmpTrace::Phase2PolicyNotAcceptable { local, remote },
    );
    informational::send_notify(
        shell,
        ctx,
        established,
        informational::refusal(NotifyType::NO_PROPOSAL_CHOSEN),
    );
    shell.syslog(
        ctx,
        Syslog::ModeFailure {
            mode: "Quick",
            peer: remote,
        },
    );
    shell.trace(
        ctx,
        IsakmpTrace::DeletingNode {
            message_id,
            reason: "QM rejected",
        },
    );
    established.finish(message_id);
    shell.ends(ctx, "QM1", Decision::new((), "W-053", reason));
}

impl QuickResponder {}
