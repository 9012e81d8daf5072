//! MM5 and MM6: who we are, who the peer is, and the proof of both (S-042, S-050..S-054).

use bytes::Bytes;
use ike_crypto::ct_eq;
use ike_pki::{Anchor, RevocationMethod as Revocation, ValidationError};
use ike_wire::registry::PayloadType;
use ike_wire::v1::{
    Body, CertEncoding, Certificate, Chain, Identification, Notify, NotifyType, Payload,
};

use super::context::Context;
use super::material::Material;
use super::shell::Shell;
use crate::config::{IsakmpAuthentication, RevocationMethod};
use crate::policy::identity::{self, Identity};
use crate::policy::{Decision, profile, validation};
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome, PeerVerified, VerifyError, VerifyJob};
use crate::trace::{IsakmpTrace, PkiCall, PkiTrace, Syslog};

/// Most certificates of a peer that are looked at (B13).
const MAX_CERTIFICATES: usize = 8;

/// Our half of the proof, waiting for its signature.
#[derive(Clone, Debug)]
pub(super) struct OwnProof {
    /// ID payload.
    pub id: Identification,
    /// The certificate payload, with signatures.
    pub certificate: Option<Certificate>,
    /// HASH_I or HASH_R.
    pub hash: Vec<u8>,
}

/// How our proof comes about.
pub(super) enum Proving {
    /// With a pre-shared key the hash is the proof.
    Done(OwnProof),
    /// A signature is being made.
    Signing(OwnProof, JobId),
    /// We cannot: no usable identity.
    Impossible(String),
}

/// Makes ID, certificate and hash, and starts the signature (S-034, S-042).
pub(super) fn prove(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: &Material,
    trustpoint: Option<&str>,
) -> Proving {
    let preshared = material.suite.authentication == IsakmpAuthentication::PreShare;
    let record = trustpoint.and_then(|tp| ctx.store.identity(tp)).cloned();
    let subject = record.as_ref().map(|r| r.certificate.subject().clone());
    let profile = shell.profile(ctx.config);
    let identity = identity::to_present(ctx.config, profile, *shell.local.ip(), subject.as_ref());
    let port = if material.nat.found() { 0 } else { 500 };
    let id = identity.to_wire(port);
    tell_own_identity(shell, ctx, &identity, &id, preshared);
    let hash = material.hash(shell, shell.role, &id_body(&id));
    if preshared {
        return Proving::Done(OwnProof {
            id,
            certificate: None,
            hash,
        });
    }
    let Some(record) = record else {
        return Proving::Impossible(trustpoint.map_or_else(
            || "no certificate request could be answered".to_owned(),
            |tp| format!("trustpoint {tp} has no identity certificate"),
        ));
    };
    let Some(key_label) = record.key_label.clone() else {
        return Proving::Impossible(format!("trustpoint {} has no key pair", record.trustpoint));
    };
    tell_pki(shell, ctx, PkiCall::OwnChain);
    shell.trace(
        ctx,
        IsakmpTrace::ConstructingCert(record.certificate.subject().to_string()),
    );
    shell.trace(ctx, IsakmpTrace::SigningWith(record.trustpoint.clone()));
    let certificate = Some(Certificate::x509(record.certificate.der().clone()));
    let job = ctx.run(
        shell.id,
        Job::Sign {
            key_label,
            hash: hash.clone(),
        },
    );
    Proving::Signing(
        OwnProof {
            id,
            certificate,
            hash,
        },
        job,
    )
}

/// The payloads of MM5 (W-015) or MM6 (W-016). `signature` is `None` with a pre-shared key.
#[must_use]
pub(super) fn payloads(shell: &Shell, proof: &OwnProof, signature: Option<Bytes>) -> Vec<Payload> {
    let mut out: Vec<Payload> = vec![Body::Id(proof.id.clone()).into()];
    out.extend(
        proof
            .certificate
            .clone()
            .map(|c| Payload::from(Body::Cert(c))),
    );
    out.push(match signature {
        Some(signature) => Body::Sig(signature).into(),
        None => Body::Hash(proof.hash.clone().into()).into(),
    });
    if shell.first_contact {
        let notify = Notify::isakmp(
            NotifyType::INITIAL_CONTACT,
            shell.cookie_i,
            shell.cookie_r,
            Bytes::new(),
        );
        out.push(Body::Notify(notify).into());
    }
    out
}

fn id_body(id: &Identification) -> Vec<u8> {
    let mut body = vec![id.id_type.0, id.protocol];
    body.extend(id.port.to_be_bytes());
    body.extend_from_slice(&id.data);
    body
}

fn tell_own_identity(
    shell: &Shell,
    ctx: &mut Context<'_>,
    identity: &Identity,
    id: &Identification,
    preshared: bool,
) {
    if shell.first_contact {
        shell.trace(ctx, IsakmpTrace::SendInitialContact);
    }
    let id_type = id_type_name(identity);
    shell.trace(
        ctx,
        match preshared {
            true => IsakmpTrace::PresharedAuthentication { id_type },
            false => IsakmpTrace::RsaAuthentication { id_type },
        },
    );
    let next_payload = if preshared {
        PayloadType::HASH.0
    } else {
        PayloadType::CERT.0
    };
    let length = id.data.len() + 8;
    shell.trace(
        ctx,
        IsakmpTrace::IdPayload {
            next_payload,
            identity: identity.clone(),
            protocol: id.protocol,
            port: id.port,
            length,
        },
    );
    shell.trace(ctx, IsakmpTrace::TotalPayloadLength(length));
}

fn id_type_name(identity: &Identity) -> &'static str {
    match identity {
        Identity::Ipv4(_) => "ID_IPV4_ADDR",
        Identity::Fqdn(_) => "ID_FQDN",
        Identity::UserFqdn(_) => "ID_USER_FQDN",
        Identity::Dn(_) => "ID_DER_ASN1_DN",
        Identity::KeyId(_) => "ID_KEY_ID",
        Identity::Other(..) => "ID_UNKNOWN",
    }
}

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
        let decision = Decision::new((), "S-040", because);
        shell.why(ctx, "the profile stays", &decision);
    }
}

fn judge_hash(
    shell: &Shell,
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
            Judging::Refused("the HASH payload is wrong: the pre-shared keys differ".to_owned())
        }
        None => Judging::Refused("no HASH payload".to_owned()),
    }
}

fn judge_signature(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    claim: Claim,
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
    let job = VerifyJob {
        certificates,
        anchors: anchors(shell, ctx),
        policy: *ctx.chain_policy,
        at: ctx.now.wall,
        hash,
        signature: signature.clone(),
    };
    let job = ctx.run(shell.id, Job::Verify(Box::new(job)));
    Judging::Verifying(claim, job)
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
    ask_pki(shell, ctx, PkiCall::AddPeer, true);
    shell.trace_pki(ctx, PkiTrace::AddingPeerCertificate);
    ask_pki(shell, ctx, PkiCall::AddPeer, false);
    tell_pki(shell, ctx, PkiCall::PeerChain);
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
    ask_pki(shell, ctx, PkiCall::Validate, true);
    shell.trace_pki(ctx, PkiTrace::IpExtension);
    decision
        .value
        .iter()
        .filter_map(|tp| anchor(ctx, tp))
        .collect()
}

/// The CA certificate of a trustpoint with its revocation methods (P-041; default `crl`).
fn anchor(ctx: &Context<'_>, trustpoint: &str) -> Option<Anchor> {
    let configured = ctx.config.trustpoints.iter().find(|t| t.name == trustpoint);
    let mut revocation: Vec<Revocation> = configured
        .map(|t| t.revocation_check.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|m| match m {
            RevocationMethod::Crl => Revocation::Crl,
            RevocationMethod::None => Revocation::None,
            RevocationMethod::Ocsp => Revocation::Ocsp,
        })
        .collect();
    if revocation.is_empty() {
        revocation.push(Revocation::Crl);
    }
    ctx.store.anchor(trustpoint, revocation)
}

fn ask_pki(shell: &Shell, ctx: &mut Context<'_>, call: PkiCall, asked: bool) {
    let (role, state, peer) = (shell.role, shell.state, *shell.remote.ip());
    shell.trace(
        ctx,
        IsakmpTrace::Pki {
            call,
            asked,
            role,
            state,
            peer,
        },
    );
}

fn tell_pki(shell: &Shell, ctx: &mut Context<'_>, call: PkiCall) {
    ask_pki(shell, ctx, call, true);
    ask_pki(shell, ctx, call, false);
}

/// The verdict of the verification, told as IOS does (S-052, S-053, P-042).
///
/// # Errors
/// The reason for the record.
pub(super) fn verdict(
    shell: &Shell,
    ctx: &mut Context<'_>,
    claim: &Claim,
    outcome: JobOutcome,
) -> Result<PeerVerified, String> {
    let JobOutcome::Verified(result) = outcome else {
        return Err("a job of another kind came back".to_owned());
    };
    shell.trace_pki(ctx, PkiTrace::IdenticalCerts);
    shell.trace_pki(ctx, PkiTrace::SuitableList);
    match result {
        Ok(verified) => {
            succeeded(shell, ctx, claim, &verified);
            Ok(verified)
        }
        Err(VerifyError::Signature(e)) => {
            ask_pki(shell, ctx, PkiCall::Validate, false);
            shell.trace(
                ctx,
                IsakmpTrace::Processing {
                    payload: "SIG",
                    message_id: 0,
                },
            );
            shell.trace(ctx, IsakmpTrace::SignatureError);
            Err(format!("the peer's signature is wrong: {e}"))
        }
        Err(VerifyError::Chain(e)) => Err(invalid(shell, ctx, &e.to_string(), suitable(&e))),
        Err(VerifyError::Certificate(e)) => Err(invalid(shell, ctx, &e.to_string(), true)),
    }
}

fn suitable(error: &ValidationError) -> bool {
    !error.is_no_suitable_trustpoint()
}

/// S-053: every cause looks the same to IOS; ours follows in the record.
fn invalid(shell: &Shell, ctx: &mut Context<'_>, reason: &str, suitable: bool) -> String {
    shell.trace_pki(
        ctx,
        if suitable {
            PkiTrace::Failed(reason.to_owned())
        } else {
            PkiTrace::NoneSuitable
        },
    );
    ask_pki(shell, ctx, PkiCall::Validate, false);
    let cause = "unknown error returned in certificate validation".to_owned();
    shell.syslog(
        ctx,
        Syslog::InvalidCert {
            peer: *shell.remote.ip(),
            cause,
        },
    );
    shell.trace(ctx, IsakmpTrace::CertValidationError(-1));
    format!("%CRYPTO-5-IKMP_INVALID_CERT: {reason}")
}

fn succeeded(shell: &Shell, ctx: &mut Context<'_>, claim: &Claim, verified: &PeerVerified) {
    let trustpoint = verified.chain().trustpoint().to_owned();
    shell.trace_pki(ctx, PkiTrace::Suitable(trustpoint.clone()));
    shell.trace_pki(ctx, PkiTrace::Attempting(trustpoint.clone()));
    shell.trace_pki(ctx, PkiTrace::Verified);
    shell.trace_pki(ctx, PkiTrace::CheckingRevocation);
    shell.trace_pki(ctx, PkiTrace::ValidatedBy(trustpoint));
    shell.trace_pki(ctx, PkiTrace::Succeeded);
    ask_pki(shell, ctx, PkiCall::Validate, false);
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "SIG",
            message_id: 0,
        },
    );
    id_certificate_mismatch(shell, ctx, claim, verified);
}

/// O-085, T-26, T-27: an ID that is not in the certificate is told, not fatal (U-12, P-044).
fn id_certificate_mismatch(
    shell: &Shell,
    ctx: &mut Context<'_>,
    claim: &Claim,
    verified: &PeerVerified,
) {
    let leaf = verified.chain().leaf();
    let (kind, found, agrees) = match &claim.identity {
        Identity::Ipv4(address) => {
            let found = leaf.addresses();
            let text = found.first().map(ToString::to_string).unwrap_or_default();
            ("ADDR", text, found.contains(address))
        }
        Identity::Fqdn(name) => {
            let found = leaf.host_names();
            let agrees = found.iter().any(|f| f.eq_ignore_ascii_case(name));
            ("FQDN", found.first().cloned().unwrap_or_default(), agrees)
        }
        Identity::Dn(name) => (
            "DN",
            leaf.subject().to_string(),
            leaf.subject().matches(name),
        ),
        _ => return,
    };
    if !agrees {
        let message = Syslog::IdCertMismatch {
            kind,
            identity: crate::trace::escaped(&claim.identity.to_string()),
            id_type: claim.identity.type_number(),
            certificate: found,
        };
        shell.syslog(ctx, message.clone());
        shell.syslog(ctx, message);
    }
}
