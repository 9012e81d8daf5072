//! Deadlines of an ISAKMP SA: retransmission, death by it, age, liveness (W-050, B4).

use std::time::Duration;

use super::super::context::Context;
use super::super::dpd::DpdDue;
use super::super::established::Established;
use super::super::established::Quick;
use super::super::shell::Shell;
use super::super::{children, informational};
use super::{IsakmpSa, State};
use crate::policy::identity::Identity;
use crate::policy::{Decision, Subject};
use crate::sa::action::Action;
use crate::sa::retransmit::{Due, Timers};
use crate::time::Timestamp;
use crate::trace::{Fsm, IsakmpTrace};

impl IsakmpSa {
    /// What is due at `ctx.now`. The identity is that of a peer just found dead.
    pub fn deadline(&mut self, ctx: &mut Context<'_>) -> Option<Identity> {
        let timers = ctx.timers;
        // While a job is under way the peer has answered: its answer waits for us.
        let sent = if self.working() {
            None
        } else {
            self.shell.sent.as_mut()
        };
        match sent.map(|s| s.poll(ctx.now.mono, &timers)) {
            Some(Due::Again(transmit, attempt)) => {
                let state = self.shell.state;
                self.shell.trace(
                    ctx,
                    IsakmpTrace::Retransmitting {
                        what: "phase 1",
                        state,
                    },
                );
                let of = timers.attempts;
                self.shell.trace(
                    ctx,
                    IsakmpTrace::ErrorCounter {
                        attempt,
                        of,
                        phase: 1,
                    },
                );
                self.shell.send(ctx, transmit);
            }
            Some(Due::GiveUp) => self.death_by_retransmission(ctx),
            Some(Due::Later) | None => {}
        }
        if self.half_open_expired(ctx.now.mono, &timers) {
            self.death_by_retransmission(ctx);
        }
        let lost = match &mut self.state {
            State::Established(e) => {
                established_deadline(&mut self.shell, ctx, e).then(|| e.peer.clone())
            }
            _ => None,
        };
        self.bury(ctx);
        lost
    }

    fn death_by_retransmission(&mut self, ctx: &mut Context<'_>) {
        let message = awaited(self.shell.fsm);
        let why = format!("Death by retransmission P1: {message} never came");
        self.shell
            .ends(ctx, message, Decision::new((), "W-050", why));
        self.shell.kill(ctx, "Death by retransmission P1");
    }

    /// A responder whose MM2 is unanswered holds no timer (B4); its record ends by age.
    fn half_open_expired(&self, now: Timestamp, timers: &Timers) -> bool {
        self.half_open_until(timers)
            .is_some_and(|until| now >= until)
    }

    fn half_open_until(&self, timers: &Timers) -> Option<Timestamp> {
        match &self.state {
            State::Responder(r) if !r.answered() => {
                Some(self.shell.created + timers.retransmit * (timers.attempts + 1))
            }
            _ => None,
        }
    }

    /// The next moment something of this SA is due.
    #[must_use]
    pub fn next_deadline(&self, timers: &Timers) -> Option<Timestamp> {
        let sent = self
            .shell
            .sent
            .as_ref()
            .filter(|_| !self.working())
            .and_then(|s| s.deadline(timers));
        let age = self.half_open_until(timers);
        let established = match &self.state {
            State::Established(e) => Some(e.deadline(self.shell.role, timers)),
            _ => None,
        };
        [sent, age, established].into_iter().flatten().min()
    }
}

/// The message whose absence ends an SA in that state.
fn awaited(fsm: Fsm) -> &'static str {
    match fsm {
        Fsm::Initiator(1 | 2) => "MM2",
        Fsm::Initiator(3 | 4) => "MM4",
        Fsm::Initiator(_) => "MM6",
        Fsm::Responder(1 | 2) => "MM3",
        Fsm::Responder(_) => "MM5",
        _ => "MM1",
    }
}

/// What is due on an established SA; true when its peer is found dead.
fn established_deadline(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
) -> bool {
    for message_id in established.quick.keys().copied().collect::<Vec<_>>() {
        quick_deadline(shell, ctx, established, message_id);
    }
    if shell.dead.is_some() {
        return false;
    }
    nat_keepalive(shell, ctx, established);
    match established.dpd.poll(ctx.now.mono) {
        DpdDue::Nothing => {}
        DpdDue::Probe(sequence) => {
            shell.trace(ctx, IsakmpTrace::DpdSent { sequence });
            informational::send_dpd(
                shell,
                ctx,
                established,
                ike_wire::v1::NotifyType::R_U_THERE,
                sequence,
            );
        }
        DpdDue::Dead => {
            shell.trace(ctx, IsakmpTrace::PeerDead(shell.remote.ip()));
            if let Some(checks) = established.dpd.checks() {
                let keepalive = shell.profile(ctx.config).filter(|p| p.keepalive.is_some());
                let about = match keepalive {
                    Some(profile) => Subject::isakmp_profile(&profile.name).line("keepalive"),
                    None => Subject::block("crypto isakmp keepalive"),
                };
                shell.why(ctx, "liveness", &checks.dead("G-025").about([about]));
            }
            shell.kill(ctx, "Peers lost (DPD)");
            return true;
        }
    }
    if ctx.now.mono >= established.expires() {
        informational::send_delete_isakmp(shell, ctx, established);
        shell.kill(ctx, "IKE SA lifetime exceeded");
    }
    false
}

/// A peer that does not answer Quick Mode at all does not have the ISAKMP SA any more, as after a restart: it
/// goes as in IOS, so that what asks next begins with Main Mode. Pairs live on (O-061).
fn phase2_death(shell: &mut Shell, ctx: &mut Context<'_>, established: &Established) {
    informational::send_delete_isakmp(shell, ctx, established);
    shell.kill(ctx, "Death by retransmission P2");
}

/// G-026: one octet while the mapping must live (RFC 3948 2.3).
fn nat_keepalive(shell: &Shell, ctx: &mut Context<'_>, established: &mut Established) {
    let (Some(due), Some(seconds)) = (established.keepalive_at, ctx.config.isakmp.nat_keepalive)
    else {
        return;
    };
    if ctx.now.mono >= due {
        established.keepalive_at = Some(ctx.now.mono + Duration::from_secs(seconds.into()));
        ctx.out.push(Action::Keepalive {
            local: shell.local,
            remote: shell.remote,
        });
    }
}

fn quick_deadline(
    shell: &mut Shell,
    ctx: &mut Context<'_>,
    established: &mut Established,
    message_id: u32,
) {
    let (now, timers) = (ctx.now.mono, ctx.timers);
    let Some(quick) = established.quick.get_mut(&message_id) else {
        return;
    };
    let (lingered, sent, pending_spi) = match quick {
        Quick::Initiator(q) => (q.lingered(now), q.sent(), None),
        Quick::Responder(q) => {
            let spi = q.waiting_spi();
            (false, q.sent(), spi)
        }
    };
    if lingered {
        return established.finish(message_id);
    }
    match sent.map(|s| s.poll(now, &timers)) {
        Some(Due::Again(transmit, attempt)) => {
            let state = shell.state;
            shell.trace(
                ctx,
                IsakmpTrace::Retransmitting {
                    what: "phase 2",
                    state,
                },
            );
            shell.trace(
                ctx,
                IsakmpTrace::ErrorCounter {
                    attempt,
                    of: timers.attempts,
                    phase: 2,
                },
            );
            shell.send(ctx, transmit);
        }
        Some(Due::GiveUp) => {
            shell.trace(
                ctx,
                IsakmpTrace::DeletingNode {
                    message_id,
                    reason: "QM_TIMER expired",
                },
            );
            let awaited = if pending_spi.is_some() { "QM3" } else { "QM2" };
            let why = format!("Death by retransmission P2: {awaited} never came");
            shell.ends(ctx, awaited, Decision::new((), "W-050", why));
            established.finish(message_id);
            match pending_spi {
                Some(spi) => drop(children::remove(ctx, spi)),
                None => phase2_death(shell, ctx, established),
            }
        }
        Some(Due::Later) | None => {}
    }
}
