//! Deadlines of an IKE SA: repetition, its end, half-open age, what the established SA wants (W-075, B4).

use super::super::context::{self, Context};
use super::super::init;
use super::super::outgoing::Due;
use super::super::pump;
use super::{IkeSa, State};
use crate::policy::Decision;
use crate::sa::retransmit::Timers;
use crate::time::Timestamp;
use crate::trace::Ikev2Trace;

impl IkeSa {
    /// What is due at `ctx.now`.
    pub fn deadline(&mut self, ctx: &mut Context<'_>) {
        if !self.working() {
            let how = ctx.repetition();
            for due in self.shell.outgoing.poll(ctx.now.mono, &how) {
                self.repeat(ctx, due);
            }
        }
        if self
            .half_open_until(&ctx.timers)
            .is_some_and(|at| ctx.now.mono >= at)
        {
            self.shell.fail(ctx, "IKE_AUTH", "IKE_AUTH never came");
        }
        if let State::Established(sa) = &mut self.state
            && self.shell.dead.is_none()
        {
            pump::due(&mut self.shell, ctx, sa);
        }
        self.settle(ctx);
    }

    fn repeat(&mut self, ctx: &mut Context<'_>, due: Due) {
        if self.shell.dead.is_some() {
            return;
        }
        let refused = matches!(&self.state, State::Initiator(state) if state.is_refused());
        match due {
            Due::Again(datagrams, attempt) if !refused => {
                self.shell.trace(ctx, Ikev2Trace::Retransmitting(attempt));
                self.shell.send(ctx, &datagrams);
            }
            Due::Again(..) | Due::GiveUp(_) => self.give_up(ctx),
            Due::Silent(_) => {
                if let State::Established(sa) = &mut self.state {
                    pump::silent(&mut self.shell, ctx, sa);
                }
            }
        }
    }

    fn give_up(&mut self, ctx: &mut Context<'_>) {
        match &mut self.state {
            State::Initiator(state) => {
                let (message, why) = state.missing();
                self.shell.trace(ctx, Ikev2Trace::RetransmissionsExhausted);
                let rule = match state.is_refused() {
                    true => "RFC 7296 2.21.1",
                    false => "W-075",
                };
                let about = init::subjects(&self.shell, ctx, state.is_refused());
                let ended = Decision::new((), rule, why.clone()).about(about);
                self.shell.ends(ctx, message, ended);
                self.shell.fail(ctx, message, &why);
            }
            State::Established(sa) => pump::gone(&mut self.shell, ctx, sa),
            State::Responder(_) | State::Closed => {}
        }
    }

    /// A responder without IKE_AUTH holds no timer (B4); it ends by age.
    fn half_open_until(&self, timers: &Timers) -> Option<Timestamp> {
        matches!(self.state, State::Responder(_))
            .then(|| self.shell.created + timers.retransmit * (timers.attempts + 1))
            .filter(|_| self.shell.dead.is_none())
    }

    /// The next moment something of this SA is due. `now` is that of the event just handled.
    #[must_use]
    pub fn next_deadline(&self, timers: &Timers, now: Timestamp) -> Option<Timestamp> {
        let sent = self.shell.outgoing.deadline().filter(|_| !self.working());
        let established = match &self.state {
            State::Established(sa) => sa.deadline(self.shell.role, now),
            _ => None,
        };
        [sent, self.half_open_until(timers), established]
            .into_iter()
            .flatten()
            .min()
    }

    /// Repetitions of this SA under the engine's timers.
    #[must_use]
    pub fn repetition(timers: &Timers) -> super::super::outgoing::Repetition {
        context::repetition(timers)
    }
}
