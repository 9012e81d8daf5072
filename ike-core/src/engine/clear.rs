//! `clear crypto ...` for both versions (O-086).

use super::Engine;
use crate::ikev1::IsakmpSa;
use crate::ikev1::children::{self, Child};
use crate::ikev2::IkeSa;
use crate::sa::SaId;
use crate::sa::action::{Clear, Cleared, Outbox, Reply};
use crate::time::Now;

/// The reason that debug and records give.
const REASON: &str = "cleared by operator";

impl Engine {
    /// Deletes what is asked for; nothing to delete is no error.
    pub(super) fn clear(&mut self, now: Now, what: &Clear, out: &mut Outbox) -> Reply {
        if what.version != Some(1) {
            let (sas, mut ctx) = self.ikev2(now, out);
            let which = |sa: &IkeSa| fits_ikev2(what, sa);
            match what.what {
                Cleared::Children => sas.clear_children(&mut ctx, which),
                Cleared::Session | Cleared::Ike if what.silent => sas.forget_all(&mut ctx, which),
                Cleared::Session | Cleared::Ike => sas.clear(&mut ctx, which),
            }
        }
        if what.version != Some(2) {
            match what.what {
                Cleared::Children => self.clear_children(now, what, out),
                Cleared::Session | Cleared::Ike => self.clear_isakmp(now, what, out),
            }
        }
        Reply::Done
    }

    /// ISAKMP SAs, with their pairs or without. Pairs that have lost their ISAKMP SA go too.
    fn clear_isakmp(&mut self, now: Now, what: &Clear, out: &mut Outbox) {
        let with_pairs = what.what == Cleared::Session;
        for id in self.isakmp_that(what) {
            let own = match self.sas.get(&id) {
                Some(sa) if with_pairs => self.pairs_with(sa),
                _ => Vec::new(),
            };
            self.with_sa(now, id, out, |sa, ctx| match what.silent {
                true => sa.abandon(ctx, REASON),
                false => sa.delete(ctx, &own, REASON),
            });
        }
        for spi in self.pairs_that(what).into_iter().filter(|_| with_pairs) {
            children::remove(&mut self.context(now, out), spi);
        }
    }

    /// Pairs alone; the peer is told over an ISAKMP SA that is left.
    fn clear_children(&mut self, now: Now, what: &Clear, out: &mut Outbox) {
        for spi in self.pairs_that(what) {
            self.end_child(now, spi, out);
        }
    }

    fn isakmp_that(&self, what: &Clear) -> Vec<SaId> {
        let fits = |sa: &IsakmpSa| {
            let shell = &sa.shell;
            let ends = (shell.local.ip(), shell.remote.ip());
            shell.dead.is_none() && what.fits(ends, shell.connection)
        };
        let found = self.sas.iter().filter(|(_, sa)| fits(sa));
        found.map(|(id, _)| *id).collect()
    }

    fn pairs_that(&self, what: &Clear) -> Vec<u32> {
        let fits = |c: &&Child| {
            let ends = (c.spec.local.ip(), c.spec.remote.ip());
            what.fits(ends, c.connection)
        };
        let found = self.children.iter().filter(fits);
        found.map(|c| c.spec.spi_in).collect()
    }

    /// The pairs that end with an ISAKMP SA: those with its peer.
    fn pairs_with(&self, sa: &IsakmpSa) -> Vec<u32> {
        let peer = sa.shell.remote.ip();
        let theirs = self.children.iter().filter(|c| c.spec.remote.ip() == peer);
        theirs.map(|c| c.spec.spi_in).collect()
    }
}

fn fits_ikev2(what: &Clear, sa: &IkeSa) -> bool {
    let shell = &sa.shell;
    what.fits((shell.local.ip(), shell.remote.ip()), shell.tunnel)
}
