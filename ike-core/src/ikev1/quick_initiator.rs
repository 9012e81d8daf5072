//! Quick Mode as initiator: QM1, QM3 (RFC 2409 5.5; W-018).

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, Payload};

use super::children::{self, Child};
use super::cipher;
use super::context::Context;
use super::established::{Established, Quick};
use super::quick::{self, Ingredients};
use super::shell::Shell;
use super::table::{self, Message};
use crate::policy::ipsec::{self, AgreedChild};
use crate::policy::protection::Protection;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::sa::retransmit::{Retransmit, Timers};
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IpsecTrace, IsakmpTrace, Syslog, Trace};

/// A Quick Mode we started.
pub struct QuickInitiator {
    protection: String,
    spi_in: u32,
    nonce: Bytes,
    private: Option<Secret>,
    iv: Vec<u8>,
    sent: Option<Retransmit>,
    stage: Stage,
}

enum Stage {
    /// Our second public value is in the making (PFS).
    MakingKey(JobId),
    /// QM1 sent.
    SentQm1,
    /// QM2 taken, the second secret is in the making (PFS).
    Agreeing {
        agreed: Box<AgreedChild>,
        nonce: Bytes,
        next_iv: Vec<u8>,
        job: JobId,
    },
    /// QM3 sent; duplicates of QM2 are still answered until then.
    Done { until: Timestamp },
}

/// Starts a Quick Mode for a protection.
pub(super) fn start(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    protection: &Protection,
) {
    if established.quick.len() >= super::established::MAX_EXCHANGES {
        shell.dropped(ctx, "too many Quick Modes under way");
        return;
    }
    let message_id = established.fresh_message_id(ctx);
    let spi_in = fresh_spi(ctx);
    tell_start(shell, ctx, protection, message_id);
    let group = protection.pfs.and_then(ike_crypto::Group::from_iana);
    let private = group.map(|g| ctx.entropy.secret(g.private_len()));
    let mut quick = QuickInitiator {
        protection: protection.name.clone(),
        spi_in,
        nonce: Bytes::from(ctx.entropy.bytes(super::common::NONCE_LEN)),
        private: private.clone(),
        iv: established
            .material
            .keys
            .exchange_iv(&established.last_block, message_id),
        sent: None,
        stage: Stage::SentQm1,
    };
    match (group, private) {
        (Some(group), Some(private)) => {
            quick.stage = Stage::MakingKey(ctx.run(shell.id, Job::Public { group, private }));
        }
        _ => quick.send_qm1(shell, ctx, established, protection, message_id, None),
    }
    established
        .quick
        .insert(message_id, Quick::Initiator(quick));
}

/// A random inbound SPI that is not in use.
pub(super) fn fresh_spi(ctx: &mut Context<'_>) -> u32 {
    loop {
        let spi = ctx.entropy.esp_spi();
        if !ctx.children.contains(spi) {
            return spi;
        }
    }
}

fn tell_start(shell: &Shell, ctx: &mut Context<'_>, protection: &Protection, message_id: u32) {
    let request = IpsecTrace::SaRequest {
        local: protection.local,
        remote: protection.peer,
        local_selector: protection.local_selector,
        remote_selector: protection.remote_selector,
        transform: protection
            .transform_sets
            .first()
            .map(crate::show::transform_set)
            .unwrap_or_default(),
        lifetime: (protection.lifetime_seconds, protection.lifetime_kilobytes),
    };
    ctx.out
        .trace(Some(shell.id), shell.connection, Trace::Ipsec(request));
    shell.trace(ctx, IsakmpTrace::BeginQuickMode(message_id));
    shell.trace(ctx, IsakmpTrace::SpiInitiator);
    let ready = IsakmpTrace::Transition {
        input: Input::InitQuick,
        old: Fsm::QuickReady,
        new: Fsm::QuickInitiator1,
    };
    shell.trace(ctx, ready);
}

impl QuickInitiator {
    /// QM1: HASH, SA, Nonce, [KE], IDci, IDcr (W-018).
    fn send_qm1(
        &mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        established: &Established,
        protection: &Protection,
        message_id: u32,
        public: Option<Bytes>,
    ) {
        let offer = ipsec::offer(protection, self.spi_in, established.material.nat.found());
        let mut payloads: Vec<Payload> = vec![
            Body::Sa(offer).into(),
            Body::Nonce(self.nonce.clone()).into(),
        ];
        payloads.extend(public.map(|p| Payload::from(Body::KeyExchange(p))));
        for selector in [protection.local_selector, protection.remote_selector] {
            payloads.push(Body::Id(quick::identification(selector)).into());
        }
        let id = message_id.to_be_bytes();
        let payloads = quick::with_hash(established, &[&id], payloads);
        if let Some((transmit, next)) =
            quick::seal(shell, ctx, established, message_id, &self.iv, &payloads)
        {
            shell.send(ctx, transmit.clone());
            self.sent = Some(Retransmit::armed(transmit, ctx.now.mono));
            self.iv = next;
        }
        self.stage = Stage::SentQm1;
    }

    /// When something is due.
    #[must_use]
    pub fn deadline(&self, timers: &Timers) -> Option<Timestamp> {
        match self.stage {
            Stage::Done { until } => Some(until),
            _ => self.sent.as_ref().and_then(|s| s.deadline(timers)),
        }
    }

    /// The protection this is for.
    #[must_use]
    pub fn protection(&self) -> &str {
        &self.protection
    }

    /// Still without a result.
    #[must_use]
    pub fn pending(&self) -> bool {
        !matches!(self.stage, Stage::Done { .. })
    }

    /// Our last message, for the timer and for duplicates.
    pub fn sent(&mut self) -> Option<&mut Retransmit> {
        self.sent.as_mut()
    }

    /// The exchange is over but for duplicates, and their time is up.
    #[must_use]
    pub fn lingered(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Done { until } if now >= until)
    }

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
            super::answer_quick_duplicate(shell, ctx, self.sent.as_mut());
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
    fn take_qm2(
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

    fn agree(
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
                    let reason = super::common::crypto_error(other);
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
    fn complete(
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
    fn fail(
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
                peer: *shell.remote.ip(),
            },
        );
        shell.trace(
            ctx,
            IsakmpTrace::DeletingNode {
                message_id,
                reason: "QM rejected",
            },
        );
        shell.record.stop("QM2", reason);
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
        shell
            .record
            .stop("QM1", format!("the peer refused phase 2: {notify}"));
        self.sent = None;
        self.stage = Stage::Done {
            until: ctx.now.mono,
        };
    }
}

/// The pair about to be installed, as IOS tells it.
pub(super) fn tell_sas(shell: &Shell, ctx: &mut Context<'_>, child: &Child) {
    let trace = IsakmpTrace::CreatingIpsecSas {
        local: *shell.local.ip(),
        remote: *shell.remote.ip(),
        spi_in: child.spec.spi_in,
        spi_out: child.spec.spi_out,
    };
    shell.trace(ctx, trace);
}
