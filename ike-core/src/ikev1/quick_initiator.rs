//! Quick Mode as initiator: QM1, QM3 (RFC 2409 5.5; W-018).

mod answer;

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::v1::{Body, Payload};

use super::children::Child;
use super::context::Context;
use super::established::{Established, Quick};
use super::quick::{self};
use super::shell::Shell;
use crate::policy::ipsec::{self, AgreedChild};
use crate::policy::protection::Protection;
use crate::sa::action::JobId;
use crate::sa::job::Job;
use crate::sa::retransmit::{Retransmit, Timers};
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IpsecTrace, IsakmpTrace, Trace};

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
    /// QM1: HASH, SA, Nonce, KE with PFS, IDci, IDcr (W-018).
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
}

/// The pair about to be installed, as IOS tells it.
pub(super) fn tell_sas(shell: &Shell, ctx: &mut Context<'_>, child: &Child) {
    let trace = IsakmpTrace::CreatingIpsecSas {
        local: shell.local.ip(),
        remote: shell.remote.ip(),
        spi_in: child.spec.spi_in,
        spi_out: child.spec.spi_out,
    };
    shell.trace(ctx, trace);
}
