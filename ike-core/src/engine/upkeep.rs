//! What follows from completions, deadlines and the data plane: Quick Mode after phase 1,
//! INITIAL_CONTACT, rekeying, expiry.

use std::net::IpAddr;

use super::Engine;
use crate::ikev1::Dpd;
use crate::ikev1::IsakmpSa;
use crate::ikev1::children::{self, Child, ChildDue};
use crate::policy::identity::Identity;
use crate::policy::protection::Protection;
use crate::sa::action::{DataplaneEvent, Outbox};
use crate::sa::{Role, SaId};
use crate::time::{Now, Timestamp};
use crate::trace::{IsakmpTrace, Trace};

impl Engine {
    /// Phase 1 of an SA is complete: old SAs of the same peer give way, the waiting protection
    /// gets its Quick Mode.
    pub(super) fn phase1_complete(&mut self, now: Now, id: SaId, out: &mut Outbox) {
        self.initial_contact(now, id, out);
        let Some(sa) = self.sas.get(&id) else { return };
        let wanted = sa.shell.protection.clone();
        let Some(protection) = wanted.and_then(|name| self.protection(&name)) else {
            return;
        };
        if self.children.of_protection(&protection.name).is_none() {
            self.with_sa(now, id, out, |sa, ctx| sa.start_quick(ctx, &protection));
        }
    }

    /// U-5, C14: after the proof, and only for the same proven identity.
    fn initial_contact(&mut self, now: Now, id: SaId, out: &mut Outbox) {
        let Some(sa) = self.sas.get(&id) else { return };
        let (Some(established), peer) = (sa.established(), sa.shell.remote.ip()) else {
            return;
        };
        if !established.initial_contact {
            return;
        }
        out.trace(
            Some(id),
            sa.shell.connection,
            Trace::Isakmp(IsakmpTrace::InitialContact),
        );
        let identity = established.peer.clone();
        let older: Vec<SaId> = self
            .sas
            .iter()
            .filter(|(other, sa)| {
                **other != id && sa.established().is_some_and(|e| e.peer == identity)
            })
            .map(|(other, _)| *other)
            .collect();
        if older.is_empty() {
            return;
        }
        for other in older {
            self.with_sa(now, other, out, |sa, ctx| {
                sa.abandon(ctx, "Receive initial contact")
            });
        }
        children::remove_of_peer(&mut self.context(now, out), peer);
    }

    pub(super) fn protection(&self, name: &str) -> Option<Protection> {
        self.protections.iter().find(|p| p.name == name).cloned()
    }

    /// Everything that is due at `now`.
    pub(super) fn deadline(&mut self, now: Now, out: &mut Outbox) {
        let (sas, mut ctx) = self.ikev2(now, out);
        sas.deadline(&mut ctx);
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now.mono {
                break;
            }
            self.deadlines.pop_first();
            self.armed.remove(&id);
            let mut lost = None;
            self.with_sa(now, id, out, |sa, ctx| lost = sa.deadline(ctx));
            if let Some(peer) = lost {
                self.peer_lost(now, id, &peer, out);
            }
            self.rekey_phase1(now, id, out);
        }
        for due in self.children.due(now.mono) {
            match due {
                ChildDue::Rekey(protection) => self.negotiate_child(now, &protection, out),
                ChildDue::Ended(spi) => self.end_child(now, spi, out),
            }
        }
    }

    /// G-025: a dead peer's child SAs go with its SA, unless it lives on in a newer one: IKEv1 does not
    /// acknowledge deletions, so the peer may only have forgotten the old SA.
    fn peer_lost(&mut self, now: Now, id: SaId, peer: &Identity, out: &mut Outbox) {
        let Some(remote) = self.sas.get(&id).map(|sa| sa.shell.remote.ip()) else {
            return;
        };
        let lives = |sa: &IsakmpSa| sa.established().is_some_and(|e| e.peer == *peer);
        if !self.sas.values().any(lives) {
            children::remove_of_peer(&mut self.context(now, out), remote);
        }
    }

    /// The initiator replaces its SA before it ends; child SAs live on (O-061).
    fn rekey_phase1(&mut self, now: Now, id: SaId, out: &mut Outbox) {
        let Some(sa) = self.sas.get_mut(&id) else {
            return;
        };
        let role = sa.shell.role;
        let wanted = sa.shell.protection.clone();
        let Some(established) = sa.established_mut() else {
            return;
        };
        if role != Role::Initiator || established.rekeyed || now.mono < established.rekey_at() {
            return;
        }
        established.rekeyed = true;
        if let Some(protection) = wanted.and_then(|name| self.protection(&name)) {
            self.initiate(now, &protection, out);
        }
        self.settle(now, id);
    }

    /// Starts Main Mode for a protection.
    pub(super) fn initiate(&mut self, now: Now, protection: &Protection, out: &mut Outbox) {
        let id = self.numbers.sa();
        let port = self.port;
        let first = self.established_with(protection.peer).is_none()
            && self
                .children
                .iter()
                .all(|c| c.spec.remote.ip() != protection.peer);
        match IsakmpSa::initiate(id, &mut self.context(now, out), protection, port, first) {
            Ok(sa) => self.insert(now, id, sa),
            Err(record) => self.remember(*record),
        }
    }

    /// A Quick Mode for a protection on the newest established SA with its peer and profile,
    /// else Main Mode first.
    pub(super) fn negotiate_child(&mut self, now: Now, name: &str, out: &mut Outbox) {
        let Some(protection) = self.protection(name) else {
            return;
        };
        match self.established_for(&protection) {
            Some(id) => self.with_sa(now, id, out, |sa, ctx| sa.start_quick(ctx, &protection)),
            None if self.negotiating_for(&protection) => {}
            None => self.initiate(now, &protection, out),
        }
    }

    pub(super) fn established_for(&self, protection: &Protection) -> Option<SaId> {
        self.sas
            .iter()
            .rev()
            .find(|(_, sa)| {
                sa.established().is_some_and(|e| !e.rekeyed)
                    && sa.shell.remote.ip() == protection.peer
                    && (protection.isakmp_profile.is_none()
                        || sa.shell.profile == protection.isakmp_profile)
            })
            .map(|(id, _)| *id)
    }

    pub(super) fn negotiating_for(&self, protection: &Protection) -> bool {
        self.sas.values().any(|sa| {
            sa.shell.dead.is_none()
                && sa.established().is_none()
                && sa.shell.protection.as_deref() == Some(&protection.name)
        })
    }

    /// A child SA ended by age or volume: the peer is told if an SA is left to tell it over.
    pub(super) fn end_child(&mut self, now: Now, spi: u32, out: &mut Outbox) {
        let Some(child) = children::remove(&mut self.context(now, out), spi) else {
            return;
        };
        if let Some(id) = self.established_with(child.spec.remote.ip()) {
            self.with_sa(now, id, out, |sa, ctx| sa.announce_esp_end(ctx, &[spi]));
        }
    }

    pub(super) fn established_with(&self, peer: IpAddr) -> Option<SaId> {
        self.sas
            .iter()
            .rev()
            .find(|(_, sa)| sa.established().is_some() && sa.shell.remote.ip() == peer)
            .map(|(id, _)| *id)
    }

    pub(super) fn dataplane(&mut self, now: Now, event: DataplaneEvent, out: &mut Outbox) {
        let (sas, mut ctx) = self.ikev2(now, out);
        if sas.dataplane(&mut ctx, &event) {
            return;
        }
        match event {
            DataplaneEvent::Acquire { protection } if self.is_ikev2(&protection) => {
                self.acquire_ikev2(now, &protection, out);
            }
            DataplaneEvent::Acquire { protection } => {
                let up = self.children.of_protection(&protection).is_some();
                let passive = self
                    .protection(&protection)
                    .is_none_or(|p| p.responder_only);
                if !up && !passive && !self.quick_pending(&protection) {
                    self.negotiate_child(now, &protection, out);
                }
            }
            DataplaneEvent::Expire { spi_in, hard: true } => self.end_child(now, spi_in, out),
            DataplaneEvent::Expire {
                spi_in,
                hard: false,
            } => {
                let Some(child) = self
                    .children
                    .get_mut(spi_in)
                    .filter(|c| c.complete && !c.replaced)
                else {
                    return;
                };
                child.replaced = true;
                let name = child.spec.protection.clone();
                self.negotiate_child(now, &name, out);
            }
            // IKEv1's pairs are no part of an SA that could move: the data plane follows alone.
            DataplaneEvent::Moved { .. } => {}
            DataplaneEvent::Alive { spi_in } => {
                let peer = self.children.get_mut(spi_in).map(|c| c.spec.remote.ip());
                self.traffic(now, peer, out, Dpd::alive);
            }
            DataplaneEvent::Sent { interface, spi_out } => {
                let pair = |c: &&Child| c.spec.spi_out == spi_out && c.spec.interface == interface;
                let peer = self.children.iter().find(pair).map(|c| c.spec.remote.ip());
                self.traffic(now, peer, out, Dpd::sent);
            }
        }
    }

    /// ESP came from a peer or went to it: that is told to every SA with it, since IKEv1's pairs belong to
    /// none.
    fn traffic(
        &mut self,
        now: Now,
        peer: Option<IpAddr>,
        out: &mut Outbox,
        tell: fn(&mut Dpd, Timestamp),
    ) {
        let with = |sa: &IsakmpSa| sa.established().is_some() && Some(sa.shell.remote.ip()) == peer;
        let ids: Vec<SaId> = self
            .sas
            .iter()
            .filter(|(_, sa)| with(sa))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.with_sa(now, id, out, |sa, _| {
                if let Some(e) = sa.established_mut() {
                    tell(&mut e.dpd, now.mono);
                }
            });
        }
    }

    /// The protection is negotiated with IKEv2.
    fn is_ikev2(&self, name: &str) -> bool {
        self.protection(name)
            .is_some_and(|p| p.ikev2_profile.is_some())
    }

    fn acquire_ikev2(&mut self, now: Now, name: &str, out: &mut Outbox) {
        let Some(protection) = self.protection(name).filter(|p| !p.responder_only) else {
            return;
        };
        let (sas, mut ctx) = self.ikev2(now, out);
        if !sas.serves(&protection) {
            sas.up(&mut ctx, name);
        }
    }

    pub(super) fn quick_pending(&self, protection: &str) -> bool {
        self.sas.values().any(|sa| {
            sa.established()
                .is_some_and(|e| e.quick_pending(protection))
        })
    }
}
