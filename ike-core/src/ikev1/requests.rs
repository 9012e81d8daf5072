//! Certificate requests of MM3 and MM4: sending them and choosing by them (S-010..S-034).

use ike_pki::{GlobalCa, Name};
use ike_wire::registry::PayloadType;
use ike_wire::v1::{Body, CertEncoding, CertRequest, Chain, Payload};

use super::context::Context;
use super::shell::Shell;
use crate::policy::trustpoint::{self, Examined};
use crate::policy::{Decision, certreq};
use crate::sa::Role;
use crate::sa::record::CertificateRequests;
use crate::trace::{IsakmpTrace, PkiTrace};

/// The CERT_REQ payloads of our key message, one for each CA (S-014).
pub(super) fn construct(shell: &mut Shell, ctx: &mut Context<'_>) -> Vec<Payload> {
    let profile = shell.profile(ctx.config);
    let decision = certreq::to_send(shell.role, profile, ctx.store, !ctx.config.trustpool_clean);
    let issuers: Vec<String> = decision
        .value
        .iter()
        .map(|ca| ca.name.to_string())
        .collect();
    for issuer in &issuers {
        shell.trace(ctx, IsakmpTrace::ConstructingCertReq(issuer.clone()));
    }
    let message = match shell.role {
        Role::Initiator => "MM3",
        Role::Responder => "MM4",
    };
    shell.why(
        ctx,
        format!("{message} asks for {} CAs", issuers.len()),
        &decision,
    );
    shell.record.certreq = Some(CertificateRequests {
        message: message.to_owned(),
        issuers,
    });
    decision.value.into_iter().map(|ca| payload(&ca)).collect()
}

fn payload(ca: &GlobalCa) -> Payload {
    Body::CertReq(CertRequest::x509(ca.name.der().to_vec())).into()
}

/// The authorities a peer asks for, in packet order; an empty authority is any CA (T-24, G9).
/// Requests for other encodings and names that do not decode ask for nothing we have.
#[must_use]
pub(super) fn read(chain: &Chain) -> Vec<Option<Name>> {
    chain
        .all(PayloadType::CERT_REQ)
        .filter_map(|(_, body)| match body {
            Body::CertReq(r) if r.encoding == CertEncoding::X509_SIGNATURE => Some(&r.authority),
            _ => None,
        })
        .filter_map(|authority| match authority.is_empty() {
            true => Some(None),
            false => Name::from_der(authority).ok().map(Some),
        })
        .collect()
}

/// Chooses the trustpoint that signs for us and tells every request as IOS does (S-030, S-032).
pub(super) fn choose(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    requests: &[Option<Name>],
) -> Option<String> {
    let profile = shell.profile(ctx.config);
    let choice = trustpoint::to_sign(requests, shell.role, profile, ctx.store);
    for examined in &choice.examined {
        tell(shell, ctx, examined);
    }
    let Decision { value, .. } = &choice.decision;
    let what = match value {
        Some(trustpoint) => format!("we sign with {trustpoint}"),
        None => "we have nothing to sign with".to_owned(),
    };
    shell.why(ctx, what, &choice.decision);
    shell.record.signed_with.clone_from(value);
    choice.decision.value
}

fn tell(shell: &Shell, ctx: &mut Context<'_>, examined: &Examined) {
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "CERT_REQ",
            message_id: 0,
        },
    );
    shell.trace(ctx, IsakmpTrace::PeerWantsCert);
    let issuer = examined
        .issuer
        .as_ref()
        .map_or_else(|| "any CA".to_owned(), ToString::to_string);
    shell.trace(ctx, IsakmpTrace::PeerWantsIssuer(issuer));
    for (trustpoint, found) in &examined.held_against_profile {
        shell.trace(ctx, IsakmpTrace::ExaminingProfileList(trustpoint.clone()));
        if *found {
            shell.trace(ctx, IsakmpTrace::FoundMatchingProfile(trustpoint.clone()));
        }
    }
    if let Some(trustpoint) = &examined.chosen {
        shell.trace_pki(ctx, PkiTrace::ChoosingTrustpoint(trustpoint.clone()));
    }
}
