//! Pings through the tunnel, counted.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use testnet::{Host, PingReport};

/// How long an echo may take.
pub(crate) const ECHO: Duration = Duration::from_secs(2);
/// Between two pings of a flow.
const PAUSE: Duration = Duration::from_millis(5);

/// Pings of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub sent: u32,
    pub lost: u32,
}

impl Flow {
    /// None was lost, and there were some.
    pub(crate) fn whole(self) -> Result<(), Failed> {
        self.lost_at_most(0)
    }

    pub(crate) fn lost_at_most(self, allowed: u32) -> Result<(), Failed> {
        if self.sent < 10 || self.lost > allowed {
            return Err(format!(
                "{} of {} pings lost, allowed are {allowed}",
                self.lost, self.sent
            )
            .into());
        }
        Ok(())
    }
}

/// Pings until it is over.
pub(crate) fn flow(
    host: &Host,
    from: IpAddr,
    to: IpAddr,
    over: &AtomicBool,
) -> Result<PingReport, testnet::Error> {
    let mut total = PingReport::default();
    while !over.load(Ordering::Relaxed) {
        let report = host.ping(from, to, 1, ECHO)?;
        total.sent += report.sent;
        total.received += report.received;
        thread::sleep(PAUSE);
    }
    Ok(total)
}

/// Every ping was answered.
pub(crate) fn none_lost(from: IpAddr, to: IpAddr, report: &PingReport) -> Result<(), Failed> {
    if report.received == report.sent {
        return Ok(());
    }
    Err(format!(
        "{} of {} pings from {from} to {to} answered",
        report.received, report.sent
    )
    .into())
}
