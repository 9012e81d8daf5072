//! Our half of IKE_AUTH: trustpoint, identity, certificate and AUTH (S-034, S-074 to S-077).

use bytes::Bytes;
use ike_crypto::SignatureScheme;
use ike_wire::v2::{Auth, AuthMethod, Certificate, IdType, Identification};

use super::auth_octets;
use super::context::Context;
use super::init::Material;
use super::shell::Shell;
use crate::config::Ikev2Auth;
use crate::policy::identity::Identity;
use crate::policy::ikev2;
use crate::policy::ikev2::trustpoint::Choice;
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::{Ikev2Trace, PkiTrace};

/// Our proof without its AUTH data.
#[derive(Clone, Debug)]
pub(super) struct OwnProof {
    /// Who we say we are.
    pub identity: Identity,
    /// The same as payload.
    pub id: Identification,
    /// Our certificate and those above it; none with a shared key.
    pub certificates: Vec<Certificate>,
    method: AuthMethod,
    scheme: Option<SignatureScheme>,
}

/// How our proof comes about.
pub(super) enum Proof {
    /// With a shared key it is there at once.
    Done(OwnProof, Auth),
    /// A signature is being made.
    Signing(OwnProof, JobId),
    /// We cannot; the text says why.
    Impossible(String),
}

/// What signs for us: a trustpoint, or nothing when a shared key proves.
///
/// # Errors
/// No trustpoint may be used (S-075); told as IOS does.
pub(super) fn trustpoint(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    requests: Option<&[[u8; 20]]>,
) -> Result<Option<String>, String> {
    let profile = shell.profile(ctx.config);
    if let Some(Ikev2Auth::PreShare(_) | Ikev2Auth::Eap) =
        profile.and_then(|p| p.auth_local.as_ref())
    {
        return Ok(None);
    }
    let requests = requests.unwrap_or_default();
    let choice = match shell.role {
        Role::Initiator => ikev2::trustpoint::initiator(requests, profile, ctx.store),
        Role::Responder => ikev2::trustpoint::responder(requests, profile, ctx.store),
    };
    tell_choice(shell, ctx, &choice);
    let what = match &choice.decision.value {
        Some(tp) => format!("{tp} signs"),
        None => "nothing signs".to_owned(),
    };
    shell.why(ctx, what, &choice.decision);
    match choice.decision.value {
        Some(trustpoint) => {
            let usable = ctx
                .store
                .identity(&trustpoint)
                .is_some_and(|r| r.key_label.is_some());
            shell.trace(ctx, Ikev2Trace::GettingChain(trustpoint.clone()));
            shell.trace(ctx, Ikev2Trace::GotChain(usable));
            match usable {
                true => {
                    // The choice counts: a peer that fails afterwards never sees the signature (S-077).
                    shell.record.signed_with = Some(trustpoint.clone());
                    Ok(Some(trustpoint))
                }
                false => Err(format!(
                    "trustpoint {trustpoint} has no identity certificate"
                )),
            }
        }
        None => {
            shell.trace(ctx, Ikev2Trace::CertificatePayloadFailed);
            Err(format!(
                "Failed to build certificate payload: {}",
                choice.decision.because
            ))
        }
    }
}

/// The lines of the seed for each hash that was resolved (S-074, S-075).
fn tell_choice(shell: &Shell, ctx: &mut Context<'_>, choice: &Choice) {
    for (_, names) in &choice.retrieved {
        shell.trace(ctx, Ikev2Trace::RetrievingTrustpoints);
        shell.trace(ctx, Ikev2Trace::RetrievedTrustpoints(names.clone()));
        for name in names {
            // The seed shows two look-ups for each.
            shell.trace_pki(ctx, PkiTrace::SubjectMatch);
            shell.trace_pki(ctx, PkiTrace::SubjectMatch);
            shell.trace_pki(ctx, PkiTrace::PickedUp(name.clone()));
        }
        shell.trace_pki(ctx, PkiTrace::Matching(names.len()));
    }
}

/// Makes identity, certificates and AUTH.
pub(super) fn prove(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    trustpoint: Option<&str>,
    peer: Option<&Identity>,
) -> Proof {
    let Some(profile) = shell.profile(ctx.config) else {
        return Proof::Impossible("no IKEv2 profile is bound".to_owned());
    };
    let record = trustpoint.and_then(|tp| ctx.store.identity(tp));
    let subject = record.map(|r| r.certificate.subject());
    let local = shell.local.ip();
    let decision = ikev2::identity::to_present(profile, local, subject);
    let identity = decision.value.clone();
    shell.why(ctx, format!("we are {identity}"), &decision);
    shell.trace(ctx, Ikev2Trace::GenerateAuth);
    shell.trace(
        ctx,
        Ikev2Trace::ConstructingId {
            initiator: shell.role == Role::Initiator,
            identity: identity.clone(),
        },
    );
    let (id_type, data) = identity.to_parts();
    let id = Identification::new(IdType(id_type), data);
    let octets = auth_octets::signed_octets(material, shell.role, &id);
    let own = OwnProof {
        identity,
        id,
        certificates: Vec::new(),
        method: AuthMethod::SHARED_KEY,
        scheme: None,
    };
    match trustpoint {
        Some(trustpoint) => sign(shell, ctx, material, own, trustpoint, octets),
        None => mac(shell, ctx, material, own, peer, &octets),
    }
}

/// Starts the signature.
fn sign(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    own: OwnProof,
    trustpoint: &str,
    octets: Vec<u8>,
) -> Proof {
    let Some(record) = ctx.store.identity(trustpoint) else {
        return Proof::Impossible(format!(
            "trustpoint {trustpoint} has no identity certificate"
        ));
    };
    let Some(key_label) = record.key_label.clone() else {
        return Proof::Impossible(format!("trustpoint {trustpoint} has no key pair"));
    };
    let kind = match record.certificate.public_key() {
        Ok(key) => key.kind(),
        Err(e) => return Proof::Impossible(format!("the key of {trustpoint} is unusable: {e}")),
    };
    let digital = auth_octets::digital(kind, &material.abilities.hashes)
        .map(|scheme| (AuthMethod::DIGITAL_SIGNATURE, scheme));
    let Some((method, scheme)) = digital.or_else(|| auth_octets::classic(kind)) else {
        return Proof::Impossible(format!(
            "the peer takes no signature that the key of {trustpoint} can make"
        ));
    };
    let chain = ctx.store.chain(trustpoint);
    let certificates = chain
        .into_iter()
        .map(|c| Certificate::x509(c.der().clone()))
        .collect();
    shell.trace(ctx, Ikev2Trace::OwnMethod(method_name(method)));
    let job = Job::SignOctets {
        key_label,
        scheme,
        octets,
    };
    let job = ctx.run(shell.id, job);
    let own = OwnProof {
        certificates,
        method,
        scheme: Some(scheme),
        ..own
    };
    Proof::Signing(own, job)
}

fn mac(
    shell: &Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    own: OwnProof,
    peer: Option<&Identity>,
    octets: &[u8],
) -> Proof {
    let Some(profile) = shell.profile(ctx.config) else {
        return Proof::Impossible("no IKEv2 profile is bound".to_owned());
    };
    match profile.auth_local {
        Some(Ikev2Auth::PreShare(_)) => {}
        Some(Ikev2Auth::Eap) => return Proof::Impossible("EAP is not built".to_owned()),
        _ => return Proof::Impossible("no authentication method is configured".to_owned()),
    }
    let address = shell.remote.ip();
    let Some(key) = ikev2::keyring::local_key(ctx.config, profile, address, peer) else {
        return Proof::Impossible(format!("no pre-shared key for {address} is configured"));
    };
    let data = auth_octets::shared_key(material.sk.suite.prf, key.expose(), octets);
    shell.trace(ctx, Ikev2Trace::OwnMethod(method_name(own.method)));
    let auth = Auth::new(own.method, data);
    Proof::Done(own, auth)
}

impl OwnProof {
    /// The AUTH payload, once the signature is made.
    ///
    /// # Errors
    /// Nothing was signed.
    pub(super) fn auth(&self, outcome: JobOutcome) -> Result<Auth, String> {
        match (outcome, self.scheme) {
            (JobOutcome::Signature(Ok(signature)), Some(scheme)) => {
                Ok(auth_octets::payload(self.method, scheme, &signature))
            }
            (JobOutcome::Signature(Err(e)), _) => Err(format!("our AUTH could not be made: {e:?}")),
            _ => Err("a job of another kind came back".to_owned()),
        }
    }

    /// How we prove ourselves, as `show crypto ikev2 sa` prints it.
    pub(super) fn method_name(&self) -> &'static str {
        method_name(self.method)
    }
}

/// IOS's name of an authentication method (O-020).
pub(super) fn method_name(method: AuthMethod) -> &'static str {
    match method {
        AuthMethod::RSA => "RSA",
        AuthMethod::SHARED_KEY => "PSK",
        AuthMethod::ECDSA_P256 | AuthMethod::ECDSA_P384 | AuthMethod::ECDSA_P521 => "ECDSA",
        AuthMethod::DIGITAL_SIGNATURE => "Digital Signature",
        _ => "Unknown",
    }
}

/// W-071: our SPI in disguise and eight random octets.
pub(super) fn vendor(shell: &Shell, ctx: &mut Context<'_>) -> Bytes {
    const MASK: [u8; 8] = [0xf5, 0xc7, 0xa7, 0x1d, 0, 1, 0, 0];
    let own = shell.own_spi().0;
    let masked = own.iter().zip(MASK).map(|(a, b)| a ^ b);
    masked
        .chain(ctx.entropy.octets8())
        .collect::<Vec<u8>>()
        .into()
}
