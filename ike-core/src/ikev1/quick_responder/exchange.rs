//! QM2 out, QM3 in: the inbound SA stands before QM2 goes, the outbound one after QM3.

use super::super::children;
use super::super::cipher;
use super::super::context::Context;
use super::super::established::Established;
use super::super::quick::{self, Ingredients};
use super::super::quick_initiator::tell_sas;
use super::super::shell::Shell;
use super::super::table::{self, Message};
use super::{Answer, QuickResponder, Stage, refuse};
use crate::policy::ipsec::Refusal;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::sa::retransmit::{Retransmit, Timers};
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IsakmpTrace};
use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Payload};

impl QuickResponder {
    pub(super) fn go_on(
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

    /// QM2: HASH, SA, Nonce, KE with PFS, IDci, IDcr; the inbound SA stands before it goes out.
    pub(super) fn send_qm2(
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
            super::super::isakmp_sa::answer_quick_duplicate(shell, ctx, self.sent.as_mut());
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
                    let reason = super::super::common::crypto_error(other);
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
