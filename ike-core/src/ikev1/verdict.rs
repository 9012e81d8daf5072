//! The verdict on the peer's certificate and signature, told as IOS does (S-052, S-053, O-085, P-042).

use super::context::Context;
use super::judge::Claim;
use super::pki;
use super::shell::Shell;
use crate::policy::{Decision, identity, validation, verdict as explain};
use crate::sa::job::{JobOutcome, PeerVerified, VerifyError};
use crate::trace::{IsakmpTrace, PkiCall, PkiTrace, Syslog};
use ike_pki::ValidationError;

/// The host ended a verification before its end.
const INCOMPLETE: &str = "the validation was not finished";

/// The verdict of the verification, told as IOS does (S-052, S-053, P-042).
///
/// # Errors
/// The reason for the record.
pub(super) fn verdict(
    shell: &mut Shell,
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
            let believed = explain::believed("S-052", verified.chain(), verified.judgements());
            shell.why(ctx, "the certificate of the peer is believed", &believed);
            succeeded(shell, ctx, claim, &verified);
            Ok(verified)
        }
        Err(VerifyError::Signature(e)) => {
            pki::ask(shell, ctx, PkiCall::Validate, false);
            shell.trace(
                ctx,
                IsakmpTrace::Processing {
                    payload: "SIG",
                    message_id: 0,
                },
            );
            shell.trace(ctx, IsakmpTrace::SignatureError);
            let why = format!("the peer's signature is wrong: {e}");
            let about = refusal(shell, ctx, String::new(), None).about;
            let refusal = Decision::new((), "RFC 2409 5.1", why).about(about);
            shell.why(ctx, "the signature of the peer is refused", &refusal);
            Err(refusal.because)
        }
        Err(VerifyError::Chain(chain)) => {
            let e = &chain.error;
            // O-084: what IOS says beside S-053.
            if let Some(message) = Syslog::of_refusal(e) {
                shell.syslog(ctx, message);
            }
            let refusal = refusal(shell, ctx, e.to_string(), Some(e));
            let refusal = refusal.among(explain::candidates(&chain.judgements));
            Err(invalid(shell, ctx, refusal, suitable(e)))
        }
        Err(VerifyError::Certificate(e)) => {
            let refusal = refusal(shell, ctx, e.to_string(), None);
            Err(invalid(shell, ctx, refusal, true))
        }
        Err(VerifyError::Incomplete) => {
            let refusal = refusal(shell, ctx, INCOMPLETE.to_owned(), None);
            Err(invalid(shell, ctx, refusal, true))
        }
    }
}

/// S-053, with what the chain was held against.
fn refusal(
    shell: &Shell,
    ctx: &Context<'_>,
    reason: String,
    error: Option<&ValidationError>,
) -> Decision<()> {
    let trustpoints = validation::trustpoints(shell.profile(ctx.config), ctx.store);
    let about = validation::blamed(error, trustpoints.about);
    Decision::new((), "S-053", reason).about(about)
}

fn suitable(error: &ValidationError) -> bool {
    !error.is_no_suitable_trustpoint()
}

/// S-053: every cause looks the same to IOS; ours follows in the record.
fn invalid(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    refusal: Decision<()>,
    suitable: bool,
) -> String {
    shell.trace_pki(
        ctx,
        if suitable {
            PkiTrace::Failed(refusal.because.clone())
        } else {
            PkiTrace::NoneSuitable
        },
    );
    pki::ask(shell, ctx, PkiCall::Validate, false);
    let cause = "unknown error returned in certificate validation".to_owned();
    shell.syslog(
        ctx,
        Syslog::InvalidCert {
            peer: shell.remote.ip(),
            cause,
        },
    );
    shell.trace(ctx, IsakmpTrace::CertValidationError(-1));
    shell.why(ctx, "the certificate of the peer is refused", &refusal);
    format!("%CRYPTO-5-IKMP_INVALID_CERT: {}", refusal.because)
}

fn succeeded(shell: &mut Shell, ctx: &mut Context<'_>, claim: &Claim, verified: &PeerVerified) {
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
    pki::ask(shell, ctx, PkiCall::Validate, false);
    shell.trace(
        ctx,
        IsakmpTrace::Processing {
            payload: "SIG",
            message_id: 0,
        },
    );
    id_certificate_mismatch(shell, ctx, claim, verified);
}

/// O-085, T-26, T-27: an ID that is not in the certificate is told twice, not fatal (U-12, P-044).
fn id_certificate_mismatch(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    claim: &Claim,
    verified: &PeerVerified,
) {
    let leaf = verified.chain().leaf();
    if let Some(mismatch) = identity::certificate_mismatch(&claim.identity, leaf) {
        let decision = identity::mismatch(&claim.identity, leaf, mismatch.kind);
        let message = Syslog::id_cert_mismatch(&claim.identity, mismatch);
        shell.syslog(ctx, message.clone());
        shell.syslog(ctx, message);
        shell.why(ctx, "the identity is not in the certificate", &decision);
    }
}
