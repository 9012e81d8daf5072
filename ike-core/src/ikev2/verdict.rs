//! The verdict on the peer's certificates and AUTH, told as IOS does (S-076 to S-078, O-084, O-085).

use super::context::Context;
use super::judge::{Claim, Proven};
use super::prove::method_name;
use super::shell::Shell;
use crate::policy::{Decision, identity, ikev2, validation, verdict as explain};
use crate::sa::job::{JobOutcome, PeerVerified, VerifyError};
use crate::trace::{Ikev2Trace, PkiTrace, Syslog};

/// The verdict of the verification, told as IOS does (S-077, S-078).
///
/// # Errors
/// The reason for the record.
pub(super) fn verdict(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    claim: Claim,
    outcome: JobOutcome,
) -> Result<Proven, String> {
    let JobOutcome::Verified(result) = outcome else {
        return Err("a job of another kind came back".to_owned());
    };
    shell.trace_pki(ctx, PkiTrace::IdenticalCerts);
    shell.trace_pki(ctx, PkiTrace::SuitableList);
    let chain_good = matches!(result, Ok(_) | Err(VerifyError::Signature(_)));
    match &result {
        Ok(verified) => tell_success(shell, ctx, &claim, verified),
        Err(VerifyError::Chain(e)) if e.error.is_no_suitable_trustpoint() => {
            shell.trace_pki(ctx, PkiTrace::NoneSuitable);
        }
        Err(e) => {
            tell_refusal(shell, ctx, e);
            shell.trace_pki(ctx, PkiTrace::Failed(reason(e)));
        }
    }
    shell.trace(ctx, Ikev2Trace::Validated(chain_good));
    shell.trace(ctx, Ikev2Trace::Verified(result.is_ok()));
    match result {
        Ok(verified) => Ok(Proven {
            identity: claim.identity,
            method: method_name(claim.method),
            validated_by: Some(verified.chain().trustpoint().to_owned()),
        }),
        Err(e) => {
            let decision = refused(shell, ctx, &e);
            shell.why(ctx, "the proof of the peer is refused", &decision);
            Err(decision.because)
        }
    }
}

/// S-078, or RFC 7296 2.15 where the chain is good: what the proof was held against.
fn refused(shell: &Shell, ctx: &Context<'_>, error: &VerifyError) -> Decision<()> {
    let rule = match error {
        VerifyError::Signature(_) => "RFC 7296 2.15",
        _ => "S-078",
    };
    let (chain, judged) = match error {
        VerifyError::Chain(chain) => (Some(&chain.error), chain.judgements.as_slice()),
        _ => (None, &[][..]),
    };
    let trustpoints = ikev2::validation::trustpoints(shell.profile(ctx.config), ctx.store);
    let about = validation::blamed(chain, trustpoints.about);
    Decision::new((), rule, reason(error))
        .about(about)
        .among(explain::candidates(judged))
}

fn reason(error: &VerifyError) -> String {
    match error {
        VerifyError::Certificate(e) => format!("a certificate does not decode: {e}"),
        VerifyError::Chain(e) => {
            format!("Validation of certificate chain FAILED: {}", e.error)
        }
        VerifyError::Signature(e) => format!("the peer's AUTH is wrong: {e}"),
        VerifyError::Incomplete => "the validation was not finished".to_owned(),
    }
}

/// O-084.
fn tell_refusal(shell: &Shell, ctx: &mut Context<'_>, error: &VerifyError) {
    if let VerifyError::Chain(refused) = error
        && let Some(message) = Syslog::of_refusal(&refused.error)
    {
        shell.syslog(ctx, message);
    }
}

fn tell_success(shell: &mut Shell, ctx: &mut Context<'_>, claim: &Claim, verified: &PeerVerified) {
    let believed = explain::believed("S-076", verified.chain(), verified.judgements());
    shell.why(ctx, "the certificate of the peer is believed", &believed);
    let trustpoint = verified.chain().trustpoint().to_owned();
    shell.trace_pki(ctx, PkiTrace::Suitable(trustpoint.clone()));
    shell.trace_pki(ctx, PkiTrace::Attempting(trustpoint.clone()));
    shell.trace_pki(ctx, PkiTrace::Verified);
    shell.trace_pki(ctx, PkiTrace::CheckingRevocation);
    for source in verified.chain().unchecked() {
        shell.syslog(ctx, Syslog::of_unchecked(source));
    }
    shell.trace_pki(ctx, PkiTrace::ValidatedBy(trustpoint));
    shell.trace_pki(ctx, PkiTrace::Succeeded);
    tell_mismatch(shell, ctx, claim, verified);
}

/// O-085, T-71: told twice, not fatal (U-12).
fn tell_mismatch(shell: &mut Shell, ctx: &mut Context<'_>, claim: &Claim, verified: &PeerVerified) {
    let leaf = verified.chain().leaf();
    if let Some(mismatch) = identity::certificate_mismatch(&claim.identity, leaf) {
        let decision = identity::mismatch(&claim.identity, leaf, mismatch.kind);
        let message = Syslog::id_cert_mismatch(&claim.identity, mismatch);
        shell.syslog(ctx, message.clone());
        shell.syslog(ctx, message);
        shell.why(ctx, "the identity is not in the certificate", &decision);
    }
}
