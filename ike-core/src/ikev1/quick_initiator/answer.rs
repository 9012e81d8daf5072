//! QM2 and what follows from it: keys, both ESP SAs, QM3.

use super::super::children::{self};
use super::super::cipher;
use super::super::context::Context;
use super::super::established::Established;
use super::super::quick::{self, Ingredients};
use super::super::shell::Shell;
use super::super::table::{self, Message};
use super::{QuickInitiator, Stage, tell_sas};
use crate::policy::Decision;
use crate::policy::ipsec::{self, AgreedChild};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::sa::retransmit::Retransmit;
use crate::trace::{Fsm, Input, IsakmpTrace, Syslog};
use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain};

impl QuickInitiator {
    /// A message of this exchange: QM2.
    pub fn message(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        (first, cipher_text): (PayloadType, &[u8]),
    ) -> Self {
        if !matches!(self.stage, Stage::SentQm1) {
            super::super::isakmp_sa::answer_quick_duplicate(shell, ctx, self.sent.as_mut());
            return self;
        }
        let opened = match cipher::open(&established.material.keys, &self.iv, first, cipher_text) {
            Ok(opened) => opened,
            Err(e) => {
                shell.dropped(ctx, e.to_string());
                return self;
            }
        };
        let id = message_id.to_be_bytes();
        if !quick::hash_is_right(established, &[&id, &self.nonce], &opened.chain) {
            shell.dropped(ctx, "HASH(2) of QM2 is wrong");
            return self;
        }
        established.dpd.alive(ctx.now.mono);
        match self.take_qm2(shell, ctx, established, &opened.chain) {
            Ok((agreed, nonce, key)) => self.agree(
                shell,
                ctx,
                established,
                message_id,
                (agreed, nonce, key),
                opened.next_iv,
            ),
            Err(reason) => self.fail(shell, ctx, established, message_id, &reason),
        }
    }

    /// What QM2 says, held against what we offered.
    pub(super) fn take_qm2(
        &self,
        shell: &Shell,
        ctx: &mut Context<'_>,
        established: &Established,
        chain: &Chain,
    ) -> Result<(AgreedChild, Bytes, Option<Bytes>), String> {
        table::check(Message::Quick, chain)?;
        shell.trace(
            ctx,
            IsakmpTrace::Processing {
                payload: "HASH",
                message_id: 0,
            },
        );
        shell.trace(
            ctx,
            IsakmpTrace::Processing {
                payload: "SA",
                message_id: 0,
            },
        );
        let protection = ctx
            .protection(&self.protection)
            .ok_or("its configuration is gone")?;
        let Some((_, Body::Sa(answer))) = chain.find(PayloadType::SA) else {
            return Err("no SA payload".to_owned());
        };
        let agreed = ipsec::check_answer(answer, protection, established.material.nat.found())
            .map_err(|_| "QM2 does not choose from our offer".to_owned())?;
        let expected = (protection.local_selector, protection.remote_selector);
        if chain.find(PayloadType::ID).is_some() && quick::proxies(shell, chain) != Some(expected) {
            return Err("QM2 carries other proxy identities than QM1".to_owned());
        }
        let (nonce, key) = quick::nonce_and_key(chain).ok_or("nonce of QM2 out of bounds")?;
        if key.is_some() != self.private.is_some() {
            return Err("QM2 and QM1 differ about perfect forward secrecy".to_owned());
        }
        Ok((agreed, nonce, key))
    }

    pub(super) fn agree(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        (agreed, nonce, key): (AgreedChild, Bytes, Option<Bytes>),
        next_iv: Vec<u8>,
    ) -> Self {
        match (key, self.private.clone(), agreed.pfs) {
            (Some(peer), Some(private), Some(group)) => {
                let job = ctx.run(
                    shell.id,
                    Job::Agree {
                        group,
                        private,
                        peer,
                    },
                );
                self.stage = Stage::Agreeing {
                    agreed: Box::new(agreed),
                    nonce,
                    next_iv,
                    job,
                };
                self
            }
            (None, None, None) => self.complete(
                shell,
                ctx,
                established,
                message_id,
                (agreed, nonce, next_iv),
                None,
            ),
            _ => self.fail(
                shell,
                ctx,
                established,
                message_id,
                "group without KE, or KE without group",
            ),
        }
    }

    /// A job of this exchange is done; other jobs leave it as it is.
    pub fn job_done(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        id: JobId,
        outcome: &JobOutcome,
    ) -> Self {
        match std::mem::replace(&mut self.stage, Stage::SentQm1) {
            Stage::MakingKey(job) if job == id => {
                let (JobOutcome::Public(Ok(public)), Some(protection)) =
                    (outcome, ctx.protection(&self.protection).cloned())
                else {
                    return self.fail(
                        shell,
                        ctx,
                        established,
                        message_id,
                        "our public value could not be made",
                    );
                };
                self.send_qm1(
                    shell,
                    ctx,
                    established,
                    &protection,
                    message_id,
                    Some(public.clone()),
                );
                self
            }
            Stage::Agreeing {
                agreed,
                nonce,
                next_iv,
                job,
            } if job == id => match outcome {
                JobOutcome::Shared(Ok(shared)) => {
                    let result = (*agreed, nonce, next_iv);
                    self.complete(
                        shell,
                        ctx,
                        established,
                        message_id,
                        result,
                        Some(shared.clone()),
                    )
                }
                other => {
                    let reason = super::super::common::crypto_error(other);
                    self.fail(shell, ctx, established, message_id, &reason)
                }
            },
            stage => {
                self.stage = stage;
                self
            }
        }
    }

    /// Inbound first, then outbound, then QM3 (ARCHITECTURE 5).
    pub(super) fn complete(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &mut Established,
        message_id: u32,
        (agreed, nonce, iv): (AgreedChild, Bytes, Vec<u8>),
        pfs: Option<Secret>,
    ) -> Self {
        let Some(protection) = ctx.protection(&self.protection).cloned() else {
            return self.fail(
                shell,
                ctx,
                established,
                message_id,
                "its configuration is gone",
            );
        };
        let nonces = (self.nonce.clone(), nonce.clone());
        let from = Ingredients {
            protection: &protection,
            agreed,
            spi_in: self.spi_in,
            nonces,
            pfs,
            initiator: true,
        };
        let child = quick::child(shell, ctx, established, from);
        tell_sas(shell, ctx, &child);
        children::install_inbound(ctx, child);
        children::install_outbound(ctx, self.spi_in);
        let id = message_id.to_be_bytes();
        let hash = established
            .material
            .keys
            .phase2_hash(&[&[0], &id, &self.nonce, &nonce]);
        let payloads = [Body::Hash(hash.into()).into()];
        if let Some((transmit, _)) =
            quick::seal(shell, ctx, established, message_id, &iv, &payloads)
        {
            shell.send(ctx, transmit.clone());
            self.sent = Some(Retransmit::passive(transmit, ctx.now.mono));
        }
        let done = IsakmpTrace::Transition {
            input: Input::QuickMessage,
            old: Fsm::QuickInitiator1,
            new: Fsm::QuickComplete,
        };
        shell.trace(ctx, done);
        shell.trace(
            ctx,
            IsakmpTrace::DeletingNode {
                message_id,
                reason: "No Error",
            },
        );
        shell.record.up = true;
        self.stage = Stage::Done {
            until: ctx.now.mono + ctx.timers.linger,
        };
        self
    }

    /// The exchange fails; the ISAKMP SA stays.
    pub(super) fn fail(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        _established: &mut Established,
        message_id: u32,
        reason: &str,
    ) -> Self {
        shell.syslog(
            ctx,
            Syslog::ModeFailure {
                mode: "Quick",
                peer: shell.remote.ip(),
            },
        );
        shell.trace(
            ctx,
            IsakmpTrace::DeletingNode {
                message_id,
                reason: "QM rejected",
            },
        );
        let about = quick::subjects(ctx, &self.protection);
        let refusal = Decision::new((), "W-053", reason).about(about);
        shell.ends(ctx, "QM2", refusal);
        self.sent = None;
        self.stage = Stage::Done {
            until: ctx.now.mono,
        };
        self
    }

    /// The peer refused: a protected NO-PROPOSAL-CHOSEN or the like (T-15).
    pub fn refused(
        &mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message_id: u32,
        notify: &str,
    ) {
        shell.trace(
            ctx,
            IsakmpTrace::DeletingNode {
                message_id,
                reason: "Informational (in) state 1",
            },
        );
        let why = format!("the peer refused phase 2: {notify}");
        let about = quick::subjects(ctx, &self.protection);
        let refusal = Decision::new((), "W-053", why).about(about);
        shell.ends(ctx, "QM1", refusal);
        self.sent = None;
        self.stage = Stage::Done {
            until: ctx.now.mono,
        };
    }
}
