//! What operators and the data plane ask: up, down, rekey, clear (O-086).

use super::IkeSas;
use crate::ikev2::context::Context;
use crate::ikev2::established::Wish;
use crate::ikev2::ike_sa::IkeSa;
use crate::policy::protection::Protection;
use crate::sa::SaId;
use crate::sa::action::{Rekey, Reply};
use crate::sa::natt::IKE_PORT;

/// The reason that debug gives.
const CLEARED: &str = "cleared by operator";

impl IkeSas {
    /// Brings a protection up: with a child SA of an IKE SA that is there, else with a new IKE SA.
    pub fn up(&mut self, ctx: &mut Context<'_>, name: &str) {
        let Some(protection) = ctx.protection(name).cloned() else {
            return;
        };
        match self.established_for(&protection) {
            Some(id) => {
                let wish = Wish::NewChild(protection.name);
                self.with_sa(ctx, id, |sa, ctx| sa.wish(ctx, wish));
            }
            None => self.initiate(ctx, &protection),
        }
    }

    /// Whether a protection is up or on its way.
    #[must_use]
    pub fn serves(&self, protection: &Protection) -> bool {
        self.sas
            .values()
            .filter(|sa| sa.shell.dead.is_none())
            .any(|sa| match sa.established() {
                Some(e) => !e.is_ending() && e.serves(&protection.name),
                None => sa.shell.protection.as_deref() == Some(&protection.name),
            })
    }

    fn initiate(&mut self, ctx: &mut Context<'_>, protection: &Protection) {
        let first = !self.sas.values().any(|sa| {
            sa.shell.dead.is_none()
                && sa.established().is_some()
                && sa.shell.mobility.home.1 == protection.peer
        });
        self.stats.initiated += 1;
        match IkeSa::initiate(ctx, protection, IKE_PORT, first) {
            Ok(sa) => self.insert(ctx, sa),
            Err(record) => self.remember(*record),
        }
    }

    /// The newest IKE SA with the protection's peer and profile that takes new work.
    fn established_for(&self, protection: &Protection) -> Option<SaId> {
        let fits = |sa: &IkeSa| {
            sa.shell.dead.is_none()
                && sa.established().is_some_and(|e| !e.is_ending())
                && sa.shell.mobility.home.1 == protection.peer
                && sa.shell.profile == protection.ikev2_profile
        };
        let mut newest_first = self.sas.iter().rev();
        newest_first.find(|(_, sa)| fits(sa)).map(|(id, _)| *id)
    }

    /// Takes a protection down: its child SAs, and the IKE SA with the last of them. `because` is what records say.
    pub fn down(&mut self, ctx: &mut Context<'_>, protection: &Protection, because: &str) -> Reply {
        let mut reply = Reply::Already;
        for id in self.sas.keys().copied().collect::<Vec<_>>() {
            let Some(sa) = self.sas.get(&id).filter(|sa| sa.shell.dead.is_none()) else {
                continue;
            };
            let Some(established) = sa.established() else {
                if sa.shell.protection.as_deref() == Some(&protection.name) {
                    self.with_sa(ctx, id, |sa, ctx| sa.abandon(ctx, because));
                    reply = Reply::Done;
                }
                continue;
            };
            let all = established.children.iter();
            let (own, others): (Vec<_>, Vec<_>) =
                all.partition(|c| c.spec.protection == protection.name);
            let spis: Vec<u32> = own.iter().map(|c| c.spec.spi_in).collect();
            let bare = others.is_empty() && sa.shell.mobility.home.1 == protection.peer;
            let wish = match (spis.is_empty(), others.is_empty()) {
                (true, _) if !bare => continue,
                (_, true) => Wish::DeleteIke(because.to_owned()),
                (_, false) => Wish::DeleteChildren(spis),
            };
            self.with_sa(ctx, id, |sa, ctx| sa.wish(ctx, wish));
            reply = Reply::Done;
        }
        reply
    }

    /// Rekeys the child SA of a protection, or the IKE SA that carries it. One that is being replaced hands
    /// the wish over with the child SA.
    pub fn rekey(&mut self, ctx: &mut Context<'_>, name: &str, what: Rekey) -> Reply {
        let found = self.sas.iter().rev().find_map(|(id, sa)| {
            let established = sa.established().filter(|e| !e.situation().closing)?;
            let child = established.children.of_protection(name)?;
            Some((*id, child.spec.spi_in))
        });
        let Some((id, spi)) = found else {
            return Reply::Refused(format!("{name} has no child SA to rekey"));
        };
        let wish = match what {
            Rekey::Child => Wish::RekeyChild(spi),
            Rekey::Ike => Wish::RekeyIke,
        };
        self.with_sa(ctx, id, |sa, ctx| sa.wish(ctx, wish));
        Reply::Done
    }

    /// Deletes every SA of `which`; those that are not established just go.
    pub fn clear(&mut self, ctx: &mut Context<'_>, which: impl Fn(&IkeSa) -> bool) {
        for (id, established) in self.living(which) {
            self.with_sa(ctx, id, |sa, ctx| match established {
                true => sa.wish(ctx, Wish::DeleteIke(CLEARED.to_owned())),
                false => sa.abandon(ctx, CLEARED),
            });
        }
    }

    /// Drops every SA of `which` without a word to the peer.
    pub fn forget_all(&mut self, ctx: &mut Context<'_>, which: impl Fn(&IkeSa) -> bool) {
        for (id, _) in self.living(which) {
            self.with_sa(ctx, id, |sa, ctx| sa.abandon(ctx, CLEARED));
        }
    }

    /// Deletes the child SAs of every SA of `which`; the IKE SAs stay.
    pub fn clear_children(&mut self, ctx: &mut Context<'_>, which: impl Fn(&IkeSa) -> bool) {
        for (id, _) in self.living(which) {
            self.with_sa(ctx, id, |sa, ctx| {
                let children = sa.established().into_iter().flat_map(|e| e.children.iter());
                let spis: Vec<u32> = children.map(|c| c.spec.spi_in).collect();
                if !spis.is_empty() {
                    sa.wish(ctx, Wish::DeleteChildren(spis));
                }
            });
        }
    }

    /// The SAs of `which` that are not over yet, and whether they are established.
    fn living(&self, which: impl Fn(&IkeSa) -> bool) -> Vec<(SaId, bool)> {
        let alive = |sa: &IkeSa| sa.shell.dead.is_none() && which(sa);
        let found = self.sas.iter().filter(|(_, sa)| alive(sa));
        found
            .map(|(id, sa)| (*id, sa.established().is_some()))
            .collect()
    }
}
