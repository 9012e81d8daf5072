//! What every state of an IKE SA has: names, endpoints, message IDs, the record. States own only what
//! is known in them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use ike_crypto::Hash;
use ike_wire::registry::ExchangeType;
use ike_wire::v2::{Body, Payload};
use ike_wire::{Flags, Header, MessageId, Spi};

use super::configuration::Settings;
use super::context::Context;
use super::keymat::Keys;
use super::mobike::Mobility;
use super::outgoing::Outgoing;
use super::reauth::Replaces;
use super::sk::Sk;
use super::window::Incoming;
use crate::config::{Ikev2Profile, RunningConfig};
use crate::policy::ikev2::suite::IkeSuite;
use crate::policy::{Decision, Subject};
use crate::sa::action::{Action, Transmit};
use crate::sa::natt::{NAT_PORT, Nat};
use crate::sa::record::Record;
use crate::sa::{Role, SaId};
use crate::time::Timestamp;
use crate::trace::{Ikev2Trace, Packet, PkiTrace, Syslog, Trace};

/// Two endpoints: ours, the peer's.
pub(super) type Path = (SocketAddr, SocketAddr);

/// The fixed part of an IKE SA.
pub struct Shell {
    /// The engine's number.
    pub id: SaId,
    /// `Tunnel-id` and `SA ID` of IOS.
    pub tunnel: u32,
    /// `Session-id` of IOS: the tunnel number of the first of the SAs that replaced each other.
    pub session: u32,
    /// The original initiator of this SA, or its responder: decides the I flag and the keys.
    pub role: Role,
    /// Our endpoint; floats to port 4500 behind NAT.
    pub local: SocketAddr,
    /// The peer's endpoint.
    pub remote: SocketAddr,
    /// SPIi.
    pub spi_i: Spi,
    /// SPIr, zero until known.
    pub spi_r: Spi,
    /// Bound profile: the initiator's from the start, the responder's by IDi (S-090).
    pub profile: Option<String>,
    /// The protection that asked for this SA; initiator only.
    pub protection: Option<String>,
    /// We start, and know no other SA with this peer: IKE_AUTH says so (S-072).
    pub first_contact: bool,
    /// The gateway that sent us to this one (RFC 5685).
    pub redirected_from: Option<IpAddr>,
    /// The IKE SA whose place it takes when it is established.
    pub replaces: Option<Replaces>,
    /// Where it was made and where its traffic goes.
    pub mobility: Mobility,
    /// Addresses and settings told in CFG payloads.
    pub settings: Settings,
    /// NAT on the path.
    pub nat: Nat,
    /// The story so far.
    pub record: Record,
    /// Our requests.
    pub outgoing: Outgoing,
    /// The peer's requests.
    pub incoming: Incoming,
    /// Largest IKE message in octets; longer ones go in fragments. `None`: fragments were not agreed.
    pub mtu: Option<usize>,
    /// Algorithms and keys once they exist, for the key log: kept as long as the SA is shown.
    pub keys: Option<(IkeSuite, Arc<Keys>)>,
    /// When the SA was made.
    pub created: Timestamp,
    /// Why it is dead, once it is.
    pub dead: Option<(Timestamp, String)>,
}

impl Shell {
    /// Our SPI.
    #[must_use]
    pub fn own_spi(&self) -> Spi {
        match self.role {
            Role::Initiator => self.spi_i,
            Role::Responder => self.spi_r,
        }
    }

    /// The present endpoints.
    #[must_use]
    pub fn path(&self) -> Path {
        (self.local, self.remote)
    }

    /// The bound profile's configuration.
    #[must_use]
    pub fn profile<'c>(&self, config: &'c RunningConfig) -> Option<&'c Ikev2Profile> {
        config.ikev2_profile(self.profile.as_deref()?)
    }

    /// Remembers the keys for the key log.
    pub fn remember_keys(&mut self, sk: &Sk) {
        self.keys = Some((sk.suite, Arc::clone(&sk.keys)));
    }

    /// Tells a line of `debug crypto ikev2`.
    pub fn trace(&self, ctx: &mut Context<'_>, trace: Ikev2Trace) {
        ctx.out
            .trace(Some(self.id), self.tunnel, Trace::Ikev2(trace));
    }

    /// Tells a line of `debug crypto pki`.
    pub fn trace_pki(&self, ctx: &mut Context<'_>, trace: PkiTrace) {
        ctx.out.trace(Some(self.id), self.tunnel, Trace::Pki(trace));
    }

    /// Tells a syslog message.
    pub fn syslog(&self, ctx: &mut Context<'_>, message: Syslog) {
        ctx.out
            .trace(Some(self.id), self.tunnel, Trace::Syslog(message));
    }

    /// Tells that a message was dropped, and why.
    pub fn dropped(&self, ctx: &mut Context<'_>, reason: impl Into<String>) {
        let trace = Trace::DroppedIkev2 {
            from: self.remote.ip(),
            reason: reason.into(),
        };
        ctx.out.trace(Some(self.id), self.tunnel, trace);
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
            .trace(Some(self.id), self.tunnel, Trace::WhyIkev2(explained));
    }

    /// The SA has ended; it is kept to answer repetitions.
    pub fn is_over(&self) -> bool {
        self.dead.is_some()
    }

    /// The SA is over: the first reason is kept.
    pub fn kill(&mut self, ctx: &mut Context<'_>, reason: &str) {
        if self.dead.is_some() {
            return;
        }
        self.trace(ctx, Ikev2Trace::Deleting);
        self.outgoing.stop();
        self.dead = Some((ctx.now.mono, reason.to_owned()));
    }

    /// The negotiation ends at a message by a rule: recorded and told, with what the SA belongs to where the
    /// decision names nothing. The first end stays.
    pub fn ends(&mut self, ctx: &mut Context<'_>, message: &str, decision: Decision<()>) {
        let decision = decision.or_about(|| self.subjects(ctx));
        if let Some(explained) = self.record.conclude(message, &decision) {
            ctx.out
                .trace(Some(self.id), self.tunnel, Trace::WhyIkev2(explained));
        }
    }

    /// What of the configuration the SA belongs to: its profile, and what it is made for.
    pub fn subjects(&self, ctx: &Context<'_>) -> Vec<Subject> {
        let profile = self.profile.as_deref().map(Subject::ikev2_profile);
        let protection = self.protection.as_deref().and_then(|p| ctx.protection(p));
        let owner = protection.map(|p| p.origin.owner());
        profile.into_iter().chain(owner).collect()
    }

    /// The negotiation failed: message, reason, end. The rule is that of errors in such a message, unless a
    /// decision has told another (RFC 7296 2.21).
    pub fn fail(&mut self, ctx: &mut Context<'_>, message: &str, reason: &str) {
        let rule = match message {
            "IKE_SA_INIT" => "RFC 7296 2.21.1",
            "IKE_AUTH" => "RFC 7296 2.21.2",
            _ => "RFC 7296 2.21.3",
        };
        self.ends(ctx, message, Decision::new((), rule, reason));
        self.trace(ctx, Ikev2Trace::NegotiationFailed(reason.to_owned()));
        self.kill(ctx, reason);
    }

    /// A header of this SA (RFC 7296 3.1).
    #[must_use]
    pub fn header(&self, exchange: ExchangeType, response: bool, id: u32) -> Header {
        let mut flags = match self.role {
            Role::Initiator => Flags::INITIATOR,
            Role::Responder => Flags::NONE,
        };
        if response {
            flags = flags | Flags::RESPONSE;
        }
        Header::v2(self.spi_i, self.spi_r, exchange, flags, MessageId(id))
    }

    /// Sends an encrypted request and keeps it for repetition; returns its message ID, `None` after
    /// telling why it could not be sent.
    pub fn request(
        &mut self,
        ctx: &mut Context<'_>,
        sk: &mut Sk,
        exchange: ExchangeType,
        payloads: &[Payload],
    ) -> Option<u32> {
        let id = self.outgoing.next_id();
        let datagrams = self.sealed(ctx, sk, &self.header(exchange, false, id), payloads)?;
        self.outgoing.take_id();
        self.send(ctx, &datagrams);
        let how = ctx.repetition();
        self.outgoing.sent(id, datagrams, ctx.now.mono, &how);
        Some(id)
    }

    /// Answers a request of the peer to where it came from (RFC 7296 2.11) and keeps the answer for its
    /// repetitions.
    pub fn respond(
        &mut self,
        ctx: &mut Context<'_>,
        sk: &mut Sk,
        (exchange, id): (ExchangeType, u32),
        payloads: &[Payload],
    ) {
        let header = self.header(exchange, true, id);
        if let Some(datagrams) = self.sealed(ctx, sk, &header, payloads) {
            let path = self.incoming.path(id).unwrap_or(self.path());
            send_on(ctx, path, &datagrams);
            self.incoming.answered(id, datagrams);
        }
    }

    fn sealed(
        &self,
        ctx: &mut Context<'_>,
        sk: &mut Sk,
        header: &Header,
        payloads: &[Payload],
    ) -> Option<Vec<Bytes>> {
        self.trace(ctx, Ikev2Trace::BuildingForEncryption(names(payloads)));
        let sealed = sk.seal(ctx.entropy, header, payloads, self.mtu);
        if sealed.is_ok() {
            ctx.tally.count(true, header, payloads);
            self.tell_packet(ctx, true, header, vec!["ENCR".to_owned()]);
        }
        sealed
            .map_err(|e| self.dropped(ctx, format!("own message not sent: {e}")))
            .ok()
    }

    /// Counts and tells a message that goes out in the clear, or came in.
    pub fn told(
        &self,
        ctx: &mut Context<'_>,
        sending: bool,
        header: &Header,
        payloads: &[Payload],
    ) {
        ctx.tally.count(sending, header, payloads);
        self.tell_packet(ctx, sending, header, names(payloads));
    }

    fn tell_packet(
        &self,
        ctx: &mut Context<'_>,
        sending: bool,
        header: &Header,
        payloads: Vec<String>,
    ) {
        let packet = Packet {
            sending,
            local: self.local,
            remote: self.remote,
            initiator: header.initiator,
            responder: header.responder,
            message_id: header.message_id.0,
            exchange: header.exchange.to_string(),
            response: header.flags.contains(Flags::RESPONSE),
            payloads,
        };
        self.trace(ctx, Ikev2Trace::Packet(Box::new(packet)));
    }

    /// Sends datagrams to the peer's present endpoint.
    pub fn send(&self, ctx: &mut Context<'_>, datagrams: &[Bytes]) {
        send_on(ctx, self.path(), datagrams);
    }

    /// Takes port 4500 on both ends: the initiator does so when NAT is found (RFC 7296 2.23).
    pub fn float(&mut self) {
        self.local.set_port(NAT_PORT);
        self.remote.set_port(NAT_PORT);
    }
}

/// Sends datagrams from one endpoint to another.
pub(super) fn send_on(ctx: &mut Context<'_>, (local, remote): Path, datagrams: &[Bytes]) {
    for bytes in datagrams {
        ctx.out.push(Action::Send(Transmit {
            local,
            remote,
            bytes: bytes.clone(),
        }));
    }
}

/// A digest by which a repeated request is known.
#[must_use]
pub(super) fn digest(datagram: &[u8]) -> [u8; 32] {
    Hash::Sha256
        .digest(&[datagram])
        .try_into()
        .unwrap_or([0; 32])
}

/// Payload names as IOS prints them (S-070 to S-073).
#[must_use]
pub(super) fn names(payloads: &[Payload]) -> Vec<String> {
    payloads
        .iter()
        .map(|payload| match &payload.body {
            Body::Notify(n) => format!("NOTIFY({})", crate::show::ikev2_notify(n.ty)),
            body => body.payload_type().to_string(),
        })
        .collect()
}
