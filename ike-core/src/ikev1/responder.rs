//! Main Mode as responder: MM2, MM4, MM6 (RFC 2409 5.1, 5.4; S-012, S-031, S-041, S-054).

mod auth;

use std::net::SocketAddr;

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::Header;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, NotifyType, Payload, SecurityAssociation};

use super::common;
use super::context::Context;
use super::established::Established;
use super::informational;
use super::judge::Claim;
use super::material::{Inputs, Material};
use super::prove::OwnProof;
use super::shell::Shell;
use super::table::{self, Message};
use super::vendor::{self, Abilities};
use crate::policy::isakmp::{self, Suite};
use crate::policy::mode_config;
use crate::sa::action::{Action, JobId};
use crate::sa::job::{Job, JobOutcome, PeerVerified};
use crate::trace::{Fsm, Input, IsakmpTrace, SaState, Syslog};

/// Where a responder is.
pub(super) enum Responder {
    /// MM2 sent, MM3 awaited.
    SentMm2(SentMm2),
    /// MM3 taken, secret and public value in the making.
    Agreeing(Box<Agreeing>, JobId),
    /// MM4 sent, MM5 awaited.
    SentMm4(Box<SentMm4>),
    /// MM5 taken, the peer's proof under test.
    Verifying(Box<Verifying>, JobId),
    /// The peer is proven, our signature in the making.
    Signing(Box<Signing>, JobId),
}

/// What is known after MM2.
pub(super) struct SentMm2 {
    suite: Suite,
    sa_body: Bytes,
    peer: Abilities,
}

/// MM3 with everything it answers.
pub(super) struct Agreeing {
    before: SentMm2,
    chain: Chain,
    public: Bytes,
    nonce: Bytes,
    our_nonce: Bytes,
}

/// What is known after MM4.
pub(super) struct SentMm4 {
    material: Material,
    trustpoint: Option<String>,
}

/// MM5 with everything it answers.
pub(super) struct Verifying {
    before: SentMm4,
    claim: Claim,
    mm5: Mm5,
}

/// The parts of an MM5 that outlive its processing.
struct Mm5 {
    datagram: Bytes,
    local: SocketAddr,
    remote: SocketAddr,
    last_block: Vec<u8>,
}

/// A proven peer, waiting for our MM6.
pub(super) struct Signing {
    before: SentMm4,
    claim: Claim,
    proof: Option<PeerVerified>,
    own: OwnProof,
    mm5: Mm5,
}

/// What a step leads to.
pub(super) enum Step {
    /// Another state of Main Mode.
    Stay(Responder),
    /// Phase 1 is complete.
    Established(Box<Established>),
    /// The SA ends.
    Ended,
}

/// Answers MM1. `None` when no policy fits: a notify went out and nothing is kept (C21).
pub(super) fn accept(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
    datagram: &[u8],
) -> Option<Responder> {
    if let Err(reason) = table::check(Message::MainSa, chain) {
        shell.dropped(ctx, reason);
        return None;
    }
    let Some((index, Body::Sa(offer))) = chain.find(PayloadType::SA) else {
        return None;
    };
    let remote = shell.remote;
    let my_port = shell.local.port();
    shell.trace(
        ctx,
        IsakmpTrace::Received {
            remote,
            my_port,
            role: None,
            state: None,
        },
    );
    shell.trace(ctx, IsakmpTrace::PeerCreated(remote));
    shell.trace(ctx, IsakmpTrace::NewNode(0));
    shell.trace(ctx, IsakmpTrace::Inserted);
    shell.transition(ctx, Input::MainModeMessage, Fsm::Responder(1));
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "SA",
            message_id: 0,
        },
    );
    let peer = vendor::process(shell, ctx, chain);
    let Some((suite, answer)) = choose(shell, ctx, offer) else {
        refuse(shell, ctx, offer);
        return None;
    };
    shell.trace(ctx, IsakmpTrace::LifetimeTimer(suite.lifetime));
    shell.transition(ctx, Input::ProcessMainMode, Fsm::Responder(1));
    shell.state = SaState::MmSaSetup;
    shell.fragments = peer.fragments;
    shell.accept(datagram);
    let mut payloads: Vec<Payload> = vec![Body::Sa(answer).into()];
    payloads.extend(vendor::second_message(shell, ctx, peer));
    shell.send_clear(ctx, &payloads, false);
    shell.transition(ctx, Input::ProcessComplete, Fsm::Responder(2));
    Some(Responder::SentMm2(SentMm2 {
        suite,
        sa_body: chain.body(index),
        peer,
    }))
}

/// Our policies in order of priority, each against the offered transforms (W-042, W-053).
fn choose(
    shell: &Shell,
    ctx: &mut Context<'_>,
    offer: &SecurityAssociation,
) -> Option<(Suite, SecurityAssociation)> {
    let [proposal] = offer.proposals.as_slice() else {
        shell.dropped(ctx, "phase 1 takes exactly one proposal");
        return None;
    };
    for policy in isakmp::policies(ctx.config) {
        for transform in proposal.transforms.iter().take(64) {
            if let Ok(suite) = common::compare(shell, ctx, transform, &policy) {
                return Some((suite, isakmp::answer(offer, transform)));
            }
        }
    }
    None
}

/// W-053: no policy fits. The notify is smaller than the question (B5) and leaves no state.
fn refuse(shell: &mut Shell, ctx: &mut Context<'_>, offer: &SecurityAssociation) {
    let (local, remote) = (shell.local.ip(), shell.remote.ip());
    shell.trace(ctx, IsakmpTrace::NoOffersAccepted);
    shell.trace(
        ctx,
        IsakmpTrace::Phase1PolicyNotAcceptable { local, remote },
    );
    let ty = NotifyType::NO_PROPOSAL_CHOSEN;
    if let Some(bytes) = informational::clear_notify(shell.cookie_i, ty, ctx.entropy) {
        ctx.out.push(Action::Send(shell.transmit(bytes)));
    }
    shell.syslog(
        ctx,
        Syslog::ModeFailure {
            mode: "Main",
            peer: remote,
        },
    );
    let reason = match mode_config::wanted_in_phase1(offer) {
        Some(decision) => {
            shell.why(ctx, "no policy fits", &decision);
            decision.because
        }
        None => {
            let decision = isakmp::refusal(offer, ctx.config);
            shell.why(ctx, "no policy fits", &decision);
            format!("phase 1 SA policy not acceptable: {}", decision.because)
        }
    };
    shell
        .record
        .stop("MM1", format!("{reason}: NO-PROPOSAL-CHOSEN"));
}

impl Responder {
    /// A clear message of this SA.
    pub(super) fn clear(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: Chain,
        datagram: &[u8],
    ) -> Step {
        match self {
            Self::SentMm2(state) => Step::Stay(state.mm3(shell, ctx, chain, datagram)),
            other => {
                shell.dropped(ctx, "a clear message is out of place here");
                Step::Stay(other)
            }
        }
    }

    /// An encrypted message of this SA, with the endpoints it came over.
    pub(super) fn encrypted(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        (header, cipher_text): (&Header, &[u8]),
        datagram: &Bytes,
        endpoints: (SocketAddr, SocketAddr),
    ) -> Step {
        match self {
            Self::SentMm4(state) => auth::mm5(
                *state,
                shell,
                ctx,
                (header, cipher_text),
                datagram,
                endpoints,
            ),
            other => {
                shell.dropped(ctx, "an encrypted message is out of place here");
                Step::Stay(other)
            }
        }
    }

    /// The finished key exchange, once there is one.
    #[must_use]
    pub(super) fn material(&self) -> Option<&Material> {
        match self {
            Self::SentMm2(_) | Self::Agreeing(..) => None,
            Self::SentMm4(state) => Some(&state.material),
            Self::Verifying(state, _) => Some(&state.before.material),
            Self::Signing(state, _) => Some(&state.before.material),
        }
    }

    /// A job of this SA is done.
    pub(super) fn job_done(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        id: JobId,
        outcome: JobOutcome,
    ) -> Step {
        match self {
            Self::Agreeing(state, job) if job == id => mm4(*state, shell, ctx, outcome),
            Self::Verifying(state, job) if job == id => auth::verified(*state, shell, ctx, outcome),
            Self::Signing(state, job) if job == id => match outcome {
                JobOutcome::Signature(Ok(signature)) => {
                    auth::mm6(*state, shell, ctx, Some(signature))
                }
                other => auth::cannot_sign(state.before, shell, ctx, &common::crypto_error(&other)),
            },
            other => Step::Stay(other),
        }
    }

    /// The peer has shown that it receives at its address: half-open records without that are
    /// the first to go under load (B3).
    #[must_use]
    pub(super) fn answered(&self) -> bool {
        !matches!(self, Self::SentMm2(_))
    }
}

impl SentMm2 {
    fn mm3(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: Chain,
        datagram: &[u8],
    ) -> Responder {
        let taken = common::take_key_message(shell, ctx, &chain, datagram, Fsm::Responder(3));
        let Some((public, nonce)) = taken else {
            return Responder::SentMm2(self);
        };
        let private = ctx.entropy.secret(self.suite.group.private_len());
        let our_nonce = Bytes::from(ctx.entropy.bytes(common::NONCE_LEN));
        let work = Job::PublicAndAgree {
            group: self.suite.group,
            private,
            peer: public.clone(),
        };
        let job = ctx.run(shell.id, work);
        Responder::Agreeing(
            Box::new(Agreeing {
                before: self,
                chain,
                public,
                nonce,
                our_nonce,
            }),
            job,
        )
    }
}

/// The secret is there: choose our trustpoint from MM3 (S-031) and send MM4 (S-012).
fn mm4(state: Agreeing, shell: &mut Shell, ctx: &mut Context<'_>, outcome: JobOutcome) -> Step {
    let Agreeing {
        before,
        chain,
        public,
        nonce,
        our_nonce,
    } = state;
    let (our_public, shared): (Bytes, Secret) = match outcome {
        JobOutcome::PublicAndShared(Ok(both)) => both,
        other => {
            shell.dropped(
                ctx,
                format!("KE of MM3 refused: {}", common::crypto_error(&other)),
            );
            shell.last_received = None;
            shell.fsm = Fsm::Responder(2);
            return Step::Stay(Responder::SentMm2(before));
        }
    };
    let preshared = match common::preshared_key(shell, ctx, &before.suite) {
        Ok(key) => key,
        Err(reason) => return common::end(shell, ctx, "MM3", reason, Step::Ended),
    };
    shell.connection = ctx.numbers.connection();
    shell.record.connection = Some(shell.connection);
    let inputs = Inputs {
        suite: before.suite,
        sa_body: before.sa_body,
        public_i: public,
        public_r: our_public.clone(),
        nonce_i: nonce,
        nonce_r: our_nonce.clone(),
    };
    let mut material = Material::derive(
        inputs,
        (shell.cookie_i, shell.cookie_r),
        &shared,
        preshared.as_deref(),
    );
    let trustpoint = common::read_key_message(shell, ctx, &mut material, &chain, before.peer);
    shell.transition(ctx, Input::ProcessMainMode, Fsm::Responder(3));
    shell.state = SaState::MmKeyExch;
    let payloads = common::key_payloads(
        shell,
        ctx,
        &material.suite,
        &our_public,
        &our_nonce,
        before.peer,
    );
    shell.send_clear(ctx, &payloads, true);
    shell.transition(ctx, Input::ProcessComplete, Fsm::Responder(4));
    Step::Stay(Responder::SentMm4(Box::new(SentMm4 {
        material,
        trustpoint,
    })))
}
