//! MM5 and MM6 of the responder: the peer's proof binds the profile, ours answers it (S-041, S-054).

use super::super::context::Context;
use super::super::established::Established;
use super::super::judge::{self, Claim, Judging};
use super::super::prove::{self, Proving};
use super::super::shell::Shell;
use super::super::table::{self, Message};
use super::super::verdict;
use super::super::{cipher, common};
use super::{Mm5, Responder, SentMm4, Signing, Step, Verifying};
use crate::policy::Decision;
use crate::sa::job::{JobOutcome, PeerVerified};
use crate::trace::{Fsm, Input, IsakmpTrace};
use bytes::Bytes;
use ike_wire::Header;
use std::net::SocketAddr;

/// MM5: the profile is bound here (S-041). Whatever does not prove the peer leaves the SA in
/// IKE_R_MM4, whose timer repeats MM4 (S-054, W-052).
pub(super) fn mm5(
    state: SentMm4,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    (header, cipher_text): (&Header, &[u8]),
    datagram: &Bytes,
    (local, remote): (SocketAddr, SocketAddr),
) -> Step {
    let first_iv = state.material.keys.first_iv();
    let opened = match cipher::open(
        &state.material.keys,
        &first_iv,
        header.next_payload,
        cipher_text,
    ) {
        Ok(opened) => opened,
        Err(e) => {
            shell.dropped(ctx, e.to_string());
            common::suspect_key(shell, ctx, &state.material, "MM5");
            return Step::Stay(Responder::SentMm4(Box::new(state)));
        }
    };
    if let Err(reason) = table::check(Message::MainAuth, &opened.chain) {
        shell.dropped(ctx, reason);
        return Step::Stay(Responder::SentMm4(Box::new(state)));
    }
    shell.transition(ctx, Input::MainModeMessage, Fsm::Responder(5));
    let mm5 = Mm5 {
        datagram: datagram.clone(),
        local,
        remote,
        last_block: opened.next_iv,
    };
    match judge::judge(shell, ctx, &state.material, &opened.chain) {
        Judging::Proven(claim) => proven(state, claim, None, mm5, shell, ctx),
        Judging::Verifying(claim, job) => Step::Stay(Responder::Verifying(
            Box::new(Verifying {
                before: state,
                claim,
                mm5,
            }),
            job,
        )),
        Judging::Refused(reason) => fall_back(state, shell, ctx, reason),
    }
}

pub(super) fn verified(
    state: Verifying,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    outcome: JobOutcome,
) -> Step {
    match verdict::verdict(shell, ctx, &state.claim, outcome) {
        Ok(proof) => proven(
            state.before,
            state.claim,
            Some(proof),
            state.mm5,
            shell,
            ctx,
        ),
        Err(reason) => fall_back(state.before, shell, ctx, reason),
    }
}

pub(super) fn fall_back(
    state: SentMm4,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    reason: String,
) -> Step {
    shell.ends(ctx, "MM5", Decision::new((), "RFC 2409 5", reason));
    shell.transition(ctx, Input::ProcessError, Fsm::Responder(4));
    Step::Stay(Responder::SentMm4(Box::new(state)))
}

pub(super) fn proven(
    state: SentMm4,
    claim: Claim,
    proof: Option<PeerVerified>,
    mm5: Mm5,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
) -> Step {
    shell.trace(ctx, IsakmpTrace::Authenticated);
    shell.trace(ctx, IsakmpTrace::AuthenticatedWith(shell.remote.ip()));
    shell.transition(ctx, Input::ProcessMainMode, Fsm::Responder(5));
    if state.material.nat.found() && mm5.local.port() == crate::sa::natt::NAT_PORT {
        shell.float(ctx, mm5.remote);
    }
    match prove::prove(shell, ctx, &state.material, state.trustpoint.as_deref()) {
        Proving::Done(own) => mm6(
            Signing {
                before: state,
                claim,
                proof,
                own,
                mm5,
            },
            shell,
            ctx,
            None,
        ),
        Proving::Signing(own, job) => Step::Stay(Responder::Signing(
            Box::new(Signing {
                before: state,
                claim,
                proof,
                own,
                mm5,
            }),
            job,
        )),
        Proving::Impossible(reason) => cannot_sign(state, shell, ctx, &reason),
    }
}

pub(super) fn cannot_sign(
    state: SentMm4,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    reason: &str,
) -> Step {
    shell.trace(ctx, IsakmpTrace::UnableToSign(reason.to_owned()));
    fall_back(state, shell, ctx, reason.to_owned())
}

/// MM6: ID, CERT, SIG (W-016).
pub(super) fn mm6(
    state: Signing,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    signature: Option<Bytes>,
) -> Step {
    let payloads = prove::payloads(shell, &state.own, signature);
    let keys = &state.before.material.keys;
    let Some(last_block) = shell.send_sealed(ctx, keys, &state.mm5.last_block, &payloads, false)
    else {
        return fall_back(
            state.before,
            shell,
            ctx,
            "MM6 could not be encrypted".to_owned(),
        );
    };
    shell.accept(&state.mm5.datagram);
    let established = Established::complete(
        shell,
        ctx,
        state.before.material,
        state.claim,
        state.proof,
        last_block,
    );
    Step::Established(Box::new(established))
}
