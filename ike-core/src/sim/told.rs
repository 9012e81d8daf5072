//! What routers of a simulation told of their decisions, each beside the datagram that it is about.

use crate::time::Timestamp;
use crate::trace::{Trace, Traced};

/// A decision or a syslog message.
#[derive(Clone, Debug)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// The datagram, by its place in [`Simulation::datagrams`](super::Simulation::datagrams): the one that is
    /// being handled, else the next one that the router sends, else its newest; `None` before the first.
    pub beside: Option<usize>,
    /// What.
    pub trace: Trace,
}

/// What one router told so far.
#[derive(Debug, Default)]
pub(super) struct Tales {
    told: Vec<Told>,
    /// From here on they wait for a datagram.
    settled: usize,
    handled: Option<usize>,
    newest: Option<usize>,
}

impl Tales {
    pub(super) fn all(&self) -> &[Told] {
        &self.told
    }

    /// A datagram came and is handled until [`settle`](Self::settle).
    pub(super) fn received(&mut self, number: usize) {
        self.handled = Some(number);
        self.newest = Some(number);
    }

    /// A datagram went out: what was told before, and at no other one, is about it.
    pub(super) fn sent(&mut self, number: usize) {
        self.newest = Some(number);
        if self.handled.is_none() {
            self.name(Some(number));
        }
    }

    pub(super) fn tell(&mut self, at: Timestamp, traced: &Traced) {
        let telling = matches!(
            traced.trace,
            Trace::Why(_) | Trace::WhyIkev2(_) | Trace::Syslog(_)
        );
        if telling {
            self.told.push(Told {
                at,
                beside: None,
                trace: traced.trace.clone(),
            });
        }
    }

    /// The event is over.
    pub(super) fn settle(&mut self) {
        let about = self.handled.take().or(self.newest);
        self.name(about);
    }

    fn name(&mut self, about: Option<usize>) {
        for told in self.told.iter_mut().skip(self.settled) {
            told.beside = about;
        }
        self.settled = self.told.len();
    }
}
