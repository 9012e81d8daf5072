//! MM4 to MM6 of the initiator: the secret is there, our proof goes out, the peer's comes in.

use super::super::context::Context;
use super::super::established::Established;
use super::super::judge::{self, Judging};
use super::super::material::{Inputs, Material};
use super::super::prove::{self, OwnProof, Proving};
use super::super::shell::Shell;
use super::super::table::{self, Message};
use super::super::verdict;
use super::super::{cipher, common};
use super::{Agreeing, Initiator, Step, Verifying};
use crate::policy::Decision;
use crate::sa::job::JobOutcome;
use crate::trace::{Fsm, Input, IsakmpTrace, SaState};
use bytes::Bytes;
use ike_wire::Header;

/// The secret is there: keys, certificate requests, NAT, and our proof (S-032).
pub(super) fn agreed(
    state: Agreeing,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    outcome: JobOutcome,
) -> Step {
    let Agreeing {
        before,
        chain,
        public,
        nonce,
    } = state;
    let shared = match outcome {
        JobOutcome::Shared(Ok(shared)) => shared,
        // A public value that is no group element: keep waiting for a good MM4 (D1, D3).
        other => {
            shell.dropped(
                ctx,
                format!("KE of MM4 refused: {}", common::crypto_error(&other)),
            );
            shell.last_received = None;
            shell.fsm = Fsm::Initiator(3);
            return Step::Stay(Initiator::SentMm3(before));
        }
    };
    let preshared = match common::preshared_key(shell, ctx, &before.suite) {
        Ok(key) => key,
        Err(reason) => return common::end(shell, ctx, "MM4", reason, Step::Ended),
    };
    shell.sent = None;
    shell.connection = ctx.numbers.connection();
    shell.record.connection = Some(shell.connection);
    let inputs = Inputs {
        suite: before.suite,
        sa_body: before.sa_body,
        public_i: before.public,
        public_r: public,
        nonce_i: before.nonce,
        nonce_r: nonce,
    };
    let mut material = Material::derive(
        inputs,
        (shell.cookie_i, shell.cookie_r),
        &shared,
        preshared.as_deref(),
    );
    let trustpoint = common::read_key_message(shell, ctx, &mut material, &chain, before.peer);
    shell.transition(ctx, Input::ProcessMainMode, Fsm::Initiator(4));
    shell.state = SaState::MmKeyExch;
    if material.nat.found() {
        let remote = std::net::SocketAddr::new(shell.remote.ip(), crate::sa::natt::NAT_PORT);
        shell.float(ctx, remote);
    }
    match prove::prove(shell, ctx, &material, trustpoint.as_deref()) {
        Proving::Done(proof) => Step::Stay(mm5(shell, ctx, Box::new(material), &proof, None)),
        Proving::Signing(proof, job) => {
            Step::Stay(Initiator::Signing(Box::new(material), proof, job))
        }
        Proving::Impossible(reason) => {
            shell.trace(ctx, IsakmpTrace::UnableToSign(reason.clone()));
            common::end(shell, ctx, "MM4", reason, Step::Ended)
        }
    }
}

pub(super) fn signed(
    material: Box<Material>,
    proof: &OwnProof,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    outcome: JobOutcome,
) -> Step {
    match outcome {
        JobOutcome::Signature(Ok(signature)) => {
            Step::Stay(mm5(shell, ctx, material, proof, Some(signature)))
        }
        other => {
            let reason = format!(
                "our signature could not be made: {}",
                common::crypto_error(&other)
            );
            common::end(shell, ctx, "MM4", reason, Step::Ended)
        }
    }
}

/// MM5: ID, CERT, SIG, N(INITIAL_CONTACT) (W-015).
pub(super) fn mm5(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: Box<Material>,
    proof: &OwnProof,
    signature: Option<Bytes>,
) -> Initiator {
    let payloads = prove::payloads(shell, proof, signature);
    let first_iv = material.keys.first_iv();
    let iv = shell.send_sealed(ctx, &material.keys, &first_iv, &payloads, true);
    shell.transition(ctx, Input::ProcessComplete, Fsm::Initiator(5));
    Initiator::SentMm5(material, iv.unwrap_or_default())
}

/// MM6: whatever does not decrypt or does not prove the peer is dropped in silence (D11);
/// the SA ends by retransmission.
pub(super) fn mm6(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: Box<Material>,
    iv: Vec<u8>,
    (header, cipher_text): (&Header, &[u8]),
) -> Step {
    let opened = match cipher::open(&material.keys, &iv, header.next_payload, cipher_text) {
        Ok(opened) => opened,
        Err(e) => {
            shell.dropped(ctx, e.to_string());
            common::suspect_key(shell, ctx, &material, "MM6");
            return Step::Stay(Initiator::SentMm5(material, iv));
        }
    };
    if let Err(reason) = table::check(Message::MainAuth, &opened.chain) {
        shell.dropped(ctx, reason);
        return Step::Stay(Initiator::SentMm5(material, iv));
    }
    match judge::judge(shell, ctx, &material, &opened.chain) {
        Judging::Proven(claim) => Step::Established(Box::new(Established::initiator(
            shell,
            ctx,
            *material,
            claim,
            None,
            opened.next_iv,
        ))),
        Judging::Verifying(claim, job) => {
            let state = Verifying {
                material: *material,
                claim,
                iv,
                last_block: opened.next_iv,
            };
            Step::Stay(Initiator::Verifying(Box::new(state), job))
        }
        Judging::Refused(reason) => {
            shell.dropped(ctx, reason.clone());
            shell.ends(ctx, "MM6", Decision::new((), "RFC 2409 5", reason));
            Step::Stay(Initiator::SentMm5(material, iv))
        }
    }
}

pub(super) fn verified(
    state: Verifying,
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    outcome: JobOutcome,
) -> Step {
    match verdict::verdict(shell, ctx, &state.claim, outcome) {
        Ok(proof) => Step::Established(Box::new(Established::initiator(
            shell,
            ctx,
            state.material,
            state.claim,
            Some(proof),
            state.last_block,
        ))),
        Err(reason) => {
            shell.ends(ctx, "MM6", Decision::new((), "RFC 2409 5", reason));
            Step::Stay(Initiator::SentMm5(Box::new(state.material), state.iv))
        }
    }
}
