//! IKE_SA_INIT and IKE_AUTH as the responder (RFC 7296 1.2; S-071, S-073, S-076 to S-078).

mod auth;
mod checks;
mod fetch;
mod intermediate;

use bytes::Bytes;
use ike_crypto::{Group, Kem};
use ike_wire::Header;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{
    Chain, KeyExchange, Message, NotifyType, Payload, SecurityAssociation, encode_message,
};

use self::auth::{Proving, Verifying};
use self::fetch::Fetching;
use self::intermediate::Intermediate;
use super::context::Context;
use super::init::{self, Halves, Material};
use super::intermediate::Additional;
use super::notify::{self, notify};
use super::ppk;
use super::shell::{Shell, digest};
use super::sk::Sk;
use super::table;
use crate::policy::ikev2::proposal::{self, Chosen};
use crate::policy::{Decision, ikev2};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::Ikev2Trace;

/// The states until the SA is established; each owns what is known in it.
pub(super) enum Responder {
    /// Public value and shared secret are being computed.
    Agreeing(Box<Agreeing>),
    /// IKE_SA_INIT is answered.
    Answered(Box<Material>),
    /// An additional shared secret is being computed.
    Intermediate(Box<Intermediate>),
    /// The peer's certificate is being fetched.
    Fetching(Box<Fetching>),
    /// The peer's AUTH is being verified.
    Verifying(Box<Verifying>),
    /// Our AUTH is being signed.
    Proving(Box<Proving>),
}

/// What a step leads to.
pub(super) type Step = super::ike_sa::Step<Responder>;

/// An IKE_SA_INIT request that may become an SA.
pub(super) struct Screened {
    chosen: Decision<Chosen>,
    exchange: KeyExchange,
    nonce_i: Bytes,
}

/// Waiting for g^ir.
pub(super) struct Agreeing {
    halves: Halves,
    answer: SecurityAssociation,
    group: Group,
    kem: Option<Kem>,
    message_i: Bytes,
    request: Chain,
    job: JobId,
}

/// Looks at a first message without making any state.
///
/// # Errors
/// The notify to answer with: smaller than the message, and the only answer there will be (B5).
pub(super) fn screen(
    ctx: &Context<'_>,
    local: std::net::IpAddr,
    chain: &Chain,
) -> Result<Screened, (Payload, String)> {
    let refuse = |ty, data: Vec<u8>, why: String| (notify(ty, data), why);
    table::check(table::Message::Init, chain)
        .map_err(|why| refuse(NotifyType::INVALID_SYNTAX, Vec::new(), why))?;
    let parts = init::security_association(chain)
        .zip(init::key_exchange(chain))
        .zip(notify::nonce(chain));
    let Some(((offered, exchange), nonce_i)) = parts else {
        let why = "SA, KE or nonce is missing".to_owned();
        return Err(refuse(NotifyType::INVALID_SYNTAX, Vec::new(), why));
    };
    let mut ours = ikev2::proposals::for_local(ctx.config, local);
    if !super::intermediate::is_supported(chain) {
        ours.value = proposal::without_additional(ours.value);
    }
    let Some(chosen) = proposal::choose(offered, &ours.value, Some(exchange.group)) else {
        let why = "no IKEv2 proposal fits the offer".to_owned();
        return Err(refuse(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new(), why));
    };
    let group = chosen.value.suite.group;
    if exchange.group != group.iana() {
        let why = format!(
            "the KE payload is of group {}, not {}",
            exchange.group,
            group.iana()
        );
        let data = group.iana().to_be_bytes().to_vec();
        return Err(refuse(NotifyType::INVALID_KE_PAYLOAD, data, why));
    }
    // D2: never a computation with a value of another size.
    if exchange.data.len() != group.public_len() {
        let why = "the KE payload has not the size of its group".to_owned();
        return Err(refuse(NotifyType::INVALID_SYNTAX, Vec::new(), why));
    }
    Ok(Screened {
        chosen,
        exchange: exchange.clone(),
        nonce_i: nonce_i.clone(),
    })
}

/// Answers a first message.
pub(super) fn accept(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    screened: Screened,
    message: Message,
    datagram: &Bytes,
) -> Responder {
    shell.told(ctx, false, &message.header, &message.chain.payloads);
    shell.trace(ctx, Ikev2Trace::Processing("IKE_SA_INIT"));
    init::tell_policy(shell, ctx);
    shell.why(ctx, "the IKE proposal is chosen", &screened.chosen);
    init::detect_nat(shell, ctx, &message.chain);
    shell.incoming.begin(0, digest(datagram));
    let suite = screened.chosen.value.suite;
    let halves = Halves {
        suite,
        nonce_i: screened.nonce_i,
        nonce_r: ctx
            .entropy
            .bytes(suite.prf.output_len().clamp(20, 32))
            .into(),
    };
    let job = Job::PublicAndAgree {
        group: suite.group,
        private: ctx.entropy.secret(suite.group.private_len()),
        peer: screened.exchange.data,
    };
    let job = ctx.run(shell.id, job);
    Responder::Agreeing(Box::new(Agreeing {
        halves,
        answer: SecurityAssociation::new(vec![screened.chosen.value.answer]),
        group: suite.group,
        kem: screened.chosen.value.additional_ke.and_then(Kem::from_iana),
        message_i: datagram.clone(),
        request: message.chain,
        job,
    }))
}

impl Responder {
    /// A job is under way.
    pub(super) fn job(&self) -> Option<JobId> {
        match self {
            Self::Agreeing(a) => Some(a.job),
            Self::Intermediate(i) => Some(i.job()),
            Self::Fetching(f) => Some(f.job()),
            Self::Verifying(v) => Some(v.job()),
            Self::Proving(p) => Some(p.job()),
            Self::Answered(_) => None,
        }
    }

    /// Algorithms and keys, once there are any.
    pub(super) fn sk(&self) -> Option<&Sk> {
        match self {
            Self::Answered(material) => Some(&material.sk),
            _ => None,
        }
    }

    /// The exchange that comes next (C2, H9).
    pub(super) fn expects(&self) -> ExchangeType {
        match self {
            Self::Answered(material) => match material.additional {
                Additional::Pending(_) => ExchangeType::IKE_INTERMEDIATE,
                _ => ExchangeType::IKE_AUTH,
            },
            _ => ExchangeType::IKE_AUTH,
        }
    }

    /// A decrypted request of the exchange that comes next.
    pub(super) fn protected(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        chain: Chain,
    ) -> Step {
        match self {
            Self::Answered(material) => match material.additional {
                Additional::Pending(kem) => {
                    intermediate::request(shell, ctx, *material, kem, header, &chain)
                }
                _ => auth::request(shell, ctx, *material, header.message_id.0, chain),
            },
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
            (Self::Agreeing(a), JobOutcome::PublicAndShared(Ok((public, shared)))) => {
                a.answer(shell, ctx, public, &shared)
            }
            (Self::Agreeing(_), JobOutcome::PublicAndShared(Err(e))) => {
                // D1: no answer to a public value that is none.
                let why = format!("the initiator's public value is refused: {e}");
                shell.fail(ctx, "IKE_SA_INIT", &why);
                Step::Ended
            }
            (Self::Intermediate(i), outcome) => i.computed(shell, ctx, outcome),
            (Self::Fetching(f), outcome) => (*f).fetched(shell, ctx, outcome),
            (Self::Verifying(v), outcome) => v.verified(shell, ctx, outcome),
            (Self::Proving(p), outcome) => p.signed(shell, ctx, outcome),
            (_, outcome) => {
                let why = format!("a computation failed: {outcome:?}");
                shell.fail(ctx, "IKE_SA_INIT", &why);
                Step::Ended
            }
        }
    }
}

impl Agreeing {
    /// Sends the response (S-071).
    fn answer(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        public: Bytes,
        shared: &ike_crypto::Secret,
    ) -> Step {
        let mut abilities = init::abilities(ctx, &self.request);
        let exchange = KeyExchange::new(self.group.iana(), public);
        let mut payloads = init::response(shell, ctx, self.answer, exchange, &self.halves.nonce_r);
        payloads.extend(self.kem.map(|_| super::intermediate::supported()));
        let ppk = ppk::agree(ctx, &self.request);
        abilities.ppk = ppk.is_some();
        payloads.extend(ppk);
        let header = shell.header(ExchangeType::IKE_SA_INIT, true, 0);
        let message_r = match encode_message(&header, &payloads) {
            Ok(message) => message,
            Err(e) => {
                shell.fail(ctx, "IKE_SA_INIT", &format!("own message not sent: {e}"));
                return Step::Ended;
            }
        };
        init::tell_proposals(shell, ctx, &payloads);
        shell.told(ctx, true, &header, &payloads);
        shell.send(ctx, std::slice::from_ref(&message_r));
        shell.incoming.answered(0, vec![message_r.clone()]);
        init::agree_fragmentation(shell, ctx, &abilities);
        let sk = self.halves.keys(shell, shared);
        shell.remember_keys(&sk);
        Step::Stay(Responder::Answered(Box::new(Material {
            sk,
            nonce_i: self.halves.nonce_i,
            nonce_r: self.halves.nonce_r,
            message_i: self.message_i,
            message_r,
            abilities,
            requests: None,
            additional: self.kem.map_or(Additional::None, Additional::Pending),
            ppk: None,
        })))
    }
}
