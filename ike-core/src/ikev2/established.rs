//! An established IKE SA: its child SAs and a state for each exchange under way, so that none stands in
//! another's way (RFC 7296 1.3, 1.4).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use ike_crypto::Secret;
use ike_wire::v2::Chain;

use super::child::{Agreement, Child, Children};
use super::child_offer;
use super::collision::Situation;
use super::context::Context;
use super::create_child::ChildOffer;
use super::init::{Abilities, Material};
use super::judge::Proven;
use super::mobike::Check;
use super::reauth::Validity;
use super::rekey_ike::{IkeOffer, IkeTwin};
use super::shell::Shell;
use super::sk::Sk;
use crate::policy::Decision;
use crate::policy::identity::Identity;
use crate::policy::ikev2::proposal::Chosen;
use crate::policy::liveness::Checks;
use crate::sa::action::JobId;
use crate::sa::liveness::Liveness;
use crate::sa::{Role, SaId};
use crate::time::Timestamp;
use crate::trace::{Ikev2Trace, Syslog};

/// Both sides' proofs, for `show`.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// Who we said we are.
    pub own: Identity,
    /// How we proved it.
    pub own_method: &'static str,
    /// Who the peer is, how it proved it and who vouched.
    pub(super) peer: Proven,
    /// A post-quantum key stands behind them (RFC 8784).
    pub ppk: bool,
    /// How long they count.
    pub(super) validity: Validity,
}

impl Proofs {
    /// The peer's proven identity.
    #[must_use]
    pub fn peer_identity(&self) -> &Identity {
        &self.peer.identity
    }

    /// How the peer proved it, as IOS prints it.
    #[must_use]
    pub fn peer_method(&self) -> &'static str {
        self.peer.method
    }

    /// The trustpoint that vouched for the peer.
    #[must_use]
    pub fn validated_by(&self) -> Option<&str> {
        self.peer.validated_by.as_deref()
    }
}

/// The established SA.
pub struct Established {
    /// Algorithms and keys.
    pub sk: Sk,
    /// Both sides' proofs.
    pub proofs: Proofs,
    /// What the peer can do.
    pub abilities: Abilities,
    /// When it was established.
    pub since: Timestamp,
    /// Seconds it lives.
    pub lifetime: u32,
    /// Its child SAs.
    pub children: Children,
    /// Our requests without an answer, by message ID.
    pub(super) requests: BTreeMap<u32, Request>,
    /// Computations under way.
    pub(super) jobs: BTreeMap<JobId, Work>,
    /// What we want to do once there is room, not before a moment.
    pub(super) wishes: VecDeque<(Timestamp, Wish)>,
    /// The peer has rekeyed it while our own request to do so was out.
    pub(super) twin: Option<IkeTwin>,
    /// It has a successor or lost to one: deleted by the peer, else by us at that time.
    pub(super) superseded: Option<Timestamp>,
    /// Made by rekeying, and its child SAs are still with the old SA: until a collision is decided, or
    /// for ever when it is lost.
    pub(super) nascent: bool,
    /// It lost a collision, and the SA that both replaced waits for its deletion.
    pub(super) waited_for_by: Option<SaId>,
    /// SPIs the peer deleted before we knew them: its answer to our own offer is still on its way.
    pub(super) deleted_early: Vec<u32>,
    /// Signs of life.
    pub(super) liveness: Liveness,
    /// When the next NAT keepalive goes out.
    pub(super) keepalive_at: Option<Timestamp>,
}

/// Something we want to do with this SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A child SA for a protection.
    NewChild(String),
    /// A replacement for the child SA with that inbound SPI.
    RekeyChild(u32),
    /// A replacement for the IKE SA.
    RekeyIke,
    /// The end of child SAs, by inbound SPI.
    DeleteChildren(Vec<u32>),
    /// The end of the IKE SA; the reason for the log.
    DeleteIke(String),
    /// A sign of life.
    Liveness,
    /// Whether the peer receives at its new address.
    CheckPath,
}

/// A request of ours that is out.
pub(super) enum Request {
    /// CREATE_CHILD_SA for a child SA.
    Child(Box<ChildOffer>),
    /// CREATE_CHILD_SA for the IKE SA.
    RekeyIke(Box<IkeOffer>),
    /// INFORMATIONAL with DELETE of child SAs.
    DeleteChildren(Vec<u32>),
    /// INFORMATIONAL with DELETE of the IKE SA.
    DeleteIke,
    /// Empty INFORMATIONAL.
    Liveness,
    /// INFORMATIONAL with a return routability cookie.
    CheckPath(Check),
}

/// What a computation is for.
pub(super) enum Work {
    /// The public value of our offer.
    PrepareChild(Box<ChildOffer>),
    /// The same for the IKE SA.
    PrepareIke(Box<IkeOffer>),
    /// The shared secret after the answer; Nr.
    FinishChild(Box<ChildOffer>, Box<Agreement>, Bytes),
    /// The same for the IKE SA.
    FinishIke(Box<IkeOffer>, Box<Chosen>, Bytes),
    /// Public value and shared secret for the peer's request: message ID, what was agreed, Ni, SPI of
    /// the child SA that it rekeys.
    ServeChild(u32, Box<Agreement>, Bytes, Option<u32>),
    /// The same for the IKE SA.
    ServeIke(u32, Box<Chosen>, Bytes),
}

impl Established {
    /// After IKE_AUTH.
    pub(super) fn new(
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        material: Material,
        proofs: Proofs,
    ) -> Self {
        let lifetime = shell.profile(ctx.config).map_or(86_400, |p| p.lifetime);
        let session = Ikev2Trace::SessionUp {
            peer: proofs.peer.identity.clone(),
            own: proofs.own.clone(),
        };
        shell.trace(ctx, session);
        shell.trace(ctx, Ikev2Trace::SaCreated(lifetime));
        shell.record.phase1 = true;
        if ctx.config.ikev2.logging || ctx.config.isakmp.logging_session {
            let id = crate::trace::escaped(&proofs.peer.identity.to_string());
            let status = Syslog::SessionStatus {
                up: true,
                peer: shell.remote.ip(),
                port: shell.remote.port(),
                id,
            };
            shell.syslog(ctx, status);
        }
        Self::with(
            shell,
            ctx,
            material.sk,
            proofs,
            material.abilities,
            lifetime,
        )
    }

    /// An SA with these keys, from IKE_AUTH or from rekeying.
    pub(super) fn with(
        shell: &Shell,
        ctx: &Context<'_>,
        sk: Sk,
        proofs: Proofs,
        abilities: Abilities,
        lifetime: u32,
    ) -> Self {
        let profile = shell.profile(ctx.config);
        let keepalive = profile
            .and_then(|p| p.nat_keepalive)
            .or(ctx.config.ikev2.nat_keepalive)
            .filter(|_| shell.nat.here);
        Self {
            sk,
            proofs,
            abilities,
            since: ctx.now.mono,
            lifetime,
            children: Children::default(),
            requests: BTreeMap::new(),
            jobs: BTreeMap::new(),
            wishes: VecDeque::new(),
            twin: None,
            waited_for_by: None,
            superseded: None,
            nascent: false,
            deleted_early: Vec::new(),
            liveness: Liveness::new(checks(shell, ctx), ctx.now.mono),
            keepalive_at: keepalive.map(|s| ctx.now.mono + Duration::from_secs(s.into())),
        }
    }

    /// The first child SA: both halves at once.
    pub(super) fn install(&mut self, shell: &mut Shell, ctx: &mut Context<'_>, child: Child) {
        let spi = child.spec.spi_in;
        self.children.install_inbound(ctx, shell.tunnel, child);
        self.children.install_outbound(ctx, shell.tunnel, spi);
        shell.record.up = true;
    }

    /// W-069: the IKE SA is up, its child SA is not: the SPI is deleted, then the IKE SA.
    pub(super) fn first_child_failed(
        &mut self,
        shell: &mut Shell,
        ctx: &mut Context<'_>,
        spi: u32,
        why: &str,
    ) {
        let name = shell.protection.as_deref();
        let protection = name.and_then(|name| ctx.protection(name));
        let about = protection.map(child_offer::subjects).unwrap_or_default();
        let ended = Decision::new((), "W-069", why).about(about);
        shell.ends(ctx, "IKE_AUTH", ended);
        shell.trace(ctx, Ikev2Trace::QueueingDelete("unknown".to_owned()));
        self.wish(ctx, Wish::DeleteChildren(vec![spi]));
        self.wish(ctx, Wish::DeleteIke("unknown".to_owned()));
    }

    /// Wants something as soon as there is room; the same wish is kept once.
    pub(super) fn wish(&mut self, ctx: &Context<'_>, wish: Wish) {
        self.wish_at(ctx.now.mono, wish);
    }

    /// Wants something not before a moment.
    pub(super) fn wish_at(&mut self, at: Timestamp, wish: Wish) {
        if !self.wishes.iter().any(|(_, w)| *w == wish) {
            self.wishes.push_back((at, wish));
        }
    }

    /// Wishes of a kind that were put off are for now.
    pub(super) fn hasten(&mut self, ctx: &Context<'_>, which: fn(&Wish) -> bool) {
        let put_off = self.wishes.iter_mut().filter(|(_, wish)| which(wish));
        put_off.for_each(|(at, _)| *at = ctx.now.mono);
    }

    /// What is wanted for child SAs: the successor of this SA sees to it. An offer that is still being
    /// prepared is made anew there.
    pub(super) fn take_child_wishes(&mut self) -> Vec<Wish> {
        let mut out = Vec::new();
        self.jobs.retain(|_, work| match work {
            Work::PrepareChild(offer) => {
                if offer.rekeys.is_none() {
                    out.push(Wish::NewChild(offer.protection.name.clone()));
                }
                false
            }
            _ => true,
        });
        for (_, wish) in std::mem::take(&mut self.wishes) {
            match wish {
                Wish::NewChild(_) | Wish::RekeyChild(_) | Wish::DeleteChildren(_) => out.push(wish),
                // The successor checks the path itself.
                Wish::RekeyIke | Wish::Liveness | Wish::CheckPath => {}
                Wish::DeleteIke(_) => self.wishes.push_back((self.since, wish)),
            }
        }
        out
    }

    /// What we are doing ourselves, for collisions.
    pub(super) fn situation(&self) -> Situation {
        let requested = |is: fn(&Request) -> bool| self.requests.values().any(is);
        let working = |is: fn(&Work) -> bool| self.jobs.values().any(is);
        Situation {
            closing: requested(|r| matches!(r, Request::DeleteIke))
                || self
                    .wishes
                    .iter()
                    .any(|(_, w)| matches!(w, Wish::DeleteIke(_))),
            rekeying: requested(|r| matches!(r, Request::RekeyIke(_))),
            superseded: self.superseded.is_some()
                || self.nascent
                || working(|w| matches!(w, Work::FinishIke(..) | Work::ServeIke(..))),
            child_exchange: requested(|r| {
                matches!(r, Request::Child(_) | Request::DeleteChildren(_))
            }) || working(|w| {
                matches!(w, Work::FinishChild(..) | Work::ServeChild(..))
            }),
        }
    }

    /// The peer may know a child SA that we do not: its answer to our offer is on its way, or the
    /// collision that gives it to this SA is not decided yet.
    pub(super) fn offers_child(&self) -> bool {
        let offered = self
            .requests
            .values()
            .any(|r| matches!(r, Request::Child(_)));
        let finishing = |w: &Work| matches!(w, Work::FinishChild(..));
        self.nascent || offered || self.jobs.values().any(finishing)
    }

    /// When the SA ends by age.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.since + Duration::from_secs(self.lifetime.into())
    }

    /// When its replacement is due: its initiator is first, so that both do not start together.
    #[must_use]
    pub fn rekey_at(&self, role: Role) -> Timestamp {
        let margin = (Duration::from_secs(self.lifetime.into()) / 10).min(Duration::from_secs(60));
        match role {
            Role::Initiator => self.expires() - margin,
            Role::Responder => self.expires() - margin / 2,
        }
    }

    /// The next moment anything of this SA is due. Wishes that wait for room are no deadline: the end of
    /// the exchange in their way is.
    #[must_use]
    pub(super) fn deadline(&self, role: Role, now: Timestamp) -> Option<Timestamp> {
        let wanted = |c: &Child| {
            let wish = Wish::RekeyChild(c.spec.spi_in);
            self.is_ending() || self.wishes.iter().any(|(_, w)| *w == wish)
        };
        let children = self.children.iter().map(|c| c.deadline(wanted(c)));
        let wishes = self.wishes.iter().map(|(at, _)| *at).filter(|at| *at > now);
        let quiet = self.is_ending();
        let closing = self.situation().closing;
        let rekey = (!quiet && !self.wants_rekey()).then(|| self.rekey_at(role));
        children
            .chain(wishes)
            .chain(rekey)
            .chain(self.superseded.filter(|_| !closing))
            .chain((!closing).then(|| self.expires()))
            .chain(self.liveness.deadline().filter(|_| !quiet))
            .chain(self.keepalive_at)
            .chain(self.proofs.validity.deadline())
            .min()
    }

    /// A replacement is being negotiated or is wanted.
    pub(super) fn wants_rekey(&self) -> bool {
        self.situation().rekeying
            || self
                .jobs
                .values()
                .any(|w| matches!(w, Work::PrepareIke(_) | Work::FinishIke(..)))
            || self.wishes.iter().any(|(_, w)| *w == Wish::RekeyIke)
    }

    /// Whether a child SA for that protection is there or on its way.
    #[must_use]
    pub(super) fn serves(&self, protection: &str) -> bool {
        let offered = |o: &ChildOffer| o.protection.name == protection && o.rekeys.is_none();
        self.children.of_protection(protection).is_some()
            || self
                .requests
                .values()
                .any(|r| matches!(r, Request::Child(o) if offered(o)))
            || self.jobs.values().any(|w| match w {
                Work::PrepareChild(o) | Work::FinishChild(o, ..) => offered(o),
                _ => false,
            })
            || self
                .wishes
                .iter()
                .any(|(_, w)| matches!(w, Wish::NewChild(name) if name == protection))
    }

    /// Liveness checks as configured.
    #[must_use]
    pub fn dpd(&self) -> Option<Checks> {
        self.liveness.checks()
    }

    /// An authentic, new packet of the peer came (RFC 7296 2.4).
    pub(super) fn alive(&mut self, shell: &mut Shell, ctx: &Context<'_>) {
        self.liveness.alive(ctx.now.mono);
        shell.outgoing.alive(ctx.now.mono, &ctx.repetition());
    }

    /// The SA takes no new work: it ends or has a successor.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        let now = self.situation();
        now.closing || now.superseded
    }
}

/// Liveness checks as configured (G-043, G-044).
pub(super) fn checks(shell: &Shell, ctx: &Context<'_>) -> Option<Checks> {
    let profile = shell.profile(ctx.config);
    let dpd = profile.and_then(|p| p.dpd).or(ctx.config.ikev2.dpd)?;
    Some(Checks::new(dpd.interval, dpd.retry, dpd.periodic))
}

/// The shared secret of a child SA's own exchange, as an option of a reference.
pub(super) type Shared<'a> = Option<&'a Secret>;

/// A decrypted request and its message ID.
pub(super) struct Served<'a> {
    /// Message ID.
    pub id: u32,
    /// The payloads.
    pub chain: &'a Chain,
}
