//! The answer to IKE_SA_INIT, as the initiator: asked again, sent elsewhere, refused, or held against the
//! offer (RFC 7296 1.2, 2.6, 2.7; RFC 5685; H3, H4, H5).

use bytes::Bytes;
use ike_crypto::{Group, Kem};
use ike_wire::v2::{Chain, Message, NotifyType};
use ike_wire::{Header, Spi};

use super::{Agreeing, Initiator, MAX_TRIES, Offer, Sent, Step, prepare, send};
use crate::ikev2::context::Context;
use crate::ikev2::init::{self, Halves};
use crate::ikev2::shell::Shell;
use crate::ikev2::{intermediate, notify, redirect, table};
use crate::policy::ikev2::proposal::{self, Chosen};
use crate::sa::job::Job;
use crate::trace::Ikev2Trace;

impl Sent {
    pub(super) fn answer(
        mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message: Message,
        datagram: &Bytes,
    ) -> Step {
        let chain = &message.chain;
        shell.told(ctx, false, &message.header, &chain.payloads);
        if let Some(step) = self.asked_again(shell, ctx, chain) {
            return step;
        }
        if let Some(gateway) = redirect::in_init(shell, ctx, chain, &self.offer.nonce) {
            redirect::follow(shell, ctx, gateway);
            let why = format!("redirected to {gateway}");
            shell.fail(ctx, "IKE_SA_INIT", &why);
            return Step::Ended;
        }
        if let Some(error) = notify::error(chain) {
            // H3: anyone can send this; the real answer is waited for until the next repetition.
            let why = format!("the peer answers {} (unprotected)", error.ty);
            shell.trace(ctx, Ikev2Trace::ReceivedNotify(error.ty.to_string()));
            self.refused = Some(why);
            return Step::Stay(Initiator::Sent(self));
        }
        match self.read(shell, &message) {
            Ok((halves, kem, peer)) => {
                shell.outgoing.answered(0);
                shell.outgoing.take_id();
                self.agree(shell, ctx, message, datagram, (halves, kem, peer))
            }
            Err(why) => {
                shell.dropped(ctx, why);
                Step::Stay(Initiator::Sent(self))
            }
        }
    }

    /// COOKIE and INVALID_KE_PAYLOAD: the same offer again, with the cookie or for another group
    /// (RFC 7296 1.2, 2.6, 2.7). `None`: this is another answer.
    fn asked_again(
        &mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        chain: &Chain,
    ) -> Option<Step> {
        let cookie = notify::find(chain, NotifyType::COOKIE).filter(|n| {
            (1..=64).contains(&n.data.len()) && self.offer.cookie.as_ref() != Some(&n.data)
        });
        let group = notify::find(chain, NotifyType::INVALID_KE_PAYLOAD)
            .and_then(|n| Some(u16::from_be_bytes(n.data.as_ref().try_into().ok()?)))
            .and_then(Group::from_iana)
            .filter(|g| *g != self.offer.group && self.offers(*g));
        if self.offer.tries >= MAX_TRIES || (cookie.is_none() && group.is_none()) {
            return None;
        }
        shell.outgoing.stop();
        let offer = Offer {
            cookie: cookie
                .map(|n| n.data.clone())
                .or_else(|| self.offer.cookie.take()),
            proposals: std::mem::take(&mut self.offer.proposals),
            nonce: self.offer.nonce.clone(),
            private: self.offer.private.clone(),
            ..self.offer
        };
        Some(match group {
            Some(group) => {
                let what = format!("group {}", group.iana());
                shell.trace(
                    ctx,
                    Ikev2Trace::ReceivedNotify(format!("INVALID_KE_PAYLOAD, {what}")),
                );
                Step::Stay(prepare(shell, ctx, offer, group))
            }
            None => {
                shell.trace(ctx, Ikev2Trace::ReceivedNotify("COOKIE".to_owned()));
                send(shell, ctx, offer, self.public.clone())
            }
        })
    }

    /// H4: only groups of our own proposals.
    fn offers(&self, group: Group) -> bool {
        proposal::groups(&self.offer.proposals).contains(&group)
    }

    /// Holds the answer against the offer.
    fn read(
        &self,
        shell: &Shell,
        message: &Message,
    ) -> Result<(Halves, Option<Kem>, Bytes), String> {
        let chain = &message.chain;
        table::check(table::Message::Init, chain)?;
        if message.header.responder == shell.spi_i || message.header.responder == Spi::ZERO {
            return Err("the responder's SPI is ours or zero".to_owned());
        }
        let answer = init::security_association(chain).ok_or("no SA payload")?;
        let chosen = proposal::check_answer(answer, &self.offer.proposals)
            .ok_or("the answer is not a choice from our proposals")?;
        let exchange = init::key_exchange(chain).ok_or("no KE payload")?;
        if exchange.group != self.offer.group.iana() || chosen.suite.group != self.offer.group {
            return Err("the answer is for another group than our KE payload".to_owned());
        }
        let nonce_r = notify::nonce(chain).ok_or("no nonce")?.clone();
        if nonce_r == self.offer.nonce {
            return Err("our own nonce came back".to_owned());
        }
        let halves = Halves {
            suite: chosen.suite,
            nonce_i: self.offer.nonce.clone(),
            nonce_r,
        };
        Ok((halves, additional(&chosen, chain)?, exchange.data.clone()))
    }

    fn agree(
        self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        message: Message,
        datagram: &Bytes,
        (halves, kem, peer): (Halves, Option<Kem>, Bytes),
    ) -> Step {
        let header: &Header = &message.header;
        shell.spi_r = header.responder;
        shell.trace(ctx, Ikev2Trace::Processing("IKE_SA_INIT"));
        init::detect_nat(shell, ctx, &message.chain);
        if shell.nat.found() {
            shell.float();
        }
        let job = Job::Agree {
            group: self.offer.group,
            private: self.offer.private,
            peer,
        };
        let job = ctx.run(shell.id, job);
        Step::Stay(Initiator::Agreeing(Box::new(Agreeing {
            halves,
            kem,
            message_i: self.message,
            message_r: message,
            datagram: datagram.clone(),
            job,
        })))
    }
}

/// RFC 9370 2.2.1: an additional key exchange goes in an exchange that the responder must have agreed to.
fn additional(chosen: &Chosen, chain: &Chain) -> Result<Option<Kem>, String> {
    let Some(method) = chosen.additional_ke else {
        return Ok(None);
    };
    let kem = Kem::from_iana(method).filter(|_| intermediate::is_supported(chain));
    kem.map(Some)
        .ok_or_else(|| format!("method {method} is chosen without IKE_INTERMEDIATE"))
}
