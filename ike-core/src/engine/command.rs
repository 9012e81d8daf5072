//! What operators ask of the engine: up, down, rekey. What they clear is in `clear`.

use super::Engine;
use crate::ikev1::children;
use crate::sa::SaId;
use crate::sa::action::{Action, Clear, Command, CommandId, Outbox, Rekey, Reply};
use crate::time::Now;

/// The reason of `down` that debug and records give.
const TAKEN_DOWN: &str = "taken down";

impl Engine {
    pub(super) fn command(&mut self, now: Now, id: CommandId, command: Command, out: &mut Outbox) {
        let reply = match command {
            Command::Up(name) => self.up(now, &name, out),
            Command::Down(name) => self.end(now, &name, TAKEN_DOWN, out),
            Command::Rekey(name, what) => self.rekey(now, &name, what, out),
            Command::ClearAll => self.clear(now, &Clear::default(), out),
            Command::Clear(what) => self.clear(now, &what, out),
            Command::ClearStatistics => {
                self.ikev2.clear_statistics();
                self.tally = crate::ikev2::Tally::default();
                Reply::Done
            }
        };
        out.push(Action::Reply(id, reply));
    }

    fn up(&mut self, now: Now, name: &str, out: &mut Outbox) -> Reply {
        let Some(protection) = self.protection(name) else {
            return self.unknown(name);
        };
        if protection.ikev2_profile.is_some() {
            let (sas, mut ctx) = self.ikev2(now, out);
            if sas.serves(&protection) {
                return Reply::Already;
            }
            sas.up(&mut ctx, name);
            return Reply::Done;
        }
        if self.children.of_protection(name).is_some()
            || self.negotiating_for(&protection)
            || self.quick_pending(name)
        {
            return Reply::Already;
        }
        self.negotiate_child(now, name, out);
        Reply::Done
    }

    fn unknown(&self, name: &str) -> Reply {
        let known: Vec<&str> = self.protections.iter().map(|p| p.name.as_str()).collect();
        Reply::Refused(if known.is_empty() {
            format!(
                "nothing named {name} is protected: the configuration has no complete tunnel protection or crypto map"
            )
        } else {
            format!(
                "nothing named {name} is protected; there is {}",
                known.join(", ")
            )
        })
    }

    /// Deletes the SAs of a protection; `because` is what records and debug say.
    pub(super) fn end(&mut self, now: Now, name: &str, because: &str, out: &mut Outbox) -> Reply {
        let Some(protection) = self.protection(name) else {
            return self.unknown(name);
        };
        if protection.ikev2_profile.is_some() {
            let (sas, mut ctx) = self.ikev2(now, out);
            return sas.down(&mut ctx, &protection, because);
        }
        let spis: Vec<u32> = self
            .children
            .iter()
            .filter(|c| c.spec.protection == name)
            .map(|c| c.spec.spi_in)
            .collect();
        let sas: Vec<SaId> = self
            .sas
            .iter()
            .filter(|(_, sa)| sa.shell.dead.is_none() && sa.shell.remote.ip() == protection.peer)
            .map(|(id, _)| *id)
            .collect();
        if spis.is_empty() && sas.is_empty() {
            return Reply::Already;
        }
        for spi in &spis {
            children::remove(&mut self.context(now, out), *spi);
        }
        let shared = self
            .children
            .iter()
            .any(|c| c.spec.remote.ip() == protection.peer);
        for id in sas {
            self.with_sa(now, id, out, |sa, ctx| match shared {
                // Another protection still lives on this ISAKMP SA.
                true => sa.announce_esp_end(ctx, &spis),
                false => sa.delete(ctx, &spis, because),
            });
        }
        Reply::Done
    }

    fn rekey(&mut self, now: Now, name: &str, what: Rekey, out: &mut Outbox) -> Reply {
        let Some(protection) = self.protection(name) else {
            return self.unknown(name);
        };
        if protection.ikev2_profile.is_some() {
            let (sas, mut ctx) = self.ikev2(now, out);
            return sas.rekey(&mut ctx, name, what);
        }
        match what {
            Rekey::Child if self.children.of_protection(name).is_some() => {
                self.negotiate_child(now, name, out);
                Reply::Done
            }
            Rekey::Child => Reply::Refused(format!("{name} has no child SA to rekey")),
            Rekey::Ike => Reply::Refused(format!(
                "{name} is negotiated with IKEv1, whose phase 1 is replaced by its lifetime alone"
            )),
        }
    }
}
