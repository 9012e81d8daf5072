//! Main Mode as initiator: MM1, MM3, MM5 (RFC 2409 5.1, 5.4; W-010..W-017).
//!
//! A state owns what is known in it. A message that does not fit leaves the state as it is:
//! nothing in phase 1 is authenticated before MM6, so nothing before it may end the SA (D11),
//! save our own inability to go on.

mod auth;

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::Header;
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, Chain, Payload, SecurityAssociation};

use super::common;
use super::context::Context;
use super::established::Established;
use super::judge::Claim;
use super::material::Material;
use super::prove::OwnProof;
use super::shell::Shell;
use super::table::{self, Message};
use super::vendor::{self, Abilities};
use crate::config::IsakmpPolicy;
use crate::policy::isakmp::{self, Suite};
use crate::policy::{Decision, Subject};
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::{Fsm, Input, IsakmpTrace, SaState};

/// Where an initiator is.
pub(super) enum Initiator {
    /// MM1 sent, MM2 awaited.
    SentMm1(SentMm1),
    /// MM2 taken, our public value in the making.
    MakingKey(MakingKey, JobId),
    /// MM3 sent, MM4 awaited.
    SentMm3(SentMm3),
    /// MM4 taken, the shared secret in the making.
    Agreeing(Box<Agreeing>, JobId),
    /// Our signature in the making.
    Signing(Box<Material>, OwnProof, JobId),
    /// MM5 sent, MM6 awaited; the IV is that of MM6.
    SentMm5(Box<Material>, Vec<u8>),
    /// MM6 taken, the peer's proof under test.
    Verifying(Box<Verifying>, JobId),
}

/// What is known after MM1.
pub(super) struct SentMm1 {
    offer: SecurityAssociation,
    policies: Vec<IsakmpPolicy>,
    sa_body: Bytes,
}

/// What is known after MM2.
pub(super) struct MakingKey {
    suite: Suite,
    sa_body: Bytes,
    private: Secret,
    peer: Abilities,
}

/// What is known after MM3.
pub(super) struct SentMm3 {
    suite: Suite,
    sa_body: Bytes,
    private: Secret,
    public: Bytes,
    nonce: Bytes,
    peer: Abilities,
}

/// MM4 with everything it answers.
pub(super) struct Agreeing {
    before: SentMm3,
    chain: Chain,
    public: Bytes,
    nonce: Bytes,
}

/// MM6 with everything it answers.
pub(super) struct Verifying {
    material: Material,
    claim: Claim,
    iv: Vec<u8>,
    last_block: Vec<u8>,
}

/// What a step leads to.
pub(super) enum Step {
    /// Another state of Main Mode.
    Stay(Initiator),
    /// Phase 1 is complete.
    Established(Box<Established>),
    /// The SA ends.
    Ended,
}

/// Sends MM1. `None` when no policy can be offered.
pub(super) fn start(shell: &mut Shell, ctx: &mut Context<'_>) -> Option<Initiator> {
    let policies = isakmp::policies(ctx.config);
    if policies.is_empty() {
        let nothing = Decision::new((), "G-022", "no ISAKMP policy can be offered");
        let lines = ["crypto isakmp policy", "no crypto isakmp default policy"];
        shell.ends(ctx, "MM1", nothing.about(lines.map(Subject::block)));
        return None;
    }
    shell.trace(ctx, IsakmpTrace::RequestProfile(shell.profile.clone()));
    shell.trace(ctx, IsakmpTrace::PeerCreated(shell.remote));
    let (local, remote) = (shell.local.port(), shell.remote.port());
    shell.trace(ctx, IsakmpTrace::LocalPorts { local, remote });
    shell.trace(ctx, IsakmpTrace::NewNode(0));
    shell.trace(ctx, IsakmpTrace::Inserted);
    shell.trace(ctx, IsakmpTrace::NoAggressive);
    let offer = isakmp::offer(&policies);
    let mut payloads: Vec<Payload> = vec![Body::Sa(offer.clone()).into()];
    let sa_body = common::body_of(&payloads);
    payloads.extend(vendor::first_message(shell, ctx));
    shell.transition(ctx, Input::RequestMainMode, Fsm::Initiator(1));
    shell.trace(ctx, IsakmpTrace::BeginMainMode);
    shell.send_clear(ctx, &payloads, true);
    Some(Initiator::SentMm1(SentMm1 {
        offer,
        policies,
        sa_body,
    }))
}

impl Initiator {
    /// A clear message of this SA.
    pub(super) fn clear(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        chain: Chain,
        datagram: &[u8],
    ) -> Step {
        match self {
            Self::SentMm1(state) => Step::Stay(state.mm2(shell, ctx, header, &chain, datagram)),
            Self::SentMm3(state) => Step::Stay(state.mm4(shell, ctx, chain, datagram)),
            other => {
                shell.dropped(ctx, "a clear message is out of place here");
                Step::Stay(other)
            }
        }
    }

    /// An encrypted message of this SA.
    pub(super) fn encrypted(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        cipher_text: &[u8],
    ) -> Step {
        match self {
            Self::SentMm5(material, iv) => {
                auth::mm6(shell, ctx, material, iv, (header, cipher_text))
            }
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
            Self::Signing(material, ..) | Self::SentMm5(material, _) => Some(material),
            Self::Verifying(state, _) => Some(&state.material),
            Self::SentMm1(_) | Self::MakingKey(..) | Self::SentMm3(_) | Self::Agreeing(..) => None,
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
            Self::MakingKey(state, job) if job == id => state.mm3(shell, ctx, outcome),
            Self::Agreeing(state, job) if job == id => auth::agreed(*state, shell, ctx, outcome),
            Self::Signing(material, proof, job) if job == id => {
                auth::signed(material, &proof, shell, ctx, outcome)
            }
            Self::Verifying(state, job) if job == id => auth::verified(*state, shell, ctx, outcome),
            other => Step::Stay(other),
        }
    }
}

impl SentMm1 {
    /// MM2: the responder's choice must be one of our transforms, unchanged (W-047, H4).
    fn mm2(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        chain: &Chain,
        datagram: &[u8],
    ) -> Initiator {
        if let Err(reason) = table::check(Message::MainSa, chain) {
            shell.dropped(ctx, reason);
            return Initiator::SentMm1(self);
        }
        shell.transition(ctx, Input::MainModeMessage, Fsm::Initiator(2));
        shell.cookie_r = header.responder;
        shell.trace(
            ctx,
            IsakmpTrace::Processing {
                payload: "SA",
                message_id: 0,
            },
        );
        let peer = vendor::process(shell, ctx, chain);
        let Some(suite) = self.chosen(shell, ctx, chain) else {
            shell.cookie_r = ike_wire::Spi::ZERO;
            shell.transition(ctx, Input::ProcessError, Fsm::Initiator(1));
            return Initiator::SentMm1(self);
        };
        shell.fragments |= peer.fragments;
        shell.accept(datagram);
        shell.sent = None;
        shell.trace(ctx, IsakmpTrace::LifetimeTimer(suite.lifetime));
        shell.transition(ctx, Input::ProcessMainMode, Fsm::Initiator(2));
        shell.state = SaState::MmSaSetup;
        let private = ctx.entropy.secret(suite.group.private_len());
        let job = ctx.run(
            shell.id,
            Job::Public {
                group: suite.group,
                private: private.clone(),
            },
        );
        Initiator::MakingKey(
            MakingKey {
                suite,
                sa_body: self.sa_body,
                private,
                peer,
            },
            job,
        )
    }

    fn chosen(&self, shell: &Shell, ctx: &mut Context<'_>, chain: &Chain) -> Option<Suite> {
        let Some((_, Body::Sa(answer))) = chain.find(PayloadType::SA) else {
            return None;
        };
        let ([proposal], [offered]) =
            (answer.proposals.as_slice(), self.offer.proposals.as_slice())
        else {
            shell.dropped(ctx, "MM2 carries more than one proposal");
            return None;
        };
        let [transform] = proposal.transforms.as_slice() else {
            shell.dropped(ctx, "MM2 carries more than one transform");
            return None;
        };
        let position = offered
            .transforms
            .iter()
            .position(|t| t.number == transform.number && t.id == transform.id)?;
        let policy = self.policies.get(position)?;
        common::compare(shell, ctx, transform, policy).ok()
    }
}

impl MakingKey {
    /// MM3: KE, Nonce, CERT_REQ, vendor IDs, NAT-D (W-012).
    fn mm3(self, shell: &mut Shell, ctx: &mut Context<'_>, outcome: JobOutcome) -> Step {
        let JobOutcome::Public(Ok(public)) = outcome else {
            return common::end(
                shell,
                ctx,
                "MM2",
                "our public value could not be made",
                Step::Ended,
            );
        };
        let nonce = Bytes::from(ctx.entropy.bytes(common::NONCE_LEN));
        let payloads = common::key_payloads(shell, ctx, &self.suite, &public, &nonce, self.peer);
        shell.send_clear(ctx, &payloads, true);
        shell.transition(ctx, Input::ProcessComplete, Fsm::Initiator(3));
        Step::Stay(Initiator::SentMm3(SentMm3 {
            suite: self.suite,
            sa_body: self.sa_body,
            private: self.private,
            public,
            nonce,
            peer: self.peer,
        }))
    }
}

impl SentMm3 {
    fn mm4(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: Chain,
        datagram: &[u8],
    ) -> Initiator {
        let taken = common::take_key_message(shell, ctx, &chain, datagram, Fsm::Initiator(4));
        let Some((public, nonce)) = taken else {
            return Initiator::SentMm3(self);
        };
        let agree = Job::Agree {
            group: self.suite.group,
            private: self.private.clone(),
            peer: public.clone(),
        };
        let job = ctx.run(shell.id, agree);
        Initiator::Agreeing(
            Box::new(Agreeing {
                before: self,
                chain,
                public,
                nonce,
            }),
            job,
        )
    }
}
