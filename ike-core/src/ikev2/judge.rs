//! The peer's half of IKE_AUTH: who it claims to be, by which method it proves it, who may vouch for it
//! (S-076 to S-078, S-090; C6, C9 to C12).

use bytes::Bytes;
use ike_crypto::{KeySpec, ct_eq};
use ike_pki::{Anchor, Certificate};
use ike_wire::registry::PayloadType;
use ike_wire::v2::{Auth, AuthMethod, Body, CertEncoding, Chain, Identification, NotifyType};

use super::auth_octets;
use super::context::Context;
use super::init::Material;
use super::notify;
use super::prove::method_name;
use super::shell::Shell;
use crate::config::{Ikev2Auth, Ikev2Profile};
use crate::policy::identity::Identity;
use crate::policy::{Decision, Subject, ikev2, validation};
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, SignatureClaim, VerifyJob};
use crate::trace::{Ikev2Trace, PkiTrace};

/// Most certificates of a peer that are looked at (B13).
const MAX_CERTIFICATES: usize = 8;

/// What a peer claims, before anything is proven.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The identity.
    pub identity: Identity,
    /// How it proves it.
    pub method: AuthMethod,
}

/// A peer that proved its claim.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    /// The identity.
    pub identity: Identity,
    /// How it proved it, as IOS prints it.
    pub method: &'static str,
    /// The trustpoint that vouched; none with a shared key.
    pub validated_by: Option<String>,
}

/// How the peer's proof is judged.
pub(super) enum Judging {
    /// The shared key is right.
    Proven(Proven),
    /// Chain and signature are being verified.
    Verifying(Claim, JobId),
    /// Refused.
    Refused(String),
}

/// The peer's ID payload.
pub(super) fn identification(chain: &Chain, sender: Role) -> Option<&Identification> {
    let ty = match sender {
        Role::Initiator => PayloadType::V2_ID_INITIATOR,
        Role::Responder => PayloadType::V2_ID_RESPONDER,
    };
    match chain.find(ty)?.1 {
        Body::IdI(id) | Body::IdR(id) => Some(id),
        _ => None,
    }
}

/// The AUTH payload.
pub(super) fn auth(chain: &Chain) -> Option<&Auth> {
    match chain.find(PayloadType::V2_AUTH)?.1 {
        Body::Auth(auth) => Some(auth),
        _ => None,
    }
}

/// Why a message that wants EAP is refused (RFC 7296 2.16, RFC 5998 3).
pub(super) fn eap_refused(chain: &Chain) -> &'static str {
    match notify::find(chain, NotifyType::EAP_ONLY_AUTHENTICATION) {
        Some(_) => "the peer wants EAP alone (EAP_ONLY_AUTHENTICATION), which is not built",
        None => "the peer wants EAP, which is not built",
    }
}

/// Judges the peer's AUTH against the bound profile. A message without AUTH asks for EAP: refused (C4).
pub(super) fn judge(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    chain: &Chain,
) -> Judging {
    let sender = match shell.role {
        Role::Initiator => Role::Responder,
        Role::Responder => Role::Initiator,
    };
    let Some(id) = identification(chain, sender) else {
        return Judging::Refused("no ID payload".to_owned());
    };
    shell.trace(ctx, Ikev2Trace::PeerMethod);
    let Some(auth) = auth(chain) else {
        return Judging::Refused(format!("no AUTH payload: {}", eap_refused(chain)));
    };
    shell.trace(ctx, Ikev2Trace::PeerMethodIs(method_name(auth.method)));
    let claim = Claim {
        identity: Identity::from_parts(id.id_type.0, &id.data),
        method: auth.method,
    };
    let octets = auth_octets::signed_octets(material, sender, id);
    if auth.method == AuthMethod::SHARED_KEY {
        return judge_mac(shell, ctx, material, claim, auth, &octets);
    }
    judge_signature(
        shell,
        ctx,
        material,
        claim,
        auth,
        octets,
        certificates(chain),
    )
}

fn judge_mac(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    claim: Claim,
    auth: &Auth,
    octets: &[u8],
) -> Judging {
    let Some(profile) = shell.profile(ctx.config) else {
        return Judging::Refused("no IKEv2 profile is bound".to_owned());
    };
    let shared = |a: &Ikev2Auth| matches!(a, Ikev2Auth::PreShare(_));
    if !profile.auth_remote.iter().any(shared) {
        return method_refused(shell, ctx, profile, auth.method);
    }
    let (address, identity) = (shell.remote.ip(), Some(&claim.identity));
    let Some(key) = ikev2::keyring::remote_key(ctx.config, profile, address, identity) else {
        let why = format!("no pre-shared key for {address} is configured");
        let decision =
            ikev2::keyring::refusal(ctx.config, profile, address, identity, ("G-042", why));
        shell.why(ctx, "the peer has no key here", &decision);
        return Judging::Refused(decision.because);
    };
    let ours = auth_octets::shared_key(material.sk.suite.prf, key.expose(), octets);
    match ct_eq(&ours, &auth.data) {
        true => Judging::Proven(Proven {
            identity: claim.identity,
            method: method_name(claim.method),
            validated_by: None,
        }),
        false => {
            let why = "the AUTH payload is wrong: the pre-shared keys differ".to_owned();
            let why = ("RFC 7296 2.15", why);
            let decision = ikev2::keyring::refusal(ctx.config, profile, address, identity, why);
            shell.why(ctx, "the pre-shared key of the peer is another", &decision);
            Judging::Refused(decision.because)
        }
    }
}

fn judge_signature(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    claim: Claim,
    auth: &Auth,
    octets: Vec<u8>,
    certificates: Vec<Bytes>,
) -> Judging {
    let Some(profile) = shell.profile(ctx.config) else {
        return Judging::Refused("no IKEv2 profile is bound".to_owned());
    };
    let Some(leaf) = certificates.first() else {
        return Judging::Refused("no X.509 certificate came".to_owned());
    };
    let kind = Certificate::from_der(leaf.clone())
        .ok()
        .and_then(|c| c.public_key().ok())
        .map(|key| key.kind());
    // C6: the method is held against the profile before anything is computed.
    if !profile
        .auth_remote
        .iter()
        .any(|a| allows(a, auth.method, kind))
    {
        return method_refused(shell, ctx, profile, auth.method);
    }
    let digital = !material.abilities.hashes.is_empty();
    let Some((schemes, signature)) = auth_octets::schemes(auth, digital) else {
        return Judging::Refused(format!(
            "AUTH method {} or its algorithm was not agreed",
            auth.method
        ));
    };
    shell.trace(ctx, Ikev2Trace::Validating);
    let job = VerifyJob {
        certificates,
        anchors: anchors(shell, ctx),
        policy: *ctx.chain_policy,
        at: ctx.now.wall,
        claim: SignatureClaim::Octets { schemes, octets },
        signature,
    };
    let job = ctx.run(shell.id, Job::Verify(Box::new(job)));
    Judging::Verifying(claim, job)
}

/// Whether a configured method covers that of the wire (C6). Method 14 is told by its key.
fn allows(configured: &Ikev2Auth, method: AuthMethod, key: Option<KeySpec>) -> bool {
    let rsa = matches!(key, Some(KeySpec::Rsa { .. }));
    let ecdsa = matches!(
        key,
        Some(KeySpec::EcP256 | KeySpec::EcP384 | KeySpec::EcP521)
    );
    match (configured, method) {
        (Ikev2Auth::RsaSig, AuthMethod::RSA) => true,
        (Ikev2Auth::RsaSig, AuthMethod::DIGITAL_SIGNATURE) => rsa,
        (
            Ikev2Auth::EcdsaSig,
            AuthMethod::ECDSA_P256 | AuthMethod::ECDSA_P384 | AuthMethod::ECDSA_P521,
        ) => true,
        (Ikev2Auth::EcdsaSig, AuthMethod::DIGITAL_SIGNATURE) => ecdsa,
        (Ikev2Auth::DigitalSignature, AuthMethod::DIGITAL_SIGNATURE) => true,
        _ => false,
    }
}

fn method_refused(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    profile: &Ikev2Profile,
    method: AuthMethod,
) -> Judging {
    let why = format!(
        "profile {} does not allow the peer's authentication method '{}'",
        profile.name,
        method_name(method)
    );
    let line = Subject::ikev2_profile(&profile.name).line("authentication remote");
    let decision = Decision::new((), "G-043", why).about([line]);
    shell.why(
        ctx,
        "the peer's authentication method is refused",
        &decision,
    );
    Judging::Refused(decision.because)
}

/// The peer's own certificate: the first one is the signer's (C9). Nothing of it is proven by itself.
pub(super) fn leaf(chain: &Chain) -> Option<Certificate> {
    let first = certificates(chain).into_iter().next()?;
    Certificate::from_der(first).ok()
}

fn certificates(chain: &Chain) -> Vec<Bytes> {
    chain
        .all(PayloadType::V2_CERT)
        .filter_map(|(_, body)| match body {
            Body::Cert(c) if c.encoding == CertEncoding::X509_SIGNATURE => Some(c.data.clone()),
            _ => None,
        })
        .take(MAX_CERTIFICATES)
        .collect()
}

/// S-076: the profile's verify list, else every global trustpoint.
fn anchors(shell: &mut Shell, ctx: &mut Context<'_>) -> Vec<Anchor> {
    shell.trace_pki(ctx, PkiTrace::AddingPeerCertificate);
    let decision = ikev2::validation::trustpoints(shell.profile(ctx.config), ctx.store);
    shell.why(
        ctx,
        format!("{} may vouch for the peer", decision.value.join(", ")),
        &decision,
    );
    shell.trace_pki(ctx, PkiTrace::IpExtension);
    decision
        .value
        .iter()
        .filter_map(|tp| validation::anchor(ctx.config, ctx.store, tp, ctx.now.wall))
        .collect()
}
