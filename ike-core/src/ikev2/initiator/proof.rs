//! Our proof as the initiator: what signs, and AUTH once or, with a post-quantum key that may be left out,
//! twice (S-074, S-075; RFC 8784 3).

use super::auth::send;
use super::{Initiator, Step};
use crate::ikev2::context::Context;
use crate::ikev2::init::Material;
use crate::ikev2::ppk;
use crate::ikev2::prove::{self, OwnProof, Proof};
use crate::ikev2::shell::Shell;
use crate::policy::ikev2::childless::{self, FirstChild};
use crate::sa::action::JobId;
use crate::sa::job::JobOutcome;
use ike_wire::v2::Auth;

/// Our AUTH is being signed.
pub(crate) struct Proving {
    material: Material,
    own: OwnProof,
    trustpoint: Option<String>,
    job: JobId,
}

/// Chooses what signs and starts the signature (S-074, S-075).
pub(super) fn begin(shell: &mut Shell, ctx: &mut Context<'_>, mut material: Material) -> Step {
    let requests = material.requests.clone();
    let chosen = first_child(shell, ctx, &material)
        .and_then(|_| ppk::begin(shell, ctx, &mut material))
        .and_then(|()| prove::trustpoint(shell, ctx, requests.as_deref()));
    match chosen {
        Ok(trustpoint) => attempt(shell, ctx, material, trustpoint),
        Err(why) => failed(shell, ctx, &why),
    }
}

fn attempt(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: Material,
    trustpoint: Option<String>,
) -> Step {
    match prove::prove(shell, ctx, &material, trustpoint.as_deref(), None) {
        Proof::Done(own, auth) => made(shell, ctx, material, own, auth, trustpoint),
        Proof::Signing(own, job) => Step::Stay(Initiator::Proving(Box::new(Proving {
            material,
            own,
            trustpoint,
            job,
        }))),
        Proof::Impossible(why) => failed(shell, ctx, &why),
    }
}

/// AUTH is made. If it was made without a post-quantum key that is to be used, it is kept and made once
/// more with it.
fn made(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut material: Material,
    own: OwnProof,
    auth: Auth,
    trustpoint: Option<String>,
) -> Step {
    match material.ppk.as_mut().filter(|mixing| !mixing.is_done()) {
        Some(mixing) => {
            mixing.keep(auth.data);
            ppk::mix_in(&mut material);
            attempt(shell, ctx, material, trustpoint)
        }
        None => send(shell, ctx, material, own, auth),
    }
}

/// Whether the first child SA is asked for in IKE_AUTH or after it (RFC 6023).
pub(super) fn first_child(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
) -> Result<FirstChild, String> {
    let configured = ctx.config.ikev2.childless;
    let decision = childless::initiator(configured, material.abilities.childless);
    if configured.is_some() {
        shell.why(ctx, "the first child SA has its place", &decision);
    }
    match decision.value {
        FirstChild::Impossible => Err(decision.because),
        place => Ok(place),
    }
}

/// Nothing is sent: the responder's half-open SA ends by age (S-075).
pub(super) fn failed(shell: &mut Shell, ctx: &mut Context<'_>, why: &str) -> Step {
    shell.fail(ctx, "IKE_SA_INIT", why);
    Step::Ended
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
            Ok(auth) => made(shell, ctx, self.material, self.own, auth, self.trustpoint),
            Err(why) => failed(shell, ctx, &why),
        }
    }
}
