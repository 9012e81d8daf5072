//! Quick Mode as responder: QM2 (RFC 2409 5.5; S-094, W-053).

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, NotifyType, Payload, SecurityAssociation};

use super::children;
use super::cipher;
use super::context::Context;
use super::established::{Established, Quick};
use super::informational;
use super::quick::{self, Ingredients};
use super::quick_initiator::{fresh_spi, tell_sas};
use super::shell::Shell;
use super::table::{self, Message};
use crate::policy::Decision;
use crate::policy::ipsec::{self, AgreedChild, Refusal};
use crate::policy::protection::{self, Protection, Selector};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::sa::retransmit::{Retransmit, Timers};
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IpsecTrace, IsakmpTrace, Syslog, Trace};

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
            (
                refusal,
                "no transform set fits the peer's proposals".to_owned(),
            )
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
    let endpoints = (*shell.local.ip(), *shell.remote.ip());
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
            let decision = Decision::new((), "S-094", refusal.because.clone());
            shell.why(ctx, "no protection fits the proxy identities", &decision);
            Err((Refusal::ProxyIdentities, refusal.because))
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
    let (local, remote) = (*shell.local.ip(), *shell.remote.ip());
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
    shell.record.stop("QM1", reason);
}

impl QuickResponder {
    fn go_on(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        answer: Answer,
        key: Option<Bytes>,
    ) -> Option<Self> {
        match (answer.agreed.pfs, key) {
            (Some(group), Some(peer)) => {
                let private = ctx.entropy.secret(group.private_len());
                let job = ctx.run(
                    shell.id,
                    Job::PublicAndAgree {
                        group,
                        private,
                        peer,
                    },
                );
                self.stage = Stage::Agreeing(Box::new(answer), job);
                Some(self)
            }
            _ => self.send_qm2(shell, ctx, established, message_id, answer, None),
        }
    }

    /// QM2: HASH, SA, Nonce, [KE], IDci, IDcr; the inbound SA stands before it goes out.
    fn send_qm2(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        answer: Answer,
        pfs: Option<(Bytes, Secret)>,
    ) -> Option<Self> {
        let Answer {
            protection,
            agreed,
            sa,
            spi_in,
            nonce_i,
            nonce_r,
            proxies,
        } = answer;
        let (public, shared) = pfs.unzip();
        let mut payloads: Vec<Payload> =
            vec![Body::Sa(sa).into(), Body::Nonce(nonce_r.clone()).into()];
        payloads.extend(public.map(|p| Payload::from(Body::KeyExchange(p))));
        payloads.extend(
            [proxies.0, proxies.1].map(|s| Payload::from(Body::Id(quick::identification(s)))),
        );
        let id = message_id.to_be_bytes();
        let payloads = quick::with_hash(established, &[&id, &nonce_i], payloads);
        let (transmit, next) =
            quick::seal(shell, ctx, established, message_id, &self.iv, &payloads)?;
        let from = Ingredients {
            protection: &protection,
            agreed,
            spi_in,
            nonces: (nonce_i.clone(), nonce_r.clone()),
            pfs: shared,
            initiator: false,
        };
        let child = quick::child(shell, ctx, established, from);
        shell.trace(ctx, IsakmpTrace::AskingSpi);
        let ready = IsakmpTrace::Transition {
            input: Input::QuickMessage,
            old: Fsm::QuickReady,
            new: Fsm::QuickSpiStarve,
        };
        shell.trace(ctx, ready);
        tell_sas(shell, ctx, &child);
        children::install_inbound(ctx, child);
        shell.send(ctx, transmit.clone());
        let got_spi = IsakmpTrace::Transition {
            input: Input::GotSpi,
            old: Fsm::QuickSpiStarve,
            new: Fsm::QuickResponder2,
        };
        shell.trace(ctx, got_spi);
        self.sent = Some(Retransmit::armed(transmit, ctx.now.mono));
        self.iv = next;
        self.stage = Stage::SentQm2 {
            spi_in,
            nonce_i,
            nonce_r,
        };
        Some(self)
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self, timers: &Timers) -> Option<Timestamp> {
        self.sent.as_ref().and_then(|s| s.deadline(timers))
    }

    /// Our last message.
    pub fn sent(&mut self) -> Option<&mut Retransmit> {
        self.sent.as_mut()
    }

    /// The inbound SPI that waits for QM3.
    #[must_use]
    pub fn waiting_spi(&self) -> Option<u32> {
        match self.stage {
            Stage::SentQm2 { spi_in, .. } => Some(spi_in),
            Stage::Agreeing(..) => None,
        }
    }

    /// A message of this exchange: QM1 again, or QM3. `None`: the exchange is over.
    pub fn message(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        (first, cipher_text): (PayloadType, &[u8]),
    ) -> Option<Self> {
        if self.request == cipher_text {
            super::answer_quick_duplicate(shell, ctx, self.sent.as_mut());
            return Some(self);
        }
        let Stage::SentQm2 {
            spi_in,
            nonce_i,
            nonce_r,
        } = &self.stage
        else {
            return Some(self);
        };
        let opened = match cipher::open(&established.material.keys, &self.iv, first, cipher_text) {
            Ok(opened) => opened,
            Err(e) => {
                shell.dropped(ctx, e.to_string());
                return Some(self);
            }
        };
        if let Err(reason) = table::check(Message::QuickEnd, &opened.chain) {
            shell.dropped(ctx, reason);
            return Some(self);
        }
        let id = message_id.to_be_bytes();
        let expected = established
            .material
            .keys
            .phase2_hash(&[&[0], &id, nonce_i, nonce_r]);
        let right = matches!(opened.chain.find(PayloadType::HASH), Some((_, Body::Hash(h))) if ike_crypto::ct_eq(h, &expected));
        if !right {
            shell.dropped(ctx, "HASH(3) of QM3 is wrong");
            return Some(self);
        }
        established.dpd.alive(ctx.now.mono);
        children::install_outbound(ctx, *spi_in);
        let done = IsakmpTrace::Transition {
            input: Input::QuickMessage,
            old: Fsm::QuickResponder2,
            new: Fsm::QuickComplete,
        };
        shell.trace(ctx, done);
        shell.trace(
            ctx,
            IsakmpTrace::DeletingNode {
                message_id,
                reason: "QM done (await)",
            },
        );
        shell.record.up = true;
        None
    }

    /// A job of this exchange is done; other jobs leave it as it is. `None`: it failed.
    pub fn job_done(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        id: JobId,
        outcome: &JobOutcome,
    ) -> Option<Self> {
        let empty = Stage::SentQm2 {
            spi_in: 0,
            nonce_i: Bytes::new(),
            nonce_r: Bytes::new(),
        };
        match std::mem::replace(&mut self.stage, empty) {
            Stage::Agreeing(answer, job) if job == id => match outcome {
                JobOutcome::PublicAndShared(Ok(both)) => self.send_qm2(
                    shell,
                    ctx,
                    established,
                    message_id,
                    *answer,
                    Some(both.clone()),
                ),
                other => {
                    let reason = super::common::crypto_error(other);
                    refuse(
                        shell,
                        ctx,
                        established,
                        message_id,
                        (Refusal::Transforms, reason),
                    );
                    None
                }
            },
            stage => {
                self.stage = stage;
                Some(self)
            }
        }
    }
}
