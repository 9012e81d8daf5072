//! What every state of an ISAKMP SA has: names, endpoints, the record, and the last message
//! sent. States own only what is known in them.

use std::net::SocketAddr;

use bytes::Bytes;
use ike_crypto::Hash;
use ike_wire::registry::ExchangeType;
use ike_wire::v1::{Payload, encode_chain, encode_encrypted, encode_message};
use ike_wire::{Flags, Header, MessageId, Spi};

use super::cipher;
use super::context::Context;
use super::fragment::{self, Joining};
use super::keymat::Keys;
use crate::config::IsakmpProfile;
use crate::policy::{Decision, Subject};
use crate::sa::action::{Action, Transmit};
use crate::sa::natt::NAT_PORT;
use crate::sa::record::Record;
use crate::sa::retransmit::Retransmit;
use crate::sa::{Role, SaId};
use crate::time::Timestamp;
use crate::trace::{Fsm, Input, IsakmpTrace, PkiTrace, SaState, Syslog, Trace};

/// The fixed part of an ISAKMP SA.
#[derive(Debug)]
pub struct Shell {
    /// The engine's number.
    pub id: SaId,
    /// conn-id, 0 until the DH secret exists (O-004).
    pub connection: u32,
    /// Who started.
    pub role: Role,
    /// Our endpoint; floats to port 4500 behind NAT.
    pub local: SocketAddr,
    /// The peer's endpoint.
    pub remote: SocketAddr,
    /// CKY-I.
    pub cookie_i: Spi,
    /// CKY-R, zero until known.
    pub cookie_r: Spi,
    /// Bound profile (S-040, S-041).
    pub profile: Option<String>,
    /// The protection that asked for this SA; initiator only.
    pub protection: Option<String>,
    /// We start, and know no other SA with this peer: MM5 says so (W-015).
    pub first_contact: bool,
    /// State as `show` prints it.
    pub state: SaState,
    /// State as debug prints it.
    pub fsm: Fsm,
    /// The story so far.
    pub record: Record,
    /// Our last phase 1 message.
    pub sent: Option<Retransmit>,
    /// Digest of the last phase 1 message that was acted on.
    pub last_received: Option<Vec<u8>>,
    /// The peer joins fragments, and so do we (G-027).
    pub fragments: bool,
    /// Pieces of its message that came.
    pub(super) joining: Joining,
    /// When the SA was made.
    pub created: Timestamp,
    /// Why it is dead, once it is.
    pub dead: Option<(Timestamp, String)>,
}

impl Shell {
    /// Our cookie.
    #[must_use]
    pub fn own_cookie(&self) -> Spi {
        match self.role {
            Role::Initiator => self.cookie_i,
            Role::Responder => self.cookie_r,
        }
    }

    /// The peer's cookie.
    #[must_use]
    pub fn peer_cookie(&self) -> Spi {
        match self.role {
            Role::Initiator => self.cookie_r,
            Role::Responder => self.cookie_i,
        }
    }

    /// The bound profile's configuration.
    #[must_use]
    pub fn profile<'c>(
        &self,
        config: &'c crate::config::RunningConfig,
    ) -> Option<&'c IsakmpProfile> {
        config.isakmp_profile(self.profile.as_deref()?)
    }

    /// Tells a line of `debug crypto isakmp`.
    pub fn trace(&self, ctx: &mut Context<'_>, trace: IsakmpTrace) {
        ctx.out
            .trace(Some(self.id), self.connection, Trace::Isakmp(trace));
    }

    /// Tells a line of `debug crypto pki`.
    pub fn trace_pki(&self, ctx: &mut Context<'_>, trace: PkiTrace) {
        ctx.out
            .trace(Some(self.id), self.connection, Trace::Pki(trace));
    }

    /// Tells a syslog message.
    pub fn syslog(&self, ctx: &mut Context<'_>, message: Syslog) {
        ctx.out
            .trace(Some(self.id), self.connection, Trace::Syslog(message));
    }

    /// Tells that a message was dropped, and why.
    pub fn dropped(&self, ctx: &mut Context<'_>, reason: impl Into<String>) {
        let trace = Trace::Dropped {
            from: self.remote.ip(),
            reason: reason.into(),
        };
        ctx.out.trace(Some(self.id), self.connection, trace);
    }

    /// Records a decision and tells its rule.
    pub fn why<T>(
        &mut self,
        ctx: &mut Context<'_>,
        what: impl Into<String>,
        decision: &Decision<T>,
    ) {
        let explained = self.record.note(what, decision);
        ctx.out
            .trace(Some(self.id), self.connection, Trace::Why(explained));
    }

    /// The negotiation ends at a message by a rule: recorded and told, with what the SA belongs to where the
    /// decision names nothing. The first end stays.
    pub fn ends(&mut self, ctx: &mut Context<'_>, message: &str, decision: Decision<()>) {
        let decision = decision.or_about(|| self.subjects(ctx));
        if let Some(explained) = self.record.conclude(message, &decision) {
            ctx.out
                .trace(Some(self.id), self.connection, Trace::Why(explained));
        }
    }

    /// What of the configuration the SA belongs to: its profile, and what it is made for.
    fn subjects(&self, ctx: &Context<'_>) -> Vec<Subject> {
        let profile = self.profile.as_deref().map(Subject::isakmp_profile);
        let protection = self.protection.as_deref().and_then(|p| ctx.protection(p));
        let owner = protection.map(|p| p.origin.owner());
        profile.into_iter().chain(owner).collect()
    }

    /// Moves the state machine (O-003).
    pub fn transition(&mut self, ctx: &mut Context<'_>, input: Input, new: Fsm) {
        self.trace(
            ctx,
            IsakmpTrace::Transition {
                input,
                old: self.fsm,
                new,
            },
        );
        self.fsm = new;
    }

    /// The negotiation is over: the first reason is kept (`stopped_at`, `reason`).
    pub fn kill(&mut self, ctx: &mut Context<'_>, reason: &str) {
        if self.dead.is_some() {
            return;
        }
        let role = self.role;
        let (state, peer) = (self.state, self.remote.ip());
        self.trace(
            ctx,
            IsakmpTrace::DeletingSa {
                reason: reason.to_owned(),
                role,
                state,
                peer,
            },
        );
        self.transition(ctx, Input::Phase1Delete, Fsm::Destroyed);
        self.state = SaState::MmNoState;
        self.dead = Some((ctx.now.mono, reason.to_owned()));
        self.sent = None;
    }

    /// A header of this SA.
    #[must_use]
    pub fn header(&self, exchange: ExchangeType, flags: Flags, message_id: u32) -> Header {
        Header::v1(
            self.cookie_i,
            self.cookie_r,
            exchange,
            flags,
            MessageId(message_id),
        )
    }

    /// Sends a clear phase 1 message. `armed`: it goes again by timer until answered.
    pub fn send_clear(&mut self, ctx: &mut Context<'_>, payloads: &[Payload], armed: bool) {
        let header = self.header(ExchangeType::MAIN, Flags::NONE, 0);
        match encode_message(&header, payloads) {
            Ok(bytes) => self.send_phase1(ctx, bytes, armed),
            Err(e) => self.dropped(ctx, format!("own message not sent: {e}")),
        }
    }

    /// Sends an encrypted phase 1 message; returns the IV that follows it.
    pub fn send_sealed(
        &mut self,
        ctx: &mut Context<'_>,
        keys: &Keys,
        iv: &[u8],
        payloads: &[Payload],
        armed: bool,
    ) -> Option<Vec<u8>> {
        let header = self.header(ExchangeType::MAIN, Flags::ENCRYPTED, 0);
        let (bytes, next_iv) = self.sealed(ctx, &header, keys, iv, payloads)?;
        self.send_phase1(ctx, bytes, armed);
        Some(next_iv)
    }

    /// An encrypted message and the IV that follows it; `None` after telling why not.
    pub fn sealed(
        &self,
        ctx: &mut Context<'_>,
        header: &Header,
        keys: &Keys,
        iv: &[u8],
        payloads: &[Payload],
    ) -> Option<(Bytes, Vec<u8>)> {
        let result =
            encode_chain(payloads)
                .map_err(|e| e.to_string())
                .and_then(|(first, clear)| {
                    let (cipher_text, next_iv) =
                        cipher::seal(keys, iv, &clear).map_err(|e| e.to_string())?;
                    let bytes =
                        encode_encrypted(header, first, &cipher_text).map_err(|e| e.to_string())?;
                    Ok((bytes, next_iv))
                });
        result
            .map_err(|e| self.dropped(ctx, format!("own message not sent: {e}")))
            .ok()
    }

    fn send_phase1(&mut self, ctx: &mut Context<'_>, bytes: Bytes, armed: bool) {
        let transmit = self.transmit(bytes);
        self.send(ctx, transmit.clone());
        self.sent = Some(if armed {
            Retransmit::armed(transmit, ctx.now.mono)
        } else {
            Retransmit::passive(transmit, ctx.now.mono)
        });
    }

    /// A datagram to the peer's present endpoint.
    #[must_use]
    pub fn transmit(&self, bytes: Bytes) -> Transmit {
        Transmit {
            local: self.local,
            remote: self.remote,
            bytes,
        }
    }

    /// Sends a datagram and tells so.
    pub fn send(&self, ctx: &mut Context<'_>, transmit: Transmit) {
        let trace = IsakmpTrace::Sending {
            remote: transmit.remote,
            my_port: transmit.local.port(),
            role: self.role,
            state: self.state,
        };
        self.trace(ctx, trace);
        match self.fragments {
            true => fragment::split(transmit)
                .into_iter()
                .for_each(|piece| ctx.out.push(Action::Send(piece))),
            false => ctx.out.push(Action::Send(transmit)),
        }
    }

    /// Remembers a message as acted on, so that its repetition is known (W-051).
    pub fn accept(&mut self, datagram: &[u8]) {
        self.last_received = Some(Hash::Sha256.digest(&[datagram]));
    }

    /// The message is the one last acted on.
    #[must_use]
    pub fn is_duplicate(&self, datagram: &[u8]) -> bool {
        self.last_received.as_deref() == Some(&Hash::Sha256.digest(&[datagram])[..])
    }

    /// Answers a repetition with our last message (W-051, W-052).
    pub fn answer_duplicate(&mut self, ctx: &mut Context<'_>) {
        self.trace(ctx, IsakmpTrace::Duplicate { phase: 1 });
        let Some(sent) = self.sent.as_mut() else {
            return;
        };
        match sent.duplicate(ctx.now.mono, &ctx.timers) {
            Ok(transmit) => {
                self.trace(ctx, IsakmpTrace::RetransmitDue { phase: 1 });
                self.trace(
                    ctx,
                    IsakmpTrace::Retransmitting {
                        what: "phase 1",
                        state: self.state,
                    },
                );
                self.send(ctx, transmit);
            }
            Err(since) => {
                let milliseconds = since.as_millis();
                self.trace(
                    ctx,
                    IsakmpTrace::RetransmissionSkipped {
                        phase: 1,
                        milliseconds,
                    },
                );
            }
        }
    }

    /// Takes port 4500 and the peer's endpoint behind its NAT (W-046).
    pub fn float(&mut self, ctx: &mut Context<'_>, remote: SocketAddr) {
        let local = SocketAddr::new(self.local.ip(), NAT_PORT);
        if (local, remote) != (self.local, self.remote) {
            self.local = local;
            self.remote = remote;
            self.trace(ctx, IsakmpTrace::Floated { remote });
        }
    }
}
