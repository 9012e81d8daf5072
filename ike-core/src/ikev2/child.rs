//! The child SAs of an IKE SA and their place in the data plane (RFC 7296 1.3, 2.8, 2.17).

use std::time::Duration;

use bytes::Bytes;
use ike_crypto::Secret;

use super::context::Context;
use super::established;
use super::keymat;
use super::mobike;
use super::shell::{Path, Shell};
use super::sk::Sk;
use crate::policy::ikev2::esp::ChosenChild;
use crate::policy::protection::{Protection, Selector};
use crate::sa::action::{Action, DataplaneRequest};
use crate::sa::child::{ChildSpec, Direction};
use crate::time::Timestamp;
use crate::trace::{IpsecTrace, Trace};

/// How long the loser of a rekeying waits for the peer's DELETE before it sends one itself.
pub(super) const GRACE: Duration = Duration::from_secs(90);

/// One pair of ESP SAs.
#[derive(Clone, Debug)]
pub struct Child {
    /// What the data plane was given.
    pub spec: ChildSpec,
    /// We started the exchange that made it.
    pub initiator: bool,
    /// The outbound half is installed too.
    pub complete: bool,
    /// When the outbound half is installed at the latest.
    pub outbound_at: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// A rekeying that failed is tried again then.
    pub retry_at: Timestamp,
    /// Where it stands in its life.
    pub state: Life,
}

/// Where a child SA stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// In use.
    Live,
    /// Its replacement is being negotiated by us.
    Rekeying,
    /// Replaced; the peer is to delete it, else we do at that time.
    Superseded(Timestamp),
    /// We have asked the peer to delete it.
    Deleting,
}

/// Both sides' agreement on a child SA, before its keys are made.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    /// The protection.
    pub protection: Protection,
    /// Algorithms, mode, the peer's SPI.
    pub chosen: ChosenChild,
    /// Our inbound SPI.
    pub spi: u32,
    /// Traffic on our side.
    pub local: Selector,
    /// Traffic on the peer's side.
    pub remote: Selector,
    /// Both agreed on transport mode.
    pub transport: bool,
}

impl Agreement {
    /// The child SA with its keys. `initiator`: we started the exchange; nonces are Ni and Nr of it.
    pub(super) fn child(
        self,
        shell: &Shell,
        ctx: &Context<'_>,
        sk: &Sk,
        initiator: bool,
        nonces: (&Bytes, &Bytes),
        shared: Option<&Secret>,
    ) -> Child {
        let suite = self.chosen.suite;
        let (from_initiator, from_responder) = keymat::child_keys(
            sk.suite.prf,
            &sk.keys.d,
            suite,
            shared,
            (nonces.0, nonces.1),
        );
        let (keys_out, keys_in) = match initiator {
            true => (from_initiator, from_responder),
            false => (from_responder, from_initiator),
        };
        let encapsulation = ChildSpec::encapsulation(self.transport, shell.nat.found());
        let (local, remote) = mobike::traffic(shell);
        let spec = ChildSpec {
            protection: self.protection.name,
            interface: self.protection.interface,
            local,
            remote,
            spi_in: self.spi,
            spi_out: self.chosen.peer_spi,
            suite,
            keys_in,
            keys_out,
            encapsulation,
            local_selector: self.local,
            remote_selector: self.remote,
            lifetime_seconds: self.protection.lifetime_seconds,
            lifetime_kilobytes: self.protection.lifetime_kilobytes,
            replay_window: self.protection.replay_window,
            watched: established::checks(shell, ctx).is_some(),
            pfs: self.chosen.group.map(ike_crypto::Group::iana),
        };
        Child {
            spec,
            initiator,
            complete: false,
            outbound_at: None,
            created: ctx.now.mono,
            retry_at: ctx.now.mono,
            state: Life::Live,
        }
    }
}

impl Child {
    /// When it ends by age.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.created + Duration::from_secs(self.spec.lifetime_seconds.into())
    }

    /// When its replacement is due: up to thirty seconds before the end for the side that made it, half
    /// of that for the other, so that both do not start together.
    #[must_use]
    pub fn rekey_at(&self) -> Timestamp {
        let lifetime = Duration::from_secs(self.spec.lifetime_seconds.into());
        let margin = (lifetime / 10).min(Duration::from_secs(30));
        let planned = self.expires() - if self.initiator { margin } else { margin / 2 };
        planned.max(self.retry_at)
    }

    /// The next moment something is due. `wanted`: its replacement is wanted already.
    #[must_use]
    pub fn deadline(&self, wanted: bool) -> Timestamp {
        let end = match self.state {
            Life::Live if !wanted => self.rekey_at().min(self.expires()),
            Life::Superseded(at) => at.min(self.expires()),
            Life::Live | Life::Rekeying | Life::Deleting => self.expires(),
        };
        self.outbound_at.map_or(end, |at| at.min(end))
    }

    /// It serves its protection.
    #[must_use]
    pub fn serves(&self, protection: &str) -> bool {
        matches!(self.state, Life::Live | Life::Rekeying) && self.spec.protection == protection
    }
}

/// The child SAs of an IKE SA, oldest first. There are few: a list is smaller than a tree.
#[derive(Debug, Default)]
pub struct Children(Vec<Child>);

impl Children {
    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Child> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one with that inbound SPI.
    #[must_use]
    pub fn get(&self, spi_in: u32) -> Option<&Child> {
        self.0.iter().find(|c| c.spec.spi_in == spi_in)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, spi_in: u32) -> Option<&mut Child> {
        self.0.iter_mut().find(|c| c.spec.spi_in == spi_in)
    }

    /// The one whose peer receives with that SPI.
    #[must_use]
    pub fn by_peer_spi(&self, spi_out: u32) -> Option<&Child> {
        self.0.iter().find(|c| c.spec.spi_out == spi_out)
    }

    /// A live one of a protection.
    #[must_use]
    pub fn of_protection(&self, name: &str) -> Option<&Child> {
        self.0.iter().find(|c| c.serves(name))
    }

    /// Those of a protection whose outbound half is still to be installed.
    pub(super) fn incomplete(&self, protection: &str) -> Vec<u32> {
        let waits = |c: &&Child| !c.complete && c.serves(protection);
        let found = self.0.iter().filter(waits);
        found.map(|c| c.spec.spi_in).collect()
    }

    /// An SPI that none of ours has.
    pub(super) fn fresh_spi(&self, ctx: &mut Context<'_>) -> u32 {
        loop {
            let spi = ctx.entropy.esp_spi();
            if self.get(spi).is_none() {
                return spi;
            }
        }
    }

    /// Takes a child SA in and installs its inbound half: the peer may send at once.
    pub(super) fn install_inbound(&mut self, ctx: &mut Context<'_>, connection: u32, child: Child) {
        install(ctx, connection, &child, Direction::Inbound);
        self.0.push(child);
    }

    /// Installs the outbound half: the peer is known to have its inbound one (RFC 7296 2.8).
    pub(super) fn install_outbound(&mut self, ctx: &mut Context<'_>, connection: u32, spi_in: u32) {
        if let Some(child) = self.get_mut(spi_in).filter(|c| !c.complete) {
            child.complete = true;
            child.outbound_at = None;
            install(ctx, connection, child, Direction::Outbound);
        }
    }

    /// Takes one away, from the data plane too.
    pub(super) fn remove(
        &mut self,
        ctx: &mut Context<'_>,
        connection: u32,
        spi_in: u32,
    ) -> Option<Child> {
        let at = self.0.iter().position(|c| c.spec.spi_in == spi_in)?;
        let child = self.0.remove(at);
        for (destination, spi) in [
            (child.spec.local.ip(), child.spec.spi_in),
            (child.spec.remote.ip(), child.spec.spi_out),
        ] {
            let trace = Trace::Ipsec(IpsecTrace::Deleted { destination, spi });
            ctx.out.trace(None, connection, trace);
        }
        ctx.out.push(Action::Dataplane(DataplaneRequest::Remove {
            protection: child.spec.protection.clone(),
            spi_in,
            spi_out: if child.complete {
                child.spec.spi_out
            } else {
                0
            },
        }));
        Some(child)
    }

    /// All of them go from one pair of endpoints to another (RFC 4555 3.5).
    pub(super) fn relocate(&mut self, ctx: &mut Context<'_>, (local, remote): Path, nat: bool) {
        for child in self.0.iter_mut() {
            let encapsulation = ChildSpec::encapsulation(child.spec.is_transport(), nat);
            (child.spec.local, child.spec.remote) = (local, remote);
            child.spec.encapsulation = encapsulation;
            ctx.out.push(Action::Dataplane(DataplaneRequest::Move {
                protection: child.spec.protection.clone(),
                spi_in: child.spec.spi_in,
                spi_out: if child.complete {
                    child.spec.spi_out
                } else {
                    0
                },
                local,
                remote,
                encapsulation,
            }));
        }
    }

    /// Takes all of them away.
    pub(super) fn clear(&mut self, ctx: &mut Context<'_>, connection: u32) {
        let spis: Vec<u32> = self.0.iter().map(|c| c.spec.spi_in).collect();
        for spi in spis {
            self.remove(ctx, connection, spi);
        }
    }

    /// Hands all of them over to the successor of a rekeyed IKE SA; the data plane does not notice.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Takes those of the predecessor in.
    pub(super) fn inherit(&mut self, others: Self) {
        self.0.extend(others.0);
        for child in self.0.iter_mut().filter(|c| c.state == Life::Rekeying) {
            // The offer to replace it went with the predecessor.
            child.state = Life::Live;
        }
    }
}

fn install(ctx: &mut Context<'_>, connection: u32, child: &Child, direction: Direction) {
    let (destination, spi) = match direction {
        Direction::Inbound => (child.spec.local.ip(), child.spec.spi_in),
        Direction::Outbound => (child.spec.remote.ip(), child.spec.spi_out),
    };
    let trace = IpsecTrace::Created {
        destination,
        spi,
        transform: crate::show::transform_names(child.spec.suite),
        connection,
    };
    ctx.out.trace(None, connection, Trace::Ipsec(trace));
    ctx.out.push(Action::Dataplane(DataplaneRequest::Install(
        direction,
        Box::new(child.spec.clone()),
    )));
}
