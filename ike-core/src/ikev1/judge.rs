//! The peer's half of MM5 and MM6: who it claims to be, which profile that selects, and who may
//! vouch for it (S-041, S-050, S-051).

use bytes::Bytes;
use ike_crypto::ct_eq;
use ike_pki::{Anchor, Certificate};
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, CertEncoding, Chain, Identification, NotifyType};

use super::common;
use super::context::Context;
use super::material::Material;
use super::pki;
use super::shell::Shell;
use crate::config::IsakmpAuthentication;
use crate::policy::identity::Identity;
use crate::policy::{Decision, Subject, profile, validation};
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, SignatureClaim, VerifyJob};
use crate::trace::{IsakmpTrace, PkiCall, PkiTrace};

/// Most certificates of a peer that are looked at (B13).
const MAX_CERTIFICATES: usize = 8;

/// What a peer claims in MM5 or MM6, before anything is proven.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The identity.
    pub identity: Identity,
    /// The profile it selects (S-041).
    pub profile: Option<String>,
    /// N(INITIAL_CONTACT) came with it; acted on only after the proof (C14).
    pub initial_contact: bool,
}

/// How the peer's proof is judged.
pub(super) enum Judging {
    /// The pre-shared key's hash is right.
    Proven(Claim),
    /// Chain and signature are being verified.
    Verifying(Claim, JobId),
    /// Refused at once.
    Refused(String),
}

/// Reads ID, selects the profile, and starts the verification, in the order of S-051.
pub(super) fn judge(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    chain: &Chain,
) -> Judging {
    let Some((index, Body::Id(id))) = chain.find(PayloadType::ID) else {
        return Judging::Refused("no ID payload".to_owned());
    };
    let claim = claim(shell, ctx, chain, index, id);
    let peer = match shell.role {
        Role::Initiator => Role::Responder,
        Role::Responder => Role::Initiator,
    };
    let hash = material.hash(shell, peer, &chain.body(index));
    bind_profile(shell, ctx, &claim);
    if material.suite.authentication == IsakmpAuthentication::PreShare {
        return judge_hash(shell, ctx, claim, chain, &hash);
    }
    judge_signature(shell, ctx, claim, chain, hash)
}

fn claim(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    chain: &Chain,
    index: usize,
    id: &Identification,
) -> Claim {
    let identity = Identity::from_wire(id);
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "ID",
            message_id: 0,
        },
    );
    let next_payload = chain
        .payloads
        .get(index + 1)
        .map_or(0, |p| p.payload_type().0);
    shell.trace(
        ctx,
        IsakmpTrace::IdPayload {
            next_payload,
            identity: identity.clone(),
            protocol: id.protocol,
            port: id.port,
            length: id.data.len() + 8,
        },
    );
    let decision = profile::for_peer(&identity, ctx.config);
    let initial_contact = chain
        .all(PayloadType::NOTIFY)
        .any(|(_, body)| matches!(body, Body::Notify(n) if n.ty == NotifyType::INITIAL_CONTACT));
    let profile = match shell.role {
        // S-040: the initiator's profile is known from the start.
        Role::Initiator => shell.profile.clone(),
        Role::Responder => {
            let what = format!(
                "the peer is bound to {}",
                decision.value.as_deref().unwrap_or("no profile")
            );
            shell.why(ctx, what, &decision);
            decision.value.clone()
        }
    };
    shell.trace(ctx, IsakmpTrace::PeerMatches(decision.value));
    Claim {
        identity,
        profile,
        initial_contact,
    }
}

/// The responder binds the SA to the profile now (S-041). The initiator keeps the profile it
/// started with (S-040); an identity that this profile does not match is told and, as in IOS,
/// does not end phase 1 (T-15): chain and signature decide, against the profile's anchors.
fn bind_profile(shell: &mut Shell, ctx: &mut Context<'_>, claim: &Claim) {
    shell.record.profile.clone_from(&claim.profile);
    shell.profile.clone_from(&claim.profile);
    let stranger = shell
        .profile(ctx.config)
        .filter(|p| !profile::matches(p, &claim.identity));
    if let (Role::Initiator, Some(bound)) = (shell.role, stranger) {
        let because = format!(
            "the peer presents {}, which {} does not match",
            claim.identity, bound.name
        );
        let own = Subject::isakmp_profile(&bound.name);
        let lines = [own.line("match identity"), own];
        let decision = Decision::new((), "S-040", because).about(lines);
        shell.why(ctx, "the profile stays", &decision);
    }
}

fn judge_hash(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    claim: Claim,
    chain: &Chain,
    hash: &[u8],
) -> Judging {
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "HASH",
            message_id: 0,
        },
    );
    match chain.find(PayloadType::HASH) {
        Some((_, Body::Hash(theirs))) if ct_eq(theirs, hash) => Judging::Proven(claim),
        Some(_) => {
            shell.trace(ctx, IsakmpTrace::HashMismatch);
            let why = "the HASH payload is wrong: the pre-shared keys differ".to_owned();
            let decision = common::key_refusal(shell, ctx, ("RFC 2409 5.4", why));
            shell.why(ctx, "the pre-shared key of the peer is another", &decision);
            Judging::Refused(decision.because)
        }
        None => Judging::Refused("no HASH payload".to_owned()),
    }
}

fn judge_signature(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut claim: Claim,
    chain: &Chain,
    hash: Vec<u8>,
) -> Judging {
    let Some((_, Body::Sig(signature))) = chain.find(PayloadType::SIG) else {
        return Judging::Refused("no SIG payload".to_owned());
    };
    let certificates = certificates(chain);
    if certificates.is_empty() {
        return Judging::Refused("no X.509 certificate came".to_owned());
    }
    for _ in &certificates {
        shell.trace(
            ctx,
            IsakmpTrace::Processing {
                payload: "CERT",
                message_id: 0,
            },
        );
        shell.trace(ctx, IsakmpTrace::ProcessingCert);
    }
    bind_by_certificate(shell, ctx, &mut claim, certificates.first());
    let job = VerifyJob {
        certificates,
        anchors: anchors(shell, ctx),
        policy: *ctx.chain_policy,
        at: ctx.now.wall,
        claim: SignatureClaim::Ikev1Hash(hash),
        signature: signature.clone(),
    };
    let job = ctx.run(shell.id, Job::Verify(Box::new(job)));
    Judging::Verifying(claim, job)
}

/// U-10, T-22: a certificate map that fits goes before the identity. The certificate proves
/// nothing yet: it is validated by the anchors of the profile that it selects.
fn bind_by_certificate(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    claim: &mut Claim,
    leaf: Option<&Bytes>,
) {
    let leaf = leaf.and_then(|der| Certificate::from_der(der.clone()).ok());
    let Some(leaf) = leaf.filter(|_| shell.role == Role::Responder) else {
        return;
    };
    let decision = profile::for_certificate(&leaf, ctx.config);
    let Some(name) = decision
        .value
        .clone()
        .filter(|name| Some(name) != shell.profile.as_ref())
    else {
        return;
    };
    shell.why(ctx, format!("the peer is bound to {name}"), &decision);
    shell.trace(ctx, IsakmpTrace::CertificateMapMatches(name.clone()));
    shell.trace(ctx, IsakmpTrace::RevalidateByProfile);
    claim.profile = Some(name);
    bind_profile(shell, ctx, claim);
}

fn certificates(chain: &Chain) -> Vec<Bytes> {
    chain
        .all(PayloadType::CERT)
        .filter_map(|(_, body)| match body {
            Body::Cert(c) if c.encoding == CertEncoding::X509_SIGNATURE => Some(c.data.clone()),
            _ => None,
        })
        .take(MAX_CERTIFICATES)
        .collect()
}

/// The anchors of S-050, told in the order of S-051.
fn anchors(shell: &mut Shell, ctx: &mut Context<'_>) -> Vec<Anchor> {
    pki::ask(shell, ctx, PkiCall::AddPeer, true);
    shell.trace_pki(ctx, PkiTrace::AddingPeerCertificate);
    pki::ask(shell, ctx, PkiCall::AddPeer, false);
    pki::tell(shell, ctx, PkiCall::PeerChain);
    shell.trace(ctx, IsakmpTrace::PubkeyNotCached);
    let profile = shell.profile(ctx.config);
    if profile.is_some_and(|p| p.keyring.is_none()) {
        shell.trace(ctx, IsakmpTrace::ProfileHasNoKeyring);
    }
    let decision = validation::trustpoints(profile, ctx.store);
    shell.trace(ctx, IsakmpTrace::ValidationList(decision.value.clone()));
    shell.why(
        ctx,
        format!("{} may vouch for the peer", decision.value.join(", ")),
        &decision,
    );
    pki::ask(shell, ctx, PkiCall::Validate, true);
    shell.trace_pki(ctx, PkiTrace::IpExtension);
    decision
        .value
        .iter()
        .filter_map(|tp| validation::anchor(ctx.config, ctx.store, tp, ctx.now.wall))
        .collect()
}
