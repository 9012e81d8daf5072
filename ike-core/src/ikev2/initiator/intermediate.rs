//! IKE_INTERMEDIATE as the initiator: our encapsulation key out, the responder's ciphertext in (RFC 9370
//! 2.2.2).

use bytes::Bytes;
use ike_crypto::{Kem, Secret};
use ike_wire::Header;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Chain, KeyExchange};

use super::proof::failed;
use super::{Initiator, Step, proof};
use crate::ikev2::context::Context;
use crate::ikev2::init::{self, Material};
use crate::ikev2::intermediate::{Content, IntAuth, update_keys};
use crate::ikev2::notify;
use crate::ikev2::shell::Shell;
use crate::ikev2::table;
use crate::sa::Role;
use crate::sa::action::JobId;
use crate::sa::job::{Job, JobOutcome};
use crate::trace::Ikev2Trace;

/// An additional key exchange under way.
pub(crate) struct Intermediate {
    pub(super) material: Material,
    kem: Kem,
    seed: Secret,
    int_auth: IntAuth,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The encapsulation key is being made.
    Preparing(JobId),
    /// IKE_INTERMEDIATE is out.
    Sent,
    /// The shared secret is being computed.
    Agreeing(JobId),
}

/// Has the encapsulation key made.
pub(super) fn begin(shell: &Shell, ctx: &mut Context<'_>, material: Material, kem: Kem) -> Step {
    let seed = ctx.entropy.secret(Kem::SEED_LEN);
    let job = Job::KemPublic {
        kem,
        seed: seed.clone(),
    };
    let stage = Stage::Preparing(ctx.run(shell.id, job));
    Step::Stay(Initiator::Intermediate(Box::new(Intermediate {
        material,
        kem,
        seed,
        int_auth: IntAuth::default(),
        stage,
    })))
}

impl Intermediate {
    /// The computation under way.
    pub(super) fn job(&self) -> Option<JobId> {
        match self.stage {
            Stage::Preparing(job) | Stage::Agreeing(job) => Some(job),
            Stage::Sent => None,
        }
    }

    /// An answer is awaited.
    pub(super) fn is_sent(&self) -> bool {
        matches!(self.stage, Stage::Sent)
    }

    /// Sends `KE`.
    fn send(mut self: Box<Self>, shell: &mut Shell, ctx: &mut Context<'_>, public: Bytes) -> Step {
        let exchange = KeyExchange::new(self.kem.iana(), public);
        let payloads = [Body::KeyExchange(exchange).into()];
        let ty = ExchangeType::IKE_INTERMEDIATE;
        let header = shell.header(ty, false, shell.outgoing.next_id());
        let sk = &mut self.material.sk;
        let covered = Content::of(&payloads)
            .and_then(|content| self.int_auth.add(sk, Role::Initiator, &header, &content));
        if covered.is_err() || shell.request(ctx, sk, ty, &payloads).is_none() {
            return failed(shell, ctx, "IKE_INTERMEDIATE could not be sent");
        }
        self.stage = Stage::Sent;
        Step::Stay(Initiator::Intermediate(self))
    }

    /// The decrypted answer.
    pub(super) fn answer(
        mut self: Box<Self>,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        header: &Header,
        chain: &Chain,
    ) -> Step {
        shell.trace(ctx, Ikev2Trace::Processing("IKE_INTERMEDIATE"));
        let ciphertext = match self.read(header, chain) {
            Ok(ciphertext) => ciphertext,
            Err(why) => {
                shell.fail(ctx, "IKE_INTERMEDIATE", &why);
                return Step::Ended;
            }
        };
        let job = Job::KemDecapsulate {
            kem: self.kem,
            seed: self.seed.clone(),
            ciphertext,
        };
        self.stage = Stage::Agreeing(ctx.run(shell.id, job));
        Step::Stay(Initiator::Intermediate(self))
    }

    fn read(&mut self, header: &Header, chain: &Chain) -> Result<Bytes, String> {
        if let Some(error) = notify::error(chain) {
            return Err(format!("the peer answers {}", error.ty));
        }
        if header.exchange != ExchangeType::IKE_INTERMEDIATE {
            return Err("the answer is of another exchange".to_owned());
        }
        table::check(table::Message::Intermediate, chain)?;
        let exchange = init::key_exchange(chain)
            .filter(|ke| ke.group == self.kem.iana())
            .filter(|ke| ke.data.len() == self.kem.ciphertext_len())
            .ok_or("the KE payload is of another method or size")?;
        let content = Content::from(chain);
        self.int_auth
            .add(&self.material.sk, Role::Responder, header, &content)
            .map_err(|e| e.to_string())?;
        Ok(exchange.data.clone())
    }

    /// The computation is done.
    pub(super) fn computed(
        mut self: Box<Self>,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        outcome: JobOutcome,
    ) -> Step {
        match outcome {
            JobOutcome::Public(Ok(public)) => self.send(shell, ctx, public),
            JobOutcome::Shared(Ok(shared)) => {
                let int_auth = std::mem::take(&mut self.int_auth);
                update_keys(shell, &mut self.material, &shared, int_auth);
                proof::begin(shell, ctx, self.material)
            }
            outcome => {
                let why = format!("the additional key exchange failed: {outcome:?}");
                shell.fail(ctx, "IKE_INTERMEDIATE", &why);
                Step::Ended
            }
        }
    }
}
