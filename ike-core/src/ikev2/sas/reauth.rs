//! Reauthentication as the table sees it: which IKE SA takes the place of which (RFC 7296 2.8.3).

use super::IkeSas;
use crate::ikev2::context::Context;
use crate::ikev2::established::Wish;
use crate::ikev2::ike_sa::IkeSa;
use crate::ikev2::reauth::Replaces;
use crate::sa::SaId;
use crate::sa::natt::IKE_PORT;
use crate::trace::Ikev2Trace;

impl IkeSas {
    /// Starts the IKE SA that is to take the place of another one, unless that is under way.
    pub(super) fn reauthenticate(&mut self, ctx: &mut Context<'_>, old: SaId) {
        let Some(sa) = self.sas.get(&old) else { return };
        let Some(replaces) = replaces(sa) else { return };
        if self.is_replacing(&replaces) {
            return;
        }
        let mut named = replaces.protections.iter();
        let Some(protection) = named.find_map(|name| ctx.protection(name).cloned()) else {
            return;
        };
        sa.shell.trace(ctx, Ikev2Trace::Reauthenticating);
        self.stats.initiated += 1;
        match IkeSa::initiate(ctx, &protection, IKE_PORT, false) {
            Ok(mut new) => {
                new.shell.replaces = Some(replaces);
                self.insert(ctx, new);
            }
            Err(record) => self.remember(*record),
        }
    }

    /// Another SA is on its way to that place.
    pub(super) fn is_replacing(&self, replaces: &Replaces) -> bool {
        let mut others = self.sas.values().filter(|sa| {
            let ending = sa.established().is_some_and(|e| e.is_ending());
            sa.shell.dead.is_none() && !ending
        });
        let same = |r: &Replaces| r.lineage == replaces.lineage;
        others.any(|sa| sa.shell.replaces.as_ref().is_some_and(same))
    }

    /// Deletes every IKE SA that rests on the proofs of an older one.
    pub(super) fn reauthenticated(&mut self, ctx: &mut Context<'_>, lineage: SaId) {
        let old: Vec<SaId> = self
            .sas
            .iter()
            .filter(|(_, sa)| sa.shell.dead.is_none())
            .filter(|(_, sa)| sa.lineage() == lineage)
            .map(|(id, _)| *id)
            .collect();
        for id in old {
            let wish = Wish::DeleteIke("reauthenticated".to_owned());
            self.with_sa(ctx, id, |sa, ctx| sa.wish(ctx, wish));
        }
    }
}

/// The protections an established IKE SA serves, its own first.
pub(super) fn replaces(sa: &IkeSa) -> Option<Replaces> {
    let established = sa.established()?;
    let mut protections: Vec<String> = sa.shell.protection.iter().cloned().collect();
    for child in established.children.iter() {
        let name = &child.spec.protection;
        if child.serves(name) && !protections.contains(name) {
            protections.push(name.clone());
        }
    }
    Some(Replaces {
        lineage: sa.lineage(),
        protections,
    })
}
