//! Who may become an IKE SA: cookies, limits, refusals without state (RFC 7296 2.6, 1.5; G-044; A19, B1, B2,
//! B5, B6, C8).

use std::net::IpAddr;

use bytes::Bytes;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Chain, Message, NotifyType, Payload, encode_message};
use ike_wire::{Flags, Header, MessageId};

use super::IkeSas;
use crate::ikev2::context::Context;
use crate::ikev2::ike_sa::{IkeSa, Inbound};
use crate::ikev2::notify::{self, notify};
use crate::ikev2::responder;
use crate::ikev2::shell::{digest, names};
use crate::sa::SaId;
use crate::sa::action::{Action, Transmit};
use crate::trace::{Ikev2Trace, Packet, Trace};

/// Half-open SAs from one address before its newer first messages need a cookie (B2).
const PER_ADDRESS: usize = 8;

impl IkeSas {
    /// A message of no SA: a first message, or nothing of ours.
    pub(super) fn stranger(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
        let header = inbound.header;
        let first = header.exchange == ExchangeType::IKE_SA_INIT
            && header.flags.contains(Flags::INITIATOR)
            && !header.flags.contains(Flags::RESPONSE)
            && header.responder.is_zero()
            && !header.initiator.is_zero()
            && header.message_id == MessageId(0);
        if !first || inbound.remote.port() == 0 {
            self.stats.no_sa += 1;
            let reason = "no SA, and not a first message".to_owned();
            return Self::tell_dropped(ctx, inbound.remote.ip(), self.stats.no_sa, reason);
        }
        // Our own first message sent back to us (C8).
        if self.spis.contains_key(&header.initiator) {
            self.stats.malformed += 1;
            return;
        }
        // RFC 7296 2.1: a first message again whose IKE_AUTH has come belongs to an SA, and is ignored.
        if self.opened.contains_key(&digest(inbound.datagram)) {
            self.stats.late += 1;
            let reason = "a first message answered long ago".to_owned();
            return Self::tell_dropped(ctx, inbound.remote.ip(), self.stats.late, reason);
        }
        match Message::decode(inbound.datagram.clone()) {
            Ok(message) => self.first_message(ctx, inbound, message),
            Err(e) => {
                self.stats.malformed += 1;
                let from = inbound.remote.ip();
                Self::tell_dropped(ctx, from, self.stats.malformed, e.to_string());
            }
        }
    }

    fn first_message(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>, message: Message) {
        let chain = &message.chain;
        if let Some(ty) = chain.unsupported_critical() {
            let refusal = notify(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![ty.0]);
            return self.refuse(ctx, inbound, refusal);
        }
        if !self.cookie(ctx, inbound, chain) {
            return;
        }
        let screened = match responder::screen(ctx, inbound.local.ip(), chain) {
            Ok(screened) => screened,
            Err((refusal, why)) => {
                self.stats.refused += 1;
                Self::tell_dropped(ctx, inbound.remote.ip(), 1, why);
                return self.refuse(ctx, inbound, refusal);
            }
        };
        if !self.admit(ctx) {
            self.stats.rejected += 1;
            return;
        }
        self.stats.accepted += 1;
        let sa = IkeSa::respond(ctx, inbound, screened, message);
        self.opened.insert(digest(inbound.datagram), sa.shell.id);
        self.insert(ctx, sa);
    }

    /// Whether a first message may go on: cookies are not asked for, or it brings a good one. Otherwise
    /// it is answered with a cookie, and nothing is kept (2.6).
    fn cookie(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>, chain: &Chain) -> bool {
        let Some(nonce) = notify::nonce(chain).cloned() else {
            self.stats.malformed += 1;
            return false;
        };
        if !self.cookies_wanted(ctx, inbound.remote.ip()) {
            return true;
        }
        let (from, spi) = (inbound.remote, inbound.header.initiator);
        if let Some(cookie) = notify::find(chain, NotifyType::COOKIE) {
            let about = (nonce.as_ref(), from, spi);
            if self
                .jar
                .check(ctx.entropy, ctx.now.mono, &cookie.data, about)
            {
                self.stats.cookies_accepted += 1;
                return true;
            }
            self.stats.cookies_wrong += 1;
        }
        self.stats.cookies_sent += 1;
        let cookie = self.jar.make(ctx.entropy, ctx.now.mono, &nonce, from, spi);
        self.refuse(ctx, inbound, notify(NotifyType::COOKIE, cookie));
        false
    }

    /// G-044 `cookie-challenge`: from that many half-open SAs on. Without it, from half of what may be in
    /// negotiation, and for an address with several already (B1, B2).
    fn cookies_wanted(&self, ctx: &Context<'_>, from: IpAddr) -> bool {
        let (incoming, _) = self.in_negotiation();
        let limit = ctx
            .config
            .ikev2
            .cookie_challenge
            .unwrap_or_else(|| (ctx.config.ikev2.max_in_negotiation_incoming / 2).max(1));
        let same = self.half_open.values().filter(|(_, a)| *a == from).count();
        incoming >= usize::try_from(limit).unwrap_or(usize::MAX) || same >= PER_ADDRESS
    }

    /// Limits (G-044): too many half-open SAs push out the oldest whose peer has not shown more than a
    /// cookie.
    fn admit(&mut self, ctx: &mut Context<'_>) -> bool {
        let most = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        if ctx
            .config
            .ikev2
            .max_sa
            .is_some_and(|max| self.sas.len() >= most(max))
        {
            return false;
        }
        let (incoming, _) = self.in_negotiation();
        if incoming < most(ctx.config.ikev2.max_in_negotiation_incoming) {
            return true;
        }
        let unanswered = |id: &&SaId| self.sas.get(id).is_some_and(IkeSa::unanswered);
        let Some(oldest) = self.half_open.keys().find(unanswered).copied() else {
            return false;
        };
        self.with_sa(ctx, oldest, |sa, ctx| {
            sa.abandon(ctx, "pushed out by newer negotiations");
        });
        self.forget(oldest);
        true
    }

    /// Answers a first message with one notify, without state and never with more octets than it had
    /// (B5).
    fn refuse(&mut self, ctx: &mut Context<'_>, inbound: &Inbound<'_>, refusal: Payload) {
        ctx.tally.count(false, inbound.header, &[]);
        answer(ctx, inbound, refusal);
    }
}

/// A19, RFC 7296 1.5, 2.5: a request of a higher major version is told which one we speak. The caller
/// limits how often.
pub fn invalid_major_version(ctx: &mut Context<'_>, inbound: &Inbound<'_>) {
    if inbound.header.flags.contains(Flags::RESPONSE) {
        return;
    }
    let refusal = notify(NotifyType::INVALID_MAJOR_VERSION, Bytes::new());
    answer(ctx, inbound, refusal);
}

/// The response to a request that is to have no SA.
fn answer(ctx: &mut Context<'_>, inbound: &Inbound<'_>, payload: Payload) {
    let request = inbound.header;
    let header = Header::v2(
        request.initiator,
        request.responder,
        request.exchange,
        Flags::RESPONSE,
        request.message_id,
    );
    let payloads = [payload];
    match encode_message(&header, &payloads) {
        Ok(bytes) if bytes.len() <= inbound.datagram.len() => {
            ctx.tally.count(true, &header, &payloads);
            tell(ctx, inbound, &header, names(&payloads));
            ctx.out.push(Action::Send(Transmit {
                local: inbound.local,
                remote: inbound.remote,
                bytes,
            }));
        }
        _ => {}
    }
}

/// Tells an answer that belongs to no SA.
fn tell(ctx: &mut Context<'_>, inbound: &Inbound<'_>, header: &Header, payloads: Vec<String>) {
    let packet = Packet {
        sending: true,
        local: inbound.local,
        remote: inbound.remote,
        initiator: header.initiator,
        responder: header.responder,
        message_id: header.message_id.0,
        exchange: header.exchange.to_string(),
        response: true,
        payloads,
    };
    let trace = Trace::Ikev2(Ikev2Trace::Packet(Box::new(packet)));
    ctx.out.trace(None, 0, trace);
}
