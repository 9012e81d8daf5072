//! Post-quantum preshared keys: mixed into SK_d, SK_pi and SK_pr, so that whoever breaks the Diffie-Hellman
//! later still lacks them (RFC 8784).

use std::sync::Arc;

use bytes::Bytes;
use ike_crypto::{Prf, Secret};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Body, Chain, NotifyType, Payload};

use super::context::Context;
use super::init::Material;
use super::keymat::Keys;
use super::notify::{self, notify};
use super::shell::Shell;
use super::sk::Sk;
use crate::config::Ikev2Ppk;
use crate::policy::Subject;
use crate::policy::identity::Identity;
use crate::policy::ikev2::keyring::{ppk_by_id, ppk_for_peer};
use crate::policy::ikev2::ppk::{self, Configured, Offer, Use};

/// PPK_ID_FIXED: a name both sides have configured (RFC 8784 5.1).
const FIXED: u8 = 2;

/// A PPK at work in a negotiation.
pub(super) struct Mixing {
    ppk: Ikev2Ppk,
    /// The keys before it was mixed in; `None`: it is not yet.
    before: Option<Arc<Keys>>,
    /// AUTH data without it, for a responder that does not know it.
    without: Option<Bytes>,
}

impl Mixing {
    /// The keys have it.
    pub(super) fn is_done(&self) -> bool {
        self.before.is_some()
    }

    /// Keeps the AUTH data made without it.
    pub(super) fn keep(&mut self, auth: Bytes) {
        self.without = Some(auth);
    }
}

/// The peer's key, before anything of the peer is proven.
fn own<'c>(shell: &Shell, ctx: &Context<'c>, peer: Option<&Identity>) -> Option<&'c Ikev2Ppk> {
    let profile = shell.profile(ctx.config)?;
    ppk_for_peer(ctx.config, profile, shell.remote.ip(), peer)
}

fn configured(ppk: Option<&Ikev2Ppk>) -> Configured {
    match ppk {
        None => Configured::No,
        Some(ppk) if ppk.required => Configured::Required,
        Some(_) => Configured::Optional,
    }
}

/// USE_PPK in the IKE_SA_INIT request of an initiator that has a key for its peer.
pub(super) fn ask(shell: &Shell, ctx: &Context<'_>) -> Option<Payload> {
    own(shell, ctx, None).map(|_| notify(NotifyType::USE_PPK, Bytes::new()))
}

/// USE_PPK in the response: the initiator said so, and some profile has keys; which one applies is not known
/// yet.
pub(super) fn agree(ctx: &Context<'_>, request: &Chain) -> Option<Payload> {
    let asked = notify::find(request, NotifyType::USE_PPK).is_some();
    let mut profiles = ctx.config.ikev2_profiles.iter();
    let has = asked && profiles.any(|p| p.ppk_keyring.is_some());
    has.then(|| notify(NotifyType::USE_PPK, Bytes::new()))
}

/// After IKE_SA_INIT the initiator knows whether it uses its key. Where it must, the key is mixed in at once;
/// where it may, AUTH is made without it first.
///
/// # Errors
/// The key is required and the responder has none.
pub(super) fn begin(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &mut Material,
) -> Result<(), String> {
    let Some(ppk) = own(shell, ctx, None).cloned() else {
        return Ok(());
    };
    let supported = material.abilities.ppk;
    let decision = ppk::initiator(configured(Some(&ppk)), supported).about(line(shell));
    shell.why(ctx, "the PPK is considered", &decision);
    match decision.value {
        Use::Abort => Err(decision.because),
        Use::With => {
            let required = ppk.required;
            material.ppk = Some(Mixing {
                ppk,
                before: None,
                without: None,
            });
            if required {
                mix_in(material);
            }
            Ok(())
        }
        Use::Without | Use::PeersWay => Ok(()),
    }
}

/// The line that names the keyring of the key.
fn line(shell: &Shell) -> Option<Subject> {
    let profile = shell.profile.as_deref()?;
    Some(Subject::ikev2_profile(profile).line("keyring ppk"))
}

/// Mixes the key in.
pub(super) fn mix_in(material: &mut Material) {
    if let Some(mixing) = material.ppk.as_mut().filter(|m| !m.is_done()) {
        mixing.before = Some(Arc::clone(&material.sk.keys));
        mix(&mut material.sk, &mixing.ppk.key);
    }
}

/// PPK_IDENTITY, and NO_PPK_AUTH where the responder may do without (RFC 8784 3).
pub(super) fn name(material: &Material) -> Vec<Payload> {
    let Some(mixing) = &material.ppk else {
        return Vec::new();
    };
    let id = [&[FIXED], mixing.ppk.id.as_bytes()].concat();
    let without = mixing.without.iter();
    let without = without.map(|auth| notify(NotifyType::NO_PPK_AUTH, auth.clone()));
    std::iter::once(notify(NotifyType::PPK_IDENTITY, id))
        .chain(without)
        .collect()
}

/// The response says whether the responder used the key; if not, the keys are those without it.
///
/// # Errors
/// The key is required and was not used.
pub(super) fn answered(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &mut Material,
    answer: &Chain,
) -> Result<(), String> {
    let Some(mixing) = material.ppk.take() else {
        return Ok(());
    };
    let used = notify::find(answer, NotifyType::PPK_IDENTITY).is_some();
    let decision = ppk::initiator_answered(configured(Some(&mixing.ppk)), used).about(line(shell));
    shell.why(ctx, "the PPK is settled", &decision);
    match (decision.value, mixing.before.clone()) {
        (Use::Abort, _) => return Err(decision.because),
        (Use::Without, Some(before)) => material.sk.keys = before,
        _ => material.ppk = Some(mixing),
    }
    Ok(())
}

/// The responder at IKE_AUTH: mixes the key in, or takes the initiator's AUTH without it.
///
/// # Errors
/// AUTHENTICATION_FAILED, and why.
pub(super) fn serve(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &mut Material,
    request: &mut Chain,
    peer: &Identity,
) -> Result<(), String> {
    let Some(profile) = shell.profile(ctx.config) else {
        return Ok(());
    };
    let own = configured(own(shell, ctx, Some(peer)));
    let known = notify::find(request, NotifyType::PPK_IDENTITY)
        .and_then(|n| n.data.split_first())
        .filter(|(ty, _)| **ty == FIXED)
        .and_then(|(_, id)| ppk_by_id(ctx.config, profile, id));
    let without = notify::find(request, NotifyType::NO_PPK_AUTH).map(|n| n.data.clone());
    let offer = Offer {
        supported: material.abilities.ppk,
        known: known.is_some(),
        optional: without.is_some(),
    };
    let ppk = known.cloned();
    let decision = ppk::responder(own, offer).about(line(shell));
    if own != Configured::No || offer.supported {
        shell.why(ctx, "the PPK is considered", &decision);
    }
    match (decision.value, ppk, without) {
        (Use::With, Some(ppk), _) => {
            material.ppk = Some(Mixing {
                ppk,
                before: None,
                without: None,
            });
            mix_in(material);
        }
        (Use::PeersWay, _, Some(without)) => replace_auth(request, without),
        (Use::Without, ..) => {}
        _ => return Err(decision.because),
    }
    Ok(())
}

/// The method stays that of the AUTH payload (RFC 8784 5.1).
fn replace_auth(request: &mut Chain, data: Bytes) {
    let auth = |p: &&mut Payload| p.payload_type() == PayloadType::V2_AUTH;
    if let Some(Payload {
        body: Body::Auth(auth),
        ..
    }) = request.payloads.iter_mut().find(auth)
    {
        auth.data = data;
    }
}

/// PPK_IDENTITY in the response: the key was used.
pub(super) fn confirm(material: &Material) -> Option<Payload> {
    let used = material.ppk.is_some();
    used.then(|| notify(NotifyType::PPK_IDENTITY, Bytes::new()))
}

/// SK_d = prf+(PPK, SK_d'), SK_pi and SK_pr alike; the keys of messages stay (RFC 8784 3).
fn mix(sk: &mut Sk, ppk: &Secret) {
    let prf: Prf = sk.suite.prf;
    let mixed = |key: &Secret| prf.plus(ppk.expose(), &[key.expose()], key.len());
    let keys = Keys {
        d: mixed(&sk.keys.d),
        pi: mixed(&sk.keys.pi),
        pr: mixed(&sk.keys.pr),
        ..Keys::clone(&sk.keys)
    };
    sk.keys = Arc::new(keys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ikev2::sk::tests::pair;
    use crate::policy::ikev2::suite::Encryption;
    use ike_crypto::{Cipher, Hash, hmac};

    /// RFC 8784 3: prf+ with the PPK as key, computed here by hand for one block of HMAC-SHA-256.
    #[test]
    fn three_keys_change_and_four_do_not() {
        let (mut sk, _) = pair(Encryption::Cbc(Cipher::Aes128Cbc));
        let keys = Keys::clone(&sk.keys);
        mix(&mut sk, &Secret::from(b"post quantum".as_slice()));
        let by_hand = |key: &Secret| hmac(Hash::Sha256, b"post quantum", &[key.expose(), &[1]]);
        for (mixed, before) in [
            (&sk.keys.d, &keys.d),
            (&sk.keys.pi, &keys.pi),
            (&sk.keys.pr, &keys.pr),
        ] {
            assert_eq!(mixed.expose(), by_hand(before));
        }
        for (same, before) in [
            (&sk.keys.ei, &keys.ei),
            (&sk.keys.er, &keys.er),
            (&sk.keys.ai, &keys.ai),
            (&sk.keys.ar, &keys.ar),
        ] {
            assert_eq!(same.expose(), before.expose());
        }
    }
}
