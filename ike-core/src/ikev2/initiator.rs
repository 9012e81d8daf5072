//! IKE_SA_INIT and IKE_AUTH as the initiator (RFC 7296 1.2; S-070, S-072, S-074, S-075).

mod auth;
mod fetch;
mod intermediate;
mod proof;
mod sent;

use bytes::Bytes;
use ike_crypto::{Group, Kem, Secret};
use ike_wire::Header;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Chain, KeyExchange, Message, encode_message};

use self::auth::{AuthSent, Verifying};
use self::fetch::Fetching;
use self::intermediate::Intermediate;
use self::proof::Proving;
use super::context::Context;
use super::init::{self, Halves, Material};
use super::intermediate::Additional;
use super::shell::Shell;
use crate::config::Ikev2Proposal;
use crate::policy::ikev2::{self, proposal};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};

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
    /// The peer's certificate is being fetched.
    Fetching(Box<Fetching>),
    /// The peer's AUTH is being verified.
    Verifying(Box<Verifying>),
}

/// What a step leads to.
pub(super) type Step = super::ike_sa::Step<Initiator>;

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
    let Some(group) = proposal::groups(&proposals).first().copied() else {
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
    let sa = proposal::offer(&offer.proposals, None);
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
            Self::Fetching(f) => Some(f.job()),
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
            (Self::Fetching(f), outcome) => (*f).fetched(shell, ctx, outcome),
            (Self::Verifying(verifying), outcome) => verifying.verified(shell, ctx, outcome),
            (_, outcome) => {
                let why = format!("a computation failed: {outcome:?}");
                shell.fail(ctx, "IKE_SA_INIT", &why);
                Step::Ended
            }
        }
    }
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
