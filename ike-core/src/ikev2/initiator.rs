//! IKE_SA_INIT and IKE_AUTH as the initiator (RFC 7296 1.2; S-070, S-072, S-074, S-075).

mod auth;
mod intermediate;
mod proof;

use bytes::Bytes;
use ike_crypto::{Group, Kem, Secret};
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Chain, KeyExchange, Message, NotifyType, encode_message};
use ike_wire::{Header, Spi};

use self::auth::{AuthSent, Verifying};
use self::intermediate::Intermediate;
use self::proof::Proving;
use super::context::Context;
use super::established::Established;
use super::init::{self, Halves, Material};
use super::intermediate::Additional;
use super::notify;
use super::redirect;
use super::shell::Shell;
use super::table;
use crate::config::Ikev2Proposal;
use crate::policy::ikev2_proposal::Chosen;
use crate::policy::{ikev2, ikev2_proposal};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::Ikev2Trace;

/// Times an IKE_SA_INIT is sent anew because of COOKIE, INVALID_KE_PAYLOAD or REDIRECT (H3, H4).
const MAX_TRIES: u8 = 8;

/// The states until the SA is established; each owns what is known in it.
pub(super) enum Initiator {
    /// Our public value is being computed.
    Preparing(Offer, JobId),
    /// IKE_SA_INIT is out.
    Sent(Sent),
    /// The shared secret is being computed.
    Agreeing(Box<Agreeing>),
    /// An additional key exchange is under way.
    Intermediate(Box<Intermediate>),
    /// Our AUTH is being signed.
    Proving(Box<Proving>),
    /// IKE_AUTH is out.
    AuthSent(Box<AuthSent>),
    /// The peer's AUTH is being verified.
    Verifying(Box<Verifying>),
}

/// What a step leads to.
pub(super) enum Step {
    /// Still not established.
    Stay(Initiator),
    /// Done.
    Established(Box<Established>),
    /// Over; the shell knows why.
    Ended,
}

/// What we offer; it stays the same when IKE_SA_INIT is sent anew (RFC 7296 2.6, 2.7).
pub(super) struct Offer {
    proposals: Vec<Ikev2Proposal>,
    group: Group,
    private: Secret,
    nonce: Bytes,
    cookie: Option<Bytes>,
    tries: u8,
}

/// An IKE_SA_INIT request without its answer.
pub(super) struct Sent {
    offer: Offer,
    public: Bytes,
    /// The octets AUTH covers (C7).
    message: Bytes,
    /// An unprotected refusal; believed only when no answer comes (H3).
    refused: Option<String>,
}

/// Waiting for g^ir.
pub(super) struct Agreeing {
    halves: Halves,
    kem: Option<Kem>,
    message_i: Bytes,
    message_r: Message,
    datagram: Bytes,
    job: JobId,
}

/// Starts an IKE SA for the shell's protection. `None`: nothing can be offered, the record says why.
pub(super) fn start(shell: &mut Shell, ctx: &mut Context<'_>) -> Option<Initiator> {
    init::tell_policy(shell, ctx);
    let decision = ikev2::proposals::for_local(ctx.config, shell.local.ip());
    let proposals = decision.value.clone();
    shell.why(ctx, "the IKE proposals are chosen", &decision);
    let Some(group) = ikev2_proposal::groups(&proposals).first().copied() else {
        shell.fail(ctx, "IKE_SA_INIT", "no usable IKEv2 proposal is configured");
        return None;
    };
    let offer = Offer {
        nonce: ctx.entropy.bytes(init::nonce_len(&proposals)).into(),
        proposals,
        group,
        private: Secret::default(),
        cookie: None,
        tries: 0,
    };
    Some(prepare(shell, ctx, offer, group))
}

/// Draws a private value and has the public one computed.
fn prepare(shell: &Shell, ctx: &mut Context<'_>, offer: Offer, group: Group) -> Initiator {
    let private = ctx.entropy.secret(group.private_len());
    let job = Job::Public {
        group,
        private: private.clone(),
    };
    let job = ctx.run(shell.id, job);
    let offer = Offer {
        group,
        private,
        ..offer
    };
    Initiator::Preparing(offer, job)
}

/// Sends IKE_SA_INIT (S-070).
fn send(shell: &mut Shell, ctx: &mut Context<'_>, mut offer: Offer, public: Bytes) -> Step {
    offer.tries += 1;
    let sa = ikev2_proposal::offer(&offer.proposals, None);
    let exchange = KeyExchange::new(offer.group.iana(), public.clone());
    let mut payloads = init::request(
        shell,
        ctx,
        sa,
        exchange,
        &offer.nonce,
        offer.cookie.as_ref(),
    );
    payloads.extend(super::intermediate::ask(&offer.proposals));
    let header = shell.header(ExchangeType::IKE_SA_INIT, false, 0);
    match encode_message(&header, &payloads) {
        Ok(message) => {
            init::tell_proposals(shell, ctx, &payloads);
            shell.told(ctx, true, &header, &payloads);
            shell.send(ctx, std::slice::from_ref(&message));
            let how = ctx.repetition();
            shell
                .outgoing
                .sent(0, vec![message.clone()], ctx.now.mono, &how);
            Step::Stay(Initiator::Sent(Sent {
                offer,
                public,
                message,
                refused: None,
            }))
        }
        Err(e) => {
            shell.fail(ctx, "IKE_SA_INIT", &format!("own message not sent: {e}"));
            Step::Ended
        }
    }
}

impl Initiator {
    /// A job is under way; nothing is repeated and nothing is taken meanwhile.
    pub(super) fn job(&self) -> Option<JobId> {
        match self {
            Self::Preparing(_, job) => Some(*job),
            Self::Agreeing(a) => Some(a.job),
            Self::Intermediate(i) => i.job(),
            Self::Proving(p) => Some(p.job()),
            Self::Verifying(v) => Some(v.job()),
            Self::Sent(_) | Self::AuthSent(_) => None,
        }
    }

    /// Algorithms and keys, once there are any.
    pub(super) fn sk(&self) -> Option<&super::sk::Sk> {
        match self {
            Self::AuthSent(a) => Some(&a.material.sk),
            Self::Intermediate(i) if i.is_sent() => Some(&i.material.sk),
            _ => None,
        }
    }

    /// The message whose answer never came, and the reason for the record.
    pub(super) fn missing(&self) -> (&'static str, String) {
        match self {
            Self::Sent(Sent {
                refused: Some(why), ..
            }) => ("IKE_SA_INIT", why.clone()),
            Self::Intermediate(_) => (
                "IKE_INTERMEDIATE",
                "no answer to IKE_INTERMEDIATE".to_owned(),
            ),
            Self::AuthSent(_) => ("IKE_AUTH", "no answer to IKE_AUTH".to_owned()),
            _ => ("IKE_SA_INIT", "no answer to IKE_SA_INIT".to_owned()),
        }
    }

    /// An unprotected refusal came and the next repetition would be due: believed now (H3).
    pub(super) fn is_refused(&self) -> bool {
        matches!(
            self,
            Self::Sent(Sent {
                refused: Some(_),
                ..
            })
        )
    }

    /// A clear message with our SPI.
    pub(super) fn clear(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message: Message,
        datagram: &Bytes,
    ) -> Step {
        match self {
            Self::Sent(sent) => sent.answer(shell, ctx, message, datagram),
            other => {
                shell.dropped(ctx, "a clear message that is not awaited");
                Step::Stay(other)
            }
        }
    }

    /// The decrypted answer to IKE_AUTH.
    pub(super) fn protected(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        chain: &Chain,
    ) -> Step {
        match self {
            Self::Intermediate(i) if i.is_sent() => i.answer(shell, ctx, header, chain),
            Self::AuthSent(sent) => sent.answer(shell, ctx, chain),
            other => {
                shell.dropped(ctx, "an encrypted message that is not awaited");
                Step::Stay(other)
            }
        }
    }

    /// A job of this state is done.
    pub(super) fn job_done(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        id: JobId,
        outcome: JobOutcome,
    ) -> Step {
        if self.job() != Some(id) {
            return Step::Stay(self);
        }
        match (self, outcome) {
            (Self::Preparing(offer, _), JobOutcome::Public(Ok(public))) => {
                send(shell, ctx, offer, public)
            }
            (Self::Agreeing(agreeing), JobOutcome::Shared(Ok(shared))) => {
                agreeing.agreed(shell, ctx, &shared)
            }
            (Self::Agreeing(_), JobOutcome::Shared(Err(e))) => {
                let why = format!("the responder's public value is refused: {e}");
                shell.fail(ctx, "IKE_SA_INIT", &why);
                Step::Ended
            }
            (Self::Intermediate(i), outcome) => i.computed(shell, ctx, outcome),
            (Self::Proving(proving), outcome) => proving.signed(shell, ctx, outcome),
            (Self::Verifying(verifying), outcome) => verifying.verified(shell, ctx, outcome),
            (_, outcome) => {
                let why = format!("a computation failed: {outcome:?}");
                shell.fail(ctx, "IKE_SA_INIT", &why);
                Step::Ended
            }
        }
    }
}

impl Sent {
    fn answer(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message: Message,
        datagram: &Bytes,
    ) -> Step {
        let chain = &message.chain;
        shell.told(ctx, false, &message.header, &chain.payloads);
        if let Some(step) = self.asked_again(shell, ctx, chain) {
            return step;
        }
        if let Some(gateway) = redirect::in_init(shell, ctx, chain, &self.offer.nonce) {
            redirect::follow(shell, ctx, gateway);
            let why = format!("redirected to {gateway}");
            shell.fail(ctx, "IKE_SA_INIT", &why);
            return Step::Ended;
        }
        if let Some(error) = notify::error(chain) {
            // H3: anyone can send this; the real answer is waited for until the next repetition.
            let why = format!("the peer answers {} (unprotected)", error.ty);
            shell.trace(ctx, Ikev2Trace::ReceivedNotify(error.ty.to_string()));
            self.refused = Some(why);
            return Step::Stay(Initiator::Sent(self));
        }
        match self.read(shell, &message) {
            Ok((halves, kem, peer)) => {
                shell.outgoing.answered(0);
                shell.outgoing.take_id();
                self.agree(shell, ctx, message, datagram, (halves, kem, peer))
            }
            Err(why) => {
                shell.dropped(ctx, why);
                Step::Stay(Initiator::Sent(self))
            }
        }
    }

    /// COOKIE and INVALID_KE_PAYLOAD: the same offer again, with the cookie or for another group
    /// (RFC 7296 1.2, 2.6, 2.7). `None`: this is another answer.
    fn asked_again(
        &mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: &Chain,
    ) -> Option<Step> {
        let cookie = notify::find(chain, NotifyType::COOKIE).filter(|n| {
            (1..=64).contains(&n.data.len()) && self.offer.cookie.as_ref() != Some(&n.data)
        });
        let group = notify::find(chain, NotifyType::INVALID_KE_PAYLOAD)
            .and_then(|n| Some(u16::from_be_bytes(n.data.as_ref().try_into().ok()?)))
            .and_then(Group::from_iana)
            .filter(|g| *g != self.offer.group && self.offers(*g));
        if self.offer.tries >= MAX_TRIES || (cookie.is_none() && group.is_none()) {
            return None;
        }
        shell.outgoing.stop();
        let offer = Offer {
            cookie: cookie
                .map(|n| n.data.clone())
                .or_else(|| self.offer.cookie.take()),
            proposals: std::mem::take(&mut self.offer.proposals),
            nonce: self.offer.nonce.clone(),
            private: self.offer.private.clone(),
            ..self.offer
        };
        Some(match group {
            Some(group) => {
                let what = format!("group {}", group.iana());
                shell.trace(
                    ctx,
                    Ikev2Trace::ReceivedNotify(format!("INVALID_KE_PAYLOAD, {what}")),
                );
                Step::Stay(prepare(shell, ctx, offer, group))
            }
            None => {
                shell.trace(ctx, Ikev2Trace::ReceivedNotify("COOKIE".to_owned()));
                send(shell, ctx, offer, self.public.clone())
            }
        })
    }

    /// H4: only groups of our own proposals.
    fn offers(&self, group: Group) -> bool {
        ikev2_proposal::groups(&self.offer.proposals).contains(&group)
    }

    /// Holds the answer against the offer.
    fn read(
        &self,
        shell: &Shell,
        message: &Message,
    ) -> Result<(Halves, Option<Kem>, Bytes), String> {
        let chain = &message.chain;
        table::check(table::Message::Init, chain)?;
        if message.header.responder == shell.spi_i || message.header.responder == Spi::ZERO {
            return Err("the responder's SPI is ours or zero".to_owned());
        }
        let answer = init::security_association(chain).ok_or("no SA payload")?;
        let chosen = ikev2_proposal::check_answer(answer, &self.offer.proposals)
            .ok_or("the answer is not a choice from our proposals")?;
        let exchange = init::key_exchange(chain).ok_or("no KE payload")?;
        if exchange.group != self.offer.group.iana() || chosen.suite.group != self.offer.group {
            return Err("the answer is for another group than our KE payload".to_owned());
        }
        let nonce_r = notify::nonce(chain).ok_or("no nonce")?.clone();
        if nonce_r == self.offer.nonce {
            return Err("our own nonce came back".to_owned());
        }
        let halves = Halves {
            suite: chosen.suite,
            nonce_i: self.offer.nonce.clone(),
            nonce_r,
        };
        Ok((halves, additional(&chosen, chain)?, exchange.data.clone()))
    }

    fn agree(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message: Message,
        datagram: &Bytes,
        (halves, kem, peer): (Halves, Option<Kem>, Bytes),
    ) -> Step {
        let header: &Header = &message.header;
        shell.spi_r = header.responder;
        shell.trace(ctx, Ikev2Trace::Processing("IKE_SA_INIT"));
        init::detect_nat(shell, ctx, &message.chain);
        if shell.nat.found() {
            shell.float();
        }
        let job = Job::Agree {
            group: self.offer.group,
            private: self.offer.private,
            peer,
        };
        let job = ctx.run(shell.id, job);
        Step::Stay(Initiator::Agreeing(Box::new(Agreeing {
            halves,
            kem,
            message_i: self.message,
            message_r: message,
            datagram: datagram.clone(),
            job,
        })))
    }
}

/// RFC 9370 2.2.1: an additional key exchange goes in an exchange that the responder must have agreed to.
fn additional(chosen: &Chosen, chain: &Chain) -> Result<Option<Kem>, String> {
    let Some(method) = chosen.additional_ke else {
        return Ok(None);
    };
    let kem = Kem::from_iana(method).filter(|_| super::intermediate::is_supported(chain));
    kem.map(Some)
        .ok_or_else(|| format!("method {method} is chosen without IKE_INTERMEDIATE"))
}

impl Agreeing {
    fn agreed(self, shell: &mut Shell, ctx: &mut Context<'_>, shared: &Secret) -> Step {
        let sk = self.halves.keys(shell, shared);
        shell.remember_keys(&sk);
        let abilities = init::abilities(ctx, &self.message_r.chain);
        init::agree_fragmentation(shell, ctx, &abilities);
        let material = Material {
            sk,
            nonce_i: self.halves.nonce_i,
            nonce_r: self.halves.nonce_r,
            message_i: self.message_i,
            message_r: self.datagram,
            abilities,
            requests: init::certificate_requests(&self.message_r.chain),
            additional: self.kem.map_or(Additional::None, Additional::Pending),
            ppk: None,
        };
        match self.kem {
            Some(kem) => intermediate::begin(shell, ctx, material, kem),
            None => proof::begin(shell, ctx, material),
        }
    }
}
