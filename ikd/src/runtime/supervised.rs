//! What systemd hears (`Type=notify`, `WatchdogSec=`); without it nothing is said to anyone.
//!
//! The watchdog is fed by the engine's own task: one that hangs is started anew.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Feeds the watchdog, if there is one.
pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The one that the environment names.
    pub(super) fn new() -> Self {
        Self(sd_notify::watchdog_enabled().map(|limit| {
            // Half of the limit, as sd_watchdog_enabled(3) advises.
            let mut beats = interval((limit / 2).max(Duration::from_millis(1)));
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beats
        }))
    }

    /// Waits until it wants to be fed, and feeds it; forever without one.
    pub(super) async fn feed(&mut self) {
        match &mut self.0 {
            Some(beats) => {
                beats.tick().await;
                tell(&[NotifyState::Watchdog]);
            }
            None => std::future::pending().await,
        }
    }
}

/// Everything is open: peers and operators are answered from here on.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A configuration is read again; [`ready`] follows whatever comes of it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Peers are told, then it ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    // A supervisor that is gone is not our trouble.
    let _ = sd_notify::notify(states);
}
