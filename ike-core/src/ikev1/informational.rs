//! Informational exchanges: notify, delete, DPD (RFC 2409 5.7, RFC 3706, W-017).

use bytes::Bytes;
use ike_wire::registry::{ExchangeType, PayloadType};
use ike_wire::v1::{Body, Delete, Notify, NotifyType, Payload, ProtocolId, encode_message};
use ike_wire::{Flags, Header, MessageId, Spi};

use super::context::Context;
use super::established::{Established, Quick};
use super::shell::Shell;
use super::table::{self, Message};
use super::{children, cipher, quick};
use crate::entropy::Entropy;
use crate::trace::{Fsm, Input, IsakmpTrace};

/// An unprotected notify about a first message that leaves no state (W-053): smaller than any offer (B5).
#[must_use]
pub fn clear_notify(initiator: Spi, ty: NotifyType, entropy: &mut Entropy) -> Option<Bytes> {
    let header = Header::v1(
        initiator,
        Spi::ZERO,
        ExchangeType::INFORMATIONAL,
        Flags::NONE,
        MessageId(entropy.nonzero()),
    );
    let notify = Notify {
        doi: 1,
        protocol: ProtocolId::ISAKMP,
        spi: Bytes::new(),
        ty,
        data: Bytes::new(),
    };
    encode_message(&header, &[Body::Notify(notify).into()]).ok()
}

/// Sends payloads under HASH(1) with a message ID of their own.
pub(super) fn send(
    shell: &Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    payloads: Vec<Payload>,
) {
    let message_id = established.fresh_message_id(ctx);
    let iv = established
        .material
        .keys
        .exchange_iv(&established.last_block, message_id);
    let payloads = quick::with_hash(established, &[&message_id.to_be_bytes()], payloads);
    let header = shell.header(ExchangeType::INFORMATIONAL, Flags::ENCRYPTED, message_id);
    if let Some((bytes, _)) = shell.sealed(ctx, &header, &established.material.keys, &iv, &payloads)
    {
        let transmit = shell.transmit(bytes);
        shell.send(ctx, transmit);
    }
}

/// Sends one notify.
pub(super) fn send_notify(
    shell: &Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    notify: Notify,
) {
    send(shell, ctx, established, vec![Body::Notify(notify).into()]);
}

/// A refusal of phase 2 (W-053: protocol 3, no SPI).
#[must_use]
pub(super) fn refusal(ty: NotifyType) -> Notify {
    Notify {
        doi: 1,
        protocol: ProtocolId::ESP,
        spi: Bytes::new(),
        ty,
        data: Bytes::new(),
    }
}

/// Tells the peer that ESP SAs with these inbound SPIs of ours are gone.
pub(super) fn send_delete_esp(
    shell: &Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    spis: &[u32],
) {
    if !spis.is_empty() {
        let delete = Delete::ipsec(ProtocolId::ESP, spis);
        send(shell, ctx, established, vec![Body::Delete(delete).into()]);
    }
}

/// Tells the peer that this ISAKMP SA is gone.
pub(super) fn send_delete_isakmp(shell: &Shell, ctx: &mut Context<'_>, established: &Established) {
    let delete = Delete::isakmp(shell.cookie_i, shell.cookie_r);
    send(shell, ctx, established, vec![Body::Delete(delete).into()]);
}

/// R-U-THERE or its answer (RFC 3706 5.3): cookies as SPI, four octets of sequence number.
pub(super) fn send_dpd(
    shell: &Shell,
    ctx: &mut Context<'_>,
    established: &Established,
    ty: NotifyType,
    sequence: u32,
) {
    let data = Bytes::copy_from_slice(&sequence.to_be_bytes());
    let notify = Notify::isakmp(ty, shell.cookie_i, shell.cookie_r, data);
    send_notify(shell, ctx, established, notify);
}

/// A protected Informational. HASH(1) is checked before anything else of it is looked at
/// (C17); a message ID is taken once.
pub(super) fn receive(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    message_id: u32,
    (first, cipher_text): (PayloadType, &[u8]),
) {
    if message_id == 0
        || established.is_finished(message_id)
        || established.quick.contains_key(&message_id)
    {
        return shell.dropped(ctx, "the message ID of this Informational is taken");
    }
    let iv = established
        .material
        .keys
        .exchange_iv(&established.last_block, message_id);
    let chain = match cipher::open(&established.material.keys, &iv, first, cipher_text) {
        Ok(opened) => opened.chain,
        Err(e) => return shell.dropped(ctx, e.to_string()),
    };
    if !quick::hash_is_right(established, &[&message_id.to_be_bytes()], &chain) {
        return shell.dropped(ctx, "HASH(1) of the Informational is wrong");
    }
    if let Err(reason) = table::check(Message::Informational, &chain) {
        return shell.dropped(ctx, reason);
    }
    established.finish(message_id);
    established.dpd.alive(ctx.now.mono);
    for (_, body) in chain.bodies() {
        match body {
            Body::Notify(n) => notify(shell, ctx, established, n, message_id),
            Body::Delete(d) => delete(shell, ctx, d),
            _ => {}
        }
        if shell.dead.is_some() {
            return;
        }
    }
}

fn notify(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    n: &Notify,
    message_id: u32,
) {
    let sequence = <[u8; 4]>::try_from(n.data.as_ref()).map(u32::from_be_bytes);
    let ours = n.spi.as_ref() == [shell.cookie_i.0, shell.cookie_r.0].concat();
    match (n.ty, sequence) {
        (NotifyType::R_U_THERE, Ok(sequence)) if ours => {
            shell.trace(
                ctx,
                IsakmpTrace::DpdReceived {
                    sequence,
                    ack: false,
                },
            );
            send_dpd(shell, ctx, established, NotifyType::R_U_THERE_ACK, sequence);
        }
        (NotifyType::R_U_THERE_ACK, Ok(sequence)) if ours => {
            shell.trace(
                ctx,
                IsakmpTrace::DpdReceived {
                    sequence,
                    ack: true,
                },
            );
        }
        (ty, _) => {
            let (name, protocol) = (ty.to_string(), n.protocol.0);
            shell.trace(
                ctx,
                IsakmpTrace::Notify {
                    name: name.clone(),
                    protocol,
                    message_id,
                },
            );
            let trace = IsakmpTrace::Transition {
                input: Input::InfoNotify,
                old: Fsm::Complete,
                new: Fsm::Complete,
            };
            shell.trace(ctx, trace);
            // RFC 2408 3.14.1: numbers up to 8191 are errors.
            if ty.0 < 8192 {
                refuse_pending(shell, ctx, established, &name);
            }
        }
    }
}

/// An error notify does not name its Quick Mode by message ID (W-053): the only one that is
/// still open, or the oldest, is the one refused.
fn refuse_pending(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    name: &str,
) {
    for (id, quick) in &mut established.quick {
        match quick {
            Quick::Initiator(q) if q.pending() => {
                q.refused(shell, ctx, *id, name);
                return;
            }
            _ => {}
        }
    }
}

/// DELETE: ESP SPIs are the peer's own; an ISAKMP SA is named by its cookies (RFC 2408 3.15).
fn delete(shell: &mut Shell, ctx: &mut Context<'_>, d: &Delete) {
    let told = IsakmpTrace::Transition {
        input: Input::InfoDelete,
        old: Fsm::Complete,
        new: Fsm::Complete,
    };
    shell.trace(ctx, told);
    match d.protocol {
        ProtocolId::ESP => {
            let spis: Vec<u32> = d
                .spis
                .iter()
                .filter_map(|s| <[u8; 4]>::try_from(s.as_ref()).ok().map(u32::from_be_bytes))
                .collect();
            for spi in &spis {
                shell.trace(
                    ctx,
                    IsakmpTrace::DeleteReceived {
                        protocol: d.protocol.0,
                        spi: *spi,
                    },
                );
            }
            children::remove_by_peer_spi(ctx, shell.remote.ip(), &spis);
        }
        ProtocolId::ISAKMP => {
            let own = [shell.cookie_i.0, shell.cookie_r.0].concat();
            shell.trace(
                ctx,
                IsakmpTrace::DeleteReceived {
                    protocol: d.protocol.0,
                    spi: 0,
                },
            );
            if d.spis.iter().any(|s| s.as_ref() == own) {
                shell.kill(ctx, "IKE deleted by the peer");
            }
        }
        _ => {}
    }
}
