//! IKE_INTERMEDIATE as the responder: the initiator's encapsulation key in, our ciphertext out, then other
//! keys (RFC 9370 2.2.2).

use bytes::Bytes;
use ike_crypto::Kem;
use ike_wire::Header;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Chain, KeyExchange, NotifyType};

use super::{Responder, Step};
use crate::ikev2::context::Context;
use crate::ikev2::init::{self, Material};
use crate::ikev2::intermediate::{Content, IntAuth, update_keys};
use crate::ikev2::notify::notify;
use crate::ikev2::shell::Shell;
use crate::ikev2::table;
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::Ikev2Trace;

/// Waiting for ciphertext and shared secret.
pub(crate) struct Intermediate {
    material: Material,
    kem: Kem,
    /// Message ID of the request.
    id: u32,
    int_auth: IntAuth,
    job: JobId,
}

/// Works on an IKE_INTERMEDIATE request.
pub(super) fn request(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    material: Material,
    kem: Kem,
    header: &Header,
    chain: &Chain,
) -> Step {
    shell.trace(ctx, Ikev2Trace::Processing("IKE_INTERMEDIATE"));
    let mut int_auth = IntAuth::default();
    let content = Content::from(chain);
    let read = table::check(table::Message::Intermediate, chain).and_then(|()| {
        int_auth
            .add(&material.sk, Role::Initiator, header, &content)
            .map_err(|e| e.to_string())?;
        // D2: never a computation with a value of another size.
        init::key_exchange(chain)
            .filter(|ke| ke.group == kem.iana() && ke.data.len() == kem.public_len())
            .ok_or_else(|| "the KE payload is of another method or size".to_owned())
    });
    match read {
        Ok(exchange) => {
            let job = Job::KemEncapsulate {
                kem,
                message: ctx.entropy.secret(Kem::MESSAGE_LEN),
                public: exchange.data.clone(),
            };
            let job = ctx.run(shell.id, job);
            Step::Stay(Responder::Intermediate(Box::new(Intermediate {
                material,
                kem,
                id: header.message_id.0,
                int_auth,
                job,
            })))
        }
        Err(why) => refuse(shell, ctx, material, header.message_id.0, &why),
    }
}

fn refuse(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    mut material: Material,
    id: u32,
    why: &str,
) -> Step {
    let refusal = notify(NotifyType::INVALID_SYNTAX, Bytes::new());
    let exchange = (ExchangeType::IKE_INTERMEDIATE, id);
    shell.respond(ctx, &mut material.sk, exchange, &[refusal]);
    shell.fail(ctx, "IKE_INTERMEDIATE", why);
    Step::Ended
}

impl Intermediate {
    /// The computation under way.
    pub(super) fn job(&self) -> JobId {
        self.job
    }

    /// Sends `KE` under the keys so far; what follows is under the new ones.
    pub(super) fn computed(
        mut self: Box<Self>,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        let (public, shared) = match outcome {
            JobOutcome::PublicAndShared(Ok(both)) => both,
            outcome => {
                // D1: an encapsulation key that is none.
                let why = format!("the additional key exchange failed: {outcome:?}");
                return refuse(shell, ctx, self.material, self.id, &why);
            }
        };
        let payloads = [Body::KeyExchange(KeyExchange::new(self.kem.iana(), public)).into()];
        let exchange = ExchangeType::IKE_INTERMEDIATE;
        let header = shell.header(exchange, true, self.id);
        let sk = &mut self.material.sk;
        let covered = Content::of(&payloads)
            .and_then(|content| self.int_auth.add(sk, Role::Responder, &header, &content));
        if let Err(e) = covered {
            shell.fail(
                ctx,
                "IKE_INTERMEDIATE",
                &format!("own message not sent: {e}"),
            );
            return Step::Ended;
        }
        shell.respond(ctx, sk, (exchange, self.id), &payloads);
        update_keys(shell, &mut self.material, &shared, self.int_auth);
        Step::Stay(Responder::Answered(Box::new(self.material)))
    }
}
