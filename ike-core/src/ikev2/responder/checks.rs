//! What an IKE_AUTH request is held against before and beside its proof: childless or not, the profile, a
//! post-quantum key, the child SA (S-090, S-095; RFC 6023, RFC 8784).

use ike_wire::v2::{Chain, NotifyType};

use crate::ikev2::child::{Agreement, Children};
use crate::ikev2::child_offer::{self, Refusal};
use crate::ikev2::context::Context;
use crate::ikev2::init::Material;
use crate::ikev2::judge;
use crate::ikev2::ppk;
use crate::ikev2::shell::Shell;
use crate::ikev2::table;
use crate::policy::identity::Identity;
use crate::policy::ikev2;
use crate::policy::ikev2::childless;
use crate::sa::Role;
use crate::trace::Ikev2Trace;

/// RFC 6023 3: a request without child SA is taken where that was announced.
pub(super) fn childless_taken(ctx: &Context<'_>, with_child: bool) -> Result<(), String> {
    let decision = childless::responder(ctx.config.ikev2.childless, with_child);
    match decision.value {
        Some(NotifyType::INVALID_SYNTAX) => Err(decision.because),
        _ => Ok(()),
    }
}

/// S-090, S-095: the profile for the received IDi. T-64: without one there is no authentication.
pub(super) fn bind_profile(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
) -> Result<(), String> {
    let id = judge::identification(chain, Role::Initiator).ok_or("no IDi payload")?;
    let identity = Identity::from_parts(id.id_type.0, &id.data);
    shell.trace(ctx, Ikev2Trace::SearchingPolicy(identity.clone()));
    let local = shell.local.ip();
    // U-10: a certificate map that fits goes before the identity.
    let mapped = judge::leaf(chain)
        .map(|leaf| ikev2::profile::for_certificate(&leaf, local, ctx.config))
        .filter(|d| d.value.is_some());
    let decision = mapped.unwrap_or_else(|| ikev2::profile::for_peer(&identity, local, ctx.config));
    let name = decision.value.clone();
    let what = format!(
        "the peer is bound to {}",
        name.as_deref().unwrap_or("no profile")
    );
    shell.why(ctx, what, &decision);
    shell.record.profile.clone_from(&name);
    shell.profile.clone_from(&name);
    match name {
        Some(name) => {
            shell.trace(ctx, Ikev2Trace::FoundProfile(name));
            Ok(())
        }
        None => {
            shell.trace(ctx, Ikev2Trace::NoProfile);
            Err(decision.because)
        }
    }
}

/// RFC 8784 3: the key of the profile that IDi has selected.
pub(super) fn post_quantum(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &mut Material,
    request: &mut Chain,
) -> Result<(), String> {
    let id = judge::identification(request, Role::Initiator).ok_or("no IDi payload")?;
    let peer = Identity::from_parts(id.id_type.0, &id.data);
    ppk::serve(shell, ctx, material, request, &peer)
}

/// What is made of the child SA that IKE_AUTH asks for, if it asks for one.
pub(super) fn first_child(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    request: &Chain,
) -> Result<Option<Agreement>, Refusal> {
    if !matches!(table::child_in_auth(request), Ok(true)) {
        return Ok(None);
    }
    let decision = childless::responder(ctx.config.ikev2.childless, true);
    if let Some(notify) = decision.value {
        return Err(Refusal::new(notify, decision.because));
    }
    let none = Children::default();
    child_offer::consider(shell, ctx, request, &none, false, None).map(Some)
}
