//! What follows from completions, deadlines and the data plane: Quick Mode after phase 1,
//! INITIAL_CONTACT, rekeying, expiry.

use std::net::IpAddr;

use super::Engine;
use crate::ikev1::IsakmpSa;
use crate::ikev1::children::{self, ChildDue};
use crate::policy::protection::Protection;
use crate::sa::action::{DataplaneEvent, Outbox};
use crate::sa::{Role, SaId};
use crate::time::Now;
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
            self.with_sa(now, id, out, IsakmpSa::deadline);
            self.rekey_phase1(now, id, out);
        }
        for due in self.children.due(now.mono) {
            match due {
                ChildDue::Rekey(protection) => self.negotiate_child(now, &protection, out),
                ChildDue::Ended(spi) => self.end_child(now, spi, out),
            }
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
            DataplaneEvent::Alive { spi_in } => {
                let Some(peer) = self.children.get_mut(spi_in).map(|c| c.spec.remote.ip()) else {
                    return;
                };
                if let Some(id) = self.established_with(peer) {
                    self.with_sa(now, id, out, |sa, ctx| {
                        if let Some(e) = sa.established_mut() {
                            e.dpd.alive(ctx.now.mono);
                        }
                    });
                }
            }
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
