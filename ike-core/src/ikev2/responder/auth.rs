//! IKE_AUTH as the responder: profile by IDi, own trustpoint, the peer's proof, the child SA, our proof
//! (S-073, S-076 to S-078, S-090, S-093, W-069).

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Auth, Body, Chain, NotifyType, Payload};

use super::checks::{bind_profile, childless_taken, first_child, post_quantum};
use super::{Responder, Step};
use crate::ikev2::child::Agreement;
use crate::ikev2::child_offer::{self, Refusal};
use crate::ikev2::configuration;
use crate::ikev2::context::{Context, FollowUp};
use crate::ikev2::established::{Established, Proofs};
use crate::ikev2::init::{self, Material};
use crate::ikev2::judge::{self, Claim, Judging, Proven};
use crate::ikev2::mobike;
use crate::ikev2::notify::{self, notify};
use crate::ikev2::ppk;
use crate::ikev2::prove::{self, OwnProof, Proof};
use crate::ikev2::reauth::{self, Validity};
use crate::ikev2::shell::Shell;
use crate::ikev2::table;
use crate::ikev2::verdict;
use crate::policy::Decision;
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;
use crate::trace::Ikev2Trace;

/// What one IKE_AUTH request carries through its jobs.
pub(crate) struct Asked {
    material: Material,
    /// Its message ID.
    id: u32,
    request: Chain,
    /// The answer to its CFG payload.
    configuration: Option<Payload>,
    /// What signs for us; chosen before the peer is judged (S-077).
    trustpoint: Option<String>,
}

impl Asked {
    /// Its payloads.
    pub(super) fn request(&self) -> &Chain {
        &self.request
    }

    /// Its payloads, to be completed.
    pub(super) fn request_mut(&mut self) -> &mut Chain {
        &mut self.request
    }
}

/// The initiator's AUTH is being verified.
pub(crate) struct Verifying {
    asked: Box<Asked>,
    claim: Claim,
    job: JobId,
}

/// Our AUTH is being signed.
pub(crate) struct Proving {
    asked: Box<Asked>,
    proven: Proven,
    own: OwnProof,
    child: Result<Option<Agreement>, Refusal>,
    job: JobId,
}

/// Works on an IKE_AUTH request in the order of IOS.
pub(super) fn request(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: Material,
    id: u32,
    request: Chain,
) -> Step {
    shell.trace(ctx, Ikev2Trace::Processing("IKE_AUTH"));
    let asked = Asked {
        material,
        id,
        request,
        configuration: None,
        trustpoint: None,
    };
    let checked = table::check(table::Message::AuthRequest, &asked.request)
        .and_then(|()| table::child_in_auth(&asked.request))
        .and_then(|with_child| childless_taken(ctx, with_child));
    if let Err(why) = checked {
        return refuse(shell, ctx, asked, NotifyType::INVALID_SYNTAX, &why);
    }
    super::fetch::begin(shell, ctx, asked)
}

/// The request has all its certificates.
pub(super) fn identified(shell: &mut Shell, ctx: &mut Context<'_>, mut asked: Asked) -> Step {
    if mobike::agreed(ctx, &asked.request)
        && let Err(ty) = mobike::check_path(&asked.request, shell.path())
    {
        return refuse(
            shell,
            ctx,
            asked,
            ty,
            "there is a NAT where none is allowed",
        );
    }
    if let Err(why) = bind_profile(shell, ctx, &asked.request) {
        return refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why);
    }
    if let Err(why) = post_quantum(shell, ctx, &mut asked.material, &mut asked.request) {
        return refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why);
    }
    let requests = init::certificate_requests(&asked.request);
    match prove::trustpoint(shell, ctx, requests.as_deref()) {
        Ok(trustpoint) => asked.trustpoint = trustpoint,
        Err(why) => return refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why),
    }
    match judge::judge(shell, ctx, &asked.material, &asked.request) {
        Judging::Proven(proven) => {
            shell.trace(ctx, Ikev2Trace::Verified(true));
            proven_peer(shell, ctx, asked, proven)
        }
        Judging::Verifying(claim, job) => Step::Stay(Responder::Verifying(Box::new(Verifying {
            asked: Box::new(asked),
            claim,
            job,
        }))),
        Judging::Refused(why) => {
            shell.trace(ctx, Ikev2Trace::Verified(false));
            refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why)
        }
    }
}

/// S-078: the response holds the notify and nothing else; the SA is gone.
pub(super) fn refuse(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut asked: Asked,
    ty: NotifyType,
    why: &str,
) -> Step {
    if ty == NotifyType::AUTHENTICATION_FAILED {
        shell.trace(ctx, Ikev2Trace::SendingAuthenticationFailure);
    }
    let answer = (ExchangeType::IKE_AUTH, asked.id);
    shell.respond(
        ctx,
        &mut asked.material.sk,
        answer,
        &[notify(ty, Bytes::new())],
    );
    shell.fail(ctx, "IKE_AUTH", why);
    Step::Ended
}

impl Verifying {
    pub(super) fn job(&self) -> JobId {
        self.job
    }

    pub(super) fn verified(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        match verdict::verdict(shell, ctx, self.claim, outcome) {
            Ok(proven) => proven_peer(shell, ctx, *self.asked, proven),
            Err(why) => {
                let failed = NotifyType::AUTHENTICATION_FAILED;
                refuse(shell, ctx, *self.asked, failed, &why)
            }
        }
    }
}

/// The initiator is who it says: its child SA is considered, then we prove ourselves.
fn proven_peer(shell: &mut Shell, ctx: &mut Context<'_>, mut asked: Asked, proven: Proven) -> Step {
    if let Some(window) = notify::window(&asked.request) {
        shell.outgoing.set_window(window);
    }
    let who = (&proven.identity, proven.validated_by.is_some());
    let configuration = configuration::serve(shell, ctx, who, &asked.request);
    let child = match configuration.exhausted {
        // RFC 7296 3.15.4: the IKE SA is made without the child SA that needs the address.
        true => Err(Refusal::new(
            NotifyType::INTERNAL_ADDRESS_FAILURE,
            "every address of the pool is leased",
        )),
        false => first_child(shell, ctx, &asked.request),
    };
    asked.configuration = configuration.payload;
    let trustpoint = asked.trustpoint.as_deref();
    let peer = Some(&proven.identity);
    match prove::prove(shell, ctx, &asked.material, trustpoint, peer) {
        Proof::Done(own, auth) => answer(shell, ctx, asked, proven, own, auth, child),
        Proof::Signing(own, job) => Step::Stay(Responder::Proving(Box::new(Proving {
            asked: Box::new(asked),
            proven,
            own,
            child,
            job,
        }))),
        Proof::Impossible(why) => {
            refuse(shell, ctx, asked, NotifyType::AUTHENTICATION_FAILED, &why)
        }
    }
}

impl Proving {
    pub(super) fn job(&self) -> JobId {
        self.job
    }

    pub(super) fn signed(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        match self.own.auth(outcome) {
            Ok(auth) => {
                let (asked, proven) = (*self.asked, self.proven);
                answer(shell, ctx, asked, proven, self.own, auth, self.child)
            }
            Err(why) => {
                let failed = NotifyType::AUTHENTICATION_FAILED;
                refuse(shell, ctx, *self.asked, failed, &why)
            }
        }
    }
}

/// `VID IDr CERT AUTH SA TSi TSr N...` (S-073), or with the error of the child SA in their place (W-069).
fn answer(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    asked: Asked,
    proven: Proven,
    own: OwnProof,
    auth: Auth,
    child: Result<Option<Agreement>, Refusal>,
) -> Step {
    let mut payloads: Vec<Payload> = vec![
        Body::Vendor(prove::vendor(shell, ctx)).into(),
        Body::IdR(own.id.clone()).into(),
    ];
    let certificates = own.certificates.iter().cloned();
    payloads.extend(certificates.map(|c| Payload::from(Body::Cert(c))));
    payloads.push(Body::Auth(auth).into());
    payloads.extend(asked.configuration);
    match &child {
        Ok(agreement) => {
            let transport = agreement.as_ref().is_some_and(|a| a.transport);
            payloads.extend(agreement.iter().flat_map(child_offer::answer));
            payloads.extend(child_offer::notifies(ctx, transport, false));
        }
        Err(refusal) => payloads.push(notify(refusal.notify, refusal.data.clone())),
    }
    payloads.extend(ppk::confirm(&asked.material));
    payloads.extend(reauth::lifetime_notify(shell, ctx));
    let mobike = mobike::agreed(ctx, &asked.request);
    if mobike {
        payloads.push(notify(NotifyType::MOBIKE_SUPPORTED, Bytes::new()));
    }
    let first_contact = notify::find(&asked.request, NotifyType::INITIAL_CONTACT).is_some();
    let identity = proven.identity.clone();
    let proofs = Proofs {
        own: own.identity.clone(),
        own_method: own.method_name(),
        peer: proven,
        ppk: asked.material.ppk.is_some(),
        validity: Validity::agreed(shell, ctx, None),
    };
    let nonces = (
        asked.material.nonce_i.clone(),
        asked.material.nonce_r.clone(),
    );
    let mut established = Established::new(shell, ctx, asked.material, proofs);
    established.abilities.mobike = mobike;
    match child {
        Ok(Some(agreement)) => {
            let sk = &established.sk;
            let child = agreement.child(shell, ctx, sk, false, (&nonces.0, &nonces.1), None);
            established.install(shell, ctx, child);
        }
        Ok(None) => {}
        Err(refusal) => {
            let ended = Decision::new((), refusal.rule(), refusal.because);
            shell.ends(ctx, "IKE_AUTH", ended);
        }
    }
    let exchange = (ExchangeType::IKE_AUTH, asked.id);
    shell.respond(ctx, &mut established.sk, exchange, &payloads);
    if first_contact {
        let (id, peer) = (shell.id, identity);
        ctx.follow_ups.push(FollowUp::InitialContact { id, peer });
    }
    Step::Established(Box::new(established))
}
