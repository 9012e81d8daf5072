//! The transaction exchange of mode config and XAUTH as the end that is asked (draft-dukes-ike-mode-cfg 3,
//! draft-beaulieu-ike-xauth): `policy::mode_config` says what is answered. Nothing is kept but the answers,
//! for a peer that repeats its question.

use ike_crypto::{Hash, ct_eq};
use ike_wire::Flags;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{Body, ConfigType, ModeConfig};

use super::context::Context;
use super::established::Established;
use super::isakmp_sa::{self, Inbound};
use super::shell::Shell;
use super::table::{self, Message};
use super::{cipher, quick};
use crate::policy::mode_config;
use crate::sa::retransmit::Retransmit;
use crate::trace::IsakmpTrace;

/// Answers kept on one SA; a peer has no reason to ask more at once.
const MAX_ANSWERS: usize = 4;

/// A question that was answered.
pub(super) struct Answered {
    message_id: u32,
    digest: Vec<u8>,
    answer: Retransmit,
}

/// A message of a transaction exchange. HASH is checked before anything else of it is looked at (C17).
pub(super) fn receive(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    inbound: &Inbound<'_>,
    part: (PayloadType, &[u8]),
) {
    let message_id = inbound.header.message_id.0;
    let digest = Hash::Sha256.digest(&[inbound.datagram]);
    let known = established
        .transactions
        .iter_mut()
        .find(|t| t.message_id == message_id);
    if let Some(known) = known.filter(|t| ct_eq(&t.digest, &digest)) {
        return isakmp_sa::answer_quick_duplicate(shell, ctx, Some(&mut known.answer));
    }
    if message_id == 0
        || established.is_finished(message_id)
        || established.quick.contains_key(&message_id)
    {
        return shell.dropped(ctx, "the message ID of this transaction is taken");
    }
    match question(established, message_id, part) {
        Ok((asked, iv)) => reply(shell, ctx, established, &asked, (message_id, digest, &iv)),
        Err(why) => shell.dropped(ctx, why),
    }
}

/// The authentic question and the IV behind it.
fn question(
    established: &Established,
    message_id: u32,
    (first, cipher_text): (PayloadType, &[u8]),
) -> Result<(ModeConfig, Vec<u8>), String> {
    let keys = &established.material.keys;
    let iv = keys.exchange_iv(&established.last_block, message_id);
    let opened = cipher::open(keys, &iv, first, cipher_text).map_err(|e| e.to_string())?;
    if !quick::hash_is_right(established, &[&message_id.to_be_bytes()], &opened.chain) {
        return Err("HASH of the transaction is wrong".to_owned());
    }
    table::check(Message::Transaction, &opened.chain)?;
    match opened.chain.find(PayloadType::ATTRIBUTES) {
        Some((_, Body::Attributes(asked))) => Ok((asked.clone(), opened.next_iv)),
        _ => Err("no attributes".to_owned()),
    }
}

fn reply(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    asked: &ModeConfig,
    (message_id, digest, iv): (u32, Vec<u8>, &[u8]),
) {
    established.finish(message_id);
    established.dpd.alive(ctx.now.mono);
    let peer = shell.remote.ip();
    shell.trace(ctx, IsakmpTrace::Transaction { peer, message_id });
    shell.trace(ctx, IsakmpTrace::ConfigPayload(asked.ty));
    let decision = mode_config::answer(asked);
    shell.why(ctx, "the peer's transaction is answered", &decision);
    if asked.ty == ConfigType::REQUEST && !shell.record.up {
        shell.record.conclude("Transaction", &decision);
    }
    let Some(answer) = decision.value else { return };
    let header = shell.header(ExchangeType::TRANSACTION, Flags::ENCRYPTED, message_id);
    let payloads = vec![Body::Attributes(answer).into()];
    let payloads = quick::with_hash(established, &[&message_id.to_be_bytes()], payloads);
    let keys = &established.material.keys;
    let Some((bytes, _)) = shell.sealed(ctx, &header, keys, iv, &payloads) else {
        return;
    };
    let transmit = shell.transmit(bytes);
    shell.send(ctx, transmit.clone());
    if established.transactions.len() >= MAX_ANSWERS {
        established.transactions.pop_front();
    }
    established.transactions.push_back(Answered {
        message_id,
        digest,
        answer: Retransmit::passive(transmit, ctx.now.mono),
    });
}
